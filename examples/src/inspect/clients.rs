//! The entries of `allowed-clients`, as the generator writes them or in the whole configuration file.

use smartid::hermod::clients::{ApiClient, ClientList, UserPassword};

use super::{Context, Finding};

/// `None` when the text is not meant to be one.
pub(super) fn list(text: &str, context: &Context) -> Option<Finding> {
    const NAMES: [&str; 4] = ["client-id", "clientId", "allowed-clients", "allowedClients"];
    if !NAMES.iter().any(|name| text.contains(name)) || text.starts_with('<') {
        return None;
    }
    let mut finding = Finding::of("API users of messaging (allowed-clients)");
    match ClientList::read(text) {
        Ok(list) => {
            finding.fact("API users", list.clients.len().to_string());
            for client in &list.clients {
                self::client(&mut finding, client, context);
            }
            let group = list.clients.first().and_then(|client| client.group.as_ref());
            let together =
                group.is_some() && list.clients.iter().all(|client| client.group.as_ref() == group);
            if list.clients.len() > 1 && !together {
                finding.remark(
                    "these API users are not all of one group; those of different groups do not see each other's users and mailboxes",
                );
            }
            for lint in &list.lints {
                finding.remark(lint.to_string());
            }
            finding.verdict = Some(true);
        }
        Err(error) => finding.problem(error.to_string()),
    }
    Some(finding)
}

fn client(finding: &mut Finding, client: &ApiClient, context: &Context) {
    let of = client.api_key.client_id();
    finding.fact("client-id", of);
    finding.secret("  X-Api-Key", client.api_key.header_value().expose(), context);
    if let Some(group) = &client.group {
        finding.fact("  group", group);
    }
    match &client.callback_url {
        Some(url) => {
            finding.fact(
                "  callbacks to",
                format!("{}/callback/…", url.trim_end_matches('/')),
            );
            basic(
                finding,
                of,
                "callbacks",
                client.callback_basic_auth.as_ref(),
                context,
            );
            if url.contains("://localhost") {
                finding.remark(format!(
                    "{of}: the callback URL is the generator's own, and nobody hears a callback there"
                ));
            }
        }
        None => finding.remark(format!(
            "{of}: there is no callback URL, so its outcomes have to be polled"
        )),
    }
    if let Some(url) = &client.content_provider_url {
        finding.fact(
            "  content from",
            format!("{}/getcontent", url.trim_end_matches('/')),
        );
        basic(
            finding,
            of,
            "the content provider",
            client.content_provider_basic_auth.as_ref(),
            context,
        );
    }
}

fn basic(finding: &mut Finding, of: &str, what: &str, pair: Option<&UserPassword>, context: &Context) {
    match pair {
        Some(pair) => {
            finding.fact("  user", pair.user());
            finding.secret("  password", pair.password().expose(), context);
        }
        None => finding.remark(format!(
            "{of}: there is no user and password for {what}, so anybody can post there"
        )),
    }
}

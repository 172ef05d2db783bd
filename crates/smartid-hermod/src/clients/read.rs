//! From text to entries.

use smartid_core::{Lint, SecretString};

use super::node::{Kind, Node, documents};
use super::repair::repaired;
use super::{ApiClient, ClientList, MAX_CLIENTS, MAX_YAML, UserPassword};
use crate::api_key::ApiKey;

/// The text holds no entries that can be used. The message shows nothing of it but the number of a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("allowed-clients{}: {problem}", line.map(|line| format!(", line {line}")).unwrap_or_default())]
#[non_exhaustive]
pub struct ClientsError {
    /// The line, counted from 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub problem: String,
}

fn refuse<T>(line: impl Into<Option<usize>>, problem: &str) -> Result<T, ClientsError> {
    Err(ClientsError {
        line: line.into(),
        problem: problem.to_owned(),
    })
}

/// Where the list stands in a whole configuration.
const PATH: [(&str, &str); 3] = [
    ("application", "application"),
    ("hermod", "hermod"),
    ("allowed-clients", "allowedClients"),
];

/// The members in both spellings.
pub(super) const MEMBERS: [(&str, &str); 7] = [
    ("client-id", "clientId"),
    ("key", "key"),
    ("group", "group"),
    ("callback-basic-auth", "callbackBasicAuth"),
    ("callback-url", "callbackUrl"),
    ("content-provider-url", "contentProviderUrl"),
    ("content-provider-basic-auth", "contentProviderBasicAuth"),
];

pub(super) fn list(text: &str) -> Result<ClientList, ClientsError> {
    if text.len() > MAX_YAML {
        return refuse(None, "the text is too large");
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lints = Vec::new();
    let roots = match documents(text) {
        Ok(roots) => roots,
        Err((line, problem)) => match repaired(text).map(|text| documents(&text)) {
            Some(Ok(roots)) => {
                let what = "the text is indented as no YAML is; it was read as it was meant";
                lints.push(Lint::new("allowed-clients", what));
                roots
            }
            _ => return refuse(line, problem),
        },
    };
    let entries = entries(&roots)?;
    if entries.len() > MAX_CLIENTS {
        return refuse(None, "there are too many entries");
    }
    let comments = comments(text);
    let mut clients: Vec<ApiClient> = Vec::with_capacity(entries.len());
    let mut before = 0;
    for (index, entry) in entries.iter().enumerate() {
        let at = format!("allowed-clients[{index}]");
        let client = client(entry, &at, &mut lints)?;
        let id = client.api_key.client_id();
        if clients.iter().any(|known| known.api_key.client_id() == id) {
            return refuse(entry.line, "the entry has the id of another one");
        }
        let above = comments
            .iter()
            .rev()
            .find(|(line, _)| before < *line && *line < entry.line);
        if let Some((_, token)) = above {
            lints.extend(differs(&client.api_key, token).map(|what| Lint::new(at, what)));
        }
        before = entry.last_line();
        clients.push(client);
    }
    Ok(ClientList { clients, lints })
}

/// The one list that the documents have.
fn entries(roots: &[Node]) -> Result<&[Node], ClientsError> {
    let mut found = Vec::new();
    for root in roots {
        match &root.kind {
            Kind::List(_) => found.push(root),
            Kind::Map(_) => {
                let ways = [
                    &PATH[..],
                    PATH.get(1..).unwrap_or_default(),
                    PATH.get(2..).unwrap_or_default(),
                ];
                for path in ways {
                    find(root, path, &mut found);
                }
            }
            _ => {}
        }
    }
    match found.as_slice() {
        [] => refuse(None, "there is no such list"),
        [node] => match &node.kind {
            Kind::List(items) => Ok(items),
            _ => refuse(node.line, "is no list"),
        },
        [_, other, ..] => refuse(other.line, "there is more than one such list"),
    }
}

/// Follows the path through maps; a name may be several of its steps, joined by dots.
fn find<'a>(node: &'a Node, path: &[(&str, &str)], found: &mut Vec<&'a Node>) {
    let Kind::Map(pairs) = &node.kind else { return };
    for (name, value) in pairs {
        let steps: Vec<&str> = name.text().unwrap_or_default().split('.').collect();
        let Some((head, rest)) = path.split_at_checked(steps.len()) else {
            continue;
        };
        let same = head
            .iter()
            .zip(&steps)
            .all(|((kebab, camel), step)| step == kebab || step == camel);
        match (same, rest) {
            (false, _) => {}
            (true, []) => found.push(value),
            (true, rest) => find(value, rest, found),
        }
    }
}

fn client(entry: &Node, at: &str, lints: &mut Vec<Lint>) -> Result<ApiClient, ClientsError> {
    let Kind::Map(pairs) = &entry.kind else {
        return refuse(entry.line, "an entry is no map of members");
    };
    let mut values: [Option<&Node>; MEMBERS.len()] = [None; MEMBERS.len()];
    for (name, value) in pairs {
        let text = name.text().unwrap_or_default();
        if text == "<<" {
            return refuse(name.line, "an entry must not refer to another part of the file");
        }
        let known = MEMBERS
            .iter()
            .zip(&mut values)
            .find(|((kebab, camel), _)| text == *kebab || text == *camel);
        match known {
            None => lints.push(Lint::new(
                at,
                format!("line {} has a member that is not known", name.line),
            )),
            Some((_, slot)) => {
                if slot.replace(value).is_some() {
                    return refuse(
                        name.line,
                        "a member stands there twice, perhaps in both spellings",
                    );
                }
            }
        }
    }
    let [
        id,
        key,
        group,
        callback_auth,
        callback_url,
        content_url,
        content_auth,
    ] = values;
    let (Some(id), Some(key)) = (text(id)?, text(key)?) else {
        return refuse(entry.line, "an entry has no client-id or no key");
    };
    let api_key = ApiKey::new(id, SecretString::new(key)).map_err(|error| ClientsError {
        line: Some(entry.line),
        problem: error.problem,
    })?;
    Ok(ApiClient {
        api_key,
        group: text(group)?,
        callback_url: url(callback_url, at, lints)?,
        callback_basic_auth: pair(callback_auth)?,
        content_provider_url: url(content_url, at, lints)?,
        content_provider_basic_auth: pair(content_auth)?,
    })
}

/// The text of a member; nothing counts as absent.
fn text(node: Option<&Node>) -> Result<Option<String>, ClientsError> {
    let Some(node) = node else { return Ok(None) };
    match &node.kind {
        Kind::Nothing => Ok(None),
        Kind::Text(text) if text.contains(char::is_control) => {
            refuse(node.line, "a value has a line break or another control character")
        }
        Kind::Text(text) => Ok(Some(text.clone())),
        Kind::Foreign => refuse(
            node.line,
            "a value refers to another part of the file, or is no text",
        ),
        Kind::List(_) | Kind::Map(_) => refuse(node.line, "a value is no text"),
    }
}

fn pair(node: Option<&Node>) -> Result<Option<UserPassword>, ClientsError> {
    let line = node.map(|node| node.line);
    match text(node)?.map(SecretString::new) {
        None => Ok(None),
        Some(text) => match UserPassword::parse(text.expose()) {
            Some(pair) => Ok(Some(pair)),
            None => refuse(line, "a value should be user:password"),
        },
    }
}

fn url(node: Option<&Node>, at: &str, lints: &mut Vec<Lint>) -> Result<Option<String>, ClientsError> {
    let text = text(node)?;
    if let (Some(node), Some(text)) = (node, &text)
        && !text.starts_with("http://")
        && !text.starts_with("https://")
    {
        lints.push(Lint::new(
            at,
            format!("line {} should be an http or https address", node.line),
        ));
    }
    Ok(text)
}

/// The comments with a ready key: the number of their line, and the token.
fn comments(text: &str) -> Vec<(usize, &str)> {
    fn token(line: &str) -> Option<&str> {
        let comment = line.trim_start().strip_prefix('#')?;
        let (name, token) = comment.split_once(':')?;
        let named = name.trim().eq_ignore_ascii_case("x-api-key");
        named.then(|| token.trim())
    }
    let numbered = text.lines().enumerate();
    numbered
        .filter_map(|(index, line)| Some((index + 1, token(line)?)))
        .collect()
}

/// How the comment above an entry contradicts it.
fn differs(api_key: &ApiKey, token: &str) -> Option<&'static str> {
    match ApiKey::from_token(token.to_owned()) {
        Err(_) => Some("the comment above it holds no X-Api-Key; client-id and key count"),
        Ok(other) if other.client_id() != api_key.client_id() => {
            Some("the comment above it holds the X-Api-Key of another client; client-id and key count")
        }
        Ok(other) => {
            let (one, other) = (api_key.header_value(), other.header_value());
            (!one.constant_time_eq(other.expose().as_bytes()))
                .then_some("the comment above it holds another key; client-id and key count")
        }
    }
}

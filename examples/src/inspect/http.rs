//! Whole HTTP messages: an answer as `curl -i` shows it, and a request as a proxy logs it. The body counts; the head tells to which
//! command it belongs.

use smartid::hermod::ApiKey;

use super::kind::Command;
use super::{Context, Finding, inspect};

/// `None`: the text is no HTTP message. Inside: what it is, when its body is something.
pub(super) fn message(text: &str, context: &Context) -> Option<Option<Finding>> {
    if text.starts_with("HTTP/") {
        return Some(Some(answer(text, context)));
    }
    let line = text.lines().next().unwrap_or_default();
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return None;
    };
    let is_method = ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method);
    (is_method && version.starts_with("HTTP/")).then(|| Some(request(text, method, target, context)))
}

/// Head and body.
fn parts(text: &str) -> (&str, &str) {
    text.split_once("\r\n\r\n")
        .or_else(|| text.split_once("\n\n"))
        .unwrap_or((text, ""))
}

fn answer(text: &str, context: &Context) -> Finding {
    let (head, body) = parts(text);
    let mut finding = inside(body, "HTTP answer", context);
    let status = head.lines().next().unwrap_or_default().trim();
    finding
        .facts
        .insert(0, ("answered".to_owned(), status.to_owned()));
    finding
}

fn inside(body: &str, name: &str, context: &Context) -> Finding {
    inspect(body.as_bytes(), context).unwrap_or_else(|| {
        if body.trim().is_empty() {
            return Finding::of(format!("{name} without a body"));
        }
        let mut finding = Finding::of(name);
        finding.problem("its body is not recognised");
        finding
    })
}

fn request(text: &str, method: &str, target: &str, context: &Context) -> Finding {
    let (head, body) = parts(text);
    let path = target.split('?').next().unwrap_or_default();
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let mut context = context.clone();
    context.command = context.command.or_else(|| Command::of(last, &context.messaging));
    let mut finding = inside(body, "HTTP request", &context);
    let mut facts = vec![("sent".to_owned(), format!("{method} {path}"))];
    if target.contains('?') {
        finding.remark("its target has a query, which is not shown");
    }
    for line in head.lines().skip(1) {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let (name, value) = (name.trim(), value.trim());
        if name.eq_ignore_ascii_case("x-api-key") {
            match ApiKey::from_token(value) {
                Ok(key) => facts.push(("API user".to_owned(), key.client_id().to_owned())),
                Err(error) => finding.problem(format!("its X-Api-Key cannot be used: {error}")),
            }
        } else if name.eq_ignore_ascii_case("authorization") {
            let scheme = value.split(' ').next().unwrap_or_default();
            facts.push((
                "authenticates by".to_owned(),
                format!("HTTP {scheme} (not shown)"),
            ));
        }
    }
    if body.trim().is_empty() {
        match method {
            "GET" => facts.push(("looks like".to_owned(), format!("a poll for the command {last}"))),
            "DELETE" => facts.push(("looks like".to_owned(), format!("withdrawing the command {last}"))),
            _ => finding.remark("the command is in its body, which is not here"),
        }
    }
    facts.append(&mut finding.facts);
    finding.facts = facts;
    finding
}

//! Takes a secret that a request held out of what is shown of the answer.
//!
//! A service may repeat what it was sent: `Bad value for password: ...`. The general redaction masks what looks like a secret; a
//! password that is an ordinary word does not, but here it is known.

use smartid_core::{Incoming, SecretString};

const MASK: &str = "[…]";

/// The forms in which a text stands in plain text, in JSON and in HTML.
fn forms(secret: &SecretString) -> Vec<String> {
    let secret = secret.expose();
    let json = serde_json::to_string(secret).unwrap_or_default();
    let json = json.trim_matches('"').to_owned();
    let html = secret
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let forms = [secret.to_owned(), json, html.replace('"', "&quot;"), html];
    let mut forms: Vec<String> = forms.into_iter().filter(|form| !form.is_empty()).collect();
    // The longest first, so that none is cut by another.
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.dedup();
    forms
}

/// A text without it.
pub(crate) fn in_text(text: &str, secret: &SecretString) -> String {
    let without = |text: String, form: &String| text.replace(form, MASK);
    forms(secret).iter().fold(text.to_owned(), without)
}

/// An answer without it, to be shown and not to be read: what it means may have changed.
pub(crate) fn in_answer(incoming: &Incoming, secret: &SecretString) -> Incoming {
    let holds = |form: &String| {
        let form = form.as_bytes();
        incoming.body().windows(form.len()).any(|window| window == form)
    };
    if !forms(secret).iter().any(holds) {
        return incoming.clone();
    }
    let text = String::from_utf8_lossy(incoming.body());
    let body = in_text(&text, secret);
    Incoming::new(incoming.status(), incoming.headers().clone(), body.into())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn hidden(body: &str, secret: &str) -> String {
        let incoming = Incoming::new(StatusCode::OK, HeaderMap::new(), Bytes::from(body.to_owned()));
        let shown = in_answer(&incoming, &SecretString::new(secret));
        String::from_utf8(shown.body().to_vec()).unwrap()
    }

    #[test]
    fn a_secret_is_found_in_each_form() {
        let secret = "a<b>&\"c\\";
        for repeated in [
            secret,
            "a<b>&\\\"c\\\\",
            "a&lt;b&gt;&amp;&quot;c\\",
            "a&lt;b&gt;&amp;\"c\\",
        ] {
            assert_eq!(hidden(&format!("no {repeated}, no"), secret), "no […], no");
        }
        assert_eq!(hidden("nothing of it", secret), "nothing of it");
        assert_eq!(hidden("", ""), "");
        assert_eq!(hidden("x", ""), "x");
    }
}

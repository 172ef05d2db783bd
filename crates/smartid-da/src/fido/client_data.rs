//! `clientDataJSON`: what the authenticator's side says about the ceremony it took part in. Read only, never written.

use smartid_core::Lint;

use super::reader::{Object, string, too_deep};

/// Client data that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("clientDataJSON {0}")]
#[non_exhaustive]
pub struct ClientDataError(pub(crate) &'static str);

/// What `clientDataJSON` says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientData {
    /// `type`: `webauthn.create` for a registration.
    pub kind: String,
    /// `challenge`, as text.
    pub challenge: String,
    /// `origin`, as text.
    pub origin: String,
    /// `crossOrigin`: whether the ceremony ran in a frame of another site.
    pub cross_origin: Option<bool>,
    /// `topOrigin`: that other site.
    pub top_origin: Option<String>,
    /// What was odd but let pass.
    pub lints: Vec<Lint>,
}

impl ClientData {
    /// Reads the bytes of `clientDataJSON`.
    ///
    /// A byte order mark is stripped, as the W3C text says, and leaves a lint: some servers refuse it. Members that stand there twice
    /// are refused, because readers differ on which one counts.
    ///
    /// # Errors
    /// [`ClientDataError`] when the bytes are no JSON object with the strings `type`, `challenge` and `origin`.
    pub fn parse(bytes: &[u8]) -> Result<Self, ClientDataError> {
        let mut lints = Vec::new();
        let bytes = match bytes.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) => {
                lints.push(
                    Lint::new(
                        "clientDataJSON",
                        "begins with a byte order mark, which some servers refuse",
                    )
                    .code("byte-order-mark"),
                );
                rest
            }
            None => bytes,
        };
        let text = std::str::from_utf8(bytes).map_err(|_| ClientDataError("is not UTF-8"))?;
        if too_deep(text) {
            return Err(ClientDataError("nests more than 64 levels deep"));
        }
        let object = Object::read(text).ok_or(ClientDataError("is not a JSON object"))?;
        if object.repeats_any() {
            return Err(ClientDataError("has a member more than once"));
        }
        let needed = |name, problem| object.get(name).and_then(string).ok_or(ClientDataError(problem));
        let kind = needed("type", "has no string type")?;
        let challenge = needed("challenge", "has no string challenge")?;
        let origin = needed("origin", "has no string origin")?;
        let cross_origin = match object.get("crossOrigin") {
            None => None,
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(_) => return Err(ClientDataError("has a crossOrigin that is not true or false")),
        };
        let top_origin = object.get("topOrigin");
        if top_origin.is_some() && cross_origin != Some(true) {
            lints.push(
                Lint::new(
                    "clientDataJSON/topOrigin",
                    "names a site around this one although the ceremony is not said to be cross-origin",
                )
                .code("cross-origin"),
            );
        }
        let top_origin = top_origin
            .map(|value| string(value).ok_or(ClientDataError("has a topOrigin that is not a string")))
            .transpose()?;
        if object.get("tokenBinding").is_some() {
            lints.push(
                Lint::new("clientDataJSON/tokenBinding", "a member of earlier drafts").code("unknown-member"),
            );
        }
        Ok(Self {
            kind,
            challenge,
            origin,
            cross_origin,
            top_origin,
            lints,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_odd_is_told_and_what_is_ambiguous_is_refused() {
        let good = r#"{"type":"webauthn.create","challenge":"AA","origin":"https://x"}"#;
        assert!(ClientData::parse(good.as_bytes()).unwrap().lints.is_empty());
        let bom = format!("\u{feff}{good}");
        assert_eq!(ClientData::parse(bom.as_bytes()).unwrap().lints.len(), 1);
        let top = good.replace("\"origin\"", "\"topOrigin\":\"https://y\",\"origin\"");
        assert_eq!(ClientData::parse(top.as_bytes()).unwrap().lints.len(), 1);
        let framed = top.replace("\"topOrigin\"", "\"crossOrigin\":true,\"topOrigin\"");
        let framed = ClientData::parse(framed.as_bytes()).unwrap();
        assert_eq!(
            (framed.lints.len(), framed.top_origin.as_deref()),
            (0, Some("https://y"))
        );
        for bad in [
            "",
            r#"{"type":"t","challenge":"c","origin":"o","crossOrigin":true,"topOrigin":7}"#,
            "[]",
            "null",
            r#"{"type":"t","challenge":"c","origin":"o"} x"#,
            r#"{"type":"t","challenge":"c","origin":"o","type":"t"}"#,
            r#"{"type":"t","challenge":"c","origin":"o","\u0074ype":"u"}"#,
            r#"{"type":"t","challenge":"c"}"#,
            r#"{"type":1,"challenge":"c","origin":"o"}"#,
            r#"{"type":"t","challenge":"c","origin":"o","crossOrigin":"yes"}"#,
        ] {
            assert!(ClientData::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(ClientData::parse(b"{\"type\":\"\xff\"}").is_err());
    }
}

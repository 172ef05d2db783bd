//! Says of a captured text what it is, whether it verifies, and which dialect line would make it fit.
//!
//! It is built from the readers of the client crates alone, so what it finds is what the clients would find.

mod evidence;
mod fido;
mod messaging;

use smartid::core::json;
use smartid::da::fido::CreationOptions;
use smartid::trust::Certificate;
use smartid::trust::jws::JwkSet;
use smartid::{DaDialect, HermodDialect, SecretString, Timestamp};

/// What is known beside the text.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Context {
    /// The options that a registration should answer.
    pub options: Option<CreationOptions>,
    /// The dialect of Messaging.
    pub messaging: HermodDialect,
    /// The dialect of Digital Access.
    pub digital_access: DaDialect,
    /// Whether secrets are shown.
    pub show_secrets: bool,
    /// Keys that a JWS may be signed with.
    pub keys: Option<JwkSet>,
    /// Roots that a certificate, a JWS or a CMS message is checked against.
    pub roots: Vec<Certificate>,
    /// The content of a detached CMS message.
    pub content: Option<Vec<u8>>,
    /// The password of a PKCS #12 container.
    pub password: Option<SecretString>,
    /// The time as of which evidence is checked.
    pub at: Timestamp,
}

impl Context {
    /// Nothing is known but the time.
    #[must_use]
    pub fn new(at: Timestamp) -> Self {
        Self {
            options: None,
            messaging: HermodDialect::default(),
            digital_access: DaDialect::default(),
            show_secrets: false,
            keys: None,
            roots: Vec::new(),
            content: None,
            password: None,
            at,
        }
    }
}

/// What a text is.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Finding {
    /// In words.
    pub kind: String,
    /// Name and value of what can be read in it.
    pub facts: Vec<(String, String)>,
    /// What is odd, but tolerated.
    pub remarks: Vec<String>,
    /// What is wrong.
    pub problems: Vec<String>,
    /// Lines for a dialect file that would make it fit.
    pub dialect: Vec<String>,
    /// Whether everything that was checked is right. `None`: nothing could be checked.
    pub verdict: Option<bool>,
}

impl Finding {
    fn of(kind: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            ..Self::default()
        }
    }

    fn fact(&mut self, name: &str, value: impl Into<String>) {
        self.facts.push((name.to_owned(), value.into()));
    }
}

/// Says what `bytes` are; `None` when nothing fits.
#[must_use]
pub fn inspect(bytes: &[u8], context: &Context) -> Option<Finding> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let text = text.trim_start_matches('\u{feff}').trim();
        if text
            .split(':')
            .next()
            .is_some_and(|scheme| scheme.ends_with("plugout"))
        {
            return Some(messaging::link(text, context));
        }
        if text.starts_with("HTTP/") {
            return answer(text, context);
        }
        if page(text) {
            let mut finding = Finding::of("HTML page");
            finding.fact(
                "title",
                smartid::core::redact::html_title(text.as_bytes()).unwrap_or_default(),
            );
            finding.problems.push(
                "where an answer of the service was expected, this is mostly a login page or the error page of a proxy: check the URL and the \
                 credential"
                    .to_owned(),
            );
            finding.verdict = Some(false);
            return Some(finding);
        }
        if text.starts_with('{') {
            return document(text, context);
        }
        if let Some(label) = text
            .strip_prefix("-----BEGIN ")
            .and_then(|rest| rest.split("-----").next())
        {
            return Some(evidence::pem(text, label, context));
        }
        let compact: String = text.split_whitespace().collect();
        if let Ok((decoded, _)) =
            smartid::core::base64::decode_lenient(smartid::core::base64::Flavour::Url, &compact)
        {
            return binary(&decoded, context).or_else(|| evidence::jws(text, context));
        }
        return evidence::jws(text, context);
    }
    binary(bytes, context)
}

fn page(text: &str) -> bool {
    let head: String = text.chars().take(15).collect::<String>().to_ascii_lowercase();
    head.starts_with("<!doctype html") || head.starts_with("<html")
}

/// A whole HTTP answer, as `curl -i` shows it: its body counts.
fn answer(text: &str, context: &Context) -> Option<Finding> {
    let status = text.lines().next().unwrap_or_default().trim().to_owned();
    let body = text
        .split_once("\r\n\r\n")
        .or_else(|| text.split_once("\n\n"))
        .map_or("", |(_, body)| body);
    let mut finding = inspect(body.as_bytes(), context).unwrap_or_else(|| {
        let mut finding = Finding::of(if body.trim().is_empty() {
            "HTTP answer without a body"
        } else {
            "HTTP answer"
        });
        if !body.trim().is_empty() {
            finding.problems.push("its body is not recognised".to_owned());
        }
        finding
    });
    finding.facts.insert(0, ("answered".to_owned(), status));
    Some(finding)
}

/// A JSON object: tried as each thing that it could be, then searched for one inside.
fn document(text: &str, context: &Context) -> Option<Finding> {
    messaging::response(text, context)
        .or_else(|| fido::registration(text, context))
        .or_else(|| fido::options(text))
        .or_else(|| messaging::report(text, context))
        .or_else(|| nested(text, context, "", 0))
        .or_else(|| messaging::error_body(text))
}

/// Options or a registration somewhere inside.
fn nested(text: &str, context: &Context, at: &str, depth: usize) -> Option<Finding> {
    if depth > 6 {
        return None;
    }
    json::members(text)?
        .into_iter()
        .filter(|(_, value)| value.starts_with('{'))
        .find_map(|(name, value)| {
            let place = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
            if let Some(mut finding) = fido::registration(value, context) {
                finding.kind.push_str(&format!(", at {place}"));
                finding
                    .dialect
                    .push(format!("[messaging.fido]\nregistration = \"{place}\""));
                return Some(finding);
            }
            if let Some(mut finding) = fido::options(value) {
                finding.kind.push_str(&format!(", at {place}"));
                finding.dialect.push(format!(
                    "[digital_access.options]\nresponse = [{{ move = \"{place}\", to = \"\" }}]"
                ));
                return Some(finding);
            }
            nested(value, context, &place, depth + 1)
        })
}

/// Bytes: an attestation object, or signed evidence.
fn binary(bytes: &[u8], context: &Context) -> Option<Finding> {
    fido::attestation(bytes).or_else(|| evidence::der(bytes, context))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn golden(path: &str) -> Vec<u8> {
        std::fs::read(format!("{}/../crates/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    fn context() -> Context {
        Context::new(Timestamp::from_millis(1_767_225_600_000))
    }

    fn kind(bytes: &[u8]) -> String {
        inspect(bytes, &context())
            .map(|finding| finding.kind)
            .unwrap_or_default()
    }

    #[test]
    fn a_registration_verifies_against_its_options_and_not_against_others() {
        let registration = golden("smartid-da/tests/golden/registrations/es256-none.registration.json");
        let mut context = context();
        assert_eq!(
            inspect(&registration, &context).unwrap().verdict,
            None,
            "nothing to check against"
        );
        let options = |file: &str| {
            let bytes = golden(&format!("smartid-da/tests/golden/{file}"));
            CreationOptions::parse(std::str::from_utf8(&bytes).unwrap()).unwrap()
        };
        context.options = Some(options("registrations/es256-none.options.json"));
        assert_eq!(inspect(&registration, &context).unwrap().verdict, Some(true));
        context.options = Some(options("options/challenge_16.json"));
        let finding = inspect(&registration, &context).unwrap();
        assert_eq!(finding.verdict, Some(false), "{finding:?}");
        assert!(
            finding.problems[0].starts_with("challenge-mismatch"),
            "{finding:?}"
        );
    }

    #[test]
    fn a_place_that_the_dialect_does_not_know_is_told_as_a_dialect_line() {
        let options = String::from_utf8(golden(
            "smartid-da/tests/golden/registrations/es256-none.options.json",
        ))
        .unwrap();
        let finding = inspect(
            format!("{{\"data\":{{\"a/b\":{options}}}}}").as_bytes(),
            &context(),
        )
        .unwrap();
        assert_eq!(
            finding.dialect,
            ["[digital_access.options]\nresponse = [{ move = \"/data/a~1b\", to = \"\" }]"]
        );
        smartid::core::dialect::overlay_section::<DaDialect>(&finding.dialect[0], "digital_access").unwrap();

        let callback = r#"{"commandId":"1","state":"ALL_GOOD","destinations":[]}"#;
        let finding = inspect(callback.as_bytes(), &context()).unwrap();
        assert!(
            finding.dialect[0].contains("[messaging.states]") && finding.dialect[0].contains("ALL_GOOD"),
            "{finding:?}"
        );
    }

    #[test]
    fn a_links_token_is_shown_only_on_request() {
        let link = b"com.nexusgroup.plugout:///?url=https%3a%2f%2fh.example.test%2fms%2fb-1&token=canary-77";
        let mut context = context();
        assert!(!format!("{:?}", inspect(link, &context).unwrap()).contains("canary"));
        context.show_secrets = true;
        assert!(format!("{:?}", inspect(link, &context).unwrap()).contains("canary"));
    }

    #[test]
    fn what_is_not_known_is_not_guessed() {
        assert_eq!(kind(b""), "");
        assert_eq!(kind(b"hello"), "");
        assert_eq!(kind(b"{\"a\":1}"), "");
        assert_eq!(kind(&[0xff, 0x00, 0x13]), "");
        assert_eq!(
            kind(b"-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----"),
            "PEM: CERTIFICATE"
        );
        assert_eq!(kind(&[0x30, 0x82, 0x01, 0x00, 0x30]), "");
        assert_eq!(kind(b"eyJhbGciOiJSUzI1NiJ9.e30.AA"), "compact JWS");
    }

    #[test]
    fn evidence_is_verified_only_against_what_the_person_gives() {
        let fixture = |name: &str| golden(&format!("smartid-trust/tests/fixtures/{name}"));
        let mut context = context();
        let read = |context: &Context, name: &str| inspect(&fixture(name), context).unwrap();
        for (name, kind) in [
            ("cms/openssl-rsa-attached.der", "CMS SignedData"),
            ("certs/signer-rsa.der", "certificate"),
        ] {
            let finding = read(&context, name);
            assert_eq!(
                (finding.kind.as_str(), finding.verdict),
                (kind, None),
                "{finding:?}"
            );
        }
        context.roots = vec![Certificate::from_der(fixture("certs/root.der")).unwrap()];
        assert_eq!(read(&context, "cms/openssl-rsa-attached.der").verdict, Some(true));
        assert_eq!(
            read(&context, "cms/openssl-rsa-detached.der").verdict,
            Some(false),
            "no content, no issuer"
        );
        context.keys = Some(JwkSet::from_json(fixture("jws/keys.json")).unwrap());
        let token = b"eyJhbGciOiJub25lIn0.e30.";
        assert!(
            inspect(token, &context).unwrap().problems[0].starts_with("jws-"),
            "alg none"
        );
        assert_eq!(kind(&fixture("pkcs12/openssl-rsa.p12")), "PKCS #12 container");
    }
}

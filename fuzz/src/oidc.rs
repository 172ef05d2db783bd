//! The parsers of an OpenID Connect login: what a provider says of itself, its keys, its tokens, and what a browser comes back with.

use std::sync::OnceLock;

use smartid_core::{SecretString, Timestamp};
use smartid_da::oidc::{
    CallbackCheck, EndpointAddress, IdTokenCheck, Issuer, KeySet, OidcPlace, OidcReason, Provider,
};
use smartid_trust::jws::JwsAlgorithm;

const ISSUER: &str = "https://login.example.test";
const STATE: &str = "af0ifjsldkj-GOLDEN";
/// 2026-03-01T10:00:00Z, the time of the golden files.
const AT: Timestamp = Timestamp::from_millis(1_772_359_200_000);

fn issuer() -> Issuer {
    Issuer::parse(ISSUER).unwrap()
}

/// The body of a message, or the whole.
fn body(data: &[u8]) -> &[u8] {
    let end = data.windows(2).position(|pair| pair == b"\n\n");
    end.map_or(data, |end| &data[end + 2..])
}

/// A document that is taken is of the issuer that was asked, and has endpoints over `https` alone. A key set has no key that is not
/// counted.
pub fn oidc_document(data: &[u8]) {
    if let Ok(provider) = Provider::parse(&issuer(), body(data)) {
        assert_eq!(provider.issuer().as_str(), ISSUER);
        let mut endpoints = vec![
            provider.authorization_endpoint(),
            provider.token_endpoint(),
            provider.key_set_address(),
        ];
        endpoints.extend(provider.user_info_endpoint());
        endpoints.extend(provider.token_endpoint_for_certificates());
        for endpoint in endpoints {
            assert!(endpoint.as_str().starts_with("https://") && endpoint.origin().is_https());
            assert_eq!(EndpointAddress::parse(endpoint.as_str()).as_ref(), Some(endpoint));
        }
    }
    if let Ok(keys) = KeySet::parse(data) {
        assert!(keys.usable().count() <= 256);
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(issuer) = Issuer::parse(text)
    {
        assert_eq!(issuer.as_str(), text);
        assert!(EndpointAddress::parse(&issuer.discovery_url()).is_some());
    }
}

/// A code comes only with the state; a refusal holds neither.
pub fn oidc_callback(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let target = text.split(' ').nth(1).unwrap_or(text);
    let query = target.split_once('?').map_or(target, |(_, query)| query);
    for required in [false, true] {
        let mut check = CallbackCheck::new(issuer(), SecretString::new(STATE));
        if required {
            check = check.requiring_iss();
        }
        match check.code(query) {
            Ok(code) => {
                assert!(!code.expose().is_empty() && query.contains("state"));
                assert!(!required || query.contains("iss"));
            }
            Err(refusal) => {
                assert_eq!(refusal.place(), OidcPlace::Callback);
                assert!(!format!("{refusal} {refusal:?}").contains(STATE));
            }
        }
    }
    let other = CallbackCheck::new(issuer(), SecretString::new("a state that nobody knows"));
    assert!(other.code(query).is_err());
}

/// A token that is taken is one of the golden files' provider, for their client and nonce, and is not taken by anybody else.
pub fn oidc_id_token(data: &[u8]) {
    static KEYS: OnceLock<KeySet> = OnceLock::new();
    let keys = KEYS.get_or_init(|| {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../crates/smartid-da/tests/golden/oidc/jwks/keys.json"
        );
        KeySet::parse(&std::fs::read(path).unwrap()).unwrap()
    });
    let Ok(token) = std::str::from_utf8(data) else {
        return;
    };
    let check = |client: &str, nonce: &str| {
        IdTokenCheck::new(issuer(), client, SecretString::new(nonce))
            .allowing(JwsAlgorithm::ALL.iter().copied())
            .verify(token, keys, AT)
    };
    match check("golden-client", "n-0S6_WzA2Mj") {
        Ok(user) => {
            assert!(!user.subject().is_empty() && user.issuer().as_str() == ISSUER);
            assert!(check("another-client", "n-0S6_WzA2Mj").is_err());
            assert_eq!(
                check("golden-client", "another").unwrap_err().reason(),
                OidcReason::Nonce
            );
        }
        Err(refusal) => assert_eq!(refusal.place(), OidcPlace::IdToken),
    }
}

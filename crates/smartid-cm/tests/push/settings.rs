//! Settings that cannot be used are found when the receiver is built, and named.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use smartid_cm::CmDialect;
use smartid_cm::push::{MemoryPushSink, PushReceiverBuilder};
use smartid_core::SecretString;
use smartid_trust::path::{ChainPolicy, Purpose, WebpkiVerifier};

use super::support::*;

fn refused(build: impl FnOnce(PushReceiverBuilder) -> PushReceiverBuilder) -> String {
    let error = build(builder(&Arc::new(MemoryPushSink::new())))
        .build()
        .unwrap_err();
    assert!(!error.to_string().contains("päss"), "{error}");
    error.setting.into_owned()
}

#[test]
fn somebody_must_be_able_to_push_or_it_must_have_been_decided_that_anybody_can() {
    assert_eq!(refused(|builder| builder), "cm.push.basic_auth");
    for (user, password) in [("", "p"), ("a:b", "p"), ("a", "")] {
        let refused = refused(|builder| builder.basic_auth(user, SecretString::new(password)));
        assert_eq!(refused, "cm.push.basic_auth", "{user}");
    }
    let verifier = WebpkiVerifier::builder()
        .root(certificate("root"))
        .build()
        .unwrap();
    let policy = Arc::new(ChainPolicy::new(Arc::new(verifier), Purpose::authentication()));
    assert_eq!(
        refused(|builder| builder.client_chain(policy, [])),
        "cm.push.client_chain"
    );
    let header = HeaderName::from_static("client-cert");
    let basic = |builder: PushReceiverBuilder| builder.basic_auth("cmpush", password());
    assert_eq!(
        refused(|builder| basic(builder).danger_certificate_header(header)),
        "cm.push.certificate_header"
    );
    assert_eq!(refused(|builder| basic(builder).danger_without_auth()), "cm.push");
    let known = certificate("officer-p256");
    assert_eq!(
        refused(|builder| builder.client_certificate(known).danger_without_auth()),
        "cm.push"
    );
}

#[test]
fn limits_names_and_the_dialect_must_be_usable() {
    let basic = |builder: PushReceiverBuilder| builder.basic_auth("cmpush", password());
    assert_eq!(
        refused(|builder| basic(builder).body_limit(0)),
        "cm.push.body_limit"
    );
    assert_eq!(
        refused(|builder| basic(builder).store_limit(Duration::ZERO)),
        "cm.push.store_limit"
    );
    let none: [&str; 0] = [];
    assert_eq!(
        refused(|builder| basic(builder).templates(none)),
        "cm.push.templates"
    );
    assert_eq!(refused(|builder| basic(builder).tenants(none)), "cm.push.tenants");
    for (setting, value) in [
        ("path", "''"),
        ("path", "'/a'"),
        ("path", "'a/'"),
        ("path", "'a//b'"),
        ("tenant", "''"),
        ("content_types", "[]"),
        ("success", "404"),
    ] {
        let dialect = CmDialect::from_toml(&format!("[push]\n{setting} = {value}")).unwrap();
        let refused = refused(|builder| basic(builder).dialect(&dialect));
        assert_eq!(refused, format!("cm.dialect.push.{setting}"), "{value}");
    }
    assert!(CmDialect::from_toml("[push]\nsuccess = 99").is_err());
}

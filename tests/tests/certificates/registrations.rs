//! Registrations of every kind: what devices may enrol, with the secrets that they enrol with.

use smartid::SecretString;
use smartid::cm::operations::{Register, RegistrationKind, RegistrationStatus, Registrations};
use smartid::cm::{AccountId, ProcedureName};
use smartid_tests::certificates::{CmSetup, CmWorld, kind};

const ACCOUNT: &str = "t1234567890123456789";

fn account() -> AccountId {
    AccountId::new(ACCOUNT).unwrap()
}

fn kinds() -> [(RegistrationKind, &'static str); 7] {
    [
        (RegistrationKind::Est, "est"),
        (RegistrationKind::Cmp, "cmp"),
        (RegistrationKind::Scep, "scep"),
        (RegistrationKind::Device, "device"),
        (RegistrationKind::Acme, "acme"),
        (RegistrationKind::AcmeAccount, "acme/account"),
        (RegistrationKind::Itss, "itss"),
    ]
}

fn est(name: &str) -> Register {
    Register::new(account(), RegistrationKind::Est)
        .fqdn(format!("{name}.example.test"))
        .realm("devices")
        .username(name)
        .password(SecretString::new("device's password"))
        .status(RegistrationStatus::Open)
        .valid_for_days(7)
}

fn member<'a>(registration: &'a smartid_sim::Registration, name: &str) -> Option<&'a str> {
    let found = registration.members.iter().find(|(own, _)| own == name);
    found.map(|(_, value)| value.as_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_every_kind_in_every_encoding_with_either_list() {
    for list_style in ["array", "envelope"] {
        let world = CmWorld::with(&format!("[cm.registrations]\nlist_style = '{list_style}'")).await;
        for encoding in ["json", "form", "multipart"] {
            for days in ["text", "number"] {
                let cm = world.speaking(&format!(
                    "register.encoding = '{encoding}'\nrequests.registration_days = '{days}'"
                ));
                for (kind, word) in kinds() {
                    let mut call = est(&format!("{encoding}-{days}"));
                    call.kind = kind;
                    let done = cm
                        .write(&call)
                        .await
                        .unwrap_or_else(|error| panic!("{encoding} {days} {word}: {error}"));
                    let kept = world.sim.cm().registrations().pop().unwrap();
                    assert_eq!((kept.account.as_str(), kept.kind.as_str()), (ACCOUNT, word));
                    assert_eq!(kept.officer, "ra-officer");
                    assert_eq!(member(&kept, "password"), Some("device's password"));
                    assert_eq!(member(&kept, "validity"), Some("7"));
                    assert_eq!(member(&kept, "status"), Some("open"));
                    assert_eq!(done.registrations[0].regid.as_deref(), Some(kept.regid.as_str()));
                }
            }
        }
        for (kind, word) in kinds() {
            let listed = world
                .cm
                .call(&Registrations::new(account(), kind.clone()))
                .await
                .unwrap_or_else(|error| panic!("{list_style} {word}: {error}"));
            assert_eq!(listed.len(), 6, "{list_style} {word}");
            assert!(
                listed
                    .iter()
                    .all(|row| row.officer.as_deref() == Some("ra-officer"))
            );
            assert_eq!(listed[0].fqdn.as_deref(), Some("json-text.example.test"));
            assert_eq!(listed[0].other["username"], "json-text");
            // What is secret is not listed.
            assert!(!listed[0].other.contains_key("password"));
            let other = AccountId::new("t2").unwrap();
            assert!(
                world
                    .cm
                    .call(&Registrations::new(other, kind))
                    .await
                    .unwrap()
                    .is_empty()
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acme_key_and_further_fields_arrive() {
    let world = CmWorld::start(CmSetup::default()).await;
    let call = Register::new(account(), RegistrationKind::Acme)
        .hmac_key(SecretString::new("aG1hYyBrZXk"))
        .key_id("kid-1")
        .allow_domain("example.test")
        .allow_domain("åäö.example.test")
        .field("procname", ProcedureName::new("TLS server").unwrap().as_str());
    world.cm.write(&call).await.unwrap();
    let kept = world.sim.cm().registrations().pop().unwrap();
    for (name, value) in [
        ("hmackey", "aG1hYyBrZXk"),
        ("keyid", "kid-1"),
        ("alloweddomains", "example.test,åäö.example.test"),
        ("procname", "TLS server"),
    ] {
        assert_eq!(member(&kept, name), Some(value));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_or_unknown_is_refused_and_nothing_is_kept() {
    let world = CmWorld::with("[cm.registrations]\naccounts = ['t1234567890123456789']\nmax = 1").await;
    let without_password = Register::new(account(), RegistrationKind::Est).fqdn("a.test");
    let error = world.cm.write(&without_password).await.unwrap_err();
    assert_eq!(kind(&error).name(), "missing-field", "{error}");
    let mut wrong_account = est("a");
    wrong_account.account = AccountId::new("../t1").unwrap();
    let mut wrong_kind = est("a");
    wrong_kind.kind = RegistrationKind::from("carrier-pigeon");
    for wrong in [
        wrong_account,
        wrong_kind,
        est("a").valid_for_days(0),
        est("a").status(RegistrationStatus::from("ajar")),
    ] {
        let error = world.cm.write(&wrong).await.unwrap_err();
        assert_eq!(kind(&error).name(), "bad-field-value", "{wrong:?}: {error}");
    }
    assert!(world.sim.cm().registrations().is_empty());
    world.cm.write(&est("a")).await.unwrap();
    let error = world.cm.write(&est("b")).await.unwrap_err();
    assert_eq!(kind(&error).name(), "bad-field-value", "{error}");
    assert_eq!(world.sim.cm().registrations().len(), 1);
}

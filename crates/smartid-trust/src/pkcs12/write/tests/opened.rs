//! What becomes of something that was opened: a container under another password, a key by itself.

use super::*;

#[test]
fn what_is_not_kept_is_told() {
    let mut container = open(write(Pkcs12Builder::new().with_key(key("p256"))).token(), "new");
    let crl = PassedOver {
        kind: bags::CRL,
        refusal: None,
    };
    let broken = PassedOver {
        kind: bags::SHROUDED_KEY,
        refusal: Some(Refusal::new(Reason::ContainerUnsupported, "RC4")),
    };
    container.passed_over = vec![crl.clone(), broken.clone()];
    let written = write(Pkcs12Builder::from_container(&container));
    assert_eq!(
        written.findings(),
        [Finding::NotKept(crl), Finding::NotKept(broken)]
    );
    assert_eq!(
        written.findings()[0].to_string(),
        "a part of type 1.2.840.113549.1.12.10.1.4 was not kept"
    );
    assert!(written.findings()[1].to_string().contains("RC4"));
}

#[test]
fn a_key_of_an_opened_token_can_be_taken_alone() {
    let both = Pkcs12Builder::new()
        .with_key(key("rsa1").with_friendly_name("one"))
        .with_key(key("p256").with_friendly_name("two"));
    let token = write(both).into_token();
    let opened = token.open(&secret("new"), &Pkcs12Policy::default()).unwrap();
    let second = &opened.keys()[1];
    let written = write(Pkcs12Builder::new().with_key(NewKey::from(second)));
    assert_eq!(written.findings(), []);
    let alone = written
        .token()
        .open(&secret("new"), &Pkcs12Policy::default())
        .unwrap();
    let key = alone.the_one_key().unwrap();
    assert_eq!(
        (key.friendly_name(), key.local_key_id()),
        (Some("two"), second.local_key_id())
    );
    assert_eq!(key.chain(), second.chain());
}

#[test]
fn a_token_can_be_wrapped_anew_where_it_stalls_nobody() {
    let runtime = ManualRuntime::new(Timestamp::from_millis(0));
    let token = write(Pkcs12Builder::new().with_key(key("p256"))).into_token();
    let rewrap = |old: &str| {
        let options = quick(Profile::Compatible);
        let work = token.rewrap_on(
            &runtime,
            secret(old),
            Pkcs12Policy::default(),
            secret("newer"),
            options,
        );
        runtime.block_on(work).unwrap()
    };
    let before = open(&token, "new");
    assert_eq!(
        contents(&open(rewrap("new").unwrap().token(), "newer")),
        contents(&before)
    );
    assert_eq!(
        rewrap("newer").err(),
        Some(WriteError::Refused(Reason::WrongPassword.into()))
    );
}

#[test]
fn a_key_under_a_password_of_its_own_is_read_again() {
    let token = write(Pkcs12Builder::new().with_key(key("rsa1"))).into_token();
    let opened = token.open(&secret("new"), &Pkcs12Policy::default()).unwrap();
    let key = opened.the_one_key().unwrap();
    for profile in [Profile::Modern, Profile::Compatible] {
        let der = key.encrypted_key_der(&secret("own"), &quick(profile)).unwrap();
        let read = crate::SigningKey::from_encrypted_pkcs8_der(&der, &secret("own")).unwrap();
        assert!(read.public_key().is_same_key(key.key().unwrap().public_key()));
        let reason = |options: WriteOptions, password: &str| {
            let der = key.encrypted_key_der(&secret(password), &options);
            der.err().map(|refusal| refusal.reason())
        };
        assert_eq!(reason(quick(profile), ""), Some(Reason::PasswordEmpty));
        assert_eq!(
            reason(quick(profile).with_iterations(1), "own"),
            Some(Reason::IterationsOutOfRange)
        );
    }
    let pem = key.key_pem();
    let chain = Certificate::list_from_pem(&key.chain_pem()).unwrap();
    assert_eq!(chain, key.chain());
    let officer = crate::MemorySigner::from_pem(&[pem.expose(), &key.chain_pem()], None).unwrap();
    assert!(
        officer
            .key()
            .public_key()
            .is_same_key(key.key().unwrap().public_key())
    );
}

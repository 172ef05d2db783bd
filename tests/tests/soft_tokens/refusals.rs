//! What Certificate Manager refuses over REST, each with its kind and whose turn it is; and nothing is made then.

use smartid::cm::operations::experimental::RequestSoftToken;
use smartid::cm::{Attribute, CmCode, CmRefusal, ProcedureName};
use smartid::{Error, Phase, SecretString, Turn};
use smartid_tests::certificates::{CmSetup, CmWorld, TOKEN_PASSWORD, ask, kind, refusal};

use crate::PKCS12;

fn nothing_was_made(world: &CmWorld) {
    assert_eq!(world.sim.cm().count(), 0);
    assert!(world.sim.cm().soft_tokens().is_empty());
}

async fn refused(world: &CmWorld, request: &RequestSoftToken) -> Error {
    let error = unwilling(world, request).await;
    assert_eq!(error.phase(), Phase::Refused, "{error}; {error:?}");
    error
}

/// As [`refused`], also where the service says no and leaves open what it did before.
async fn unwilling(world: &CmWorld, request: &RequestSoftToken) -> Error {
    let Err(error) = world.token(request).await else {
        panic!("it was not refused: {request:?}")
    };
    assert!(error.refusal::<CmRefusal>().is_some(), "{error}; {error:?}");
    let shown = format!("{error} {error:?} {error:#?}");
    assert!(!shown.contains(request.password.expose()), "{shown}");
    nothing_was_made(world);
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn procedures_that_are_none_or_for_something_else() {
    for mode in ["caller", "vro"] {
        let world = CmWorld::with(&format!("[cm.signing]\nmode = '{mode}'")).await;
        for name in ["No such procedure", "TLS server", "Employee card", "Role"] {
            let request = ask("Alice").procedure(ProcedureName::new(name).unwrap());
            let error = refused(&world, &request).await;
            assert_eq!(kind(&error).name(), "bad-field-value", "{name}: {error}");
        }
        let request = ask("Alice").procedure(ProcedureName::new("Soft token").unwrap());
        world.token(&request).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_role_to_issue_is_missing() {
    for (mode, requests) in [("caller", 2), ("vro", 1)] {
        let setup = CmSetup::default().sim(&format!("[cm.signing]\nmode = '{mode}'"));
        let world = CmWorld::start(setup.officer("reader")).await;
        let error = refused(&world, &ask("Alice")).await;
        assert_eq!(kind(&error).name(), "privilege", "{error}");
        assert!(refusal(&error).is_privilege());
        assert_eq!(error.advice().turn, Turn::Administrator);
        assert_eq!(world.count(PKCS12), requests, "{mode}");
    }
    // No officer at all.
    let world = CmWorld::start(CmSetup::default().officer("no-officer")).await;
    let error = refused(&world, &ask("Alice")).await;
    assert_eq!(kind(&error).name(), "not-an-officer", "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_that_are_missing_or_wrong() {
    let world = CmWorld::with("[cm.soft_tokens]\nrequired_attributes = ['commonname', 'countryname']").await;
    let nameless = RequestSoftToken::new(TOKEN_PASSWORD).attribute(Attribute::COUNTRY_NAME, "SE");
    let error = refused(&world, &nameless).await;
    assert_eq!(kind(&error).name(), "missing-field", "{error}");
    assert_eq!(error.advice().turn, Turn::Caller);
    let nowhere = RequestSoftToken::new(TOKEN_PASSWORD).attribute(Attribute::COMMON_NAME, "Alice");
    assert_eq!(kind(&refused(&world, &nowhere).await).name(), "missing-field");
    let unknown = ask("Alice").attribute(Attribute::new("favouritecolour").unwrap(), "blue");
    assert_eq!(kind(&refused(&world, &unknown).await).name(), "bad-field-value");
    let long = ask(&"a".repeat(1025));
    assert_eq!(kind(&refused(&world, &long).await).name(), "bad-field-value");
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_for_passwords() {
    let world =
        CmWorld::with("[cm.soft_tokens]\npassword_min = 8\npassword_max = 12\npassword_ascii = true").await;
    for password in [
        "Secret7",
        "Secret-7-and-13",
        "Geheimnis\u{fc}",
        "Secret7\u{1}\u{2}",
    ] {
        let mut request = ask("Alice");
        request.password = SecretString::new(password);
        let error = refused(&world, &request).await;
        assert_eq!(kind(&error).name(), "bad-field-value", "{error}");
    }
    let mut request = ask("Alice");
    request.password = SecretString::new("Secret-7");
    world.token(&request).await.unwrap();
    // What cannot be a password is not even sent.
    let sent = world.count(PKCS12);
    for password in ["", "a\0b"] {
        request.password = SecretString::new(password);
        let error = world.token(&request).await.unwrap_err();
        assert_eq!(error.phase(), Phase::NotSent, "{error}");
    }
    assert_eq!(world.count(PKCS12), sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_is_a_refusal_of_its_kind_in_every_style() {
    for (code, name, turn) in [
        (-1, "error", Turn::Administrator),
        (-7, "missing-field", Turn::Caller),
        (-8, "encoding", Turn::Caller),
        (-12, "not-initialised", Turn::Administrator),
        (-14, "bad-field-value", Turn::Caller),
        (-15, "privilege", Turn::Administrator),
        (-17, "bad-signature", Turn::Administrator),
        (-18, "connection", Turn::Administrator),
        (-40, "too-many-requests", Turn::Time),
        (-99, "error", Turn::Administrator),
    ] {
        for style in ["http-status", "ok"] {
            let world = CmWorld::with(&format!(
                "cm.error_style = '{style}'\ncm.fail = {{pkcs12 = {code}}}"
            ))
            .await;
            let error = unwilling(&world, &ask("Alice")).await;
            // A connection that broke may have broken late.
            let phase = if code == -18 {
                Phase::PerhapsDone
            } else {
                Phase::Refused
            };
            assert_eq!(error.phase(), phase, "{code} {style}: {error}");
            assert_eq!(kind(&error).name(), name, "{code} {style}: {error}");
            assert_eq!(error.advice().turn, turn, "{code} {style}: {error}");
            assert_eq!(
                refusal(&error).cm_code(),
                Some(CmCode::from_number(code)),
                "{style}"
            );
            assert_eq!(world.count(PKCS12), 1, "{code}: not asked again");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signatures_that_do_not_count() {
    // A signature is asked for again and again.
    let world = CmWorld::with("[cm.signing]\nalways_again = true").await;
    let error = refused(&world, &ask("Alice")).await;
    assert_eq!(kind(&error).name(), "signature-demanded-again", "{error}");
    assert_eq!(world.count(PKCS12), 2);
    // Another officer's, where only the caller's counts.
    let setup = CmSetup::default().sim("[cm.signing]\nsame_officer = true");
    let world = CmWorld::start(setup.signer("rsa-officer")).await;
    let error = refused(&world, &ask("Alice")).await;
    assert_eq!(kind(&error).name(), "bad-signature", "{error}");
    // Whose certificate was revoked in between.
    let world = CmWorld::start(CmSetup::default().signer("revoked-officer")).await;
    let error = refused(&world, &ask("Alice")).await;
    assert_eq!(kind(&error).name(), "bad-signature", "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_not_there() {
    let world = CmWorld::with("cm.paths.pkcs12 = 'elsewhere'").await;
    let error = refused(&world, &ask("Alice")).await;
    assert_eq!(kind(&error).name(), "no-such-path", "{error}");
    let world = CmWorld::with("cm.start = false").await;
    let error = refused(&world, &ask("Alice")).await;
    assert_eq!(kind(&error).name(), "no-such-path", "{error}");
}

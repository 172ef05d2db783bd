//! Passwords that were made here go through every way of asking, and open what comes.

use smartid::SecretString;
use smartid::cm::Attribute;
use smartid::cm::ast::AstRequest;
use smartid::trust::password::{CharacterClass, PasswordPolicy};
use smartid_tests::certificates::{CmWorld, ask};

#[tokio::test(flavor = "multi_thread")]
async fn a_generated_password_goes_out_and_opens_the_token() {
    // The strictest rules that a service may have for them.
    let world = CmWorld::with(
        "[cm.soft_tokens]\npassword_ascii = true\npassword_min = 12\npassword_max = 128\n[cm.signing]\nmode = 'vro'",
    )
    .await;
    let symbols = PasswordPolicy::default()
        .with_length(128)
        .with_look_alikes()
        .with_awkward_symbols()
        .with_class(CharacterClass::Symbol, 20);
    for policy in [
        PasswordPolicy::default(),
        PasswordPolicy::default().with_length(16),
        symbols.clone(),
        symbols,
    ] {
        let password: SecretString = policy.generate().unwrap().into_secret();
        for encoding in ["multipart", "form", "json"] {
            let cm = world.speaking(&format!("soft_token.encoding = '{encoding}'"));
            let mut request = ask("Alice");
            request.password = password.clone();
            let issued = cm.write(&request).await.unwrap();
            world
                .good_token(&issued.token, password.expose(), "CN=Alice,C=SE")
                .await;
        }
        let request = AstRequest::new(password.clone()).attribute(Attribute::COUNTRY_NAME, "SE");
        let issued = world.cm.call_gateway(&request).await.unwrap();
        world
            .good_token(&issued.token, password.expose(), "CN=Soft token,C=SE")
            .await;
        // The container does not know it, and says nothing of it.
        let shown = format!("{issued:?} {:?}", issued.token);
        assert!(!shown.contains(password.expose()), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_two_tokens_have_one_password() {
    let world = CmWorld::with("[cm.signing]\nmode = 'vro'").await;
    let mut passwords: Vec<SecretString> = Vec::new();
    for _ in 0..8 {
        let password = PasswordPolicy::default().generate().unwrap().into_secret();
        let mut request = ask("Alice");
        request.password = password.clone();
        let token = world.token(&request).await.unwrap().token;
        for other in &passwords {
            assert_ne!(other.expose(), password.expose());
            assert!(world.open(&token, other.expose()).await.is_err());
        }
        passwords.push(password);
    }
}

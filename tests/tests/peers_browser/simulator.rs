//! The browser at the simulated Digital Access: registered there, and logged in.

use http::Method;
use serde_json::{Value, json};
use smartid::core::{Outgoing, ServiceUrl};
use smartid::{ReqwestTransport, Transport, UserId};
use smartid_da::fido::preflight::{self, Preflight};
use smartid_da::fido::{
    AttestationFormat, BodyForm, CreationOptions, GetOptions, Registration, StoreCredential,
};
use smartid_tests::peers::Browser;
use smartid_tests::{Setup, World};

use crate::through::{Expected, packed, through_our_types};
use crate::value;

/// Digital Access as the simulator plays it, and the browser on its page.
struct Scene {
    world: World,
    browser: Browser,
    alice: UserId,
}

impl Scene {
    async fn new() -> Self {
        let world = World::start(Setup::default()).await;
        // The clock of the ceremony is the page's: long enough for a slow machine.
        world
            .sim
            .reconfigure(|config| config.da.timeout_ms = Some(30_000));
        let mut browser = Browser::start();
        browser.authenticator(&json!({}));
        Self {
            world,
            browser,
            alice: UserId::new("alice").unwrap(),
        }
    }

    async fn options(&self) -> CreationOptions {
        let da = self.world.smartid.digital_access().unwrap();
        da.call(&GetOptions::new(self.alice.clone())).await.unwrap()
    }

    /// The last word of the simulator about what was sent to `path`, if it was refused.
    async fn store(&self, registration: &Registration, form: BodyForm) -> Result<(), String> {
        let da = self.world.smartid.digital_access().unwrap();
        let call = StoreCredential::new(self.alice.clone(), registration).body(form);
        da.call(&call).await.map(drop).map_err(|_| self.last_word())
    }

    fn last_word(&self) -> String {
        self.world.sim.records().last().unwrap().code.clone().unwrap()
    }

    async fn login_page(&self, request: Outgoing) -> Value {
        let transport = ReqwestTransport::builder()
            .root_pem(self.world.sim.ca_pem().as_bytes())
            .build()
            .unwrap();
        let base = ServiceUrl::parse("da.url", &self.world.sim.da_base_url()).unwrap();
        let answer = transport.send(&base, request).await.unwrap();
        serde_json::from_slice(answer.body()).unwrap()
    }

    async fn login_options(&self, user: Option<&str>) -> String {
        let request = Outgoing::new(Method::GET, "webauthn/authentication".to_owned());
        let request = match user {
            Some(user) => request.query("userId", user),
            None => request,
        };
        self.login_page(request).await.to_string()
    }

    async fn login(&self, assertion: &str) -> Value {
        let request = Outgoing::new(Method::POST, "webauthn/authentication".to_owned());
        self.login_page(request.body("application/json", assertion.to_owned()))
            .await
    }
}

#[tokio::test]
#[ignore = "needs Chromium and node"]
async fn a_browsers_credential_is_stored_and_logs_in() {
    let mut scene = Scene::new().await;
    let options = scene.options().await;
    assert!(options.lists_exclusions() && options.view().exclude.is_empty());
    let made = scene.browser.create(options.raw()).unwrap();
    let none = Expected {
        format: AttestationFormat::None,
        ..packed()
    };
    let registration = through_our_types(options.raw(), &made, &none);
    assert_eq!(scene.store(&registration, BodyForm::Strict).await, Ok(()));
    let stored = scene.world.sim.credentials_of("alice");
    assert_eq!(stored.len(), 1);
    assert_eq!(
        (stored[0].credential_id.as_slice(), stored[0].algorithm),
        (registration.id(), -7)
    );

    // With the name, and without it: the authenticator knows whose it is.
    for user in [Some("alice"), None] {
        let page = scene.login_options(user).await;
        assert_eq!(
            value(&page)["allowCredentials"].as_array().unwrap().len(),
            usize::from(user.is_some())
        );
        let used = scene.browser.get(&page).unwrap();
        for (form, end) in [(&used.to_json, "alice"), (&used.by_hand, "challenge_used")] {
            let said = scene.login(form).await;
            let word = said.get("user").or_else(|| said.get("error")).unwrap();
            assert_eq!(word, end, "{said}");
        }
        assert_eq!(
            scene.world.sim.credentials_of("alice")[0].sign_count,
            if user.is_some() { 2 } else { 3 }
        );
    }

    // A second time: the options exclude it, the browser says so, and the same registration is not taken.
    let options = scene.options().await;
    assert!(options.excludes(registration.id()));
    assert_eq!(
        scene.browser.create(options.raw()).unwrap_err(),
        "InvalidStateError"
    );
    assert_eq!(
        scene.store(&registration, BodyForm::Strict).await,
        Err("challenge_used".to_owned())
    );
}

#[tokio::test]
#[ignore = "needs Chromium and node"]
async fn each_form_of_the_body_is_taken_by_the_server_that_knows_its_members() {
    let mut scene = Scene::new().await;
    scene
        .world
        .sim
        .reconfigure(|config| config.da.attestation = "direct".to_owned());
    let refused = || Err("json_unknown_member".to_owned());
    for (authenticator, format) in [
        (json!({}), "packed"),
        (
            json!({"protocol": "u2f", "hasResidentKey": false, "hasUserVerification": false}),
            "fido-u2f",
        ),
    ] {
        scene.browser.authenticator(&authenticator);
        for (tolerant, form, hand, end) in [
            (false, BodyForm::AsReceived, false, refused()),
            (true, BodyForm::AsReceived, false, Ok(())),
            (false, BodyForm::AsReceived, true, Ok(())),
            (false, BodyForm::Strict, true, Ok(())),
            (false, BodyForm::Strict, false, Ok(())),
        ] {
            scene.world.sim.reconfigure(|config| {
                config.da.tolerated_response_members =
                    vec!["publicKey".to_owned(), "publicKeyAlgorithm".to_owned()];
                if tolerant {
                    config
                        .da
                        .tolerated_response_members
                        .push("authenticatorData".to_owned());
                }
            });
            scene.world.sim.remove_credentials_of("alice");
            let options = scene.options().await;
            let made = scene.browser.create(options.raw()).unwrap();
            let text = if hand { &made.by_hand } else { &made.to_json };
            let registration = Registration::parse(text).unwrap();
            let checked = preflight::check(&options, &registration, &Preflight::new()).unwrap();
            assert_eq!(checked.format, format);
            assert_eq!(
                scene.store(&registration, form).await,
                end,
                "{format} {form:?} {hand}"
            );
            let stored = scene.world.sim.credentials_of("alice").len();
            assert_eq!(stored, usize::from(end.is_ok()));
        }
    }
}

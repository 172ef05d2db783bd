//! A soft token over the REST API: the two ways of signing, what is asked for, and what is handed out.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;
use std::time::Duration;

use smartid::cm::{Attribute, ProcedureName};
use smartid::core::{BlockingWork, BoxFuture, WorkLost};
use smartid::trust::pkcs12::{OpenError, Pkcs12Policy};
use smartid::trust::{Reason, SoftToken};
use smartid::{Runtime, SecretString, Timestamp, TokioRuntime};
use smartid_sim::{TokenCaller, TokenOrigin};
use smartid_tests::certificates::{CmSetup, CmWorld, TOKEN_PASSWORD, ask, why};

use crate::PKCS12;

#[tokio::test(flavor = "multi_thread")]
async fn the_caller_signs_in_a_second_request_or_the_server_in_the_first() {
    for (mode, requests, signatures) in [("caller", 2, 1), ("vro", 1, 0)] {
        let world = CmWorld::with(&format!("[cm.signing]\nmode = '{mode}'")).await;
        let issued = world.token(&ask("Alice Example")).await.unwrap();
        assert_eq!(world.count(PKCS12), requests, "{mode}");
        let seen = world.sim.cm().seen_signatures();
        assert_eq!(seen.len(), signatures, "{mode}");
        assert!(
            seen.iter().all(|signature| signature.refused.is_none()),
            "{seen:?}"
        );
        for record in world.requests(PKCS12) {
            let sent = String::from_utf8_lossy(&record.body).into_owned();
            assert!(sent.contains(TOKEN_PASSWORD), "the password is in each step");
            assert!(record.query.is_none(), "and not in the address");
        }

        let tokens = world.sim.cm().soft_tokens();
        let [token] = &tokens[..] else {
            panic!("{tokens:?}")
        };
        assert_eq!(token.origin, TokenOrigin::Rest);
        assert_eq!(token.caller, TokenCaller::Officer("ra-officer".into()));
        assert!(token.has_password(TOKEN_PASSWORD), "{mode}");
        // What was made is what came, to the octet.
        assert_eq!(token.file, issued.token.expose_octets(), "{mode}");
        assert_eq!(
            issued.certid.as_ref().map(|certid| certid.as_str()),
            Some(token.certids[0].as_str())
        );
        assert!(issued.file_name.is_none() && issued.downloaded.is_none());

        let opened = world
            .good_token(&issued.token, TOKEN_PASSWORD, "CN=Alice Example,C=SE")
            .await;
        let key = opened.the_one_key().unwrap();
        let stored = world.sim.cm().certificate(&token.certids[0]).unwrap();
        assert_eq!(stored.der.as_deref(), Some(&**key.certificate().unwrap().der()));
        assert_eq!(key.chain().len(), 3, "with its issuers");
        assert_eq!(key.friendly_name(), Some("Alice Example"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_encoding_of_the_request_carries_every_password_and_attribute() {
    let world = CmWorld::with("").await;
    for encoding in ["multipart", "form", "json"] {
        let cm = world.speaking(&format!("soft_token.encoding = '{encoding}'"));
        for password in [
            TOKEN_PASSWORD,
            " begins with a space",
            "a\"b\\c\r\n--boundary",
            "Gr\u{fc}\u{df}e \u{1f511}",
        ] {
            let mut request = ask("J\u{f6}rg \u{d8}sterg\u{e5}rd, \u{738b}")
                .attribute(Attribute::ORGANIZATION_NAME, "R&D = 100%+")
                .attribute(Attribute::UPN, "joerg@example.test");
            request.password = SecretString::new(password);
            let issued = cm
                .write(&request)
                .await
                .unwrap_or_else(|error| panic!("{encoding} {password:?}: {error}"));
            let subject = "CN=J\u{f6}rg \u{d8}sterg\u{e5}rd\\, \u{738b},O=R&D \\3D 100%\\+,C=SE";
            let opened = world.open(&issued.token, password).await.unwrap();
            let leaf = opened.the_one_key().unwrap().certificate().unwrap().clone();
            let shown = leaf.subject().to_string();
            assert_eq!(
                shown.replace("\\=", "=").replace("\\3D", "="),
                subject.replace("\\3D", "="),
                "{encoding}"
            );
            assert_eq!(leaf.user_principal_names(), ["joerg@example.test"], "{encoding}");
            world.check_token(&opened, &shown);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn procedure_and_validity_are_as_asked_for() {
    let world = CmWorld::with("").await;
    let now = world.sim.clock().unix_millis() / 1000 * 1000;
    let (from, to) = (
        Timestamp::from_millis(now - 60_000),
        Timestamp::from_millis(now + 86_400_000),
    );
    let request = ask("Alice")
        .procedure(ProcedureName::new("Soft token").unwrap())
        .valid_from(from)
        .valid_to(to);
    let issued = world.token(&request).await.unwrap();
    let opened = world
        .good_token(&issued.token, TOKEN_PASSWORD, "CN=Alice,C=SE")
        .await;
    let leaf = opened.the_one_key().unwrap().certificate().unwrap();
    assert_eq!((leaf.not_before(), leaf.not_after()), (from, to));
    assert_eq!(world.sim.cm().soft_tokens()[0].procedure, "Soft token");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_password_opens_nothing_however_near_it_is() {
    let world = CmWorld::with("").await;
    let issued = world.token(&ask("Alice")).await.unwrap();
    let lower = TOKEN_PASSWORD.to_lowercase();
    for wrong in [
        "",
        " ",
        lower.as_str(),
        TOKEN_PASSWORD.trim_start_matches('c'),
        &format!("{TOKEN_PASSWORD} "),
        &format!("{TOKEN_PASSWORD}\0"),
    ] {
        let refused = world.open(&issued.token, wrong).await;
        assert_eq!(why(refused), Reason::WrongPassword, "{wrong:?}");
    }
    world.open(&issued.token, TOKEN_PASSWORD).await.unwrap();
}

/// tokio's, that remembers where blocking work was done, or loses it.
#[derive(Debug, Default)]
struct Aside {
    inner: TokioRuntime,
    threads: Arc<Mutex<Vec<ThreadId>>>,
    asked: AtomicUsize,
    loses: bool,
}

impl Runtime for Aside {
    fn now(&self) -> Timestamp {
        self.inner.now()
    }
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.inner.sleep(duration)
    }
    fn run_blocking(&self, work: BlockingWork) -> BoxFuture<'static, Result<(), WorkLost>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.loses {
            return Box::pin(async { Err(WorkLost::new()) });
        }
        let threads = Arc::clone(&self.threads);
        self.inner.run_blocking(Box::new(move || {
            threads.lock().unwrap().push(std::thread::current().id());
            work();
        }))
    }
    fn fill_random(&self, bytes: &mut [u8]) {
        self.inner.fill_random(bytes);
    }
}

// One async thread, so that there is no other where the work could be done by chance.
#[tokio::test(flavor = "current_thread")]
async fn tokens_are_opened_off_the_async_threads() {
    let world = CmWorld::with("").await;
    let issued = world.token(&ask("Alice")).await.unwrap();
    let (password, policy) = (SecretString::new(TOKEN_PASSWORD), Pkcs12Policy::default());
    let open = |token: SoftToken, runtime: Aside| {
        let password = password.clone();
        async move {
            let opened = token.open_on(&runtime, &password, &policy).await;
            (opened, runtime)
        }
    };
    let (opened, runtime) = open(issued.token.clone(), Aside::default()).await;
    world.check_token(&opened.unwrap(), "CN=Alice,C=SE");
    assert_eq!(runtime.asked.load(Ordering::SeqCst), 1);
    let here = std::thread::current().id();
    let threads = runtime.threads.lock().unwrap().clone();
    assert!(threads.len() == 1 && threads[0] != here, "{threads:?} {here:?}");
    let losing = Aside {
        loses: true,
        ..Aside::default()
    };
    let (lost, _) = open(issued.token, losing).await;
    assert!(matches!(lost, Err(OpenError::Lost(_))), "{lost:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_vro_mode_no_signer_is_needed_and_in_caller_mode_its_lack_is_told_before_anything_is_done() {
    let setup = CmSetup::default().unsigned();
    let world = CmWorld::start(setup.clone().sim("[cm.signing]\nmode = 'vro'")).await;
    world.token(&ask("Unsigned")).await.unwrap();
    let world = CmWorld::start(setup).await;
    let error = world.token(&ask("Unsigned")).await.unwrap_err();
    assert_eq!(
        smartid_tests::certificates::kind(&error).name(),
        "no-signer",
        "{error}"
    );
    assert_eq!((world.count(PKCS12), world.sim.cm().count()), (1, 0));
}

//! Known secrets are planted, whole flows are run, good and bad, and every log line, `Debug` and message is searched for them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use smartid::UserId;
use smartid::flows::fido_enrolment::NotBegun;
use smartid_sim::{Fault, FaultKind, Persona, Route, RoutePattern, SimConfig};
use smartid_tests::{CALLBACK_PASSWORD, Setup, World};
use tracing_subscriber::fmt::MakeWriter;

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

const API_KEY: &str = "canary-api-key-5f1d";
const TOKEN: &str = "canary-da-token-77aa";

#[tokio::test]
async fn no_secret_is_seen_anywhere() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(log.clone())
        .finish();
    // For the whole process, because work is done on other threads, too; this file has one test.
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let mut seen = String::new();
    let mut secrets = vec![API_KEY.to_owned(), TOKEN.to_owned(), CALLBACK_PASSWORD.to_owned()];
    let encoded = smartid_core::base64::encode(
        smartid_core::base64::Flavour::Standard,
        format!("idm:{API_KEY}").as_bytes(),
    );
    secrets.push(encoded);

    let echo = |status: u16| FaultKind::Respond {
        status,
        content_type: "application/json".to_owned(),
        body: format!(
            "{{\"error\":\"refused {TOKEN}\",\"token\":\"{API_KEY}\",\"message\":\"{API_KEY} is wrong\",\"{TOKEN}\":1}}"
        ),
        work: false,
        headers: vec![(
            "location".to_owned(),
            format!("https://u:{TOKEN}@h.example.test/a?ticket={API_KEY}"),
        )],
    };
    let page = FaultKind::body(
        "text/html",
        format!("<html><title>Wrong key {API_KEY}</title><body>{TOKEN}</body></html>"),
    );
    let faults = [
        None,
        Some((Route::DaOptions, echo(401))),
        Some((Route::DaOptions, echo(302))),
        Some((Route::DaOptions, echo(200))),
        Some((Route::DaOptions, page.clone())),
        Some((Route::HermodSession, echo(401))),
        Some((Route::HermodSession, echo(200))),
        Some((Route::HermodCreate, page.clone())),
        Some((Route::DaCredentials, echo(400))),
        Some((Route::DaCredentials, page)),
        Some((Route::DaCredentials, FaultKind::LostReply)),
    ];
    let personas = [
        Persona::Approves,
        Persona::Declines,
        Persona::WrongChallenge,
        Persona::Garbage,
        Persona::NeverOpens,
    ];
    let runs = faults
        .into_iter()
        .map(|fault| (Persona::Approves, fault))
        .chain(personas.map(|persona| (persona, None)));
    for (persona, fault) in runs {
        let mut setup = Setup::default();
        setup.timeout = Duration::from_secs(2);
        setup.sim = SimConfig::from_toml(&format!(
            "[da]\ntoken = '{TOKEN}'\n[[hermod.api_users]]\nclient-id = 'idm'\nkey = '{API_KEY}'"
        ))
        .unwrap();
        let world = World::start(setup).await;
        world.sim.set_persona(persona);
        if let Some((route, kind)) = fault {
            world
                .sim
                .faults()
                .inject(Fault::new(RoutePattern::route(route), kind).times(0));
        }
        seen += &format!(
            "{:?} {:?} {:?}\n",
            world.smartid,
            world.flow,
            world.smartid.store()
        );
        match world.flow.begin(&UserId::new("alice").unwrap()).await {
            Ok(begun) => {
                let link = begun.link.expose().to_owned();
                secrets.push(link.clone());
                secrets.push(link.split("token=").nth(1).unwrap().to_owned());
                seen += &format!("{begun:?} {:?} {:?}\n", begun.link, begun.link.qr());
                let desktop = world.sim.desktop();
                let person = tokio::spawn(async move {
                    let _report = desktop.open(&link).await;
                });
                let end = world.flow.complete(&begun.id).await.unwrap();
                person.abort();
                seen += &format!("{end:?} {end} {:?}\n", end.advice());
                let record = world.smartid.store().load(&begun.id).await.unwrap().unwrap();
                seen += &format!("{record:?}\n{}\n", serde_json::to_string(&record).unwrap());
            }
            Err(problem) => {
                seen += &format!("{problem:?} {problem}\n");
                let NotBegun::Ended { end, .. } = problem else {
                    panic!()
                };
                seen += &format!("{:?} {}\n", end.advice(), serde_json::to_string(&end).unwrap());
            }
        }
    }

    // The simulator is a product of its own and logs in the same process; its lines do not count.
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let ours: String = logged
        .lines()
        .filter(|line| !line.contains("smartid_sim"))
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        ours.contains("smartid.call") && ours.contains("smartid.inbound"),
        "the flow is logged at all"
    );
    for secret in &secrets {
        for (place, text) in [("a log line", &ours), ("a Debug, a message or the store", &seen)] {
            if let Some(line) = text.lines().find(|line| line.contains(secret.as_str())) {
                panic!("{secret} stands in {place}: {line}");
            }
        }
    }
}

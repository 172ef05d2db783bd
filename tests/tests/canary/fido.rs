//! The FIDO enrolment, good and bad.

use std::time::Duration;

use smartid::UserId;
use smartid::flows::fido_enrolment::NotBegun;
use smartid_sim::{Fault, FaultKind, Persona, Route, RoutePattern, SimConfig};
use smartid_tests::{Setup, World};

use crate::{API_KEY, Seen, TOKEN, echo, page};

pub(crate) async fn run(seen: &mut Seen) {
    let faults = [
        None,
        Some((Route::DaOptions, echo(401))),
        Some((Route::DaOptions, echo(302))),
        Some((Route::DaOptions, echo(200))),
        Some((Route::DaOptions, page())),
        Some((Route::HermodSession, echo(401))),
        Some((Route::HermodSession, echo(200))),
        Some((Route::HermodCreate, page())),
        Some((Route::DaCredentials, echo(400))),
        Some((Route::DaCredentials, page())),
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
        seen.debug(&(&world.smartid, &world.flow, world.smartid.store()));
        match world.flow.begin(&UserId::new("alice").unwrap()).await {
            Ok(begun) => {
                let link = begun.link.expose().to_owned();
                seen.plant(&link);
                seen.plant(link.split("token=").nth(1).unwrap());
                seen.debug(&(&begun, &begun.link, begun.link.qr()));
                let desktop = world.sim.desktop();
                let person = tokio::spawn(async move {
                    let _report = desktop.open(&link).await;
                });
                let end = world.flow.complete(&begun.id).await.unwrap();
                person.abort();
                seen.debug(&(&end, end.to_string(), end.advice()));
                let record = world.smartid.store().load(&begun.id).await.unwrap().unwrap();
                seen.debug(&record);
                seen.text(&serde_json::to_string(&record).unwrap());
            }
            Err(problem) => {
                seen.debug(&(&problem, problem.to_string()));
                let NotBegun::Ended { end, .. } = problem else {
                    panic!()
                };
                seen.debug(&end.advice());
                seen.text(&serde_json::to_string(&end).unwrap());
            }
        }
    }
}

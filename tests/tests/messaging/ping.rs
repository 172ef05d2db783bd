//! Is the app there, and what does it run on.

use smartid::hermod::commands::Ping;
use smartid_sim::Persona;
use smartid_tests::Setup;
use smartid_tests::messaging::{ALICE, Bench, signer};

#[tokio::test]
async fn each_app_tells_what_it_runs_on_without_its_person() {
    let bench = Bench::start(Setup::default()).await;
    let (user, phone) = (&bench.user, bench.sim.mobile());
    bench.enrol(&phone, [signer()]).await;
    for (to_phone, wanted, system) in [
        (true, Some(true), Some("iOS 18.5")),
        (false, Some(true), Some("Windows 11")),
        (false, Some(false), None),
        (true, None, None),
    ] {
        let header = if to_phone {
            user.to(ALICE)
        } else {
            user.hermod.header()
        };
        let mut ping = Ping::new(header.clone());
        ping.device_info = wanted;
        let sent = user.send(&header, &ping).await;
        // Nobody is asked, so somebody who declines everything does not matter.
        if to_phone {
            phone.check_as(Persona::Declines).await.unwrap();
        } else {
            bench
                .sim
                .desktop()
                .open_as(&sent.link(), Persona::Declines)
                .await
                .unwrap();
        }
        let report = user.report(&sent.pending).await;
        assert_eq!(report.verb.as_deref(), Some("ping"));
        let info = report.ping(user.hermod.dialect()).succeeded().unwrap();
        let found = info.as_ref().and_then(|info| info.get("operatingsystem"));
        assert_eq!(found.as_deref(), system, "{wanted:?}");
    }
}

#[tokio::test]
async fn an_app_that_tells_less_is_alive_all_the_same() {
    let bench = Bench::with("[desktop]\noperating_system = ''").await;
    let user = &bench.user;
    let header = user.hermod.header();
    let sent = user
        .send(&header, &Ping::new(header.clone()).device_info(true))
        .await;
    bench.sim.desktop().open(&sent.link()).await.unwrap();
    let outcome = user.report(&sent.pending).await.ping(user.hermod.dialect());
    assert!(outcome.succeeded().unwrap().is_none());
}

//! A command is withdrawn: nobody can answer it any more, and whoever waits is told.

use smartid::core::Phase;
use smartid::hermod::commands::{Cancel, Ping, Sign};
use smartid::hermod::wait::PollPolicy;
use smartid::hermod::{Entry, State};
use smartid_sim::SimConfig;
use smartid_tests::Setup;
use smartid_tests::messaging::{ALICE, Bench, signer};
use std::time::Duration;

#[tokio::test]
async fn a_withdrawn_command_cannot_be_answered() {
    let mut setup = Setup::default();
    setup.polling =
        PollPolicy::default().with_interval(Duration::from_millis(100), Duration::from_millis(100));
    let bench = Bench::start(setup).await;
    let user = &bench.user;
    let phone = bench.sim.mobile();
    bench.enrol(&phone, [signer()]).await;
    let (header, before) = (user.to(ALICE), user.calls().len());
    let sent = user
        .send(
            &header,
            &Sign::new(header.clone(), Entry::text("tbs", "Order 17")),
        )
        .await;
    let report = user
        .hermod
        .call(&Cancel::new(sent.answer.command_id.clone()))
        .await
        .unwrap();
    assert_eq!(report.unwrap().state, State::Cancelled);
    // No callback comes by default; the poll tells the one who waits.
    let report = user.report(&sent.pending).await;
    assert_eq!(
        report.sign(user.hermod.dialect(), &Default::default()).name(),
        "cancelled"
    );
    assert_eq!(phone.check().await.unwrap().messages, 0);
    assert_eq!(user.calls().len(), before);

    // Once more: it is refused, and said so.
    let error = user
        .hermod
        .call(&Cancel::new(sent.answer.command_id))
        .await
        .unwrap_err();
    assert_eq!(error.phase(), Phase::Refused);
    assert_eq!(error.status().unwrap().as_u16(), 409);
}

#[tokio::test]
async fn a_withdrawal_may_be_called_back_or_have_no_words_or_be_unknown() {
    for (sim, called_back, says) in [
        ("[hermod.cancel]\ncallback = true", true, Some(true)),
        ("[hermod.cancel]\nstatus = 204", false, Some(false)),
        ("[hermod.cancel]\nenabled = false", false, None),
    ] {
        let mut setup = Setup::default();
        setup.sim = SimConfig::from_toml(sim).unwrap();
        setup.polling = PollPolicy::off();
        let bench = Bench::start(setup).await;
        let user = &bench.user;
        let header = user.hermod.header();
        let sent = user.send(&header, &Ping::new(header.clone())).await;
        let answer = user
            .hermod
            .call(&Cancel::new(sent.answer.command_id.clone()))
            .await;
        assert_eq!(answer.as_ref().ok().map(Option::is_some), says, "{sim}");
        if called_back {
            assert_eq!(user.report(&sent.pending).await.state, State::Cancelled);
        }
        if says.is_none() {
            // It goes on.
            bench.sim.desktop().open(&sent.link()).await.unwrap();
            assert_eq!(user.report(&sent.pending).await.state, State::Success);
        }
    }
}

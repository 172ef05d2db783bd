//! API users in groups: those of one group share users and mailboxes, callbacks go to the one who has sent the command, and nobody hears
//! of another group's.

use smartid::core::{Inbox, MemoryInbox, Phase};
use smartid::hermod::commands::{CommandStatus, DeleteMailbox, Ping, Profiles, Sign};
use smartid::hermod::wait::PollPolicy;
use smartid::hermod::{Entry, State};
use smartid_sim::{Persona, SimConfig};
use smartid_tests::Setup;
use smartid_tests::messaging::{ALICE, ApiUser, Bench, signer};
use std::sync::Arc;

const GROUPS: &str = "[[hermod.api_users]]\nclient-id = 'idm'\nkey = 'key-of-idm'\ngroup = 'office'\n\
                      [[hermod.api_users]]\nclient-id = 'da'\nkey = 'key-of-da'\ngroup = 'office'\n\
                      [[hermod.api_users]]\nclient-id = 'other'\nkey = 'key-of-other'\ngroup = 'elsewhere'\n\
                      [[hermod.api_users]]\nclient-id = 'alone'\nkey = 'key-of-alone'\n";

async fn bench() -> Bench {
    let mut setup = Setup::default();
    setup.sim = SimConfig::from_toml(GROUPS).unwrap();
    Bench::start(setup).await
}

async fn join(bench: &Bench, client_id: &str) -> ApiUser {
    ApiUser::start(&bench.sim, client_id, &bench.setup).await
}

fn ping(user: &ApiUser) -> (smartid::hermod::CommandHeader, Ping) {
    let header = user.to(ALICE);
    (header.clone(), Ping::new(header))
}

#[tokio::test]
async fn one_group_shares_mailboxes_and_calls_back_the_one_who_sent() {
    let bench = bench().await;
    let (idm, phone) = (&bench.user, bench.sim.mobile());
    let (da, other, alone) = (
        join(&bench, "da").await,
        join(&bench, "other").await,
        join(&bench, "alone").await,
    );
    let enrolled = bench.enrol(&phone, [signer()]).await;
    let before = idm.calls().len();
    // Whom the first has enrolled, the second asks.
    let header = da.to(ALICE);
    let command = Sign::new(header.clone(), Entry::text("tbs", "Order 17"))
        .format(smartid::hermod::SignatureFormat::Jws);
    let sent = da.send(&header, &command).await;
    phone.check().await.unwrap();
    assert_eq!(da.report(&sent.pending).await.state, State::Success);
    assert_eq!((idm.calls().len(), da.calls().len()), (before, 1));
    assert!(
        idm.inbox
            .list(&sent.pending.correlation_ids(), 9)
            .await
            .unwrap()
            .is_empty()
    );
    // Both may ask for its state, nobody else; and nobody else can write to the mailbox, by user or by its id.
    let status = CommandStatus::new(sent.answer.command_id.clone());
    for user in [idm, &da] {
        assert_eq!(user.hermod.call(&status).await.unwrap().state, State::Success);
    }
    let bid = sent.answer.destinations[0]
        .bid
        .as_ref()
        .unwrap()
        .as_str()
        .to_owned();
    for user in [&other, &alone] {
        let error = user.hermod.call(&status).await.unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), 404);
        for to in [ALICE, &bid] {
            let error = user.hermod.call(&Ping::new(user.to(to))).await.unwrap_err();
            assert_eq!(error.status().unwrap().as_u16(), 404, "{to}");
        }
        let deletion = DeleteMailbox::new(user.hermod.header(), Profiles::one(ALICE, enrolled.profile()));
        assert_eq!(
            user.hermod.call(&deletion).await.unwrap_err().phase(),
            Phase::Refused
        );
        assert!(user.calls().is_empty());
    }
    assert_eq!(bench.sim.mailboxes().len(), 1);
}

#[tokio::test]
async fn the_same_user_in_two_groups_has_mailboxes_of_each() {
    let bench = bench().await;
    let other = join(&bench, "other").await;
    let (office, elsewhere) = (bench.sim.mobile(), bench.sim.new_mobile());
    bench.enrol(&office, [signer()]).await;
    bench.enrol_for(&other, &elsewhere, [signer()]).await;
    for (user, phone, silent) in [(&bench.user, &office, &elsewhere), (&other, &elsewhere, &office)] {
        let (header, command) = ping(user);
        let sent = user.send(&header, &command).await;
        assert_eq!(sent.answer.destinations.len(), 1);
        assert_eq!(silent.check().await.unwrap().messages, 0);
        assert_eq!(phone.check().await.unwrap().messages, 1);
        assert_eq!(user.report(&sent.pending).await.state, State::Success);
    }
    let groups: Vec<String> = bench
        .sim
        .mailboxes()
        .into_iter()
        .map(|mailbox| mailbox.group)
        .collect();
    assert_eq!(groups, ["office", "elsewhere"]);
}

/// Two programs that choose the same external id and have one inbox.
#[tokio::test]
async fn one_inbox_tells_apart_outcomes_under_the_same_external_id() {
    for names in [[Some("idm"), Some("da")], [None, None]] {
        let bench = bench().await;
        let inbox: Arc<dyn Inbox> = Arc::new(MemoryInbox::new());
        let mut users = Vec::new();
        for (client_id, name) in ["idm", "da"].into_iter().zip(names) {
            users.push(ApiUser::sharing(&bench.sim, client_id, &bench.setup, Arc::clone(&inbox), name).await);
        }
        let mut sent = Vec::new();
        for user in &users {
            let header = user.hermod.header().external_id("order-17");
            sent.push(
                user.send(&header, &Ping::new(header.clone()).device_info(true))
                    .await,
            );
        }
        // The second one is answered first.
        for (user, sent) in users.iter().zip(&sent).rev() {
            bench
                .sim
                .desktop()
                .open_as(&sent.link(), Persona::Approves)
                .await
                .unwrap();
            user.called(1).await;
        }
        for (user, sent) in users.iter().zip(&sent) {
            let waited = user
                .hermod
                .wait(&*user.inbox, &sent.pending, &PollPolicy::off())
                .await
                .unwrap();
            let report = waited.report.unwrap();
            assert_eq!(
                report.command_id.as_ref(),
                Some(&sent.answer.command_id),
                "{names:?}"
            );
            assert_eq!(report.external_id.as_ref().unwrap().as_str(), "order-17");
            // Taking the one leaves the other.
            user.hermod
                .acknowledge(&*user.inbox, &sent.pending)
                .await
                .unwrap();
        }
    }
}

#[tokio::test]
async fn inboxes_of_their_own_hold_what_is_their_own() {
    let bench = bench().await;
    let da = join(&bench, "da").await;
    let mut all = Vec::new();
    for user in [&bench.user, &da] {
        let header = user.hermod.header().external_id("order-17");
        let sent = user.send(&header, &Ping::new(header.clone())).await;
        bench.sim.desktop().open(&sent.link()).await.unwrap();
        all.push((user, sent));
    }
    for (user, sent) in &all {
        let report = user.report(&sent.pending).await;
        assert_eq!(report.command_id.as_ref(), Some(&sent.answer.command_id));
        assert_eq!(
            user.inbox
                .list(&sent.pending.correlation_ids(), 9)
                .await
                .unwrap()
                .len(),
            1
        );
        assert_eq!((user.calls().len(), user.callbacks.counters().stored), (1, 1));
    }
}

/// The facade's receiver keeps outcomes where the facade's client looks for them.
#[tokio::test]
async fn the_facades_receiver_has_the_name_of_its_client() {
    let bench = bench().await;
    let runtime = Arc::clone(&bench.setup.runtime);
    let key = smartid::ApiKey::new("idm", "key-of-idm").unwrap();
    let hermod = smartid::Hermod::builder(&bench.sim.hermod_command_url(), key)
        .inbox_name("idm")
        .build(
            smartid_tests::messaging::transport(&bench.sim),
            Arc::clone(&runtime),
        )
        .unwrap();
    let smartid = smartid::SmartId::builder(runtime).hermod(hermod).build();
    let address = smartid_tests::serve_callbacks(&smartid).await;
    bench.sim.set_callback(
        &format!("http://{address}"),
        Some(("hermod", smartid_tests::CALLBACK_PASSWORD)),
    );
    let hermod = smartid.hermod().unwrap();
    let header = hermod.header();
    let pending = smartid::hermod::Pending::new(&header, hermod.runtime().now());
    let answer = hermod.call(&Ping::new(header)).await.unwrap();
    bench
        .sim
        .desktop()
        .open(answer.link().unwrap().expose())
        .await
        .unwrap();
    let answered =
        |record: &smartid_sim::Record| record.path.ends_with("/callback/ping") && record.status == Some(200);
    while !bench.sim.records().iter().any(answered) {
        tokio::task::yield_now().await;
    }
    let inbox: Arc<dyn Inbox> = Arc::<dyn smartid::FlowStore>::clone(smartid.store());
    let policy = PollPolicy::off();
    let health = smartid::hermod::PollHealth::default();
    let step = hermod
        .wait_step(&*inbox, &pending.answered(&answer), &policy, health)
        .await
        .unwrap()
        .0;
    assert!(matches!(step, smartid::hermod::wait::Step::Done(_)), "{step:?}");
}

//! Deletion: on the device, of one mailbox alone, of all mailboxes of a user.

use smartid::core::Phase;
use smartid::hermod::commands::{DeleteMailbox, DeleteProfile, Profiles, Sign};
use smartid::hermod::wait::{PollPolicy, Until};
use smartid::hermod::{Entry, Outcome};
use smartid_sim::Persona;
use smartid_tests::Setup;
use smartid_tests::messaging::{ALICE, Bench, GUARD, signer};

#[tokio::test]
async fn a_profile_is_deleted_on_the_device_and_its_mailbox_with_it() {
    let bench = Bench::start(Setup::default()).await;
    let (user, first, second) = (&bench.user, bench.sim.mobile(), bench.sim.new_mobile());
    let enrolled = bench.enrol(&first, [signer()]).await;
    bench.enrol(&second, [signer()]).await;
    for (persona, name) in [(Persona::Declines, "declined"), (Persona::Approves, "succeeded")] {
        let header = user.hermod.header();
        let command = DeleteProfile::new(header.clone(), Profiles::one(ALICE, enrolled.profile()));
        let sent = user.send(&header, &command).await;
        assert_eq!(
            sent.answer.destinations.len(),
            1,
            "the other profile is not asked"
        );
        first.check_as(persona).await.unwrap();
        let report = user.report(&sent.pending).await;
        assert_eq!(report.verb.as_deref(), Some("delete"));
        assert_eq!(report.delete_profile(user.hermod.dialect()).name(), name);
        let left = usize::from(persona == Persona::Declines);
        assert_eq!(
            (first.profiles().len(), bench.sim.mailboxes().len()),
            (left, 1 + left)
        );
    }
    // It is gone, and the other one works.
    let error = user
        .hermod
        .call(&DeleteProfile::new(
            user.hermod.header(),
            Profiles::one(ALICE, enrolled.profile()),
        ))
        .await
        .unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 404);
    assert_eq!(second.profiles().len(), 1);
}

#[tokio::test]
async fn an_app_that_has_the_profile_no_more_says_so() {
    let bench = Bench::start(Setup::default()).await;
    let (user, phone) = (&bench.user, bench.sim.mobile());
    let enrolled = bench.enrol(&phone, [signer()]).await;
    let header = user.hermod.header().to(["@tmp"]);
    let sent = user
        .send(
            &header,
            &DeleteProfile::new(header.clone(), Profiles::one(ALICE, enrolled.profile())),
        )
        .await;
    // Another phone opens the link.
    bench.sim.new_mobile().open(&sent.link()).await.unwrap();
    let outcome = user
        .report(&sent.pending)
        .await
        .delete_profile(user.hermod.dialect());
    assert!(
        matches!(&outcome, Outcome::Failed { code, .. } if code.as_deref() == Some("PROFILE_NOT_FOUND")),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn all_profiles_of_a_user_are_deleted_and_every_device_answers() {
    let bench = Bench::start(Setup::default()).await;
    let (user, first, second) = (&bench.user, bench.sim.mobile(), bench.sim.new_mobile());
    bench.enrol(&first, [signer()]).await;
    bench.enrol(&second, [signer()]).await;
    let header = user.hermod.header();
    let sent = user
        .send(&header, &DeleteProfile::new(header.clone(), Profiles::all(ALICE)))
        .await;
    assert_eq!(sent.answer.destinations.len(), 2);
    first.check().await.unwrap();
    second.check_as(Persona::Declines).await.unwrap();
    let policy = PollPolicy::off().with_until(Until::AllMailboxes);
    let waited = user.hermod.wait(&*user.inbox, &sent.pending, &policy);
    let waited = tokio::time::timeout(GUARD, waited).await.unwrap().unwrap();
    let names: Vec<_> = waited
        .reports
        .iter()
        .map(|report| report.delete_profile(user.hermod.dialect()).name())
        .collect();
    assert_eq!(names, ["succeeded", "declined"]);
    assert_eq!((first.profiles().len(), second.profiles().len()), (0, 1));
}

#[tokio::test]
async fn mailboxes_alone_are_deleted_at_once_and_the_apps_keep_their_profiles() {
    let bench = Bench::start(Setup::default()).await;
    let (user, first) = (&bench.user, bench.sim.mobile());
    let enrolled = bench.enrol(&first, [signer()]).await;
    for phone in [bench.sim.new_mobile(), bench.sim.new_mobile()] {
        bench.enrol(&phone, [signer()]).await;
    }
    assert_eq!(bench.sim.mailboxes().len(), 3);
    let before = user.calls().len();
    let one = DeleteMailbox::new(user.hermod.header(), Profiles::one(ALICE, enrolled.profile()));
    let deleted = user.hermod.call(&one).await.unwrap();
    assert_eq!(deleted.outcome(), Outcome::Succeeded(()));
    assert_eq!(deleted.answer.unwrap().destinations.len(), 1);
    assert_eq!(bench.sim.mailboxes().len(), 2);
    // It may be repeated; then there is nothing, and messaging says so.
    assert_eq!(user.hermod.call(&one).await.unwrap_err().phase(), Phase::Refused);

    let all = DeleteMailbox::new(user.hermod.header(), Profiles::all(ALICE));
    let deleted = user.hermod.call(&all).await.unwrap();
    assert_eq!(deleted.answer.as_ref().unwrap().destinations.len(), 2);
    assert_eq!(deleted.outcome(), Outcome::Succeeded(()));
    assert!(bench.sim.mailboxes().is_empty());
    assert_eq!(
        (first.profiles().len(), user.calls().len()),
        (1, before),
        "nobody was asked or called back"
    );
    let header = user.to(ALICE);
    let sign = Sign::new(header, Entry::text("tbs", "Order 17"));
    let error = user.hermod.call(&sign).await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 404);
}

#[tokio::test]
async fn a_deletion_of_mailboxes_may_have_no_words_or_be_called_back() {
    let bench = Bench::with("[hermod.delete]\nstatus = 204\ncallback = true").await;
    let user = &bench.user;
    bench.enrol(&bench.sim.mobile(), [signer()]).await;
    let header = user.hermod.header();
    let before = user.calls().len();
    let deleted = user
        .hermod
        .call(&DeleteMailbox::new(header.clone(), Profiles::all(ALICE)))
        .await
        .unwrap();
    assert!(deleted.answer.is_none());
    assert_eq!(deleted.outcome(), Outcome::Succeeded(()));
    user.called_back(before, 1).await;
    let pending = smartid::hermod::Pending::new(&header, user.now());
    let report = user.report(&pending).await;
    assert_eq!(report.delete_profile(user.hermod.dialect()).name(), "succeeded");
}

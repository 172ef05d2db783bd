//! What the inbox in memory promises.

use std::time::Duration;

use super::*;
use crate::runtime::{Either, ManualRuntime, Runtime, Stalled, race};

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn letter(external: &str, command: &str, message: &str, body: &'static str, now: u64) -> Letter {
    let ids = vec![
        CorrelationId::external("h", external),
        CorrelationId::command("h", command),
    ];
    Letter::new(
        ids,
        message,
        Bytes::from_static(body.as_bytes()),
        at(now),
        at(now + 60),
    )
}

fn block<T>(future: impl Future<Output = T>) -> T {
    ManualRuntime::new(at(0)).block_on(future).unwrap()
}

#[test]
fn a_letter_is_stored_once_and_taken_once_under_either_id() {
    let inbox = MemoryInbox::new();
    block(async {
        assert_eq!(
            inbox.put(letter("e", "1", "m", "first", 0)).await,
            Ok(Put::Stored)
        );
        assert_eq!(
            inbox.put(letter("e", "1", "m", "first", 1)).await,
            Ok(Put::Duplicate)
        );
        let by_command = [CorrelationId::command("h", "1")];
        assert_eq!(inbox.peek(&by_command).await.unwrap().unwrap().body(), "first");
        assert_eq!(inbox.take(&by_command).await.unwrap().unwrap().body(), "first");
        assert!(
            inbox
                .take(&[CorrelationId::external("h", "e")])
                .await
                .unwrap()
                .is_none()
        );
        assert_eq!(
            inbox.put(letter("e", "1", "m", "first", 2)).await,
            Ok(Put::Duplicate)
        );
        assert_eq!(
            inbox.put(letter("e", "1", "m2", "another", 3)).await,
            Ok(Put::Stored)
        );
    });
}

#[test]
fn a_repeat_with_another_body_is_told_and_the_first_stays() {
    let inbox = MemoryInbox::new();
    let ids = [CorrelationId::external("h", "e")];
    block(async {
        inbox.put(letter("e", "1", "m", "first", 0)).await.unwrap();
        let other = inbox.put(letter("e", "1", "m", "other", 1)).await;
        assert_eq!(other, Ok(Put::Conflict));
        assert_eq!(inbox.take(&ids).await.unwrap().unwrap().body(), "first");
        // Also when all that is left of the first is that it was there.
        let other = inbox.put(letter("e", "1", "m", "other", 2)).await;
        assert_eq!(other, Ok(Put::Conflict));
        let again = inbox.put(letter("e", "1", "m", "first", 3)).await;
        assert_eq!(again, Ok(Put::Duplicate));
    });
}

#[test]
fn letters_are_listed_once_each_the_oldest_first() {
    let inbox = MemoryInbox::new();
    let ids = [
        CorrelationId::external("h", "e"),
        CorrelationId::command("h", "1"),
    ];
    block(async {
        for message in ["c", "a", "b"] {
            inbox.put(letter("e", "1", message, "", 0)).await.unwrap();
        }
        inbox.take(&ids).await.unwrap();
        let list = |limit| inbox.list(&ids, limit);
        let seen = |letters: Vec<Letter>| letters.iter().map(|l| l.message.clone()).collect::<String>();
        assert_eq!(seen(list(9).await.unwrap()), "ab");
        assert_eq!(seen(list(1).await.unwrap()), "a");
        assert_eq!(seen(list(9).await.unwrap()), "ab", "they stay");
    });
}

#[test]
fn letters_that_nobody_took_are_counted_when_they_expire() {
    let inbox = MemoryInbox::new();
    block(async {
        inbox.put(letter("e", "1", "m", "", 0)).await.unwrap();
        inbox.put(letter("f", "2", "m", "", 0)).await.unwrap();
        inbox.take(&[CorrelationId::command("h", "1")]).await.unwrap();
    });
    assert_eq!(inbox.unclaimed(at(60)), Some(0), "still kept");
    assert_eq!(inbox.unclaimed(at(61)), Some(1));
    assert_eq!((inbox.unclaimed(at(900)), inbox.len()), (Some(1), 0));
}

#[test]
fn ids_of_two_kinds_or_two_services_never_meet() {
    assert_ne!(
        CorrelationId::external("h", "1"),
        CorrelationId::command("h", "1")
    );
    assert_ne!(
        CorrelationId::external("a", "1"),
        CorrelationId::external("b", "1")
    );
}

#[test]
fn arrival_counts_from_the_call_and_not_from_the_first_poll() {
    let inbox = MemoryInbox::new();
    let ids = [CorrelationId::external("h", "e")];
    block(async {
        inbox.put(letter("e", "1", "old", "", 0)).await.unwrap();
        let arrival = inbox.arrival(&ids);
        inbox.put(letter("e", "1", "new", "", 0)).await.unwrap();
        arrival.await;
    });
    let only_old = inbox.arrival(&ids);
    assert_eq!(ManualRuntime::new(at(0)).block_on(only_old), Err(Stalled));
    assert!(
        inbox.memory().watchers.is_empty(),
        "a dropped waiter leaves nothing behind"
    );
}

#[test]
fn a_waiter_is_woken_by_a_letter_that_comes_later() {
    let runtime = ManualRuntime::new(at(0));
    let inbox = MemoryInbox::new();
    let ids = [CorrelationId::command("h", "9")];
    let (waiting, later) = (inbox.arrival(&ids), runtime.sleep(Duration::from_secs(5)));
    let sender = async {
        later.await;
        inbox.put(letter("other", "8", "m", "", 5)).await.unwrap();
        inbox.put(letter("e", "9", "m", "", 5)).await.unwrap();
        std::future::pending::<()>().await;
    };
    assert_eq!(runtime.block_on(race(waiting, sender)), Ok(Either::First(())));
}

#[test]
fn a_letter_that_expired_before_the_waiter_looked_still_wakes_it() {
    let inbox = MemoryInbox::new();
    let mut arrival = inbox.arrival(&[CorrelationId::command("h", "1")]);
    let waker = Waker::noop();
    let mut context = Context::from_waker(waker);
    assert!(arrival.as_mut().poll(&mut context).is_pending());
    block(inbox.put(letter("e", "1", "m", "", 0))).unwrap();
    block(inbox.put(letter("x", "2", "m", "", 1000))).unwrap();
    assert_eq!(inbox.len(), 1);
    assert!(arrival.as_mut().poll(&mut context).is_ready());
}

#[test]
fn what_has_expired_is_forgotten_and_a_full_store_says_so() {
    let inbox = MemoryInbox::with_limit(2);
    block(async {
        inbox.put(letter("a", "1", "m", "", 0)).await.unwrap();
        inbox.put(letter("b", "2", "m", "", 10)).await.unwrap();
        assert_eq!(
            inbox.put(letter("c", "3", "m", "", 20)).await,
            Err(StoreError::Full(2))
        );
        assert_eq!(inbox.put(letter("c", "3", "m", "", 61)).await, Ok(Put::Stored));
        assert_eq!(inbox.len(), 2);
    });
    assert_eq!(inbox.memory().by_id.len(), 4);
}

#[test]
fn a_few_large_letters_fill_it_too_and_what_is_taken_or_expired_gives_room() {
    let inbox = MemoryInbox::new().with_byte_limit(10);
    let put = |external: &str, body: &'static str, now: u64| {
        block(inbox.put(letter(external, external, "m", body, now)))
    };
    assert_eq!(put("a", "12345678", 0), Ok(Put::Stored));
    assert!(matches!(put("b", "123", 0), Err(StoreError::Full(_))));
    assert_eq!(put("b", "12", 0), Ok(Put::Stored));
    assert_eq!(
        put("a", "12345678", 0),
        Ok(Put::Duplicate),
        "a repeat needs no room"
    );
    let ids = [CorrelationId::external("h", "a")];
    let taken = block(inbox.take(&ids)).unwrap();
    assert!(taken.is_some() && block(inbox.take(&ids)).unwrap().is_none());
    assert_eq!(put("c", "12345678", 0), Ok(Put::Stored));
    assert!(put("d", "1", 0).is_err());
    assert_eq!(
        put("e", "1234567890", 1_000_000),
        Ok(Put::Stored),
        "the others have expired"
    );
    assert!(put("f", "1", 1_000_000).is_err());
    inbox.mark_taken(&letter("e", "e", "m", "1234567890", 1_000_000));
    assert_eq!(put("f", "1234567890", 1_000_000), Ok(Put::Stored));
}

//! What came of an answer, in the words of the index.

use smartid_cm::{Call, CmDialect, CmRefusal, CmRefusalKind, ItemError, SignedCall, Step, Write};
use smartid_core::{Endpoint, Error, Incoming, Phase, ResponseError, Retry, ServiceError};

use super::golden::Entry;

/// What came of an answer.
#[derive(Debug)]
pub enum Verdict<T> {
    Ok(T),
    Sign(Vec<u8>),
    Error(Error),
}

impl<T> Verdict<T> {
    pub fn of<E: ServiceError>(answered: Result<T, ResponseError<E>>) -> Self {
        match answered {
            Ok(output) => Self::Ok(output),
            Err(ResponseError::Refused(refusal)) => Self::Error(Error::refused("x.y", refusal)),
            Err(ResponseError::Unreadable(unreadable)) => Self::Error(Error::unreadable("x.y", unreadable)),
        }
    }

    /// The word of the index. A page with a status of success is no usable answer.
    pub fn outcome(&self) -> &'static str {
        let error = match self {
            Self::Ok(_) => return "ok",
            Self::Sign(_) => return "data-to-sign",
            Self::Error(error) => error,
        };
        match error.refusal::<CmRefusal>().map(CmRefusal::kind) {
            None => "unreadable",
            Some(CmRefusalKind::Page) => "unreadable",
            Some(CmRefusalKind::SignatureDemandedAgain) => "data-to-sign-again",
            Some(_) => "refused",
        }
    }

    pub fn ok(self, fixture: &Entry) -> T {
        match self {
            Self::Ok(output) => output,
            Self::Sign(_) => panic!("{fixture}: data to sign"),
            Self::Error(error) => panic!("{fixture}: {error}"),
        }
    }
}

/// Reads the answer to a read.
pub fn read<E: Endpoint<Dialect = CmDialect>>(
    endpoint: &E,
    dialect: &CmDialect,
    incoming: Incoming,
) -> Verdict<E::Output> {
    Verdict::of(endpoint.response(dialect, incoming))
}

/// Reads the answer to a step of a write.
pub fn step<W: Write>(
    write: &W,
    dialect: &CmDialect,
    signature: Option<&smartid_cm::RequestSignature>,
    incoming: Incoming,
) -> Verdict<W::Output> {
    match signature {
        Some(signature) => Verdict::of(SignedCall::new(write, signature).response(dialect, incoming)),
        None => match Verdict::of(Call::new(write).response(dialect, incoming)) {
            Verdict::Ok(Step::Done(output)) => Verdict::Ok(output),
            Verdict::Ok(Step::Sign(data)) => Verdict::Sign(data.as_bytes().to_vec()),
            Verdict::Sign(data) => Verdict::Sign(data),
            Verdict::Error(error) => Verdict::Error(error),
        },
    }
}

/// Checks all that an entry says of a failure; and that nothing secret or endless is shown. `is_read`: the call may be repeated.
pub fn judge<T: std::fmt::Debug>(verdict: &Verdict<T>, fixture: &Entry, is_read: bool) {
    let outcome = verdict.outcome();
    // A refusal that does not know whether something was done counts as what the files call unreadable.
    let doubtful = matches!(verdict, Verdict::Error(error) if error.phase() != Phase::Refused);
    assert!(
        fixture.allows(outcome) || doubtful && fixture.allows("unreadable"),
        "{fixture}: {outcome}, {verdict:?}"
    );
    let Verdict::Error(error) = verdict else {
        return;
    };
    let shown = format!("{error} {error:?}");
    assert!(shown.len() < 16 * 1024, "{fixture}: {} bytes", shown.len());
    assert!(
        !error.to_string().chars().any(|letter| letter.is_control()),
        "{fixture}: {error:?}"
    );
    assert!(!error.advice().check.is_empty(), "{fixture}");
    if let Some(status) = fixture.number("status") {
        assert_eq!(
            error.status().map(|status| i64::from(status.as_u16())),
            Some(status),
            "{fixture}"
        );
    }
    let refused = fixture.optional_text("outcome") == Some(outcome);
    if let Some(code) = fixture.number("code").filter(|_| refused) {
        assert_eq!(error.code(), Some(code.to_string().as_str()), "{fixture}");
    }
    let refusal = error.refusal::<CmRefusal>();
    if let Some(message) = fixture.optional_text("msg").filter(|_| refused) {
        assert_eq!(refusal.unwrap().message(), Some(message), "{fixture}");
    }
    if let Some(errors) = fixture.tables("errors").filter(|_| refused) {
        items(refusal.unwrap().items(), &errors, fixture);
    }
    match fixture.optional_text("retry") {
        Some("later") => {
            let later = matches!(error.retry(), Retry::Yes { .. });
            // What may have been done is repeated by reads alone.
            assert!(
                later || is_read && error.retry() == Retry::Forbidden,
                "{fixture}: {:?}",
                error.retry()
            );
        }
        Some("no") => assert_eq!(error.retry(), Retry::No, "{fixture}"),
        Some(other) => panic!("{fixture}: retry = {other}"),
        None => {}
    }
    if let Some(seconds) = fixture.number("retry_after_seconds") {
        let after = std::time::Duration::from_secs(u64::try_from(seconds).unwrap());
        assert_eq!(error.retry(), Retry::Yes { after: Some(after) }, "{fixture}");
    }
    if let Some(perhaps) = fixture.flag("perhaps_done") {
        assert_eq!(perhaps_done(error), perhaps, "{fixture}: {error}");
    }
}

/// Whether an error says that a write may have been done.
pub fn perhaps_done(error: &Error) -> bool {
    matches!(error.phase(), Phase::PerhapsDone | Phase::Unreadable) || error.retry() == Retry::Forbidden
}

/// Compares what an answer says of single certificates or elements.
pub fn items(ours: &[ItemError], expected: &[toml::Table], fixture: &Entry) {
    assert_eq!(ours.len(), expected.len(), "{fixture}: {ours:?}");
    for (item, table) in ours.iter().zip(expected) {
        let text = |name: &str| table.get(name).map(|value| value.as_str().unwrap());
        let number = |name: &str| table.get(name).map(|value| value.as_integer().unwrap());
        assert_eq!(
            item.certid.as_ref().map(|id| id.as_str()),
            text("certid"),
            "{fixture}"
        );
        assert_eq!(
            item.index.map(|index| index as i64),
            number("arrayindex"),
            "{fixture}"
        );
        assert_eq!(Some(item.code.number()), number("code"), "{fixture}");
        for (ours, name) in [
            (&item.message, "message"),
            (&item.server_message, "server_message"),
        ] {
            if let Some(expected) = text(name) {
                assert_eq!(ours.as_deref(), Some(expected), "{fixture}");
            }
        }
        if let Some(limit) = number("limit") {
            assert_eq!(item.limit.map(|limit| limit as i64), Some(limit), "{fixture}");
        }
    }
}

/// What came of reading an answer, as the client would have it.
pub fn result<T>(read: Result<T, ResponseError<CmRefusal>>) -> Result<T, Error> {
    match Verdict::of(read) {
        Verdict::Ok(value) => Ok(value),
        Verdict::Error(error) => Err(error),
        Verdict::Sign(_) => panic!("data to sign"),
    }
}

/// All that can be shown of an error, however it is asked for.
pub fn shown(error: &Error) -> String {
    let refusal = error.refusal::<CmRefusal>();
    format!("{error} {error:?} {error:#?} {} {refusal:?}", error.advice())
}

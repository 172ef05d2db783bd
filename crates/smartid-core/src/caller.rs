//! Carries an endpoint to its service: builds, applies the credential, sends, reads, and tries again where that is allowed.

use std::sync::Arc;

use tracing::Instrument as _;

use crate::credential::Credential;
use crate::endpoint::Endpoint;
use crate::error::{Error, ResponseError};
use crate::incoming::Incoming;
use crate::message::Outgoing;
use crate::policy::CallPolicy;
use crate::runtime::{Either, Runtime, race};
use crate::transport::{Transport, TransportError, TransportProblem};
use crate::url::ServiceUrl;

/// The address of a service with all that is needed to call it.
#[derive(Clone, Debug)]
pub struct Caller {
    base: ServiceUrl,
    transport: Arc<dyn Transport>,
    runtime: Arc<dyn Runtime>,
    policy: CallPolicy,
}

impl Caller {
    /// With the default [`CallPolicy`].
    #[must_use]
    pub fn new(base: ServiceUrl, transport: Arc<dyn Transport>, runtime: Arc<dyn Runtime>) -> Self {
        Self {
            base,
            transport,
            runtime,
            policy: CallPolicy::default(),
        }
    }

    /// Sets limits and retries.
    #[must_use]
    pub fn with_policy(mut self, policy: CallPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// The service's address.
    #[must_use]
    pub fn base(&self) -> &ServiceUrl {
        &self.base
    }

    /// The runtime that calls are timed with.
    #[must_use]
    pub fn runtime(&self) -> &Arc<dyn Runtime> {
        &self.runtime
    }

    /// Limits and retries.
    #[must_use]
    pub fn policy(&self) -> &CallPolicy {
        &self.policy
    }

    /// Calls the endpoint. A failure is followed by another attempt where its [`retry`](Error::retry) verdict and the endpoint's
    /// [`REPEAT`](Endpoint::REPEAT) allow it and the time suffices; so this never takes longer than the policy's total limit.
    ///
    /// # Errors
    /// [`Error`], with the phase of the last attempt.
    pub async fn call<E: Endpoint>(
        &self,
        endpoint: &E,
        dialect: &E::Dialect,
        credential: &Credential,
    ) -> Result<E::Output, Error> {
        let mut outgoing = endpoint
            .request(dialect)
            .map_err(|error| Error::build(E::NAME, error))?;
        credential.apply(&mut outgoing);
        let span = tracing::info_span!(
            "smartid.call",
            operation = E::NAME,
            http.request.method = outgoing.method().as_str(),
            server.address = self.base.host(),
            server.port = self.base.port(),
            http.response.status_code = tracing::field::Empty,
            http.request.resend_count = tracing::field::Empty,
            error.type = tracing::field::Empty,
        );
        let deadline = self.runtime.now() + self.policy.total_limit();
        let attempts = async {
            let mut attempt = 1;
            loop {
                let outcome = self
                    .attempt(E::NAME, outgoing.clone(), deadline)
                    .await
                    .and_then(|incoming| {
                        tracing::Span::current()
                            .record("http.response.status_code", incoming.status().as_u16());
                        let request_id = incoming.request_id().map(str::to_owned);
                        endpoint.response(dialect, incoming).map_err(|error| {
                            match error {
                                ResponseError::Refused(refusal) => Error::refused(E::NAME, refusal),
                                ResponseError::Unreadable(unreadable) => {
                                    Error::unreadable(E::NAME, unreadable)
                                }
                            }
                            .with_request_id(request_id.as_deref())
                        })
                    });
                let error = match outcome {
                    Ok(output) => return Ok(output),
                    Err(error) => error.with_attempts(attempt),
                };
                let left = deadline.since(self.runtime.now());
                let pause = self
                    .policy
                    .pause(&error, E::REPEAT, attempt, &*self.runtime)
                    .filter(|pause| *pause < left);
                let Some(pause) = pause else {
                    let span = tracing::Span::current();
                    span.record("error.type", &*error.error_type());
                    span.record("http.request.resend_count", attempt - 1);
                    tracing::debug!(phase = error.phase().as_str(), "call failed");
                    return Err(error);
                };
                tracing::debug!(attempt, phase = error.phase().as_str(), "trying again");
                self.runtime.sleep(pause).await;
                attempt += 1;
            }
        };
        attempts.instrument(span).await
    }

    /// One attempt, which ends at the attempt's limit or at the deadline.
    async fn attempt(
        &self,
        operation: &'static str,
        outgoing: Outgoing,
        deadline: crate::Timestamp,
    ) -> Result<Incoming, Error> {
        let limit = self
            .policy
            .attempt_limit()
            .min(deadline.since(self.runtime.now()));
        if limit.is_zero() {
            return Err(Error::deadline(operation, false));
        }
        match race(
            self.transport.send(&self.base, outgoing),
            self.runtime.sleep(limit),
        )
        .await
        {
            Either::First(answer) => answer.map_err(|error| Error::transport(operation, error)),
            Either::Second(()) => {
                let seconds = limit.as_secs_f32();
                Err(Error::transport(
                    operation,
                    TransportError::new(TransportProblem::Timeout, format!("{seconds} s")),
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, Method, StatusCode, header::AUTHORIZATION};

    use super::*;
    use crate::endpoint::Repeat;
    use crate::error::{Advice, BuildError, Phase, Retry, ServiceError, Turn};
    use crate::runtime::{BoxFuture, ManualRuntime};
    use crate::{SecretString, Timestamp, TransportProblem};

    #[derive(Debug, thiserror::Error)]
    #[error("busy")]
    struct Busy(Option<Duration>);

    impl ServiceError for Busy {
        fn code(&self) -> Option<&str> {
            Some("busy")
        }
        fn status(&self) -> Option<StatusCode> {
            Some(StatusCode::SERVICE_UNAVAILABLE)
        }
        fn retry(&self) -> Retry {
            Retry::Yes { after: self.0 }
        }
        fn advice(&self) -> Advice {
            Advice::new(Turn::Time, "wait")
        }
    }

    struct Ping<const ONCE: bool>;

    impl<const ONCE: bool> Endpoint for Ping<ONCE> {
        type Auth = ();
        type Dialect = ();
        type Output = Bytes;
        type Error = Busy;
        const NAME: &'static str = "test.ping";
        const REPEAT: Repeat = if ONCE { Repeat::Once } else { Repeat::Safe };

        fn request(&self, (): &()) -> Result<Outgoing, BuildError> {
            Ok(Outgoing::new(Method::GET, "ping".into()))
        }

        fn response(&self, (): &(), incoming: Incoming) -> Result<Bytes, ResponseError<Busy>> {
            match incoming.status() {
                StatusCode::OK => Ok(incoming.body().clone()),
                _ => Err(ResponseError::Refused(Busy(
                    incoming.retry_after(Timestamp::from_millis(0)),
                ))),
            }
        }
    }

    /// Answers from a script; `None` never answers.
    #[derive(Debug)]
    struct Script(
        Mutex<Vec<Option<Result<Incoming, TransportError>>>>,
        Mutex<Vec<String>>,
    );

    impl Transport for Script {
        fn send<'a>(
            &'a self,
            base: &'a ServiceUrl,
            request: Outgoing,
        ) -> BoxFuture<'a, Result<Incoming, TransportError>> {
            let authorization = request
                .headers()
                .get(AUTHORIZATION)
                .map(|value| value.to_str().unwrap().to_owned());
            self.1
                .lock()
                .unwrap()
                .push(format!("{} {authorization:?}", request.absolute(base)));
            match self.0.lock().unwrap().remove(0) {
                Some(answer) => Box::pin(std::future::ready(answer)),
                None => Box::pin(std::future::pending()),
            }
        }
    }

    fn ok() -> Option<Result<Incoming, TransportError>> {
        Some(Ok(Incoming::new(
            StatusCode::OK,
            HeaderMap::new(),
            Bytes::from_static(b"pong"),
        )))
    }

    fn busy(after: Option<&'static str>) -> Option<Result<Incoming, TransportError>> {
        let mut headers = HeaderMap::new();
        if let Some(after) = after {
            headers.insert(http::header::RETRY_AFTER, HeaderValue::from_static(after));
        }
        Some(Ok(Incoming::new(
            StatusCode::SERVICE_UNAVAILABLE,
            headers,
            Bytes::new(),
        )))
    }

    fn failed(problem: TransportProblem) -> Option<Result<Incoming, TransportError>> {
        Some(Err(TransportError::new(problem, "")))
    }

    fn run<const ONCE: bool>(
        script: Vec<Option<Result<Incoming, TransportError>>>,
    ) -> (Result<Bytes, Error>, usize, Duration) {
        let runtime = ManualRuntime::new(Timestamp::from_millis(0));
        let transport = Arc::new(Script(Mutex::new(script), Mutex::new(Vec::new())));
        let base = ServiceUrl::parse("x", "https://h/p").unwrap();
        let caller = Caller::new(
            base,
            Arc::clone(&transport) as Arc<dyn Transport>,
            Arc::new(runtime.clone()),
        );
        let credential = Credential::bearer("x", &SecretString::new("t")).unwrap();
        let result = runtime
            .block_on(caller.call(&Ping::<ONCE>, &(), &credential))
            .unwrap();
        let sent = transport.1.lock().unwrap();
        assert!(
            sent.iter()
                .all(|line| line == "https://h/p/ping Some(\"Bearer t\")"),
            "{sent:?}"
        );
        (result, sent.len(), runtime.now().since(Timestamp::from_millis(0)))
    }

    #[test]
    fn a_safe_call_is_repeated_after_a_lost_answer_and_a_single_one_is_not() {
        let (result, sent, _) = run::<false>(vec![failed(TransportProblem::Broken), ok()]);
        assert_eq!((result.unwrap(), sent), (Bytes::from_static(b"pong"), 2));
        let (result, sent, _) = run::<true>(vec![failed(TransportProblem::Broken), ok()]);
        assert_eq!((result.unwrap_err().phase(), sent), (Phase::PerhapsDone, 1));
        let (result, sent, _) = run::<true>(vec![failed(TransportProblem::Connect), ok()]);
        assert_eq!((result.is_ok(), sent), (true, 2));
    }

    #[test]
    fn the_services_hint_wins_within_the_deadline() {
        let (result, sent, took) = run::<true>(vec![busy(Some("20")), ok()]);
        assert_eq!((result.is_ok(), sent, took), (true, 2, Duration::from_secs(20)));
        let (result, sent, took) = run::<true>(vec![busy(Some("61")), ok()]);
        assert_eq!(
            (result.unwrap_err().code(), sent, took),
            (Some("busy"), 1, Duration::ZERO)
        );
    }

    #[test]
    fn a_transport_that_never_answers_ends_at_the_limit() {
        let (result, sent, took) = run::<true>(vec![None]);
        let error = result.unwrap_err();
        assert_eq!(
            (error.phase(), sent, took),
            (Phase::PerhapsDone, 1, Duration::from_secs(30))
        );
        let (result, sent, took) = run::<false>(vec![None, None, None]);
        assert_eq!((result.unwrap_err().phase(), sent), (Phase::PerhapsDone, 2));
        assert_eq!(took, Duration::from_secs(60));
    }

    #[test]
    fn attempts_are_counted_and_told() {
        let (result, sent, _) = run::<true>(vec![busy(None), busy(None), busy(None), ok()]);
        let error = result.unwrap_err();
        assert_eq!((sent, error.attempts()), (3, 3));
        assert!(error.to_string().contains("after 3 attempts"), "{error}");
    }
}

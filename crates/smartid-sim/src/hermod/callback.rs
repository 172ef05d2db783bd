//! Callbacks to the integrator (protocol notes: hermod 6): one queue per API user, so that order is kept; attempts and delay as
//! configured; faults that lose, repeat and reorder them.

use std::sync::{Arc, Weak};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde_json::Value;
use tokio::sync::{mpsc, watch};

use super::store::{Kind, Store};
use super::{Hermod, body};
use crate::config::HermodConfig;
use crate::faults::{FaultKind, Faults, Route};
use crate::net::client::{Call, HttpClient};
use crate::net::tls::Authority;
use crate::record::{Party, Record, Recorder};
use crate::sync::lock;

/// One callback that is due. It holds what a device answered, therefore it cannot be printed.
#[derive(Clone)]
pub(crate) struct Job {
    client_id: String,
    route: Route,
    path: String,
    body: Value,
    attempt: u32,
    called_back: watch::Sender<u32>,
}

/// What delivery needs besides the service itself.
pub(crate) struct CallbackSender {
    pub(crate) faults: Arc<Faults>,
    pub(crate) records: Arc<Recorder>,
    pub(crate) authority: Arc<Authority>,
}

impl Hermod {
    /// Queues the callback of a command with its body as of now: of the mailbox that answered, or of the whole command.
    pub(super) fn call_back(&self, config: &HermodConfig, store: &Store, id: u64, answered: Option<usize>) {
        let Some(command) = store.commands.get(&id) else {
            return;
        };
        if !config.callback.enabled {
            return;
        }
        let settings = &config.callback;
        let (route, own_path) = match command.kind {
            Kind::Session => (Route::CallbackSession, &settings.session_path),
            Kind::Create => (Route::CallbackCreate, &settings.create_path),
            Kind::Verb(_) => (Route::CallbackOther, &settings.path),
        };
        let template = if own_path.is_empty() {
            &settings.path
        } else {
            own_path
        };
        let job = Job {
            client_id: command.client_id.clone(),
            route,
            path: template.replace("{verb}", &command.verb),
            body: body::callback(config, command, answered, &self.public_url()),
            attempt: 1,
            called_back: command.called_back.clone(),
        };
        if let Some(queue) = self.queues.get(&command.client_id) {
            let _ = queue.send(job);
        }
    }

    fn callback_target(&self, client_id: &str) -> Option<(String, Option<String>)> {
        let store = lock(&self.store);
        let user = store.user(client_id)?;
        Some((user.callback_url.clone()?, user.callback_basic_auth.clone()))
    }
}

/// Delivers one API user's callbacks until the service is gone.
pub(crate) async fn deliver(
    hermod: Weak<Hermod>,
    sender: Arc<CallbackSender>,
    mut queue: mpsc::UnboundedReceiver<Job>,
) {
    let mut held: Vec<Job> = Vec::new();
    while let Some(job) = queue.recv().await {
        let Some(hermod) = hermod.upgrade() else { return };
        let faults = if job.attempt == 1 {
            sender.faults.take(job.route, "POST", &job.path)
        } else {
            Vec::new()
        };
        let mut copies = 1;
        let mut hold = false;
        for fault in faults {
            match fault {
                FaultKind::Latency { millis } => hermod.clock.sleep(Duration::from_millis(millis)).await,
                FaultKind::CallbackDrop => copies = 0,
                FaultKind::CallbackDuplicate { copies: more } => copies += more,
                FaultKind::CallbackHold => hold = true,
                _ => (),
            }
        }
        if hold {
            held.push(job);
            continue;
        }
        if copies == 0 {
            note_drop(&hermod, &sender, &job);
        }
        for _ in 0..copies {
            attempt(&hermod, &sender, &job).await;
        }
        for job in held.drain(..) {
            attempt(&hermod, &sender, &job).await;
        }
    }
}

fn record(
    hermod: &Hermod,
    sender: &CallbackSender,
    job: &Job,
    url: &str,
    headers: &[(String, String)],
) -> u64 {
    sender.records.begin(Record {
        number: 0,
        at: hermod.clock.now(),
        party: Party::Callback,
        method: "POST".into(),
        path: url.split('?').next().unwrap_or_default().to_owned(),
        query: None,
        headers: headers.to_vec(),
        body: Bytes::from(job.body.to_string()),
        status: None,
        reply: Bytes::new(),
        code: None,
    })
}

fn note_drop(hermod: &Hermod, sender: &CallbackSender, job: &Job) {
    let number = record(hermod, sender, job, &job.path, &[]);
    sender
        .records
        .finish(number, None, Bytes::new(), Some("fault:callback_drop".into()));
    job.called_back.send_modify(|count| *count += 1);
}

/// One attempt; a failed one queues the next when there is one left.
async fn attempt(hermod: &Arc<Hermod>, sender: &CallbackSender, job: &Job) {
    let config = hermod.config.get();
    let settings = &config.hermod.callback;
    let Some((base, basic)) = hermod.callback_target(&job.client_id) else {
        let number = record(hermod, sender, job, &job.path, &[]);
        sender
            .records
            .finish(number, None, Bytes::new(), Some("no_callback_url".into()));
        job.called_back.send_modify(|count| *count += 1);
        return;
    };
    let url = format!(
        "{}/{}",
        base.trim_end_matches('/'),
        job.path.trim_start_matches('/')
    );
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    if let Some(basic) = basic {
        headers.push((
            "authorization".to_owned(),
            format!("Basic {}", BASE64_STANDARD.encode(basic)),
        ));
    }
    let number = record(hermod, sender, job, &url, &headers);
    let answer = match sender.authority.client_config(&settings.extra_ca_pem) {
        Ok(tls) => {
            let timeout = Duration::from_secs(settings.attempt_timeout_seconds);
            let call = Call {
                method: "POST",
                url: &url,
                headers: &headers,
                body: Bytes::from(job.body.to_string()),
            };
            HttpClient::new(tls, Some(timeout)).send(call).await
        }
        Err(error) => Err(error.to_string()),
    };
    let delivered = match answer {
        Ok(answer) => {
            let accepted = if settings.success_status.is_empty() {
                (200..300).contains(&answer.status)
            } else {
                settings.success_status.contains(&answer.status)
            };
            let code = (!accepted).then(|| "callback_refused".to_owned());
            sender
                .records
                .finish(number, Some(answer.status), answer.body, code);
            accepted
        }
        Err(error) => {
            sender.records.finish(
                number,
                None,
                Bytes::new(),
                Some(format!("callback_failed: {error}")),
            );
            false
        }
    };
    job.called_back.send_modify(|count| *count += 1);
    if !delivered && job.attempt < settings.attempts {
        let next = Job {
            attempt: job.attempt + 1,
            ..job.clone()
        };
        let delay = Duration::from_secs(settings.retry_delay_seconds);
        let (hermod, clock) = (Arc::downgrade(hermod), hermod.clock.clone());
        let due = clock.now().saturating_add(delay);
        tokio::spawn(async move {
            clock.sleep_until(due).await;
            if let Some(hermod) = hermod.upgrade()
                && let Some(queue) = hermod.queues.get(&next.client_id)
            {
                let _ = queue.send(next);
            }
        });
    }
}

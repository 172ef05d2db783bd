//! A phone that waits for messages by itself: one task for each mailbox, which asks the message server and lets the persona react at
//! once. A phone whose person never opens anything does not ask, and looks again when settings change.

use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::Persona;
use crate::device::{App, DeviceReport, MessageClient, Side, Who};
use crate::sync::lock;

/// The message server is told of so many messages that were dealt with, and does not name them again.
const TOLD: usize = 40;

/// So many are remembered.
const MEMORY: usize = 1000;

/// Real time between two looks when there was nothing new, or the connection was lost.
const PAUSE: Duration = Duration::from_millis(50);

impl App {
    /// Who reacts to what arrives; `None` when nobody does.
    fn reacts(&self) -> Option<Who> {
        let config = self.world.config.get();
        let auto = config.mobile.auto.unwrap_or(!config.control.enabled) || *lock(&self.serving);
        if auto {
            Some(Who::Persona(self.persona())).filter(|who| *who != Who::Persona(Persona::NeverOpens))
        } else {
            config.control.enabled.then_some(Who::Page)
        }
    }

    pub(crate) fn serve(&self) {
        *lock(&self.serving) = true;
        self.world.wake();
    }

    /// Begins to listen to a profile's mailbox. The Desktop App is started by links only.
    pub(crate) fn listen(self: &Arc<Self>, id: &str) {
        if self.side == Side::Desktop || !lock(&self.listening).insert(id.to_owned()) {
            return;
        }
        let (app, id) = (Arc::downgrade(self), id.to_owned());
        let mut shutdown = self.world.shutdown.clone();
        tokio::spawn(async move {
            tokio::select! {
                // An error says that the simulator is gone.
                _ = shutdown.wait_for(|stopped| *stopped) => (),
                () = listen(&app, &id) => (),
            }
            if let Some(app) = app.upgrade() {
                lock(&app.listening).remove(&id);
            }
        });
    }
}

async fn listen(app: &Weak<App>, id: &str) {
    let mut seen = Vec::new();
    loop {
        let Some((mut woken, who, client)) = app
            .upgrade()
            .map(|app| (app.world.waker(), app.reacts(), app.mailbox_of(id)))
        else {
            return;
        };
        // The profile has been deleted.
        let Some(client) = client else { return };
        let Some(who) = who else {
            if woken.changed().await.is_err() {
                return;
            }
            continue;
        };
        let waiting = tokio::select! {
            waiting = client.wait_for_others(seen.rchunks(TOLD).next().unwrap_or_default()) => waiting,
            _ = woken.changed() => continue,
        };
        let fresh: Vec<String> = match waiting {
            Ok(Some(waiting)) => waiting.into_iter().filter(|mid| !seen.contains(mid)).collect(),
            Ok(None) => {
                if let Some(app) = app.upgrade() {
                    app.lose_mailbox(id);
                }
                return;
            }
            Err(_) => Vec::new(),
        };
        if fresh.is_empty() {
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => (),
                _ = woken.changed() => (),
            }
        }
        // What was dealt with long ago is out of the box.
        seen.drain(..seen.len().saturating_sub(MEMORY));
        for mid in fresh {
            let Some(app) = app.upgrade() else { return };
            seen.push(mid.clone());
            let one = react(app, client.clone(), mid, who, id.to_owned());
            match who {
                // People on the page decide in any order.
                Who::Page => drop(tokio::spawn(one)),
                Who::Persona(_) => one.await,
            }
        }
    }
}

async fn react(app: Arc<App>, client: MessageClient, mid: String, who: Who, id: String) {
    let mut shutdown = app.world.shutdown.clone();
    let mut report = DeviceReport::new(match who {
        Who::Persona(persona) => persona,
        Who::Page => Persona::Approves,
    });
    report.opened = true;
    tokio::select! {
        _ = shutdown.wait_for(|stopped| *stopped) => (),
        result = app.handle(&client, &mid, who, Some(&id), &mut report) => {
            if let Err(error) = result {
                tracing::warn!(%error, "the phone could not react");
                report.did("lost the connection");
            }
        }
    }
    app.keep_report(report);
}

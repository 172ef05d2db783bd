//! A web application that people log in to with Personal: choose a method, compare the picture, follow live, be logged in.
//!
//! It stands where Digital Access stands: its flows do what Digital Access does with a method's settings. The page polls its state, which
//! works through every proxy; without scripts it loads itself anew.

mod handlers;
mod pages;
mod picture;
mod robot;
mod setup;
mod visit;

use std::collections::HashSet;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use smartid::core::tower::InboundService;
use smartid::flows::personal_login::{
    Begun, End, LoginImage, LoginRequest, NotBegun, PersonalLogin, PersonalMessagingReceiver,
};
use smartid::{Runtime, Timestamp};
use smartid_sim::{Persona, Sim};
use tokio::net::TcpListener;

pub use picture::draw;
pub use robot::{Browser, Seen};
pub use setup::{Files, Installation, simulated};

use visit::{Attempt, Visits};

use crate::desk::Problem;
use crate::terminal::Terminal;

/// What a person is told in the app.
const DESCRIPTION: &str = "Log in to Example Bank";

/// How long after a failure to complete a login it is tried again.
const AGAIN: std::time::Duration = std::time::Duration::from_secs(5);

/// How long after an answer a session is opened for it, in seconds: a page that is opened much later begins anew.
const FRESH: u64 = 120;

/// The application.
pub struct App {
    logins: Vec<PersonalLogin>,
    visits: Visits,
    runtime: Arc<dyn Runtime>,
    /// The names that browsers may call it by: no other site's name leads here.
    hosts: HashSet<String>,
    origins: HashSet<String>,
    terminal: Terminal,
    /// The simulated person, if there is one.
    sim: Option<(Sim, Persona)>,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            logins,
            visits: _secret,
            runtime: _,
            hosts,
            origins: _,
            terminal: _,
            sim,
        } = self;
        f.debug_struct("App")
            .field("logins", &logins.len())
            .field("hosts", hosts)
            .field("simulated", &sim.is_some())
            .finish_non_exhaustive()
    }
}

/// Where it is served, and how it is reached.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Serving {
    /// Address and port; loopback, for a TLS front.
    pub listen: String,
    /// The host name of a TLS front, with its port if that is not 443. Cookies are `Secure` then.
    pub host: Option<String>,
}

/// The application while it runs.
#[derive(Debug)]
#[non_exhaustive]
pub struct Served {
    /// Where it listens.
    pub address: SocketAddr,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl App {
    /// Serves the pages, and Hermod's callbacks at the path of Digital Access if a receiver is given.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn serve(
        installation: Installation,
        serving: &Serving,
        receiver: Option<PersonalMessagingReceiver>,
        terminal: Terminal,
    ) -> Result<Served, Problem> {
        let listener = TcpListener::bind(&serving.listen)
            .await
            .map_err(|error| format!("--listen {}: {error}", serving.listen))?;
        let address = listener.local_addr()?;
        let mut hosts = HashSet::from([address.to_string(), format!("localhost:{}", address.port())]);
        let mut origins: HashSet<String> = hosts.iter().map(|host| format!("http://{host}")).collect();
        if let Some(host) = &serving.host {
            hosts.insert(host.clone());
            origins.insert(format!("https://{host}"));
        }
        let runtime = Arc::clone(&installation.runtime);
        if let (Some((sim, _)), true) = (&installation.sim, receiver.is_some()) {
            setup::call_back(sim, address);
        }
        let app = Arc::new(Self {
            logins: installation.logins,
            visits: Visits::new(serving.host.is_some()),
            runtime: Arc::clone(&runtime),
            hosts,
            origins,
            terminal,
            sim: installation.sim,
        });
        let pages = Router::new()
            .route("/", get(handlers::home))
            .route("/login", post(handlers::login))
            .route("/wait", get(handlers::wait))
            .route("/state", get(handlers::state))
            .route("/picture", get(handlers::picture))
            .route("/cancel", post(handlers::cancel))
            .route("/logout", post(handlers::logout))
            .with_state(app);
        let router = match receiver {
            Some(receiver) => pages.fallback_service(InboundService::new(Arc::new(receiver), runtime)),
            None => pages,
        };
        let server = tokio::spawn(axum::serve(listener, router).into_future());
        Ok(Served { address, server })
    }

    /// Begins a login, and has somebody wait for its end.
    async fn begin(self: &Arc<Self>, method: usize, typed: &str) -> Result<Attempt, Option<End>> {
        let login = self.logins.get(method).ok_or(None)?;
        let picture = draw(&*self.runtime);
        let mut request = LoginRequest::new()
            .image(LoginImage::jpeg(picture.clone()).map_err(|_| None)?)
            .description(DESCRIPTION)
            .map_err(|_| None)?;
        if !typed.is_empty() {
            request = request.typed_user(typed).map_err(|_| Some(End::UnknownUser))?;
        }
        let begun = match login.begin(request).await {
            Ok(begun) => begun,
            Err(NotBegun::Ended { end, .. }) => {
                self.ended(&end);
                return Err(Some(*end));
            }
            Err(error) => {
                self.terminal.always(&format!("the login was not begun: {error}"));
                return Err(None);
            }
        };
        self.answer_as_simulated(&begun);
        let (app, login, id) = (Arc::clone(self), login.clone(), begun.id.clone());
        let expires = begun.expires;
        tokio::spawn(async move {
            loop {
                match login.complete(&id).await {
                    Ok(end) => return app.ended(&end),
                    Err(error) => app
                        .terminal
                        .always(&format!("the login cannot be completed now: {error}")),
                }
                // The answer is kept: the directory or the store may be back before nobody waits any more.
                if app.now() >= expires {
                    if let Err(error) = login.cancel(&id).await {
                        app.terminal
                            .always(&format!("the login cannot be cancelled: {error}"));
                    }
                    return;
                }
                app.runtime.sleep(AGAIN).await;
            }
        });
        let Begun {
            id, showing, expires, ..
        } = begun;
        Ok(Attempt {
            method,
            id,
            showing,
            picture,
            expires,
        })
    }

    /// One line for the operator; the person sees less.
    fn ended(&self, end: &End) {
        let advice = end
            .advice()
            .map(|advice| format!(". {advice}"))
            .unwrap_or_default();
        self.terminal.line(&format!("  {:<20} {end}{advice}", end.name()));
        self.terminal
            .json(&serde_json::json!({ "event": "login", "name": end.name(), "what": end.to_string() }));
    }

    fn answer_as_simulated(&self, begun: &Begun) {
        if let Some((sim, persona)) = &self.sim {
            setup::answer(sim, *persona, &begun.showing);
        }
    }

    fn now(&self) -> Timestamp {
        self.runtime.now()
    }
}

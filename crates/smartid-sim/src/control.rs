//! The control page: a person plays the device in a browser. It lists the links that nobody has opened; a button opens one and
//! approves, declines or cancels. It is plain HTTP on loopback, so it answers only to loopback host names (a page on another site that
//! was pointed here by DNS is refused), and its buttons carry a secret that only the page itself knows.

use std::fmt::Write;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use crate::Persona;
use crate::desktop::Desktop;
use crate::device::World;
use crate::faults::Route;
use crate::hermod::Hermod;
use crate::mobile::Mobile;
use crate::net::message::{Reply, Request};
use crate::net::server::Service;
use crate::record::{Party, Recorder};

const BUTTONS: &[Persona] = &[Persona::Approves, Persona::Declines, Persona::Cancels];

pub(crate) struct Control {
    pub(crate) hermod: Arc<Hermod>,
    pub(crate) desktop: Desktop,
    pub(crate) phones: Arc<Mutex<Vec<Mobile>>>,
    pub(crate) world: Arc<World>,
    pub(crate) records: Arc<Recorder>,
    pub(crate) secret: String,
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

impl Control {
    fn page(&self) -> Reply {
        let mut rows = String::new();
        for open in self.hermod.open_links() {
            let buttons = BUTTONS.iter().fold(String::new(), |mut all, persona| {
                let _ = write!(
                    all,
                    "<button name=\"persona\" value=\"{persona}\">{persona}</button> "
                );
                all
            });
            let _ = write!(
                rows,
                "<tr><td>{}</td><td>{}</td><td>{} s</td><td><form method=\"post\" action=\"/open\">\
                 <input type=\"hidden\" name=\"secret\" value=\"{}\"><input type=\"hidden\" name=\"link\" value=\"{}\">\
                 {buttons}</form></td></tr>",
                open.command_id,
                escape(open.external_id.as_deref().unwrap_or("")),
                open.seconds_left,
                escape(&self.secret),
                escape(&open.link),
            );
        }
        if rows.is_empty() {
            rows.push_str("<tr><td colspan=\"4\">No link waits to be opened.</td></tr>");
        }
        let mut log = String::new();
        for record in self
            .records
            .all()
            .iter()
            .rev()
            .filter(|record| record.party != Party::Control)
            .take(30)
        {
            let _ = write!(
                log,
                "<tr><td>{}</td><td>{:?}</td><td>{} {}</td><td>{}</td><td>{}</td></tr>",
                record.number,
                record.party,
                escape(&record.method),
                escape(&record.path),
                record
                    .status
                    .map_or_else(|| "-".to_owned(), |status| status.to_string()),
                escape(record.code.as_deref().unwrap_or("")),
            );
        }
        let page = format!(
            "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"3\">\
             <title>smartid-sim</title><style>body{{font:15px sans-serif;margin:2em}}td,th{{padding:.3em .8em;\
             text-align:left;border-bottom:1px solid #ccc}}</style></head><body><h1>Smart ID Desktop App, simulated</h1>\
             <table><tr><th>Command</th><th>External id</th><th>Left</th><th>The person ...</th></tr>{rows}</table>\
             <h2>Wire</h2><table><tr><th>#</th><th>Party</th><th>Request</th><th>Status</th><th>Note</th></tr>{log}</table>\
             </body></html>"
        );
        Reply::text(200, "text/html;charset=UTF-8", page)
            .with_header(
                "content-security-policy",
                "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
            )
            .with_header("cache-control", "no-store")
    }

    fn open(&self, request: &Request) -> Reply {
        let field = |name: &str| {
            url::form_urlencoded::parse(&request.body)
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
                .unwrap_or_default()
        };
        if field("secret") != self.secret {
            return Reply::empty(403).with_code("secret");
        }
        let Ok(persona) = field("persona").parse::<Persona>() else {
            return Reply::empty(400).with_code("persona");
        };
        let (desktop, link) = (self.desktop.clone(), field("link"));
        // The app stays connected until the session is over; the browser does not wait for that.
        tokio::spawn(async move {
            if let Err(error) = desktop.open_as(&link, persona).await {
                tracing::warn!(%error, "the app could not be played");
            }
        });
        Reply::empty(303).with_header("location", "/")
    }
}

fn is_loopback(request: &Request) -> bool {
    let host = request.header("host").unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

impl Service for Control {
    fn party(&self) -> Party {
        Party::Control
    }

    fn route(&self, _: &Request) -> Route {
        Route::Other
    }

    fn max_body(&self) -> usize {
        1 << 16
    }

    fn handle(&self, request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send + '_>> {
        Box::pin(async move {
            if !is_loopback(&request) {
                return Reply::empty(421).with_code("host");
            }
            match (request.method.as_str(), request.path.as_str()) {
                ("GET", "/") => self.page(),
                ("POST", "/open") => self.open(&request),
                _ => Reply::empty(404),
            }
        })
    }
}

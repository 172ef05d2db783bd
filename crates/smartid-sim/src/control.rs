//! The control page: a person plays the devices in a browser. It lists the links that nobody has opened, which a phone or the Desktop
//! App can open, and the messages that wait for a decision, each with what would be signed. It is plain HTTP on loopback, so it answers only to loopback host names (a page on another site that
//! was pointed here by DNS is refused), and its buttons carry a secret that only the page itself knows.

use std::fmt::Write;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use crate::Persona;
use crate::desktop::Desktop;
use crate::device::{Shown, ShownAs, Who, World};
use crate::faults::Route;
use crate::hermod::Hermod;
use crate::mobile::Mobile;
use crate::net::message::{Reply, Request};
use crate::net::server::Service;
use crate::pgwy::{CertificateState, CmHandle};
use crate::record::{Party, Recorder};
use crate::sync::lock;
use crate::webauthn::b64;

const BUTTONS: &[Persona] = &[Persona::Approves, Persona::Declines, Persona::Cancels];

pub(crate) struct Control {
    pub(crate) hermod: Arc<Hermod>,
    pub(crate) desktop: Desktop,
    pub(crate) phones: Arc<Mutex<Vec<Mobile>>>,
    pub(crate) world: Arc<World>,
    pub(crate) cm: CmHandle,
    pub(crate) records: Arc<Recorder>,
    pub(crate) secret: String,
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// Longer texts are cut on the page; the person sees so much of what would be signed.
const MAX_TEXT: usize = 4000;

/// So many certificates are shown.
const MAX_CERTIFICATES: usize = 20;

/// One thing that the app shows: a picture as a picture, everything else as text.
fn shown(shown: &Shown) -> String {
    let role = match shown.role {
        ShownAs::Title => "title",
        ShownAs::Description => "shown",
        ShownAs::ToBeSigned => "to be signed",
        ShownAs::Fact => "",
    };
    let content = match shown.content_type.as_str() {
        kind @ ("image/jpeg" | "image/png") => format!(
            "<img alt=\"picture\" src=\"data:{kind};base64,{}\">",
            b64::encode_standard(&shown.content)
        ),
        "" | "text/plain" => {
            let text = shown.text();
            let cut: String = text.chars().take(MAX_TEXT).collect();
            let more = if cut.len() < text.len() { " ..." } else { "" };
            format!("<pre>{}{more}</pre>", escape(&cut))
        }
        other => format!("{} bytes of {}", shown.content.len(), escape(other)),
    };
    format!(
        "<tr><td>{role}</td><td>{}</td><td>{content}</td></tr>",
        escape(&shown.label)
    )
}

fn buttons() -> String {
    BUTTONS.iter().fold(String::new(), |mut all, persona| {
        let _ = write!(
            all,
            "<button name=\"persona\" value=\"{persona}\">{persona}</button> "
        );
        all
    })
}

fn html(head: &str, body: &str) -> Reply {
    let page = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">{head}<title>smartid-sim</title><style>\
         body{{font:15px sans-serif;margin:2em}}table{{border-collapse:collapse}}td,th{{padding:.3em .8em;text-align:left;\
         border-bottom:1px solid #ccc;vertical-align:top}}td td{{border:0}}pre{{margin:0;white-space:pre-wrap}}\
         img{{max-width:16em}}</style></head><body><h1>Smart ID apps, simulated</h1>{body}</body></html>"
    );
    Reply::text(200, "text/html;charset=UTF-8", page)
        .with_header(
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; frame-ancestors 'none'",
        )
        .with_header("cache-control", "no-store")
}

impl Control {
    fn form(&self, action: &str, inside: &str) -> String {
        format!(
            "<form method=\"post\" action=\"{action}\"><input type=\"hidden\" name=\"secret\" value=\"{}\">{inside}</form>",
            escape(&self.secret)
        )
    }

    /// What waits for a decision.
    fn questions(&self) -> String {
        let mut rows = String::new();
        for question in self.world.desk.questions() {
            let what: String = question.shown.iter().map(shown).collect();
            let number = format!(
                "<input type=\"hidden\" name=\"number\" value=\"{}\">",
                question.number
            );
            let _ = write!(
                rows,
                "<tr><td>{}</td><td>{}</td><td><table>{what}</table></td><td>{}</td></tr>",
                escape(&question.app),
                escape(&question.command),
                self.form("/decide", &format!("{number}{}", buttons())),
            );
        }
        if rows.is_empty() {
            rows.push_str("<tr><td colspan=\"4\">No message waits for a decision.</td></tr>");
        }
        rows
    }

    /// A button for each device that can open a link.
    fn device_buttons(&self) -> String {
        let mut devices = "<button name=\"device\" value=\"\">Desktop App</button> ".to_owned();
        for phone in lock(&self.phones).iter() {
            let name = phone.name();
            let _ = write!(
                devices,
                "<button name=\"device\" value=\"{name}\">{name}</button> "
            );
        }
        devices
    }

    /// A link from elsewhere: a page, a mail, the text of a QR code. A page of its own, since the other one is loaded anew while one
    /// types.
    fn paste(&self) -> Reply {
        let field = "<input name=\"link\" size=\"80\" placeholder=\"personal://... or com.nexusgroup.plugout:///...\"> ";
        let form = self.form("/open", &format!("{field}{}", self.device_buttons()));
        html(
            "",
            &format!("<p>Open this link in the ...</p>{form}<p><a href=\"/\">Back</a></p>"),
        )
    }

    /// What nobody has opened.
    fn links(&self) -> String {
        let mut rows = String::new();
        let devices = self.device_buttons();
        for open in self.hermod.open_links() {
            let link = format!(
                "<input type=\"hidden\" name=\"link\" value=\"{}\">",
                escape(&open.link)
            );
            let _ = write!(
                rows,
                "<tr><td>{}</td><td>{}</td><td>{} s</td><td>{}</td><td>{}</td></tr>",
                open.command_id,
                escape(open.external_id.as_deref().unwrap_or("")),
                open.seconds_left,
                self.form("/open", &format!("{link}{devices}")),
                self.form("/open", &format!("{link}{}", buttons())),
            );
        }
        if rows.is_empty() {
            rows.push_str("<tr><td colspan=\"5\">No link waits to be opened.</td></tr>");
        }
        rows
    }

    /// What the devices keep.
    fn devices(&self) -> String {
        let phones: Vec<_> = lock(&self.phones).clone();
        let mut all = vec![("Desktop App".to_owned(), self.desktop.profiles())];
        all.extend(
            phones
                .iter()
                .map(|phone| (phone.name().to_owned(), phone.profiles())),
        );
        let mut rows = String::new();
        for (name, profiles) in all {
            for profile in &profiles {
                let keys: Vec<String> = profile
                    .keys
                    .iter()
                    .map(|key| {
                        let certified = if key.chain.is_empty() {
                            ""
                        } else {
                            ", with certificate"
                        };
                        format!("{} ({}{certified})", key.id, key.kind)
                    })
                    .collect();
                let _ = write!(
                    rows,
                    "<tr><td>{name}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                    escape(&profile.user),
                    escape(&profile.name),
                    escape(&keys.join(", ")),
                );
            }
        }
        if rows.is_empty() {
            rows.push_str("<tr><td colspan=\"4\">No device has a profile.</td></tr>");
        }
        rows
    }

    /// Officers, and the newest certificates of the Certificate Manager.
    fn certificates(&self) -> String {
        let officers: Vec<String> = self.cm.officers().iter().map(|name| escape(name)).collect();
        let mut rows = String::new();
        for certificate in self.cm.newest(MAX_CERTIFICATES) {
            let state = match certificate.state {
                CertificateState::Active => "active".to_owned(),
                CertificateState::Revoked { reason, .. } => format!("revoked (reason {reason})"),
            };
            let _ = write!(
                rows,
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{state}</td></tr>",
                certificate.certid,
                escape(&certificate.subject),
                escape(certificate.procedure.as_deref().unwrap_or("")),
            );
        }
        format!(
            "<p>{}<br>{} certificates. Officers: {}</p>\
             <table><tr><th>Number</th><th>Subject</th><th>Procedure</th><th>State</th></tr>{rows}</table>",
            escape(&self.cm.url()),
            self.cm.count(),
            officers.join(", "),
        )
    }

    fn wire(&self) -> String {
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
        log
    }

    fn page(&self) -> Reply {
        let body = format!(
            "<h2>Waiting for your decision</h2>\
             <table><tr><th>App</th><th>Command</th><th>What it shows</th><th>The person ...</th></tr>{}</table>\
             <h2>Links</h2><table><tr><th>Command</th><th>External id</th><th>Left</th><th>Open and look in the ...</th>\
             <th>Desktop App at once ...</th></tr>{}</table><p><a href=\"/link\">Open another link</a></p>\
             <h2>Profiles</h2><table><tr><th>App</th><th>User</th><th>Profile</th><th>Keys</th></tr>{}</table>\
             <h2>Certificate Manager</h2>{}\
             <h2>Wire</h2><table><tr><th>#</th><th>Party</th><th>Request</th><th>Status</th><th>Note</th></tr>{}</table>",
            self.questions(),
            self.links(),
            self.devices(),
            self.certificates(),
            self.wire(),
        );
        html("<meta http-equiv=\"refresh\" content=\"3\">", &body)
    }

    fn decide(&self, form: &Form) -> Reply {
        let Ok(persona) = form.field("persona").parse::<Persona>() else {
            return Reply::empty(400).with_code("persona");
        };
        let decided = form
            .field("number")
            .parse()
            .is_ok_and(|number| self.world.desk.decide(number, persona));
        if decided {
            Reply::empty(303).with_header("location", "/")
        } else {
            Reply::empty(404).with_code("question")
        }
    }

    fn open(&self, form: &Form) -> Reply {
        let who = match form.parsed("persona") {
            None => Who::Page,
            Some(Ok(persona)) => Who::Persona(persona),
            Some(Err(_)) => return Reply::empty(400).with_code("persona"),
        };
        let (desktop, link, device) = (self.desktop.clone(), form.field("link"), form.field("device"));
        let phone = lock(&self.phones)
            .iter()
            .find(|phone| phone.name() == device)
            .cloned();
        if phone.is_none() && !device.is_empty() {
            return Reply::empty(400).with_code("device");
        }
        // The app stays connected until the session is over; the browser does not wait for that.
        tokio::spawn(async move {
            let opened = match phone {
                Some(phone) => phone.open_for(&link, who).await,
                None => desktop.open_for(&link, who).await,
            };
            if let Err(error) = opened {
                tracing::warn!(%error, "the app could not be played");
            }
        });
        Reply::empty(303).with_header("location", "/")
    }
}

/// A form as a browser sends it.
struct Form(Vec<(String, String)>);

impl Form {
    fn read(request: &Request) -> Self {
        Self(url::form_urlencoded::parse(&request.body).into_owned().collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    fn field(&self, name: &str) -> String {
        self.get(name).unwrap_or_default().to_owned()
    }

    fn parsed(&self, name: &str) -> Option<Result<Persona, crate::UnknownPersona>> {
        self.get(name).map(str::parse)
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
                ("GET", "/link") => self.paste(),
                ("POST", path @ ("/open" | "/decide")) => {
                    let form = Form::read(&request);
                    if form.field("secret") != self.secret {
                        return Reply::empty(403).with_code("secret");
                    }
                    if path == "/open" {
                        self.open(&form)
                    } else {
                        self.decide(&form)
                    }
                }
                _ => Reply::empty(404),
            }
        })
    }
}

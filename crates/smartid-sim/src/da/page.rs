//! Pages for browsers: self-contained, framed by nobody, and usable without script.

use std::fmt::Write;

pub(super) use crate::control::escape;
use crate::net::message::Reply;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;background:#f2f4f7;color:#1d2733;margin:0}\
main{max-width:26em;margin:8vh auto;background:#fff;padding:2em;border-radius:8px;box-shadow:0 1px 6px #0002}\
h1{font-size:1.3em;margin:0 0 1em}label{display:block;margin:.8em 0 .2em}\
input{font:inherit;width:100%;box-sizing:border-box;padding:.5em;border:1px solid #9aa7b5;border-radius:4px}\
button,a.button{font:inherit;display:inline-block;margin-top:1.2em;padding:.5em 1.4em;border:0;border-radius:4px;\
background:#0b5cad;color:#fff;text-decoration:none;cursor:pointer}\
ul{padding-left:1.2em}.picture{width:12em;height:12em;display:block;margin:1em auto;image-rendering:pixelated}\
.qr{width:14em;margin:1em auto}.qr svg{width:100%;height:auto}.error{color:#a11}table{border-collapse:collapse}\
td{padding:.2em .8em .2em 0;vertical-align:top;overflow-wrap:anywhere}small{color:#5a6775}";

/// A page that is put together.
#[derive(Default)]
pub(super) struct Page {
    head: String,
    body: String,
    script: Option<(String, String)>,
}

impl Page {
    pub(super) fn new(title: &str) -> Self {
        let title = escape(title);
        Self {
            head: format!("<title>{title}</title>"),
            body: format!("<h1>{title}</h1>"),
            script: None,
        }
    }

    /// Adds markup; texts in it have been escaped.
    pub(super) fn html(mut self, markup: &str) -> Self {
        self.body.push_str(markup);
        self
    }

    /// Loads this page again after so many seconds where there is no script.
    pub(super) fn refresh(mut self, seconds: u64) -> Self {
        let _ = write!(
            self.head,
            "<noscript><meta http-equiv=\"refresh\" content=\"{seconds}\"></noscript>"
        );
        self
    }

    /// A script of the page's own, allowed by its nonce.
    pub(super) fn script(mut self, nonce: &str, text: &str) -> Self {
        self.script = Some((nonce.to_owned(), text.to_owned()));
        self
    }

    pub(super) fn reply(self, status: u16) -> Reply {
        let Self { head, body, script } = self;
        let (allowed, script) = match script {
            Some((nonce, text)) => (
                format!("; script-src 'nonce-{nonce}'; connect-src 'self'"),
                format!("<script nonce=\"{nonce}\">{text}</script>"),
            ),
            None => (String::new(), String::new()),
        };
        let page = format!(
            "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\">{head}<style>{STYLE}</style></head>\
             <body><main>{body}</main>{script}</body></html>"
        );
        // No form-action: browsers apply it to the redirects that follow a login, too.
        let policy = format!(
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'{allowed}"
        );
        Reply::text(status, "text/html;charset=UTF-8", page)
            .with_header("content-security-policy", &policy)
            .with_header("cache-control", "no-store")
            .with_header("referrer-policy", "no-referrer")
    }
}

/// A page that says no.
pub(super) fn refusal(status: u16, code: &str, text: &str) -> Reply {
    Page::new("Login not possible")
        .html(&format!("<p class=\"error\">{}</p>", escape(text)))
        .reply(status)
        .with_code(code)
}

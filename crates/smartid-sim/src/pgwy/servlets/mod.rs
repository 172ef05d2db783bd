//! The servlets of Protocol Gateway beside the REST API that hand out soft tokens and certificates, and the static pages in front of them
//! (protocol notes: cm 7 and 8).

mod ast;
mod eui;
mod form;
mod pages;
pub(crate) mod properties;
mod trust;

pub use self::trust::TokenCaller;
use super::Cm;
use super::errors::{Refusal, page};
use super::path::slashed;
use crate::config::{
    CmConfig, ServletErrorConfig, ServletErrorStyle, ServletHandlerConfig, TokenAnswerConfig,
};
use crate::faults::Route;
use crate::net::message::{Reply, Request};

/// What a path leads to.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// AST with the name of a handler.
    Ast(String),
    /// EUI with the name of a handler.
    Eui(String),
    /// The example page of AST.
    AstPage,
    /// The page of a handler of EUI.
    EuiPage(String),
}

impl Place {
    pub(super) fn route(&self) -> Route {
        match self {
            Self::Ast(_) => Route::CmAst,
            Self::Eui(_) => Route::CmEui,
            Self::AstPage | Self::EuiPage(_) => Route::CmPage,
        }
    }
}

/// Why a request to a servlet is not served.
pub(super) enum Stop {
    Refusal(Refusal),
    /// Already in its form.
    Reply(Reply),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

/// The place that a request is for; `None` when it is no servlet's of these.
pub(super) fn place(config: &CmConfig, request: &Request) -> Option<Place> {
    let (ast, eui) = (&config.ast, &config.eui);
    if !ast.page.is_empty() && request.path == slashed(&ast.page) {
        return Some(Place::AstPage);
    }
    if let Some(name) = pages::eui_name(&eui.page, &request.path) {
        return Some(Place::EuiPage(name));
    }
    let below = |prefix: &str| Some(request.below(&slashed(prefix))?.join("/"));
    if let Some(handler) = below(&ast.prefix) {
        return Some(Place::Ast(handler));
    }
    below(&eui.prefix).map(Place::Eui)
}

/// The handler of this name.
fn handler<'c>(
    handlers: &'c [ServletHandlerConfig],
    name: &str,
) -> Result<&'c ServletHandlerConfig, Refusal> {
    let mut handlers = handlers.iter();
    handlers
        .find(|handler| handler.name == name)
        .ok_or(Refusal::Page(404, "handler"))
}

/// An answer of a servlet that says no, in the form that the switches ask for.
fn refused(config: &CmConfig, errors: &ServletErrorConfig, form: &str, refusal: Refusal) -> Reply {
    let (status, word, sentence) = match refusal {
        Refusal::Page(status, word) => (status, word, None),
        Refusal::Failure(failure) => (
            config.status.of(failure.code),
            failure.word,
            Some(failure.message),
        ),
        // Nobody signs here.
        Refusal::Sign(_) => (500, "sign", None),
    };
    let status = if errors.status == 0 { status } else { errors.status };
    match errors.style {
        ServletErrorStyle::Empty => Reply::empty(status).with_code(word),
        ServletErrorStyle::Redirect => Reply::empty(302)
            .with_header("location", &errors.login_url)
            .with_code(word),
        ServletErrorStyle::Form => {
            Reply::text(status, "text/html;charset=UTF-8", form.to_owned()).with_code(word)
        }
        ServletErrorStyle::Html => match sentence {
            None => page(status, word),
            Some(sentence) => {
                let text = pages::message("The request was refused", &sentence);
                Reply::text(status, "text/html;charset=UTF-8", text).with_code(word)
            }
        },
    }
}

/// A soft token as an answer.
fn token(config: &TokenAnswerConfig, file: Vec<u8>) -> Reply {
    let mut reply = Reply::empty(200).with_body(file).with_code("issued");
    if !config.content_type.is_empty() {
        reply = reply.with_header("content-type", &config.content_type);
    }
    if !config.disposition.is_empty() {
        reply = reply.with_header("content-disposition", &config.disposition);
    }
    for cookie in &config.cookies {
        reply = reply.with_header("set-cookie", cookie);
    }
    reply.with_header("cache-control", "no-store")
}

impl Cm {
    /// Answers a request to a servlet or for a page.
    pub(super) async fn serve(&self, config: &CmConfig, place: &Place, request: &Request) -> Reply {
        let (result, errors, form) = match place {
            Place::Ast(name) => (
                self.ast(config, name, request).await,
                &config.ast.errors,
                pages::ast(config),
            ),
            Place::Eui(name) => (
                self.eui(config, name, request).await,
                &config.eui.errors,
                pages::eui(config, name),
            ),
            Place::AstPage | Place::EuiPage(_) => return pages::reply(config, place, request),
        };
        match result {
            Ok(reply) | Err(Stop::Reply(reply)) => reply,
            Err(Stop::Refusal(refusal)) => refused(config, errors, &form, refusal),
        }
    }

    /// What every servlet looks at first: that it is started, the method, and what stands behind it.
    fn ready(config: &CmConfig, start: bool, request: &Request) -> Result<(), Refusal> {
        if !start {
            return Err(Refusal::Page(config.stopped_status, "stopped"));
        }
        if request.method != "POST" {
            return Err(Refusal::Page(405, "method"));
        }
        if !config.initialised {
            return Err(Refusal::Page(503, "not_initialised"));
        }
        if !config.connected {
            return Err(Refusal::Page(503, "not_connected"));
        }
        Ok(())
    }
}

//! What a text is, and what is known beside it.

use smartid::cm::Csr;
use smartid::da::fido::CreationOptions;
use smartid::trust::Certificate;
use smartid::trust::jws::JwkSet;
use smartid::{CmDialect, DaDialect, HermodDialect, SecretString, Timestamp};
use toml::Value;

use super::http::Answered;
use super::kind::Command;
use crate::terminal::printable;

/// What is known beside the text.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Context {
    /// The options that a registration should answer.
    pub options: Option<CreationOptions>,
    /// The dialect of Messaging.
    pub messaging: HermodDialect,
    /// The dialect of Digital Access.
    pub digital_access: DaDialect,
    /// The dialect of Certificate Manager.
    pub certificate_manager: CmDialect,
    /// What Certificate Manager handed out to be signed, which a request's signature must be over.
    pub data_to_sign: Option<Vec<u8>>,
    /// The certification request that a certificate should be for.
    pub csr: Option<Csr>,
    /// Whether secrets are shown.
    pub show_secrets: bool,
    /// Keys that a JWS may be signed with.
    pub keys: Option<JwkSet>,
    /// Roots that a certificate, a JWS or a CMS message is checked against.
    pub roots: Vec<Certificate>,
    /// Certificates that a message may lack: its signers' and what stands between them and the roots. They are not trusted.
    pub intermediates: Vec<Certificate>,
    /// What was to be signed: the content of a detached message, or each entry of a sign command in its order.
    pub content: Vec<Vec<u8>>,
    /// The body of the command that an answer is checked against.
    pub sent: Option<String>,
    /// The command that a callback answers, where it does not say so itself.
    pub command: Option<Command>,
    /// The password of a PKCS #12 container.
    pub password: Option<SecretString>,
    /// The time as of which evidence is checked.
    pub at: Timestamp,
    /// The head of the answer that the text is the body of.
    pub(super) answered: Option<Answered>,
}

impl Context {
    /// Nothing is known but the time.
    #[must_use]
    pub fn new(at: Timestamp) -> Self {
        Self {
            options: None,
            messaging: HermodDialect::default(),
            digital_access: DaDialect::default(),
            certificate_manager: CmDialect::default(),
            data_to_sign: None,
            csr: None,
            show_secrets: false,
            keys: None,
            roots: Vec::new(),
            intermediates: Vec::new(),
            content: Vec::new(),
            sent: None,
            command: None,
            password: None,
            at,
            answered: None,
        }
    }
}

/// What a text is.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Finding {
    /// In words.
    pub kind: String,
    /// Name and value of what can be read in it.
    pub facts: Vec<(String, String)>,
    /// What is odd, but tolerated.
    pub remarks: Vec<String>,
    /// What is wrong.
    pub problems: Vec<String>,
    /// Tables for a dialect file that would make it fit, each with its head.
    pub dialect: Vec<String>,
    /// Whether everything that was checked is right. `None`: nothing could be checked.
    pub verdict: Option<bool>,
}

impl Finding {
    pub(super) fn of(kind: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            ..Self::default()
        }
    }

    pub(super) fn fact(&mut self, name: &str, value: impl Into<String>) {
        self.facts.push((name.to_owned(), printable(&value.into())));
    }

    /// A secret: shown only when it was asked for.
    pub(super) fn secret(&mut self, name: &str, value: &str, context: &Context) {
        if context.show_secrets {
            self.fact(name, value);
        } else {
            self.fact(name, "(there is one; --show-secrets)");
        }
    }

    pub(super) fn remark(&mut self, remark: impl Into<String>) {
        let remark = printable(&remark.into());
        if !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }

    /// What is wrong. Then it does not verify.
    pub(super) fn problem(&mut self, problem: impl Into<String>) {
        let problem = printable(&problem.into());
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
        self.verdict = Some(false);
    }

    /// A line of the dialect that would make it fit. Lines of one table stand together.
    pub(super) fn fits(&mut self, table: &str, line: impl AsRef<str>) {
        let head = format!("[{table}]\n");
        let line = line.as_ref();
        match self.dialect.iter_mut().find(|known| known.starts_with(&head)) {
            Some(known) if known.lines().any(|known| known == line) => {}
            Some(known) => {
                known.push('\n');
                known.push_str(line);
            }
            None => self.dialect.push(format!("{head}{line}")),
        }
    }

    /// As [`fits`](Self::fits), for a setting that is a text.
    pub(super) fn fits_text(&mut self, table: &str, setting: &str, value: &str) {
        self.fits(table, format!("{setting} = {}", quoted(value)));
    }

    /// Takes over all but the kind.
    pub(super) fn absorb(&mut self, inner: Self) {
        let Self {
            kind: _outer,
            facts,
            remarks,
            problems,
            dialect,
            verdict,
        } = inner;
        self.facts.extend(facts);
        for remark in remarks {
            self.remark(remark);
        }
        self.problems.extend(problems);
        self.dialect.extend(dialect);
        self.verdict = verdict;
    }
}

/// A text as TOML writes it.
pub(super) fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

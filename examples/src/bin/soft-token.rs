//! Asks Certificate Manager for a soft token, over the REST API or AST, writes the container to a file, opens it, and shows its certificates.
//!
//! Without `--config` or `--url` it brings a simulated installation and a simulated officer along, and somebody to make a token for.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use serde_json::json;
use smartid::cm::ast::ValueProblem;
use smartid::cm::operations::Search;
use smartid::soft_token::{
    AstProblem, Attribute, IssuedSoftToken, OpenError, OpenedToken, Pkcs12Policy, SoftTokenError,
    SoftTokenRequest, SoftTokens, Unfit, UnusableSoftToken,
};
use smartid::trust::Radix;
use smartid::{Phase, SmartId, Timestamp};
use smartid_examples::desk::{End, Problem, usage};
use smartid_examples::office::{Common, Office, prepared_program};
use smartid_examples::secret_file;
use smartid_examples::soft_token::{
    PasswordOptions, PreparedWay, TokenPassword, WayOptions, json, lines, pair,
};
use smartid_examples::terminal::printable;

/// Ask Certificate Manager for a soft token: keys with their certificates, as a PKCS #12 container.
///
/// Exit status: 0 issued, and it opens; 1 not, or not known, or it does not open, and the output says why and whose turn it is; 2 usage or
/// configuration, and nothing was sent.
#[derive(Debug, Parser)]
#[command(name = "soft-token", version)]
struct Arguments {
    #[command(flatten)]
    way: WayOptions,

    /// What the certificate is to say, such as commonname=Alice Example; may be repeated; simulated, there is somebody
    #[arg(long, short, value_name = "NAME=VALUE", value_parser = pair)]
    attribute: Vec<(Attribute, String)>,

    /// Valid for so many days from now on (REST); left out, as the procedure says
    #[arg(long, value_name = "DAYS")]
    valid_days: Option<u32>,

    #[command(flatten)]
    password: PasswordOptions,

    /// Where to write the container: a file that only its owner can read
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Write the container over a file that is there
    #[arg(long, requires = "out")]
    force: bool,

    /// Open it also if it has no checksum (MAC), which tells whether somebody changed it
    #[arg(long)]
    accept_without_mac: bool,

    #[command(flatten)]
    common: Common,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let way = match arguments.way.prepare() {
        Ok(way) => way,
        Err(problem) => return usage("soft-token", &arguments.common.terminal(), &problem),
    };
    prepared_program("soft-token", &arguments.common, &way, async |office| {
        run(office, &arguments, &way).await
    })
    .await
}

async fn run(office: &Office, arguments: &Arguments, way: &PreparedWay) -> Result<End, Problem> {
    let simulated = office.sim.is_some();
    match &arguments.out {
        // Found out before something is issued that cannot be kept.
        Some(file) => secret_file::check(file, arguments.force).map_err(|error| {
            let hint = match error.kind() {
                ErrorKind::AlreadyExists => "; --force writes over it",
                _ => "",
            };
            format!("--out: {}: {error}{hint}", file.display())
        })?,
        None if simulated => {}
        None => return Err("--out is missing: where the container goes".into()),
    }
    let mut request = SoftTokenRequest::new("");
    request.attributes = attributes(office, arguments, way)?;
    if let Some(days) = arguments.valid_days {
        request = request.valid_to(office.now() + Duration::from_secs(u64::from(days) * 24 * 60 * 60));
    }
    let password = arguments
        .password
        .bring(&office.terminal, simulated, arguments.out.as_deref())?;
    request.password = password.secret.clone();

    let runtime = office.cm.runtime().clone();
    let smartid = SmartId::builder(runtime)
        .certificate_manager(office.cm.clone())
        .build();
    let tokens = smartid.soft_tokens(way.way.clone())?;
    tokens.check(&request).map_err(|unfit| {
        let hint = match &unfit {
            Unfit::Ast(AstProblem::Value {
                problem: ValueProblem::NonAscii,
                ..
            }) => " (--non-ascii)",
            Unfit::Ast(AstProblem::Unmapped(_)) => " (--properties, --header)",
            _ => "",
        };
        format!("{unfit}; check {}{hint}", unfit.advice().check)
    })?;
    office.terminal.line(&format!(
        "Asking for a soft token over {} at {}\n",
        way.name(),
        office.place
    ));
    if let Some(told) = &way.told {
        office.step("read", told);
    }
    office.step("password", &password.told);
    let job = Job {
        office,
        arguments,
        way,
        tokens,
        request,
        since: office.now(),
    };
    job.done(password).await
}

/// Whom the token is for.
fn attributes(
    office: &Office,
    arguments: &Arguments,
    way: &PreparedWay,
) -> Result<BTreeMap<Attribute, String>, Problem> {
    let mut given = arguments.attribute.clone();
    if given.is_empty() && office.sim.is_some() {
        given = way.somebody();
    }
    let mut attributes = BTreeMap::new();
    for (attribute, value) in given {
        let name = attribute.to_string();
        if attributes.insert(attribute, value).is_some() {
            return Err(format!("--attribute: {name} is given more than once").into());
        }
    }
    Ok(attributes)
}

/// A request under way.
struct Job<'a> {
    office: &'a Office,
    arguments: &'a Arguments,
    way: &'a PreparedWay,
    tokens: SoftTokens,
    request: SoftTokenRequest,
    since: Timestamp,
}

impl Job<'_> {
    async fn done(&self, mut password: TokenPassword) -> Result<End, Problem> {
        let issued = {
            let _spinner = self.office.working("Waiting for Certificate Manager");
            self.tokens.request(&self.request).await
        };
        match issued {
            Ok(issued) => {
                let file = password.keep();
                let end = self.deliver(&issued).await;
                if password.is_made && self.arguments.password.show_password {
                    self.show(&password);
                }
                Ok(match file {
                    Some(file) => end.fact("password in", file.display()),
                    None => end,
                })
            }
            Err(failure) if matches!(failure.phase(), Phase::PerhapsDone | Phase::Unreadable) => {
                Ok(self.look(&failure).await)
            }
            Err(SoftTokenError::Call(failure)) => Err(failure.into()),
            Err(other) => Err(other.into()),
        }
    }

    /// The container is kept before anything else is done with it: there is no second one.
    async fn deliver(&self, issued: &IssuedSoftToken) -> End {
        let Self {
            office, arguments, ..
        } = self;
        office.step("issued", &format!("a container of {} octets", issued.token.len()));
        let kept = match &arguments.out {
            Some(file) => secret_file::write(file, issued.token.expose_octets(), arguments.force)
                .map_err(|error| format!("{}: {error}", file.display())),
            None => Ok(()),
        };
        let opened = {
            let _spinner = office.working("Opening the container");
            let mut policy = Pkcs12Policy::default();
            if arguments.accept_without_mac {
                policy = policy.danger_accept_without_mac();
            }
            self.tokens
                .open(&issued.token, &self.request.password, &policy)
                .await
        };
        if let Ok(opened) = &opened {
            lines(&office.terminal, opened);
        }
        office.terminal.json(&json!({
            "event": "issued",
            "way": self.way.name(),
            "certid": issued.certid,
            "octets": issued.token.len(),
            "file_name": issued.file_name.as_ref().map(|name| name.as_str()),
            "downloaded": issued.downloaded.as_ref().and_then(|cookie| cookie.set_cookie().to_str().ok()),
            "opened": opened.as_ref().ok().map(json),
        }));
        let end = match (&kept, &opened) {
            (Err(problem), _) => End::bad("not-kept", format!("issued, and not written: {problem}"))
                .fact("what now", "an officer revokes it: nobody has the container"),
            (_, Err(problem)) => refused(problem).fact(
                "what now",
                "p12 inspect says more of the container; if it cannot be used, an officer revokes its certificate",
            ),
            (Ok(()), Ok(opened)) => good(opened),
        };
        self.facts(end, issued, kept.is_ok())
    }

    fn facts(&self, end: End, issued: &IssuedSoftToken, kept: bool) -> End {
        let mut end = end.fact("over", self.way.name()).fact(
            "certid",
            issued
                .certid
                .as_ref()
                .map_or("not said", |certid| certid.as_str()),
        );
        if let Some(name) = &issued.file_name {
            end = end.fact("proposed name", name.as_str());
        }
        if let Some(cookie) = &issued.downloaded
            && let Ok(text) = cookie.set_cookie().to_str()
        {
            end = end.fact("for the browser", format!("Set-Cookie: {}", printable(text)));
        }
        match &self.arguments.out {
            Some(file) if kept => end.fact("container in", file.display()),
            Some(_) => end,
            None => end.fact("remark", "simulated, and kept nowhere: --out writes it to a file"),
        }
    }

    /// The password alone, for somebody in front of a terminal who has asked for it.
    fn show(&self, password: &TokenPassword) {
        let terminal = &self.office.terminal;
        terminal
            .line("\nThe password, for the token's owner alone, and on another way than the container:\n");
        terminal.always(password.secret.expose());
    }

    /// A token was perhaps made. Nobody knows its key, so an officer is told what to look at.
    async fn look(&self, failure: &SoftTokenError) -> End {
        let (summary, unusable) = match failure {
            SoftTokenError::Call(error) => (
                error.summary(),
                error
                    .unreadable_answer()
                    .and_then(|answer| answer.cause::<UnusableSoftToken>()),
            ),
            other => (other.to_string(), None),
        };
        let mut end = End::bad("perhaps-issued", summary).advised(failure.advice());
        if let Some(certid) = unusable.and_then(UnusableSoftToken::certid) {
            return end.fact("certid", certid);
        }
        let name = self.request.attributes.get(&Attribute::COMMON_NAME);
        if let Some(name) = name {
            end = end.fact("looking", self.found(name).await);
        }
        end
    }

    /// In a sentence, what was issued to this common name since the request went out.
    async fn found(&self, name: &str) -> String {
        let since = Timestamp::from_millis(self.since.as_millis().saturating_sub(DATED_BACK_MILLIS));
        let search = Search::new().subject_common_name(name).valid_from(since..);
        match self.office.cm.call(&search).await {
            Ok(page) => {
                let certids: Vec<&str> = page
                    .certificates
                    .iter()
                    .map(|record| {
                        record
                            .certid
                            .as_ref()
                            .map_or("one without a certid", |id| id.as_str())
                    })
                    .collect();
                match certids.as_slice() {
                    [] => "nothing was issued to this common name within a day; it may still be under way"
                        .to_owned(),
                    certids => format!(
                        "issued to this common name within a day: {}; which is of this request, an officer must find out",
                        printable(&certids.join(", "))
                    ),
                }
            }
            Err(error) => format!("not possible: {}", error.summary()),
        }
    }
}

/// A day: authorities let validity begin before they were asked, so that slow clocks accept a certificate.
const DATED_BACK_MILLIS: u64 = 24 * 60 * 60 * 1000;

fn good(opened: &OpenedToken) -> End {
    let mut end = End::good("issued");
    for certificate in opened.keys().iter().filter_map(|key| key.certificate()) {
        end = end
            .fact("subject", printable(&certificate.subject().to_string()))
            .fact("serial number", certificate.serial_number().to_text(Radix::Hex))
            .fact("valid to", certificate.not_after().to_iso8601());
    }
    end
}

/// A container that does not open is kept all the same: what it is, `p12` and `inspect` tell.
fn refused(problem: &OpenError) -> End {
    let mut what = problem.to_string();
    let advice = match problem {
        OpenError::Refused(refusal) => Some(refusal.advice()),
        _ => None,
    };
    if let Some(advice) = &advice
        && let Some(alone) = what.strip_suffix(&format!("; check {}", advice.check))
    {
        what.truncate(alone.len());
    }
    let end = End::bad(
        "not-opened",
        format!("issued, and the container was refused: {what}"),
    );
    match advice {
        Some(advice) => end.advised(advice),
        None => end,
    }
}

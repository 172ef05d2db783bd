//! Reads the settings of Personal methods, and says what does not fit together, before somebody types them in.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use serde_json::json;
use smartid::da::personal::{Finding, FindingLevel, Findings};
use smartid_examples::desk::usage;
use smartid_examples::methods_file::MethodsFile;
use smartid_examples::terminal::{Style, Terminal, printable};

/// Validate the settings of Personal Mobile and Personal Desktop as authentication methods.
///
/// Exit status: 0 nothing stands in the way (there may be warnings and notes); 1 there are errors; 2 the input cannot be used.
#[derive(Debug, Parser)]
#[command(name = "personal-method", version)]
struct Arguments {
    /// A TOML or JSON file with one method, or with `methods` and `distribution_service`; standard input when it is left out or `-`
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// Validate the one method with this display name, and no rule between methods
    #[arg(long, value_name = "NAME")]
    method: Option<String>,

    /// Print one JSON object a line: the findings, the end
    #[arg(long, conflicts_with = "quiet")]
    json: bool,

    /// Print errors only, one a line
    #[arg(long, short)]
    quiet: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let terminal = Terminal::new(match (arguments.json, arguments.quiet) {
        (true, _) => Style::Json,
        (_, true) => Style::Quiet,
        _ => Style::Human,
    });
    let path = arguments.file.as_deref().filter(|path| *path != Path::new("-"));
    let only = arguments.method.as_deref();
    let read = MethodsFile::read(path).and_then(|file| {
        let findings = file.validate(only)?;
        Ok((file, findings))
    });
    match read {
        Ok((file, findings)) => tell(&terminal, &file, only, &findings),
        Err(problem) => {
            let name = path.map_or_else(|| "standard input".to_owned(), |path| path.display().to_string());
            let problem = std::io::Error::other(format!("{name} {}", printable(&problem.to_string())));
            usage("personal-method", &terminal, &problem)
        }
    }
}

fn tell(terminal: &Terminal, file: &MethodsFile, only: Option<&str>, findings: &Findings) -> ExitCode {
    for finding in findings {
        let method = finding.method().and_then(|index| file.methods().get(index));
        let name = method.map(|method| method.display_name()).or(only);
        terminal.json(&json!({
            "event": "finding", "level": level(finding.level()), "code": finding.code().as_str(), "member": finding.member(),
            "method": finding.method(), "display_name": name, "sentence": finding.sentence(), "advice": finding.advice(),
        }));
        if terminal.style() != Style::Quiet || finding.level() == FindingLevel::Error {
            terminal.always(&line(terminal, finding, name));
        }
        terminal.line(&terminal.dim(&format!("          {}", finding.advice())));
    }
    let count = |level| findings.of(level).count();
    let (errors, warnings, notes) = (
        count(FindingLevel::Error),
        count(FindingLevel::Warning),
        count(FindingLevel::Note),
    );
    let good = findings.is_ok();
    let methods = if only.is_some() { 1 } else { file.methods().len() };
    terminal.json(&json!({
        "event": "end", "name": if good { "usable" } else { "not-usable" }, "methods": methods,
        "errors": errors, "warnings": warnings, "notes": notes,
    }));
    let sentence = format!(
        "{}: methods: {methods}, errors: {errors}, warnings: {warnings}, notes: {notes}",
        if good { "usable" } else { "not usable" }
    );
    terminal.line(&if good {
        terminal.good(&sentence)
    } else {
        terminal.bad(&sentence)
    });
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    }
}

fn level(level: FindingLevel) -> &'static str {
    match level {
        FindingLevel::Error => "error",
        FindingLevel::Warning => "warning",
        _ => "note",
    }
}

fn line(terminal: &Terminal, finding: &Finding, method: Option<&str>) -> String {
    let level = level(finding.level());
    let mark = match finding.level() {
        FindingLevel::Error => terminal.bad(&format!("{level:<8}")),
        FindingLevel::Warning => terminal.strong(&format!("{level:<8}")),
        _ => terminal.dim(&format!("{level:<8}")),
    };
    let place = match (method, finding.member()) {
        (Some(method), Some(member)) => format!(" in {}, {member}", printable(&format!("{method:?}"))),
        (Some(method), None) => format!(" in {}", printable(&format!("{method:?}"))),
        (None, Some(member)) => format!(" in {member}"),
        (None, None) => String::new(),
    };
    format!(
        "{mark}  {}{place}: {}",
        finding.code(),
        printable(finding.sentence())
    )
}

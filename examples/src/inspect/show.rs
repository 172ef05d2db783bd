//! Prints what was found.

use std::process::ExitCode;

use serde_json::json;

use super::Finding;
use crate::terminal::Terminal;

/// Prints a finding and gives the exit status: 0 when nothing is wrong with what could be checked, otherwise 1.
#[must_use]
pub fn show(terminal: &Terminal, finding: &Finding) -> ExitCode {
    terminal.json(&json!({
        "kind": finding.kind,
        "verdict": finding.verdict,
        "facts": finding.facts.iter().map(|(name, value)| json!({ "name": name.trim(), "value": value })).collect::<Vec<_>>(),
        "remarks": finding.remarks,
        "problems": finding.problems,
        "dialect": finding.dialect,
    }));
    terminal.line(&terminal.strong(&finding.kind));
    for (name, value) in &finding.facts {
        terminal.line(&format!("  {name:<22} {value}"));
    }
    for remark in &finding.remarks {
        terminal.line(&format!("  {:<22} {remark}", "remark"));
    }
    for problem in &finding.problems {
        terminal.always(&format!(
            "  {} {problem}",
            terminal.bad(&format!("{:<22}", "problem"))
        ));
    }
    if !finding.dialect.is_empty() {
        terminal.line("\nThis dialect would make it fit:\n");
        terminal.line(&finding.dialect.join("\n\n"));
        terminal.line("");
    }
    let verdict = match finding.verdict {
        _ if !finding.dialect.is_empty() => terminal.bad("it does not fit as it is"),
        Some(true) => terminal.good("what could be checked is right"),
        Some(false) => terminal.bad("it does not verify"),
        None => terminal.dim("nothing could be checked"),
    };
    terminal.always(&verdict);
    if finding.verdict != Some(false) && finding.problems.is_empty() && finding.dialect.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    }
}

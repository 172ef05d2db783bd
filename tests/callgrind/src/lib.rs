//! Counts instructions for the benches.
//!
//! Times vary on a shared machine, instruction counts hardly do. A bench starts itself again under valgrind's callgrind, which counts
//! only inside one function of it: what a program does when it starts (AWS-LC gathers entropy in some 400 million instructions that are
//! never the same) is not in the figure. Two runs with few and with many rounds, and the difference divided, leave the cost of one.

use std::process::{Command, ExitCode};

/// How many instructions the function called `counted` took when this program is run again with `arguments`. The function must not be
/// inlined.
///
/// # Errors
/// A sentence, when valgrind is not installed or did not measure.
pub fn instructions(counted: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Result<u64, String> {
    let program =
        std::env::current_exe().map_err(|error| format!("this program cannot be found: {error}"))?;
    let output = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--callgrind-out-file=/dev/null",
            "--collect-atstart=no",
        ])
        .arg(format!("--toggle-collect=*{counted}"))
        .arg(program)
        .args(arguments)
        .envs(environment.iter().copied())
        .output()
        .map_err(|error| format!("valgrind cannot be run ({error}): install the package valgrind"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    let collected = text
        .lines()
        .find_map(|line| line.split_once("Collected :"))
        .and_then(|(_, count)| count.trim().parse().ok());
    match collected {
        Some(count) if output.status.success() => Ok(count),
        _ => Err(format!("valgrind did not measure {arguments:?}:\n{text}")),
    }
}

/// How a bench ends: 0 within its budget, 1 over it, 2 when it could not measure, which it then says.
#[must_use]
pub fn verdict(within_budget: Result<bool, String>) -> ExitCode {
    match within_budget {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::from(2)
        }
    }
}

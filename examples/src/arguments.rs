//! What every example takes on its command line.

use std::path::PathBuf;

use smartid_sim::Persona;

use crate::terminal::{Style, Terminal};
use crate::world::Options;

/// Where to run, and how to print.
#[derive(Clone, Debug, clap::Args)]
#[non_exhaustive]
pub struct Common {
    /// Run against the installation that this TOML file describes
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// A TOML file with the tables messaging, digital_access and certificate_manager that override inferences about the wire
    #[arg(long, value_name = "FILE")]
    pub dialect: Option<PathBuf>,

    /// What the simulated person or app does; an unknown name lists them
    #[arg(long, value_name = "NAME", conflicts_with = "config")]
    pub persona: Option<Persona>,

    /// Print one JSON object a line: steps, links (they are secrets), the end
    #[arg(long, conflicts_with = "quiet")]
    pub json: bool,

    /// Print only what a person has to open, and the end
    #[arg(long, short)]
    pub quiet: bool,

    /// Do not print the QR code (it is printed only on a terminal)
    #[arg(long)]
    pub no_qr: bool,
}

impl Common {
    /// Standard output in the style that was asked for.
    #[must_use]
    pub fn terminal(&self) -> Terminal {
        Terminal::new(match (self.json, self.quiet) {
            (true, _) => Style::Json,
            (_, true) => Style::Quiet,
            _ => Style::Human,
        })
    }

    /// Standard output for a program that has no other choice than JSON or not.
    #[must_use]
    pub fn printing(json: bool) -> Terminal {
        Terminal::new(if json { Style::Json } else { Style::Human })
    }

    /// Where to run.
    #[must_use]
    pub fn options(&self) -> Options {
        let mut options = Options::default();
        options.config.clone_from(&self.config);
        options.dialect.clone_from(&self.dialect);
        options.persona = self.persona;
        options
    }
}

//! Passwords of soft tokens: from a file, an environment variable, standard input or a person, never from the command line, which every
//! user of the machine can read.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};

use smartid::trust::password::PasswordPolicy;
use smartid::{ConfigError, SecretString};

use crate::config::secret;
use crate::secret_file;

/// Longest line that is read from standard input, in bytes.
const MAX_LINE: u64 = 64 * 1024;

/// The password of a container that is opened.
#[derive(Clone, Debug, Default, clap::Args)]
#[non_exhaustive]
pub struct Password {
    /// The file whose first line is the container's password
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,

    /// The environment variable with the container's password
    #[arg(long, value_name = "NAME", conflicts_with = "password_file")]
    pub password_env: Option<String>,

    /// Read the container's password from the first line of standard input
    #[arg(long, conflicts_with_all = ["password_file", "password_env"])]
    pub password_stdin: bool,

    /// The container has an empty password
    #[arg(long, conflicts_with_all = ["password_file", "password_env", "password_stdin"])]
    pub empty_password: bool,
}

/// The password of what is written.
#[derive(Clone, Debug, Default, clap::Args)]
#[non_exhaustive]
pub struct NewPassword {
    /// The file whose first line is the new password
    #[arg(long, value_name = "FILE")]
    pub new_password_file: Option<PathBuf>,

    /// The environment variable with the new password
    #[arg(long, value_name = "NAME", conflicts_with = "new_password_file")]
    pub new_password_env: Option<String>,

    /// Make a new password, which goes into the file of --password-out
    #[arg(long, requires = "password_out", conflicts_with_all = ["new_password_file", "new_password_env"])]
    pub generate_password: bool,

    /// Where a password that was made goes: a file that only its owner can read. Not where the container goes: they are two secrets
    #[arg(long, value_name = "FILE", requires = "generate_password")]
    pub password_out: Option<PathBuf>,

    /// How many characters a password that is made has
    #[arg(long, value_name = "NUMBER", requires = "generate_password")]
    pub length: Option<usize>,
}

/// A new password, and what is known of it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Chosen {
    /// The password.
    pub password: SecretString,
    /// How hard it is to guess, in bits, if it was made here.
    pub entropy_bits: Option<f64>,
}

impl Password {
    /// Whether the options say where it is.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.password_file.is_some()
            || self.password_env.is_some()
            || self.password_stdin
            || self.empty_password
    }

    /// The password; a person is asked if nothing else is given and there is a terminal.
    ///
    /// # Errors
    /// [`ConfigError`] that names the option.
    pub fn read(&self) -> Result<SecretString, ConfigError> {
        if self.empty_password {
            Ok(SecretString::new(""))
        } else if self.password_stdin {
            line()
        } else if self.is_given() {
            first_line(
                "--password",
                self.password_file.as_deref(),
                self.password_env.as_deref(),
            )
        } else {
            ask("--password", "Password of the container: ")
        }
    }
}

impl NewPassword {
    /// Whether the options say where it is.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.new_password_file.is_some() || self.new_password_env.is_some() || self.generate_password
    }

    /// Whether a made password could be written; to be asked before anything else is written. It is never written over a file that is
    /// there: that may be the password of another container.
    ///
    /// # Errors
    /// [`ConfigError`] for `--password-out`.
    pub fn check(&self) -> Result<(), ConfigError> {
        match &self.password_out {
            Some(file) => secret_file::check(file, false).map_err(|error| wrong_out(file, &error)),
            None => Ok(()),
        }
    }

    /// The password: made, given, or asked for twice.
    ///
    /// # Errors
    /// [`ConfigError`] that names the option.
    pub fn choose(&self) -> Result<Chosen, ConfigError> {
        if self.generate_password {
            let mut policy = PasswordPolicy::default();
            if let Some(length) = self.length {
                policy = policy.with_length(length);
            }
            let made = policy
                .generate()
                .map_err(|error| ConfigError::new("--length", error.to_string()))?;
            return Ok(Chosen {
                entropy_bits: Some(made.entropy_bits()),
                password: made.into_secret(),
            });
        }
        let password = if self.is_given() {
            first_line(
                "--new-password",
                self.new_password_file.as_deref(),
                self.new_password_env.as_deref(),
            )?
        } else {
            ask_twice("--new-password", "New password: ")?
        };
        Ok(Chosen {
            password,
            entropy_bits: None,
        })
    }

    /// Writes a password that was made to its file.
    ///
    /// # Errors
    /// [`ConfigError`] for `--password-out`.
    pub fn deliver(&self, chosen: &Chosen) -> Result<(), ConfigError> {
        let (Some(file), true) = (&self.password_out, self.generate_password) else {
            return Ok(());
        };
        let line = SecretString::new(format!("{}\n", chosen.password.expose()));
        secret_file::write(file, line.expose().as_bytes(), false).map_err(|error| wrong_out(file, &error))
    }
}

fn wrong_out(file: &Path, error: &std::io::Error) -> ConfigError {
    ConfigError::new("--password-out", format!("{}: {error}", file.display()))
}

pub(crate) fn first_line(
    setting: &'static str,
    file: Option<&Path>,
    variable: Option<&str>,
) -> Result<SecretString, ConfigError> {
    let text = secret(setting, file, variable)?;
    Ok(SecretString::new(
        text.expose().lines().next().unwrap_or_default(),
    ))
}

fn line() -> Result<SecretString, ConfigError> {
    let wrong = |problem: String| ConfigError::new("--password-stdin", problem);
    let mut text = String::with_capacity(1024);
    let mut input = std::io::Read::take(std::io::stdin().lock(), MAX_LINE);
    input
        .read_line(&mut text)
        .map_err(|error| wrong(format!("cannot read standard input: {error}")))?;
    let text = SecretString::new(text);
    Ok(SecretString::new(text.expose().trim_end_matches(['\r', '\n'])))
}

/// Asks for a new password, twice.
pub(crate) fn ask_twice(setting: &'static str, prompt: &str) -> Result<SecretString, ConfigError> {
    let first = ask(setting, prompt)?;
    let again = ask(setting, "The same again: ")?;
    if !first.constant_time_eq(again.expose().as_bytes()) {
        return Err(ConfigError::new(setting, "the two differ"));
    }
    Ok(first)
}

/// Asks on the terminal, and does not show what is typed.
fn ask(setting: &'static str, prompt: &str) -> Result<SecretString, ConfigError> {
    let missing = || {
        let stdin = if setting == "--password" {
            ", --password-stdin"
        } else {
            ""
        };
        ConfigError::new(
            setting,
            format!("is missing: give {setting}-file, {setting}-env{stdin}, or run it on a terminal"),
        )
    };
    if !std::io::stdin().is_terminal() {
        return Err(missing());
    }
    rpassword::prompt_password(prompt)
        .map(SecretString::new)
        .map_err(|_| missing())
}

//! The password of a soft token: made here unless somebody brings one, never on the command line, and never where the container goes.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use smartid::trust::password::{DEFAULT_PASSWORD_LEN, PasswordPolicy};
use smartid::{ConfigError, SecretString};

use crate::password::{ask_twice, first_line};
use crate::secret_file;
use crate::terminal::Terminal;

/// Where the password comes from, and where one that is made here goes.
#[derive(Clone, Debug, Default, clap::Args)]
#[non_exhaustive]
pub struct PasswordOptions {
    /// The file whose first line is the password that the token is to have; left out, one is made
    #[arg(long = "password-file", value_name = "FILE")]
    pub token_password_file: Option<PathBuf>,

    /// The environment variable with that password
    #[arg(
        long = "password-env",
        value_name = "NAME",
        conflicts_with = "token_password_file"
    )]
    pub token_password_env: Option<String>,

    /// Ask for that password, twice
    #[arg(long, conflicts_with_all = ["token_password_file", "token_password_env"])]
    pub ask_password: bool,

    /// Where a password that was made goes: a new file that only its owner can read. Not where the container goes: they are two secrets
    #[arg(long, value_name = "FILE", conflicts_with_all = ["token_password_file", "token_password_env", "ask_password"])]
    pub password_out: Option<PathBuf>,

    /// Show a password that was made, on a terminal only
    #[arg(long, conflicts_with_all = ["token_password_file", "token_password_env", "ask_password"])]
    pub show_password: bool,

    /// How many characters a password that is made has
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = DEFAULT_PASSWORD_LEN,
        conflicts_with_all = ["token_password_file", "token_password_env", "ask_password"]
    )]
    pub length: usize,
}

/// The password that the token will have. A file that it was written to is taken away again when this is dropped, unless a token has
/// come: a password of no token only misleads.
#[derive(Debug)]
#[non_exhaustive]
pub struct TokenPassword {
    /// The password.
    pub secret: SecretString,
    /// In a sentence, where it comes from.
    pub told: String,
    /// Whether it was made here.
    pub is_made: bool,
    written: Option<PathBuf>,
}

impl PasswordOptions {
    /// Brings the password, and puts one that was made where it belongs before there is a token that needs it.
    ///
    /// # Errors
    /// [`ConfigError`] that names the option.
    pub fn bring(
        &self,
        terminal: &Terminal,
        may_be_lost: bool,
        container: Option<&Path>,
    ) -> Result<TokenPassword, ConfigError> {
        let given = |secret: SecretString, from: &str| TokenPassword {
            secret,
            told: format!("from {from}"),
            is_made: false,
            written: None,
        };
        if self.ask_password {
            if !std::io::stdin().is_terminal() {
                return Err(ConfigError::new(
                    "--ask-password",
                    "there is no terminal to ask on",
                ));
            }
            return Ok(given(
                ask_twice("--password", "Password of the token: ")?,
                "the terminal",
            ));
        }
        if self.token_password_file.is_some() || self.token_password_env.is_some() {
            let secret = first_line(
                "--password",
                self.token_password_file.as_deref(),
                self.token_password_env.as_deref(),
            )?;
            return Ok(given(secret, "its file or environment variable"));
        }
        if self.show_password && !terminal.is_interactive() {
            let problem = "standard output is no terminal; --password-out writes it to a file";
            return Err(ConfigError::new("--show-password", problem));
        }
        if self.password_out.is_none() && !self.show_password && !may_be_lost {
            let problem = "is missing: the token's password is made here, and nobody would have it; or --show-password, or bring one";
            return Err(ConfigError::new("--password-out", problem));
        }
        if self.password_out.is_some() && self.password_out.as_deref() == container {
            return Err(ConfigError::new("--password-out", "is the file of the container"));
        }
        let made = PasswordPolicy::default()
            .with_length(self.length)
            .generate()
            .map_err(|error| ConfigError::new("--length", error.to_string()))?;
        let told = format!(
            "made: {} characters, {:.0} bits",
            self.length,
            made.entropy_bits()
        );
        let mut password = TokenPassword {
            secret: made.into_secret(),
            told,
            is_made: true,
            written: None,
        };
        if let Some(file) = &self.password_out {
            let line = SecretString::new(format!("{}\n", password.secret.expose()));
            secret_file::write(file, line.expose().as_bytes(), false).map_err(|error| {
                ConfigError::new("--password-out", format!("{}: {error}", file.display()))
            })?;
            password.written = Some(file.clone());
        }
        Ok(password)
    }
}

impl TokenPassword {
    /// A token has come, and this is its password: the file stays.
    pub fn keep(&mut self) -> Option<PathBuf> {
        self.written.take()
    }
}

impl Drop for TokenPassword {
    fn drop(&mut self) {
        if let Some(file) = &self.written {
            let _gone = std::fs::remove_file(file);
        }
    }
}

//! The configuration file of an installation: `--config installation.toml`.
//!
//! ```toml
//! [messaging]
//! url = "https://messaging.example.com:20400/hermod/rest/command"   # ends in "command", as Identity Manager stores it
//! token_file = "/etc/smartid/messaging.token"                       # base64(client-id:key), the value of X-Api-Key
//! lifespan = 300                                                     # seconds; 300 when left out
//! timeout = 250                                                      # seconds; 250 when left out
//!
//! [messaging.callback]                                               # optional: without it, the command is polled
//! listen = "127.0.0.1:8090"                                          # plain HTTP, for a TLS front; path …/callback/<command>
//! user = "hermod"
//! password_file = "/etc/smartid/callback.password"
//!
//! [digital_access]                                                   # only for programs that talk to it
//! url = "https://access.example.com/https/api/rest/v3.0"
//! token_env = "SMARTID_DA_TOKEN"                                     # a bearer token; or user and password_file
//!
//! [entra]                                                            # only for programs that talk to it; see the module `entra`
//! tenant = "example.onmicrosoft.com"
//! client_id = "11111111-2222-4333-8444-555555555555"
//! client_secret_file = "/etc/smartid/entra.secret"
//!
//! [certificate_manager]                                              # only for programs that talk to it; then nothing above is needed
//! url = "https://pgwy.example.com:8444/pgwy/api"
//! root = "/etc/smartid/cm-root.pem"                                   # PEM; a list is allowed; [tls] does not count here
//! gateway_url = "https://pgwy.example.com:8444/pgwy"                   # optional: for AST; url without /api when left out
//! dialect = "/etc/smartid/dialect.toml"                               # optional; its table [certificate_manager]
//!
//! [certificate_manager.officer]                                      # in one of three ways:
//! p12 = "/etc/smartid/officer.p12"                                    # PKCS #12
//! # pem = "/etc/smartid/officer.pem"                                  # or certificate chain and private key; a list is allowed
//! password_env = "SMARTID_OFFICER_PASSWORD"                           # for PEM only where the key is encrypted
//! # module = "/usr/lib/softhsm/libsofthsm2.so"                        # or PKCS #11: a card, a security module
//! # token = "Officer One"                                             # label; left out, the only token
//! # key = "officer"                                                   # label; left out, the only key
//! # pin_env = "SMARTID_OFFICER_PIN"                                   # or pin_file; left out, the PIN pad is asked
//!
//! [certificate_manager.signer]                                       # optional: another officer signs; the same settings
//! p12 = "/etc/smartid/signer.p12"
//! password_file = "/etc/smartid/signer.password"
//!
//! [tls]                                                              # for messaging, digital_access and entra
//! roots = ["/etc/smartid/ca.pem"]                                    # PEM; several are allowed
//! system_roots = false
//! identity_file = "/etc/smartid/client.pem"                          # optional: certificate chain and key
//! ```
//!
//! A secret stands in a file (`…_file`) or in an environment variable (`…_env`), never in this file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer};
use smartid::{ConfigError, SecretString};

use crate::officer::OfficerKey;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// Smart ID Messaging; only for the programs that talk to it.
    pub messaging: Option<Messaging>,
    /// Digital Access; only for the programs that talk to it.
    pub digital_access: Option<DigitalAccess>,
    /// Microsoft Entra; only for the programs that talk to it.
    pub entra: Option<crate::entra::Entra>,
    /// Certificate Manager; only for the programs that talk to it.
    pub certificate_manager: Option<CertificateManager>,
    /// Who is trusted, and who we are, with all but Certificate Manager.
    #[serde(default)]
    pub tls: Tls,
}

/// Smart ID Messaging.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Messaging {
    /// The URL that ends in `command`.
    pub url: String,
    token_file: Option<PathBuf>,
    token_env: Option<String>,
    lifespan: Option<u64>,
    timeout: Option<u64>,
    /// Where callbacks are received.
    pub callback: Option<Callback>,
}

/// Where callbacks are received.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Callback {
    /// Address and port.
    pub listen: String,
    /// The user of `callback-basic-auth`.
    pub user: String,
    password_file: Option<PathBuf>,
    password_env: Option<String>,
}

/// Digital Access.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DigitalAccess {
    /// The base URL, with its path.
    pub url: String,
    token_file: Option<PathBuf>,
    token_env: Option<String>,
    /// With a password, in the place of a token.
    pub user: Option<String>,
    password_file: Option<PathBuf>,
    password_env: Option<String>,
}

/// Certificate Manager behind Protocol Gateway.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CertificateManager {
    /// The base URL, with its path.
    pub url: String,
    /// PEM files with the authorities that Protocol Gateway's certificate must lead to.
    #[serde(default, deserialize_with = "one_or_several")]
    pub root: Vec<PathBuf>,
    /// The address of Protocol Gateway, where it is not `url` without `/api`.
    pub gateway_url: Option<String>,
    /// A dialect file, for its table `[certificate_manager]`.
    pub dialect: Option<PathBuf>,
    /// The officer of the connection, who signs, too, where there is no other.
    pub officer: Option<OfficerKey>,
    /// Another officer who signs.
    pub signer: Option<OfficerKey>,
}

/// One path, or a list of them.
pub(crate) fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PathBuf>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Paths {
        One(PathBuf),
        Several(Vec<PathBuf>),
    }
    Ok(match Paths::deserialize(deserializer)? {
        Paths::One(path) => vec![path],
        Paths::Several(paths) => paths,
    })
}

/// Who is trusted, and who we are.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Tls {
    /// PEM files.
    #[serde(default)]
    pub roots: Vec<PathBuf>,
    /// Whether the system's roots are trusted, too.
    #[serde(default)]
    pub system_roots: bool,
    /// A PEM file with certificate chain and key.
    pub identity_file: Option<PathBuf>,
}

impl Config {
    /// Reads the file.
    ///
    /// # Errors
    /// [`ConfigError`] that names the file or the key.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            ConfigError::new("--config", format!("cannot read {}: {error}", path.display()))
        })?;
        toml::from_str(&text).map_err(|error| {
            // The error's own Display quotes the line, and somebody may have written a secret there.
            let before = error
                .span()
                .and_then(|span| text.get(..span.start))
                .unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            ConfigError::new(
                "--config",
                format!("{}, line {line}: {}", path.display(), error.message()),
            )
        })
    }
}

impl Messaging {
    /// The value of `X-Api-Key`.
    ///
    /// # Errors
    /// [`ConfigError`] when it cannot be read.
    pub fn token(&self) -> Result<SecretString, ConfigError> {
        secret(
            "messaging.token",
            self.token_file.as_deref(),
            self.token_env.as_deref(),
        )
    }

    /// How long the server keeps a command.
    #[must_use]
    pub fn lifespan(&self) -> Option<Duration> {
        self.lifespan.map(Duration::from_secs)
    }

    /// How long a command can be answered.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout.map(Duration::from_secs)
    }
}

impl Callback {
    /// The password of `callback-basic-auth`.
    ///
    /// # Errors
    /// [`ConfigError`] when it cannot be read.
    pub fn password(&self) -> Result<SecretString, ConfigError> {
        secret(
            "messaging.callback.password",
            self.password_file.as_deref(),
            self.password_env.as_deref(),
        )
    }
}

impl DigitalAccess {
    /// How we are known there.
    ///
    /// # Errors
    /// [`ConfigError`] when a secret cannot be read, or both a token and a user are given.
    pub fn auth(&self) -> Result<smartid::DaAuth, ConfigError> {
        let has_token = self.token_file.is_some() || self.token_env.is_some();
        match &self.user {
            Some(_) if has_token => Err(ConfigError::new(
                "digital_access",
                "has both a user and a token; it must be one of them",
            )),
            Some(user) => {
                let password = secret(
                    "digital_access.password",
                    self.password_file.as_deref(),
                    self.password_env.as_deref(),
                )?;
                Ok(smartid::DaAuth::basic(user, password))
            }
            None => {
                let token = secret(
                    "digital_access.token",
                    self.token_file.as_deref(),
                    self.token_env.as_deref(),
                )?;
                Ok(smartid::DaAuth::bearer(token))
            }
        }
    }
}

/// Reads a secret from the one place that is given. `setting` is its name in the file or, with `--` in front, on the command line.
pub(crate) fn secret(
    setting: &str,
    file: Option<&Path>,
    variable: Option<&str>,
) -> Result<SecretString, ConfigError> {
    let wrong = |problem: String| ConfigError::new(setting.to_owned(), problem);
    let text = match (file, variable) {
        (Some(file), None) => std::fs::read_to_string(file)
            .map_err(|error| wrong(format!("cannot read {}: {error}", file.display())))?,
        (None, Some(name)) => {
            std::env::var(name).map_err(|_| wrong(format!("the environment variable {name} is not set")))?
        }
        (None, None) => {
            let joint = if setting.starts_with("--") { '-' } else { '_' };
            return Err(wrong(format!(
                "is missing: set {setting}{joint}file or {setting}{joint}env"
            )));
        }
        (Some(_), Some(_)) => {
            return Err(wrong(
                "is given both as a file and as an environment variable".to_owned(),
            ));
        }
    };
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(wrong("is empty".to_owned()));
    }
    Ok(SecretString::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
        [messaging]
        url = "https://h/command"
        token_env = "SMARTID_TEST_NOT_SET"
        [digital_access]
        url = "https://d/rest"
        user = "idm"
        token_env = "X"
        [tls]
        roots = ["ca.pem"]
    "#;

    #[test]
    fn mistakes_are_named() {
        let config: Config = toml::from_str(WHOLE).unwrap();
        assert_eq!(
            config
                .messaging
                .as_ref()
                .unwrap()
                .token()
                .unwrap_err()
                .to_string(),
            "setting messaging.token: the environment variable SMARTID_TEST_NOT_SET is not set"
        );
        assert!(
            config
                .digital_access
                .as_ref()
                .unwrap()
                .auth()
                .unwrap_err()
                .to_string()
                .contains("both a user and a token")
        );
        assert!(
            toml::from_str::<Config>(&WHOLE.replace("roots", "root"))
                .unwrap_err()
                .to_string()
                .contains("root")
        );
        let file = std::env::temp_dir().join(format!("smartid-config-{}.toml", std::process::id()));
        std::fs::write(&file, WHOLE.replace("token_env = \"X\"", "token = \"canary\"")).unwrap();
        let quoted = Config::read(&file).unwrap_err().to_string();
        std::fs::remove_file(&file).unwrap();
        assert!(
            quoted.contains("line 8") && quoted.contains("unknown field") && !quoted.contains("canary"),
            "{quoted}"
        );
        let missing = Config::read(Path::new("/does/not/exist.toml")).unwrap_err();
        assert!(
            missing
                .to_string()
                .starts_with("setting --config: cannot read /does/not/exist.toml")
        );
    }

    #[test]
    fn the_table_of_certificate_manager_stands_alone_and_takes_one_root_or_several() {
        let text = r#"
            [certificate_manager]
            url = "https://pgwy.example.com:8444/pgwy/api"
            root = "root.pem"
            [certificate_manager.officer]
            module = "/usr/lib/softhsm/libsofthsm2.so"
            token = "Officer One"
            pin_env = "SMARTID_OFFICER_PIN"
            [certificate_manager.signer]
            p12 = "signer.p12"
            password_env = "SMARTID_OFFICER_PASSWORD"
        "#;
        let config: Config = toml::from_str(text).unwrap();
        assert!(config.messaging.is_none());
        let cm = config.certificate_manager.unwrap();
        assert_eq!(cm.root, [PathBuf::from("root.pem")]);
        assert!(cm.officer.unwrap().is_given() && cm.signer.unwrap().is_given());
        let several = text.replace("\"root.pem\"", "[\"a.pem\", \"b.pem\"]");
        let config: Config = toml::from_str(&several).unwrap();
        assert_eq!(config.certificate_manager.unwrap().root.len(), 2);
        for (right, wrong) in [
            ("root =", "roots ="),
            ("token =", "label ="),
            ("p12 =", "password ="),
        ] {
            assert!(
                toml::from_str::<Config>(&text.replace(right, wrong)).is_err(),
                "{wrong}"
            );
        }
    }
}

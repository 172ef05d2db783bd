//! An officer's key, wherever it is: in a PKCS #12 container, in PEM files, on a PKCS #11 token.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use smartid::trust::pkcs11::{KeySelector, Pin, Pkcs11Module, TokenSelector};
use smartid::trust::{MemorySigner, OfficerSigner, Refusal};
use smartid::{ConfigError, SecretString};

use crate::config::{one_or_several, secret};

/// Where an officer's key is, and how it is opened: a table of the configuration file, or options of the command line.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OfficerKey {
    /// A PKCS #12 container.
    pub p12: Option<PathBuf>,
    /// PEM files with the certificate chain and the private key, in one file or several.
    #[serde(default, deserialize_with = "one_or_several")]
    pub pem: Vec<PathBuf>,
    /// A PKCS #11 module.
    pub module: Option<PathBuf>,
    /// The label of the token.
    pub token: Option<String>,
    /// The label of the key on the token.
    pub key: Option<String>,
    /// The file with the password of the container or of the key.
    pub password_file: Option<PathBuf>,
    /// The environment variable with that password.
    pub password_env: Option<String>,
    /// The file with the PIN of the token.
    pub pin_file: Option<PathBuf>,
    /// The environment variable with the PIN of the token.
    pub pin_env: Option<String>,
}

/// How the settings are called where they were given.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Names {
    /// The officer as a whole.
    pub whole: &'static str,
    /// The password of a container or a key.
    pub password: &'static str,
    /// The PIN of a token.
    pub pin: &'static str,
}

impl OfficerKey {
    /// Whether anything says where a key is.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.p12.is_some() || !self.pem.is_empty() || self.module.is_some()
    }

    /// Opens it. Deriving the key of a container, and logging in to a card, block for up to a second: programs do it when they start, or
    /// through `Runtime::run_blocking`.
    ///
    /// # Errors
    /// [`ConfigError`] that names the setting: nothing or two things given, a file that cannot be read, a wrong password or PIN, a key
    /// without its certificate.
    pub fn open(&self, names: &Names) -> Result<Arc<dyn OfficerSigner>, ConfigError> {
        let wrong = |problem: String| ConfigError::new(names.whole, problem);
        match (&self.p12, self.pem.as_slice(), &self.module) {
            (Some(file), [], None) => {
                let password = secret(
                    names.password,
                    self.password_file.as_deref(),
                    self.password_env.as_deref(),
                )?;
                MemorySigner::from_pkcs12(&bytes(names, file)?, &password)
                    .map(|signer| Arc::new(signer) as Arc<dyn OfficerSigner>)
                    .map_err(|refusal| wrong(format!("{}: {refusal}", file.display())))
            }
            (None, [_, ..], None) => self.open_pem(names),
            (None, [], Some(module)) => self.open_token(names, module),
            (None, [], None) => Err(wrong(
                "is missing: a PKCS #12 container, PEM, or a PKCS #11 module".to_owned(),
            )),
            _ => Err(wrong(
                "is given more than once: it is a PKCS #12 container, PEM, or a PKCS #11 module".to_owned(),
            )),
        }
    }

    fn open_pem(&self, names: &Names) -> Result<Arc<dyn OfficerSigner>, ConfigError> {
        let wrong = |problem: String| ConfigError::new(names.whole, problem);
        let mut texts = Vec::new();
        for file in &self.pem {
            let text = String::from_utf8(bytes(names, file)?)
                .map_err(|_| wrong(format!("{} is no PEM text", file.display())))?;
            texts.push(text);
        }
        let password: Option<SecretString> = match (&self.password_file, &self.password_env) {
            (None, None) => None,
            (file, variable) => Some(secret(names.password, file.as_deref(), variable.as_deref())?),
        };
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        MemorySigner::from_pem(&texts, password.as_ref())
            .map(|signer| Arc::new(signer) as Arc<dyn OfficerSigner>)
            .map_err(|refusal| wrong(refusal.to_string()))
    }

    fn open_token(&self, names: &Names, module: &Path) -> Result<Arc<dyn OfficerSigner>, ConfigError> {
        let wrong = |refusal: Refusal| ConfigError::new(names.whole, refusal.to_string());
        let pin = match (&self.pin_file, &self.pin_env) {
            (None, None) => Pin::protected_path(),
            (file, variable) => Pin::known(secret(names.pin, file.as_deref(), variable.as_deref())?),
        };
        let mut token = TokenSelector::any();
        if let Some(label) = &self.token {
            token = token.with_label(label);
        }
        let mut key = KeySelector::any();
        if let Some(label) = &self.key {
            key = key.with_label(label);
        }
        let module = Pkcs11Module::load(module).map_err(wrong)?;
        let signer = module.signer(token, key, pin).map_err(wrong)?;
        Ok(Arc::new(signer))
    }
}

fn bytes(names: &Names, file: &Path) -> Result<Vec<u8>, ConfigError> {
    std::fs::read(file)
        .map_err(|error| ConfigError::new(names.whole, format!("cannot read {}: {error}", file.display())))
}

//! An officer's key, wherever it is: in a PKCS #12 container, in PEM files, on a PKCS #11 token.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use smartid::trust::pkcs11::{KeySelector, Pin, Pkcs11Module, TokenSelector};
use smartid::trust::{MemorySigner, OfficerSigner, Refusal};
use smartid::{ConfigError, SecretString};

use crate::config::{one_or_several, secret};

/// The officer whose certificate the connection shows, and who signs where no other is named.
#[derive(Clone, Debug, clap::Args)]
#[non_exhaustive]
pub struct Officer {
    /// The officer: a PKCS #12 container
    #[arg(long = "officer", value_name = "FILE")]
    p12: Option<PathBuf>,

    /// The officer: certificate chain and private key (PEM), in one file or several
    #[arg(long = "officer-pem", value_name = "FILE", conflicts_with = "p12")]
    pem: Vec<PathBuf>,

    /// The environment variable with the password of the container or of the private key
    #[arg(long = "officer-password-env", value_name = "NAME")]
    password_env: Option<String>,

    /// The file with that password
    #[arg(
        long = "officer-password-file",
        value_name = "FILE",
        conflicts_with = "password_env"
    )]
    password_file: Option<PathBuf>,

    /// The officer: a PKCS #11 module, such as /usr/lib/softhsm/libsofthsm2.so
    #[arg(long, value_name = "FILE", conflicts_with_all = ["p12", "pem"])]
    module: Option<PathBuf>,

    /// The label of the token; left out, the only one
    #[arg(long, value_name = "LABEL", requires = "module")]
    token: Option<String>,

    /// The label of the key on the token; left out, the only one
    #[arg(long, value_name = "LABEL", requires = "module")]
    key: Option<String>,

    /// The environment variable with the PIN of the token; without a PIN, the reader's pad is used
    #[arg(long, value_name = "NAME", requires = "module")]
    pin_env: Option<String>,

    /// The file with that PIN
    #[arg(long, value_name = "FILE", requires = "module", conflicts_with = "pin_env")]
    pin_file: Option<PathBuf>,
}

/// Another officer who signs.
#[derive(Clone, Debug, clap::Args)]
#[non_exhaustive]
pub struct Signer {
    /// Another officer signs: a PKCS #12 container
    #[arg(long = "signer", value_name = "FILE")]
    signer_p12: Option<PathBuf>,

    /// Another officer signs: certificate chain and private key (PEM), in one file or several
    #[arg(long = "signer-pem", value_name = "FILE", conflicts_with = "signer_p12")]
    signer_pem: Vec<PathBuf>,

    /// The environment variable with the signer's password
    #[arg(long, value_name = "NAME")]
    signer_password_env: Option<String>,

    /// The file with that password
    #[arg(long, value_name = "FILE", conflicts_with = "signer_password_env")]
    signer_password_file: Option<PathBuf>,
}

impl Officer {
    /// Where the key is, as far as the options say.
    #[must_use]
    pub fn key(&self) -> OfficerKey {
        OfficerKey {
            p12: self.p12.clone(),
            pem: self.pem.clone(),
            module: self.module.clone(),
            token: self.token.clone(),
            key: self.key.clone(),
            password_file: self.password_file.clone(),
            password_env: self.password_env.clone(),
            pin_file: self.pin_file.clone(),
            pin_env: self.pin_env.clone(),
        }
    }
}

impl Signer {
    /// Where the key is, as far as the options say.
    #[must_use]
    pub fn key(&self) -> OfficerKey {
        OfficerKey {
            p12: self.signer_p12.clone(),
            pem: self.signer_pem.clone(),
            password_file: self.signer_password_file.clone(),
            password_env: self.signer_password_env.clone(),
            ..OfficerKey::default()
        }
    }
}

/// As an option of the command line, or as a table of the configuration file.
pub(crate) const OFFICER_OPTION: Names = Names {
    whole: "--officer",
    password: "--officer-password",
    pin: "--pin",
};
/// As an option of the command line, or as a table of the configuration file.
pub(crate) const SIGNER_OPTION: Names = Names {
    whole: "--signer",
    password: "--signer-password",
    pin: "--signer-pin",
};
/// As an option of the command line, or as a table of the configuration file.
pub(crate) const OFFICER_TABLE: Names = Names {
    whole: "certificate_manager.officer",
    password: "certificate_manager.officer.password",
    pin: "certificate_manager.officer.pin",
};
/// As an option of the command line, or as a table of the configuration file.
pub(crate) const SIGNER_TABLE: Names = Names {
    whole: "certificate_manager.signer",
    password: "certificate_manager.signer.password",
    pin: "certificate_manager.signer.pin",
};

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

#[cfg(test)]
mod tests {
    use super::*;

    fn golden(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../crates/smartid-cm/tests/golden/pki")
            .join(name)
    }

    #[track_caller]
    fn refused(key: &OfficerKey) -> String {
        key.open(&OFFICER_TABLE).unwrap_err().to_string()
    }

    #[test]
    fn a_key_is_opened_from_pem_and_mistakes_are_named() {
        let key = OfficerKey {
            pem: vec![golden("officer-rsa.pem"), golden("officer-rsa.test.key")],
            ..OfficerKey::default()
        };
        let signer = key.open(&OFFICER_TABLE).unwrap();
        assert!(
            signer.chain()[0]
                .subject()
                .to_string()
                .contains("Golden Officer One")
        );

        assert!(refused(&OfficerKey::default()).contains("certificate_manager.officer: is missing"));
        let twice = OfficerKey {
            p12: Some(PathBuf::from("officer.p12")),
            ..key
        };
        assert!(refused(&twice).contains("given more than once"));
        let alone = OfficerKey {
            pem: vec![golden("officer-rsa.pem")],
            ..OfficerKey::default()
        };
        assert!(refused(&alone).contains("no private key"));
        let other = OfficerKey {
            pem: vec![golden("officer-p256.pem"), golden("officer-rsa.test.key")],
            ..OfficerKey::default()
        };
        assert!(refused(&other).contains("no certificate belongs"));
        let missing = OfficerKey {
            pem: vec![golden("nowhere.pem")],
            ..OfficerKey::default()
        };
        assert!(refused(&missing).contains("cannot read"));
        let module = OfficerKey {
            module: Some(PathBuf::from("/does/not/exist.so")),
            ..OfficerKey::default()
        };
        assert!(refused(&module).contains("module cannot be used"));
    }

    #[test]
    fn a_container_needs_its_password_and_a_wrong_one_is_not_shown() {
        let fixture = "../crates/smartid-trust/tests/fixtures/pkcs12/openssl-rsa.p12";
        let mut key = OfficerKey {
            p12: Some(Path::new(env!("CARGO_MANIFEST_DIR")).join(fixture)),
            ..OfficerKey::default()
        };
        assert!(refused(&key).contains("set certificate_manager.officer.password_file or"));
        let names = &OFFICER_OPTION;
        let said = key.open(names).unwrap_err().to_string();
        assert!(
            said.contains("--officer-password-file or --officer-password-env"),
            "{said}"
        );
        let file = std::env::temp_dir().join(format!("smartid-officer-{}.txt", std::process::id()));
        std::fs::write(&file, "canary-77\n").unwrap();
        key.password_file = Some(file.clone());
        let said = refused(&key);
        std::fs::remove_file(&file).unwrap();
        assert!(
            said.contains("the password does not open it") && !said.contains("canary"),
            "{said}"
        );
    }
}

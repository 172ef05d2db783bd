//! Soft tokens of the simulated Certificate Manager: asked for, opened, and looked at closely.

use smartid::cm::Attribute;
use smartid::cm::operations::experimental::RequestSoftToken;
use smartid::cm::soft_token::IssuedSoftToken;
use smartid::trust::pkcs12::{OpenError, OpenedToken, Pkcs12Policy, TokenKey};
use smartid::trust::{OfficerSigner, PublicKey, Reason, SoftToken};
use smartid::{Error, SecretString};

use super::CmWorld;

/// The password of most tokens.
pub const TOKEN_PASSWORD: &str = "correct-Horse 7&b%2B";

/// A request over the REST API for somebody of this name.
#[must_use]
pub fn ask(common_name: &str) -> RequestSoftToken {
    RequestSoftToken::new(TOKEN_PASSWORD)
        .attribute(Attribute::COMMON_NAME, common_name)
        .attribute(Attribute::COUNTRY_NAME, "SE")
}

/// Whether a key signs what its public half verifies.
fn signs_for(key: &TokenKey, public: &PublicKey) -> bool {
    let signer = key.signer().unwrap();
    let algorithm = signer.algorithms()[0];
    let signature = signer.sign(algorithm, b"what was said").unwrap();
    let verify = |content: &[u8]| public.verify(algorithm, content, &signature);
    assert!(verify(b"something else").is_err());
    verify(b"what was said").is_ok()
}

impl CmWorld {
    /// Issues a soft token over the REST API.
    ///
    /// # Errors
    /// Those of the client.
    pub async fn token(&self, request: &RequestSoftToken) -> Result<IssuedSoftToken, Error> {
        self.cm.write(request).await
    }

    /// Opens a token on the threads for blocking work.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open_with(
        &self,
        token: &SoftToken,
        password: &str,
        policy: &Pkcs12Policy,
    ) -> Result<OpenedToken, OpenError> {
        let password = SecretString::new(password);
        token.open_on(&**self.cm.runtime(), &password, policy).await
    }

    /// As [`open_with`](Self::open_with), with the policy by default.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(&self, token: &SoftToken, password: &str) -> Result<OpenedToken, OpenError> {
        self.open_with(token, password, &Pkcs12Policy::default()).await
    }

    /// A token that opens, every key of it looked at: the leaf is the key's, has this subject, and leads to the root of the simulator.
    ///
    /// # Panics
    /// When it does not.
    pub async fn good_token(&self, token: &SoftToken, password: &str, subject: &str) -> OpenedToken {
        let opened = self.open(token, password).await;
        let opened = opened.unwrap_or_else(|error| panic!("{subject}: {error}; {error:?}"));
        self.check_token(&opened, subject);
        opened
    }

    /// As [`good_token`](Self::good_token), for one that is open.
    ///
    /// # Panics
    /// As there.
    pub fn check_token(&self, opened: &OpenedToken, subject: &str) {
        assert!(!opened.keys().is_empty(), "{subject}");
        assert!(opened.passed_over().is_empty(), "{subject}: {opened:?}");
        for key in opened.keys() {
            let leaf = key
                .certificate()
                .unwrap_or_else(|| panic!("{subject}: no certificate"));
            assert_eq!(leaf.subject().to_string(), subject);
            let public = leaf.public_key().unwrap();
            assert_eq!(key.key().unwrap().public_key(), &public, "{subject}");
            assert!(signs_for(key, &public), "{subject}");
            assert_eq!(key.chain().first(), Some(leaf), "{subject}");
            for pair in key.chain().windows(2) {
                let issuer = pair[1].public_key().unwrap();
                assert!(
                    pair[0].is_signed_by(&issuer).is_ok(),
                    "{subject}: the chain is in order"
                );
            }
            self.verify(leaf, &key.chain()[1..])
                .unwrap_or_else(|refusal| panic!("{subject}: {refusal}"));
        }
    }
}

/// Why a token was not opened.
///
/// # Panics
/// When it was, or the work was lost.
#[must_use]
pub fn why(opened: Result<OpenedToken, OpenError>) -> Reason {
    match opened {
        Err(OpenError::Refused(refusal)) => refusal.reason(),
        other => panic!("no refusal: {other:?}"),
    }
}

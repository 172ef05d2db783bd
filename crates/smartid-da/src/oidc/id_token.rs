//! Verifies an ID token.
//!
//! An ID token is taken apart by its own header, which has deceived many readers. So it passes two verifiers that have nothing in
//! common: that of this crate decides form, header, key and signature, and what each claim's type is; then the OpenID Connect crate
//! decides issuer, audience, expiry and nonce, with the one key that made the signature; and last come the rules that it leaves to its
//! callers.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use openidconnect::core::CoreIdToken;
use openidconnect::{ClaimsVerificationError, ClientId, IdTokenVerifier, IssuerUrl, JsonWebKeySet, Nonce};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use smartid_core::base64::{self, Flavour};
use smartid_core::{SecretString, Timestamp};
use smartid_trust::jws::{Jws, JwsAlgorithm, JwsHeader, JwsPolicy};
use smartid_trust::{PublicKey, Reason, Refusal};

use super::claims::Claims;
use super::issuer::Issuer;
use super::keys::KeySet;
use super::reason::{OidcPlace, OidcReason};
use super::refusal::OidcRefusal;
use super::trust_key::{StandIn, TrustKey, core};
use super::user::IdToken;

/// The longest ID token in bytes.
const LONGEST: usize = 128 * 1024;
/// The longest header, in letters of base64url.
const LONGEST_HEADER: usize = 8 * 1024;

/// The algorithms that are taken unless the caller says otherwise.
pub(super) const ALGORITHMS: [JwsAlgorithm; 3] =
    [JwsAlgorithm::Rs256, JwsAlgorithm::Es256, JwsAlgorithm::Ps256];

/// How far the clocks of two machines may differ.
pub(super) const LEEWAY: Duration = Duration::from_secs(60);

/// What an ID token is checked against. A whole login does this by itself; here it is for programs that get their tokens otherwise.
///
/// ```
/// use smartid_core::{SecretString, Timestamp};
/// use smartid_da::oidc::{IdTokenCheck, Issuer, KeySet, OidcReason};
///
/// let issuer = Issuer::parse("https://login.example.test")?;
/// let check = IdTokenCheck::new(issuer, "portal", SecretString::new("n-0S6_WzA2Mj"));
/// let keys = KeySet::parse(br#"{"keys": []}"#)?;
/// let refused = check.verify("eyJhbGciOiJub25lIn0.e30.", &keys, Timestamp::from_millis(1_772_359_200_000));
/// assert_eq!(refused.unwrap_err().reason(), OidcReason::Algorithm);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct IdTokenCheck {
    issuer: Issuer,
    client_id: String,
    nonce: SecretString,
    leeway: Duration,
    max_age: Option<Duration>,
    acr_required: Vec<String>,
    algorithms: Vec<JwsAlgorithm>,
    access_token: Option<SecretString>,
    code: Option<SecretString>,
}

impl IdTokenCheck {
    /// The token is of this issuer, for this client, and of the login with this nonce.
    #[must_use]
    pub fn new(issuer: Issuer, client_id: impl Into<String>, nonce: SecretString) -> Self {
        Self {
            issuer,
            client_id: client_id.into(),
            nonce,
            leeway: LEEWAY,
            max_age: None,
            acr_required: Vec::new(),
            algorithms: ALGORITHMS.to_vec(),
            access_token: None,
            code: None,
        }
    }

    /// How far the clocks may differ; a minute by default.
    #[must_use]
    pub fn with_leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// The user's login must not be older than this, and the token must say when it was.
    #[must_use]
    pub fn with_max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// `acr` must be one of these.
    #[must_use]
    pub fn requiring_acr<S: Into<String>>(mut self, values: impl IntoIterator<Item = S>) -> Self {
        self.acr_required = values.into_iter().map(Into::into).collect();
        self
    }

    /// The algorithms that are taken: RS256, ES256 and PS256 by default. Neither `none` nor a shared secret can be among them.
    #[must_use]
    pub fn allowing(mut self, algorithms: impl IntoIterator<Item = JwsAlgorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// The access token that came with it: `at_hash`, if there is one, must be its.
    #[must_use]
    pub fn with_access_token(mut self, access_token: SecretString) -> Self {
        self.access_token = Some(access_token);
        self
    }

    /// The code that it came for: `c_hash`, if there is one, must be its.
    #[must_use]
    pub fn with_code(mut self, code: SecretString) -> Self {
        self.code = Some(code);
        self
    }

    /// Verifies a token.
    ///
    /// # Errors
    /// [`OidcRefusal`] of [`OidcPlace::IdToken`].
    pub fn verify(&self, token: &str, keys: &KeySet, now: Timestamp) -> Result<IdToken, OidcRefusal> {
        self.checked(token, keys, now)
            .map_err(|reason| OidcRefusal::new(OidcPlace::IdToken, reason))
    }

    fn checked(&self, token: &str, keys: &KeySet, now: Timestamp) -> Result<IdToken, OidcReason> {
        let (claims, signer) = self.signed_claims(token, keys, now)?;
        let read = Claims::read(&claims)?;
        // As texts, because a parser of addresses stands between the crate's issuer and the token's.
        if read.iss != self.issuer.as_str() {
            return Err(OidcReason::Iss);
        }
        if read.azp.as_ref().is_some_and(|azp| *azp != self.client_id) {
            return Err(OidcReason::Azp);
        }
        let stand_in = StandIn::of(token, &claims).ok_or(OidcReason::Shape)?;
        self.check_by_crate(stand_in, &read, signer.clone(), now)?;
        self.check_the_rest(&read, signer.algorithm, now)?;
        Ok(IdToken {
            issuer: self.issuer.clone(),
            subject: read.sub,
            acr: read.acr,
            amr: read.amr,
            auth_time: read.auth_time,
            issued: read.iat,
            expires: read.exp,
            claims,
        })
    }

    /// Form, header, key and signature.
    fn signed_claims(
        &self,
        token: &str,
        keys: &KeySet,
        now: Timestamp,
    ) -> Result<(Map<String, Value>, Signer), OidcReason> {
        let header_len = token.split('.').next().unwrap_or_default().len();
        if token.len() > LONGEST || !(1..=LONGEST_HEADER).contains(&header_len) {
            return Err(OidcReason::Shape);
        }
        let jws = Jws::parse(token).map_err(|refusal| reason_of(&refusal))?;
        let policy = JwsPolicy::keys(keys.set())
            .allowing(self.algorithms.iter().copied())
            .ignoring_key_sources();
        let verified = jws.verify(&policy, now).map_err(|refusal| {
            let header = jws.danger_unverified().header().ok();
            match refusal.reason() {
                Reason::AlgorithmDoesNotFitKey => bound_or_unfit(header, keys),
                _ => reason_of(&refusal),
            }
        })?;
        let signer = Signer {
            key: verified.proof().key.clone(),
            algorithm: verified.fact().header.algorithm(),
            id: verified.fact().header.key_id().map(str::to_owned),
        };
        check_header(&verified.fact().header)?;
        let claims = verified.fact().json().map_err(|_| OidcReason::Payload)?;
        Ok((claims, signer))
    }

    /// Issuer, audience, expiry, nonce, and the signature once more, by the OpenID Connect crate. Its clock is `now`.
    fn check_by_crate(
        &self,
        stand_in: StandIn,
        claims: &Claims,
        signer: Signer,
        now: Timestamp,
    ) -> Result<(), OidcReason> {
        let issuer = IssuerUrl::new(self.issuer.as_str().to_owned()).map_err(|_| OidcReason::Iss)?;
        let algorithm = core(signer.algorithm);
        let token: CoreIdToken = stand_in.token().parse().map_err(|_| OidcReason::Payload)?;
        let key = TrustKey::new(signer.id.as_deref(), signer.key, signer.algorithm).knowing(stand_in);
        let client = ClientId::new(self.client_id.clone());
        let earliest = date(now, self.leeway)?;
        let for_us = claims.azp.as_ref() == Some(&self.client_id);
        let verifier = IdTokenVerifier::new_public_client(client, issuer, JsonWebKeySet::new(vec![key]))
            .set_allowed_algs([algorithm])
            .set_time_fn(move || earliest)
            // Another audience beside us is taken when the token says that it was issued to us.
            .set_other_audience_verifier_fn(move |_| for_us);
        let nonce = Nonce::new(self.nonce.expose().to_owned());
        match token.claims(&verifier, &nonce) {
            Ok(_) => Ok(()),
            Err(error) => Err(match error {
                ClaimsVerificationError::Expired(_) => OidcReason::Exp,
                ClaimsVerificationError::InvalidAudience(_) => OidcReason::Aud,
                ClaimsVerificationError::InvalidIssuer(_) => OidcReason::Iss,
                ClaimsVerificationError::InvalidNonce(_) => OidcReason::Nonce,
                ClaimsVerificationError::SignatureVerification(_) => OidcReason::Signature,
                _ => OidcReason::Header,
            }),
        }
    }

    /// What the crate leaves to its callers.
    fn check_the_rest(
        &self,
        claims: &Claims,
        algorithm: JwsAlgorithm,
        now: Timestamp,
    ) -> Result<(), OidcReason> {
        if !self.nonce.constant_time_eq(claims.nonce.as_bytes()) || claims.nonce.is_empty() {
            return Err(OidcReason::Nonce);
        }
        let latest = now + self.leeway;
        if claims.iat > latest {
            return Err(OidcReason::Iat);
        }
        if claims.nbf.is_some_and(|nbf| nbf > latest) {
            return Err(OidcReason::Nbf);
        }
        if let Some(max_age) = self.max_age {
            let at = claims.auth_time.ok_or(OidcReason::AuthTime)?;
            if at > latest || now.since(at) > max_age.saturating_add(self.leeway) {
                return Err(OidcReason::AuthTime);
            }
        }
        let acr = claims.acr.as_ref();
        if !self.acr_required.is_empty() && !acr.is_some_and(|acr| self.acr_required.contains(acr)) {
            return Err(OidcReason::Acr);
        }
        let belongs = |hash: &Option<String>, of: &Option<SecretString>| match (hash, of) {
            (Some(hash), Some(secret)) => *hash == left_half(algorithm, secret),
            _ => true,
        };
        if !belongs(&claims.at_hash, &self.access_token) {
            return Err(OidcReason::AtHash);
        }
        if !belongs(&claims.c_hash, &self.code) {
            return Err(OidcReason::CHash);
        }
        Ok(())
    }
}

/// Who made the signature.
#[derive(Clone)]
struct Signer {
    key: PublicKey,
    algorithm: JwsAlgorithm,
    id: Option<String>,
}

/// `now` less the leeway, in the crate's time.
fn date(now: Timestamp, leeway: Duration) -> Result<DateTime<Utc>, OidcReason> {
    let leeway = u64::try_from(leeway.as_millis()).unwrap_or(u64::MAX);
    let millis = now.as_millis().saturating_sub(leeway);
    i64::try_from(millis)
        .ok()
        .and_then(DateTime::from_timestamp_millis)
        .ok_or(OidcReason::Exp)
}

/// `typ` is `JWT` or missing: an access token or a logout token of the same provider has another. There is no token within it.
fn check_header(header: &JwsHeader) -> Result<(), OidcReason> {
    if header
        .message_type()
        .is_some_and(|kind| !kind.eq_ignore_ascii_case("JWT"))
    {
        return Err(OidcReason::Header);
    }
    if header.content_type().is_some() {
        return Err(OidcReason::Payload);
    }
    Ok(())
}

/// Whether a key of that name could have made such a signature, if its publisher had not bound it to another algorithm.
fn bound_or_unfit(header: Option<&JwsHeader>, keys: &KeySet) -> OidcReason {
    let Some(header) = header else {
        return OidcReason::Header;
    };
    let bound = keys
        .keys
        .iter()
        .filter(|key| header.key_id().is_none() || key.id() == header.key_id())
        .filter_map(|key| key.key().ok())
        .any(|key| header.algorithm().fits(key).is_ok());
    if bound {
        OidcReason::Algorithm
    } else {
        OidcReason::Key
    }
}

fn reason_of(refusal: &Refusal) -> OidcReason {
    match refusal.reason() {
        Reason::JwsParts | Reason::JwsWhiteSpace | Reason::NotBase64Url | Reason::TooLarge => {
            OidcReason::Shape
        }
        Reason::JwsNotSigned
        | Reason::JwsSymmetric
        | Reason::JwsAlgorithmMissing
        | Reason::AlgorithmUnknown
        | Reason::AlgorithmNotAllowed => OidcReason::Algorithm,
        Reason::BadSignature | Reason::JwsSignatureLength => OidcReason::Signature,
        Reason::JwsNoKey
        | Reason::JwsKeyUnknown
        | Reason::JwsKeyAmbiguous
        | Reason::JwsKeySource
        | Reason::KeyTooSmall
        | Reason::KeyInvalid
        | Reason::KeyUnsupported => OidcReason::Key,
        _ => OidcReason::Header,
    }
}

/// OpenID Connect Core 1.0, 3.1.3.6: the left half of the digest that the signature algorithm uses; SHA-512 for Ed25519.
fn left_half(algorithm: JwsAlgorithm, secret: &SecretString) -> String {
    use JwsAlgorithm as A;
    let text = secret.expose().as_bytes();
    let digest = match algorithm {
        A::Rs256 | A::Ps256 | A::Es256 => Sha256::digest(text).to_vec(),
        A::Rs384 | A::Ps384 | A::Es384 => Sha384::digest(text).to_vec(),
        _ => Sha512::digest(text).to_vec(),
    };
    let half = digest.get(..digest.len() / 2).unwrap_or_default();
    base64::encode(Flavour::Url, half)
}

impl fmt::Debug for IdTokenCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            issuer,
            client_id,
            nonce: _blind,
            leeway,
            max_age,
            acr_required,
            algorithms,
            access_token: _blind_token,
            code: _blind_code,
        } = self;
        f.debug_struct("IdTokenCheck")
            .field("issuer", issuer)
            .field("client_id", client_id)
            .field("leeway", leeway)
            .field("max_age", max_age)
            .field("acr_required", acr_required)
            .field("algorithms", algorithms)
            .finish_non_exhaustive()
    }
}

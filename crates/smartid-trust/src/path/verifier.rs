//! The chain verifier that this crate brings: rustls-webpki, and what it leaves to others.

use std::cell::RefCell;
use std::fmt;
use std::time::Duration;

use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use smartid_core::Timestamp;
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter, VerifiedPath};

use super::candidates::{self, MAX_GIVEN};
use super::crl::RevocationList;
use super::explain::explain;
use super::revocation::{Lookup, Revocation};
use super::{ChainRequest, ChainVerifier, Span, ValidatedChain, algorithms, ca};
use crate::{AlgorithmSet, Certificate, Reason, Refusal};

/// Largest certificate that webpki reads, in bytes.
const MAX_LEN: usize = 0xffff;

/// Most roots, and most intermediates, that an installation may configure.
const MAX_KNOWN: usize = 256;

/// Validates chains with rustls-webpki, to roots that are named and to no others.
///
/// # What is checked
///
/// Signatures of the whole chain with algorithms of the list; the validity of every certificate, the root's too; that issuers are CAs
/// (basic constraints, path length, keyCertSign when there is a key usage); name constraints; the purpose, for which the extended key
/// usage of CAs must leave room too when they have one; critical extensions; that the chain has a valid policy where a CA demands one;
/// revocation by the lists that were given.
///
/// # What is refused although RFC 5280 allows it
///
/// It refuses where it knows less. An installation whose CA needs one of these plugs in another [`ChainVerifier`]:
///
/// * critical certificate policies, policy constraints, policy mappings and qcStatements: policies are readable, not processed;
/// * name constraints on directory names, e-mail addresses, URIs and other names, even if they are met: constraints on DNS names and IP
///   addresses are processed. A constraint on directory names refuses every chain below it;
/// * names of issuer and subject that are the same only after case, spaces or the string type are made equal (RFC 5280 7.1): they are
///   compared as octets;
/// * more than six intermediates, and self-issued ones count for the path length;
/// * intermediates and end entities of versions 1 and 2, with unique identifiers, above 64 KiB, or valid since before 1970;
/// * more than 128 certificates beside the one in question; more than 32 of them that by their names, or 16 that by their signatures too,
///   may be part of its chain;
/// * a CA's certificate as the one in question, and so a self-signed certificate that is its own root: name its key instead;
/// * DSA, SHA-1, RSA below 2048 bits and curves other than P-256, P-384 and P-521;
/// * revocation lists of another issuer than the certificate's (indirect), deltas, and lists by reasons: a list that covers some
///   reasons only can revoke a certificate, never clear it.
///
/// Of the 224 tests of NIST's Public Key Interoperability Test Suite (PKITS), this verifier refuses all 121 invalid chains and accepts 41
/// of the 103 valid ones; each of the other 62 is refused for a reason of this list. `tests/pkits/cases.txt` says which.
///
/// # Roots
///
/// A root is what the operator configured: its own signature is not checked, and it may be of version 1. In RFC 5280 its validity and
/// its constraints are no part of the validation; here an expired root refuses the chain unless
/// [`root_may_be_expired`](VerifierBuilder::root_may_be_expired) was said, and its path length and name constraints hold.
///
/// ```
/// # let root_pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/root.pem"));
/// use smartid_trust::Certificate;
/// use smartid_trust::path::{Revocation, WebpkiVerifier};
///
/// let verifier = WebpkiVerifier::builder()
///     .roots(Certificate::list_from_pem(root_pem)?)
///     .revocation(Revocation::IfGiven)
///     .build()?;
/// # Ok::<(), smartid_trust::Refusal>(())
/// ```
pub struct WebpkiVerifier {
    roots: Vec<Certificate>,
    /// As webpki takes them, in the same order.
    anchors: Vec<TrustAnchor<'static>>,
    intermediates: Vec<Certificate>,
    lists: Vec<RevocationList>,
    algorithms: AlgorithmSet,
    written: Vec<&'static dyn SignatureVerificationAlgorithm>,
    revocation: Revocation,
    root_may_be_expired: bool,
}

/// Puts a [`WebpkiVerifier`] together.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct VerifierBuilder {
    roots: Vec<Certificate>,
    intermediates: Vec<Certificate>,
    lists: Vec<RevocationList>,
    algorithms: AlgorithmSet,
    revocation: Revocation,
    root_may_be_expired: bool,
}

impl VerifierBuilder {
    /// Trusts this root too.
    pub fn root(mut self, root: Certificate) -> Self {
        self.roots.push(root);
        self
    }

    /// Trusts these roots too.
    pub fn roots(mut self, roots: impl IntoIterator<Item = Certificate>) -> Self {
        self.roots.extend(roots);
        self
    }

    /// Intermediates that the installation knows, for messages that come without them. They are not trusted for being here.
    pub fn intermediates(mut self, intermediates: impl IntoIterator<Item = Certificate>) -> Self {
        self.intermediates.extend(intermediates);
        self
    }

    /// Revocation lists to look at. A verifier that should know new lists is a new verifier.
    pub fn revocation_lists(mut self, lists: impl IntoIterator<Item = RevocationList>) -> Self {
        self.lists.extend(lists);
        self
    }

    /// What is demanded about revocation; [`Revocation::IfGiven`] if nothing is said.
    pub const fn revocation(mut self, revocation: Revocation) -> Self {
        self.revocation = revocation;
        self
    }

    /// Which algorithms certificates and lists may be signed with; all that are implemented if nothing is said.
    pub const fn algorithms(mut self, algorithms: AlgorithmSet) -> Self {
        self.algorithms = algorithms;
        self
    }

    /// Lets a root be used before and after its own validity, as RFC 5280 6.1.1 d does. The validity of the other certificates is
    /// checked even so.
    pub const fn root_may_be_expired(mut self) -> Self {
        self.root_may_be_expired = true;
        self
    }

    /// The verifier.
    ///
    /// # Errors
    /// [`Reason::NoRoots`] without a root; [`Reason::NotACa`], [`Reason::CaKeyUsage`], [`Reason::CriticalExtension`] and the reasons of
    /// [`Certificate::public_key`] for a certificate that can be no root; [`Reason::TooLarge`] above 256 roots or intermediates.
    pub fn build(self) -> Result<WebpkiVerifier, Refusal> {
        let Self {
            roots,
            intermediates,
            lists,
            algorithms,
            revocation,
            root_may_be_expired,
        } = self;
        if roots.is_empty() {
            return Err(Reason::NoRoots.into());
        }
        if roots.len() > MAX_KNOWN || intermediates.len() > MAX_KNOWN {
            return Err(Refusal::new(Reason::TooLarge, "configured CA certificates"));
        }
        let mut anchors = Vec::with_capacity(roots.len());
        for root in &roots {
            ca::check_root(root)?;
            check_len(root)?;
            let der = CertificateDer::from(root.der().as_ref());
            let anchor = webpki::anchor_from_trusted_cert(&der)
                .map_err(|error| explain(&error, &[root], &[], algorithms, root.not_before()))?;
            anchors.push(anchor.to_owned());
        }
        Ok(WebpkiVerifier {
            roots,
            anchors,
            intermediates,
            lists,
            algorithms,
            written: algorithms::allowed(algorithms),
            revocation,
            root_may_be_expired,
        })
    }
}

impl WebpkiVerifier {
    /// A verifier to be put together: at least one root is needed.
    pub fn builder() -> VerifierBuilder {
        VerifierBuilder::default()
    }

    /// Checks what webpki does not, on a chain that it has found.
    fn accept(
        &self,
        path: &VerifiedPath<'_>,
        candidates: &[&Certificate],
        request: &ChainRequest<'_>,
    ) -> Result<ValidatedChain, Refusal> {
        let unknown = || Refusal::from(Reason::UnknownIssuer);
        let mut chain = vec![request.end_entity];
        for intermediate in path.intermediate_certificates() {
            let der = intermediate.der();
            let found = candidates.iter().find(|it| it.der().as_ref() == der.as_ref());
            chain.push(found.ok_or_else(unknown)?);
        }
        let root = self
            .anchors
            .iter()
            .position(|anchor| std::ptr::eq(anchor, path.anchor()));
        chain.push(root.and_then(|index| self.roots.get(index)).ok_or_else(unknown)?);

        ca::check_chain(&chain, request.purpose, self.root_may_be_expired, request.at)?;
        let mut span = Span::of(if self.root_may_be_expired {
            chain.split_last().map_or(&[], |(_, others)| others)
        } else {
            &chain
        });
        let lookup = Lookup {
            lists: &self.lists,
            policy: self.revocation,
            algorithms: self.algorithms,
            others: candidates,
            at: request.at,
        };
        let found = lookup.chain(&chain, &mut span)?;
        Ok(ValidatedChain::new(chain.into_iter().cloned().collect())
            .with_revocation(found.signer, found.intermediates)
            .good_from(span.from)
            .good_until(span.until))
    }
}

impl ChainVerifier for WebpkiVerifier {
    fn verify_chain(&self, request: &ChainRequest<'_>) -> Result<ValidatedChain, Refusal> {
        let end_entity = request.end_entity;
        check_len(end_entity)?;
        end_entity.public_key()?;
        self.algorithms.check(end_entity.signature_algorithm()?)?;
        request.purpose.check(end_entity)?;
        if request.intermediates.len() > 4 * MAX_GIVEN {
            return Err(Refusal::new(Reason::TooLarge, "certificates beside the signer's"));
        }
        let candidates = candidates::useful(
            end_entity,
            request.intermediates,
            &self.intermediates,
            &self.roots,
        )?;

        let explain = |error: &webpki::Error| {
            let mut all = vec![end_entity];
            // The issuer that is missing is found on all that is there, not only on what leads to a root.
            if matches!(error, webpki::Error::UnknownIssuer) {
                all.extend(request.intermediates.iter().chain(&self.intermediates));
            } else {
                all.extend(&candidates);
            }
            explain(error, &all, &self.roots, self.algorithms, request.at)
        };
        let der = CertificateDer::from(end_entity.der().as_ref());
        let parsed = EndEntityCert::try_from(&der).map_err(|error| explain(&error))?;
        let intermediates: Vec<_> = candidates
            .iter()
            .map(|certificate| CertificateDer::from(certificate.der().as_ref()))
            .collect();
        let time = UnixTime::since_unix_epoch(Duration::from_secs(request.at.as_millis() / 1000));

        let accepted = RefCell::new(None);
        let refused = RefCell::new(None);
        let accept = |path: &VerifiedPath<'_>| match self.accept(path, &candidates, request) {
            Ok(chain) => {
                accepted.replace(Some(chain));
                Ok(())
            }
            Err(refusal) => {
                refused.borrow_mut().get_or_insert(refusal);
                // Not fatal: another chain may do.
                Err(webpki::Error::UnknownIssuer)
            }
        };
        let outcome = parsed.verify_for_usage(
            &self.written,
            &self.anchors,
            &intermediates,
            time,
            AnyPurpose,
            None,
            Some(&accept),
        );
        match outcome {
            Ok(_) => accepted.take().ok_or_else(|| Reason::UnknownIssuer.into()),
            // A chain that reached a root tells more than one that did not.
            Err(error) => Err(refused.take().unwrap_or_else(|| explain(&error))),
        }
    }
}

fn check_len(certificate: &Certificate) -> Result<(), Refusal> {
    if certificate.der().len() > MAX_LEN {
        return Err(Refusal::new(Reason::TooLarge, "a certificate above 64 KiB"));
    }
    Ok(())
}

/// Purposes are checked by [`Purpose`](super::Purpose), for all certificates of a chain together.
struct AnyPurpose;

impl ExtendedKeyUsageValidator for AnyPurpose {
    fn validate(&self, _purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}

impl fmt::Debug for WebpkiVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebpkiVerifier")
            .field("roots", &self.roots)
            .field("intermediates", &self.intermediates)
            .field("lists", &self.lists)
            .field("algorithms", &self.algorithms)
            .field("revocation", &self.revocation)
            .field("root_may_be_expired", &self.root_may_be_expired)
            .finish_non_exhaustive()
    }
}

impl Span {
    /// While all of these are valid.
    fn of(certificates: &[&Certificate]) -> Self {
        let mut span = Self {
            from: Timestamp::from_millis(0),
            until: Timestamp::from_millis(u64::MAX),
        };
        for certificate in certificates {
            span.not_before(certificate.not_before());
            span.until = span.until.min(certificate.not_after());
        }
        span
    }
}

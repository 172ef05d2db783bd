//! Writes are made in two steps where Protocol Gateway does not sign itself.
//!
//! The first request is answered with the result, or with data to be signed; then the very same fields go out again with a CMS
//! signature over these data (vendor page: Certificate Manager (CM) REST API, documented). So one write is two values: the
//! [`Call`], and the [`SignedCall`]. There is one loop and no more: a service that is given a signature and asks for another is refused.

use std::fmt;

use bytes::Bytes;
use smartid_core::{BuildError, Endpoint, Incoming, Outgoing, Repeat, ResponseError, SecretString};

use crate::answer;
use crate::auth::Officer;
use crate::dialect::{CmDialect, WriteCall};
use crate::refusal::{CmCode, CmRefusal, CmRefusalKind};

/// An operation that changes something.
pub trait Write: fmt::Debug + Send + Sync {
    /// What Certificate Manager answers when it is done.
    type Output;

    /// `cm.operation`: the name in spans, errors and metrics.
    const NAME: &'static str;

    /// What the dialect says of this operation.
    fn settings<'a>(&'a self, dialect: &'a CmDialect) -> &'a WriteCall;

    /// The request: without a signature the first step, with one the second.
    ///
    /// # Errors
    /// [`BuildError`] when a value cannot be sent.
    fn request(
        &self,
        dialect: &CmDialect,
        signature: Option<&RequestSignature>,
    ) -> Result<Outgoing, BuildError>;

    /// Reads the answer of a step that did not ask for a signature.
    ///
    /// # Errors
    /// [`ResponseError::Refused`] when the service says no, [`ResponseError::Unreadable`] when it cannot be understood.
    fn done(&self, dialect: &CmDialect, incoming: Incoming)
    -> Result<Self::Output, ResponseError<CmRefusal>>;

    /// What the request holds that no refusal may repeat, should the service do so: a password.
    fn secret(&self) -> Option<&SecretString> {
        None
    }
}

/// A refusal does not repeat what the request held.
fn hiding<W: Write>(write: &W, error: ResponseError<CmRefusal>) -> ResponseError<CmRefusal> {
    match (error, write.secret()) {
        (ResponseError::Refused(refusal), Some(secret)) => ResponseError::Refused(refusal.hiding(secret)),
        (error, _) => error,
    }
}

/// What the first step came to.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a first step is the last one, or it is not"
)]
pub enum Step<T> {
    /// It is done: Protocol Gateway signs itself.
    Done(T),
    /// These data have to be signed.
    Sign(DataToSign),
}

/// What Certificate Manager wants signed. It is opaque; its lifetime, and whether a repeated first step makes it invalid, are unknown.
#[derive(Clone, PartialEq, Eq)]
pub struct DataToSign(Bytes);

impl DataToSign {
    pub(crate) fn new(bytes: impl Into<Bytes>) -> Self {
        Self(bytes.into())
    }

    /// The bytes, decoded.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, decoded, taken out.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl fmt::Debug for DataToSign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bytes) = self;
        write!(f, "DataToSign({} bytes)", bytes.len())
    }
}

/// A signature over [`DataToSign`]: CMS SignedData, content embedded, DER, with the signer's certificate (observed in four public
/// clients). [`smartid_trust::cms::sign`] makes it by default.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestSignature(Bytes);

impl RequestSignature {
    /// From the message as DER; it is sent as base64.
    #[must_use]
    pub fn from_cms(der: impl Into<Bytes>) -> Self {
        Self(der.into())
    }

    pub(crate) fn cms(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for RequestSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bytes) = self;
        write!(f, "RequestSignature({} bytes)", bytes.len())
    }
}

/// The first step of a write.
#[derive(Debug)]
#[must_use = "an operation does nothing by itself"]
pub struct Call<'a, W>(&'a W);

impl<'a, W: Write> Call<'a, W> {
    /// Of this write.
    pub const fn new(write: &'a W) -> Self {
        Self(write)
    }
}

impl<W: Write> Endpoint for Call<'_, W> {
    type Auth = Officer;
    type Dialect = CmDialect;
    type Output = Step<W::Output>;
    type Error = CmRefusal;

    const NAME: &'static str = W::NAME;
    // Where Protocol Gateway signs itself, this step is the whole write.
    const REPEAT: Repeat = Repeat::Once;

    fn request(&self, dialect: &CmDialect) -> Result<Outgoing, BuildError> {
        self.0.request(dialect, None)
    }

    fn response(
        &self,
        dialect: &CmDialect,
        incoming: Incoming,
    ) -> Result<Self::Output, ResponseError<CmRefusal>> {
        let incoming = self.0.settings(dialect).response.apply_to_response(incoming);
        let step = match answer::demand(dialect, &incoming) {
            Ok(Some(data)) => Ok(Step::Sign(data)),
            Ok(None) => done(self.0, dialect, incoming, CmRefusalKind::NothingToSign).map(Step::Done),
            // The code is worth more than what is wrong with the data.
            Err(unreadable) => match answer::refusal(dialect, &incoming) {
                refusal if refusal.cm_code() == Some(CmCode::SignatureRequired) => Err(
                    ResponseError::Refused(refusal.with_kind(CmRefusalKind::NothingToSign)),
                ),
                _ => Err(unreadable),
            },
        };
        step.map_err(|error| hiding(self.0, error))
    }
}

/// The second step of a write: all fields again, and the signature.
#[derive(Debug)]
#[must_use = "an operation does nothing by itself"]
pub struct SignedCall<'a, W> {
    write: &'a W,
    signature: &'a RequestSignature,
}

impl<'a, W: Write> SignedCall<'a, W> {
    /// Of this write, with this signature over what its first step was answered.
    pub const fn new(write: &'a W, signature: &'a RequestSignature) -> Self {
        Self { write, signature }
    }
}

impl<W: Write> Endpoint for SignedCall<'_, W> {
    type Auth = Officer;
    type Dialect = CmDialect;
    type Output = W::Output;
    type Error = CmRefusal;

    const NAME: &'static str = W::NAME;
    const REPEAT: Repeat = Repeat::Once;

    fn request(&self, dialect: &CmDialect) -> Result<Outgoing, BuildError> {
        self.write.request(dialect, Some(self.signature))
    }

    fn response(
        &self,
        dialect: &CmDialect,
        incoming: Incoming,
    ) -> Result<W::Output, ResponseError<CmRefusal>> {
        let incoming = self.write.settings(dialect).response.apply_to_response(incoming);
        if !matches!(answer::demand(dialect, &incoming), Ok(None)) {
            let refusal =
                answer::refusal(dialect, &incoming).with_kind(CmRefusalKind::SignatureDemandedAgain);
            return Err(hiding(self.write, ResponseError::Refused(refusal)));
        }
        let again = CmRefusalKind::SignatureDemandedAgain;
        done(self.write, dialect, incoming, again).map_err(|error| hiding(self.write, error))
    }
}

/// Reads the answer of a step that was the last; `signature_required` is what a code means that wants a signature over nothing.
fn done<W: Write>(
    write: &W,
    dialect: &CmDialect,
    incoming: Incoming,
    signature_required: CmRefusalKind,
) -> Result<W::Output, ResponseError<CmRefusal>> {
    write.done(dialect, incoming).map_err(|error| match error {
        ResponseError::Refused(refusal)
            if refusal.kind() == &CmRefusalKind::Code(CmCode::SignatureRequired) =>
        {
            ResponseError::Refused(refusal.with_kind(signature_required))
        }
        error => error,
    })
}

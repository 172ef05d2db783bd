//! The commands, one per file: what goes on the wire, what comes back, whether a retry is safe.

mod command_status;
mod fido_create;
mod fido_session;
mod raw;

pub use command_status::CommandStatus;
pub use fido_create::FidoCreate;
pub use fido_session::FidoSession;
pub use raw::{Raw, RawResponse};

use smartid_core::dialect::{Edits, SuccessStatus};
use smartid_core::{BuildError, Incoming, ResponseError};

use crate::dialect::{CommandBody, DestinationTemplate, Placeholders, StateSpellings};
use crate::error::HermodError;
use crate::header::{CommandHeader, write_text};
use crate::response::ImmediateResponse;

/// Writes `{"commandHeader":{…},"<wrapper>":{<body>` and leaves the wrapper open.
fn begin(
    out: &mut Vec<u8>,
    header: &CommandHeader,
    to: &[DestinationTemplate],
    values: &Placeholders<'_>,
    wrapper: &str,
    body: &CommandBody,
) -> Result<(), BuildError> {
    out.extend_from_slice(b"{\"commandHeader\":");
    header.write(out, to, values)?;
    out.push(b',');
    write_text(out, wrapper)?;
    out.extend_from_slice(b":{");
    out.extend_from_slice(body.inner().as_bytes());
    Ok(())
}

/// Reads the immediate response to a command.
fn immediate(
    incoming: Incoming,
    success: &SuccessStatus,
    edits: &Edits,
    states: &StateSpellings,
) -> Result<ImmediateResponse, ResponseError<HermodError>> {
    if !success.accepts(incoming.status()) {
        return Err(ResponseError::Refused(HermodError::read(&incoming)));
    }
    let incoming = edits.apply_to_response(incoming);
    Ok(ImmediateResponse::read(&incoming, states)?)
}

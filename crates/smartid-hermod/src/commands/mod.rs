//! The commands, one per file: what goes on the wire, what comes back, whether a retry is safe.

mod authenticate;
mod cancel;
mod certificate;
mod certificate_entry;
mod command_status;
mod delete_mailbox;
mod delete_profile;
mod end_pin_reset;
mod fido_create;
mod fido_session;
mod members;
mod nonce;
mod ping;
mod profiles;
pub mod provision;
mod raw;
mod sign;
mod signature_params;

pub use authenticate::Authenticate;
pub use certificate::{InstallCertificates, KeyProtection, MAX_CERTIFICATES};
pub use certificate_entry::{CertificateEntry, EntryContent, MAX_CHAIN, MAX_PKCS12};
mod start_pin_reset;

pub use cancel::Cancel;
pub use command_status::CommandStatus;
pub use delete_mailbox::{DeleteMailbox, MailboxDeletion};
pub use delete_profile::DeleteProfile;
pub use end_pin_reset::EndPinReset;
pub use fido_create::FidoCreate;
pub use fido_session::FidoSession;
pub use members::Members;
pub use nonce::Nonce;
pub use ping::Ping;
pub use profiles::Profiles;
pub use provision::Provision;
pub use raw::{Raw, RawResponse};
pub use sign::Sign;
pub use start_pin_reset::StartPinReset;

use serde::Serialize;
use smartid_core::dialect::{Edits, SuccessStatus};
use smartid_core::{BuildError, Incoming, Outgoing, ResponseError, json};

use crate::dialect::{CommandBody, CommandDialect, DestinationTemplate, Placeholders, StateSpellings};
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

/// The request of a command: path and header from `values`, `body` (an object) in the wrapper, then the caller's own members, then the
/// dialect's constant ones, then the dialect's edits.
fn request<B: Serialize>(
    setting: &CommandDialect,
    header: &CommandHeader,
    values: &Placeholders<'_>,
    body: &B,
    members: &Members,
) -> Result<Outgoing, BuildError> {
    let outgoing = Outgoing::new(setting.verb.method(), values.expand(&setting.path)?);
    if setting.wrapper.is_empty() {
        return Ok(outgoing);
    }
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(b"{\"commandHeader\":");
    header.write(&mut out, &setting.to, values)?;
    out.push(b',');
    write_text(&mut out, &setting.wrapper)?;
    out.push(b':');
    let unwritten = |error: serde_json::Error| BuildError::Json(error.to_string());
    let constants = setting.body.as_json();
    if members.is_empty() && setting.body.inner().is_empty() {
        serde_json::to_writer(&mut out, body).map_err(unwritten)?;
    } else {
        let mut text = members.put_into(serde_json::to_string(body).map_err(unwritten)?)?;
        for (name, value) in json::members(constants).unwrap_or_default() {
            text = json::put(&text, &json::Pointer::of([name]), value)?;
        }
        out.extend_from_slice(text.as_bytes());
    }
    out.push(b'}');
    let body = setting.request.apply_to_request(out.into())?;
    Ok(outgoing.body("application/json", body))
}

/// The immediate response to a command that is sent with [`request`].
fn response(
    setting: &CommandDialect,
    states: &StateSpellings,
    incoming: Incoming,
) -> Result<ImmediateResponse, ResponseError<HermodError>> {
    immediate(incoming, &setting.success, &setting.response, states)
}

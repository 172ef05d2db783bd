//! Whose turn it is when EUI says no: what the API would advise leads to another file.

use smartid_core::{Advice, Incoming, ResponseError, Turn};

use crate::ast::not_redirected;
use crate::refusal::{CmRefusal, CmRefusalKind};

/// Reads an answer that is no redirect, and advises where it is a refusal.
pub(super) fn read<T>(
    incoming: Incoming,
    read: impl FnOnce(Incoming) -> Result<T, ResponseError<CmRefusal>>,
) -> Result<T, ResponseError<CmRefusal>> {
    not_redirected(&incoming)?;
    read(incoming).map_err(|error| match error {
        ResponseError::Refused(refusal) => ResponseError::Refused(advised(refusal)),
        unreadable => unreadable,
    })
}

fn advised(refusal: CmRefusal) -> CmRefusal {
    let check = match refusal.kind() {
        CmRefusalKind::NotAuthenticated => "what stands in front of EUI: it wants a login of its own",
        CmRefusalKind::NotAnOfficer => {
            "that the client certificate belongs to an officer of Certificate Manager whom EUI lets in (requiredRoRoles in eui.properties)"
        }
        CmRefusalKind::NoSuchPath => {
            "the address of Protocol Gateway (usually https://<host>:8444/pgwy), that eui.properties says start = true, and which handlers it has; \
             a dialect can name another path (eui.certificate.path, eui.soft_token.path, eui.path_without_handler)"
        }
        CmRefusalKind::NotStarted => {
            "that Protocol Gateway runs, and that eui.properties says start = true; its log tells why it does not start, and whether something was \
             issued"
        }
        _ => return refusal,
    };
    refusal.advising(Advice::new(Turn::Administrator, check))
}

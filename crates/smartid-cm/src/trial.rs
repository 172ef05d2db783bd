//! The request of each operation, made once when the client is built: a mistake in the dialect is found when the program starts, and
//! not in the middle of a flow. The values mean nothing.

use smartid_core::{ConfigError, Endpoint};

use crate::check::Probe;
use crate::dialect::CmDialect;
use crate::ids::CertId;
use crate::operations::{
    CaCertificate, ExperimentalRevocationList, MediaType, Procedures, Reinstate, RevocationReason, Revoke,
};
use crate::two_step::{RequestSignature, SignedCall, Write};

const DIALECT: &str = "cm.dialect";

/// Tries all operations.
pub(crate) fn try_dialect(dialect: &CmDialect) -> Result<(), ConfigError> {
    let invalid = |error: &dyn std::fmt::Display| ConfigError::new(DIALECT, error.to_string());
    let certid = CertId::new("1").map_err(|error| invalid(&error))?;
    read(&Procedures::of(MediaType::Pkcs10), dialect)?;
    read(&Probe, dialect)?;
    read(&CaCertificate::new("1"), dialect)?;
    read(&ExperimentalRevocationList::new("1"), dialect)?;
    write(
        &Revoke::new(certid.clone(), RevocationReason::Unspecified),
        dialect,
    )?;
    write(&Reinstate::new(certid), dialect)
}

fn read<E: Endpoint<Dialect = CmDialect>>(endpoint: &E, dialect: &CmDialect) -> Result<(), ConfigError> {
    endpoint.request(dialect).map(|_| ()).map_err(|error| {
        ConfigError::new(
            DIALECT,
            format!("the request of {} cannot be made: {error}", E::NAME),
        )
    })
}

fn write<W: Write>(write: &W, dialect: &CmDialect) -> Result<(), ConfigError> {
    let signature = RequestSignature::from_cms(vec![0x30, 0]);
    read(&SignedCall::new(write, &signature), dialect)
}

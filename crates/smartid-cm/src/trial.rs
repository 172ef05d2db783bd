//! The request of each operation, made once when the client is built: a mistake in the dialect is found when the program starts, and
//! not in the middle of a flow. The values mean nothing.

use smartid_core::{BuildError, ConfigError, Endpoint, Timestamp};

use crate::body::{self, Fields};
use crate::dialect::{CmDialect, WriteCall};
use crate::ids::{CertId, ProcedureName};
use crate::operations::experimental::{HashAlgorithm, RemoveCertificates, SignHash};
use crate::operations::{Download, MediaType, Procedures, Reinstate, RevocationReason, Revoke};
use crate::operations::{import_fields, issue_fields};
use crate::two_step::{RequestSignature, SignedCall, Write};

const DIALECT: &str = "cm.dialect";

/// Tries all operations.
pub(crate) fn try_dialect(dialect: &CmDialect) -> Result<(), ConfigError> {
    let invalid = |error: &dyn std::fmt::Display| ConfigError::new(DIALECT, error.to_string());
    let certid = CertId::new("1").map_err(|error| invalid(&error))?;
    read(&Procedures::of(MediaType::Pkcs10), dialect)?;
    write(
        &Revoke::new(certid.clone(), RevocationReason::Unspecified),
        dialect,
    )?;
    write(&Reinstate::new(certid.clone()), dialect)?;
    issuing(dialect, certid)
}

/// What hands certificates in and out.
fn issuing(dialect: &CmDialect, certid: CertId) -> Result<(), ConfigError> {
    let procedure =
        ProcedureName::new("å & b").map_err(|error| ConfigError::new(DIALECT, error.to_string()))?;
    read(&Download::new(certid.clone()), dialect)?;
    write(&RemoveCertificates::new(certid).clean_audit_log(true), dialect)?;
    let hash = SignHash::new(HashAlgorithm::Sha256, vec![0; 32]).procedure(procedure.clone());
    write(&hash, dialect)?;
    // These need a request or a certificate; what the fields hold does not matter.
    let time = |seconds: u64| Some(Timestamp::from_millis(seconds * 1000));
    let request = || issue_fields(&[0x30, 0], Some(&procedure), time(1), time(2));
    let import = || Ok(import_fields(&procedure, "[]".to_owned()));
    fields("cm.issue", dialect, &dialect.issue, request())?;
    let call = &dialect.attribute_certificate;
    fields("cm.attribute_certificate", dialect, call, request())?;
    fields("cm.import", dialect, &dialect.import, import())
}

fn fields(
    name: &str,
    dialect: &CmDialect,
    call: &WriteCall,
    fields: Result<Fields, BuildError>,
) -> Result<(), ConfigError> {
    fields
        .and_then(|fields| body::write(dialect, call, &[], fields, Some(&signature())))
        .map(|_| ())
        .map_err(|error| cannot(name, &error))
}

fn signature() -> RequestSignature {
    RequestSignature::from_cms(vec![0x30, 0])
}

fn cannot(name: &str, error: &BuildError) -> ConfigError {
    ConfigError::new(DIALECT, format!("the request of {name} cannot be made: {error}"))
}

fn read<E: Endpoint<Dialect = CmDialect>>(endpoint: &E, dialect: &CmDialect) -> Result<(), ConfigError> {
    endpoint
        .request(dialect)
        .map(|_| ())
        .map_err(|error| cannot(E::NAME, &error))
}

fn write<W: Write>(write: &W, dialect: &CmDialect) -> Result<(), ConfigError> {
    read(&SignedCall::new(write, &signature()), dialect)
}

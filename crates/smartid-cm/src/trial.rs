//! The request of each operation, made once when the client is built: a mistake in the dialect is found when the program starts, and
//! not in the middle of a flow. The values mean nothing.

use smartid_core::{BuildError, ConfigError, Endpoint, Timestamp};

use crate::ast::AstRequest;
use crate::attribute::Attribute;
use crate::body::{self, Fields};
use crate::check::Probe;
use crate::dialect::{CmDialect, WriteCall};
use crate::eui::{EuiCertificate, EuiSoftToken, try_request};
use crate::ids::{AccountId, CertId, HandlerName, ProcedureName};
use crate::operations::experimental::{
    DownloadRevocationList, HashAlgorithm, Issuers, RemoveCertificates, RequestSoftToken, SignHash,
};
use crate::operations::{
    CaCertificate, Details, Download, MediaType, Procedures, Register, RegistrationKind, RegistrationStatus,
    Registrations, Reinstate, RevocationReason, Revoke, Search,
};
use crate::operations::{import_fields, issue_fields};
use crate::record::{ExtendedField, SubjectType};
use crate::two_step::{RequestSignature, SignedCall, Write};

const DIALECT: &str = "cm.dialect";

/// Tries all operations.
pub(crate) fn try_dialect(dialect: &CmDialect) -> Result<(), ConfigError> {
    let invalid = |error: &dyn std::fmt::Display| ConfigError::new(DIALECT, error.to_string());
    let certid = CertId::new("1").map_err(|error| invalid(&error))?;
    read(&Procedures::of(MediaType::Pkcs10), dialect)?;
    read(&Probe, dialect)?;
    read(&CaCertificate::new("1"), dialect)?;
    read(&DownloadRevocationList::new("1"), dialect)?;
    write(
        &Revoke::new(certid.clone(), RevocationReason::Unspecified),
        dialect,
    )?;
    write(&Reinstate::new(certid.clone()), dialect)?;
    read(&Details::new(certid.clone()), dialect)?;
    soft_tokens(dialect)?;
    looking(dialect)?;
    registering(dialect)?;
    issuing(dialect, certid)
}

/// What asks for soft tokens beside the API, with a handler and without.
fn soft_tokens(dialect: &CmDialect) -> Result<(), ConfigError> {
    let handler = HandlerName::new("1").map_err(|error| ConfigError::new(DIALECT, error.to_string()))?;
    let request = AstRequest::new("x").attribute(Attribute::COUNTRY_NAME, "SE");
    read(&request, dialect)?;
    read(&request.handler(handler.clone()), dialect)?;
    try_request(dialect, &handler).map_err(|error| cannot(EuiCertificate::NAME, &error))?;
    read(&EuiSoftToken::new("x"), dialect)?;
    read(&EuiSoftToken::new("x").handler(handler), dialect)
}

/// What lists certificates and their issuers, with all that can be asked.
fn looking(dialect: &CmDialect) -> Result<(), ConfigError> {
    let time = Timestamp::from_millis(1000);
    let search = Search::new()
        .limit(1)
        .offset(1)
        .order_by("x")
        .descending(true)
        .card_serial_number("1")
        .serial_number("1")
        .revoked(time..=time)
        .revocation_reasons([RevocationReason::Unspecified, RevocationReason::KeyCompromise])
        .not_revoked(true)
        .subject_common_name("å & b")
        .subject_given_name("x")
        .subject_surname("x")
        .subject_organisation("x")
        .subject_organisational_unit("x")
        .subject_serial_number("x")
        .subject_country("x")
        .publication_allowed(true)
        .published(time..=time)
        .ocsp_activated(time..=time)
        .valid_from(time..=time)
        .valid_to(time..=time)
        .not_yet_valid(true)
        .expired(true)
        .field(ExtendedField::Field1, "x")
        .authority_key_id(vec![1])
        .subject_key_id(vec![1])
        .subject_types([SubjectType::EndEntity, SubjectType::Ca])
        .issuer("CN=x");
    read(&search, dialect)?;
    read(&Issuers::new().limit(1).offset(1), dialect)
}

/// Registrations, of a kind with two segments.
fn registering(dialect: &CmDialect) -> Result<(), ConfigError> {
    let account = AccountId::new("1").map_err(|error| ConfigError::new(DIALECT, error.to_string()))?;
    let kind = RegistrationKind::AcmeAccount;
    read(&Registrations::new(account.clone(), kind.clone()), dialect)?;
    let register = Register::new(account, kind)
        .fqdn("x")
        .realm("x")
        .username("x")
        .password("å & b")
        .status(RegistrationStatus::Open)
        .valid_for_days(1)
        .hmac_key("x")
        .key_id("x")
        .allow_domain("x");
    write(&register, dialect)
}

/// What hands certificates in and out.
fn issuing(dialect: &CmDialect, certid: CertId) -> Result<(), ConfigError> {
    let procedure =
        ProcedureName::new("å & b").map_err(|error| ConfigError::new(DIALECT, error.to_string()))?;
    read(&Download::new(certid.clone()), dialect)?;
    write(&RemoveCertificates::new(certid).clean_audit_log(true), dialect)?;
    let hash = SignHash::new(HashAlgorithm::Sha256, vec![0; 32]).procedure(procedure.clone());
    write(&hash, dialect)?;
    let time = |seconds: u64| Timestamp::from_millis(seconds * 1000);
    let all = Attribute::known().fold(RequestSoftToken::new("x"), |request, attribute| {
        request.attribute(attribute, "å & b")
    });
    let token = all
        .procedure(procedure.clone())
        .valid_from(time(1))
        .valid_to(time(2));
    write(&token, dialect)?;
    // These need a request or a certificate; what the fields hold does not matter.
    let request = || {
        issue_fields(
            dialect,
            &[0x30, 0],
            Some(&procedure),
            Some(time(1)),
            Some(time(2)),
        )
    };
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

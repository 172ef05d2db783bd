//! The request of each command, made once when the client is built: a mistake in the dialect is found when the program starts, and not
//! while a person waits. The values mean nothing, and every optional one is there, so that a placeholder or an edit that needs it works.

use smartid_core::{ConfigError, Endpoint, Timestamp};

use crate::admin_key::EncryptedNonce;
use crate::commands::{
    Authenticate, Cancel, CertificateEntry, CommandStatus, DeleteMailbox, DeleteProfile, EndPinReset,
    FidoCreate, FidoSession, InstallCertificates, Nonce, Ping, Profiles, Provision, Sign, StartPinReset,
};
use crate::dialect::HermodDialect;
use crate::entry::Entry;
use crate::filter::CertificateFilter;
use crate::header::CommandHeader;
use crate::pin_reset::{Driver, DriverName, PinOperation};
use crate::session::Session;
use crate::signature_kind::SignatureMechanism;

const DIALECT: &str = "hermod.dialect";

/// Tries all commands that this dialect uses.
pub(crate) fn requests(dialect: &HermodDialect, header: &CommandHeader) -> Result<(), ConfigError> {
    let header = || header.clone().external_id("external-id");
    fido(dialect, &header)?;
    signatures(dialect, &header)?;
    profiles(dialect, &header)?;
    pin_reset(dialect, &header)?;
    request(&Ping::new(header()).device_info(true), dialect)?;
    if dialect.cancel.enabled {
        request(&Cancel::new("1"), dialect)?;
    }
    request(&CommandStatus::new("1"), dialect)
}

fn request<E: Endpoint<Dialect = HermodDialect>>(
    endpoint: &E,
    dialect: &HermodDialect,
) -> Result<(), ConfigError> {
    endpoint.request(dialect).map(|_| ()).map_err(|error| {
        ConfigError::new(
            DIALECT,
            format!("the request of {} cannot be made: {error}", E::NAME),
        )
    })
}

fn session() -> Session {
    let now = Timestamp::from_millis(0);
    Session {
        bid: "bid".into(),
        mid: Some("mid".into()),
        command_id: "1".into(),
        external_id: Some("external-id".into()),
        created: now,
        expires: now,
    }
}

fn fido(dialect: &HermodDialect, header: &dyn Fn() -> CommandHeader) -> Result<(), ConfigError> {
    let settings = &dialect.fido;
    if settings.single_command && settings.create_after_open {
        return Err(ConfigError::new(
            DIALECT,
            "fido.single_command and fido.create_after_open exclude each other: a single command has no session to wait for",
        ));
    }
    if settings.single_command {
        return request(&FidoCreate::alone(header(), "{}"), dialect);
    }
    request(&FidoSession::new(header()), dialect)?;
    request(&FidoCreate::new(header(), &session(), "{}"), dialect)
}

fn signatures(dialect: &HermodDialect, header: &dyn Fn() -> CommandHeader) -> Result<(), ConfigError> {
    let entry = |key: &str| Entry::text(key, "text").label("label");
    let filter = || CertificateFilter::eq("key.type", "RSA");
    let sign = Sign::new(header(), entry("tbs"))
        .description(entry("requester"))
        .filter(filter())
        .mechanism(SignatureMechanism::Sha256RsaPkcs)
        .nonce("1");
    request(&sign, dialect)?;
    let authenticate = Authenticate::new(header())
        .tbs(entry("tbs"))
        .description(entry("requester"))
        .filter(filter())
        .mechanism(SignatureMechanism::Sha256RsaPkcs)
        .nonce("1");
    request(&authenticate, dialect)
}

fn profiles(dialect: &HermodDialect, header: &dyn Fn() -> CommandHeader) -> Result<(), ConfigError> {
    let provision = Provision::update(header(), "user", "profile").nonce("1");
    request(&provision, dialect)?;
    let certificate = InstallCertificates::new(header())
        .nonce(Nonce::from("1"))
        .user("user")
        .profile("profile")
        .smart_card("card")
        .certificate(CertificateEntry::json("{}"));
    request(&certificate, dialect)?;
    let one = || Profiles::one("user", "profile").mailbox("bid");
    request(&DeleteProfile::new(header(), one()), dialect)?;
    request(&DeleteMailbox::new(header(), one()), dialect)
}

fn pin_reset(dialect: &HermodDialect, header: &dyn Fn() -> CommandHeader) -> Result<(), ConfigError> {
    let start = StartPinReset::smart_card(header(), "card")
        .profile_id("profile")
        .driver(Driver::named(DriverName::Any))
        .operation(PinOperation::PinReset);
    request(&start, dialect)?;
    let proof = EncryptedNonce::new([0; 8]).map_err(|error| ConfigError::new(DIALECT, error.to_string()))?;
    let end = EndPinReset::new(header(), &session(), proof)
        .smart_card_id("card")
        .profile_id("profile");
    request(&end, dialect)
}

//! Each operation once, with a look at what came of it past the client.

use std::sync::Arc;

use smartid::cm::operations::experimental::{
    DownloadRevocationList, HashAlgorithm, Import, ImportCertificates, IssueAttributeCertificate, Issuers,
    RemoveCertificates, SignHash,
};
use smartid::cm::operations::{
    CaCertificate, Details, Download, IssueCertificate, ItemState, MediaType, Procedures, Register,
    RegistrationKind, Registrations, Reinstate, Revoke, Search,
};
use smartid::cm::{AccountId, CertId, CertificateForm, CertificateManager, ProcedureName, RevocationReason};
use smartid::trust::Certificate;
use smartid::{Error, ReqwestTransport, Timestamp, Transport};
use smartid_sim::CertificateState;
use smartid_sim::config::CmWireConfig;
use smartid_sim::pki::{Digest, Key, KeyKind, cms};
use smartid_tests::certificates::{CmWorld, csr_for, new_csr};

use super::tokens;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Search,
    Details,
    Download,
    RefusedDownload,
    Issue,
    Revoke,
    PartlyRevoke,
    Reinstate,
    Procedures,
    Registrations,
    Register,
    Issuers,
    Import,
    PartlyImport,
    Remove,
    AttributeCertificate,
    SigningAuthority,
    CaCertificate,
    RevocationList,
    SoftToken,
    Ast,
    AstHandler,
    /// With a name beyond ASCII, which goes by a setting alone.
    AstName,
    /// With a name that is empty; the same.
    AstEmpty,
    /// With a password beyond ASCII; the same.
    AstPassword,
    Eui,
    EuiHandler,
    EuiToken,
}

impl Op {
    pub(crate) const ALL: &[Self] = &[
        Self::Search,
        Self::Details,
        Self::Download,
        Self::RefusedDownload,
        Self::Issue,
        Self::Revoke,
        Self::PartlyRevoke,
        Self::Reinstate,
        Self::Procedures,
        Self::Registrations,
        Self::Register,
        Self::Issuers,
        Self::Import,
        Self::PartlyImport,
        Self::Remove,
        Self::AttributeCertificate,
        Self::SigningAuthority,
        Self::CaCertificate,
        Self::RevocationList,
        Self::SoftToken,
        Self::Ast,
        Self::AstHandler,
        Self::Eui,
        Self::EuiHandler,
        Self::EuiToken,
    ];

    /// What the simulator guesses otherwise than the client where nothing is published.
    pub(crate) fn switches(self) -> &'static str {
        match self {
            Self::SigningAuthority => {
                "cm.signing_authority.algorithm_field = 'hashalgorithm'\ncm.signing_authority.format_field = 'format'\n\
                 cm.signing_authority.reply_name = 'signeddata'"
            }
            _ => tokens::switches(self),
        }
    }
}

pub(crate) fn check(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

pub(crate) fn told(error: Error) -> String {
    error.to_string()
}

/// Puts a certificate into the database past the client.
fn stored(world: &CmWorld, subject: &str) -> (CertId, Certificate) {
    let csr = csr_for(subject, &Key::generate(KeyKind::P256).unwrap());
    let stored = world.sim.cm().issue(csr.der(), "TLS server").unwrap();
    let certificate = Certificate::from_der(stored.der.unwrap()).unwrap();
    (CertId::new(stored.certid).unwrap(), certificate)
}

fn reason(world: &CmWorld, certid: &CertId) -> Option<u8> {
    match world.sim.cm().certificate(certid.as_str()).unwrap().state {
        CertificateState::Revoked { reason, .. } => Some(reason),
        _ => None,
    }
}

/// Makes the operation; what is wrong with its outcome.
pub(crate) async fn run(op: Op, world: &CmWorld, dialect: &str) -> Result<(), String> {
    match op {
        Op::Search | Op::Details | Op::Download | Op::RefusedDownload | Op::Procedures | Op::Issuers => {
            read(op, world).await
        }
        Op::Issue | Op::AttributeCertificate | Op::SigningAuthority => make(op, world).await,
        Op::Revoke | Op::PartlyRevoke | Op::Reinstate | Op::Remove => withdraw(op, world).await,
        Op::Registrations | Op::Register => register(op, world).await,
        Op::Import | Op::PartlyImport => import(op, world).await,
        Op::CaCertificate | Op::RevocationList => public(op, world, dialect).await,
        Op::SoftToken
        | Op::Ast
        | Op::AstHandler
        | Op::AstName
        | Op::AstEmpty
        | Op::AstPassword
        | Op::Eui
        | Op::EuiHandler
        | Op::EuiToken => tokens::run(op, world).await,
    }
}

async fn read(op: Op, world: &CmWorld) -> Result<(), String> {
    let (certid, certificate) = stored(world, "C=SE,CN=Stored");
    stored(world, "C=SE,CN=Another");
    let cm = &world.cm;
    match op {
        Op::Search => {
            let now = world.sim.clock().unix_millis();
            let search = Search::new()
                .subject_common_name("Stored")
                .revocation_reasons([RevocationReason::Superseded, RevocationReason::KeyCompromise])
                .valid_from(Timestamp::from_millis(now - 86_400_000)..);
            world.sim.cm().revoke(certid.as_str(), 4).unwrap();
            let page = cm.call(&search).await.map_err(told)?;
            check(
                page.hits == Some(1) && page.certificates.len() == 1,
                "one is found",
            )?;
            let found = &page.certificates[0];
            check(found.certid.as_ref() == Some(&certid), "it is the one")?;
            let serial = found.serial_number(cm.dialect());
            check(
                serial.as_ref() == Some(certificate.serial_number()),
                "its serial number",
            )
        }
        Op::Details => {
            let record = cm.call(&Details::new(certid.clone())).await.map_err(told)?;
            check(
                record.certid == Some(certid) && record.subject.is_some(),
                "its record",
            )
        }
        Op::Download => {
            let download = Download::new(certid.clone()).form(CertificateForm::Certificate);
            let found = cm.call(&download).await.map_err(told)?;
            check(found.leaf() == Ok(&certificate), "its bytes")?;
            check(found.certid() == Some(&certid), "its id")
        }
        Op::RefusedDownload => {
            let gone = Download::new(CertId::new("0000FFFF").unwrap());
            let error = cm.call(&gone).await.map(drop).unwrap_err();
            let refusal = error
                .refusal::<smartid::cm::CmRefusal>()
                .ok_or_else(|| error.to_string())?;
            check(refusal.kind().name() == "bad-field-value", refusal.kind().name())?;
            let message = refusal.message().unwrap_or_default();
            check(message.contains("certificate"), "the message")
        }
        Op::Procedures => {
            let listed = cm.call(&Procedures::of(MediaType::Pkcs12)).await.map_err(told)?;
            check(
                listed.len() == 1 && listed[0].name.as_str() == "Soft token",
                "the procedure",
            )
        }
        _ => {
            let page = cm.call(&Issuers::new()).await.map_err(told)?;
            check(page.hits == Some(1) && page.issuers.len() == 1, "one issuer")?;
            check(page.issuers[0].subject_dn.is_some(), "its name")
        }
    }
}

async fn make(op: Op, world: &CmWorld) -> Result<(), String> {
    let (cm, now) = (&world.cm, world.sim.clock().unix_millis() / 1000 * 1000);
    let (from, to) = (
        Timestamp::from_millis(now),
        Timestamp::from_millis(now + 86_400_000),
    );
    let csr = new_csr("C=SE,CN=Made");
    match op {
        Op::Issue => {
            let call = IssueCertificate::new(csr)
                .procedure(ProcedureName::new("TLS server").unwrap())
                .valid_from(from)
                .valid_to(to);
            let issued = cm.write(&call).await.map_err(told)?;
            check(issued.certificate.not_after() == to, "its validity")?;
            let certid = issued.certid.ok_or("its id")?;
            let kept = world.sim.cm().certificate(certid.as_str()).unwrap();
            check(kept.procedure.as_deref() == Some("TLS server"), "its procedure")
        }
        Op::AttributeCertificate => {
            let call = IssueAttributeCertificate::new(csr)
                .procedure(ProcedureName::new("Role").unwrap())
                .valid(from, to);
            let issued = cm.write(&call).await.map_err(told)?;
            let kept = world.sim.cm().attribute_certificates();
            check(kept.len() == 1 && *kept[0].der == *issued.der, "its bytes")?;
            check(
                issued
                    .certid
                    .is_some_and(|certid| certid.as_str() == kept[0].certid),
                "its id",
            )
        }
        _ => {
            let content = b"content";
            let call = SignHash::new(HashAlgorithm::Sha256, Digest::Sha256.of(content));
            let signed = cm.write(&call).await.map_err(told)?;
            check(
                cms::verify(&signed.signature, Some(content)).is_ok(),
                "the signature",
            )
        }
    }
}

async fn withdraw(op: Op, world: &CmWorld) -> Result<(), String> {
    let cm = &world.cm;
    let (one, _) = stored(world, "C=SE,CN=One");
    let (two, _) = stored(world, "C=SE,CN=Two");
    match op {
        Op::Revoke => {
            let call = Revoke::new(one.clone(), RevocationReason::Superseded).and(two.clone());
            let results = cm.write(&call).await.map_err(told)?;
            check(results.all_done(), "all are done")?;
            check(
                (reason(world, &one), reason(world, &two)) == (Some(4), Some(4)),
                "the reason",
            )
        }
        Op::PartlyRevoke => {
            let missing = CertId::new("0000FFFF").unwrap();
            let call = Revoke::new(one.clone(), RevocationReason::Superseded).and(missing.clone());
            let results = cm.write(&call).await.map_err(told)?;
            check(results.failed().count() == 1, "one has failed")?;
            // By default nobody knows of the other; a dialect may know better.
            let expected =
                usize::from(cm.dialect().answers.unlisted == smartid::cm::dialect::Unlisted::Unclear);
            check(results.unclear().count() == expected, "the other")?;
            check(reason(world, &one) == Some(4), "the reason")
        }
        Op::Reinstate => {
            world.sim.cm().revoke(one.as_str(), 6).unwrap();
            let results = cm.write(&Reinstate::new(one.clone())).await.map_err(told)?;
            check(
                results.all_done() && reason(world, &one).is_none(),
                "it is active again",
            )
        }
        _ => {
            let call = RemoveCertificates::new(one.clone())
                .and(two)
                .clean_audit_log(false);
            let results = cm.write(&call).await.map_err(told)?;
            check(results.all_done() && world.sim.cm().count() == 0, "they are gone")?;
            let log = world.sim.cm().audit_log();
            let of_one = log.iter().filter(|entry| entry.certid == one.as_str());
            check(of_one.count() == 2, "the log is left")
        }
    }
}

async fn register(op: Op, world: &CmWorld) -> Result<(), String> {
    let account = || AccountId::new("t1").unwrap();
    let call = Register::new(account(), RegistrationKind::AcmeAccount)
        .fqdn("device.example.test")
        .username("device")
        .valid_for_days(7);
    if op == Op::Registrations {
        // Put there while nothing is otherwise.
        let cm = world.sim.cm();
        let mut wire = CmWireConfig::default();
        cm.reconfigure(|config| std::mem::swap(&mut config.wire, &mut wire));
        let put = world.speaking("").write(&call).await;
        cm.reconfigure(|config| config.wire = wire);
        put.map_err(told)?;
        let listed = world
            .cm
            .call(&Registrations::new(account(), RegistrationKind::AcmeAccount))
            .await
            .map_err(told)?;
        check(listed.len() == 1, "one is listed")?;
        return check(
            listed[0].fqdn.as_deref() == Some("device.example.test"),
            "its name",
        );
    }
    let done = world.cm.write(&call).await.map_err(told)?;
    let kept = world.sim.cm().registrations();
    check(kept.len() == 1 && kept[0].account == "t1", "one is kept")?;
    let fqdn = ("fqdn".to_owned(), "device.example.test".to_owned());
    check(kept[0].members.contains(&fqdn), "its name")?;
    let told = done.registrations.first().and_then(|row| row.regid.clone());
    check(told.as_ref() == Some(&kept[0].regid), "its number")
}

async fn import(op: Op, world: &CmWorld) -> Result<(), String> {
    let officers = ["reader", "rsa-officer"].map(|name| {
        let der = world.sim.officer(name).unwrap().certificate_der().to_vec();
        Certificate::from_der(der).unwrap()
    });
    let [one, two] = officers;
    let mut call = ImportCertificates::new(
        ProcedureName::new("TLS server").unwrap(),
        Import::new(one.clone()),
    );
    call = call.and(Import::new(if op == Op::PartlyImport { one } else { two }));
    let results = world.cm.write(&call).await.map_err(told)?;
    if op == Op::PartlyImport {
        let failed = matches!(results.elements[..], [_, ItemState::Failed(_)]);
        return check(failed && results.others.is_empty(), "the second has failed");
    }
    check(
        results.all_done() && world.sim.cm().count() == 2,
        "both are there",
    )
}

/// What the servlet `dp` gives to everybody.
async fn public(op: Op, world: &CmWorld, dialect: &str) -> Result<(), String> {
    let plain = ReqwestTransport::builder()
        .danger_allow_plain_http()
        .build()
        .unwrap();
    let plain: Arc<dyn Transport> = Arc::new(plain);
    let cm = CertificateManager::builder(world.sim.cm_url())
        .danger_dp_url_plain_http(world.sim.cm_dp_url())
        .dp_transport(Arc::clone(&plain))
        .dialect(smartid::core::dialect::overlay(dialect).unwrap())
        .build(plain, Arc::clone(world.cm.runtime()))
        .unwrap();
    let root = Certificate::from_pem(&world.sim.cm_root_pem()).unwrap();
    if op == Op::CaCertificate {
        let ca = cm.call_dp(&CaCertificate::new("root")).await.map_err(told)?;
        return check(
            ca.expect_fingerprint(root.fingerprint()).is_ok(),
            "the certificate",
        );
    }
    let list = cm
        .call_dp(&DownloadRevocationList::new("root"))
        .await
        .map_err(told)?;
    check(list.issued_by(&root).is_ok(), "the list")
}

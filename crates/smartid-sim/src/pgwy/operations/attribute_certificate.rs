//! An attribute certificate for the holder of a certificate request (protocol notes: cm 5.4: the fields of `pkcs10` T, the path
//! inferred). It is one of RFC 5755 with a single role, signed by the authority.

use super::issue::Order;
use crate::SimError;
use crate::config::{CmConfig, CmOperation};
use crate::net::message::{Reply, Request};
use crate::pgwy::Cm;
use crate::pgwy::caller::Caller;
use crate::pgwy::errors::Refusal;
use crate::pgwy::fields::Fields;
use crate::pgwy::store::certid;
use crate::pki::csr::Extension;
use crate::pki::{TestCa, der, time};
use crate::sync::lock;

/// 2.5.4.72, role (RFC 5755 4.4.5).
const OID_ROLE: &[u8] = &[0x55, 0x04, 0x48];
/// 2.5.29.35
const OID_AUTHORITY_KEY: &[u8] = &[0x55, 0x1d, 0x23];
/// 2.5.29.56, no revocation information is available (RFC 5755 4.3.6).
const OID_NO_REVOCATION: &[u8] = &[0x55, 0x1d, 0x38];

/// An attribute certificate of the simulated Certificate Manager.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IssuedAttributeCertificate {
    /// Its number in the database.
    pub certid: String,
    /// The attribute certificate.
    pub der: Vec<u8>,
    /// The token procedure that it was issued by.
    pub procedure: String,
}

fn build(ca: &TestCa, order: &Order<'_>, serial: u64, role: &str) -> Result<Vec<u8>, SimError> {
    // `GeneralName` of a directory name, whose tag is explicit because a name is a choice.
    let directory = |name: &[u8]| der::tlv(0xa4, &[name]);
    let holder = der::seq(&[&der::tlv(0xa1, &[&directory(order.request.subject_der())])]);
    let issuer = der::tlv(0xa0, &[&der::seq(&[&directory(ca.issuer().subject_der())])]);
    let validity = der::seq(&[
        &time::generalized(order.validity.not_before),
        &time::generalized(order.validity.not_after),
    ]);
    let role = der::seq(&[&der::tlv(0xa1, &[&der::tlv(0x86, &[role.as_bytes()])])]);
    let attributes = der::seq(&[&der::seq(&[&der::oid(OID_ROLE), &der::tlv(der::SET, &[&role])])]);
    let key = ca.issuer().subject_key_identifier().unwrap_or_default();
    let extensions = der::seq(&[
        &Extension::new(OID_AUTHORITY_KEY, false, der::seq(&[&der::tlv(0x80, &[key])])).der(),
        &Extension::new(OID_NO_REVOCATION, false, der::null()).der(),
    ]);
    let info = der::seq(&[
        &der::number(1),
        &holder,
        &issuer,
        &ca.seal_identifier(),
        &der::number(serial),
        &validity,
        &attributes,
        &extensions,
    ]);
    ca.seal(&info)
}

impl Cm {
    pub(in crate::pgwy) async fn issue_attribute_certificate(
        &self,
        config: &CmConfig,
        request: &Request,
        caller: &Caller,
    ) -> Result<Reply, Refusal> {
        let fields = Fields::of_body(config, request).await?;
        let of_handler = &config.handlers.attributecertificate;
        let order = self.order(config, &fields, "attributecertificate", of_handler)?;
        let operation = CmOperation::AttributeCertificate;
        let officer = self.authorize(config, operation, caller, &fields, &order.said)?;
        let number = lock(&self.store).number();
        let settings = &config.attribute_certificate;
        let der = build(self.ca()?, &order, number, &settings.role)?;
        let certid = certid(number);
        lock(&self.store).note("issue", &certid, &officer);
        lock(&self.attribute_certificates).push(IssuedAttributeCertificate {
            certid: certid.clone(),
            der: der.clone(),
            procedure: order.procedure.name.clone(),
        });
        Ok(Reply::text(200, &settings.content_type, der)
            .with_header(&config.wire.certid_header_name, &certid)
            .with_code("issued"))
    }
}

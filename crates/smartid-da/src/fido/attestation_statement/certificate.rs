//! What formats want of the certificates in `x5c`. Trust, revocation and today's date are never part of it.

use smartid_trust::{AttributeType, Certificate, Oid, PublicKey, Reason};

use super::der;
use super::key::unusable;
use super::reason::{AttestationWrong as Wrong, Stop};
use super::statement::Statement;
use crate::fido::Aaguid;

/// id-fido-gen-ce-aaguid: which model the certificate is for (W3C Web Authentication section 8.2.1).
const AAGUID: &str = "1.3.6.1.4.1.45724.1.1.4";

/// The countries of ISO 3166-1. Letters that nobody was given name no country.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW \
    BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB \
    GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM \
    KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC \
    NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL \
    SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE \
    YT ZA ZM ZW";

/// The certificates of a statement.
pub(super) struct Chain {
    /// The certificate whose key signed.
    pub(super) leaf: Certificate,
    /// Its issuers.
    pub(super) others: Vec<Certificate>,
    /// The key of the leaf.
    pub(super) key: PublicKey,
}

impl Chain {
    /// Reads `x5c`. The leaf stands first: the next certificate was not issued with its key.
    pub(super) fn read(statement: &Statement) -> Result<Self, Stop> {
        let (leaf, others) = statement.chain()?;
        let key = leaf
            .public_key()
            .map_err(|refusal| unusable(&refusal, Wrong::CertificateKey))?;
        if let Some(next) = others.first()
            && next.is_signed_by(&key).is_ok()
        {
            return Err(Wrong::CertificateOrder.into());
        }
        Ok(Self { leaf, others, key })
    }

    /// Each certificate was signed by the one behind it. Where one is signed in a way that cannot be verified, nothing is said.
    pub(super) fn links(&self) -> Result<(), Stop> {
        let mut issued = &self.leaf;
        for issuer in &self.others {
            if let Ok(key) = issuer.public_key()
                && let Err(refusal) = issued.is_signed_by(&key)
                && matches!(
                    refusal.reason(),
                    Reason::BadSignature | Reason::AlgorithmDoesNotFitKey
                )
            {
                return Err(Wrong::Chain.into());
            }
            issued = issuer;
        }
        Ok(())
    }
}

/// An extension by its dotted identifier.
pub(super) fn extension<'a>(certificate: &'a Certificate, oid: &str) -> Option<&'a smartid_trust::Extension> {
    let oid: Oid = oid.parse().ok()?;
    certificate.extension(&oid)
}

/// Version 3, and not a CA's: what packed and TPM attestation certificates have in common (sections 8.2.1 and 8.3.1).
pub(super) fn end_entity(leaf: &Certificate) -> Result<(), Stop> {
    if leaf.version() != 3 {
        return Err(Wrong::CertificateVersion.into());
    }
    match leaf.basic_constraints() {
        Ok(Some(constraints)) if !constraints.is_ca => Ok(()),
        Ok(_) => Err(Wrong::CertificateCa.into()),
        Err(_) => Err(Wrong::CertificateMalformed.into()),
    }
}

/// The subject of a packed attestation certificate (section 8.2.1).
pub(super) fn packed_subject(leaf: &Certificate) -> Result<(), Wrong> {
    let subject = leaf.subject();
    let country = subject.texts(&AttributeType::Country);
    let [country] = country.as_slice() else {
        return Err(Wrong::CertificateSubject("it has not one country"));
    };
    if !COUNTRIES.split(' ').any(|known| known == country) {
        return Err(Wrong::CertificateSubject("its country is none"));
    }
    let filled = |kind| subject.texts(&kind).iter().any(|text| !text.is_empty());
    if !filled(AttributeType::Organization) {
        return Err(Wrong::CertificateSubject("it has no organisation"));
    }
    if !filled(AttributeType::CommonName) {
        return Err(Wrong::CertificateSubject("it has no common name"));
    }
    let unit = subject.texts(&AttributeType::OrganizationalUnit);
    if !unit.iter().any(|unit| unit == "Authenticator Attestation") {
        return Err(Wrong::CertificateSubject(
            "its organisational unit is not Authenticator Attestation",
        ));
    }
    Ok(())
}

/// The AAGUID of the certificate, if it has one, is that of the authenticator data, and not critical.
pub(super) fn aaguid(leaf: &Certificate, aaguid: Aaguid) -> Result<(), Wrong> {
    let Some(extension) = extension(leaf, AAGUID) else {
        return Ok(());
    };
    if extension.critical {
        return Err(Wrong::AaguidCritical);
    }
    let octets = der::Reader::only(&extension.value, 0x04).ok_or(Wrong::AaguidMalformed)?;
    let octets: [u8; 16] = octets.try_into().map_err(|_| Wrong::AaguidMalformed)?;
    if octets != aaguid.0 {
        return Err(Wrong::AaguidDiffers);
    }
    Ok(())
}

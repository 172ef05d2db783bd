//! The golden sign and authenticate commands, as a caller makes them, and signers of the fixtures' CA.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use smartid_core::Timestamp;
use smartid_core::base64::{self, Flavour};
use smartid_core::json::Pointer;
use smartid_hermod::answers::Signers;
use smartid_hermod::commands::{Authenticate, Sign};
use smartid_hermod::filter::{CertificateFilter, FilterOp};
use smartid_hermod::{CommandHeader, Entry, HermodDialect, SignatureFormat, SignatureMechanism};
use smartid_trust::path::{ChainPolicy, Purpose, WebpkiVerifier};
use smartid_trust::{Certificate, MemorySigner, SigningKey};

use super::provision::trust;

/// How many requests are made or refused.
pub const SIGN: usize = 48;
pub const AUTHENTICATE: usize = 18;

pub const TRANSFER: &str = "Transfer 500 EUR to account 17 of Example Ltd.";
pub const PROFILE: &str = "70a1c6de-0000-4000-8000-0000000000d1";
pub const NONCE: &str = "83012264";

const JPEG: &str = "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA=";
const PDF: &str = "JVBERi0xLjQKMSAwIG9iajw8L1R5cGUvQ2F0YWxvZy9QYWdlcyAyIDAgUj4+ZW5kb2JqCjIgMCBvYmo8PC9UeXBlL1BhZ2VzL0tpZHNbXS9Db3VudCAwPj5lbmRvYmoKdHJhaWxlcjw8L1Jvb3QgMSAwIFI+PgolJUVPRgo=";
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

/// The time at which the fixtures verify.
pub const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// A command, and the dialect that sends it in the form of its fixture.
pub struct Made<C> {
    pub command: C,
    pub dialect: HermodDialect,
}

fn octets(base64: &str) -> Vec<u8> {
    base64::decode(Flavour::Standard, base64).unwrap()
}

fn header(lifespan: u64, timeout: u64) -> Result<CommandHeader, String> {
    let header = CommandHeader::new(Duration::from_secs(lifespan), Duration::from_secs(timeout));
    header.map_err(|error| error.to_string())
}

fn own() -> CommandHeader {
    header(300, 250).unwrap().external_id("golden-sign-0001")
}

pub fn transfer() -> Entry {
    Entry::text("tbs", TRANSFER).label("To be signed")
}

fn requester() -> Entry {
    Entry::text("requester", "Example Bank").label("Request from")
}

fn rsa() -> CertificateFilter {
    CertificateFilter::eq("key.type", "RSA")
}

fn with(header: CommandHeader, tbs: Entry) -> Sign {
    Sign::new(header, tbs)
        .description(requester())
        .filter(rsa())
        .mechanism(SignatureMechanism::Sha256RsaPkcs)
}

fn pages() -> Sign {
    with(own(), Entry::text("tbs1", "Page one").label("Page one"))
        .and(Entry::pdf("tbs2", &octets(PDF)).label("Annex"))
        .and(Entry::jpeg("tbs3", &octets(JPEG)).label("Photo"))
}

/// The golden sign command; `Err` when it is not even built.
pub fn sign(name: &str) -> Result<Made<Sign>, String> {
    let plain = || with(own(), transfer());
    let of = |tbs: Entry| with(own(), tbs);
    let to = |to: &[&str]| with(own().to(to.iter().copied()), transfer());
    let filter = |filter: CertificateFilter| plain().filter(filter);
    let json = |json: &str| plain().filter(CertificateFilter::from_json(json).unwrap());
    let format = |format: &str, mechanism: &str| plain().format(format.into()).mechanism(mechanism.into());
    let xml = || {
        let order = br#"<order xmlns="urn:example:order"><id>17</id></order>"#;
        of(Entry::bytes("text/xml", "tbs", order).label("Order"))
    };
    let usage = |usage: &str| CertificateFilter::eq("key.usage", usage);
    let mut bare = plain();
    bare.description.clear();
    bare.filter = None;
    let command = match name.trim_start_matches("request_").trim_end_matches(".json") {
        "published" => {
            // The published command has no id of its own.
            let mut command = with(header(30, 30)?, transfer());
            command.description = vec![Entry::text("requester", "Example").label("Request from")];
            command
        }
        "minimal" => bare,
        "no_mechanism" => {
            bare.mechanism = None;
            bare
        }
        "user" => to(&["user-1@example.com"]),
        "box" => to(&["3c0e7a52-0000-4000-8000-0000000000a2"]),
        "two_destinations" => to(&["user-1@example.com", "user-2@example.com"]),
        "text_unicode" => {
            of(Entry::text("tbs", "\u{d6}verf\u{f6}r 500 \u{20ac}\r\nrad 2\u{2028}\u{6771}").label("Text"))
        }
        "text_empty" => of(Entry::text("tbs", "").label("Empty")),
        "text_fixture" => of(Entry::text("tbs", "first line\r\nsecond line\r\n").label("Two lines")),
        "binary_fixture" => {
            let data = trust("content/data.bin");
            of(Entry::bytes("application/octet-stream", "tbs", &data).label("Octets"))
        }
        "pdf" => of(Entry::pdf("tbs", &octets(PDF)).label("Contract")),
        "image" => of(Entry::jpeg("tbs", &octets(JPEG)).label("Picture")),
        "hidden" => plain().and(
            Entry::bytes("application/json", "order", br#"{"order":17}"#)
                .label("Machine part")
                .visible(false),
        ),
        "not_encoded" => of(Entry::plain_text("tbs", TRANSFER).label("To be signed")),
        "tbs_content_id" => {
            of(Entry::content_id("tbs", "SIGN:0b1d9c52-0000-4000-8000-0000000000f3").label("Document"))
        }
        "several_tbs" => pages(),
        "several_tbs_same_key" => of(Entry::text("tbs", "Page one").label("Page one"))
            .and(Entry::text("tbs", "Page two").label("Page two")),
        "descriptions" => plain()
            .description(Entry::text("reference", "Order 17").label("Reference"))
            .description(Entry::jpeg("logo", &octets(JPEG)).label("Logo"))
            .description(Entry::text("trace", "trace-1").label("Trace").visible(false)),
        "description_content_id" => plain().description(
            Entry::content_id("logo", "PROV:0b1d9c52-0000-4000-8000-0000000000f1").label("Logo"),
        ),
        "format_jws" => plain()
            .format(SignatureFormat::Jws)
            .mechanism(SignatureMechanism::Rs256),
        "format_jws_es256" => plain()
            .format(SignatureFormat::Jws)
            .mechanism(SignatureMechanism::Es256),
        "format_jws_ckm" => plain().format(SignatureFormat::Jws),
        "format_pkcs7_sha512" => plain().mechanism(SignatureMechanism::Sha512RsaPkcs),
        "format_pkcs7_ecdsa" => plain().mechanism(SignatureMechanism::EcdsaSha256),
        "format_xmldsig" => xml().format(SignatureFormat::XmlDsig),
        "format_xmldsig_upper" => xml().format("XMLDSIG".into()),
        "format_raw" => plain().format(SignatureFormat::Raw),
        "format_raw_rsa" => format("rsa", "CKM_RSA_PKCS"),
        "format_raw_long" => format("rawrsa", "CKM_RSA_PKCS"),
        "filter_ec" => filter(CertificateFilter::eq("key.type", "EC")),
        "filter_key_id" => filter(CertificateFilter::eq("key.id", "signer")),
        "filter_profile" => filter(CertificateFilter::eq("profile.id", PROFILE)),
        "filter_issuer" => filter(CertificateFilter::eq(
            "cert.issuer",
            "CN=Example Issuing CA,O=Example,C=SE",
        )),
        "filter_and" => filter(CertificateFilter::and([rsa(), usage("SIG")])),
        "filter_or" => filter(CertificateFilter::or([
            rsa(),
            CertificateFilter::eq("key.type", "EC"),
        ])),
        "filter_tree" => filter(CertificateFilter::and([
            rsa(),
            CertificateFilter::or([usage("SIG"), usage("AUTH")]),
            CertificateFilter::not(CertificateFilter::eq("cert.issuer", "CN=Example Root")),
        ])),
        "filter_not_single" => json(r#"{"op":"not","value":{"op":"eq","param":"key.type","value":"RSA"}}"#),
        "filter_filters_member" => json(
            r#"{"op":"and","filters":[{"op":"eq","param":"key.type","value":"RSA"},{"op":"eq","param":"key.usage","value":"SIG"}]}"#,
        ),
        "filter_number" => filter(CertificateFilter::gte("key.length", 2048)),
        "filter_bool" => filter(CertificateFilter::eq("key.hardware", true)),
        "filter_list_value" => filter(CertificateFilter::compare(
            FilterOp::from("in"),
            "key.type",
            smartid_hermod::filter::FilterValue::List(vec!["RSA".into(), "EC".into()]),
        )),
        "filter_empty_and" => filter(CertificateFilter::and([])),
        "filter_empty_object" => json("{}"),
        "filter_deep" => filter((0..40).fold(rsa(), |filter, _| CertificateFilter::not(filter))),
        "profile_member" => {
            let mut command = plain();
            let place = Pointer::of(["params", "profileid"]);
            command.members.set(place, format!("\"{PROFILE}\""));
            command
        }
        "nonce_member" => plain().nonce(NONCE),
        "timeout_above_lifespan" => with(header(30, 31)?, transfer()),
        "no_tbs" => {
            let mut command = plain();
            command.tbs.clear();
            command
        }
        other => panic!("{other} is not made here"),
    };
    Ok(Made {
        command,
        dialect: HermodDialect::default(),
    })
}

/// The golden authenticate command; `Err` when it is not even built.
pub fn authenticate(name: &str) -> Result<Made<Authenticate>, String> {
    let to = |to: &str| {
        let header = header(300, 250).unwrap().to([to]);
        Authenticate::new(header.external_id("golden-authenticate-0001"))
    };
    let log_in = || Entry::text("requester", "Example Portal").label("Log in to");
    let image = || Entry::authentication_image(&octets(JPEG)).label("Compare the pictures");
    let by_id = |id: &str| Entry::authentication_image_by_id(id).label("Compare the pictures");
    const ID: &str = "AUTH:0b1d9c52-0000-4000-8000-0000000000f2";
    let empty = || to("user-1@example.com");
    let plain = || empty().description(log_in());
    let with_parts = |command: Authenticate| {
        command
            .filter(rsa())
            .format(SignatureFormat::Pkcs7)
            .mechanism(SignatureMechanism::Sha256RsaPkcs)
    };
    let timed = |lifespan, timeout| {
        let header = header(lifespan, timeout)?
            .to(["user-1@example.com"])
            .external_id("golden-authenticate-0001");
        Ok::<_, String>(Authenticate::new(header).description(log_in()))
    };
    let mut settings = "";
    let command = match name.trim_start_matches("request_").trim_end_matches(".json") {
        "published_image" => empty().description(image()),
        "published_content_id" => empty().description(by_id(ID)),
        "minimal" => empty(),
        "description" => plain(),
        "descriptions_and_image" => plain()
            .description(
                Entry::text("session", "Session 17")
                    .label("Session")
                    .visible(false),
            )
            .description(image()),
        "descriptions_and_content_id" => plain().description(by_id(ID)),
        "content_id_plain" => empty().description(by_id(ID.trim_start_matches("AUTH:"))),
        "every_member" => with_parts(plain().description(image())),
        "jws" => plain()
            .filter(CertificateFilter::eq("key.usage", "AUTH"))
            .format(SignatureFormat::Jws)
            .mechanism(SignatureMechanism::Rs256),
        "tmp" => {
            // The dialect's own destination.
            let header = header(300, 250)?.external_id("golden-authenticate-0001");
            with_parts(Authenticate::new(header).description(log_in()))
        }
        "box" => to("3c0e7a52-0000-4000-8000-0000000000a2").description(log_in()),
        "with_tbs" => {
            let challenge = Entry::text("tbs", "challenge-83012264").label("Challenge");
            with_parts(plain()).tbs(challenge.visible(false))
        }
        "with_nonce" => plain().nonce(NONCE),
        "nonce_outside" => {
            settings = "[authenticate]\nrequest = [{ move = '/authCommand/params/nonce', to = '/authCommand/nonce' }]";
            plain().nonce(NONCE)
        }
        "filter_tree" => {
            let usage = |usage: &str| CertificateFilter::eq("key.usage", usage);
            plain().filter(CertificateFilter::and([
                rsa(),
                CertificateFilter::or([usage("AUTH"), usage("SIG")]),
            ]))
        }
        "image_png" => empty()
            .description(Entry::bytes("image/png", "auth_image", &octets(PNG)).label("Compare the pictures")),
        "times_equal" => timed(60, 60)?,
        "timeout_above_lifespan" => timed(60, 61)?,
        other => panic!("{other} is not made here"),
    };
    Ok(Made {
        command,
        dialect: super::dialect(settings),
    })
}

pub fn certificate(name: &str) -> Certificate {
    Certificate::from_der(trust(name)).unwrap()
}

/// Chains to the fixtures' root.
pub fn chains(purpose: Purpose) -> Arc<ChainPolicy> {
    let verifier = WebpkiVerifier::builder().root(certificate("certs/root.der"));
    let verifier = verifier.intermediates([certificate("certs/issuer.der")]);
    Arc::new(ChainPolicy::new(Arc::new(verifier.build().unwrap()), purpose))
}

pub fn signers() -> Signers {
    Signers::certificates(chains(Purpose::signing()))
}

/// A person of the fixtures: key, certificate, issuer.
pub fn person(key: &str, own: &str) -> MemorySigner {
    let key = String::from_utf8(trust(&format!("keys/{key}.pem"))).unwrap();
    let chain = [
        certificate(&format!("certs/{own}.der")),
        certificate("certs/issuer.der"),
    ];
    MemorySigner::new(SigningKey::from_pem(&key, None).unwrap(), chain).unwrap()
}

/// Officer One, with an RSA key.
pub static ANNA: LazyLock<MemorySigner> = LazyLock::new(|| person("officer-rsa", "signer-rsa"));
/// Officer Two, with a key on P-256.
pub static BERTA: LazyLock<MemorySigner> = LazyLock::new(|| person("officer-p256", "signer-p256"));
/// Officer Three, with an Ed25519 key.
pub static CARLA: LazyLock<MemorySigner> = LazyLock::new(|| person("officer-ed25519", "signer-ed25519"));

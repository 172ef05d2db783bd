//! The search: each parameter finds what it should and nothing else, in every way in which an installation may write serials and dates.

use smartid::Timestamp;
use smartid::cm::CertId;
use smartid::cm::operations::{Details, IssuerName, RevocationReason, Search};
use smartid::cm::{
    CertificateRecord, CertificateStatus, ExtendedField, KeyIdentifier, SubjectType, Validity,
};
use smartid::trust::{Certificate, Radix, SerialNumber};
use smartid_sim::SimClock;
use smartid_sim::pki::{Key, KeyKind};
use smartid_tests::certificates::{CmSetup, CmWorld, csr_for, kind};

const DAY: u64 = 86_400_000;

/// Certificates that differ in what can be searched for, and the time at which all that was done.
struct Stock {
    world: CmWorld,
    now: Timestamp,
    anna: CertId,
}

impl Stock {
    async fn new(switches: &str) -> Self {
        let clock = SimClock::manual();
        let mut setup = CmSetup::default().sim(switches);
        setup.clock = clock.clone();
        let world = CmWorld::start(setup).await;
        let issue = |subject: &str, procedure: &str| {
            let csr = csr_for(subject, &Key::generate(KeyKind::P256).unwrap());
            let certid = world.sim.cm().issue(csr.der(), procedure).unwrap().certid;
            CertId::new(certid).unwrap()
        };
        let anna = issue(
            "C=SE,O=Åkeri & Söner,OU=Lager,GN=Anna,SN=Öst,serialNumber=7,CN=Anna Öst",
            "User signing",
        );
        let bertil = issue(
            "C=NO,O=Other,GN=Bertil,SN=Vest,CN=Bertil Vest",
            "User authentication",
        );
        issue("C=SE,O=Åkeri & Söner,CN=www.example.test", "TLS server");
        clock.advance(std::time::Duration::from_secs(3600));
        world.sim.cm().revoke(bertil.as_str(), 4).unwrap();
        let now = Timestamp::from_millis(clock.unix_millis());
        Self { world, now, anna }
    }

    fn certificate(&self, certid: &CertId) -> Certificate {
        let stored = self.world.sim.cm().certificate(certid.as_str()).unwrap();
        Certificate::from_der(stored.der.unwrap()).unwrap()
    }

    async fn found(&self, search: &Search) -> Vec<String> {
        let page = self
            .world
            .cm
            .call(search)
            .await
            .unwrap_or_else(|error| panic!("{search:?}: {error}"));
        assert_eq!(page.hits, Some(page.certificates.len() as u64), "{search:?}");
        page.certificates.iter().map(common_name).collect()
    }
}

fn common_name(record: &CertificateRecord) -> String {
    let subject = record.subject.as_deref().unwrap();
    let name = subject.split(", ").find_map(|part| part.strip_prefix("CN="));
    name.unwrap().to_owned()
}

const ANNA: &str = "Anna Öst";
const BERTIL: &str = "Bertil Vest";
const SERVER: &str = "www.example.test";

#[tokio::test(flavor = "multi_thread")]
async fn every_parameter_finds_what_it_should() {
    let stock = Stock::new("").await;
    let anna = stock.certificate(&stock.anna);
    let (now, search) = (stock.now, Search::new);
    let hour_ago = Timestamp::from_millis(now.as_millis() - 3_600_000);
    let year = |days: u64| Timestamp::from_millis(now.as_millis() + days * DAY);
    let key_id = anna.subject_key_id().unwrap().unwrap();
    let issuer = anna.issuer();
    let all = [ANNA, BERTIL, SERVER];
    let cases: Vec<(Search, &[&str])> = vec![
        (search(), &all),
        (search().limit(500), &all),
        (search().offset(0), &all),
        (search().order_by("subject").descending(false), &all),
        (
            search().order_by("subject").descending(true),
            &[SERVER, BERTIL, ANNA],
        ),
        (search().card_serial_number("9752"), &[]),
        (search().serial_number(anna.serial_number()), &[ANNA]),
        (search().serial_number("0x00"), &[]),
        (search().revoked(hour_ago..), &[BERTIL]),
        (search().revoked(..hour_ago), &[]),
        (search().revoked(hour_ago..=now), &[BERTIL]),
        (
            search().revocation_reasons([RevocationReason::Superseded]),
            &[BERTIL],
        ),
        (
            search().revocation_reasons([RevocationReason::KeyCompromise, RevocationReason::Superseded]),
            &[BERTIL],
        ),
        (
            search().revocation_reasons([RevocationReason::KeyCompromise]),
            &[],
        ),
        (search().not_revoked(true), &[ANNA, SERVER]),
        (search().not_revoked(false), &[BERTIL]),
        (search().subject_common_name(ANNA), &[ANNA]),
        (search().subject_common_name("*t"), &all),
        (search().subject_given_name("Anna"), &[ANNA]),
        (search().subject_surname("Öst"), &[ANNA]),
        (search().subject_organisation("Åkeri & Söner"), &[ANNA, SERVER]),
        (search().subject_organisational_unit("Lager"), &[ANNA]),
        (search().subject_serial_number("7"), &[ANNA]),
        (search().subject_country("NO"), &[BERTIL]),
        (search().publication_allowed(true), &all),
        (search().publication_allowed(false), &[]),
        (search().published(hour_ago..), &[]),
        (search().ocsp_activated(..now), &[]),
        (search().valid_from(..year(1)), &all),
        (search().valid_from(year(1)..), &[]),
        (search().valid_to(year(300)..year(400)), &all),
        (search().valid_to(..year(300)), &[]),
        (search().not_yet_valid(true), &[]),
        (search().not_yet_valid(false), &all),
        (search().expired(true), &[]),
        (search().expired(false), &all),
        (search().field(ExtendedField::Field1, "TLS server"), &[SERVER]),
        (search().field(ExtendedField::Field6, "TLS server"), &[]),
        (
            search().subject_key_id(KeyIdentifier::from_bytes(&key_id)),
            &[ANNA],
        ),
        (
            search().subject_types([SubjectType::EndEntity, SubjectType::Ca]),
            &all,
        ),
        (search().subject_types([SubjectType::Ca]), &[]),
        (search().issuer(&issuer), &all),
        (search().issuer(IssuerName::from("CN=Somebody Else")), &[]),
        (search().parameter("subjectCountry", "NO"), &[BERTIL]),
        (
            search()
                .not_revoked(true)
                .subject_country("SE")
                .field(ExtendedField::Field1, "*server"),
            &[SERVER],
        ),
    ];
    for (search, expected) in &cases {
        assert_eq!(stock.found(search).await, *expected, "{search:?}");
    }
    let of_record = stock
        .world
        .cm
        .call(&search().limit(1))
        .await
        .unwrap()
        .certificates
        .remove(0);
    let by_authority = search().authority_key_id(of_record.authority_key_id.unwrap());
    assert_eq!(stock.found(&by_authority).await, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_and_details_say_the_same_in_every_spelling() {
    for (switches, dialect) in [
        ("", ""),
        (
            "date_style = 'seconds'\nrevocation_time_style = 'milliseconds'",
            "",
        ),
        ("date_style = 'iso'\nnull_members = true", ""),
        (
            "serial_style = 'hex-upper'\nkey_identifier_style = 'hex-colons'",
            "",
        ),
        ("key_identifier_style = 'base64'", ""),
        ("serial_style = 'decimal'", "answers.serial_radix = 'decimal'"),
    ] {
        let stock = Stock::new(&format!("[cm.answers]\n{switches}")).await;
        let cm = stock.world.speaking(dialect);
        let page = cm.call(&Search::new()).await.unwrap();
        for record in &page.certificates {
            let certid = record.certid.clone().unwrap();
            let certificate = stock.certificate(&certid);
            assert_eq!(
                (record.valid_from, record.valid_to),
                (Some(certificate.not_before()), Some(certificate.not_after())),
                "{switches}"
            );
            assert_eq!(
                record.serial_number(cm.dialect()).as_ref(),
                Some(certificate.serial_number()),
                "{switches}"
            );
            let key_id = record.subject_key_id.as_ref().unwrap();
            if !switches.contains("base64") {
                let own = certificate.subject_key_id().unwrap().unwrap();
                assert_eq!(key_id.to_bytes().as_deref(), Some(&*own), "{switches}");
            }
            assert_eq!(record.subject_type, Some(SubjectType::EndEntity));
            assert_eq!(record.validity, Some(Validity::Valid));
            let revoked = common_name(record) == BERTIL;
            assert_eq!(
                record.status,
                Some(if revoked {
                    CertificateStatus::Revoked
                } else {
                    CertificateStatus::Active
                })
            );
            assert_eq!(
                (record.revocation_reason(), record.revoked_at),
                if revoked {
                    (Some(RevocationReason::Superseded), Some(stock.now))
                } else {
                    (None, None)
                },
                "{switches}"
            );
            assert_eq!(
                &cm.call(&Details::new(certid)).await.unwrap(),
                record,
                "{switches}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn serial_numbers_are_found_in_either_radix() {
    for (style, dialect, radix) in [
        ("hex", "", Radix::Hex),
        ("decimal", "answers.serial_radix = 'decimal'", Radix::Decimal),
    ] {
        let stock = Stock::new(&format!("[cm.answers]\nserial_style = '{style}'")).await;
        let cm = stock.world.speaking(dialect);
        let serial = stock.certificate(&stock.anna).serial_number().clone();
        let page = cm.call(&Search::new().serial_number(&serial)).await.unwrap();
        assert_eq!(page.certificates[0].certid.as_ref(), Some(&stock.anna), "{style}");
        let record = stock.world.requests("/certificates").pop().unwrap();
        let sent = format!("certificateSerialNumber={}", serial.to_text(radix));
        assert_eq!(record.query.as_deref(), Some(sent.as_str()), "{style}");
        let text = page.certificates[0].serial.as_ref().unwrap();
        assert_eq!(
            SerialNumber::parse(text.as_str(), radix).unwrap(),
            serial,
            "{style}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_expires_while_the_clock_moves_is_found_as_expired() {
    let stock = Stock::new("").await;
    let clock = stock.world.sim.clock().clone();
    clock.advance(std::time::Duration::from_secs(366 * 86_400));
    let search = Search::new().expired(true);
    assert_eq!(stock.found(&search).await, [ANNA, BERTIL, SERVER]);
    let page = stock.world.cm.call(&search).await.unwrap();
    assert!(
        page.certificates
            .iter()
            .all(|record| record.validity == Some(Validity::Expired))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_are_none_are_refused_by_the_service_or_before() {
    let stock = Stock::new("").await;
    let before = stock.world.count("/certificates");
    let wrong = Search::new().valid_to(stock.now..Timestamp::from_millis(0));
    let error = stock.world.cm.call(&wrong).await.unwrap_err();
    assert!(error.is_misconfigured(), "{error}");
    assert_eq!(stock.world.count("/certificates"), before);
    for wrong in [
        Search::new().order_by("nothing"),
        Search::new().subject_types([SubjectType::from("XX")]),
        Search::new().parameter("searchLimit", "-1"),
        Search::new().parameter("misspelt", "x"),
        Search::new().limit(0),
    ] {
        let error = stock.world.cm.call(&wrong).await.unwrap_err();
        assert_eq!(kind(&error).name(), "bad-field-value", "{wrong:?}: {error}");
    }
    let gone = Details::new(CertId::new("0000FFFF").unwrap());
    let error = stock.world.cm.call(&gone).await.unwrap_err();
    assert_eq!(kind(&error).name(), "bad-field-value", "{error}");
}

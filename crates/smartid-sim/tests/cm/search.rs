//! Search: every condition, the cap, paging, ordering, and how records are written.

use serde_json::{Value, json};
use smartid_sim::pki::name;

use crate::common::{Bench, Caller, csr_for};

async fn search(caller: &Caller, query: &[(&str, &str)]) -> Value {
    let answer = caller
        .get(&format!("certificates?{}", crate::common::form(query)))
        .await;
    assert_eq!(answer.status, 200, "{query:?} {}", answer.text());
    let body = answer.json();
    assert_eq!(body["error"], 0);
    body
}

fn ids(body: &Value) -> Vec<String> {
    let list = body["certificates"].as_array().unwrap().iter();
    list.map(|one| one["certid"].as_str().unwrap().to_owned())
        .collect()
}

/// Four certificates: Anna's, Åsa's (revoked), a server's, Bertil's (on hold).
async fn world(toml: &str) -> (Bench, Vec<String>) {
    let bench = Bench::new(toml).await;
    let issue =
        |subject: &str, procedure: &str| bench.sim.cm().issue(&csr_for(subject), procedure).unwrap().certid;
    let all = vec![
        issue(
            "C=SE,O=Example\\, Ltd,OU=Lab,SN=Andersson,GN=Anna,serialNumber=42,CN=Anna Andersson",
            "User authentication",
        ),
        issue("C=FI,O=Exempel Ab,CN=Åsa Öberg", "User signing"),
        issue("O=Exempel Ab,CN=www.example.com", "TLS server"),
        issue("C=SE,CN=Bertil", "User authentication"),
    ];
    bench.sim.cm().revoke(&all[1], 1).unwrap();
    bench.sim.advance(std::time::Duration::from_secs(3600));
    bench.sim.cm().revoke(&all[3], 6).unwrap();
    (bench, all)
}

#[tokio::test]
async fn every_condition_is_understood() {
    let (bench, all) = world("").await;
    let anna = bench.sim.cm().certificate(&all[0]).unwrap();
    let parsed = anna.parse().unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let serial = hex(parsed.serial());
    let (ski, aki) = (
        hex(parsed.subject_key_identifier().unwrap()),
        hex(parsed.authority_key_identifier().unwrap()),
    );
    let issuer = name::text(parsed.issuer_der()).unwrap();
    for (query, wanted) in [
        (vec![], vec![0, 1, 2, 3]),
        (vec![("subjectCommonName", "Anna Andersson")], vec![0]),
        (vec![("subjectCommonName", "anna*")], vec![0]),
        (vec![("subjectCommonName", "åsa öberg")], vec![1]),
        (vec![("subjectCommonName", "*example*")], vec![2]),
        (vec![("subjectCommonName", "Anna")], vec![]),
        (vec![("subjectGivenName", "Anna")], vec![0]),
        (vec![("subjectSurName", "Andersson")], vec![0]),
        (vec![("subjectOrganisationName", "Example, Ltd")], vec![0]),
        (vec![("subjectOrganisationUnit", "Lab")], vec![0]),
        (vec![("subjectSerialNumber", "42")], vec![0]),
        (vec![("subjectCountry", "SE")], vec![0, 3]),
        (vec![("subjectCountry", "SE"), ("isNotRevoked", "true")], vec![0]),
        (vec![("isNotRevoked", "false")], vec![1, 3]),
        (vec![("revocationReason", "1")], vec![1]),
        (vec![("revocationReason", "1,6")], vec![1, 3]),
        (
            vec![("revocationReason", "1"), ("revocationReason", "6")],
            vec![1, 3],
        ),
        (vec![("revocationTimeFrom", "2026-01-01T00:30:00Z")], vec![3]),
        (vec![("revocationTimeTo", "2026-01-01T00:30:00.5Z")], vec![1]),
        (
            vec![
                ("revocationTimeFrom", "2026-01-01T01:00:00+01:00"),
                ("revocationTimeTo", "2026-01-01T00:00:00Z"),
            ],
            vec![1],
        ),
        (vec![("certificateSerialNumber", &serial)], vec![0]),
        (vec![("certificateSerialNumber", &serial.to_uppercase())], vec![0]),
        (vec![("certificateSerialNumber", "1")], vec![]),
        (vec![("subjectKeyIdentifier", &ski)], vec![0]),
        (vec![("authorityKeyIdentifier", &aki)], vec![0, 1, 2, 3]),
        (vec![("issuer", &issuer)], vec![0, 1, 2, 3]),
        (
            vec![("issuer", &issuer.replace(", ", ",").to_lowercase())],
            vec![0, 1, 2, 3],
        ),
        (vec![("issuer", "CN=Nobody")], vec![]),
        (vec![("subjectType", "EE")], vec![0, 1, 2, 3]),
        (vec![("subjectType", "CA")], vec![]),
        (vec![("subjectType", "CA,EE")], vec![0, 1, 2, 3]),
        (vec![("field1", "TLS server")], vec![2]),
        (vec![("field2", "TLS server")], vec![]),
        (vec![("cardSerialNumber", "1")], vec![]),
        (vec![("publicationAllowed", "true")], vec![0, 1, 2, 3]),
        (vec![("publicationAllowed", "false")], vec![]),
        (vec![("publicationTimeFrom", "2020-01-01T00:00:00Z")], vec![]),
        (vec![("ocspActivationTimeTo", "2030-01-01T00:00:00Z")], vec![]),
        (
            vec![("validFromTimeFrom", "2026-01-01T00:00:00Z")],
            vec![0, 1, 2, 3],
        ),
        (vec![("validFromTimeTo", "2025-12-31T23:59:59Z")], vec![]),
        (
            vec![("validToTimeFrom", "2027-01-01T00:00:00Z")],
            vec![0, 1, 2, 3],
        ),
        (vec![("validToTimeTo", "2026-12-31T00:00:00Z")], vec![]),
        (vec![("isExpired", "true")], vec![]),
        (vec![("isExpired", "false")], vec![0, 1, 2, 3]),
        (vec![("isNotYetValid", "true")], vec![]),
    ] {
        let body = search(&bench.ra, &query).await;
        let wanted: Vec<String> = wanted
            .into_iter()
            .map(|place: usize| all[place].clone())
            .collect();
        assert_eq!(ids(&body), wanted, "{query:?}");
        assert_eq!(body["searchHits"], wanted.len());
    }
    bench.sim.advance(std::time::Duration::from_secs(366 * 86_400));
    assert_eq!(ids(&search(&bench.ra, &[("isExpired", "true")]).await).len(), 4);
    assert_eq!(
        search(&bench.ra, &[("searchLimit", "1")]).await["certificates"][0]["validity"],
        "expired"
    );
}

#[tokio::test]
async fn what_cannot_be_understood_is_refused() {
    let (bench, _) = world("").await;
    for (query, word) in [
        ("searchLimit=0", "limit"),
        ("searchLimit=-1", "number"),
        ("searchLimit=x", "number"),
        ("searchOffset=1.5", "number"),
        ("searchLimit=1&searchLimit=2", "field_repeated"),
        ("orderDescending=TRUE", "boolean"),
        ("orderBy=colour", "order"),
        ("isNotRevoked=1", "boolean"),
        ("revocationReason=x", "number"),
        ("revocationTimeFrom=2026-01-01", "date"),
        ("subjectType=ee", "subject_type"),
        ("subjectOrganizationName=x", "field_unknown"),
        ("subjectCommonName=%zz&x=%ff", "field_unknown"),
    ] {
        let answer = bench.ra.get(&format!("certificates?{query}")).await;
        assert_eq!(
            (answer.status, answer.error(), bench.word().as_str()),
            (400, -14, word),
            "{query}"
        );
    }
    bench
        .sim
        .reconfigure(|config| config.cm.decode.strict_fields = false);
    assert_eq!(
        search(&bench.ra, &[("subjectOrganizationName", "x")]).await["searchHits"],
        4
    );
    bench
        .sim
        .reconfigure(|config| config.cm.decode.date_fractions = false);
    let answer = bench
        .ra
        .get("certificates?validToTimeTo=2026-01-01T00:00:00.5Z")
        .await;
    assert_eq!((answer.error(), bench.word().as_str()), (-14, "date"));
}

#[tokio::test]
async fn texts_can_be_compared_to_the_letter() {
    let (bench, all) = world("[cm.search]\nwildcards = false\nignore_case = false").await;
    for (wanted, count) in [("Anna Andersson", 1), ("anna andersson", 0), ("Anna*", 0)] {
        let hits = ids(&search(&bench.ra, &[("subjectCommonName", wanted)]).await);
        assert_eq!(hits, all[..count]);
    }
}

#[tokio::test]
async fn pages_have_a_cap_and_a_total() {
    let (bench, all) = world("[cm.search]\ncap = 3").await;
    let page = async |query: &[(&str, &str)]| {
        let body = search(&bench.ra, query).await;
        (ids(&body), body["searchHits"].as_u64().unwrap())
    };
    assert_eq!(page(&[]).await, (all[..3].to_vec(), 4));
    assert_eq!(page(&[("searchLimit", "4")]).await, (all[..3].to_vec(), 4));
    assert_eq!(page(&[("searchOffset", "3")]).await, (all[3..].to_vec(), 4));
    assert_eq!(page(&[("searchOffset", "9")]).await, (vec![], 4));
    assert_eq!(
        page(&[("searchOffset", "1"), ("searchLimit", "1")]).await,
        (all[1..2].to_vec(), 4)
    );
    let condition = ("subjectCommonName", "*");
    assert_eq!(
        page(&[condition, ("searchOffset", "1"), ("searchLimit", "2")]).await,
        (all[1..3].to_vec(), 4)
    );
    let reversed = |list: &[String]| list.iter().rev().cloned().collect::<Vec<_>>();
    assert_eq!(
        page(&[("orderDescending", "true"), ("searchLimit", "2")]).await,
        (reversed(&all[2..]), 4)
    );
    assert_eq!(
        page(&[condition, ("orderDescending", "true"), ("searchLimit", "2")]).await,
        (reversed(&all[2..]), 4)
    );
    let by = async |order: &str| ids(&search(&bench.ra, &[("orderBy", order)]).await);
    assert_eq!(by("subject").await, [&all[0], &all[3], &all[2]].map(Clone::clone));
    assert_eq!(by("revocationtime").await[..2], [all[0].clone(), all[2].clone()]);
    for order in [
        "certid",
        "status",
        "issuer",
        "certificateserialnumber",
        "validfrom",
        "validto",
    ] {
        assert_eq!(by(order).await.len(), 3, "{order}");
    }
    bench
        .sim
        .reconfigure(|config| config.cm.search.over_cap = smartid_sim::config::OverCap::Refuse);
    assert_eq!(bench.ra.get("certificates?searchLimit=4").await.error(), -14);
    assert_eq!(page(&[("searchLimit", "3")]).await.0.len(), 3);
    bench.sim.reconfigure(|config| {
        config.cm.search.default_limit = 2;
        config.cm.search.total_hits = false;
        config.cm.search.phantom_hits = 10;
        config.cm.search.empty_from = Some(2);
    });
    assert_eq!(page(&[]).await, (all[..2].to_vec(), 12));
    assert_eq!(page(&[("searchOffset", "2")]).await, (vec![], 10));
}

#[tokio::test]
async fn the_default_cap_is_five_hundred() {
    let bench = Bench::new("").await;
    bench.sim.cm().preload(1201).unwrap();
    let (mut offset, mut seen) = (0, std::collections::BTreeSet::new());
    let mut pages = 0;
    loop {
        let body = search(&bench.ra, &[("searchOffset", &offset.to_string())]).await;
        let page = ids(&body);
        offset += page.len();
        seen.extend(page);
        pages += 1;
        if offset >= usize::try_from(body["searchHits"].as_u64().unwrap()).unwrap() {
            break;
        }
    }
    assert_eq!((pages, seen.len()), (3, 1201));
    assert_eq!(
        search(&bench.ra, &[("subjectCommonName", "Preloaded 00*")]).await["searchHits"],
        1201
    );
}

#[tokio::test]
async fn a_hundred_thousand_are_there_quickly() {
    let bench = Bench::new("").await;
    bench.sim.cm().preload(100_000).unwrap();
    let body = search(&bench.ra, &[("searchOffset", "99999")]).await;
    assert_eq!(
        (body["searchHits"].as_u64(), ids(&body).len()),
        (Some(100_000), 1)
    );
    assert_eq!(bench.sim.cm().count(), 100_000);
}

#[tokio::test]
async fn a_record_has_the_documented_members() {
    let (bench, all) = world("").await;
    let anna = bench.sim.cm().certificate(&all[0]).unwrap();
    let details = bench
        .ra
        .get(&format!("certificates/{}/details", all[0]))
        .await
        .json();
    let record = details["certificate"].clone();
    assert_eq!(details["error"], 0);
    assert_eq!(record, search(&bench.ra, &[]).await["certificates"][0]);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let parsed = anna.parse().unwrap();
    assert_eq!(
        record,
        json!({
            "certid": all[0],
            "status": "active",
            "validfrom": 1_767_225_600_000_u64,
            "validto": 1_798_761_600_000_u64,
            "certificateserialnumber": hex(parsed.serial()),
            "subject": "CN=Anna Andersson, serialNumber=42, GN=Anna, SN=Andersson, OU=Lab, O=\"Example, Ltd\", C=SE",
            "issuer": name::text(parsed.issuer_der()).unwrap(),
            "keyusage": ["digitalSignature"],
            "subjectType": "EE",
            "authorityKeyIdentifier": hex(parsed.authority_key_identifier().unwrap()),
            "subjectKeyIdentifier": hex(parsed.subject_key_identifier().unwrap()),
            "validity": "valid",
        })
    );
    let server = bench
        .ra
        .get(&format!("certificates/{}/details", all[2]))
        .await
        .json();
    assert_eq!(
        server["certificate"]["extendedcertsearch"],
        json!({"field1": "TLS server"})
    );
}

#[tokio::test]
async fn records_can_be_written_otherwise() {
    let toml = "[cm.answers]\nok_message = \"done\"\ndate_style = \"seconds\"\nrevocation_time_style = \"milliseconds\"\n\
                serial_style = \"decimal\"\nkey_identifier_style = \"hex-colons\"\ncertid_name = \"certId\"\nnull_members = true";
    let (bench, all) = world(toml).await;
    let details = async |certid: &str| {
        bench
            .ra
            .get(&format!("certificates/{certid}/details"))
            .await
            .json()
    };
    let body = details(&all[1]).await;
    let record = &body["certificate"];
    assert_eq!(body["msg"], "done");
    assert_eq!(
        (&record["certId"], &record["certid"]),
        (&json!(all[1]), &Value::Null)
    );
    assert_eq!(
        (&record["validfrom"], &record["revocationtime"]),
        (&json!(1_767_225_600), &json!(1_767_225_600_000_u64))
    );
    let serial = bench.sim.cm().certificate(&all[1]).unwrap().serial;
    let number = serial
        .iter()
        .fold(0_u128, |sum, byte| (sum << 8) | u128::from(*byte));
    assert_eq!(record["certificateserialnumber"], number.to_string());
    let hits = bench
        .ra
        .get(&format!("certificates?certificateSerialNumber={number}"))
        .await
        .json();
    assert_eq!(hits["searchHits"], 1);
    let ski = record["subjectKeyIdentifier"].as_str().unwrap();
    assert_eq!((ski.len(), ski.matches(':').count()), (59, 19));
    assert_eq!(
        search(&bench.ra, &[("subjectKeyIdentifier", ski)]).await["searchHits"],
        1
    );
    let anna = &details(&all[0]).await["certificate"];
    for member in ["reason", "revocationtime", "extendedcertsearch"] {
        assert_eq!(anna.get(member), Some(&Value::Null), "{member}");
    }
    bench.sim.reconfigure(|config| {
        config.cm.answers.date_style = smartid_sim::config::CmDateStyle::Iso;
        config.cm.answers.serial_style = smartid_sim::config::SerialStyle::HexUpper;
        config.cm.answers.key_identifier_style = smartid_sim::config::KeyIdentifierStyle::Base64;
    });
    let record = details(&all[0]).await["certificate"].clone();
    assert_eq!(record["validfrom"], "2026-01-01T00:00:00Z");
    let serial = record["certificateserialnumber"].as_str().unwrap();
    assert_eq!((serial.len(), serial), (32, serial.to_uppercase().as_str()));
    let ski = record["subjectKeyIdentifier"].as_str().unwrap();
    assert_eq!(ski.len(), 28);
    assert_eq!(
        search(&bench.ra, &[("subjectKeyIdentifier", ski)]).await["searchHits"],
        1
    );
}

//! The golden files of procedures, registrations, issuers and raw calls.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use bytes::Bytes;
use common::golden::{Entry, Index};
use common::verdict::{Verdict, judge, read, step};
use common::{compare, dialect};
use http::Method;
use smartid_cm::dialect::Encoding;
use smartid_cm::operations::experimental::Issuers;
use smartid_cm::operations::{
    MediaType, Procedures, RawCall, RawRead, RawWrite, Register, Registration, RegistrationKind,
    Registrations,
};
use smartid_cm::{AccountId, Call, CmDialect, RequestSignature, SignedCall};
use smartid_core::{Endpoint, Outgoing};
use toml::{Table, Value};

fn text<'a>(table: &'a Table, name: &str) -> Option<&'a str> {
    table.get(name).map(|value| value.as_str().unwrap())
}

#[test]
fn procedures() {
    for fixture in Index::of("procedures").fixtures() {
        let dialect = CmDialect::default();
        if fixture.text("kind") == "request" {
            let call = match text(&fixture.call(), "mediaType") {
                Some(name) => Procedures::of(MediaType::from_name(name)),
                None => Procedures::all(),
            };
            compare::request(&call.request(&dialect).unwrap(), &fixture);
            continue;
        }
        let verdict = read(&Procedures::all(), &dialect, fixture.incoming());
        judge(&verdict, &fixture, true);
        if verdict.outcome() == "ok" && fixture.get("names").is_some() {
            let procedures = verdict.ok(&fixture);
            let names: Vec<_> = procedures
                .iter()
                .map(|procedure| procedure.name.as_str())
                .collect();
            assert_eq!(names, fixture.texts("names"), "{fixture}");
        }
    }
}

fn registration_settings(fixture: &Entry) -> CmDialect {
    match fixture.optional_text("dialect") {
        // Wherever the list stands, it is found.
        None
        | Some(
            "name of the list in an envelope of registrations: registration"
            | "name of the list in an envelope of registrations: items",
        ) => CmDialect::default(),
        Some("validity of registrations: a JSON number") => {
            dialect("[requests]\nregistration_days = 'number'")
        }
        Some(other) => panic!("{fixture}: {other}"),
    }
}

fn rows(ours: &[Registration], fixture: &Entry) {
    let Some(expected) = fixture.tables("registrations") else {
        return;
    };
    assert_eq!(ours.len(), expected.len(), "{fixture}");
    for (row, table) in ours.iter().zip(expected) {
        for (name, value) in &table {
            let ours = match name.as_str() {
                "regid" => row.regid.as_deref(),
                "fqdn" => row.fqdn.as_deref(),
                "officer" => row.officer.as_deref(),
                other => row.other.get(other).and_then(|value| value.as_str()),
            };
            let expected = value.as_str().filter(|text| *text != "none");
            assert_eq!(ours, expected, "{fixture}: {name}");
        }
    }
}

fn registering(call: &Table) -> Result<Register, smartid_cm::NameError> {
    let account = AccountId::new(text(call, "account").unwrap_or("a"))?;
    let mut register = Register::new(account, text(call, "type").unwrap_or("est").into());
    for (name, value) in call {
        let text = || value.as_str().unwrap();
        register = match name.as_str() {
            "fqdn" => register.fqdn(text()),
            "realm" => register.realm(text()),
            "username" => register.username(text()),
            "password" => register.password(text()),
            "status" => register.status(text().into()),
            "validity" => register.valid_for_days(u32::try_from(value.as_integer().unwrap()).unwrap()),
            "keyid" => register.key_id(text()),
            "hmackey" => register.hmac_key(text()),
            "alloweddomains" => {
                let domains = value.as_array().unwrap().iter();
                domains.fold(register, |register, domain| {
                    register.allow_domain(domain.as_str().unwrap())
                })
            }
            "other" => {
                let fields = value.as_table().unwrap().iter();
                fields.fold(register, |register, (name, value)| {
                    register.field(name, value.as_str().unwrap())
                })
            }
            "account" | "type" | "signer_returns" | "signs" => register,
            other => panic!("{other}"),
        };
    }
    Ok(register)
}

fn signature(fixture: &Entry) -> Option<RequestSignature> {
    let returned = fixture.get("call")?.as_table()?.get("signer_returns")?.as_str()?;
    Some(RequestSignature::from_cms(fixture.octets(returned)))
}

#[test]
fn registrations() {
    for fixture in Index::of("registrations").fixtures() {
        let dialect = registration_settings(&fixture);
        match (fixture.text("operation"), fixture.text("kind")) {
            ("registrations-list", "request") => {
                let call = fixture.call();
                let account = AccountId::new(text(&call, "account").unwrap());
                let kind = RegistrationKind::from(text(&call, "type").unwrap());
                let request = account.map(|account| Registrations::new(account, kind).request(&dialect));
                if fixture.flag("refuse") == Some(true) {
                    assert!(!matches!(request, Ok(Ok(_))), "{fixture}");
                } else {
                    compare::request(&request.unwrap().unwrap(), &fixture);
                }
            }
            ("registrations-list", "response") => {
                let account = AccountId::new("a").unwrap();
                let call = Registrations::new(account, RegistrationKind::Est);
                let verdict = read(&call, &dialect, fixture.incoming());
                judge(&verdict, &fixture, true);
                if let Verdict::Ok(registrations) = verdict {
                    rows(&registrations, &fixture);
                }
            }
            ("registrations-create", "request") => {
                let register = registering(&fixture.call()).unwrap();
                let request = match signature(&fixture) {
                    Some(signature) => SignedCall::new(&register, &signature).request(&dialect),
                    None => Call::new(&register).request(&dialect),
                };
                assert_eq!(
                    signature(&fixture).is_some(),
                    fixture.number("step") == Some(2),
                    "{fixture}"
                );
                compare::request(&request.unwrap(), &fixture);
            }
            ("registrations-create", "response") => {
                let register = registering(&Table::new()).unwrap();
                let signature = RequestSignature::from_cms(vec![0x30, 0]);
                let signed = (fixture.number("step") == Some(2)).then_some(&signature);
                let verdict = step(&register, &dialect, signed, fixture.incoming());
                judge(&verdict, &fixture, false);
                match verdict {
                    Verdict::Ok(done) => rows(&done.registrations, &fixture),
                    Verdict::Sign(data) => {
                        assert_eq!(data, fixture.octets(fixture.text("data_to_sign")), "{fixture}");
                    }
                    Verdict::Error(_) => {}
                }
            }
            other => panic!("{fixture}: {other:?}"),
        }
    }
}

#[test]
fn issuers() {
    for fixture in Index::of("issuers").fixtures() {
        let dialect = match fixture.optional_text("dialect") {
            None => CmDialect::default(),
            Some(path) => {
                let path = path.strip_prefix("path of issuers: /").unwrap();
                dialect(&format!("[issuers]\npath = '{path}'"))
            }
        };
        if fixture.text("kind") == "request" {
            compare::request(&Issuers::new().request(&dialect).unwrap(), &fixture);
            continue;
        }
        let verdict = read(&Issuers::new(), &dialect, fixture.incoming());
        judge(&verdict, &fixture, true);
        let Verdict::Ok(page) = verdict else {
            continue;
        };
        assert_eq!(
            page.hits.map(|hits| hits as i64),
            fixture.number("hits"),
            "{fixture}"
        );
        let subjects = fixture.tables("subjects").unwrap();
        assert_eq!(page.issuers.len(), subjects.len(), "{fixture}");
        for (ours, expected) in page.issuers.iter().zip(subjects) {
            assert_eq!(
                ours.subject_dn.as_deref(),
                text(&expected, "subject_dn"),
                "{fixture}"
            );
            if let Some(parts) = expected.get("rdn").and_then(Value::as_table) {
                assert_eq!(ours.subject.len(), parts.len(), "{fixture}");
                for (name, value) in parts {
                    assert_eq!(ours.subject[name], [value.as_str().unwrap()], "{fixture}");
                }
            }
        }
    }
}

fn raw(call: &Table) -> Result<Outgoing, smartid_core::BuildError> {
    let dialect = CmDialect::default();
    let path = text(call, "path").unwrap();
    let method: Method = text(call, "method").unwrap().parse().unwrap();
    if let Some(parts) = call.get("parts").and_then(Value::as_array) {
        let mut write = RawWrite::new(path, Encoding::Multipart).method(method);
        if let Some(accept) = text(call, "accept") {
            write = write.accept(accept);
        }
        for part in parts {
            write = write.field(part[0].as_str().unwrap(), part[1].as_str().unwrap());
        }
        return Call::new(&write).request(&dialect);
    }
    if method == Method::GET {
        let mut read = RawRead::new(path);
        for pair in call.get("query").and_then(Value::as_array).into_iter().flatten() {
            read = read.query(pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
        }
        return read.request(&dialect);
    }
    let mut raw = RawCall::new(method, path);
    if let Some(body) = text(call, "body") {
        raw = raw.body(
            text(call, "content_type").unwrap(),
            Bytes::copy_from_slice(body.as_bytes()),
        );
    }
    raw.request(&dialect)
}

#[test]
fn raw_calls() {
    let dialect = CmDialect::default();
    for fixture in Index::of("raw").fixtures() {
        if fixture.text("kind") == "request" {
            let request = raw(&fixture.call());
            if fixture.flag("refuse") == Some(true) {
                assert!(request.is_err(), "{fixture}");
            } else {
                compare::request(&request.unwrap(), &fixture);
            }
            continue;
        }
        if fixture.get("body_fill").is_some() {
            // The cap is the transport's: see `oversized`.
            continue;
        }
        let incoming = fixture.incoming();
        let answer = read(&RawRead::new("x"), &dialect, incoming.clone()).ok(&fixture);
        let called = read(&RawCall::new(Method::POST, "x"), &dialect, incoming.clone()).ok(&fixture);
        for answer in [&answer, &called] {
            assert_eq!(
                Some(i64::from(answer.status().as_u16())),
                fixture.number("status"),
                "{fixture}"
            );
            assert_eq!(answer.headers(), incoming.headers(), "{fixture}");
            assert_eq!(answer.body(), incoming.body(), "{fixture}");
        }
        let code = answer.code(&dialect).map(|code| code.number());
        assert_eq!(code, fixture.number("code"), "{fixture}");
        if let Some(message) = fixture.optional_text("msg") {
            assert_eq!(answer.message(&dialect).as_deref(), Some(message), "{fixture}");
        }
        let data = answer.data_to_sign(&dialect).map(|data| data.as_bytes().to_vec());
        let expected = fixture
            .optional_text("data_to_sign")
            .map(|file| fixture.octets(file));
        assert_eq!(data, expected, "{fixture}");
    }
}

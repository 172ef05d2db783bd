//! Every golden file of Personal: settings of one method and of several, certificate attributes, mapping to a user.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may panic"
)]

use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use smartid_da::personal::{
    FindingCode, FindingLevel, Findings, MappingError, PersonalMethod, PersonalMethods, SettingsError,
    StoredUser, UserMapping,
};
use smartid_da::{CertificateAttribute, UserId};
use smartid_trust::{AttributeComparison, AttributeError, Certificate};

fn golden(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/personal")
        .join(file)
}

/// The entries of one kind, as JSON values.
fn index(kind: &str, at_least: usize) -> Vec<Value> {
    let text = std::fs::read_to_string(golden("INDEX.toml")).unwrap();
    let all: Value = toml::from_str(&text).unwrap();
    let mut rows = all["fixture"].as_array().unwrap().clone();
    rows.retain(|row| row["kind"] == kind);
    assert!(rows.len() >= at_least, "{kind}: {}", rows.len());
    rows
}

fn says(row: &Value, key: &str, what: &str) -> bool {
    row[key] == what
        || row[key]
            .as_array()
            .is_some_and(|list| list.contains(&json!(what)))
}

/// What can be read in both forms and validated.
trait Document: DeserializeOwned + serde::Serialize + PartialEq + std::fmt::Debug {
    fn of_json(json: &str) -> Result<Self, SettingsError>;
    fn json(&self) -> String;
    fn findings(&self) -> Findings;
}

macro_rules! document {
    ($($name:ident)*) => {
        $(impl Document for $name {
            fn of_json(json: &str) -> Result<Self, SettingsError> {
                Self::from_json(json)
            }
            fn json(&self) -> String {
                self.to_json()
            }
            fn findings(&self) -> Findings {
                self.validate()
            }
        })*
    };
}

document!(PersonalMethod PersonalMethods);

/// The document; or the member at fault (`syntax` for none) and the error's text.
fn read<D: Document>(file: &str) -> Result<D, (String, String)> {
    let syntax = |text: String| ("syntax".to_owned(), text);
    let text = String::from_utf8(std::fs::read(golden(file)).unwrap()).map_err(|e| syntax(e.to_string()))?;
    if file.ends_with(".json") {
        return D::of_json(&text)
            .map_err(|error| (error.member().unwrap_or("syntax").to_owned(), error.to_string()));
    }
    toml::from_str(&text).map_err(|error| {
        let message = error.message();
        let member = message.strip_prefix('`').and_then(|rest| rest.split('`').next());
        (member.unwrap_or("syntax").to_owned(), message.to_owned())
    })
}

/// Whether everything in `before` is in `after` with the same value.
fn kept(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => before
            .iter()
            .all(|(name, value)| after.get(name).is_some_and(|after| kept(value, after))),
        (Value::Array(before), Value::Array(after)) => {
            before.len() == after.len() && before.iter().zip(after).all(|(b, a)| kept(b, a))
        }
        _ => before == after,
    }
}

fn as_index(findings: &Findings) -> Vec<Value> {
    let list = findings.iter().map(|finding| {
        assert!(finding.sentence().ends_with('.'), "{finding}");
        assert!(finding.advice().ends_with('.'), "{finding}");
        let mut row = json!({"level": finding.level(), "code": finding.code().as_str()});
        if let Some(member) = finding.member() {
            row["member"] = json!(member);
        }
        if let Some(method) = finding.method() {
            row["method"] = json!(method);
        }
        row
    });
    list.collect()
}

fn check<D: Document>(row: &Value) -> Result<(), String> {
    let file = row["file"].as_str().unwrap();
    let document: D = match read(file) {
        Ok(document) => document,
        Err((member, text)) => {
            let expected = row["read"] == "refuse" && row["reason"] == member.as_str();
            let allowed = says(row, "read_also", "refuse");
            return (expected || allowed)
                .then_some(())
                .ok_or(format!("refused: {text}"));
        }
    };
    if row["read"] != "ok" && !says(row, "read_also", "ok") {
        return Err("it was read".into());
    }
    if row["read"] != "ok" {
        return Ok(());
    }

    let findings = document.findings();
    let (notes, mut got): (Vec<Value>, Vec<Value>) = as_index(&findings)
        .into_iter()
        .partition(|row| row["level"] == "note");
    let mut want = row["findings"].as_array().unwrap().clone();
    got.sort_by_key(Value::to_string);
    want.sort_by_key(Value::to_string);
    if got != want {
        return Err(format!("found {got:?}"));
    }
    let is_ok = want.iter().all(|finding| finding["level"] != "error");
    if findings.is_ok() != is_ok {
        return Err("is_ok".into());
    }
    for note in row["notes"].as_array().into_iter().flatten() {
        if !notes.iter().any(|given| given["code"] == *note) {
            return Err(format!("no note {note}"));
        }
    }

    let text = std::fs::read_to_string(golden(file)).unwrap();
    let before: Value = match file.ends_with(".json") {
        true => serde_json::from_str(&text).unwrap(),
        false => toml::from_str(&text).unwrap(),
    };
    let written = document.json();
    if !kept(&before, &serde_json::from_str(&written).unwrap())
        || D::of_json(&written) != Ok(document_of(file))
    {
        return Err(format!("as JSON: {written}"));
    }
    let table = toml::Table::try_from(&document).map_err(|error| error.to_string())?;
    if !kept(&before, &serde_json::to_value(&table).unwrap()) || table.try_into() != Ok(document) {
        return Err("as TOML".into());
    }
    if let Some(other) = row["same_as"].as_str()
        && document_of::<D>(file) != document_of(other)
    {
        return Err(format!("not the same as {other}"));
    }
    Ok(())
}

fn document_of<D: Document>(file: &str) -> D {
    read(file).unwrap()
}

fn all_right(rows: &[Value], check: impl Fn(&Value) -> Result<(), String>) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|row| check(row).err().map(|why| format!("{}: {why}", row["file"])))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn methods_are_read_and_judged_as_the_index_says() {
    all_right(&index("method", 100), check::<PersonalMethod>);
}

#[test]
fn lists_are_read_and_judged_as_the_index_says() {
    all_right(&index("methods", 25), check::<PersonalMethods>);
}

#[test]
fn members_that_are_left_out_have_their_defaults() {
    let mut seen = 0;
    for row in index("method", 100) {
        let file = row["file"].as_str().unwrap();
        if let Some(defaults) = row["defaults"].as_object() {
            let method: PersonalMethod = document_of(file);
            for (name, value) in defaults {
                let given = match name.as_str() {
                    "enable_authentication_method" => method.is_enabled(),
                    "visible_in_authentication_menu" => method.is_visible_in_menu(),
                    "enable_personal_certificate_authentication" => method.uses_certificate(),
                    "enable_authentication_on_same_device" => method.same_device(),
                    other => panic!("{other}"),
                };
                assert_eq!(json!(given), *value, "{name}");
                seen += 1;
            }
        }
        if let Some(authmech) = row["authmech"].as_str() {
            assert_eq!(document_of::<PersonalMethod>(file).authmech(), authmech);
            seen += 1;
        }
    }
    assert_eq!(seen, 5);
}

#[test]
fn what_is_written_in_code_is_what_is_written_in_the_files() {
    let file: PersonalMethod = document_of("methods/mobile_same_device_certificate.toml");
    let code = PersonalMethod::mobile("Personal Mobile", "Authentication Service 1")
        .with_availability(true, true)
        .with_same_device(std::time::Duration::from_secs(5), "You will be taken to the app.")
        .with_certificate_authentication("Example Issuing CA")
        .with_mapping("mail", &CertificateAttribute::SUBJECT_ALT_NAME_EMAIL);
    assert_eq!(code, file);
    assert!(code.needs_mapping());
    assert_eq!(UserMapping::of(&code).unwrap().user_attribute(), "mail");
    assert_eq!(UserMapping::of(&document_of("methods/pair_unused.toml")), None);
    assert_eq!(UserMapping::of(&document_of("methods/pair_half.toml")), None);

    let filtered: PersonalMethod = document_of("methods/filter_leaf.toml");
    let filter = smartid_da::filter::CertificateFilter::eq("key.type", "RSA");
    assert_eq!(filtered.certificate_filter().unwrap(), Some(filter.clone()));
    let code = PersonalMethod::mobile("Personal Mobile", "Authentication Service 1")
        .with_availability(true, true)
        .with_certificate_filter(&filter)
        .unwrap();
    assert_eq!(code, filtered);

    let two: PersonalMethod = document_of("methods/servers.toml");
    let code = PersonalMethod::mobile("Personal Mobile", "Authentication Service 1")
        .with_availability(true, true)
        .with_server("Authentication Service 2");
    assert_eq!(code, two);
    let lists: PersonalMethod = document_of("methods/lists.toml");
    assert_eq!(lists.radius_replies(), ["Reply-Message=Welcome"]);
    assert_eq!(lists.notification_mappings(), ["By E-mail"]);
    let assigned: PersonalMethod = document_of("methods/static.toml");
    assert_eq!(assigned.assigned_id(), Some("a1b2c3d4e5f6"));
    assert_eq!(assigned.member("authentication_method_type").unwrap(), "27");
}

#[test]
fn no_value_of_an_unknown_member_is_shown() {
    let json = r#"{"method_type":"personal-mobile","key":"s3cret","extended_properties":{"pin":"s3cret"}}"#;
    let method = PersonalMethod::from_json(json).unwrap();
    let shown = format!("{method:?} {:?}", method.validate());
    assert!(!shown.contains("s3cret"), "{shown}");
    assert_eq!(method.member("key").unwrap(), "\"s3cret\"");
}

#[test]
fn hostile_documents_end_in_an_error() {
    let deep = |levels: usize| {
        let open = "[".repeat(levels);
        format!(
            r#"{{"method_type":"personal-mobile","x":{open}{}}}"#,
            "]".repeat(levels)
        )
    };
    assert!(PersonalMethod::from_json(&deep(20)).is_ok());
    assert!(matches!(
        PersonalMethod::from_json(&deep(40)),
        Err(SettingsError::Syntax(_))
    ));
    let values = |count: usize| {
        format!(
            r#"{{"method_type":"personal-mobile","x":[{}0]}}"#,
            "0,".repeat(count)
        )
    };
    assert!(PersonalMethod::from_json(&values(10_000)).is_ok());
    assert!(matches!(
        PersonalMethod::from_json(&values(30_000)),
        Err(SettingsError::Syntax(_))
    ));
    let long = format!(
        r#"{{"method_type":"personal-mobile","x":"{}"}}"#,
        "x".repeat(1024 * 1024)
    );
    assert_eq!(PersonalMethod::from_json(&long), Err(SettingsError::TooLong));
    for text in [
        "",
        "[]",
        "null",
        "1",
        "{",
        "{}x",
        r#"{"method_type":"personal-mobile","a":{"b":1,"b":2}}"#,
        r#"{"method_type":null}"#,
        r#"{"method_type":1}"#,
    ] {
        assert!(PersonalMethod::from_json(text).is_err(), "{text}");
    }
    for date in ["x = 2026-01-01", "x = 12:00:00", "x = nan", "x = -inf"] {
        let text = format!("method_type = 'personal-mobile'\n{date}");
        assert!(toml::from_str::<PersonalMethod>(&text).is_err(), "{date}");
    }
    for (text, member) in [
        ("{}", "methods"),
        (r#"{"methods":{}}"#, "methods"),
        (r#"{"methods":[1]}"#, "methods"),
        (r#"{"methods":[{}]}"#, "method_type"),
        (
            r#"{"methods":[],"distribution_service":1}"#,
            "distribution_service",
        ),
        (
            r#"{"methods":[],"distribution_service":{"external_port":"443"}}"#,
            "external_port",
        ),
        (
            r#"{"methods":[],"distribution_service":{"external_dns_name":1}}"#,
            "external_dns_name",
        ),
    ] {
        assert_eq!(
            PersonalMethods::from_json(text).unwrap_err().member(),
            Some(member),
            "{text}"
        );
    }
    let many = vec![r#"{"method_type":"personal-mobile"}"#; 257].join(",");
    let error = PersonalMethods::from_json(&format!(r#"{{"methods":[{many}]}}"#)).unwrap_err();
    assert_eq!(error.member(), Some("methods"));
}

#[test]
fn filters_that_no_page_describes_are_found() {
    let level = |filter: &str| {
        let json = json!({
            "method_type": "personal-mobile", "display_name": "x", "authentication_method_servers": ["a"],
            "extended_properties": { "certificate_filter": filter },
        });
        let method = PersonalMethod::from_json(&json.to_string()).unwrap();
        let found: Vec<_> = method.validate().into_iter().collect();
        assert!(found.iter().all(|finding| finding.code() == FindingCode::Filter) && found.len() < 2);
        found.first().map(smartid_da::personal::Finding::level)
    };
    let leaf = r#"{"op":"eq","param":"a","value":"b"}"#;
    for error in [
        r#"{}"#.to_owned(),
        r#"{"op":"and"}"#.to_owned(),
        r#"{"op":"or","value":[]}"#.to_owned(),
        r#"{"op":"not","value":[{"op":"golden"},{"op":"eq","param":"a"}]}"#.to_owned(),
    ] {
        assert_eq!(level(&error), Some(FindingLevel::Error), "{error}");
    }
    for warning in [
        format!(r#"{{"op":"not","value":[{leaf},{leaf}]}}"#),
        format!(r#"{{"op":"and","param":"a","value":[{leaf}]}}"#),
        r#"{"op":"eq","param":"a","value":null}"#.to_owned(),
        r#"{"op":"eq","param":"a","value":["b"]}"#.to_owned(),
        r#"{"op":"eq","param":"a","value":"b","golden":1}"#.to_owned(),
        format!(r#"{{"op":"or","value":[{leaf},{{"op":"golden","value":1}}]}}"#),
    ] {
        assert_eq!(level(&warning), Some(FindingLevel::Warning), "{warning}");
    }
    assert_eq!(level(leaf), None);
    assert_eq!(level(r#"{"op":"lt","param":"key.size","value":2048}"#), None);
}

fn certificate(file: &str) -> Result<Certificate, smartid_trust::Refusal> {
    Certificate::from_pem(&std::fs::read_to_string(golden(file)).unwrap())
}

#[test]
fn every_kind_is_judged_and_every_certificate_is_read_but_the_forbidden_one() {
    let kinds = [
        "method",
        "methods",
        "certificate",
        "certificate-attribute",
        "mapping",
    ];
    let judged: usize = kinds.iter().map(|kind| index(kind, 1).len()).sum();
    let text = std::fs::read_to_string(golden("INDEX.toml")).unwrap();
    assert_eq!(text.matches("[[fixture]]").count(), judged);
    let refused: Vec<Value> = index("certificate", 30)
        .into_iter()
        .map(|row| row["file"].clone())
        .filter(|file| certificate(file.as_str().unwrap()).is_err())
        .collect();
    assert_eq!(refused, ["certificates/names_twice.test.pem"]);
}

#[test]
fn certificate_attributes_have_the_values_that_the_index_says() {
    all_right(&index("certificate-attribute", 70), |row| {
        let attribute = CertificateAttribute::new(row["attribute"].as_str().unwrap());
        let at = |why: String| format!("{attribute}: {why}");
        let refusable = says(row, "certificate", "refuse-too");
        let certificate = match certificate(row["file"].as_str().unwrap()) {
            Ok(certificate) => certificate,
            Err(refusal) => return refusable.then_some(()).ok_or(at(refusal.to_string())),
        };
        let (values, known) = match UserMapping::new(attribute.clone(), "mail").values(&certificate) {
            Ok(values) => (values, true),
            Err(MappingError::NoValue) => (Vec::new(), true),
            Err(MappingError::Attribute(AttributeError::Unknown(_))) => (Vec::new(), false),
            // Broken alternative names have no usable value, and nothing else of the certificate suffers.
            Err(MappingError::Attribute(AttributeError::Unreadable(_))) => {
                let name = CertificateAttribute::COMMON_NAME.resolve(&certificate);
                assert_eq!(name, Ok(vec!["Alice Example".to_owned()]), "{}", row["file"]);
                (Vec::new(), true)
            }
            Err(error) => return Err(at(error.to_string())),
        };
        let want_known = row["known"].as_bool().unwrap_or(true);
        if known != want_known && row["known_also"] != known {
            return Err(at(format!("known: {known}")));
        }
        let also = !known && row["known_also"] == false;
        let right = row["values"] == json!(values) || row["values_also"] == json!(values) || also;
        right.then_some(()).ok_or(at(format!("{values:?}")))
    });
}

#[test]
fn certificates_name_the_users_that_the_index_says() {
    all_right(&index("mapping", 40), |row| {
        let file = row["file"].as_str().unwrap();
        let case: Value = serde_json::from_str(&std::fs::read_to_string(golden(file)).unwrap()).unwrap();
        let attribute = CertificateAttribute::new(case["certificate_attribute"].as_str().unwrap());
        let mut mapping = UserMapping::new(attribute, case["user_attribute"].as_str().unwrap());
        if case["ignore_case"] == true {
            mapping = mapping.with_comparison(AttributeComparison::IgnoreAsciiCase);
        }
        let users: Vec<StoredUser> = serde_json::from_value(case["users"].clone()).unwrap();
        let pem = case["certificate"].as_str().unwrap().strip_prefix("../").unwrap();
        let certificate = certificate(pem).unwrap();
        let outcome = mapping.find(&certificate, &users, case["typed_user"].as_str());
        let (outcome, reason) = match &outcome {
            Ok(user) => (user.id().as_str(), ""),
            Err(MappingError::NoValue | MappingError::Attribute(_)) => ("refuse", "no-value"),
            Err(MappingError::NoUser) => ("refuse", "no-user"),
            Err(MappingError::SeveralUsers) => ("refuse", "several-users"),
            Err(MappingError::TypedUserDiffers) => ("refuse", "typed-user-differs"),
            Err(other) => panic!("{other}"),
        };
        // The strict one of two outcomes is ours, unless a storage writes a name in its own way.
        let right = row["outcome"] == outcome
            && (outcome != "refuse" || row["reason"] == reason || row["reason_also"] == reason);
        right.then_some(()).ok_or(format!("{outcome} {reason}"))
    });
}

#[test]
fn a_mapping_error_tells_nothing_of_the_certificate() {
    let certificate = certificate("certificates/plain.test.pem").unwrap();
    let bob = StoredUser::new(UserId::new("bob").unwrap()).with("mail", "bob@example.test");
    let alice = StoredUser::new(UserId::new("alice").unwrap()).with("mail", "alice@example.test");
    let mapping = UserMapping::new(CertificateAttribute::SUBJECT_ALT_NAME_EMAIL, "mail");
    for (user, typed, why) in [
        (&bob, None, MappingError::NoUser),
        (&alice, Some("bob"), MappingError::TypedUserDiffers),
        (&alice, Some(""), MappingError::TypedUserDiffers),
    ] {
        let error = mapping.find(&certificate, [user], typed).unwrap_err();
        assert_eq!(error, why);
        assert!(!format!("{error} {error:?}").contains('@'));
    }
}

proptest::proptest! {
    #[test]
    fn what_was_written_is_read_again(name in ".*", wait in 0_u64..10_000, text in ".*", other in ".*", number: i64) {
        let method = PersonalMethod::mobile(name.clone(), text.clone())
            .with_same_device(std::time::Duration::from_secs(wait), text)
            .with_mapping(&other, &CertificateAttribute::new(other.clone()));
        let again = PersonalMethod::from_json(&method.to_json()).unwrap();
        proptest::prop_assert_eq!(&again, &method);
        proptest::prop_assert_eq!(again.display_name(), name);
        let mut json: Value = serde_json::from_str(&method.to_json()).unwrap();
        json["golden"] = json!({ other: number });
        let odd = PersonalMethod::from_json(&json.to_string()).unwrap();
        proptest::prop_assert_eq!(serde_json::from_str::<Value>(&odd.to_json()).unwrap(), json);
    }

    #[test]
    fn no_text_makes_it_panic(text in ".*") {
        let _ = PersonalMethod::from_json(&text);
        let json = json!({"method_type": "personal-desktop", "extended_properties": {"certificate_filter": text}});
        let findings = PersonalMethod::from_json(&json.to_string()).unwrap().validate();
        proptest::prop_assert!(!findings.is_ok());
    }
}

/// Texts of which nobody sees anything are not there, and what everybody passes is no filter.
#[test]
fn what_cannot_be_seen_is_missing() {
    let text = r#"{"method_type": "personal-desktop", "display_name": "Personal Desktop", "authentication_method_servers": ["S1"],
        "enable_personal_certificate_authentication": true, "certificate_authority": "CA", "extended_properties": {
        "user_attribute": "mail", "certificate_attribute": "subjectaltname-emailaddress",
        "certificate_filter": "{\"param\":\"cn\",\"op\":\"co\",\"value\":\"x\"}"}}"#;
    let found = |from: &str, to: &str| -> Vec<(FindingLevel, FindingCode)> {
        let edited = text.replacen(from, to, 1);
        assert!(from.is_empty() || edited != text, "{from}");
        let findings = PersonalMethod::from_json(&edited).unwrap().validate();
        findings
            .iter()
            .map(|finding| (finding.level(), finding.code()))
            .filter(|(_, code)| *code != FindingCode::CertificateAuthorityDoesNotFilter)
            .collect()
    };
    assert_eq!(found("", ""), []);
    let error = |code| vec![(FindingLevel::Error, code)];
    for invisible in ["\u{200b}", "\u{ad} ", "\u{feff}", "\u{2060}\u{200e}", "\u{202e}"] {
        let quoted = format!("\"{invisible}\"");
        assert_eq!(found("\"mail\"", &quoted), error(FindingCode::MandatoryPair));
        assert_eq!(
            found("\"subjectaltname-emailaddress\"", &quoted),
            error(FindingCode::MandatoryPair)
        );
        assert_eq!(found("\"S1\"", &quoted), error(FindingCode::ServerMissing));
        assert_eq!(
            found("\"CA\"", &quoted),
            error(FindingCode::CertificateAuthorityMissing)
        );
        assert_eq!(
            found("\"Personal Desktop\"", &quoted),
            error(FindingCode::DisplayName)
        );
    }
    // What reorders the letters around it is refused in a name that users see; a joiner between letters belongs to some scripts.
    assert_eq!(
        found("Personal Desktop", "Personal\u{202e}Desktop"),
        error(FindingCode::DisplayName)
    );
    assert_eq!(found("Personal Desktop", "می\u{200c}خواهم"), []);
    let warning = vec![(FindingLevel::Warning, FindingCode::Filter)];
    for op in ["co", "sw", "ew"] {
        let edited = format!("\\\"op\\\":\\\"{op}\\\",\\\"value\\\":\\\"\\\"");
        assert_eq!(
            found(r#"\"op\":\"co\",\"value\":\"x\""#, &edited),
            warning,
            "{op}"
        );
    }
    let equal = r#"\"op\":\"eq\",\"value\":\"\""#;
    assert_eq!(found(r#"\"op\":\"co\",\"value\":\"x\""#, equal), []);
    assert_eq!(
        found(r#"\"param\":\"cn\""#, r#"\"param\":\" \""#),
        error(FindingCode::Filter)
    );
}

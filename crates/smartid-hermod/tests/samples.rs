//! Plausible messages that no golden file has: other orders, unknown and empty members, numbers for texts and texts for numbers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use common::{answer, answers, attestation, signature};
use smartid_hermod::answers::{SignatureExpectation, SignaturePolicy};
use smartid_hermod::{CommandReport, HermodDialect, ImmediateResponse, State};

const BOX: &str = "3c0e7a52-0000-4000-8000-0000000000a1";
const MID: &str = "9d2f41c8-0000-4000-8000-0000000000b1";

fn dialect() -> HermodDialect {
    HermodDialect::default()
}

fn report(body: &str) -> CommandReport {
    CommandReport::read(body.to_owned().into(), &dialect()).unwrap_or_else(|error| panic!("{error}: {body}"))
}

/// The word of the outcome, read as that command's.
fn word(verb: &str, body: &str) -> &'static str {
    let (report, dialect) = (report(body), dialect());
    match verb {
        "provision" => report.provision(&dialect).name(),
        "certificate" => report.certificate(&dialect).name(),
        "authenticate" | "sign" => report.sign(&dialect, &SignatureExpectation::default()).name(),
        "ping" => report.ping(&dialect).name(),
        "startpinreset" => report.start_pin_reset(&dialect).name(),
        "endpinreset" => report.end_pin_reset(&dialect).name(),
        "delete" => report.delete_profile(&dialect).name(),
        other => panic!("{other}"),
    }
}

#[test]
fn immediate_responses() {
    let link = format!(
        "com.nexusgroup.plugout:///?url=https%3a%2f%2fhost.example.test%3A20400%2fhermod%2Frest%2Fms%2F{BOX}&token=6a1d0c11-0000-4000-8000-0000000000c1"
    );
    let location = format!("https://host.example.test:20400/hermod/rest/ms/{BOX}/{MID}");
    for (body, destinations, linked, state) in [
        (
            format!(
                r#"{{"fqdn":"host.example.test","state":"IN_PROGRESS","commandType":"SIGN","destinations":[{{"location":"{location}","mid":"{MID}","uri":"{link}","bid":"{BOX}","to":"@tmp"}}],"commandId":"688"}}"#
            ),
            1,
            true,
            State::InProgress,
        ),
        (
            format!(
                r#"{{"commandId":1011,"destinations":[{{"to":"anna@example.test","bid":"{BOX}","mid":"{MID}","uri":null,"location":"{location}"}},{{"to":"anna@example.test","bid":"{MID}","mid":"{BOX}"}}],"commandType":"AUTH","state":"IN_PROGRESS","fqdn":null}}"#
            ),
            2,
            false,
            State::InProgress,
        ),
        (r#"{"commandId":"1"}"#.to_owned(), 0, false, State::InProgress),
        (r#"{"commandId":"1","destinations":null,"state":null}"#.to_owned(), 0, false, State::InProgress),
        (
            format!(r#"{{"commandId":"1","destinations":{{"to":"@tmp","bid":17,"mid":18,"uri":"{link}","expires":1}}}}"#),
            1,
            true,
            State::InProgress,
        ),
        (
            r#"{"commandId":"1","destinations":[{"to":["@tmp"],"bid":null}],"state":"QUEUED","created":"2024-05-06T07:08:09Z"}"#.to_owned(),
            1,
            false,
            State::Other("QUEUED".to_owned()),
        ),
        (
            " \r\n{ \"commandId\" : \"\\u0036\\u0038\\u0038\" , \"commandType\" : 7 , \"fqdn\" : \"h\" , \"destinations\" : [ ] }\r\n".to_owned(),
            0,
            false,
            State::InProgress,
        ),
    ] {
        let read = ImmediateResponse::read(&answer(200, body.clone()), &dialect().states);
        let read = read.unwrap_or_else(|error| panic!("{error:?}: {body}"));
        assert_eq!(read.destinations.len(), destinations, "{body}");
        assert_eq!(read.link().is_some(), linked, "{body}");
        assert_eq!(read.state, state, "{body}");
        if let Some(found) = read.link() {
            assert_eq!((found.bid().as_str(), found.expose()), (BOX, link.as_str()));
        }
    }
}

#[test]
fn ends_of_commands() {
    let boxes = format!(
        r#""destinations":[{{"to":"@tmp","bid":"{BOX}","mid":"{MID}","location":"https://h.example.test/ms/{BOX}/{MID}"}}]"#
    );
    for (verb, body, expected) in [
        ("sign", format!(r#"{{"commandId":"688","externalId":"my-id","commandType":"SIGN","state":"TIMEOUT",{boxes},"fqdn":"h"}}"#), "timed-out"),
        ("sign", format!(r#"{{"fqdn":"h",{boxes},"state":"REJECTED","commandType":"SIGN","externalId":null,"commandId":688}}"#), "declined"),
        ("authenticate", r#"{"commandId":"689","state":"CANCELLED","response":null,"error":null}"#.to_owned(), "cancelled"),
        ("authenticate", r#"{"commandId":"689","state":"FAILED","error":{"code":"USER_DENIED","message":null}}"#.to_owned(), "failed"),
        ("authenticate", r#"{"commandId":"689","state":"FAILED","error":"INVALID_SIGNATURE"}"#.to_owned(), "failed"),
        ("provision", r#"{"commandId":"690","state":"FAILED","error":{"message":"HERMOD_ERROR_JWT_SIGNATURE","code":4711}}"#.to_owned(), "failed"),
        ("provision", r#"{"commandId":"690","state":"FAILED","error":[]}"#.to_owned(), "failed"),
        ("provision", r#"{"commandId":"690","state":"FAILED"}"#.to_owned(), "failed"),
        ("provision", r#"{"commandId":"690","state":"SUCCESS"}"#.to_owned(), "unreadable"),
        ("provision", r#"{"commandId":"690","error":{"code":"X"}}"#.to_owned(), "failed"),
        ("certificate", r#"{"externalId":"c-1","state":"SUCCESS"}"#.to_owned(), "succeeded"),
        ("certificate", r#"{"externalId":"c-1","commandId":"691","commandType":"CERT","state":"SUCCESS","response":{}}"#.to_owned(), "succeeded"),
        ("certificate", r#"{"externalId":"c-1","commandId":"691","state":"IN_PROGRESS"}"#.to_owned(), "pending"),
        ("ping", r#"{"commandId":"692","state":"SUCCESS","response":{"deviceinfo":{"operatingsystem":"Windows 11","appversion":20401,"profiles":[{"profileid":"p"}],"tpm":null}}}"#.to_owned(), "succeeded"),
        ("ping", r#"{"commandId":"692","state":"SUCCESS","response":{"deviceinfo":[]}}"#.to_owned(), "succeeded"),
        ("ping", r#"{"commandId":"692","state":"SUCCESS","response":null}"#.to_owned(), "succeeded"),
        ("startpinreset", r#"{"response":{"transportedkey":null,"nonce":"0a1B2c3D4e5F6071"},"state":"SUCCESS","commandId":"693"}"#.to_owned(), "succeeded"),
        ("startpinreset", r#"{"commandId":"693","state":"SUCCESS","response":{"nonce":" 0a1B2c3D4e5F6071 "}}"#.to_owned(), "unreadable"),
        ("startpinreset", r#"{"commandId":"693","state":"SUCCESS","response":{"nonce":""}}"#.to_owned(), "unreadable"),
        ("startpinreset", r#"{"commandId":"693","state":"SUCCESS","response":{"nonce":"0a1B2c3D4e5F6071","transportedkey":{"kty":"RSA","n":"AQAB","e":"AQAB"}}}"#.to_owned(), "succeeded"),
        ("endpinreset", r#"{"commandId":"694","commandType":"EPIN","state":"SUCCESS","response":{"result":true}}"#.to_owned(), "succeeded"),
        ("endpinreset", r#"{"commandId":"694","state":"FAILED","error":{"code":-2146435028,"message":"SCARD_W_WRONG_CHV"}}"#.to_owned(), "failed"),
        ("delete", r#"{"commandId":"695","state":"SUCCESS","response":{"profileid":"p"}}"#.to_owned(), "succeeded"),
        ("delete", r#"{"commandId":"695","state":"TIMEOUT"}"#.to_owned(), "timed-out"),
        // What nobody knows is no end.
        ("sign", r#"{"commandId":"688","state":"APPROVED"}"#.to_owned(), "pending"),
        ("sign", r#"{"commandId":"688","state":"success"}"#.to_owned(), "pending"),
        ("sign", r#"{"commandId":"688","state":{"name":"SUCCESS"}}"#.to_owned(), "pending"),
        ("sign", r#"{"commandId":"688","state":3}"#.to_owned(), "pending"),
    ] {
        assert_eq!(word(verb, &body), expected, "{body}");
    }
}

#[test]
fn errors_are_told() {
    for (error, code, message) in [
        (r#"{"code":"USER_DENIED"}"#, Some("USER_DENIED"), None),
        (
            r#"{"code":-2146435028,"message":"wrong PIN"}"#,
            Some("-2146435028"),
            Some("wrong PIN"),
        ),
        (r#"{"message":"x","details":{"a":[1]}}"#, None, Some("x")),
        ("\"TIMED_OUT\"", Some("TIMED_OUT"), None),
        ("17", Some("17"), None),
        (r#"{"code":{"a":1},"message":7}"#, None, None),
    ] {
        let report = report(&format!(
            r#"{{"commandId":"1","state":"FAILED","error":{error}}}"#
        ));
        let fault = report.error.unwrap();
        assert_eq!(
            (fault.code.as_deref(), fault.message.as_deref()),
            (code, message),
            "{error}"
        );
    }
}

#[test]
fn signatures_wherever_they_stand() {
    let asked = answers::asked_rsa("pkcs7");
    let data = answers::cms(&signature::ANNA, answers::CONTENT);
    let lines = data
        .as_bytes()
        .chunks(76)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect::<Vec<_>>();
    for response in [
        format!(r#"{{"format":"pkcs7","data":"{data}"}}"#),
        format!(r#"{{"data":"{data}","format":"PKCS7","mechanism":"CKM_SHA256_RSA_PKCS"}}"#),
        format!(r#"{{"data":"{data}","format":null}}"#),
        format!(r#"{{"data":"{data}","format":""}}"#),
        format!(r#"{{"data":["{data}"],"format":"pkcs7"}}"#),
        format!(r#"{{"data":[{{"key":"tbs","data":"{data}"}}]}}"#),
        format!(r#"{{"data":"{}"}}"#, lines.join("\\r\\n")),
        format!(r#"{{"signature":"{data}","format":"pkcs7"}}"#),
        format!("\"{data}\""),
        format!(r#"[{{"signature":"{data}"}}]"#),
        format!(r#"{{"params":{{"signature":[{{"value":"{data}"}}]}}}}"#),
    ] {
        let body =
            format!(r#"{{"commandId":"688","commandType":"SIGN","state":"SUCCESS","response":{response}}}"#);
        let outcome = report(&body).sign(&dialect(), &asked);
        let name = outcome.name();
        let answer = outcome
            .succeeded()
            .unwrap_or_else(|| panic!("{name}: {response:.80}"));
        answer
            .verify(
                &SignaturePolicy::new(asked.clone(), &signature::signers()),
                signature::NOW,
            )
            .unwrap_or_else(|refusal| panic!("{refusal}: {response:.80}"));
    }
}

#[test]
fn provisioning_answers_wherever_they_stand() {
    let jws = attestation::jws(&attestation::payload("payload_one_key.json"));
    for body in [
        format!(r#"{{"commandId":5101,"state":"SUCCESS","response":{{"data":"{jws}","format":"jws"}}}}"#),
        format!(r#"{{"response":"{jws}","state":"SUCCESS","externalId":"golden-provision-0001"}}"#),
        format!(
            r#"{{"commandId":"5101","state":"SUCCESS","destinations":[{{"mid":"m","response":{{"data":"{jws}"}}}}]}}"#
        ),
        format!(r#"{{"commandId":"5101","response":{{"jws":"{jws}\n"}}}}"#),
        format!(r#"{{"commandId":"5101","state":"SUCCESS","provResponse":{{"response":"{jws}"}}}}"#),
    ] {
        let outcome = report(&body).provision(&dialect());
        let name = outcome.name();
        let answer = outcome
            .succeeded()
            .unwrap_or_else(|| panic!("{name}: {body:.80}"));
        answer
            .verify(&attestation::one_key(), attestation::now())
            .unwrap();
    }
}

//! AST: one text of `ast.properties` for client and simulator, each with a reader of its own; what stands in the headers; and that no
//! value can be more than one.

use std::collections::BTreeMap;

use smartid::Phase;
use smartid::cm::Attribute;
use smartid::cm::ast::{
    AstProblem, AstProperties, AstRequest, AttributeHeaders, PropertiesProblem, ValueProblem,
};
use smartid::cm::{CmDialect, HandlerName};
use smartid_tests::certificates::{CmSetup, CmWorld, TOKEN_PASSWORD, kind};

use crate::AST;
use crate::ast::swede;

/// A simulator with these lines and other switches, and the client's reading of the lines.
fn with_lines(lines: &str, more: &str) -> (CmSetup, AstProperties) {
    let quoted = toml::Value::String(lines.to_owned());
    let setup = CmSetup::default().sim(&format!("[cm.ast]\nproperties = {quoted}\n{more}"));
    (setup, AstProperties::parse(lines).unwrap())
}

/// The attributes that the simulator understood, when each that the lines give a header of a handler was sent, with the header's name in
/// its value.
async fn agreed(lines: &str, handler: &str, segment: &str, handlers: &str) -> BTreeMap<String, String> {
    let (setup, properties) = with_lines(lines, handlers);
    let world = CmWorld::start(setup).await;
    let mapping = properties.headers(handler).clone();
    let mut request = AstRequest::new(TOKEN_PASSWORD).headers(mapping.clone());
    if !segment.is_empty() {
        request = request.handler(HandlerName::new(segment).unwrap());
    }
    // Attributes of one header must have one value.
    for (attribute, header) in mapping.as_map() {
        let value = if *attribute == Attribute::COUNTRY_NAME {
            "SE".to_owned()
        } else {
            format!("by {header}")
        };
        request = request.attribute(attribute.clone(), value);
    }
    let issued = world
        .cm
        .call_gateway(&request)
        .await
        .unwrap_or_else(|error| panic!("{lines}: {error}"));
    let opened = world.open(&issued.token, TOKEN_PASSWORD).await.unwrap();
    let token = world.sim.cm().soft_tokens().remove(0);
    let leaf = opened.the_one_key().unwrap().certificate().unwrap().subject();
    world.check_token(&opened, &leaf.to_string());
    // What the client says, the simulator has understood: no more, no less.
    let sent: BTreeMap<String, String> = mapping
        .as_map()
        .iter()
        .map(|(attribute, header)| (attribute.as_str().to_ascii_lowercase(), header.to_string()))
        .collect();
    let common = ("commonname".to_owned(), "Soft token".to_owned());
    let told = token.attributes.iter().filter(|pair| **pair != common);
    let told: Vec<String> = told.map(|(attribute, _)| attribute.clone()).collect();
    assert_eq!(told, sent.keys().cloned().collect::<Vec<_>>(), "{lines}");
    let understood: BTreeMap<String, String> = token.attributes.into_iter().collect();
    for (attribute, header) in &sent {
        if attribute != "countryname" {
            assert_eq!(understood[attribute], format!("by {header}"), "{lines}");
        }
    }
    understood
}

#[tokio::test(flavor = "multi_thread")]
async fn one_text_configures_both() {
    let of = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(attribute, value)| ((*attribute).to_owned(), (*value).to_owned()))
            .collect()
    };
    let token = ("commonname", "Soft token");
    for (lines, expected) in [
        // Nothing said: the documented default.
        ("", of(&[("countryname", "SE"), token])),
        (
            "start = true\n# comment\n! another",
            of(&[("countryname", "SE"), token]),
        ),
        // As the vendor's page has it.
        (
            "handler.0.formatFields.4 = ast.valuetarget.countryname.value =\n\
             handler.0.formatFields.5 = ast.valuetarget.localityname.value = myheader",
            of(&[("localityname", "by myheader"), token]),
        ),
        // Overridden, extended.
        (
            "handler.0.formatFields.1 = ast.valuetarget.countryname.value = X-Land\n\
             handler.0.formatFields.2 = ast.valuetarget.commonname.value = X-User",
            of(&[("countryname", "SE"), ("commonname", "by x-user")]),
        ),
        // Letter case, separators, blanks, a line that goes on.
        (
            "  handler.0.formatFields.1:ast.valuetarget.CommonName.value=X-USER\r\n\
             handler.0.formatFields.2   ast.valuetarget.title.value =\\\n      x-title  \n",
            of(&[
                ("countryname", "SE"),
                ("commonname", "by x-user"),
                ("title", "by x-title"),
            ]),
        ),
        // One header for two attributes.
        (
            "handler.0.formatFields.1 = ast.valuetarget.commonname.value = X-Name\n\
             handler.0.formatFields.2 = ast.valuetarget.surname.value = x-name",
            of(&[
                ("countryname", "SE"),
                ("commonname", "by x-name"),
                ("surname", "by x-name"),
            ]),
        ),
        // The last of two lines with one key.
        (
            "handler.0.formatFields.1 = ast.valuetarget.title.value = X-Old\n\
             handler.0.formatFields.1 = ast.valuetarget.title.value = X-New",
            of(&[("countryname", "SE"), ("title", "by x-new"), token]),
        ),
        // Another handler's lines, and what is said of something else.
        (
            "handler.1.formatFields.1 = ast.valuetarget.title.value = X-Title\n\
             handler.0.tokenprocedure = Soft token\n\
             handler.0.formatFields.9 = common.valuetarget.title.value = X-Title",
            of(&[("countryname", "SE"), token]),
        ),
        // Escapes of a properties file.
        (
            "handler.0.formatFields.1 = ast.valuetarget.\\u0074itle.value = X\\u002DTitle",
            of(&[("countryname", "SE"), ("title", "by x-title"), token]),
        ),
    ] {
        assert_eq!(agreed(lines, "0", "", "").await, expected, "{lines}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_lines_for_one_attribute_are_not_guessed_about() {
    // Which of them counts is not known. The simulator goes by <k>; the client has somebody look.
    let lines = "handler.0.formatFields.1 = ast.valuetarget.countryname.value =\n\
                 handler.0.formatFields.2 = ast.valuetarget.countryname.value = X-Land";
    let error = AstProperties::parse(lines).unwrap_err();
    assert_eq!(error.line(), Some(2), "{error}");
    assert!(
        matches!(error.problem(), PropertiesProblem::Twice { first: 1, .. }),
        "{error}"
    );
    let quoted = toml::Value::String(lines.to_owned());
    let world = CmWorld::with(&format!("[cm.ast]\nproperties = {quoted}")).await;
    let headers = AttributeHeaders::new()
        .with(Attribute::COUNTRY_NAME, "X-Land")
        .unwrap();
    world.cm.call_gateway(&swede().headers(headers)).await.unwrap();
    assert_eq!(world.sim.cm().soft_tokens()[0].subject, "CN=Soft token, C=SE");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_handler_has_its_own_lines() {
    let lines = "handler.0.formatFields.1 = ast.valuetarget.title.value = X-Zero\n\
                 handler.one.formatFields.1 = ast.valuetarget.title.value = X-One\n\
                 handler.one.formatFields.2 = ast.valuetarget.countryname.value =";
    let handlers = "[[cm.ast.handlers]]\nnumber = '0'\nprocedure = 'Soft token'\n\
                    [[cm.ast.handlers]]\nname = 'one'\nnumber = 'one'\nprocedure = 'Soft token'";
    let zero = agreed(lines, "0", "", handlers).await;
    assert_eq!(
        (zero["title"].as_str(), zero["countryname"].as_str()),
        ("by x-zero", "SE")
    );
    let one = agreed(lines, "one", "one", handlers).await;
    assert_eq!(one["title"], "by x-one");
    assert!(!one.contains_key("countryname"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_off_or_unmapped_is_not_sent_and_what_does_not_agree_is_seen() {
    let off = "handler.0.formatFields.4 = ast.valuetarget.countryname.value =";
    let (setup, properties) = with_lines(off, "");
    let world = CmWorld::start(setup).await;
    let informed = properties.headers("0").clone();
    let dialect = CmDialect::default();
    let request = swede().headers(informed.clone());
    assert_eq!(
        request.check(&dialect),
        Err(AstProblem::SwitchedOff(Attribute::COUNTRY_NAME))
    );
    let error = world.cm.call_gateway(&request).await.unwrap_err();
    assert_eq!(error.phase(), Phase::NotSent, "{error}");
    let unmapped = AstRequest::new(TOKEN_PASSWORD)
        .headers(informed)
        .attribute(Attribute::TITLE, "Dr.");
    assert_eq!(
        unmapped.check(&dialect),
        Err(AstProblem::Unmapped(Attribute::TITLE))
    );
    assert!(world.cm.call_gateway(&unmapped).await.is_err());
    assert_eq!(world.count(AST), 0);
    // A client that has not read the file: the header is passed over, and the certificate says so.
    let issued = world.cm.call_gateway(&swede()).await.unwrap();
    assert_eq!(world.requests(AST)[0].header("country"), Some("SE"));
    world
        .good_token(&issued.token, TOKEN_PASSWORD, "CN=Soft token")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_beyond_ascii_arrive_as_both_sides_have_agreed_and_otherwise_it_shows() {
    let line = "handler.0.formatFields.1 = ast.valuetarget.commonname.value = X-User";
    let (latin, chinese) = ("J\u{f6}rgen \u{c5}s", "\u{738b}\u{5c0f}\u{660e}");
    for decoding in ["iso-8859-1", "utf-8", "percent"] {
        let (setup, properties) = with_lines(line, &format!("header_encoding = '{decoding}'"));
        let world = CmWorld::start(setup).await;
        for encoding in ["iso-8859-1", "utf-8", "percent", "refuse"] {
            let cm = world.speaking(&format!("ast.non_ascii = '{encoding}'"));
            for name in [latin, chinese, "100%25 plain"] {
                let request = AstRequest::new(TOKEN_PASSWORD)
                    .headers(properties.headers("0").clone())
                    .attribute(Attribute::COMMON_NAME, name);
                let before = world.count(AST);
                let result = cm.call_gateway(&request).await;
                let at = format!("{encoding} to {decoding}, {name:?}");
                let cannot = (encoding == "refuse" && !name.is_ascii())
                    || (encoding == "iso-8859-1" && name == chinese);
                if cannot {
                    let error = result.unwrap_err();
                    assert_eq!(error.phase(), Phase::NotSent, "{at}: {error}");
                    assert_eq!(world.count(AST), before, "{at}");
                    continue;
                }
                assert_eq!(world.count(AST), before + 1, "{at}");
                let plain = name.is_ascii() && encoding != "percent" && decoding != "percent";
                match result {
                    Ok(_) => {
                        let subject = world.sim.cm().soft_tokens().pop().unwrap().subject;
                        let arrived = subject == format!("CN={name}");
                        let agreed = encoding == decoding || plain;
                        assert_eq!(arrived, agreed, "{at}: {subject}");
                    }
                    // Octets that are no text in what the service expects.
                    Err(error) => {
                        assert_eq!(error.phase(), Phase::Refused, "{at}: {error}");
                        assert!(encoding != decoding && !plain, "{at}: {error}");
                        assert_eq!(kind(&error).name(), "status", "{at}: {error}");
                    }
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_is_more_than_one_value() {
    let lines = "handler.0.formatFields.1 = ast.valuetarget.commonname.value = X-User\n\
                 handler.0.formatFields.2 = ast.valuetarget.organizationname.value = X-Org";
    for decoding in ["iso-8859-1", "utf-8", "percent"] {
        let (setup, properties) = with_lines(lines, &format!("header_encoding = '{decoding}'"));
        let world = CmWorld::start(setup).await;
        for encoding in ["refuse", "iso-8859-1", "utf-8", "percent"] {
            let cm = world.speaking(&format!("ast.non_ascii = '{encoding}'"));
            let request = |name: &str| {
                AstRequest::new(TOKEN_PASSWORD)
                    .headers(properties.headers("0").clone())
                    .attribute(Attribute::COMMON_NAME, name)
            };
            let before = world.count(AST);
            for (name, expected) in [
                ("alice\r\nX-Org: Bank", ValueProblem::Control),
                ("alice\nX-Org: Bank", ValueProblem::Control),
                ("alice\rX-Org: Bank", ValueProblem::Control),
                ("alice\0", ValueProblem::Control),
                ("\r\n\r\npassword=known", ValueProblem::Control),
                ("alice\t", ValueProblem::Control),
                ("alice\u{7f}", ValueProblem::Control),
                ("alice\u{85}X-Org: Bank", ValueProblem::Control),
                ("alice\u{2028}X-Org: Bank", ValueProblem::Control),
                (" alice", ValueProblem::OuterSpace),
                ("alice ", ValueProblem::OuterSpace),
                ("", ValueProblem::Empty),
                (&"a".repeat(5000), ValueProblem::TooLong),
            ] {
                let request = request(name);
                let Err(AstProblem::Value { problem, .. }) = request.check(cm.dialect()) else {
                    panic!("{name:?} {encoding}")
                };
                assert_eq!(problem, expected, "{name:?} {encoding}");
                let error = cm.call_gateway(&request).await.unwrap_err();
                assert_eq!(error.phase(), Phase::NotSent, "{name:?}: {error}");
            }
            assert_eq!(world.count(AST), before, "nothing went out");
            // What looks like a line end to a receiver that decodes: it is what was written, or is refused.
            for name in [
                "alice%0d%0aX-Org:%20Bank",
                "alice%00",
                "alice, bob; X-Org: Bank",
                "alice\\r\\nX-Org: Bank",
                "\"alice\"",
            ] {
                let at = format!("{encoding} to {decoding}: {name}");
                let result = cm.call_gateway(&request(name)).await;
                let (encoded, decoded) = (encoding == "percent", decoding == "percent");
                if decoded && !encoded && name.contains('%') {
                    let error = result.unwrap_err();
                    assert_eq!(error.phase(), Phase::Refused, "{at}: {error}");
                } else {
                    result.unwrap_or_else(|error| panic!("{at}: {error}"));
                    let token = world.sim.cm().soft_tokens().pop().unwrap();
                    let [(_, value)] = &token.headers[..] else {
                        panic!("{at}: {token:?}")
                    };
                    assert_eq!(value == name, encoded == decoded || !encoded, "{at}: {value}");
                    assert!(!value.contains(char::is_control), "{at}");
                    let others = token.attributes.iter().filter(|(name, _)| name != "commonname");
                    assert_eq!(others.count(), 0, "{at}: {token:?}");
                }
                let sent = world.requests(AST).pop().unwrap();
                let users: Vec<_> = sent
                    .headers
                    .iter()
                    .filter(|(name, _)| name.eq_ignore_ascii_case("x-user"))
                    .collect();
                assert_eq!(users.len(), 1, "{name}");
                assert!(sent.header("x-org").is_none(), "{name}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_one_header_agree_and_a_head_is_not_too_long() {
    let lines = "handler.0.formatFields.1 = ast.valuetarget.commonname.value = X-Name\n\
                 handler.0.formatFields.2 = ast.valuetarget.surname.value = x-name\n\
                 handler.0.formatFields.3 = ast.valuetarget.title.value = x-title";
    let (setup, properties) = with_lines(lines, "");
    let world = CmWorld::start(setup).await;
    let request = AstRequest::new(TOKEN_PASSWORD)
        .headers(properties.headers("0").clone())
        .attribute(Attribute::COMMON_NAME, "Alice");
    let both = request.clone().attribute(Attribute::SURNAME, "Bob");
    assert!(matches!(
        both.check(world.cm.dialect()),
        Err(AstProblem::TwoValues { .. })
    ));
    assert!(world.cm.call_gateway(&both).await.is_err());
    let long = request
        .clone()
        .attribute(Attribute::COMMON_NAME, "a".repeat(4096))
        .attribute(Attribute::TITLE, "b".repeat(4096));
    assert_eq!(long.check(world.cm.dialect()), Err(AstProblem::HeadTooLong));
    assert!(world.cm.call_gateway(&long).await.is_err());
    assert_eq!(world.count(AST), 0);
    let same = request.attribute(Attribute::SURNAME, "Alice");
    let issued = world.cm.call_gateway(&same).await.unwrap();
    world
        .good_token(&issued.token, TOKEN_PASSWORD, "CN=Alice,SN=Alice")
        .await;
}

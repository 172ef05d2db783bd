//! What an entry of the golden files of AST gives: the settings in its words, and what the caller asks for.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::collections::BTreeSet;

use smartid_cm::ast::{AstProperties, AstRequest, AttributeHeaders};
use smartid_cm::{Attribute, CmDialect, HandlerName};

use crate::common::dialect as settings;
use crate::common::golden::Entry;

/// The settings that an entry wants, in words or as its `config`; a word that is not known here is a failure.
pub fn dialect(fixture: &Entry) -> CmDialect {
    let mut ast = BTreeSet::new();
    let words = fixture.optional_text("dialect").unwrap_or_default();
    let words = match words.strip_prefix("as ") {
        Some(file) => fixture.other(file).text("dialect").to_owned(),
        None => words.to_owned(),
    };
    for word in words.split("; ").filter(|word| !word.is_empty()) {
        let setting = match word {
            "empty values are allowed" => "empty_values = true",
            "values beyond ASCII go as UTF-8 octets" => "non_ascii = 'utf-8'",
            "values beyond ASCII go as ISO-8859-1 octets" => "non_ascii = 'iso-8859-1'",
            "values beyond ASCII go as percent-encoded UTF-8" => "non_ascii = 'percent'",
            // What that encoding is.
            "a percent sign and a space are encoded too, so that one decoding gives the value back" => {
                continue;
            }
            "passwords beyond ASCII are allowed" => "non_ascii_passwords = true",
            "path of AST: request/ast" => "path = 'request/ast'",
            other => panic!("{fixture}: {other:?} is not understood"),
        };
        ast.insert(setting.to_owned());
    }
    for (name, value) in config(fixture) {
        match name.as_str() {
            "non_ascii" => ast.insert(format!("non_ascii = '{}'", value.as_str().unwrap())),
            "path" => ast.insert(format!("path = '{}'", value.as_str().unwrap())),
            "headers" | "properties" | "number" => continue,
            other => panic!("{fixture}: config.{other} is not understood"),
        };
    }
    let lines: Vec<String> = ast.into_iter().collect();
    settings(&format!("[ast]\n{}", lines.join("\n")))
}

fn config(fixture: &Entry) -> toml::Table {
    let config = fixture.get("config").and_then(toml::Value::as_table);
    config.cloned().unwrap_or_default()
}

/// What the caller gives. An error of ours while it is put together is a refusal too.
pub fn request(fixture: &Entry) -> Result<AstRequest, String> {
    let (call, config) = (fixture.call(), config(fixture));
    let text = |name: &str| call.get(name).map(|value| value.as_str().unwrap());
    let mut request = AstRequest::new(text("password").unwrap());
    if let Some(handler) = text("handler") {
        request = request.handler(HandlerName::new(handler).map_err(|error| error.to_string())?);
    }
    if let Some(file) = config.get("properties") {
        let properties = AstProperties::parse(fixture.octets(file.as_str().unwrap())).unwrap();
        request = request.headers(properties.headers(config["number"].as_str().unwrap()).clone());
    }
    if let Some(headers) = config.get("headers") {
        let mut mapping = AttributeHeaders::new();
        for (attribute, header) in headers.as_table().unwrap() {
            let attribute = Attribute::new(attribute).unwrap();
            let header = header.as_str().unwrap();
            mapping
                .set(attribute, header)
                .map_err(|error| error.to_string())?;
        }
        request = request.headers(mapping);
    }
    let attributes = call.get("attributes").and_then(toml::Value::as_table);
    for (attribute, value) in attributes.into_iter().flatten() {
        let value = match fixture.get("repeat") {
            Some(repeat) if repeat["attribute"].as_str() == Some(attribute) => {
                let times = repeat["times"].as_integer().unwrap();
                value.as_str().unwrap().repeat(usize::try_from(times).unwrap())
            }
            _ => value.as_str().unwrap().to_owned(),
        };
        request = request.attribute(Attribute::new(attribute).unwrap(), value);
    }
    for name in call.keys() {
        let known = ["password", "handler", "attributes"].contains(&name.as_str());
        assert!(known, "{fixture}: call.{name} is not understood");
    }
    Ok(request)
}

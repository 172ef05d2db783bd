//! From path and method to an operation. Prefix, instance, suffix and the paths themselves are the administrator's choice (protocol
//! notes: cm 2 and 3).

use super::errors::Refusal;
use super::servlets::properties::headers;
use crate::SimError;
use crate::config::{CmConfig, CmOperation};
use crate::net::message::Request;

/// An operation with what its path names.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) operation: CmOperation,
    pub(super) certid: String,
    pub(super) account: String,
    /// Type of a registration, which may have several segments.
    pub(super) kind: String,
}

impl Target {
    /// Whether the operation only reads, and therefore needs no signature.
    pub(super) fn reads(&self) -> bool {
        reads(self.operation)
    }
}

fn reads(operation: CmOperation) -> bool {
    matches!(
        operation,
        CmOperation::Search
            | CmOperation::Details
            | CmOperation::Download
            | CmOperation::Procedures
            | CmOperation::Registrations
            | CmOperation::Issuers
    )
}

/// With one slash before and none behind; empty stays empty.
pub(super) fn slashed(path: &str) -> String {
    match path.trim_matches('/') {
        "" => String::new(),
        path => format!("/{path}"),
    }
}

/// What stands in front of the paths of operations.
pub(super) fn base(config: &CmConfig) -> String {
    format!("{}{}", slashed(&config.prefix), slashed(&config.instance))
}

/// The operation that a request is for.
pub(super) fn target(config: &CmConfig, request: &Request) -> Result<Target, Refusal> {
    let nothing = || Refusal::Page(404, "path");
    let whole = request.below(&slashed(&config.prefix)).ok_or_else(nothing)?;
    if !config.start {
        return Err(Refusal::Page(config.stopped_status, "stopped"));
    }
    drop(whole);
    let mut path = request.below(&base(config)).ok_or_else(nothing)?;
    for part in config
        .suffix
        .trim_matches('/')
        .rsplit('/')
        .filter(|part| !part.is_empty())
    {
        if path.pop().as_deref() != Some(part) {
            return Err(nothing());
        }
    }
    let fitting: Vec<Target> = CmOperation::ALL
        .into_iter()
        .filter_map(|operation| fit(operation, config.path(operation), &path))
        .collect();
    if fitting.is_empty() {
        return Err(nothing());
    }
    let method = |target: &Target| {
        let usual = if target.reads() { "GET" } else { "POST" };
        let own = config.wire.methods.get(&target.operation);
        own.map_or(usual, String::as_str)
    };
    let mut right = fitting
        .into_iter()
        .filter(|target| method(target) == request.method);
    right.next().ok_or(Refusal::Page(405, "method"))
}

/// Matches a path against a template.
fn fit(operation: CmOperation, template: &str, path: &[String]) -> Option<Target> {
    let mut target = Target {
        operation,
        certid: String::new(),
        account: String::new(),
        kind: String::new(),
    };
    let mut segments = path.iter();
    for part in template.split('/') {
        if part == "{type}" {
            let rest: Vec<&str> = segments.by_ref().map(String::as_str).collect();
            target.kind = rest.join("/");
            if target.kind.is_empty() {
                return None;
            }
            continue;
        }
        let segment = segments.next()?;
        match part {
            // `handler.<n>.filter` lets nothing else through (cm 3, D).
            "{certid}" => {
                let sound = !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric());
                target.certid.clone_from(sound.then_some(segment)?);
            }
            "{account}" => target.account.clone_from(segment),
            literal if literal == segment => (),
            _ => return None,
        }
    }
    segments.next().is_none().then_some(target)
}

/// What contradicts itself in the settings.
pub(crate) fn wrong_settings(config: &CmConfig) -> Option<String> {
    for (name, status) in config
        .status
        .all()
        .into_iter()
        .chain([("", config.stopped_status)])
    {
        if !(200..600).contains(&status) {
            let name = if name.is_empty() {
                "cm.stopped_status".to_owned()
            } else {
                format!("cm.status.{name}")
            };
            return Some(format!("{name}: {status} is no final HTTP status"));
        }
    }
    if config.search.cap == 0 {
        return Some("cm.search.cap: an answer holds at least one certificate".into());
    }
    let known = ["1.2", "1.3"];
    if config.tls.versions.is_empty()
        || config
            .tls
            .versions
            .iter()
            .any(|name| !known.contains(&name.as_str()))
    {
        return Some("cm.tls.versions: 1.2, 1.3 or both".into());
    }
    for (place, officer) in config.officers.iter().enumerate() {
        let name = &officer.name;
        let twice = config
            .officers
            .iter()
            .skip(place + 1)
            .any(|other| other.name == *name);
        if name.trim().is_empty() || name.contains(['/', '\\', '\0']) || twice {
            return Some(format!(
                "cm.officers: {name:?} is no name, or there are two of it"
            ));
        }
    }
    for procedure in &config.procedures {
        if procedure.name.is_empty() || procedure.pki_profile().is_none() {
            let name = &procedure.name;
            return Some(format!(
                "cm.procedures: {name:?} has no name or an unknown profile"
            ));
        }
    }
    for operation in config.paths.keys() {
        let path = config.path(*operation);
        if path.is_empty() || path.split('/').any(str::is_empty) {
            return Some(format!("cm.paths: the path of {operation:?} is none"));
        }
    }
    wrong_servlets(config)
}

/// Takes in what the settings name by file.
pub(crate) fn read_files(config: &mut CmConfig) -> Result<(), SimError> {
    let ast = &mut config.ast;
    if ast.properties_file.is_empty() {
        return Ok(());
    }
    let wrong = |error| {
        SimError::Config(format!(
            "cm.ast.properties_file: {}: {error}",
            ast.properties_file
        ))
    };
    let bytes = std::fs::read(&ast.properties_file).map_err(wrong)?;
    // ISO-8859-1, as Java reads such files.
    let text: String = bytes.into_iter().map(char::from).collect();
    ast.properties = format!("{text}\n{}", ast.properties);
    ast.properties_file.clear();
    Ok(())
}

/// What contradicts itself in the settings of the servlets.
fn wrong_servlets(config: &CmConfig) -> Option<String> {
    let (ast, eui) = (&config.ast, &config.eui);
    for handler in &ast.handlers {
        if let Err(error) = headers(&ast.properties, &handler.number, ast.default_headers) {
            return Some(format!("cm.ast.properties: {error}"));
        }
    }
    for (name, all) in [("ast", &ast.handlers), ("eui", &eui.handlers)] {
        for (place, handler) in all.iter().enumerate() {
            if all.iter().skip(place + 1).any(|other| other.name == handler.name) {
                return Some(format!(
                    "cm.{name}.handlers: there are two called {:?}",
                    handler.name
                ));
            }
        }
    }
    if eui.certencodings.is_empty() {
        return Some("cm.eui.certencodings: there is none".into());
    }
    let tokens = &config.soft_tokens;
    if tokens.iterations == 0 || tokens.mac_iterations == 0 {
        return Some("cm.soft_tokens: iterations must be at least 1".into());
    }
    for (name, errors) in [("ast", &ast.errors), ("eui", &eui.errors)] {
        if errors.status != 0 && !(200..600).contains(&errors.status) {
            return Some(format!(
                "cm.{name}.errors.status: {} is no final HTTP status",
                errors.status
            ));
        }
    }
    for (name, answer) in [("ast", &ast.answer), ("eui", &eui.answer)] {
        let mut values = answer
            .cookies
            .iter()
            .chain([&answer.content_type, &answer.disposition]);
        if values.any(|value| http::HeaderValue::from_str(value).is_err()) {
            return Some(format!("cm.{name}.answer: a value cannot stand in a header"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.split('/').map(str::to_owned).collect()
    }

    #[test]
    fn templates_fit() {
        let details = "certificates/{certid}/details";
        let fits = |text: &str| fit(CmOperation::Details, details, &path(text)).map(|target| target.certid);
        assert_eq!(fits("certificates/0A1b/details").as_deref(), Some("0A1b"));
        for wrong in [
            "certificates/0A-1/details",
            "certificates//details",
            "certificates/1",
            "certificates/1/details/",
            "certificates/1/download",
        ] {
            assert!(fits(wrong).is_none(), "{wrong}");
        }
        let registrations = "registrations/{account}/{type}";
        let fits = |text: &str| fit(CmOperation::Register, registrations, &path(text));
        let target = fits("registrations/t1/acme/account").unwrap();
        assert_eq!(
            (target.account.as_str(), target.kind.as_str()),
            ("t1", "acme/account")
        );
        assert!(fits("registrations/t1").is_none());
    }
}

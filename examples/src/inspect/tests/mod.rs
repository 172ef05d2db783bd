//! Golden files of the client crates, good and bad ones, as a person would give them.

mod answers;
mod cm;
mod commands;
mod containers;
mod evidence;
mod fits;
mod others;
mod signatures;

use smartid::Timestamp;
use smartid::trust::{Certificate, MemorySigner};

use super::{Context, Finding, inspect};

/// A file of a crate.
fn golden(path: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../crates/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// A golden file of smartid-hermod.
fn wire(name: &str) -> String {
    String::from_utf8(golden(&format!("smartid-hermod/tests/golden/{name}"))).unwrap()
}

fn fixture(name: &str) -> Vec<u8> {
    golden(&format!("smartid-trust/tests/fixtures/{name}"))
}

fn certificate(name: &str) -> Certificate {
    Certificate::from_der(fixture(&format!("certs/{name}"))).unwrap()
}

fn signer() -> MemorySigner {
    let pem = String::from_utf8(fixture("keys/officer-rsa-with-chain.pem")).unwrap();
    MemorySigner::from_pem(&[&pem], None).unwrap()
}

fn context() -> Context {
    Context::new(Timestamp::from_millis(1_767_225_600_000))
}

/// With the root of the fixtures and what stands below it.
fn trusting() -> Context {
    let mut context = context();
    context.roots = vec![certificate("root.der")];
    context.intermediates = vec![certificate("issuer.der")];
    context
}

fn kind(bytes: &[u8]) -> String {
    inspect(bytes, &context())
        .map(|finding| finding.kind)
        .unwrap_or_default()
}

#[track_caller]
fn read(text: &str, context: &Context) -> Finding {
    inspect(text.as_bytes(), context).unwrap()
}

/// A golden file of smartid-hermod, with nothing known beside it.
#[track_caller]
fn found(name: &str) -> Finding {
    read(&wire(name), &context())
}

impl Finding {
    /// The value of the first fact of a name.
    #[track_caller]
    fn of_name(&self, name: &str) -> &str {
        let fact = self.facts.iter().find(|(known, _)| known.trim() == name);
        fact.map_or_else(|| panic!("no {name} in {self:?}"), |(_, value)| value)
    }

    #[track_caller]
    fn remarked(&self, part: &str) {
        assert!(
            self.remarks.iter().any(|remark| remark.contains(part)),
            "{self:?}"
        );
    }

    #[track_caller]
    fn complained(&self, part: &str) {
        assert!(
            self.problems.iter().any(|problem| problem.contains(part)),
            "{self:?}"
        );
        assert_eq!(self.verdict, Some(false));
    }
}

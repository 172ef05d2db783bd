//! Files of the corpus, cut and changed: never a panic, never more work than there is.

use toml::Table;

use super::corpus::{read, tables, text};
use super::*;
use crate::pkcs12::{archive, container, link};

/// Files that cost little, good and bad.
fn cheap() -> Vec<(&'static str, &'static str)> {
    let cheap = |entry: &&Table| {
        entry
            .get("work")
            .is_none_or(|work| work.as_integer().is_some_and(|work| work < 15_000))
    };
    let entries = tables("file").filter(cheap);
    entries
        .map(|entry| (text(entry, "file").unwrap(), text(entry, "password").unwrap()))
        .collect()
}

/// Opens what a file has become, and looks that nothing was spent that was not there.
fn survives(bytes: &[u8], password: &str) {
    let policy = Pkcs12Policy::default()
        .with_max_work(4_000_000)
        .danger_accept_without_mac();
    let policy = policy.danger_accept_scrypt(1 << 20);
    let (plain, budget) = container::open(bytes, &SecretString::new(password), &policy);
    assert!(budget.left() <= policy.max_work);
    if let Ok(opened) = plain.and_then(archive::read) {
        _ = link::link(opened);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn what_is_cut_short_is_refused(file: prop::sample::Index, at: prop::sample::Index) {
        let cheap = cheap();
        let (file, password) = cheap[file.index(cheap.len())];
        let bytes = read(file);
        survives(&bytes[..at.index(bytes.len() + 1)], password);
    }

    #[test]
    fn what_is_changed_is_opened_or_refused(file: prop::sample::Index, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let cheap = cheap();
        let (file, password) = cheap[file.index(cheap.len())];
        let mut bytes = read(file);
        for (at, to) in changes {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = to;
            }
        }
        survives(&bytes, password);
    }
}

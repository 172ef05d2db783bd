//! The budget of work, and the caps.

use super::*;

/// What opening takes with a budget of so much.
fn with_work(bytes: &[u8], work: u64) -> Option<Reason> {
    reason(bytes, &Pkcs12Policy::default().with_max_work(work))
}

#[test]
fn the_budget_is_one_for_everything_hidden_bags_included() {
    let bags = [
        shrouded_salted(b"saltone.", 100_000, &ED25519_KEY),
        shrouded_salted(b"salttwo.", 100_000, &ED25519_KEY),
    ];
    let bytes = pfx(&[&encrypted_data(10_000, &[&bags[0], &bags[1]])], Some(10_000));
    // The checksum, the safe, the two keys beside each other, and two million for what is not derived.
    let (checksum, safe, keys) = (570_000, 1_300_000, 13_000_000);
    let all = checksum + safe + keys;
    assert_eq!(with_work(&bytes, all + 2_000_000), None);
    for less in [0, checksum - 1, checksum + safe - 1, all - 1] {
        assert_eq!(with_work(&bytes, less), Some(Reason::KdfIterations), "{less}");
    }
}

#[test]
fn one_derivation_has_its_own_cap() {
    let keys = |count| pfx(&[&data(&[&shrouded(count, &ED25519_KEY)])], Some(1));
    let safe = |count| pfx(&[&encrypted_data(count, &[&bag("1", &ED25519_KEY)])], Some(1));
    let checksum = |count| pfx(&[&data(&[&bag("1", &ED25519_KEY)])], Some(count));
    let policy = Pkcs12Policy::default().with_max_iterations(1000);
    for make in [&keys as &dyn Fn(u32) -> Vec<u8>, &safe, &checksum] {
        assert_eq!(reason(&make(1000), &policy), None);
        assert_eq!(reason(&make(1001), &policy), Some(Reason::KdfIterations));
    }
}

#[test]
fn keys_with_salts_of_their_own_are_counted_and_copies_are_not() {
    let salted: Vec<Vec<u8>> = (0..20_u64)
        .map(|number| shrouded_salted(&number.to_be_bytes(), 50_000, &ED25519_KEY))
        .collect();
    let salted: Vec<&[u8]> = salted.iter().map(Vec::as_slice).collect();
    let copies = vec![salted[0]; 20];
    let (salted, copies) = (pfx(&[&data(&salted)], Some(1)), pfx(&[&data(&copies)], Some(1)));
    // 50 000 iterations are 6 500 000 units; ten one after the other are counted, and one; the rest is for looking at the keys.
    let (ten, one, keys) = (65_000_000, 6_500_000, 10_000_000);
    assert_eq!(with_work(&salted, ten + keys), None);
    assert_eq!(with_work(&salted, ten), Some(Reason::KdfIterations));
    assert_eq!(with_work(&copies, one + keys), None);
    assert_eq!(with_work(&copies, one), Some(Reason::KdfIterations));
    // More than is remembered are derived one by one.
    let many: Vec<Vec<u8>> = (0..70_u64)
        .map(|number| shrouded_salted(&number.to_be_bytes(), 1, &ED25519_KEY))
        .collect();
    let many: Vec<&[u8]> = many.iter().map(Vec::as_slice).collect();
    let many = open(&pfx(&[&data(&many)], Some(1)), &Pkcs12Policy::default());
    assert_eq!(many.unwrap().keys().len(), 70);
}

#[test]
fn caps_hold() {
    let empty = bag("5", &der::null());
    let bags: Vec<&[u8]> = vec![&empty; 1024];
    assert_eq!(
        reason(&pfx(&[&data(&bags)], Some(1)), &Pkcs12Policy::default()),
        None
    );
    let half: Vec<&[u8]> = vec![&empty; 513];
    let split = pfx(&[&data(&half), &data(&half)], Some(1));
    assert_eq!(reason(&split, &Pkcs12Policy::default()), Some(Reason::TooLarge));
    let bytes = pfx(&[], Some(1));
    let with = |length| reason(&bytes, &Pkcs12Policy::default().with_max_len(length));
    assert_eq!(with(bytes.len()), None);
    assert_eq!(with(bytes.len() - 1), Some(Reason::TooLarge));
}

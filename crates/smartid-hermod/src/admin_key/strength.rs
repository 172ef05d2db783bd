//! What is weak about a triple DES key.
//!
//! Triple DES with K1 = K2 or K2 = K3 is single DES, which can be searched through; with K1 = K3 it is the two-key form, which NIST SP
//! 800-67 no longer allows; and DES has sixteen single keys that undo themselves or each other. All of these are let pass with a lint.
//! A token's present key is what it is: tokens leave the factory with 48 zeros or one key three times, and to give such a token a good key
//! one has to answer with the bad one. A new key may be such a key as well, when a token is put back to how it was delivered. Keys that
//! this library makes are none of these.

use smartid_core::Lint;

use super::ADMIN_KEY_LEN;

/// The four weak and twelve semi-weak keys of DES (NIST SP 800-67 3.4.2), without their parity bits.
const WEAK: [u64; 16] = [
    0x0000_0000_0000_0000,
    0xfefe_fefe_fefe_fefe,
    0xe0e0_e0e0_f0f0_f0f0,
    0x1e1e_1e1e_0e0e_0e0e,
    0x001e_001e_000e_000e,
    0x1e00_1e00_0e00_0e00,
    0x00e0_00e0_00f0_00f0,
    0xe000_e000_f000_f000,
    0x00fe_00fe_00fe_00fe,
    0xfe00_fe00_fe00_fe00,
    0x1ee0_1ee0_0ef0_0ef0,
    0xe01e_e01e_f00e_f00e,
    0x1efe_1efe_0efe_0efe,
    0xfe1e_fe1e_fe0e_fe0e,
    0xe0fe_e0fe_f0fe_f0fe,
    0xfee0_fee0_fef0_fef0,
];

/// The lowest bit of each octet is parity, and DES does not look at it.
const PARITY: u64 = 0x0101_0101_0101_0101;

/// What is weak about a key; `at` is where the lint points to.
pub(super) fn lints(key: &[u8; ADMIN_KEY_LEN], at: &str) -> Vec<Lint> {
    let mut single = [0_u64; 3];
    for (number, octets) in single.iter_mut().zip(key.chunks_exact(8)) {
        *number = octets
            .iter()
            .fold(0, |number, octet| number << 8 | u64::from(*octet))
            & !PARITY;
    }
    let [first, second, third] = single;
    let mut lints = Vec::new();
    let mut note = |what| lints.push(Lint::new(at, what));
    if first == second || second == third {
        note("two neighbouring thirds of the key are equal, so it is no stronger than single DES");
    } else if first == third {
        note("the first and the last third of the key are equal, so it is triple DES with two keys");
    }
    if single.iter().any(|key| WEAK.contains(key)) {
        note("a third of the key is one of the weak keys of DES");
    }
    lints
}

/// Sets the parity bits, as tokens that look at them want it: an odd number of ones in each octet.
pub(super) fn set_parity(key: &mut [u8; ADMIN_KEY_LEN]) {
    for octet in key {
        let ones = (*octet >> 1).count_ones();
        *octet = (*octet & 0xfe) | u8::from(ones % 2 == 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(key: [&str; 3]) -> usize {
        let octets = crate::coding::OctetCoding::Hex.read(&key.concat()).unwrap();
        lints(octets.as_slice().try_into().unwrap(), "key").len()
    }

    #[test]
    fn each_weakness_leaves_a_lint() {
        let (one, two, three) = ("0123456789abcdef", "23456789abcdef01", "456789abcdef0123");
        assert_eq!(count([one, two, three]), 0);
        assert_eq!(count([one, one, three]), 1);
        assert_eq!(count([one, three, three]), 1);
        assert_eq!(count([one, two, one]), 1);
        assert_eq!(count([one, one, one]), 1);
        // Parity does not make two keys of one.
        assert_eq!(count([one, "0022446688aaccee", three]), 1);
        assert_eq!(count(["0000000000000000"; 3]), 2);
        assert_eq!(count([one, two, "fee0fee0fef1fef1"]), 1);
    }

    #[cfg(feature = "triple-des")]
    #[test]
    fn the_weak_keys_are_those_that_another_list_has() {
        for weak in WEAK {
            let mut key = [0; 24];
            key[..8].copy_from_slice(&weak.to_be_bytes());
            set_parity(&mut key);
            let key: [u8; 8] = key[..8].try_into().unwrap();
            assert!(des::weak_key_test(&key).is_err(), "{weak:016x}");
        }
        assert_eq!(WEAK.iter().collect::<std::collections::BTreeSet<_>>().len(), 16);
    }

    #[test]
    fn parity_is_odd_and_nothing_else_changes() {
        let mut key: [u8; 24] = std::array::from_fn(|index| u8::try_from(index * 11).unwrap());
        let before = key;
        set_parity(&mut key);
        for (new, old) in key.iter().zip(before) {
            assert_eq!((new.count_ones() % 2, new >> 1), (1, old >> 1));
        }
    }
}

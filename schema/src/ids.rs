//! Pseudonyms (假名): keyed hashes that stand for persons.
//!
//! Promise: the raw number of a pupil or teacher cannot be had back without the district's key, and the same person gets the
//! same pseudonym in every table. Persons of different kinds and number systems never share one.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Makes pseudonyms with one district's key. Cheap to clone; the key is not printed.
#[derive(Clone)]
pub struct Pseudonyms {
    mac: Hmac<Sha256>,
}

impl Pseudonyms {
    /// A key of any length; 32 random bytes are right.
    pub fn new(key: &[u8]) -> Self {
        Self { mac: Hmac::new_from_slice(key).expect("HMAC takes a key of any length") }
    }

    /// The first 128 bits of HMAC-SHA-256 over person, namespace and number, as 32 hexadecimal digits.
    pub fn hash(&self, person: &str, namespace: &str, raw: &str) -> String {
        let mut mac = self.mac.clone();
        for part in [person, namespace] {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        mac.update(raw.as_bytes());
        let digest = mac.finalize().into_bytes();
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let nibbles = digest[..16].iter().flat_map(|byte| [byte >> 4, byte & 15]);
        nibbles.map(|nibble| char::from(DIGITS[usize::from(nibble)])).collect()
    }
}

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pseudonyms(key hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_hmac_sha_256_cut_to_128_bits() {
        // python3: hmac.new(b"k", b"student\0\0G1", "sha256").hexdigest()[:32]
        assert_eq!(Pseudonyms::new(b"k").hash("student", "", "G1"), "44b1b21d35a20705abec7d76c26cf7f5");
    }

    #[test]
    fn keeps_persons_namespaces_and_keys_apart() {
        let ids = Pseudonyms::new(b"k");
        let all = [
            ids.hash("student", "", "1"),
            ids.hash("teacher", "", "1"),
            ids.hash("student", "ningbo", "1"),
            Pseudonyms::new(b"l").hash("student", "", "1"),
        ];
        assert_eq!(all.iter().collect::<std::collections::HashSet<_>>().len(), 4);
        assert_eq!(format!("{ids:?}"), "Pseudonyms(key hidden)");
    }
}

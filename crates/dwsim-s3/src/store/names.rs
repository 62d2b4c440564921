//! Object keys as file names: any UTF-8 becomes one harmless name, and different keys stay different.
//! Where the files lie, and what stands in them, is left to the directory layout.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// Encoded names longer than this are cut and made unique by a hash, so that with the suffixes
/// of the layout they stay below the 255 bytes that filesystems allow.
const MAX_ENCODED: usize = 180;
/// How much of a cut name remains readable.
const READABLE: usize = 100;

/// The file name of a key, without the layout's suffixes.
///
/// Lower-case letters, digits, `_`, `-` and `.` (but for a leading one) stand for themselves,
/// every other byte is `%hh`: names differ on case-insensitive filesystems too, and no name is
/// hidden, leaves its directory, or holds a separator. A long key is its readable beginning,
/// `%%`, and the SHA-256 of the whole key.
pub(crate) fn encode(key: &str) -> String {
    let mut name = String::with_capacity(key.len() + 8);
    for (at, byte) in key.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => name.push(char::from(byte)),
            b'.' if at > 0 => name.push('.'),
            _ => push_hex(&mut name, byte),
        }
    }
    if name.len() > MAX_ENCODED {
        name.truncate(READABLE);
        name.push_str("%%");
        for byte in Sha256::digest(key.as_bytes()) {
            // writing to a String cannot fail
            let _ = write!(name, "{byte:02x}");
        }
    }
    name
}

fn push_hex(name: &mut String, byte: u8) {
    // writing to a String cannot fail
    let _ = write!(name, "%{byte:02x}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The key of a name that was not cut.
    fn decode(name: &str) -> Option<String> {
        let bytes = name.as_bytes();
        let mut key = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at] == b'%' {
                let hex = name.get(at + 1..at + 3)?;
                key.push(u8::from_str_radix(hex, 16).ok()?);
                at += 3;
            } else {
                key.push(bytes[at]);
                at += 1;
            }
        }
        String::from_utf8(key).ok()
    }

    fn assert_harmless(name: &str) {
        assert!(!name.is_empty() && name.len() <= MAX_ENCODED, "{name}");
        assert!(!name.starts_with('.'), "{name}");
        assert!(
            name.bytes()
                .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'%')),
            "{name}"
        );
    }

    #[test]
    fn names() {
        for (key, name) in [
            ("orders/part-0.parquet", "orders%2fpart-0.parquet"),
            ("..", "%2e."),
            (".", "%2e"),
            ("../../etc/passwd", "%2e.%2f..%2fetc%2fpasswd"),
            ("a//b/", "a%2f%2fb%2f"),
            ("A", "%41"),
            ("é", "%c3%a9"),
            ("%41", "%2541"),
            ("nul\0", "nul%00"),
            ("a\\b:c@d", "a%5cb%3ac%40d"),
        ] {
            assert_eq!(encode(key), name);
        }
    }

    #[test]
    fn long_keys_that_share_a_beginning_differ() {
        let (a, b) = ("x".repeat(1023) + "1", "x".repeat(1023) + "2");
        assert_ne!(encode(&a), encode(&b));
        assert_harmless(&encode(&a));
    }

    proptest! {
        #[test]
        fn short_names_decode_to_their_key(key in any::<String>().prop_filter("not empty", |k| !k.is_empty())) {
            let name = encode(&key);
            assert_harmless(&name);
            if !name.contains("%%") {
                prop_assert_eq!(decode(&name), Some(key));
            }
        }

        #[test]
        fn different_keys_have_different_names(a in ".{1,40}", b in ".{1,40}") {
            prop_assert_eq!(a == b, encode(&a) == encode(&b));
        }

        #[test]
        fn cut_names_never_collide_with_whole_ones(a in "[a-zA-Z/%.]{1,300}", b in "[a-z%0-9]{1,180}") {
            prop_assert_eq!(a == b, encode(&a) == encode(&b));
            assert_harmless(&encode(&a));
        }
    }
}

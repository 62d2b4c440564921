//! The checksums that S3 keeps beside an object's MD5: names, calculation, composition over parts.
//! Which of them a request carries, and where, is left to the server.

use std::collections::BTreeMap;

use s3s::{
    checksum::ChecksumHasher,
    crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Sha1, Sha256},
};
use serde::{Deserialize, Serialize};

/// An additional checksum algorithm of S3.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChecksumAlgorithm {
    /// CRC-32 (ISO-HDLC), what the AWS SDKs use by default.
    Crc32,
    /// CRC-32C (Castagnoli).
    Crc32c,
    /// CRC-64/NVME.
    Crc64Nvme,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl ChecksumAlgorithm {
    /// Every algorithm.
    pub const ALL: [Self; 5] = [
        Self::Crc32,
        Self::Crc32c,
        Self::Crc64Nvme,
        Self::Sha1,
        Self::Sha256,
    ];

    /// The name in `x-amz-checksum-algorithm`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// The header, or trailer, that carries the value.
    #[must_use]
    pub fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    /// The algorithm of a name, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// Length of a value in bytes.
    fn width(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// Whether the text is base64 of a value of this algorithm's length.
    pub(crate) fn accepts(self, value: &str) -> bool {
        decode_base64(value).is_some_and(|bytes| bytes.len() == self.width())
    }
}

/// Whether a multipart object's checksum covers its bytes or the checksums of its parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChecksumScope {
    /// Over the bytes of the object.
    #[default]
    FullObject,
    /// Over the checksums of the parts, written as `value-count`.
    Composite,
}

/// Values by algorithm, in base64.
pub type Checksums = BTreeMap<ChecksumAlgorithm, String>;

/// Calculates several checksums in one pass.
#[derive(Default)]
pub(crate) struct Hasher {
    inner: ChecksumHasher,
    active: bool,
}

impl Hasher {
    pub(crate) fn new(algorithms: impl IntoIterator<Item = ChecksumAlgorithm>) -> Self {
        let mut this = Self::default();
        for algorithm in algorithms {
            this.active = true;
            let inner = &mut this.inner;
            match algorithm {
                ChecksumAlgorithm::Crc32 => inner.crc32 = Some(Crc32::new()),
                ChecksumAlgorithm::Crc32c => inner.crc32c = Some(Crc32c::new()),
                ChecksumAlgorithm::Crc64Nvme => inner.crc64nvme = Some(Crc64Nvme::new()),
                ChecksumAlgorithm::Sha1 => inner.sha1 = Some(Sha1::new()),
                ChecksumAlgorithm::Sha256 => inner.sha256 = Some(Sha256::new()),
            }
        }
        this
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        if self.active {
            self.inner.update(bytes);
        }
    }

    pub(crate) fn finish(self) -> Checksums {
        let sums = self.inner.finalize();
        [
            (ChecksumAlgorithm::Crc32, sums.checksum_crc32),
            (ChecksumAlgorithm::Crc32c, sums.checksum_crc32c),
            (ChecksumAlgorithm::Crc64Nvme, sums.checksum_crc64nvme),
            (ChecksumAlgorithm::Sha1, sums.checksum_sha1),
            (ChecksumAlgorithm::Sha256, sums.checksum_sha256),
        ]
        .into_iter()
        .filter_map(|(algorithm, value)| Some((algorithm, value?)))
        .collect()
    }
}

/// The composite checksum of parts: the checksum over the concatenated values, with `-count`.
/// `None` when a value is not base64.
pub(crate) fn composite<'a>(
    algorithm: ChecksumAlgorithm,
    parts: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let mut hasher = Hasher::new([algorithm]);
    let mut count = 0_usize;
    for part in parts {
        hasher.update(&decode_base64(part)?);
        count += 1;
    }
    let value = hasher.finish().remove(&algorithm)?;
    Some(format!("{value}-{count}"))
}

pub(crate) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_values_of_the_catalogue() {
        // "123456789" is the check input of the CRC catalogue; base64 of the big-endian values
        let mut hasher = Hasher::new(ChecksumAlgorithm::ALL);
        hasher.update(b"12345");
        hasher.update(b"6789");
        let sums = hasher.finish();
        for (algorithm, bytes) in [
            (
                ChecksumAlgorithm::Crc32,
                0xcbf4_3926_u64.to_be_bytes()[4..].to_vec(),
            ),
            (
                ChecksumAlgorithm::Crc32c,
                0xe306_9283_u64.to_be_bytes()[4..].to_vec(),
            ),
            (
                ChecksumAlgorithm::Crc64Nvme,
                0xae8b_1486_0a79_9888_u64.to_be_bytes().to_vec(),
            ),
        ] {
            assert_eq!(
                decode_base64(&sums[&algorithm]).as_deref(),
                Some(&bytes[..]),
                "{algorithm:?}"
            );
        }
        for (algorithm, value) in &sums {
            assert!(algorithm.accepts(value), "{algorithm:?}");
            assert_eq!(
                ChecksumAlgorithm::from_name(&algorithm.name().to_lowercase()),
                Some(*algorithm)
            );
        }
        assert!(!ChecksumAlgorithm::Crc32.accepts("not base64"));
        assert!(!ChecksumAlgorithm::Crc32.accepts(&sums[&ChecksumAlgorithm::Sha1]));
    }

    #[test]
    fn composite_counts_its_parts() {
        let mut hasher = Hasher::new([ChecksumAlgorithm::Crc32]);
        hasher.update(b"part");
        let part = hasher
            .finish()
            .remove(&ChecksumAlgorithm::Crc32)
            .expect("calculated");
        let value = composite(ChecksumAlgorithm::Crc32, [part.as_str(), part.as_str()]);
        assert!(value.expect("valid").ends_with("-2"));
        assert_eq!(composite(ChecksumAlgorithm::Crc32, ["%%"]), None);
    }
}

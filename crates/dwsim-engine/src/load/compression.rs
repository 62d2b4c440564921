//! Unpacking and packing of whole load files.
//! Which file is packed how is told by options or found out here from the first bytes.

use std::io::{Read, Write};

use bytes::Bytes;

use crate::error::{ErrorKind, Result, SqlError};

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// Told from the file's first bytes.
    #[default]
    Auto,
    /// Not packed.
    None,
    /// gzip, several members allowed.
    Gzip,
    /// zlib (RFC 1950).
    Deflate,
    /// Deflate without a header (RFC 1951).
    RawDeflate,
    /// Zstandard.
    Zstd,
    /// bzip2, several members allowed.
    Bzip2,
    /// The container of the lzop program; for reading only.
    Lzop,
}

impl Compression {
    /// The option's value as Snowflake and Redshift spell it, in any case.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for documented packings that dwsim lacks; None inside for unknown words.
    pub fn parse(word: &str) -> Result<Option<Self>> {
        Ok(Some(match word.to_ascii_uppercase().as_str() {
            "AUTO" => Compression::Auto,
            "NONE" => Compression::None,
            "GZIP" => Compression::Gzip,
            "DEFLATE" => Compression::Deflate,
            "RAW_DEFLATE" => Compression::RawDeflate,
            "ZSTD" => Compression::Zstd,
            "BZ2" | "BZIP2" => Compression::Bzip2,
            other @ ("BROTLI" | "LZO" | "LZOP" | "SNAPPY") => {
                return Err(SqlError::unsupported(format!(
                    "compression {other} of load files"
                )));
            }
            _ => return Ok(None),
        }))
    }

    /// The usual file name ending, with its dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Compression::Auto | Compression::None => "",
            Compression::Gzip => ".gz",
            Compression::Deflate => ".deflate",
            Compression::RawDeflate => ".raw_deflate",
            Compression::Zstd => ".zst",
            Compression::Bzip2 => ".bz2",
            Compression::Lzop => ".lzo",
        }
    }

    /// The unpacked bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Load`] when the bytes are not what they should be.
    pub fn unpack(self, bytes: Bytes) -> Result<Bytes> {
        let method = match self {
            Compression::Auto if bytes.starts_with(&[0x1f, 0x8b]) => Compression::Gzip,
            Compression::Auto if bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) => Compression::Zstd,
            Compression::Auto if bytes.starts_with(b"BZh") => Compression::Bzip2,
            other => other,
        };
        let mut out = Vec::new();
        let done = match method {
            Compression::Auto | Compression::None => return Ok(bytes),
            Compression::Gzip => {
                flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut out)
            }
            Compression::Deflate => {
                flate2::read::ZlibDecoder::new(&bytes[..]).read_to_end(&mut out)
            }
            Compression::RawDeflate => {
                flate2::read::DeflateDecoder::new(&bytes[..]).read_to_end(&mut out)
            }
            Compression::Zstd => zstd::stream::read::Decoder::new(&bytes[..])
                .and_then(|mut d| d.read_to_end(&mut out)),
            Compression::Bzip2 => {
                bzip2::read::MultiBzDecoder::new(&bytes[..]).read_to_end(&mut out)
            }
            Compression::Lzop => super::lzop::unpack(&bytes).map(|unpacked| {
                out = unpacked;
                out.len()
            }),
        };
        done.map_err(|e| {
            ErrorKind::Load(format!("the file cannot be unpacked as {method:?}: {e}"))
        })?;
        Ok(Bytes::from(out))
    }

    /// The packed bytes; Auto means gzip, as unloading does by default.
    ///
    /// # Errors
    /// Never for writes to memory in practice; what the packer reports.
    pub fn pack(self, bytes: &[u8]) -> Result<Vec<u8>> {
        let level = flate2::Compression::fast();
        let packed = match self {
            Compression::None => Ok(bytes.to_vec()),
            Compression::Auto | Compression::Gzip => {
                let mut w = flate2::write::GzEncoder::new(Vec::new(), level);
                w.write_all(bytes).and_then(|()| w.finish())
            }
            Compression::Deflate => {
                let mut w = flate2::write::ZlibEncoder::new(Vec::new(), level);
                w.write_all(bytes).and_then(|()| w.finish())
            }
            Compression::RawDeflate => {
                let mut w = flate2::write::DeflateEncoder::new(Vec::new(), level);
                w.write_all(bytes).and_then(|()| w.finish())
            }
            Compression::Zstd => zstd::stream::encode_all(bytes, 1),
            Compression::Bzip2 => {
                let mut w = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
                w.write_all(bytes).and_then(|()| w.finish())
            }
            Compression::Lzop => return Err(SqlError::unsupported("packing with LZOP")),
        };
        packed.map_err(|e| ErrorKind::Storage(format!("the file cannot be packed: {e}")).into())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn every_packing_comes_back() {
        let data = b"a,b\n1,2\n".repeat(100);
        for c in [
            Compression::None,
            Compression::Gzip,
            Compression::Deflate,
            Compression::RawDeflate,
            Compression::Zstd,
            Compression::Bzip2,
        ] {
            let packed = Bytes::from(c.pack(&data).unwrap());
            assert_eq!(c.unpack(packed.clone()).unwrap(), data, "{c:?}");
            if matches!(
                c,
                Compression::Gzip | Compression::Zstd | Compression::Bzip2
            ) {
                assert_eq!(Compression::Auto.unpack(packed).unwrap(), data, "{c:?}");
            }
        }
        assert!(
            Compression::Gzip
                .unpack(Bytes::from_static(b"nothing packed"))
                .is_err()
        );
    }
}

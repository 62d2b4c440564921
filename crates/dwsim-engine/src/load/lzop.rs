//! The container of the lzop program: its header, its blocks, and their checksums.
//! Unpacking a block is `lzokay-native`'s work.

use std::io::{Error, ErrorKind, Result};

const MAGIC: &[u8] = &[0x89, b'L', b'Z', b'O', 0, b'\r', b'\n', 0x1a, b'\n'];
/// Flags of the header.
const ADLER32_D: u32 = 0x1;
const ADLER32_C: u32 = 0x2;
const EXTRA_FIELD: u32 = 0x40;
const CRC32_D: u32 = 0x100;
const CRC32_C: u32 = 0x200;
const FILTER: u32 = 0x800;
const HEADER_CRC32: u32 = 0x1000;
/// Version from which the header has its later fields.
const LATER: u16 = 0x0940;
/// Longest unpacked block, as in lzop.
const MAX_BLOCK: usize = 64 << 20;

struct Reader<'a>(&'a [u8]);

fn broken(why: &str) -> Error {
    Error::new(ErrorKind::InvalidData, why)
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let (head, rest) = self
            .0
            .split_at_checked(n)
            .ok_or_else(|| Error::from(ErrorKind::UnexpectedEof))?;
        self.0 = rest;
        Ok(head)
    }

    fn number(&mut self, bytes: usize) -> Result<u32> {
        Ok(self
            .take(bytes)?
            .iter()
            .fold(0, |v, b| v << 8 | u32::from(*b)))
    }
}

fn adler32(bytes: &[u8]) -> u32 {
    let (mut a, mut b) = (1u32, 0u32);
    // The sums cannot overflow within so many bytes.
    for chunk in bytes.chunks(5552) {
        for byte in chunk {
            a += u32::from(*byte);
            b += a;
        }
        a %= 65_521;
        b %= 65_521;
    }
    b << 16 | a
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// The unpacked bytes of a file that lzop wrote; several members may follow each other.
///
/// # Errors
/// When it is none, is cut off or damaged.
pub(super) fn unpack(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut r = Reader(bytes);
    while !r.0.is_empty() {
        member(&mut r, &mut out)?;
    }
    Ok(out)
}

fn member(r: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<()> {
    if r.take(MAGIC.len())? != MAGIC {
        return Err(broken("no lzop file"));
    }
    let start = r.0;
    let version = r.number(2)? as u16;
    r.number(2)?;
    if version >= LATER {
        r.number(2)?;
    }
    let method = r.number(1)?;
    if !(1..=3).contains(&method) {
        return Err(broken("the lzop file uses another method than LZO1X"));
    }
    if version >= LATER {
        r.number(1)?;
    }
    let flags = r.number(4)?;
    if flags & FILTER != 0 {
        return Err(broken("the lzop file uses a filter"));
    }
    r.take(if version >= LATER { 12 } else { 8 })?;
    let name = r.number(1)? as usize;
    r.take(name)?;
    let header = &start[..start.len() - r.0.len()];
    let expected = r.number(4)?;
    let found = if flags & HEADER_CRC32 != 0 {
        crc32(header)
    } else {
        adler32(header)
    };
    if found != expected {
        return Err(broken("the header of the lzop file is damaged"));
    }
    if flags & EXTRA_FIELD != 0 {
        let extra = r.number(4)? as usize;
        r.take(extra)?;
        r.number(4)?;
    }
    loop {
        let unpacked = r.number(4)? as usize;
        if unpacked == 0 {
            return Ok(());
        }
        if unpacked > MAX_BLOCK {
            return Err(broken("a block of the lzop file is too long"));
        }
        let packed = r.number(4)? as usize;
        if packed > unpacked {
            return Err(broken("a block of the lzop file is longer than its data"));
        }
        let adler = (flags & ADLER32_D != 0).then(|| r.number(4)).transpose()?;
        let crc = (flags & CRC32_D != 0).then(|| r.number(4)).transpose()?;
        let stored = packed == unpacked;
        if !stored {
            for flag in [ADLER32_C, CRC32_C] {
                if flags & flag != 0 {
                    r.number(4)?;
                }
            }
        }
        let block = r.take(packed)?;
        let data = if stored {
            block.to_vec()
        } else {
            lzokay_native::decompress_all(block, Some(unpacked))
                .map_err(|e| broken(&e.to_string()))?
        };
        if data.len() != unpacked
            || adler.is_some_and(|a| a != adler32(&data))
            || crc.is_some_and(|c| c != crc32(&data))
        {
            return Err(broken("a block of the lzop file is damaged"));
        }
        out.extend_from_slice(&data);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// A file as lzop writes it with one block that is stored as it is.
    fn stored(data: &[u8]) -> Vec<u8> {
        let mut header = vec![0x10, 0x30, 0x20, 0xa0, 0x09, 0x40, 1, 5];
        header.extend_from_slice(&ADLER32_D.to_be_bytes());
        header.extend_from_slice(&[0; 12]);
        header.push(0);
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&header);
        out.extend_from_slice(&adler32(&header).to_be_bytes());
        for n in [data.len() as u32, data.len() as u32, adler32(data)] {
            out.extend_from_slice(&n.to_be_bytes());
        }
        out.extend_from_slice(data);
        out.extend_from_slice(&0u32.to_be_bytes());
        out
    }

    #[test]
    fn stored_blocks_and_damage() {
        let file = stored(b"1|one\n2|two\n");
        assert_eq!(unpack(&file).unwrap(), b"1|one\n2|two\n");
        let twice = [file.clone(), file.clone()].concat();
        assert_eq!(unpack(&twice).unwrap().len(), 24);
        let mut damaged = file.clone();
        let at = damaged.len() - 6;
        damaged[at] ^= 1;
        assert!(unpack(&damaged).is_err());
        for cut in 1..file.len() {
            assert!(unpack(&file[..cut]).is_err(), "{cut}");
        }
    }
}

//! AES with keys of 128, 192 and 256 bits in the modes ECB, CBC, CFB, OFB, CTR and GCM.
//! The block cipher is the crate `aes`; the modes are NIST SP 800-38A and 800-38D.

use aes::cipher::{Block, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes192, Aes256};

const BLOCK: usize = 16;

/// A cipher with its key.
pub(super) enum Cipher {
    A128(Aes128),
    A192(Aes192),
    A256(Aes256),
}

/// Why bytes cannot be encrypted or decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// The key has not 16, 24 or 32 bytes.
    Key,
    /// The input is no whole number of blocks, or its padding is wrong.
    Padding,
    /// The authentication tag does not fit.
    Tag,
}

/// How blocks are chained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Ecb,
    Cbc,
    Cfb,
    Ofb,
    Ctr,
    Gcm,
}

impl Cipher {
    pub(super) fn new(key: &[u8]) -> Result<Self, Failure> {
        let bad = |_| Failure::Key;
        Ok(match key.len() {
            16 => Cipher::A128(Aes128::new_from_slice(key).map_err(bad)?),
            24 => Cipher::A192(Aes192::new_from_slice(key).map_err(bad)?),
            32 => Cipher::A256(Aes256::new_from_slice(key).map_err(bad)?),
            _ => return Err(Failure::Key),
        })
    }

    fn encrypt(&self, block: &[u8; BLOCK]) -> [u8; BLOCK] {
        let mut b = Block::<Aes128>::from(*block);
        match self {
            Cipher::A128(c) => c.encrypt_block(&mut b),
            Cipher::A192(c) => c.encrypt_block(&mut b),
            Cipher::A256(c) => c.encrypt_block(&mut b),
        }
        b.into()
    }

    fn decrypt(&self, block: &[u8; BLOCK]) -> [u8; BLOCK] {
        let mut b = Block::<Aes128>::from(*block);
        match self {
            Cipher::A128(c) => c.decrypt_block(&mut b),
            Cipher::A192(c) => c.decrypt_block(&mut b),
            Cipher::A256(c) => c.decrypt_block(&mut b),
        }
        b.into()
    }
}

fn xor(a: &mut [u8], b: &[u8]) {
    for (a, b) in a.iter_mut().zip(b) {
        *a ^= b;
    }
}

fn array(bytes: &[u8]) -> [u8; BLOCK] {
    let mut out = [0; BLOCK];
    out[..bytes.len()].copy_from_slice(bytes);
    out
}

fn pad(data: &[u8]) -> Vec<u8> {
    let n = BLOCK - data.len() % BLOCK;
    let mut out = data.to_vec();
    out.extend(std::iter::repeat_n(n as u8, n));
    out
}

fn unpad(mut data: Vec<u8>) -> Result<Vec<u8>, Failure> {
    let n = usize::from(*data.last().ok_or(Failure::Padding)?);
    if n == 0
        || n > BLOCK
        || n > data.len()
        || data[data.len() - n..].iter().any(|b| usize::from(*b) != n)
    {
        return Err(Failure::Padding);
    }
    data.truncate(data.len() - n);
    Ok(data)
}

/// Encrypts; GCM gives the tag apart.
pub(super) fn encrypt(
    cipher: &Cipher,
    mode: Mode,
    padded: bool,
    iv: &[u8],
    aad: &[u8],
    data: &[u8],
) -> Result<(Vec<u8>, Vec<u8>), Failure> {
    let blocks = match mode {
        Mode::Ecb | Mode::Cbc if padded => pad(data),
        Mode::Ecb | Mode::Cbc if !data.len().is_multiple_of(BLOCK) => return Err(Failure::Padding),
        _ => data.to_vec(),
    };
    let mut out = Vec::with_capacity(blocks.len());
    match mode {
        Mode::Ecb => {
            for b in blocks.chunks(BLOCK) {
                out.extend(cipher.encrypt(&array(b)));
            }
        }
        Mode::Cbc => {
            let mut last = array(&iv[..BLOCK.min(iv.len())]);
            for b in blocks.chunks(BLOCK) {
                xor(&mut last, b);
                last = cipher.encrypt(&last);
                out.extend(last);
            }
        }
        Mode::Cfb => {
            let mut last = array(&iv[..BLOCK.min(iv.len())]);
            for b in blocks.chunks(BLOCK) {
                let mut c = cipher.encrypt(&last);
                xor(&mut c, b);
                out.extend(&c[..b.len()]);
                last = array(&c[..b.len()]);
            }
        }
        Mode::Ofb => stream(cipher, iv, &blocks, &mut out),
        Mode::Ctr => counter(
            cipher,
            array(&iv[..BLOCK.min(iv.len())]),
            BLOCK,
            &blocks,
            &mut out,
        ),
        Mode::Gcm => {
            let (start, h) = gcm_start(cipher, iv);
            counter(cipher, next(start, 4), 4, &blocks, &mut out);
            let tag = gcm_tag(cipher, start, h, aad, &out);
            return Ok((out, tag.to_vec()));
        }
    }
    Ok((out, Vec::new()))
}

/// Decrypts what [`encrypt`] gave.
pub(super) fn decrypt(
    cipher: &Cipher,
    mode: Mode,
    padded: bool,
    iv: &[u8],
    aad: &[u8],
    data: &[u8],
    tag: &[u8],
) -> Result<Vec<u8>, Failure> {
    if matches!(mode, Mode::Ecb | Mode::Cbc) && !data.len().is_multiple_of(BLOCK) {
        return Err(Failure::Padding);
    }
    let mut out = Vec::with_capacity(data.len());
    match mode {
        Mode::Ecb => {
            for b in data.chunks(BLOCK) {
                out.extend(cipher.decrypt(&array(b)));
            }
        }
        Mode::Cbc => {
            let mut last = array(&iv[..BLOCK.min(iv.len())]);
            for b in data.chunks(BLOCK) {
                let mut p = cipher.decrypt(&array(b));
                xor(&mut p, &last);
                out.extend(p);
                last = array(b);
            }
        }
        Mode::Cfb => {
            let mut last = array(&iv[..BLOCK.min(iv.len())]);
            for b in data.chunks(BLOCK) {
                let mut p = cipher.encrypt(&last);
                xor(&mut p, b);
                out.extend(&p[..b.len()]);
                last = array(b);
            }
        }
        Mode::Ofb => stream(cipher, iv, data, &mut out),
        Mode::Ctr => counter(
            cipher,
            array(&iv[..BLOCK.min(iv.len())]),
            BLOCK,
            data,
            &mut out,
        ),
        Mode::Gcm => {
            let (start, h) = gcm_start(cipher, iv);
            let want = gcm_tag(cipher, start, h, aad, data);
            // No early exit: the comparison takes as long for every tag.
            let differs =
                tag.len() != BLOCK || want.iter().zip(tag).fold(0, |d, (a, b)| d | (a ^ b)) != 0;
            if differs {
                return Err(Failure::Tag);
            }
            counter(cipher, next(start, 4), 4, data, &mut out);
        }
    }
    if padded && matches!(mode, Mode::Ecb | Mode::Cbc) {
        return unpad(out);
    }
    Ok(out)
}

fn stream(cipher: &Cipher, iv: &[u8], data: &[u8], out: &mut Vec<u8>) {
    let mut last = array(&iv[..BLOCK.min(iv.len())]);
    for b in data.chunks(BLOCK) {
        last = cipher.encrypt(&last);
        let mut c = last;
        xor(&mut c, b);
        out.extend(&c[..b.len()]);
    }
}

/// The next counter block: the last `width` bytes count.
fn next(mut block: [u8; BLOCK], width: usize) -> [u8; BLOCK] {
    for b in block[BLOCK - width..].iter_mut().rev() {
        *b = b.wrapping_add(1);
        if *b != 0 {
            break;
        }
    }
    block
}

fn counter(cipher: &Cipher, mut block: [u8; BLOCK], width: usize, data: &[u8], out: &mut Vec<u8>) {
    for b in data.chunks(BLOCK) {
        let mut c = cipher.encrypt(&block);
        xor(&mut c, b);
        out.extend(&c[..b.len()]);
        block = next(block, width);
    }
}

/// Multiplication in GF(2^128) with GCM's bit order.
fn multiply(x: u128, y: u128) -> u128 {
    let (mut z, mut v) = (0u128, y);
    for i in 0..128 {
        if x >> (127 - i) & 1 == 1 {
            z ^= v;
        }
        let carry = v & 1;
        v >>= 1;
        if carry == 1 {
            v ^= 0xE1 << 120;
        }
    }
    z
}

fn ghash(h: u128, mut y: u128, data: &[u8]) -> u128 {
    for b in data.chunks(BLOCK) {
        y = multiply(y ^ u128::from_be_bytes(array(b)), h);
    }
    y
}

/// The first counter block and the hash key.
fn gcm_start(cipher: &Cipher, iv: &[u8]) -> ([u8; BLOCK], u128) {
    let h = u128::from_be_bytes(cipher.encrypt(&[0; BLOCK]));
    if iv.len() == 12 {
        let mut start = array(iv);
        start[15] = 1;
        return (start, h);
    }
    let y = ghash(h, 0, iv);
    let y = multiply(y ^ (iv.len() as u128 * 8), h);
    (y.to_be_bytes(), h)
}

fn gcm_tag(cipher: &Cipher, start: [u8; BLOCK], h: u128, aad: &[u8], data: &[u8]) -> [u8; BLOCK] {
    let y = ghash(h, ghash(h, 0, aad), data);
    let lengths = (aad.len() as u128 * 8) << 64 | (data.len() as u128 * 8);
    let mut tag = multiply(y ^ lengths, h).to_be_bytes();
    xor(&mut tag, &cipher.encrypt(&start));
    tag
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn hex(s: &str) -> Vec<u8> {
        crate::kernels::cast::decode_hex(s).unwrap()
    }

    /// NIST SP 800-38A, F.1.1 to F.5.1, first block each, and test case 4 of the GCM specification.
    #[test]
    fn published_vectors() {
        let key = Cipher::new(&hex("2b7e151628aed2a6abf7158809cf4f3c")).unwrap();
        let text = hex("6bc1bee22e409f96e93d7e117393172a");
        let iv = hex("000102030405060708090a0b0c0d0e0f");
        let counter = hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
        for (mode, iv, want) in [
            (Mode::Ecb, &iv, "3ad77bb40d7a3660a89ecaf32466ef97"),
            (Mode::Cbc, &iv, "7649abac8119b246cee98e9b12e9197d"),
            (Mode::Cfb, &iv, "3b3fd92eb72dad20333449f8e83cfb4a"),
            (Mode::Ofb, &iv, "3b3fd92eb72dad20333449f8e83cfb4a"),
            (Mode::Ctr, &counter, "874d6191b620e3261bef6864990db6ce"),
        ] {
            let (got, _) = encrypt(&key, mode, false, iv, &[], &text).unwrap();
            assert_eq!(got, hex(want), "{mode:?}");
            assert_eq!(
                decrypt(&key, mode, false, iv, &[], &got, &[]).unwrap(),
                text
            );
        }
        let key = Cipher::new(&hex("feffe9928665731c6d6a8f9467308308")).unwrap();
        let text = hex(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        );
        let aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let iv = hex("cafebabefacedbaddecaf888");
        let (got, tag) = encrypt(&key, Mode::Gcm, false, &iv, &aad, &text).unwrap();
        assert_eq!(
            got,
            hex(
                "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
            )
        );
        assert_eq!(tag, hex("5bc94fbc3221a5db94fae95ae7121a47"));
        let back = decrypt(&key, Mode::Gcm, false, &iv, &aad, &got, &tag);
        assert_eq!(back.unwrap(), text);
        let wrong = decrypt(&key, Mode::Gcm, false, &iv, &[], &got, &tag);
        assert_eq!(wrong, Err(Failure::Tag));
    }

    #[test]
    fn padding_round_trips() {
        let key = Cipher::new(&[7; 32]).unwrap();
        for n in 0..40 {
            let data = vec![3u8; n];
            let (c, _) = encrypt(&key, Mode::Cbc, true, &[1; 16], &[], &data).unwrap();
            assert_eq!(c.len(), (n / 16 + 1) * 16);
            assert_eq!(
                decrypt(&key, Mode::Cbc, true, &[1; 16], &[], &c, &[]).unwrap(),
                data
            );
        }
        assert!(Cipher::new(&[0; 15]).is_err());
    }
}

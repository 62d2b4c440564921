//! Text functions: cutting, padding, searching, encoding, hashing, regular expressions, distances.
//! Positions count characters from 1. Names and parameters are in the dialects' tables.

mod address;
mod analysis;
mod basic;
mod bytes;
mod collation;
mod distance;
mod encode;
mod pad;
mod regexp;
mod search;
mod teradata;

pub use address::{parse_ip, parse_url};
pub use analysis::{search, search_ip};
pub use basic::{
    ascii, bit_length, byte_length, chr, concat, concat_strict, concat_ws, initcap, left, length,
    lower, repeat, replace, reverse, right, rtrimmed_length, space, split_part, strtok, substring,
    translate, unicode, upper,
};
pub use bytes::{
    bpchar_compare, bytes_and, bytes_not, bytes_or, bytes_xor, from_varbyte, get_bit, get_byte,
    octet_index, set_bit, set_byte, to_varbyte,
};
pub use collation::{Collation, collation_key};
pub use distance::{difference, edit_distance, jaro_winkler, soundex, soundex_p123};
pub use encode::{
    base64_decode_binary, base64_decode_text, base64_encode, crc32, from_hex, hex_decode_text,
    hex_encode, md5_binary, md5_hex, quote_ident, quote_literal, sha1_hex, sha2_hex, to_hex,
    utf8_bytes,
};
pub use pad::{lpad, ltrim, rpad, rtrim, trim};
pub use regexp::{
    regexp_count, regexp_instr, regexp_like, regexp_replace, regexp_replace_redshift,
    regexp_substr, regexp_substr_all,
};
pub use search::{charindex, contains, ends_with, insert, position, starts_with, strpos};
pub use teradata::{strtol, text_to_int_alt, text_to_numeric_alt};

//! Encryption, compression and digests as bytes or numbers, each with its page of the reference.
//! Digests as texts are in `text`; what is computed is in `dwsim_engine::kernels::{crypto, compress, row_hash}`.

use dwsim_engine::error::Result;
use dwsim_engine::functions::{Param, ReturnArgs, ScalarDef, ret};
use dwsim_engine::kernels::{compress, crypto, row_hash as hash};
use dwsim_engine::types::SqlType;

use Param::{Binary, Int, Text, TextOrBinary};

fn unsigned64(_: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(SqlType::number(20, 0))
}

/// The table's rows.
pub(super) const SCALARS: &[ScalarDef] = &[
    ScalarDef::new(
        "ENCRYPT",
        page!("encrypt"),
        &[TextOrBinary, Text, TextOrBinary, Text],
        ret::binary,
        crypto::encrypt,
    )
    .optional(2)
    .volatile(),
    ScalarDef::new(
        "DECRYPT",
        page!("decrypt"),
        &[Binary, Text, TextOrBinary, Text],
        ret::binary,
        crypto::decrypt,
    )
    .optional(2),
    ScalarDef::new(
        "TRY_DECRYPT",
        page!("try_decrypt"),
        &[Binary, Text, TextOrBinary, Text],
        ret::binary,
        crypto::decrypt,
    )
    .optional(2),
    ScalarDef::new(
        "ENCRYPT_RAW",
        page!("encrypt_raw"),
        &[TextOrBinary, Binary, Binary, TextOrBinary, Text],
        ret::variant,
        crypto::encrypt_raw,
    )
    .optional(2)
    .volatile(),
    ScalarDef::new(
        "DECRYPT_RAW",
        page!("decrypt_raw"),
        &[
            TextOrBinary,
            Binary,
            TextOrBinary,
            TextOrBinary,
            Text,
            TextOrBinary,
        ],
        ret::binary,
        crypto::decrypt_raw,
    )
    .optional(3),
    ScalarDef::new(
        "TRY_DECRYPT_RAW",
        page!("try_decrypt_raw"),
        &[
            TextOrBinary,
            Binary,
            TextOrBinary,
            TextOrBinary,
            Text,
            TextOrBinary,
        ],
        ret::binary,
        crypto::decrypt_raw,
    )
    .optional(3),
    ScalarDef::new(
        "COMPRESS",
        page!("compress"),
        &[TextOrBinary, Text],
        ret::binary,
        compress::compress,
    ),
    ScalarDef::new(
        "DECOMPRESS_BINARY",
        page!("decompress_binary"),
        &[Binary, Text],
        ret::binary,
        compress::decompress_binary,
    ),
    ScalarDef::new(
        "DECOMPRESS_STRING",
        page!("decompress_string"),
        &[Binary, Text],
        ret::text,
        compress::decompress_string,
    ),
    ScalarDef::new(
        "MD5_NUMBER_LOWER64",
        page!("md5_number_lower64"),
        &[TextOrBinary],
        unsigned64,
        hash::md5_half,
    ),
    ScalarDef::new(
        "MD5_NUMBER_UPPER64",
        page!("md5_number_upper64"),
        &[TextOrBinary],
        unsigned64,
        hash::md5_half,
    ),
    ScalarDef::new(
        "SHA1_BINARY",
        page!("sha1_binary"),
        &[TextOrBinary],
        ret::binary,
        hash::sha1_binary,
    ),
    ScalarDef::new(
        "SHA2_BINARY",
        page!("sha2_binary"),
        &[TextOrBinary, Int],
        ret::binary,
        hash::sha2_binary,
    )
    .optional(1),
];

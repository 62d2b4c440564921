//! Names in SQL: which may stand bare in each warehouse and how the others are quoted.
//! Folding of unquoted names to lower or upper case is left to the warehouses, so that one SQL text serves both.

use crate::types::Dialect;

/// Greatest length of a name in bytes that both warehouses hold (Redshift's limit; Snowflake allows 255).
pub const MAX_LENGTH: usize = 127;

/// Words that need quotes as a name in Redshift.
/// <https://docs.aws.amazon.com/redshift/latest/dg/r_pg_keywords.html>
const REDSHIFT_RESERVED: &str = " aes128 aes256 all allowoverwrite analyse analyze and any array as asc \
authorization az64 backup between binary blanksasnull both bytedict bzip2 case cast check collate column \
constraint create credentials cross current_date current_time current_timestamp current_user current_user_id \
default deferrable deflate defrag delta delta32k desc disable distinct do else emptyasnull enable encode encrypt \
encryption end except explicit false for foreign freeze from full globaldict256 globaldict64k grant group gzip \
having identity ignore ilike in initially inner intersect interval into is isnull join leading left like limit \
localtime localtimestamp lun luns lzo lzop minus mostly16 mostly32 mostly8 natural new not notnull null nulls off \
offline offset oid old on only open or order outer overlaps parallel partition percent permissions pivot placing \
primary qualify raw readratio recover references rejectlog resort respect restore right select session_user \
similar snapshot some sysdate system table tag tdes text255 text32k then timestamp to top trailing true truncatecolumns \
type union unique unnest unpivot user using verbose wallet when where with without ";

/// Words that need quotes as a table or column name in Snowflake.
/// <https://docs.snowflake.com/en/sql-reference/reserved-keywords>
const SNOWFLAKE_RESERVED: &str = " account all alter and any as between by case cast check column connect \
connection constraint create cross current current_date current_time current_timestamp current_user database \
delete distinct drop else exists false following for from full grant group gscluster having ilike in increment \
inner insert intersect into is issue join lateral left like localtime localtimestamp minus natural not null of on \
or order organization qualify regexp revoke right rlike row rows sample schema select set some start table \
tablesample then to trigger true try_cast union unique update using values view when whenever where with ";

/// Whether the name is a reserved word of the dialect, in any case.
#[must_use]
pub fn is_reserved(name: &str, dialect: Dialect) -> bool {
    let list = match dialect {
        Dialect::Redshift => REDSHIFT_RESERVED,
        Dialect::Snowflake => SNOWFLAKE_RESERVED,
    };
    !name.contains(' ') && list.contains(&format!(" {} ", name.to_ascii_lowercase()))
}

/// Whether the name is an ASCII letter or underscore followed by letters, digits, underscores and dollar signs.
#[must_use]
pub fn is_plain(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$')
}

/// The name as it is written in SQL: bare where it can be, otherwise between double quotes.
#[must_use]
pub fn quote(name: &str, dialect: Dialect) -> String {
    if is_plain(name) && !is_reserved(name, dialect) {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

/// The text as an SQL string literal, readable by both warehouses (backslashes are doubled only for Snowflake, where
/// they escape).
#[must_use]
pub fn literal(text: &str, dialect: Dialect) -> String {
    let text = text.replace('\'', "''");
    match dialect {
        Dialect::Redshift => format!("'{text}'"),
        Dialect::Snowflake => format!("'{}'", text.replace('\\', "\\\\")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_only_where_needed() {
        for (name, redshift, snowflake) in [
            ("customers", "customers", "customers"),
            ("CustomerId", "CustomerId", "CustomerId"),
            ("order", "\"order\"", "\"order\""),
            ("start", "start", "\"start\""),
            ("tag", "\"tag\"", "tag"),
            ("Order", "\"Order\"", "\"Order\""),
            ("two words", "\"two words\"", "\"two words\""),
            ("a\"b", "\"a\"\"b\"", "\"a\"\"b\""),
            ("1st", "\"1st\"", "\"1st\""),
            ("größe", "\"größe\"", "\"größe\""),
        ] {
            assert_eq!(quote(name, Dialect::Redshift), redshift);
            assert_eq!(quote(name, Dialect::Snowflake), snowflake);
        }
    }

    #[test]
    fn literals_escape_per_dialect() {
        assert_eq!(literal("it's a \\", Dialect::Redshift), "'it''s a \\'");
        assert_eq!(literal("it's a \\", Dialect::Snowflake), "'it''s a \\\\'");
    }
}

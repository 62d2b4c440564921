//! The macros of dwsim: `#[derive(dwsim::Row)]` and `#[dwsim::test]`, used through the `dwsim` crate.
//! They read dwsim.toml and nothing else: no macro connects, starts a process or panics.
//!
//! dwsim.toml is the nearest one from the package's folder upward, or the file that `DWSIM_CONFIG` names. The code that
//! is made includes the file's bytes, so that Cargo builds it again when the schema changes.

mod config;
mod field_types;
mod row;
mod test_attribute;

use proc_macro::TokenStream;

/// Implements `dwsim::Row`: reading the struct from a row of a result, by column name, and writing it to a table.
///
/// With `#[dwsim(table = "orders")]` the fields are checked against that table of dwsim.toml when the test is compiled:
/// that each column exists, that the Rust type holds the column's type, and that a column with NULLs is an `Option`.
/// Errors stand at the field and name the line of dwsim.toml. Columns may be left out. Without a table the struct is for
/// query results, and nothing is checked before it is read.
///
/// `#[dwsim(rename = "type")]` on a field gives its column another name.
#[proc_macro_derive(Row, attributes(dwsim))]
pub fn derive_row(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    row::derive(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Makes one test per dialect of a function that takes a `Warehouse`: each has a database of its own, a fork of the
/// loaded template, which is dropped afterwards.
///
/// The function may be async or not, and may return whatever a `#[test]` may. `orders` becomes the tests
/// `orders::redshift` and `orders::snowflake`; `#[dwsim::test(snowflake)]` makes only the latter. `#[ignore]` and
/// `#[should_panic]` apply to each.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let function = syn::parse_macro_input!(item as syn::ItemFn);
    test_attribute::expand(arguments.into(), function)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

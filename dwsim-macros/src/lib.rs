//! The macros of dwsim: `#[derive(dwsim::Row)]`, `#[dwsim::test]`, `schema!` and `sql_tests!`, used through the `dwsim`
//! crate. They read dwsim.toml and the SQL tests and nothing else: no macro connects, starts a process or panics.
//!
//! dwsim.toml is the nearest one from the package's folder upward, or the file that `DWSIM_CONFIG` names. The code that
//! is made includes the file's bytes, so that Cargo builds it again when the schema changes.

mod config;
mod field_types;
mod row;
mod schema;
mod sql_tests;
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
///
/// - `fixtures("refunds", "../shared/orders.sql")`: SQL files that are run before the test; a bare name is
///   `fixtures/refunds.sql` beside the test's file.
/// - `seed = 7`: what `Warehouse::seed` gives, for fixtures; the project's seed without it.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let function = syn::parse_macro_input!(item as syn::ItemFn);
    test_attribute::expand(arguments.into(), function)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Makes a module per table of dwsim.toml: `dwsim::schema!();`, or some of them: `dwsim::schema!(customers, orders);`.
///
/// Each has `Row`, a struct with a field per column (an `Option` where the generated data have NULLs); `fixture(seed)`, a
/// builder of generated rows (`customers::fixture(7).rows(20).with(|r| r.country = "DE".into()).insert(&wh).await?`);
/// `TABLE`; and `columns`, with a constant per column.
#[proc_macro]
pub fn schema(input: TokenStream) -> TokenStream {
    schema::expand(input.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Makes a `#[test]` function of every SQL file below `tests/sql` on every dialect, in modules as the files are in
/// folders, for editors that offer to run a test at its place: `mod sql { dwsim::sql_tests!(); }`.
///
/// A file that is added is seen when the test is built again for another reason; `dwsim::harness!()` sees every file on
/// every run, and is what a project without an editor's lens wants.
#[proc_macro]
pub fn sql_tests(input: TokenStream) -> TokenStream {
    sql_tests::expand(input.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

//! `schema!`: a module per table of dwsim.toml, with its row, a builder of fixtures and the names of its columns.
//! Making rows is the runtime's part, which asks the generator.

use crate::config::{self, Loaded};
use crate::row::has_nulls;
use dwsim_schema::{Column, LogicalType, Table, did_you_mean};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Error, Result, Token};

/// The modules, or every error at once.
pub(crate) fn expand(input: TokenStream) -> Result<TokenStream> {
    let wanted = Punctuated::<Ident, Token![,]>::parse_terminated.parse2(input)?;
    let loaded = config::load().map_err(|message| Error::new(Span::call_site(), message))?;
    let loaded = loaded.ok_or_else(|| {
        Error::new(
            Span::call_site(),
            "no dwsim.toml in the package's folder or above; `cargo dwsim init` writes one",
        )
    })?;
    let schema = &loaded.config.schema;
    let mut tables: Vec<&Table> = Vec::new();
    let mut errors: Option<Error> = None;
    for ident in &wanted {
        let name = ident.to_string();
        let name = name.trim_start_matches("r#");
        match schema.table(name) {
            Some(table) => tables.push(table),
            None => {
                let known = schema.tables().iter().map(|t| t.name.as_str());
                let help = did_you_mean(name, known).map_or_else(String::new, |h| format!("; {h}"));
                let error = Error::new(
                    ident.span(),
                    format!("dwsim.toml has no table `{name}`{help}"),
                );
                match &mut errors {
                    Some(errors) => errors.combine(error),
                    None => errors = Some(error),
                }
            }
        }
    }
    if let Some(errors) = errors {
        return Err(errors);
    }
    if wanted.is_empty() {
        tables = schema.tables().iter().collect();
    }
    let shape = schema.shape_hash();
    let dependency = loaded.dependency();
    let modules = tables.iter().map(|table| module(table, &loaded, &shape));
    Ok(quote! {
        #dependency
        #(#modules)*
    })
}

fn module(table: &Table, loaded: &Loaded, shape: &str) -> TokenStream {
    let name = &table.name;
    let module = ident(name);
    let at = loaded.at(&table.place);
    let about = format!("Table `{name}` ({at}).");
    let row_doc = format!("A row of `{name}`.");
    let names: Vec<&String> = table.columns.iter().map(|c| &c.name).collect();
    let fields: Vec<Ident> = table.columns.iter().map(|c| ident(&c.name)).collect();
    let types: Vec<TokenStream> = table.columns.iter().map(rust_type).collect();
    let docs = table.columns.iter().map(|c| {
        let comment = c
            .comment
            .as_deref()
            .map_or_else(String::new, |text| format!(": {text}"));
        format!("`{}`{comment} ({})", c.ty, loaded.at(&c.place))
    });
    let constants = table.columns.iter().map(|c| {
        let constant = Ident::new(&constant(&c.name), Span::call_site());
        let value = &c.name;
        let doc = format!("Column `{value}`.");
        quote! {
            #[doc = #doc]
            pub const #constant: &str = #value;
        }
    });
    quote! {
        #[doc = #about]
        #[allow(dead_code, non_snake_case)]
        pub mod #module {
            /// The table's name.
            pub const TABLE: &str = #name;

            #[doc = #row_doc]
            #[derive(Debug, Clone, PartialEq)]
            pub struct Row {
                #(#[doc = #docs] pub #fields: #types,)*
            }

            #[automatically_derived]
            impl ::dwsim::Row for Row {
                const TABLE: ::core::option::Option<&'static str> = ::core::option::Option::Some(#name);
                const SHAPE: ::core::option::Option<&'static str> = ::core::option::Option::Some(#shape);
                const COLUMNS: &'static [&'static str] = &[#(#names),*];

                fn from_row(row: ::dwsim::RowRef<'_>) -> ::dwsim::Result<Self> {
                    ::core::result::Result::Ok(Self { #(#fields: row.get::<#types>(#names)?),* })
                }

                fn to_values(&self) -> ::std::vec::Vec<::dwsim::Value> {
                    ::std::vec![#(<#types as ::dwsim::ToValue>::to_value(&self.#fields)),*]
                }
            }

            /// Rows that could have been generated with this seed; they follow the loaded ones.
            #[must_use]
            pub fn fixture(seed: u64) -> ::dwsim::Fixture<Row> {
                ::dwsim::Fixture::new(TABLE, seed)
            }

            /// The names of the columns.
            pub mod columns {
                #(#constants)*
            }
        }
    }
}

/// The usual Rust type of a column, an `Option` where it has NULLs.
fn rust_type(column: &Column) -> TokenStream {
    let ty = match column.ty {
        LogicalType::SmallInt => quote! { ::core::primitive::i16 },
        LogicalType::Integer => quote! { ::core::primitive::i32 },
        LogicalType::Serial | LogicalType::BigInt => quote! { ::core::primitive::i64 },
        LogicalType::Decimal {
            scale: 0,
            precision,
        } if precision <= 18 => quote! { ::core::primitive::i64 },
        LogicalType::Decimal { scale: 0, .. } => quote! { ::core::primitive::i128 },
        LogicalType::Decimal { .. } => quote! { ::dwsim::Decimal },
        LogicalType::Real => quote! { ::core::primitive::f32 },
        LogicalType::Double => quote! { ::core::primitive::f64 },
        LogicalType::Boolean => quote! { ::core::primitive::bool },
        LogicalType::Char(_) | LogicalType::Varchar(_) | LogicalType::Uuid => {
            quote! { ::std::string::String }
        }
        LogicalType::Date => quote! { ::dwsim::chrono::NaiveDate },
        LogicalType::Time => quote! { ::dwsim::chrono::NaiveTime },
        LogicalType::Timestamp => quote! { ::dwsim::chrono::NaiveDateTime },
        LogicalType::TimestampTz | LogicalType::TimestampLtz => {
            quote! { ::dwsim::chrono::DateTime<::dwsim::chrono::Utc> }
        }
        LogicalType::Binary(_) => quote! { ::std::vec::Vec<::core::primitive::u8> },
        LogicalType::Json(_) => quote! { ::dwsim::serde_json::Value },
    };
    if has_nulls(column) {
        quote! { ::core::option::Option<#ty> }
    } else {
        ty
    }
}

/// A name as an identifier: what Rust does not take becomes `_`, a keyword becomes raw.
pub(crate) fn ident(name: &str) -> Ident {
    let mut plain: String = name
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { '_' })
        .collect();
    if plain.starts_with(|c: char| c.is_numeric()) || plain.is_empty() {
        plain.insert(0, '_');
    }
    if ["self", "Self", "super", "crate", "_"].contains(&plain.as_str()) {
        plain.push('_');
    }
    syn::parse_str::<Ident>(&plain).unwrap_or_else(|_| Ident::new_raw(&plain, Span::call_site()))
}

fn constant(name: &str) -> String {
    ident(name)
        .to_string()
        .trim_start_matches("r#")
        .to_uppercase()
}

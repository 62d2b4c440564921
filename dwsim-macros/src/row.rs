//! `#[derive(dwsim::Row)]`: the checks against dwsim.toml and the implementation.
//! Converting single values is done by the runtime's traits.

use crate::config::{self, Loaded};
use crate::field_types::{field_type, mismatch};
use dwsim_schema::{Column, Generator, Table, did_you_mean};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Field, Fields, Ident, LitStr, Result};

/// The implementation, or every error at once.
pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let fields = named_fields(input)?;
    let table = container_table(input)?;
    let mut columns = Vec::new();
    for field in fields {
        columns.push(column_of(field)?);
    }
    let mut dependency = TokenStream::new();
    let mut shape = quote! { ::core::option::Option::None };
    if let Some(table) = &table {
        let loaded = config::load().map_err(|message| Error::new(table.span(), message))?;
        let loaded = loaded.ok_or_else(|| {
            Error::new(
                table.span(),
                "no dwsim.toml in the package's folder or above; `cargo dwsim init` writes one",
            )
        })?;
        check(&loaded, table, fields, &columns)?;
        dependency = loaded.dependency();
        let hash = loaded.config.schema.shape_hash();
        shape = quote! { ::core::option::Option::Some(#hash) };
    }
    let name = &input.ident;
    let (generics, type_generics, bounds) = input.generics.split_for_impl();
    let idents: Vec<&Ident> = fields
        .iter()
        .filter_map(|field| field.ident.as_ref())
        .collect();
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    // a type without the traits is an error at the field's type, not at the derive
    let reads = fields.iter().zip(&names).map(|(field, name)| {
        let ty = &field.ty;
        quote_spanned! { ty.span() => row.get::<#ty>(#name)? }
    });
    let writes = fields.iter().zip(&idents).map(|(field, ident)| {
        let ty = &field.ty;
        quote_spanned! { ty.span() => <#ty as ::dwsim::ToValue>::to_value(&self.#ident) }
    });
    let table = match &table {
        Some(table) => quote! { ::core::option::Option::Some(#table) },
        None => quote! { ::core::option::Option::None },
    };
    Ok(quote! {
        #dependency

        #[automatically_derived]
        impl #generics ::dwsim::Row for #name #type_generics #bounds {
            const TABLE: ::core::option::Option<&'static str> = #table;
            const SHAPE: ::core::option::Option<&'static str> = #shape;
            const COLUMNS: &'static [&'static str] = &[#(#names),*];

            fn from_row(row: ::dwsim::RowRef<'_>) -> ::dwsim::Result<Self> {
                ::core::result::Result::Ok(Self { #(#idents: #reads),* })
            }

            fn to_values(&self) -> ::std::vec::Vec<::dwsim::Value> {
                ::std::vec![#(#writes),*]
            }
        }
    })
}

fn named_fields(
    input: &DeriveInput,
) -> Result<&syn::punctuated::Punctuated<Field, syn::Token![,]>> {
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Ok(&fields.named),
            other => Err(Error::new(
                if matches!(other, Fields::Unit) {
                    input.ident.span()
                } else {
                    other.span()
                },
                "a row has named fields, one per column",
            )),
        },
        Data::Enum(data) => Err(Error::new(
            data.enum_token.span,
            "a row is a struct with named fields, not an enum",
        )),
        Data::Union(data) => Err(Error::new(
            data.union_token.span,
            "a row is a struct with named fields, not a union",
        )),
    }
}

/// `#[dwsim(table = "orders")]`
fn container_table(input: &DeriveInput) -> Result<Option<LitStr>> {
    let mut table = None;
    for attribute in input
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("dwsim"))
    {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("table") {
                return Err(meta.error("unknown key; a row takes `table = \"…\"`"));
            }
            if table.is_some() {
                return Err(meta.error("`table` is there twice"));
            }
            table = Some(meta.value()?.parse::<LitStr>()?);
            Ok(())
        })?;
    }
    Ok(table)
}

/// The column of a field, and the token that names it.
struct ColumnName {
    name: String,
    span: proc_macro2::Span,
}

/// The field's own name, or `#[dwsim(rename = "type")]`.
fn column_of(field: &Field) -> Result<ColumnName> {
    let ident = field
        .ident
        .as_ref()
        .ok_or_else(|| Error::new(field.span(), "a row has named fields"))?;
    let own = ident.to_string();
    let mut column = ColumnName {
        name: own.trim_start_matches("r#").to_string(),
        span: ident.span(),
    };
    for attribute in field
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("dwsim"))
    {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("rename") {
                return Err(meta.error("unknown key; a field takes `rename = \"…\"`"));
            }
            let name: LitStr = meta.value()?.parse()?;
            column = ColumnName {
                name: name.value(),
                span: name.span(),
            };
            Ok(())
        })?;
    }
    Ok(column)
}

/// Every field against its column.
fn check(
    loaded: &Loaded,
    table_name: &LitStr,
    fields: &syn::punctuated::Punctuated<Field, syn::Token![,]>,
    columns: &[ColumnName],
) -> Result<()> {
    let schema = &loaded.config.schema;
    let wanted = table_name.value();
    let Some(table) = schema.table(&wanted) else {
        let known = schema.tables().iter().map(|table| table.name.as_str());
        let help = help(did_you_mean(&wanted, known));
        return Err(Error::new(
            table_name.span(),
            format!("dwsim.toml has no table `{wanted}`{help}"),
        ));
    };
    let mut errors: Option<Error> = None;
    for (field, column) in fields.iter().zip(columns) {
        if let Err(error) = check_field(loaded, table, field, column) {
            match &mut errors {
                Some(errors) => errors.combine(error),
                None => errors = Some(error),
            }
        }
    }
    errors.map_or(Ok(()), Err)
}

fn check_field(loaded: &Loaded, table: &Table, field: &Field, name: &ColumnName) -> Result<()> {
    let Some(column) = table.column(&name.name) else {
        let known = table.columns.iter().map(|column| column.name.as_str());
        let help = help(did_you_mean(&name.name, known));
        let at = loaded.at(&table.place);
        let message = format!(
            "table `{}` has no column `{}` ({at}){help}",
            table.name, name.name
        );
        return Err(Error::new(name.span, message));
    };
    let at = loaded.at(&column.place);
    let ty = field_type(&field.ty);
    if let Some(instead) = mismatch(&ty, column.ty) {
        let shown = ty.name.unwrap_or_default();
        let message = format!(
            "column `{}` is {} ({at}), which `{shown}` does not hold; use `{instead}`",
            column.name, column.ty
        );
        return Err(Error::new(ty.inner.span(), message));
    }
    // a column that merely may be NULL is taken at its word: none of its generated values is
    if has_nulls(column) && !ty.optional {
        let inner = &field.ty;
        let inner = quote!(#inner).to_string().replace(' ', "");
        let message = format!(
            "column `{}` has NULLs ({at}); use `Option<{inner}>`",
            column.name
        );
        return Err(Error::new(field.ty.span(), message));
    }
    Ok(())
}

/// Are some of the column's generated values NULL?
pub(crate) fn has_nulls(column: &Column) -> bool {
    column.nulls > 0.0
        || (!column.when.is_empty() && column.otherwise.is_none())
        || matches!(&column.generator, Generator::Formula(formula) if formula.divides())
}

fn help(suggestion: Option<String>) -> String {
    suggestion.map_or(String::new(), |suggestion| format!("; {suggestion}"))
}

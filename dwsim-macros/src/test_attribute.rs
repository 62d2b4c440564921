//! `#[dwsim::test]`: one `#[test]` per dialect around a function that takes a `Warehouse`.
//! Finding the emulators and forking the data is the runtime's part.

use crate::config;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, FnArg, ItemFn, Result, Token};

const DIALECTS: [(&str, &str); 2] = [("redshift", "Redshift"), ("snowflake", "Snowflake")];

/// The function as it is, and a module of its name with the tests.
pub(crate) fn expand(arguments: TokenStream, mut function: ItemFn) -> Result<TokenStream> {
    let dialects = dialects(arguments)?;
    let name = function.sig.ident.clone();
    match function.sig.inputs.first() {
        Some(FnArg::Typed(_)) if function.sig.inputs.len() == 1 => {}
        _ => {
            let span = function.sig.paren_token.span.join();
            return Err(Error::new(
                span,
                "a dwsim test takes one argument, the `Warehouse`",
            ));
        }
    }
    if let Some(parameter) = function.sig.generics.params.first() {
        return Err(Error::new_spanned(
            parameter,
            "a dwsim test has no generic parameters",
        ));
    }
    let loaded = config::load().map_err(|message| Error::new(name.span(), message))?;
    let (shape, dependency) = match &loaded {
        Some(loaded) => {
            let hash = loaded.config.schema.shape_hash();
            (
                quote! { ::core::option::Option::Some(#hash) },
                loaded.dependency(),
            )
        }
        None => (quote! { ::core::option::Option::None }, TokenStream::new()),
    };
    let for_tests = |attribute: &Attribute| {
        ["ignore", "should_panic"]
            .iter()
            .any(|name| attribute.path().is_ident(name))
    };
    let (passed, kept): (Vec<Attribute>, Vec<Attribute>) =
        function.attrs.drain(..).partition(for_tests);
    function.attrs = kept;
    let conditions: Vec<&Attribute> = function
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"))
        .collect();
    let call = if function.sig.asyncness.is_some() {
        quote! { |warehouse| ::dwsim::__private::block_on(super::#name(warehouse)) }
    } else {
        quote! { super::#name }
    };
    // the harness takes no result from a test that should panic
    let panics = passed
        .iter()
        .any(|attribute| attribute.path().is_ident("should_panic"));
    let (result, end) = if panics {
        (TokenStream::new(), quote! { ; })
    } else {
        (quote! { -> ::std::process::ExitCode }, TokenStream::new())
    };
    let tests = dialects.iter().map(|(dialect, variant)| {
        let test = Ident::new(dialect, Span::call_site());
        let variant = Ident::new(variant, Span::call_site());
        quote! {
            #[test]
            #(#passed)*
            fn #test() #result {
                ::dwsim::__private::run_test(
                    ::dwsim::Dialect::#variant,
                    ::core::module_path!(),
                    ::core::env!("CARGO_MANIFEST_DIR"),
                    #shape,
                    #call,
                )#end
            }
        }
    });
    let tests: Vec<TokenStream> = tests.collect();
    Ok(quote! {
        #[cfg(test)]
        #function

        #(#conditions)*
        #[cfg(test)]
        mod #name {
            #dependency
            #(#tests)*
        }
    })
}

/// `redshift`, `snowflake`, or both without arguments.
fn dialects(arguments: TokenStream) -> Result<Vec<(&'static str, &'static str)>> {
    if arguments.is_empty() {
        return Ok(DIALECTS.to_vec());
    }
    let names = Punctuated::<Ident, Token![,]>::parse_terminated.parse2(arguments)?;
    let mut chosen = Vec::new();
    for name in &names {
        let dialect = DIALECTS.into_iter().find(|(dialect, _)| name == dialect);
        let dialect = dialect.ok_or_else(|| {
            Error::new(
                name.span(),
                format!("`{name}` is no dialect; they are redshift and snowflake"),
            )
        })?;
        if chosen.contains(&dialect) {
            return Err(Error::new(name.span(), format!("`{name}` is there twice")));
        }
        chosen.push(dialect);
    }
    Ok(chosen)
}

//! `#[dwsim::test]`: one `#[test]` per dialect around a function that takes a `Warehouse`.
//! Finding the emulators, forking the data and running fixtures is the runtime's part.

use crate::config;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Error, FnArg, ItemFn, LitInt, LitStr, Result, ReturnType, Token, Type};

const DIALECTS: [(&str, &str); 2] = [("redshift", "Redshift"), ("snowflake", "Snowflake")];

/// What stands in the attribute's brackets.
#[derive(Default)]
struct Arguments {
    dialects: Vec<(&'static str, &'static str)>,
    seed: Option<LitInt>,
    fixtures: Vec<LitStr>,
}

/// The function as it is, and a module of its name with the tests.
pub(crate) fn expand(arguments: TokenStream, mut function: ItemFn) -> Result<TokenStream> {
    let arguments = read(arguments)?;
    let name = function.sig.ident.clone();
    check_signature(&function)?;
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
    if let Some(twice) = kept.iter().find(|a| a.path().is_ident("test")) {
        return Err(Error::new(
            twice.path().span(),
            "`#[dwsim::test]` makes the `#[test]` functions itself; remove this attribute",
        ));
    }
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
    let seed = match &arguments.seed {
        Some(seed) => quote! { ::core::option::Option::Some(#seed) },
        None => quote! { ::core::option::Option::None },
    };
    // the literal keeps its place: a file that is not there is an error at it, and paths are relative to its file
    let fixtures = arguments.fixtures.iter().map(|fixture| {
        let path = LitStr::new(&fixture_path(&fixture.value()), fixture.span());
        quote! { (#path, ::core::include_str!(#path)) }
    });
    let fixtures: Vec<TokenStream> = fixtures.collect();
    let tests = arguments.dialects.iter().map(|(dialect, variant)| {
        let test = Ident::new(dialect, Span::call_site());
        let variant = Ident::new(variant, Span::call_site());
        quote! {
            #[test]
            #(#passed)*
            fn #test() #result {
                ::dwsim::__private::run_test(
                    ::dwsim::__private::TestSpec {
                        dialect: ::dwsim::Dialect::#variant,
                        module: ::core::module_path!(),
                        manifest: ::core::env!("CARGO_MANIFEST_DIR"),
                        shape: #shape,
                        seed: #seed,
                        fixtures: &[#(#fixtures),*],
                    },
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

fn check_signature(function: &ItemFn) -> Result<()> {
    match function.sig.inputs.first() {
        Some(FnArg::Typed(argument)) if function.sig.inputs.len() == 1 => {
            // by reference there would be nobody to own it
            if let Type::Reference(reference) = argument.ty.as_ref() {
                return Err(Error::new(
                    reference.and_token.span,
                    "a dwsim test owns its warehouse: `wh: Warehouse`",
                ));
            }
        }
        Some(_) if function.sig.inputs.len() > 1 => {
            let second = function.sig.inputs.iter().nth(1);
            return Err(Error::new(
                second.map_or_else(|| function.sig.ident.span(), Spanned::span),
                "a dwsim test takes one argument, the `Warehouse`; for cases, use rstest with the fixtures of \
                 `dwsim::rstest_fixtures`",
            ));
        }
        _ => {
            return Err(Error::new(
                function.sig.paren_token.span.join(),
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
    if let ReturnType::Type(_, ty) = &function.sig.output
        && let Type::ImplTrait(ty) = ty.as_ref()
    {
        return Err(Error::new_spanned(
            ty,
            "a dwsim test names the type it returns, for example `dwsim::Result<()>`",
        ));
    }
    Ok(())
}

/// `"customers"` -> `fixtures/customers.sql` beside the test's file; a path stays as it is.
fn fixture_path(written: &str) -> String {
    if written.contains('/') || written.ends_with(".sql") {
        written.to_string()
    } else {
        format!("fixtures/{written}.sql")
    }
}

/// One of the attribute's arguments.
enum Argument {
    Dialect(Ident),
    Seed(Ident, LitInt),
    Fixtures(Ident, Vec<LitStr>),
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name: Ident = input.parse()?;
        if name == "seed" {
            input.parse::<Token![=]>()?;
            let seed: LitInt = input.parse()?;
            seed.base10_parse::<u64>()?;
            return Ok(Argument::Seed(name, seed));
        }
        if name == "fixtures" {
            let inner;
            syn::parenthesized!(inner in input);
            let files = Punctuated::<LitStr, Token![,]>::parse_terminated(&inner)?;
            if files.is_empty() {
                return Err(Error::new(name.span(), "`fixtures(…)` names SQL files"));
            }
            return Ok(Argument::Fixtures(name, files.into_iter().collect()));
        }
        Ok(Argument::Dialect(name))
    }
}

/// The arguments; both dialects where none is named.
fn read(tokens: TokenStream) -> Result<Arguments> {
    let list = Punctuated::<Argument, Token![,]>::parse_terminated.parse2(tokens)?;
    let mut arguments = Arguments::default();
    let twice = |name: &Ident| Err(Error::new(name.span(), format!("`{name}` is there twice")));
    for argument in list {
        match argument {
            Argument::Seed(name, _) if arguments.seed.is_some() => return twice(&name),
            Argument::Seed(_, seed) => arguments.seed = Some(seed),
            Argument::Fixtures(name, _) if !arguments.fixtures.is_empty() => return twice(&name),
            Argument::Fixtures(_, files) => arguments.fixtures = files,
            Argument::Dialect(name) => {
                let dialect = DIALECTS.into_iter().find(|(dialect, _)| name == dialect);
                let dialect = dialect.ok_or_else(|| {
                    let known = ["redshift", "snowflake", "seed", "fixtures"];
                    let help = dwsim_schema::did_you_mean(&name.to_string(), known)
                        .map_or_else(String::new, |help| format!("; {help}"));
                    Error::new(
                        name.span(),
                        format!(
                            "`{name}` is neither a dialect (redshift, snowflake) nor `seed = …` nor `fixtures(…)`{help}"
                        ),
                    )
                })?;
                if arguments.dialects.contains(&dialect) {
                    return twice(&name);
                }
                arguments.dialects.push(dialect);
            }
        }
    }
    if arguments.dialects.is_empty() {
        arguments.dialects = DIALECTS.to_vec();
    }
    Ok(arguments)
}

//! `sql_tests!`: the files below `tests/sql` as `#[test]` functions that an editor can see and run.
//! Running one is the runtime's part; a target without its own harness (`dwsim::harness!`) needs no macro.

use crate::config;
use crate::schema::ident;
use dwsim_schema::Dialect;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use syn::{Error, Result};

/// A file of a test.
struct File {
    path: PathBuf,
    /// What the file's name restricts it to.
    dialect: Option<Dialect>,
}

/// Tests by name, or a folder of them.
#[derive(Default)]
struct Folder {
    folders: BTreeMap<String, Folder>,
    tests: BTreeMap<String, Vec<File>>,
}

/// The test functions, in modules as the files are in folders.
pub(crate) fn expand(input: TokenStream) -> Result<TokenStream> {
    if let Some(token) = input.into_iter().next() {
        return Err(Error::new(token.span(), "`sql_tests!` takes nothing"));
    }
    let fail = |message: String| Error::new(Span::call_site(), message);
    let loaded = config::load().map_err(fail)?.ok_or_else(|| {
        fail("no dwsim.toml in the package's folder or above; `cargo dwsim init` writes one".into())
    })?;
    let root = loaded
        .path
        .parent()
        .unwrap_or(Path::new("."))
        .join(&loaded.config.test.dir);
    let mut top = Folder::default();
    collect(&root, &mut top).map_err(|(path, e)| fail(format!("{}: {e}", path.display())))?;
    let dependency = loaded.dependency();
    let tests = modules(&top, "", &loaded.config.project.dialects).map_err(fail)?;
    Ok(quote! {
        #dependency
        #tests
    })
}

fn collect(folder: &Path, into: &mut Folder) -> std::result::Result<(), (PathBuf, std::io::Error)> {
    if !folder.is_dir() {
        return Ok(());
    }
    let failed = |e| (folder.to_path_buf(), e);
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            collect(&path, into.folders.entry(name).or_default())?;
        } else if let Some(stem) = name.strip_suffix(".sql") {
            let (test, dialect) = match stem.rsplit_once('.') {
                Some((test, last)) => match Dialect::from_name(last) {
                    Some(dialect) => (test, Some(dialect)),
                    None => (stem, None),
                },
                None => (stem, None),
            };
            let files = into.tests.entry(test.to_string()).or_default();
            files.push(File { path, dialect });
        }
    }
    Ok(())
}

fn modules(
    folder: &Folder,
    prefix: &str,
    dialects: &[Dialect],
) -> std::result::Result<TokenStream, String> {
    let mut out = TokenStream::new();
    for (name, inner) in &folder.folders {
        let module = ident(name);
        let tests = modules(inner, &format!("{prefix}{name}/"), dialects)?;
        out.extend(quote! { mod #module { #tests } });
    }
    for (name, files) in &folder.tests {
        let module = ident(name);
        let full = format!("{prefix}{name}");
        let mut functions = TokenStream::new();
        for file in files {
            let text = std::fs::read_to_string(&file.path)
                .map_err(|e| format!("{}: {e}", file.path.display()))?;
            let matter = matter(&text);
            for dialect in dialects {
                let named = file.dialect.is_none_or(|own| own == *dialect);
                let meant = matter
                    .dialects
                    .as_ref()
                    .is_none_or(|own| own.contains(dialect));
                if named && meant {
                    functions.extend(function(&full, *dialect, matter.skip.get(dialect)));
                }
            }
            let path = file.path.to_string_lossy();
            functions.extend(quote! { const _: &[u8] = ::core::include_bytes!(#path); });
        }
        out.extend(quote! { mod #module { #functions } });
    }
    Ok(out)
}

fn function(name: &str, dialect: Dialect, skip: Option<&String>) -> TokenStream {
    let test = Ident::new(dialect.name(), Span::call_site());
    let variant = Ident::new(
        match dialect {
            Dialect::Redshift => "Redshift",
            Dialect::Snowflake => "Snowflake",
        },
        Span::call_site(),
    );
    let ignore = skip.map(|reason| quote! { #[ignore = #reason] });
    quote! {
        #[test]
        #ignore
        fn #test() {
            ::dwsim::__private::run_sql_test(#name, ::dwsim::Dialect::#variant, ::core::env!("CARGO_MANIFEST_DIR"));
        }
    }
}

/// The part of a file's front matter that decides which tests there are. What is wrong in it, the run says.
#[derive(Default)]
struct Matter {
    dialects: Option<Vec<Dialect>>,
    skip: BTreeMap<Dialect, String>,
}

fn matter(text: &str) -> Matter {
    let toml: String = text
        .lines()
        .map_while(|line| {
            let line = line.trim();
            (line.is_empty() || line.starts_with("--")).then_some(line)
        })
        .filter_map(|line| line.strip_prefix("-- dwsim:"))
        .map(|rest| format!("{}\n", rest.trim_start()))
        .collect();
    let mut matter = Matter::default();
    let Ok(table) = toml::de::DeTable::parse(&toml) else {
        return matter;
    };
    let table = table.get_ref();
    if let Some(names) = table.get("dialects").and_then(|v| v.get_ref().as_array()) {
        let names = names.iter().filter_map(|v| v.get_ref().as_str());
        matter.dialects = Some(names.filter_map(Dialect::from_name).collect());
    }
    for dialect in Dialect::ALL {
        let own = table
            .get(dialect.name())
            .and_then(|v| v.get_ref().as_table());
        let skip = own
            .and_then(|t| t.get("skip"))
            .and_then(|v| v.get_ref().as_str());
        if let Some(reason) = skip {
            matter.skip.insert(dialect, reason.to_string());
        }
    }
    matter
}

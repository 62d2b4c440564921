//! Finds and reads dwsim.toml for a macro.
//! What the schema means for a field is in `row` and `field_types`.

use dwsim_schema::{Config, Place};
use std::path::{Path, PathBuf};

/// dwsim.toml, read and checked.
pub(crate) struct Loaded {
    /// The file, absolute.
    pub path: PathBuf,
    /// What it says.
    pub config: Config,
}

impl Loaded {
    /// `dwsim.toml:12:1`.
    pub(crate) fn at(&self, place: &Place) -> String {
        let name = self
            .path
            .file_name()
            .map_or_else(|| "dwsim.toml".into(), |name| name.to_string_lossy());
        format!("{name}:{}:{}", place.line, place.column)
    }

    /// An item that makes Cargo rebuild when the file changes.
    pub(crate) fn dependency(&self) -> proc_macro2::TokenStream {
        let path = self.path.to_string_lossy();
        quote::quote! { const _: &[u8] = ::core::include_bytes!(#path); }
    }
}

/// The package's dwsim.toml; nothing where there is none.
///
/// The message is for a compile error: the file that cannot be read, or the first thing that is wrong in it.
pub(crate) fn load() -> Result<Option<Loaded>, String> {
    let Some(path) = find() else { return Ok(None) };
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let config = Config::parse("dwsim.toml", &text).map_err(|problems| {
        let first = problems
            .items
            .first()
            .map(ToString::to_string)
            .unwrap_or_default();
        match problems.items.len() {
            0 | 1 => first,
            n => format!(
                "{first} (and {} more; `cargo dwsim check` lists them)",
                n - 1
            ),
        }
    })?;
    Ok(Some(Loaded { path, config }))
}

fn find() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("DWSIM_CONFIG").filter(|path| !path.is_empty()) {
        return Some(PathBuf::from(path));
    }
    let start = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from)?;
    Path::ancestors(&start)
        .map(|folder| folder.join("dwsim.toml"))
        .find(|path| path.is_file())
}

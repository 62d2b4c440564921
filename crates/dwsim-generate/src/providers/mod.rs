//! Text providers, named as Faker names them, over the word lists of the `fake` crate.
//! How texts are drawn or numbered is left to `grammar`.

mod catalog;
mod locale;

pub(crate) use catalog::{NAMES, provider};
pub(crate) use locale::LOCALES;

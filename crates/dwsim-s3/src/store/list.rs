//! Listing keys in order: prefix, delimiter, pages.
//! Which parameters and tokens carry these over HTTP is left to the server.

use std::{
    collections::BTreeMap,
    ops::Bound::{Excluded, Included, Unbounded},
};

use super::object::ObjectInfo;

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// Only keys that begin with this.
    pub prefix: String,
    /// Keys that hold this after the prefix are rolled up to one common prefix that ends with it.
    pub delimiter: Option<String>,
    /// Only keys and common prefixes after this one in the order of their UTF-8 bytes.
    pub start_after: Option<String>,
    /// At most so many keys and common prefixes.
    pub limit: usize,
}

/// One page of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListPage {
    /// Objects in the order of their keys.
    pub objects: Vec<ObjectInfo>,
    /// Rolled-up prefixes, in order.
    pub common_prefixes: Vec<String>,
    /// Where the next page starts after, if there is more.
    pub next: Option<String>,
}

/// A page of an ordered map. `info` tells what is known of a value.
pub(crate) fn page<V>(
    objects: &BTreeMap<String, V>,
    query: &ListQuery,
    info: impl Fn(&V) -> &ObjectInfo,
) -> ListPage {
    let mut page = ListPage::default();
    let delimiter = query.delimiter.as_deref().filter(|d| !d.is_empty());
    let mut start = match query.start_after.as_deref() {
        Some(after) if after >= query.prefix.as_str() => {
            match common_prefix(after, query, delimiter) {
                // a page that ended with a common prefix goes on behind everything under it
                Some(prefix) if prefix == after => after_prefix(after),
                _ => Some((after.to_owned(), false)),
            }
        }
        _ => Some((query.prefix.clone(), true)),
    };
    let mut last = None;
    while let Some((from, inclusive)) = start.take() {
        let bound = if inclusive {
            Included(from)
        } else {
            Excluded(from)
        };
        for (key, value) in objects.range((bound, Unbounded)) {
            if !key.starts_with(&query.prefix) {
                return page;
            }
            if page.objects.len() + page.common_prefixes.len() >= query.limit {
                page.next = last;
                return page;
            }
            match common_prefix(key, query, delimiter) {
                Some(prefix) => {
                    // jump behind everything that is rolled up into it
                    start = after_prefix(prefix);
                    last = Some(prefix.to_owned());
                    page.common_prefixes.push(prefix.to_owned());
                    break;
                }
                None => {
                    last = Some(key.clone());
                    page.objects.push(info(value).clone());
                }
            }
        }
    }
    page
}

/// What a key is rolled up to.
fn common_prefix<'a>(key: &'a str, query: &ListQuery, delimiter: Option<&str>) -> Option<&'a str> {
    let delimiter = delimiter?;
    let rest = key.strip_prefix(query.prefix.as_str())?;
    let at = rest.find(delimiter)?;
    key.get(..query.prefix.len() + at + delimiter.len())
}

/// The first string that may follow all strings with a prefix; none if nothing can.
fn after_prefix(prefix: &str) -> Option<(String, bool)> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        // the code points between U+D7FF and U+E000 are not characters
        let next = match last {
            '\u{d7ff}' => Some('\u{e000}'),
            last => char::from_u32(u32::from(last) + 1),
        };
        if let Some(next) = next {
            chars.push(next);
            return Some((chars.into_iter().collect(), true));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::object::{ETag, Record};

    fn objects(keys: &[String]) -> BTreeMap<String, ObjectInfo> {
        keys.iter()
            .map(|key| {
                let record = Record {
                    key: key.clone(),
                    size: 0,
                    etag: ETag::from_md5([0; 16]),
                    modified: 0,
                    attributes: Default::default(),
                    checksums: Default::default(),
                    scope: Default::default(),
                    parts: Vec::new(),
                };
                (key.clone(), ObjectInfo::new(record))
            })
            .collect()
    }

    fn show(page: &ListPage) -> (Vec<&str>, Vec<&str>) {
        (
            page.objects.iter().map(ObjectInfo::key).collect(),
            page.common_prefixes.iter().map(String::as_str).collect(),
        )
    }

    #[test]
    fn rolls_up_at_the_delimiter() {
        let keys = ["a", "a/1", "a/2", "a/b/3", "a0", "b/x", "c"].map(str::to_owned);
        let objects = objects(&keys);
        let query = |prefix: &str, delimiter: Option<&str>| ListQuery {
            prefix: prefix.to_owned(),
            delimiter: delimiter.map(str::to_owned),
            start_after: None,
            limit: 1000,
        };
        let list = |query: &ListQuery| page(&objects, query, |o| o);
        assert_eq!(
            show(&list(&query("", Some("/")))),
            (vec!["a", "a0", "c"], vec!["a/", "b/"])
        );
        assert_eq!(
            show(&list(&query("a/", Some("/")))),
            (vec!["a/1", "a/2"], vec!["a/b/"])
        );
        assert_eq!(
            show(&list(&query("a", None))),
            (vec!["a", "a/1", "a/2", "a/b/3", "a0"], vec![])
        );
        assert_eq!(show(&list(&query("zzz", None))), (vec![], vec![]));
    }

    #[test]
    fn start_after_inside_a_common_prefix_still_shows_it() {
        let objects = objects(&["a/1", "a/2", "b"].map(str::to_owned));
        let query = ListQuery {
            delimiter: Some("/".to_owned()),
            start_after: Some("a/1".to_owned()),
            limit: 10,
            ..ListQuery::default()
        };
        assert_eq!(
            show(&page(&objects, &query, |o| o)),
            (vec!["b"], vec!["a/"])
        );
    }

    proptest! {
        #[test]
        fn pages_add_up_to_the_whole(
            keys in proptest::collection::vec("[ab/\u{10ffff}\u{d7ff}]{1,5}", 0..40),
            prefix in "[ab/]{0,2}",
            delimiter in proptest::option::of("[/b]{1,2}"),
            limit in 1_usize..5,
        ) {
            let objects = objects(&keys);
            let whole = ListQuery { prefix, delimiter, start_after: None, limit: usize::MAX };
            let expected = page(&objects, &whole, |o| o);
            prop_assert_eq!(&expected.next, &None);

            // what the definition says, key by key
            let mut prefixes = std::collections::BTreeSet::new();
            let mut plain = Vec::new();
            for key in objects.keys().filter(|k| k.starts_with(&whole.prefix)) {
                match common_prefix(key, &whole, whole.delimiter.as_deref()) {
                    Some(prefix) => { prefixes.insert(prefix.to_owned()); }
                    None => plain.push(key.as_str()),
                }
            }
            prop_assert_eq!(show(&expected), (plain, prefixes.iter().map(String::as_str).collect()));

            let mut query = ListQuery { limit, ..whole };
            let mut all = ListPage::default();
            loop {
                let one = page(&objects, &query, |o| o);
                prop_assert!(one.objects.len() + one.common_prefixes.len() <= limit);
                all.objects.extend(one.objects);
                all.common_prefixes.extend(one.common_prefixes);
                match one.next {
                    Some(next) => query.start_after = Some(next),
                    None => break,
                }
            }
            prop_assert_eq!(all, expected);
        }
    }
}

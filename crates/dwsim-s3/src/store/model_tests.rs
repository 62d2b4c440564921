//! Random sequences of operations on both kinds of store, compared with a map from keys to bytes.
//! Single behaviours are tested in `tests.rs`.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::StoreError;

#[derive(Clone, Debug)]
enum Step {
    Put(usize, Vec<u8>),
    PutIfAbsent(usize, Vec<u8>),
    Abandon(usize, Vec<u8>),
    Parts(usize, Vec<Vec<u8>>),
    AbandonParts(usize, Vec<u8>),
    Copy(usize, usize),
    Tag(usize),
    Delete(usize),
    Read(usize, u64, u64),
    List(String, Option<String>, usize),
    /// On a directory, everything is let go and opened again.
    Reopen,
}

const KEYS: [&str; 8] = ["a", "A", "a/", "a/b", "a//b", "..", "ü/😀", "%2e."];

fn step() -> impl Strategy<Value = Step> {
    let key = || 0..KEYS.len();
    let bytes = || proptest::collection::vec(any::<u8>(), 0..20);
    prop_oneof![
        4 => (key(), bytes()).prop_map(|(k, b)| Step::Put(k, b)),
        1 => (key(), bytes()).prop_map(|(k, b)| Step::PutIfAbsent(k, b)),
        1 => (key(), bytes()).prop_map(|(k, b)| Step::Abandon(k, b)),
        2 => (key(), proptest::collection::vec(bytes(), 1..4)).prop_map(|(k, p)| Step::Parts(k, p)),
        1 => (key(), bytes()).prop_map(|(k, b)| Step::AbandonParts(k, b)),
        2 => (key(), key()).prop_map(|(a, b)| Step::Copy(a, b)),
        1 => key().prop_map(Step::Tag),
        2 => key().prop_map(Step::Delete),
        2 => (key(), 0..30_u64, 0..30_u64).prop_map(|(k, a, b)| Step::Read(k, a, b)),
        1 => ("[a/.]{0,2}", proptest::option::of(Just("/".to_owned())), 1..4_usize)
            .prop_map(|(p, d, l)| Step::List(p, d, l)),
        1 => Just(Step::Reopen),
    ]
}

type Model = BTreeMap<&'static str, Vec<u8>>;

fn open(dir: Option<&TempDir>) -> Store {
    let store = dir.map_or_else(Store::memory, |dir| Store::directory(dir.path()).unwrap());
    store.ensure_bucket("bucket").unwrap();
    store.set_min_part_size(0);
    store
}

fn begin(store: &Store, key: &str) -> String {
    store
        .create_upload("bucket", key, Attributes::default(), None)
        .unwrap()
}

fn part(store: &Store, key: &str, id: &str, number: usize, bytes: &[u8]) -> CompletedPart {
    let number = u32::try_from(number).unwrap();
    let mut writer = store
        .part_writer("bucket", key, id, number, &[], None)
        .unwrap();
    writer.write(Bytes::copy_from_slice(bytes)).unwrap();
    let etag = writer.commit().unwrap().etag.to_string();
    CompletedPart {
        number,
        etag,
        ..CompletedPart::default()
    }
}

fn apply(store: &Store, model: &mut Model, step: &Step) {
    let put = |key: &str, bytes: &[u8], condition: WriteCondition| {
        let options = PutOptions {
            condition,
            ..PutOptions::default()
        };
        store.put("bucket", key, bytes.to_vec(), options)
    };
    match step {
        Step::Put(key, bytes) => {
            put(KEYS[*key], bytes, WriteCondition::Always).unwrap();
            model.insert(KEYS[*key], bytes.clone());
        }
        Step::PutIfAbsent(key, bytes) => {
            let done = put(KEYS[*key], bytes, WriteCondition::Absent);
            assert_eq!(done.is_ok(), !model.contains_key(KEYS[*key]));
            model.entry(KEYS[*key]).or_insert_with(|| bytes.clone());
        }
        Step::Abandon(key, bytes) => {
            let mut writer = store
                .writer("bucket", KEYS[*key], PutOptions::default(), None)
                .unwrap();
            writer.write(Bytes::copy_from_slice(bytes)).unwrap();
        }
        Step::Parts(key, parts) => {
            let key = KEYS[*key];
            let id = begin(store, key);
            let named: Vec<_> = parts
                .iter()
                .enumerate()
                .map(|(at, bytes)| part(store, key, &id, at + 1, bytes))
                .collect();
            store
                .complete_upload("bucket", key, &id, &named, &CompleteOptions::default())
                .unwrap();
            model.insert(key, parts.concat());
        }
        Step::AbandonParts(key, bytes) => {
            let id = begin(store, KEYS[*key]);
            part(store, KEYS[*key], &id, 1, bytes);
            if bytes.len() % 2 == 0 {
                store.abort_upload("bucket", KEYS[*key], &id).unwrap();
            }
        }
        Step::Copy(from, to) => {
            let done = store.copy(
                ("bucket", KEYS[*from]),
                ("bucket", KEYS[*to]),
                CopyOptions::default(),
            );
            assert_eq!(done.is_ok(), model.contains_key(KEYS[*from]));
            if let Some(bytes) = model.get(KEYS[*from]).cloned() {
                model.insert(KEYS[*to], bytes);
            }
        }
        Step::Tag(key) => {
            let tags = [("t".to_owned(), "v".to_owned())].into();
            let done = store.set_tags("bucket", KEYS[*key], tags);
            assert_eq!(done.is_ok(), model.contains_key(KEYS[*key]));
        }
        Step::Delete(key) => {
            let was = store.delete("bucket", KEYS[*key]).unwrap();
            assert_eq!(was, model.remove(KEYS[*key]).is_some());
        }
        Step::Read(key, start, end) => {
            let got = store.get_range("bucket", KEYS[*key], *start..*end);
            match (model.get(KEYS[*key]), got) {
                (None, Err(StoreError::NoSuchKey { .. })) => {}
                (Some(bytes), Err(StoreError::InvalidRange { size, .. })) => {
                    assert_eq!(size, bytes.len() as u64);
                    assert!(start > end || *end > size);
                }
                (Some(bytes), Ok(object)) => {
                    let range = usize::try_from(*start).unwrap()..usize::try_from(*end).unwrap();
                    assert_eq!(object.bytes, bytes[range]);
                }
                (expected, got) => panic!("expected {expected:?}, got {got:?}"),
            }
        }
        Step::List(prefix, delimiter, limit) => {
            let mut query = ListQuery {
                prefix: prefix.clone(),
                delimiter: delimiter.clone(),
                start_after: None,
                limit: *limit,
            };
            let mut keys = Vec::new();
            let mut prefixes = Vec::new();
            loop {
                let page = store.list_page("bucket", &query).unwrap();
                keys.extend(page.objects.iter().map(|info| info.key().to_owned()));
                prefixes.extend(page.common_prefixes);
                match page.next {
                    Some(next) => query.start_after = Some(next),
                    None => break,
                }
            }
            // every key is shown, or under exactly one prefix that is shown
            for key in model.keys().filter(|key| key.starts_with(prefix.as_str())) {
                let under = prefixes
                    .iter()
                    .filter(|prefix| key.starts_with(prefix.as_str()))
                    .count();
                let shown = keys.iter().filter(|shown| shown == key).count();
                assert_eq!(under + shown, 1, "{key} in {keys:?} {prefixes:?}");
            }
            assert!(keys.iter().all(|key| model.contains_key(key.as_str())));
        }
        Step::Reopen => {}
    }
}

fn run(steps: &[Step], dir: Option<TempDir>) {
    let mut store = open(dir.as_ref());
    let mut model = Model::new();
    for step in steps {
        if matches!(step, Step::Reopen) && dir.is_some() {
            drop(store);
            store = open(dir.as_ref());
        }
        apply(&store, &mut model, step);
        let listed = store.list("bucket", "").unwrap();
        let keys: Vec<_> = listed.iter().map(ObjectInfo::key).collect();
        assert_eq!(keys, model.keys().copied().collect::<Vec<_>>());
    }
    for (key, bytes) in &model {
        assert_eq!(store.get("bucket", key).unwrap().bytes, *bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn memory(steps in proptest::collection::vec(step(), 1..40)) {
        run(&steps, None);
    }
}

proptest! {
    // every write waits for the disk
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn directory(steps in proptest::collection::vec(step(), 1..25)) {
        run(&steps, Some(TempDir::new().unwrap()));
    }
}

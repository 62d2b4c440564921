//! Word lists in one block of memory, without repetitions.
//! Which lists there are is left to `providers`.

/// Distinct words in a fixed order.
#[derive(Debug)]
pub(crate) struct WordList {
    text: String,
    /// Ends of the words.
    ends: Vec<u32>,
    longest: usize,
}

impl WordList {
    /// The words without repetitions, in order of first appearance.
    pub(crate) fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut seen = std::collections::BTreeSet::new();
        let mut list = Self {
            text: String::new(),
            ends: Vec::new(),
            longest: 0,
        };
        for word in words {
            if seen.insert(word) {
                list.text.push_str(word);
                list.ends.push(list.text.len() as u32);
                list.longest = list.longest.max(word.len());
            }
        }
        list
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn longest(&self) -> usize {
        self.longest
    }

    /// Word number `i`, below [`len`](Self::len).
    #[inline]
    pub(crate) fn get(&self, i: usize) -> &str {
        let start = if i == 0 { 0 } else { self.ends[i - 1] as usize };
        &self.text[start..self.ends[i] as usize]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|i| self.get(i))
    }
}

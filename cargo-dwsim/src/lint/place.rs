//! From a parser's line and column to bytes of the file, and back.
//! The parsers see one statement at a time, so each place is shifted by where its statement begins.

use sqlparser::tokenizer::{Location, Span};

/// The lines of a file.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub fn new(text: &'a str) -> Self {
        let mut starts = vec![0];
        starts.extend(memchr_newlines(text).map(|i| i + 1));
        Lines { text, starts }
    }

    /// The byte of a line and a column in characters, both from 1; the end of the line, or of the text, beyond it.
    pub fn byte(&self, line: usize, column: usize) -> usize {
        let Some(start) = self.starts.get(line.saturating_sub(1)).copied() else {
            return self.text.len();
        };
        let end = self
            .starts
            .get(line)
            .map_or(self.text.len(), |next| next - 1);
        let inner = &self.text[start..end];
        inner
            .char_indices()
            .nth(column.saturating_sub(1))
            .map_or(end, |(i, _)| start + i)
    }

    /// Line and column, both from 1, of a byte.
    pub fn locate(&self, byte: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= byte);
        let start = self.starts[line.saturating_sub(1)];
        let mut cut = byte.clamp(start, self.text.len());
        while !self.text.is_char_boundary(cut) {
            cut -= 1;
        }
        (line.max(1), self.text[start..cut].chars().count() + 1)
    }

    /// The whole line's bytes without its end.
    pub fn line(&self, line: usize) -> (usize, usize) {
        let start = self.byte(line, 1);
        let end = self.text[start..]
            .find('\n')
            .map_or(self.text.len(), |i| start + i);
        (start, end)
    }
}

fn memchr_newlines(text: &str) -> impl Iterator<Item = usize> {
    text.bytes()
        .enumerate()
        .filter(|(_, byte)| *byte == b'\n')
        .map(|(i, _)| i)
}

/// A statement's first byte as a line and a column of its file.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    line: usize,
    column: usize,
}

impl Origin {
    pub fn new(lines: &Lines<'_>, start: usize) -> Self {
        let (line, column) = lines.locate(start);
        Origin { line, column }
    }

    /// The byte in the file of a place in the statement.
    pub fn byte(self, lines: &Lines<'_>, line: u64, column: u64) -> usize {
        let (line, column) = (
            usize::try_from(line).unwrap_or(1).max(1),
            usize::try_from(column).unwrap_or(1).max(1),
        );
        if line == 1 {
            lines.byte(self.line, self.column + column - 1)
        } else {
            lines.byte(self.line + line - 1, column)
        }
    }

    /// The bytes in the file of a span in the statement; nothing for a span that the parser made up.
    pub fn span(self, lines: &Lines<'_>, span: Span) -> Option<(usize, usize)> {
        let at = |place: Location| self.byte(lines, place.line, place.column);
        (span.start.line > 0).then(|| (at(span.start), at(span.end)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_go_both_ways() {
        let text = "-- ü\n  select é\nfrom t";
        let lines = Lines::new(text);
        let start = text.find("select").unwrap_or_default();
        let origin = Origin::new(&lines, start);
        assert_eq!(&text[origin.byte(&lines, 1, 8)..][..2], "é");
        assert_eq!(&text[origin.byte(&lines, 2, 6)..], "t");
        assert_eq!(lines.locate(text.len() - 1), (3, 6));
        assert_eq!(lines.byte(9, 1), text.len());
        assert_eq!(lines.line(2), (6, 17));
    }
}

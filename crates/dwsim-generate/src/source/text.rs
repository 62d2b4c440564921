//! Text: grammars, templates over other columns, UUIDs, and random bytes.
//! The grammars themselves are left to `grammar` and `providers`.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, StringArray};
use arrow::buffer::{Buffer, OffsetBuffer};
use arrow::error::ArrowError;

use crate::draw::{Permutation, Stream, Sub};
use crate::grammar::Grammar;
use crate::source::format::push_number;
use crate::source::{Cells, SharedSource, Source};

/// Fills a text array cell by cell, without an allocation per cell.
pub(crate) fn build_text(
    rows: usize,
    guess: usize,
    mut cell: impl FnMut(usize, &mut Vec<u8>),
) -> Result<ArrayRef, ArrowError> {
    let mut text = Vec::with_capacity(rows * guess);
    let mut offsets = Vec::with_capacity(rows + 1);
    offsets.push(0i32);
    for i in 0..rows {
        cell(i, &mut text);
        offsets.push(i32::try_from(text.len()).map_err(|_| {
            ArrowError::InvalidArgumentError("a batch holds more than 2 GiB of text".into())
        })?);
    }
    let offsets = OffsetBuffer::new(offsets.into());
    Ok(Arc::new(StringArray::try_new(
        offsets,
        Buffer::from_vec(text),
        None,
    )?))
}

/// Where the row comes into a text.
#[derive(Debug)]
pub(crate) enum Numbering {
    /// Nowhere: texts repeat.
    None,
    /// Its number stands between head and tail.
    Suffix,
    /// The permuted row chooses the text by number.
    Nth(Permutation),
}

/// Text from a grammar.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) stream: Stream,
    pub(crate) head: Grammar,
    pub(crate) tail: Grammar,
    pub(crate) numbering: Numbering,
    /// Cut to so many bytes, at a character's end.
    pub(crate) cut: Option<usize>,
}

impl Source for Text {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        let mut cursor = self.stream.cursor();
        build_text(rows.len(), 16, |i, out| {
            let start = out.len();
            match &self.numbering {
                Numbering::Nth(permutation) => {
                    self.head
                        .write_nth(permutation.at(u128::from(rows[i])), out);
                }
                numbering => {
                    let mut sub = Sub::new(cursor.at(rows[i]));
                    self.head.write(&mut sub, out);
                    if matches!(numbering, Numbering::Suffix) {
                        push_number(rows[i] + 1, out);
                    }
                    self.tail.write(&mut sub, out);
                }
            }
            if let Some(most) = self.cut {
                cut(out, start, most);
            }
        })
    }
}

/// Shortens what was written from `start` to at most `most` bytes, not within a character.
fn cut(out: &mut Vec<u8>, start: usize, most: usize) {
    if out.len() - start > most {
        let mut end = start + most;
        while end > start && out[end] & 0b1100_0000 == 0b1000_0000 {
            end -= 1;
        }
        out.truncate(end);
    }
}

/// A piece of a template.
#[derive(Debug)]
pub(crate) enum Piece {
    Literal(String),
    Column(SharedSource),
    RowNumber,
}

/// Text put together from other columns; NULL if an input is.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) cut: Option<usize>,
}

impl Source for Template {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        let arrays: Vec<Option<ArrayRef>> = self
            .pieces
            .iter()
            .map(|p| match p {
                Piece::Column(source) => source.array(rows).map(Some),
                _ => Ok(None),
            })
            .collect::<Result<_, _>>()?;
        let cells: Vec<Option<Cells<'_>>> = arrays
            .iter()
            .map(|a| a.as_ref().map(Cells::of).transpose())
            .collect::<Result<_, _>>()?;
        let text = build_text(rows.len(), 24, |i, out| {
            let start = out.len();
            for (piece, cells) in self.pieces.iter().zip(&cells) {
                match (piece, cells) {
                    (Piece::Literal(text), _) => out.extend_from_slice(text.as_bytes()),
                    (Piece::RowNumber, _) => push_number(rows[i] + 1, out),
                    (Piece::Column(_), Some(cells)) => cells.write(i, out),
                    (Piece::Column(_), None) => {}
                }
            }
            if let Some(most) = self.cut {
                cut(out, start, most);
            }
        })?;
        let null = |i: usize| arrays.iter().flatten().any(|a| a.is_null(i));
        if arrays.iter().flatten().all(|a| a.null_count() == 0) {
            return Ok(text);
        }
        let mask = (0..rows.len()).map(|i| Some(null(i))).collect();
        arrow::compute::nullif(&text, &mask)
    }
}

/// UUIDs of version 4; half of the bits are a permutation of the row, so that none comes twice.
#[derive(Debug)]
pub(crate) struct Uuid {
    pub(crate) stream: Stream,
    /// Over 2^62.
    pub(crate) low: Permutation,
}

impl Source for Uuid {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut cursor = self.stream.cursor();
        build_text(rows.len(), 36, |i, out| {
            let high = cursor.at(rows[i]) & 0xffff_ffff_ffff_0fff | 0x4000;
            let low = self.low.at(u128::from(rows[i])) as u64 | 0x8000_0000_0000_0000;
            let bytes = (u128::from(high) << 64 | u128::from(low)).to_be_bytes();
            for (at, byte) in bytes.iter().enumerate() {
                if matches!(at, 4 | 6 | 8 | 10) {
                    out.push(b'-');
                }
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
        })
    }
}

/// Random bytes, `min..=max` of them.
#[derive(Debug)]
pub(crate) struct Bytes {
    pub(crate) stream: Stream,
    pub(crate) min: u32,
    pub(crate) max: u32,
}

impl Source for Bytes {
    fn array(&self, rows: &[u64]) -> Result<ArrayRef, ArrowError> {
        let mut cursor = self.stream.cursor();
        let mut cell = Vec::with_capacity(self.max as usize + 8);
        let mut builder =
            arrow::array::BinaryBuilder::with_capacity(rows.len(), rows.len() * self.max as usize);
        for row in rows {
            let mut sub = Sub::new(cursor.at(*row));
            let length = self.min + sub.below(u64::from(self.max - self.min) + 1) as u32;
            cell.clear();
            while cell.len() < length as usize {
                cell.extend_from_slice(&sub.next().to_le_bytes());
            }
            builder.append_value(&cell[..length as usize]);
        }
        let array: BinaryArray = builder.finish();
        Ok(Arc::new(array))
    }
}

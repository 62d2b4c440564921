//! Where two warehouses' answers agree: which columns have one type, which rows can be written once.
//! It decides what needs a reason; comparing an answer with its snapshot is in `diff`.

use super::model::{Answer, RowOrder};
use crate::value::types::shared_spelling;
use crate::value::{Column, Value, cell, row_order};

/// Do two answers agree, so that no reason is needed?
pub(super) fn agree(a: &Answer, b: &Answer, order: RowOrder) -> bool {
    match (a, b) {
        (Answer::Rows(a), Answer::Rows(b)) => {
            columns_agree(&a.columns, &b.columns)
                && a.rows.len() == b.rows.len()
                && hunks(&a.rows, &b.rows, order)
                    .iter()
                    .all(|hunk| matches!(hunk, Hunk::Shared(_)))
        }
        (Answer::Done { affected: a }, Answer::Done { affected: b }) => a == b,
        (Answer::Error { .. }, Answer::Error { .. }) => true,
        _ => false,
    }
}

/// Can both results be written under one list of columns?
pub(super) fn columns_agree(a: &[Column], b: &[Column]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| shared_type(a, b).is_some())
}

/// The type that stands for both columns, or nothing if they are of different kinds.
pub(super) fn shared_type(a: &Column, b: &Column) -> Option<String> {
    let spelling = shared_spelling(&a.native);
    if spelling == shared_spelling(&b.native) {
        Some(spelling)
    } else if a.ty == b.ty {
        Some(a.ty.name().to_string())
    } else if a.ty.is_number() && b.ty.is_number() {
        Some("number".to_string())
    } else {
        None
    }
}

/// Can one line stand for both rows? Cells must be written alike, or be floats within the tolerance.
fn one_line(a: &[Value], b: &[Value]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| match (a, b) {
            (Value::Float(_), Value::Float(_)) => crate::value::value_matches(a, b),
            _ => cell::render(a) == cell::render(b),
        })
}

/// A stretch of two results.
#[derive(Debug, PartialEq)]
pub(super) enum Hunk<'a> {
    /// Rows of the first result that the second has too.
    Shared(Vec<&'a [Value]>),
    /// Rows of each that the other does not have here.
    Own(Vec<&'a [Value]>, Vec<&'a [Value]>),
}

/// Splits two results into what is shared and what is not. In exact order the concatenation of the hunks is each
/// result; otherwise it is a permutation of it.
pub(super) fn hunks<'a>(
    a: &'a [Vec<Value>],
    b: &'a [Vec<Value>],
    order: RowOrder,
) -> Vec<Hunk<'a>> {
    let a: Vec<&[Value]> = a.iter().map(Vec::as_slice).collect();
    let b: Vec<&[Value]> = b.iter().map(Vec::as_slice).collect();
    match order {
        RowOrder::Any => {
            let (shared, own_a, own_b) = match_multisets(a, b, one_line);
            let mut hunks = vec![Hunk::Shared(shared.into_iter().map(|(a, _)| a).collect())];
            if !own_a.is_empty() || !own_b.is_empty() {
                hunks.push(Hunk::Own(own_a, own_b));
            }
            hunks
        }
        RowOrder::Exact => {
            let mut hunks = Vec::new();
            for step in align(&a, &b, one_line) {
                match (step, hunks.last_mut()) {
                    (Step::Both(i, _), Some(Hunk::Shared(rows))) => rows.push(a[i]),
                    (Step::Both(i, _), _) => hunks.push(Hunk::Shared(vec![a[i]])),
                    (Step::First(i), Some(Hunk::Own(rows, _))) => rows.push(a[i]),
                    (Step::First(i), _) => hunks.push(Hunk::Own(vec![a[i]], Vec::new())),
                    (Step::Second(j), Some(Hunk::Own(_, rows))) => rows.push(b[j]),
                    (Step::Second(j), _) => hunks.push(Hunk::Own(Vec::new(), vec![b[j]])),
                }
            }
            if hunks.is_empty() {
                hunks.push(Hunk::Shared(Vec::new()));
            }
            hunks
        }
    }
}

/// A pair of matching rows.
pub(super) type Pair<'a> = (&'a [Value], &'a [Value]);

/// Pairs the rows of two multisets; what finds no partner comes back sorted. Sorted rows are walked in parallel
/// first; what that leaves (floats at the edge of the tolerance) is paired by search.
pub(super) fn match_multisets<'a>(
    mut a: Vec<&'a [Value]>,
    mut b: Vec<&'a [Value]>,
    matches: impl Fn(&[Value], &[Value]) -> bool,
) -> (Vec<Pair<'a>>, Vec<&'a [Value]>, Vec<&'a [Value]>) {
    a.sort_by(|x, y| row_order(x, y));
    b.sort_by(|x, y| row_order(x, y));
    let (mut pairs, mut rest_a, mut rest_b) = (Vec::new(), Vec::new(), Vec::new());
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        if matches(a[i], b[j]) {
            pairs.push((a[i], b[j]));
            i += 1;
            j += 1;
        } else if row_order(a[i], b[j]).is_lt() {
            rest_a.push(a[i]);
            i += 1;
        } else {
            rest_b.push(b[j]);
            j += 1;
        }
    }
    rest_a.extend_from_slice(&a[i..]);
    rest_b.extend_from_slice(&b[j..]);
    if rest_a.len().saturating_mul(rest_b.len()) <= SEARCH_LIMIT {
        rest_a.retain(
            |row| match rest_b.iter().position(|other| matches(row, other)) {
                Some(at) => {
                    pairs.push((row, rest_b.remove(at)));
                    false
                }
                None => true,
            },
        );
    }
    pairs.sort_by(|(x, _), (y, _)| row_order(x, y));
    (pairs, rest_a, rest_b)
}

/// Beyond this many comparisons (a second or so) differences are shown without looking for the smallest set of them.
const SEARCH_LIMIT: usize = 4_000_000;

/// A step of an alignment of two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// These two match.
    Both(usize, usize),
    /// Only in the first.
    First(usize),
    /// Only in the second.
    Second(usize),
}

/// Aligns two ordered lists: equal ends first, then the longest common subsequence of the middle (or, when that is
/// too large, the middle as one difference).
pub(super) fn align(
    a: &[&[Value]],
    b: &[&[Value]],
    matches: impl Fn(&[Value], &[Value]) -> bool,
) -> Vec<Step> {
    let head = a.iter().zip(b).take_while(|(a, b)| matches(a, b)).count();
    let tail = a[head..]
        .iter()
        .rev()
        .zip(b[head..].iter().rev())
        .take_while(|(a, b)| matches(a, b))
        .count();
    let (n, m) = (a.len() - head - tail, b.len() - head - tail);
    let mut steps: Vec<Step> = (0..head).map(|i| Step::Both(i, i)).collect();
    let (mut i, mut j) = (0, 0);
    if n.saturating_mul(m) <= SEARCH_LIMIT {
        let width = m + 1;
        let mut lengths = vec![0u32; (n + 1) * width];
        let mut equal = vec![false; n * m];
        for x in (0..n).rev() {
            for y in (0..m).rev() {
                let same = matches(a[head + x], b[head + y]);
                equal[x * m + y] = same;
                lengths[x * width + y] = if same {
                    lengths[(x + 1) * width + y + 1] + 1
                } else {
                    lengths[(x + 1) * width + y].max(lengths[x * width + y + 1])
                };
            }
        }
        while i < n && j < m {
            if equal[i * m + j] {
                steps.push(Step::Both(head + i, head + j));
                i += 1;
                j += 1;
            } else if lengths[(i + 1) * width + j] >= lengths[i * width + j + 1] {
                steps.push(Step::First(head + i));
                i += 1;
            } else {
                steps.push(Step::Second(head + j));
                j += 1;
            }
        }
    }
    steps.extend((i..n).map(|x| Step::First(head + x)));
    steps.extend((j..m).map(|y| Step::Second(head + y)));
    steps.extend((0..tail).map(|t| Step::Both(head + n + t, head + m + t)));
    steps
}

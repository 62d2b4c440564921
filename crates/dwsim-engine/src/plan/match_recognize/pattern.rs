//! Patterns as programs of a backtracking machine that prefers what is written first and repeats greedily.
//! Whether a row may be a symbol is asked of the caller.

use sqlparser::ast::{
    Ident, MatchRecognizePattern as P, MatchRecognizeSymbol as S, RepetitionQuantifier as Q,
};

use crate::error::{Result, SqlError};

/// Most instructions of a pattern, and most steps in one partition.
const MAX_PROGRAM: usize = 10_000;
const MAX_STEPS: usize = 20_000_000;
/// Most symbols of PERMUTE.
const MAX_PERMUTE: usize = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    /// The row is this symbol; the flag says that it is left out of the output.
    Symbol(usize, bool),
    /// First this, then that.
    Split(usize, usize),
    Jump(usize),
    Start,
    End,
    Match,
}

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(super) struct Program {
    ops: Vec<Op>,
    /// Names of the symbols, folded.
    pub symbols: Vec<String>,
}

/// A row of a match: its symbol, and whether it is left out of the output.
pub(super) type Step = (usize, bool);

impl Program {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// Patterns that are too large.
    pub fn new(pattern: &P, fold: &dyn Fn(&Ident) -> String) -> Result<Self> {
        let mut p = Program {
            ops: Vec::new(),
            symbols: Vec::new(),
        };
        p.emit(pattern, fold)?;
        p.push(Op::Match)?;
        Ok(p)
    }

    fn push(&mut self, op: Op) -> Result<usize> {
        if self.ops.len() >= MAX_PROGRAM {
            return Err(SqlError::raw(
                "001015",
                "54001",
                "SQL compilation error:\nThe pattern of MATCH_RECOGNIZE is too large.",
            ));
        }
        self.ops.push(op);
        Ok(self.ops.len() - 1)
    }

    fn symbol(&mut self, s: &S, left_out: bool, fold: &dyn Fn(&Ident) -> String) -> Result<()> {
        let op = match s {
            S::Start => Op::Start,
            S::End => Op::End,
            S::Named(i) => {
                let name = fold(i);
                let at = match self.symbols.iter().position(|s| *s == name) {
                    Some(at) => at,
                    None => {
                        self.symbols.push(name);
                        self.symbols.len() - 1
                    }
                };
                Op::Symbol(at, left_out)
            }
        };
        self.push(op).map(drop)
    }

    fn emit(&mut self, pattern: &P, fold: &dyn Fn(&Ident) -> String) -> Result<()> {
        match pattern {
            P::Symbol(s) => self.symbol(s, false, fold),
            P::Exclude(s) => self.symbol(s, true, fold),
            P::Group(p) => self.emit(p, fold),
            P::Concat(ps) => ps.iter().try_for_each(|p| self.emit(p, fold)),
            P::Alternation(ps) => self.choice(ps.len(), |me, i| me.emit(&ps[i], fold)),
            P::Permute(symbols) => {
                if symbols.len() > MAX_PERMUTE {
                    return Err(SqlError::unsupported(format!(
                        "PERMUTE of more than {MAX_PERMUTE} symbols"
                    )));
                }
                let orders = permutations(symbols.len());
                self.choice(orders.len(), |me, i| {
                    orders[i]
                        .iter()
                        .try_for_each(|s| me.symbol(&symbols[*s], false, fold))
                })
            }
            // A question mark behind a quantifier makes it reluctant.
            P::Repetition(inner, Q::AtMostOne) if matches!(inner.as_ref(), P::Repetition(..)) => {
                match inner.as_ref() {
                    P::Repetition(p, q) => self.repeat(p, q, false, fold),
                    other => self.emit(other, fold),
                }
            }
            P::Repetition(p, q) => self.repeat(p, q, true, fold),
        }
    }

    /// The first of several ways that leads to a match.
    fn choice(
        &mut self,
        n: usize,
        mut emit: impl FnMut(&mut Self, usize) -> Result<()>,
    ) -> Result<()> {
        let mut ends = Vec::new();
        for i in 0..n {
            if i + 1 == n {
                emit(self, i)?;
                break;
            }
            let split = self.push(Op::Split(0, 0))?;
            emit(self, i)?;
            ends.push(self.push(Op::Jump(0))?);
            self.ops[split] = Op::Split(split + 1, self.ops.len());
        }
        for e in ends {
            self.ops[e] = Op::Jump(self.ops.len());
        }
        Ok(())
    }

    fn repeat(
        &mut self,
        p: &P,
        q: &Q,
        greedy: bool,
        fold: &dyn Fn(&Ident) -> String,
    ) -> Result<()> {
        let (least, most) = match q {
            Q::ZeroOrMore => (0, None),
            Q::OneOrMore => (1, None),
            Q::AtMostOne => (0, Some(1)),
            Q::Exactly(n) => (*n, Some(*n)),
            Q::AtLeast(n) => (*n, None),
            Q::AtMost(n) => (0, Some(*n)),
            Q::Range(n, m) => (*n, Some(*m)),
        };
        if most.is_some_and(|m| m < least) {
            return Err(SqlError::raw(
                "001015",
                "42601",
                format!("SQL compilation error:\nInvalid quantifier '{q}' in the pattern."),
            ));
        }
        let split = |a: usize, b: usize| {
            if greedy {
                Op::Split(a, b)
            } else {
                Op::Split(b, a)
            }
        };
        for _ in 0..least {
            self.emit(p, fold)?;
        }
        match most {
            Some(most) => {
                let mut splits = Vec::new();
                for _ in least..most {
                    splits.push(self.push(Op::Split(0, 0))?);
                    self.emit(p, fold)?;
                }
                let end = self.ops.len();
                for s in splits {
                    self.ops[s] = split(s + 1, end);
                }
            }
            None => {
                let at = self.push(Op::Split(0, 0))?;
                self.emit(p, fold)?;
                self.push(Op::Jump(at))?;
                self.ops[at] = split(at + 1, self.ops.len());
            }
        }
        Ok(())
    }

    /// The preferred match that starts at a row: the symbol of each of its rows. `fits(symbols so far, symbol)` says
    /// whether the next row may be a symbol; when `stateless`, its answer depends on row and symbol only.
    ///
    /// # Errors
    /// What `fits` gives, and patterns that take too many steps.
    pub fn find(
        &self,
        start: usize,
        rows: usize,
        stateless: bool,
        steps: &mut usize,
        mut fits: impl FnMut(&[Step], usize) -> Result<bool>,
    ) -> Result<Option<Vec<Step>>> {
        let mut path: Vec<Step> = Vec::new();
        let mut waiting: Vec<(usize, usize)> = Vec::new();
        // Places of the program at a row from which no match was found; also keeps empty repetitions from looping.
        let mut tried: std::collections::HashSet<(usize, usize)> = Default::default();
        let mut here: std::collections::HashSet<usize> = Default::default();
        let mut pc = 0;
        loop {
            *steps += 1;
            if *steps > MAX_STEPS {
                return Err(SqlError::raw(
                    "001015",
                    "54001",
                    "The pattern of MATCH_RECOGNIZE takes too many steps on these rows.",
                ));
            }
            let row = start + path.len();
            let goes_on = match self.ops[pc] {
                Op::Match => return Ok(Some(path)),
                Op::Jump(to) => {
                    pc = to;
                    continue;
                }
                Op::Split(first, second) => {
                    let new = if stateless {
                        tried.insert((pc, path.len()))
                    } else {
                        // Without a row in between, the same place leads nowhere new.
                        here.insert(pc)
                    };
                    if new {
                        waiting.push((second, path.len()));
                        pc = first;
                    }
                    new
                }
                Op::Start => {
                    pc += 1;
                    row == 0
                }
                Op::End => {
                    pc += 1;
                    row == rows
                }
                Op::Symbol(s, left_out) => {
                    let fitting = row < rows && fits(&path, s)?;
                    if fitting {
                        path.push((s, left_out));
                        here.clear();
                        pc += 1;
                    }
                    fitting
                }
            };
            if !goes_on {
                match waiting.pop() {
                    None => return Ok(None),
                    Some((to, length)) => {
                        pc = to;
                        if length < path.len() {
                            here.clear();
                        }
                        path.truncate(length);
                    }
                }
            }
        }
    }
}

/// All orders of `n` things, in lexicographic order.
fn permutations(n: usize) -> Vec<Vec<usize>> {
    let mut out = Vec::new();
    fn go(n: usize, taken: &mut Vec<usize>, out: &mut Vec<Vec<usize>>) {
        if taken.len() == n {
            out.push(taken.clone());
            return;
        }
        for i in 0..n {
            if !taken.contains(&i) {
                taken.push(i);
                go(n, taken, out);
                taken.pop();
            }
        }
    }
    go(n, &mut Vec::new(), &mut out);
    out
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn symbol(name: &str) -> P {
        P::Symbol(S::Named(Ident::new(name)))
    }

    /// Matches a pattern against letters: a row fits the symbol of its letter, and any row fits Z.
    fn matched(pattern: &P, letters: &str) -> Option<String> {
        let p = Program::new(pattern, &|i| i.value.clone()).unwrap();
        let rows: Vec<String> = letters.chars().map(String::from).collect();
        let mut out = Vec::new();
        for stateless in [true, false] {
            let found = p
                .find(0, rows.len(), stateless, &mut 0, |path, s| {
                    Ok(p.symbols[s] == "Z" || rows[path.len()] == p.symbols[s])
                })
                .unwrap();
            out.push(found.map(|steps| {
                steps
                    .iter()
                    .map(|(s, _)| p.symbols[*s].as_str())
                    .collect::<String>()
            }));
        }
        assert_eq!(out[0], out[1]);
        out.remove(0)
    }

    #[test]
    fn patterns() {
        let rep = |p: P, q: Q| P::Repetition(Box::new(p), q);
        let cat = P::Concat;
        let alt = P::Alternation;
        let (a, b, z) = (symbol("A"), symbol("B"), symbol("Z"));
        for (pattern, letters, expected) in [
            (
                cat(vec![a.clone(), rep(b.clone(), Q::OneOrMore)]),
                "ABBA",
                Some("ABB"),
            ),
            (
                cat(vec![a.clone(), rep(b.clone(), Q::OneOrMore)]),
                "AA",
                None,
            ),
            (rep(a.clone(), Q::ZeroOrMore), "BB", Some("")),
            (rep(a.clone(), Q::Range(1, 2)), "AAA", Some("AA")),
            (rep(a.clone(), Q::Exactly(3)), "AA", None),
            (alt(vec![z.clone(), a.clone()]), "AA", Some("Z")),
            (alt(vec![a.clone(), z.clone()]), "BA", Some("Z")),
            // Reluctant.
            (
                cat(vec![
                    rep(rep(z.clone(), Q::ZeroOrMore), Q::AtMostOne),
                    b.clone(),
                ]),
                "AABB",
                Some("ZZB"),
            ),
            (
                cat(vec![rep(z.clone(), Q::ZeroOrMore), b.clone()]),
                "AABB",
                Some("ZZZB"),
            ),
            // An empty repetition inside of a repetition ends.
            (
                rep(
                    P::Group(Box::new(rep(a.clone(), Q::ZeroOrMore))),
                    Q::ZeroOrMore,
                ),
                "AAB",
                Some("AA"),
            ),
            (
                P::Permute(vec![S::Named(Ident::new("A")), S::Named(Ident::new("B"))]),
                "BA",
                Some("BA"),
            ),
            (
                cat(vec![P::Symbol(S::Start), a.clone(), P::Symbol(S::End)]),
                "A",
                Some("A"),
            ),
            (cat(vec![a.clone(), P::Symbol(S::End)]), "AB", None),
        ] {
            assert_eq!(
                matched(&pattern, letters).as_deref(),
                expected,
                "{pattern} on {letters}"
            );
        }
    }
}

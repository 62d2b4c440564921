//! Formulas: numbers, column names, `+ - * /` and parentheses, with the usual precedence.
//! Calculating is left to dwsim-generate.

use crate::model::{Expression, Operator};
use crate::number::Number;

/// Nesting deeper than this is refused, so that nothing overflows the stack.
const MAX_DEPTH: usize = 64;

/// Reads a formula; column names are plain identifiers, or anything between backquotes.
pub(crate) fn parse(text: &str) -> Result<Expression, String> {
    let mut p = Parser {
        rest: text,
        depth: 0,
    };
    let expression = p.sum()?;
    match p.peek() {
        None => Ok(expression),
        Some(c) => Err(format!("`{c}` is not expected there")),
    }
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    fn take(&mut self, operators: &[(char, Operator)]) -> Option<Operator> {
        let c = self.peek()?;
        let operator = operators.iter().find(|(o, _)| *o == c).map(|(_, o)| *o)?;
        self.rest = &self.rest[1..];
        Some(operator)
    }

    fn sum(&mut self) -> Result<Expression, String> {
        self.chain(
            &[('+', Operator::Add), ('-', Operator::Subtract)],
            Self::product,
        )
    }

    fn product(&mut self) -> Result<Expression, String> {
        self.chain(
            &[('*', Operator::Multiply), ('/', Operator::Divide)],
            Self::operand,
        )
    }

    fn chain(
        &mut self,
        operators: &[(char, Operator)],
        next: fn(&mut Self) -> Result<Expression, String>,
    ) -> Result<Expression, String> {
        let mut left = next(self)?;
        let mut length = 0;
        while let Some(operator) = self.take(operators) {
            length += 1;
            if length > MAX_DEPTH {
                return Err("it is too long".into());
            }
            left = Expression::Binary {
                operator,
                left: Box::new(left),
                right: Box::new(next(self)?),
            };
        }
        Ok(left)
    }

    fn operand(&mut self) -> Result<Expression, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("it is nested too deep".into());
        }
        let operand = match self.peek() {
            None => return Err("it ends where a number or a column is needed".into()),
            Some('(') => {
                self.rest = &self.rest[1..];
                let inner = self.sum()?;
                if self.peek() != Some(')') {
                    return Err("a parenthesis is not closed".into());
                }
                self.rest = &self.rest[1..];
                inner
            }
            Some('-') => {
                self.rest = &self.rest[1..];
                let zero = Expression::Number(Number::new(0, 0));
                let right = Box::new(self.operand()?);
                Expression::Binary {
                    operator: Operator::Subtract,
                    left: Box::new(zero),
                    right,
                }
            }
            Some('`') => {
                let (name, rest) = self.rest[1..]
                    .split_once('`')
                    .ok_or("a backquote is not closed")?;
                self.rest = rest;
                Expression::Column(name.to_owned())
            }
            Some(c) if c.is_ascii_digit() || c == '.' => {
                let end = self
                    .rest
                    .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_'))
                    .unwrap_or(self.rest.len());
                let number = Number::parse(&self.rest[..end])
                    .ok_or(format!("`{}` is not a number", &self.rest[..end]))?;
                self.rest = &self.rest[end..];
                Expression::Number(number)
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let end = self
                    .rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                    .unwrap_or(self.rest.len());
                let name = self.rest[..end].to_owned();
                self.rest = &self.rest[end..];
                Expression::Column(name)
            }
            Some(c) => return Err(format!("`{c}` is not expected there")),
        };
        self.depth -= 1;
        Ok(operand)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(e: &Expression) -> String {
        match e {
            Expression::Number(n) => n.to_string(),
            Expression::Column(c) => c.clone(),
            Expression::Binary {
                operator,
                left,
                right,
            } => {
                let sign = match operator {
                    Operator::Add => '+',
                    Operator::Subtract => '-',
                    Operator::Multiply => '*',
                    Operator::Divide => '/',
                };
                format!("({}{sign}{})", shown(left), shown(right))
            }
        }
    }

    #[test]
    fn precedence_and_names() {
        for (text, tree) in [
            ("a + b * 2.50", "(a+(b*2.50))"),
            ("(a + b) * -c", "((a+b)*(0-c))"),
            ("a - b - c / d", "((a-b)-(c/d))"),
            ("`unit price`*3", "(unit price*3)"),
        ] {
            assert_eq!(
                parse(text).map(|e| shown(&e)),
                Ok(tree.to_owned()),
                "{text}"
            );
        }
        for text in ["", "a +", "(a", "a b", "1.2.3", "`a", "a % b"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&"(".repeat(5000)).is_err());
        assert!(parse(&"-".repeat(5000)).is_err());
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,30}") {
            let _ = parse(&text);
        }
    }
}

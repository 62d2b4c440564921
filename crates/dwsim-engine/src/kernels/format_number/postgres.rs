//! The numeric format models of Redshift's TO_CHAR and TO_NUMBER.
//! Source: Redshift guide "Numeric format strings".

use std::fmt::Write;

use super::digits::{Digits, scientific};

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Nine,
    Zero,
    Point,
    Group,
    Currency,
    /// S: plus or minus, at the number.
    Sign,
    /// MI: minus or blank.
    Minus,
    /// PL: plus or blank.
    Plus,
    /// SG: plus or minus, in place.
    SignInPlace,
    Literal(String),
    Ordinal {
        upper: bool,
    },
}

/// A compiled model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    items: Vec<Item>,
    fill: bool,
    brackets: bool,
    roman: Option<bool>,
    exponent: bool,
    /// Digits after V: powers of ten to multiply with.
    shift: u32,
    places: usize,
    fraction: usize,
    point: bool,
}

/// Precision and scale of the numbers that a model reads.
pub fn shape(text: &str) -> (u8, u8) {
    let m = Model::new(text);
    let scale = m.fraction.min(37) as u8;
    let precision = (m.places + m.fraction).clamp(1, 38) as u8;
    (precision.max(scale), scale)
}

impl Model {
    /// Compiles a model. Every text is one: what is no element is literal text.
    pub fn new(text: &str) -> Self {
        let mut m = Model {
            items: Vec::new(),
            fill: true,
            brackets: false,
            roman: None,
            exponent: false,
            shift: 0,
            places: 0,
            fraction: 0,
            point: false,
        };
        let mut rest = text;
        let mut after_v = false;
        while let Some(c) = rest.chars().next() {
            let starts = |word: &str| {
                rest.get(..word.len())
                    .is_some_and(|s| s.eq_ignore_ascii_case(word))
            };
            let mut take = c.len_utf8();
            if c == '"' {
                let body = &rest[1..];
                let end = body.find('"').unwrap_or(body.len());
                m.items.push(Item::Literal(body[..end].to_owned()));
                take = (end + 2).min(rest.len());
            } else if starts("EEEE") {
                m.exponent = true;
                take = 4;
            } else if starts("FM") {
                m.fill = false;
                take = 2;
            } else if starts("PR") {
                m.brackets = true;
                take = 2;
            } else if starts("RN") {
                m.roman = Some(c == 'R');
                take = 2;
            } else if starts("TH") {
                m.items.push(Item::Ordinal { upper: c == 'T' });
                take = 2;
            } else if starts("MI") {
                m.items.push(Item::Minus);
                take = 2;
            } else if starts("PL") {
                m.items.push(Item::Plus);
                take = 2;
            } else if starts("SG") {
                m.items.push(Item::SignInPlace);
                take = 2;
            } else {
                match c {
                    '9' | '0' => {
                        m.items.push(if c == '9' { Item::Nine } else { Item::Zero });
                        if m.point {
                            m.fraction += 1;
                        } else {
                            m.places += 1;
                        }
                        m.shift += u32::from(after_v);
                    }
                    '.' | 'D' | 'd' if !m.point => {
                        m.items.push(Item::Point);
                        m.point = true;
                    }
                    ',' | 'G' | 'g' => m.items.push(Item::Group),
                    'L' | 'l' | 'C' | 'c' => {
                        m.items.push(Item::Currency);
                        // "CC" is one currency symbol.
                        if matches!(c, 'C' | 'c') && starts("CC") {
                            take = 2;
                        }
                    }
                    'S' | 's' => m.items.push(Item::Sign),
                    'V' | 'v' => after_v = true,
                    c => m.items.push(Item::Literal(c.to_string())),
                }
            }
            rest = &rest[take..];
        }
        m
    }

    /// The form of `unscaled / 10^scale`.
    pub fn write(&self, unscaled: i128, scale: u8, out: &mut String) {
        if let Some(upper) = self.roman {
            self.write_roman(unscaled, scale, upper, out);
            return;
        }
        if self.exponent {
            self.write_scientific(unscaled, scale, out);
            return;
        }
        let shifted = unscaled.checked_mul(10i128.pow(self.shift.min(30)));
        let digits = shifted
            .and_then(|v| Digits::rounded(v, scale, self.fraction))
            .filter(|d| d.whole.len() <= self.places);
        let negative = digits.as_ref().map_or(unscaled < 0, |d| d.negative);
        let whole = digits.as_ref().map_or("", |d| d.whole.as_str());
        let fraction = digits.as_ref().map_or("", |d| d.fraction.as_str());
        let explicit = self
            .items
            .iter()
            .any(|i| matches!(i, Item::Sign | Item::Minus | Item::Plus | Item::SignInPlace));
        // The first position that shows a digit: the first of the number, or the first 0 of the model.
        let mut position = 0;
        let mut first_zero = self.places;
        for item in &self.items {
            match item {
                Item::Point => break,
                Item::Nine => position += 1,
                Item::Zero => {
                    first_zero = first_zero.min(position);
                    position += 1;
                }
                _ => {}
            }
        }
        let mut first = (self.places - whole.len()).min(first_zero);
        if whole.is_empty() && first_zero == self.places && self.fraction == 0 && self.places > 0 {
            // A lone zero is shown.
            first = self.places - 1;
        }
        if digits.is_none() {
            first = 0;
        }
        // FM drops the zeros that end a fraction of nines.
        let mut keep = self.fraction;
        if !self.fill && digits.is_some() {
            let mut slots = Vec::new();
            let mut seen = false;
            for item in &self.items {
                match item {
                    Item::Point => seen = true,
                    Item::Nine | Item::Zero if seen => slots.push(item),
                    _ => {}
                }
            }
            while keep > 0
                && fraction.as_bytes().get(keep - 1) == Some(&b'0')
                && slots.get(keep - 1) == Some(&&Item::Nine)
            {
                keep -= 1;
            }
        }
        let mut number = String::new();
        let mut pending_sign = !explicit && !self.brackets;
        let mut leading_sign = None;
        let (mut at, mut after) = (0, 0);
        let mut in_fraction = false;
        let mut digits_seen = false;
        let place_sign = |number: &mut String, pending: &mut bool, leading: &mut Option<char>| {
            if std::mem::take(pending) {
                if negative {
                    number.push('-');
                } else if self.fill {
                    number.push(' ');
                }
            }
            if let Some(c) = leading.take() {
                number.push(c);
            }
        };
        for (index, item) in self.items.iter().enumerate() {
            match item {
                Item::Nine | Item::Zero if in_fraction => {
                    if digits.is_none() {
                        number.push('#');
                    } else if after < keep {
                        number.push(fraction.as_bytes().get(after).map_or('0', |b| *b as char));
                    }
                    after += 1;
                }
                Item::Nine | Item::Zero => {
                    if at < first {
                        if self.fill {
                            number.push(' ');
                        }
                    } else {
                        if !digits_seen {
                            if self.brackets && negative {
                                number.push('<');
                            } else if self.brackets && self.fill {
                                number.push(' ');
                            }
                            place_sign(&mut number, &mut pending_sign, &mut leading_sign);
                            digits_seen = true;
                        }
                        let from = self.places - whole.len();
                        number.push(if digits.is_none() {
                            '#'
                        } else if at < from {
                            '0'
                        } else {
                            whole.as_bytes().get(at - from).map_or('0', |b| *b as char)
                        });
                    }
                    at += 1;
                }
                Item::Point => {
                    if !digits_seen {
                        if self.brackets && negative {
                            number.push('<');
                        } else if self.brackets && self.fill {
                            number.push(' ');
                        }
                        place_sign(&mut number, &mut pending_sign, &mut leading_sign);
                        digits_seen = true;
                    }
                    in_fraction = true;
                    number.push('.');
                }
                Item::Group => {
                    if digits_seen {
                        number.push(',');
                    } else if self.fill {
                        number.push(' ');
                    }
                }
                Item::Currency => number.push('$'),
                Item::Sign => {
                    let c = if negative { '-' } else { '+' };
                    let later = self.items[index..]
                        .iter()
                        .any(|i| matches!(i, Item::Nine | Item::Zero | Item::Point));
                    if later {
                        leading_sign = Some(c);
                    } else {
                        number.push(c);
                    }
                }
                Item::SignInPlace => number.push(if negative { '-' } else { '+' }),
                Item::Minus => {
                    if negative {
                        number.push('-');
                    } else if self.fill {
                        number.push(' ');
                    }
                }
                Item::Plus => {
                    if !negative {
                        number.push('+');
                    } else if self.fill {
                        number.push(' ');
                    }
                }
                Item::Literal(s) => number.push_str(s),
                Item::Ordinal { upper } => {
                    if !negative && self.fraction == 0 {
                        let ending = ordinal(whole);
                        if *upper {
                            number.push_str(&ending.to_ascii_uppercase());
                        } else {
                            number.push_str(ending);
                        }
                    }
                }
            }
        }
        if self.brackets {
            if negative {
                number.push('>');
            } else if self.fill {
                number.push(' ');
            }
        }
        out.push_str(&number);
    }

    fn write_roman(&self, unscaled: i128, scale: u8, upper: bool, out: &mut String) {
        let value =
            crate::kernels::cast::rescale(unscaled, scale, 0).filter(|v| (1..4000).contains(v));
        let mut word = String::new();
        match value {
            None => word.push_str("###############"),
            Some(v) => {
                let mut v = v as u32;
                for (n, s) in [
                    (1000, "M"),
                    (900, "CM"),
                    (500, "D"),
                    (400, "CD"),
                    (100, "C"),
                    (90, "XC"),
                    (50, "L"),
                    (40, "XL"),
                    (10, "X"),
                    (9, "IX"),
                    (5, "V"),
                    (4, "IV"),
                    (1, "I"),
                ] {
                    while v >= n {
                        word.push_str(s);
                        v -= n;
                    }
                }
            }
        }
        if !upper {
            word = word.to_ascii_lowercase();
        }
        let _ = if self.fill {
            write!(out, "{word:>15}")
        } else {
            write!(out, "{word}")
        };
    }

    fn write_scientific(&self, unscaled: i128, scale: u8, out: &mut String) {
        let want = 1 + self.fraction;
        let (mut digits, mut exponent) = scientific(unscaled, scale);
        if digits.len() > want {
            let up = digits.as_bytes()[want] >= b'5';
            digits.truncate(want);
            if up {
                let rounded = (digits.parse::<u128>().unwrap_or(0) + 1).to_string();
                if rounded.len() > want {
                    exponent += 1;
                }
                digits = rounded;
                digits.truncate(want);
            }
        }
        while digits.len() < want {
            digits.push('0');
        }
        if unscaled < 0 {
            out.push('-');
        } else if self.fill {
            out.push(' ');
        }
        out.push_str(&digits[..1]);
        if self.point {
            out.push('.');
            out.push_str(&digits[1..]);
        }
        let _ = write!(
            out,
            "e{}{:02}",
            if exponent < 0 { '-' } else { '+' },
            exponent.abs()
        );
    }

    /// Reads a text in this form as unscaled value and scale; None when it does not follow the model.
    pub fn parse(&self, text: &str) -> Option<(i128, u8)> {
        let mut v: i128 = 0;
        let mut negative = false;
        let (mut whole, mut fraction, mut point) = (0usize, 0usize, false);
        for c in text.trim().chars() {
            match c {
                '0'..='9' => {
                    v = v
                        .checked_mul(10)?
                        .checked_add(i128::from(c.to_digit(10)?))?;
                    if point {
                        fraction += 1;
                    } else {
                        whole += 1;
                    }
                }
                '.' if self.point && !point => point = true,
                ',' if self.items.contains(&Item::Group) => {}
                '$' if self.items.contains(&Item::Currency) => {}
                '-' => negative = true,
                '<' if self.brackets => negative = true,
                '>' if self.brackets => {}
                '+' | ' ' => {}
                c if self
                    .items
                    .iter()
                    .any(|i| matches!(i, Item::Literal(s) if s.contains(c))) => {}
                _ => return None,
            }
        }
        if whole + fraction == 0 || whole > self.places || fraction > self.fraction {
            return None;
        }
        Some((
            if negative { -v } else { v },
            u8::try_from(fraction).ok().filter(|s| *s <= 38)?,
        ))
    }
}

fn ordinal(digits: &str) -> &'static str {
    let b = digits.as_bytes();
    let teen = b.len() > 1 && b[b.len() - 2] == b'1';
    match (teen, b.last()) {
        (false, Some(b'1')) => "st",
        (false, Some(b'2')) => "nd",
        (false, Some(b'3')) => "rd",
        _ => "th",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes() {
        for (model, v, scale, want) in [
            ("999", 485, 0, " 485"),
            ("999", -485, 0, "-485"),
            ("9 9 9", 485, 0, " 4 8 5"),
            ("9,999", 1485, 0, " 1,485"),
            ("9,999", 85, 0, "    85"),
            ("999.999", 1485, 1, " 148.500"),
            ("FM999.999", 1485, 1, "148.5"),
            ("FM999.990", 1485, 1, "148.500"),
            ("99.99", -1, 1, "  -.10"),
            ("0.9", -1, 1, "-0.1"),
            ("9990999.9", 12, 0, "    0012.0"),
            ("99999", 0, 0, "     0"),
            ("999S", -485, 0, "485-"),
            ("999MI", -485, 0, "485-"),
            ("999MI", 485, 0, "485 "),
            ("FM999MI", 485, 0, "485"),
            ("PL999", 485, 0, "+485"),
            ("SG999", -485, 0, "-485"),
            ("999PR", -485, 0, "<485>"),
            ("L999.99", 485, 0, "$ 485.00"),
            ("RN", 485, 0, "        CDLXXXV"),
            ("FMrn", 5, 0, "v"),
            ("999th", 482, 0, " 482nd"),
            ("\"Good number:\"999", 485, 0, "Good number: 485"),
            ("99V999", 12, 0, " 12000"),
            ("9.99EEEE", 4859, 7, " 4.86e-04"),
            ("99", 485, 0, " ##"),
        ] {
            let mut out = String::new();
            Model::new(model).write(v, scale, &mut out);
            assert_eq!(out, want, "{model} {v}");
        }
    }

    #[test]
    fn reads() {
        for (model, text, want) in [
            ("99G999D9S", "12,454.8-", Some((-124_548, 1))),
            ("99D999", "12.345", Some((12_345, 3))),
            ("L999", "$485", Some((485, 0))),
            ("99", "485", None),
            ("99", "x", None),
        ] {
            assert_eq!(Model::new(model).parse(text), want, "{model} {text}");
        }
        assert_eq!(shape("99D999"), (5, 3));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(model in ".{0,12}", text in ".{0,12}", v in proptest::num::i128::ANY, scale in 0u8..38) {
            let m = Model::new(&model);
            let mut out = String::new();
            m.write(v, scale, &mut out);
            let _ = m.parse(&text);
            let _ = shape(&model);
        }
    }
}

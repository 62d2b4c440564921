//! The tokens and expression grammar of Redshift, as a dialect of `sqlparser` that extends its Redshift dialect.
//! Statements that `sqlparser` does not know are in the sibling modules.

use std::any::TypeId;
use std::iter::Peekable;
use std::str::Chars;

use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, TrimWhereField, UnaryOperator, Value,
};
use sqlparser::dialect::{Dialect, PostgreSqlDialect, Precedence, RedshiftSqlDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

/// Redshift's grammar.
#[derive(Debug, Default, Clone, Copy)]
pub struct RedshiftGrammar;

const BASE: RedshiftSqlDialect = RedshiftSqlDialect {};
const POSTGRES: PostgreSqlDialect = PostgreSqlDialect {};

/// An unquoted word other than a keyword of `sqlparser`.
fn is_word(token: &Token, word: &str) -> bool {
    matches!(token, Token::Word(w) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case(word))
}

/// `OPERATOR(pg_catalog.~)`, as psql writes its patterns.
fn named_operator(
    parser: &mut Parser<'_>,
    left: &Expr,
    precedence: u8,
) -> Result<Expr, ParserError> {
    parser.next_token();
    parser.expect_token(&Token::LParen)?;
    let mut symbol = None;
    while !parser.consume_token(&Token::RParen) {
        let token = parser.next_token();
        match &token.token {
            Token::Word(_) | Token::Period => {}
            Token::Tilde => symbol = Some(BinaryOperator::PGRegexMatch),
            Token::TildeAsterisk => symbol = Some(BinaryOperator::PGRegexIMatch),
            Token::ExclamationMarkTilde => symbol = Some(BinaryOperator::PGRegexNotMatch),
            Token::ExclamationMarkTildeAsterisk => {
                symbol = Some(BinaryOperator::PGRegexNotIMatch);
            }
            Token::DoubleTilde => symbol = Some(BinaryOperator::PGLikeMatch),
            Token::ExclamationMarkDoubleTilde => symbol = Some(BinaryOperator::PGNotLikeMatch),
            Token::Eq => symbol = Some(BinaryOperator::Eq),
            _ => return parser.expected("an operator", token),
        }
    }
    let Some(op) = symbol else {
        let token = parser.peek_token_ref().clone();
        return parser.expected("an operator", token);
    };
    let right = parser.parse_subexpr(precedence)?;
    Ok(Expr::BinaryOp {
        left: Box::new(left.clone()),
        op,
        right: Box::new(right),
    })
}

/// Whether `TRIM(BOTH FROM`, which names no characters, comes next.
fn trims_from(parser: &Parser<'_>) -> bool {
    let word = |n: usize, words: &[&str]| {
        let token = &parser.peek_nth_token_ref(n).token;
        words.iter().any(|w| is_word(token, w))
    };
    parser.peek_nth_token_ref(1).token == Token::LParen
        && word(2, &["both", "leading", "trailing"])
        && word(3, &["from"])
}

fn trim_from(parser: &mut Parser<'_>) -> Result<Expr, ParserError> {
    parser.next_token();
    parser.next_token();
    let side = match parser.parse_one_of_keywords(&[Keyword::LEADING, Keyword::TRAILING]) {
        Some(Keyword::LEADING) => TrimWhereField::Leading,
        Some(_) => TrimWhereField::Trailing,
        None => {
            parser.expect_keyword(Keyword::BOTH)?;
            TrimWhereField::Both
        }
    };
    parser.expect_keyword(Keyword::FROM)?;
    let expr = parser.parse_expr()?;
    parser.expect_token(&Token::RParen)?;
    Ok(Expr::Trim {
        expr: Box::new(expr),
        trim_where: Some(side),
        trim_what: None,
        trim_characters: None,
    })
}

/// `OBJECT_TRANSFORM(input [KEEP path, …] [SET path, value, …])` as a call whose second argument is one more than the
/// number of KEEP paths, or 0 without KEEP.
fn object_transform(parser: &mut Parser<'_>) -> Result<Expr, ParserError> {
    let name = parser.parse_object_name(false)?;
    parser.expect_token(&Token::LParen)?;
    let input = parser.parse_expr()?;
    let mut kept = Vec::new();
    let mut keeps = 0;
    if is_word(&parser.peek_token_ref().token, "keep") {
        parser.next_token();
        kept = parser.parse_comma_separated(Parser::parse_expr)?;
        keeps = kept.len() + 1;
    }
    let mut set = Vec::new();
    if parser.parse_keyword(Keyword::SET) {
        set = parser.parse_comma_separated(Parser::parse_expr)?;
        if set.len() % 2 != 0 {
            return Err(ParserError::ParserError(
                "SET of OBJECT_TRANSFORM takes paths and values in turn".into(),
            ));
        }
    }
    parser.expect_token(&Token::RParen)?;
    let count = Expr::Value(Value::Number(keeps.to_string(), false).with_empty_span());
    let transforms = keeps > 0 || !set.is_empty();
    let args = std::iter::once(input)
        .chain(transforms.then_some(count))
        .chain(kept)
        .chain(set)
        .map(|e| FunctionArg::Unnamed(FunctionArgExpr::Expr(e)))
        .collect();
    Ok(Expr::Function(Function {
        name,
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args,
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    }))
}

impl Dialect for RedshiftGrammar {
    fn dialect(&self) -> TypeId {
        BASE.dialect()
    }

    fn is_nested_delimited_identifier_start(&self, ch: char) -> bool {
        BASE.is_nested_delimited_identifier_start(ch)
    }

    fn peek_nested_delimited_identifier_quotes(
        &self,
        chars: Peekable<Chars<'_>>,
    ) -> Option<(char, Option<char>)> {
        // `[` navigates into SUPER; only `["name"]` could be a name, and that is no documented syntax.
        let _ = chars;
        None
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '"'
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        BASE.is_identifier_start(ch)
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        BASE.is_identifier_part(ch)
    }

    fn identifier_quote_style(&self, identifier: &str) -> Option<char> {
        BASE.identifier_quote_style(identifier)
    }

    fn convert_type_before_value(&self) -> bool {
        BASE.convert_type_before_value()
    }

    fn supports_connect_by(&self) -> bool {
        BASE.supports_connect_by()
    }

    fn supports_top_before_distinct(&self) -> bool {
        BASE.supports_top_before_distinct()
    }

    fn supports_partiql(&self) -> bool {
        BASE.supports_partiql()
    }

    fn supports_unpivot_expr(&self) -> bool {
        BASE.supports_unpivot_expr()
    }

    fn supports_string_escape_constant(&self) -> bool {
        BASE.supports_string_escape_constant()
    }

    fn supports_geometric_types(&self) -> bool {
        false
    }

    fn supports_bitwise_shift_operators(&self) -> bool {
        BASE.supports_bitwise_shift_operators()
    }

    fn supports_array_typedef_with_brackets(&self) -> bool {
        BASE.supports_array_typedef_with_brackets()
    }

    fn allow_extract_single_quotes(&self) -> bool {
        BASE.allow_extract_single_quotes()
    }

    fn allow_extract_custom(&self) -> bool {
        true
    }

    fn supports_string_literal_backslash_escape(&self) -> bool {
        BASE.supports_string_literal_backslash_escape()
    }

    fn supports_select_wildcard_exclude(&self) -> bool {
        BASE.supports_select_wildcard_exclude()
    }

    fn supports_select_wildcard_with_alias(&self) -> bool {
        BASE.supports_select_wildcard_with_alias()
    }

    fn supports_left_associative_joins_without_parens(&self) -> bool {
        BASE.supports_left_associative_joins_without_parens()
    }

    fn supports_select_exclude(&self) -> bool {
        BASE.supports_select_exclude()
    }

    fn supports_create_table_like_parenthesized(&self) -> bool {
        BASE.supports_create_table_like_parenthesized()
    }

    fn supports_string_literal_concatenation_with_newline(&self) -> bool {
        BASE.supports_string_literal_concatenation_with_newline()
    }

    fn supports_window_function_null_treatment_arg(&self) -> bool {
        BASE.supports_window_function_null_treatment_arg()
    }

    fn is_reserved_for_identifier(&self, kw: Keyword) -> bool {
        BASE.is_reserved_for_identifier(kw)
    }

    fn is_table_alias(&self, kw: &Keyword, parser: &mut Parser<'_>) -> bool {
        // MINUS stays a set operator, and START WITH begins a hierarchical query.
        let starts = *kw == Keyword::START
            && matches!(&parser.peek_token_ref().token, Token::Word(w) if w.keyword == Keyword::WITH);
        *kw != Keyword::MINUS && !starts && POSTGRES.is_table_alias(kw, parser)
    }

    fn supports_outer_join_operator(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn supports_nested_comments(&self) -> bool {
        true
    }

    fn supports_interval_options(&self) -> bool {
        true
    }

    fn supports_numeric_literal_underscores(&self) -> bool {
        false
    }

    fn prec_value(&self, prec: Precedence) -> u8 {
        POSTGRES.prec_value(prec)
    }

    fn get_next_precedence(&self, parser: &Parser<'_>) -> Option<Result<u8, ParserError>> {
        let token = parser.peek_token_ref();
        match &token.token {
            // `DEFAULT 1 NOT NULL`: NOT NULL is a column attribute, never an operator.
            Token::Word(w) if w.keyword == Keyword::NOT => {
                match &parser.peek_nth_token_ref(1).token {
                    Token::Word(next) if next.keyword == Keyword::NULL => Some(Ok(0)),
                    _ => None,
                }
            }
            t if is_word(t, "#") => Some(Ok(self.prec_value(Precedence::PgOther))),
            Token::StringConcat
            | Token::Sharp
            | Token::ShiftRight
            | Token::ShiftLeft
            | Token::Overlap => Some(Ok(self.prec_value(Precedence::PgOther))),
            Token::Colon => Some(Ok(self.prec_unknown())),
            _ => None,
        }
    }

    fn parse_infix(
        &self,
        parser: &mut Parser<'_>,
        expr: &Expr,
        precedence: u8,
    ) -> Option<Result<Expr, ParserError>> {
        if is_word(&parser.peek_token_ref().token, "operator")
            && parser.peek_nth_token_ref(1).token == Token::LParen
        {
            return Some(named_operator(parser, expr, precedence));
        }
        let op = match &parser.peek_token_ref().token {
            Token::Caret => BinaryOperator::PGExp,
            t if is_word(t, "#") => BinaryOperator::PGBitwiseXor,
            _ => return None,
        };
        parser.next_token();
        Some(
            parser
                .parse_subexpr(precedence)
                .map(|right| Expr::BinaryOp {
                    left: Box::new(expr.clone()),
                    op,
                    right: Box::new(right),
                }),
        )
    }

    fn parse_prefix(&self, parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
        let op = match &parser.peek_token_ref().token {
            Token::AtSign => UnaryOperator::PGAbs,
            Token::PGSquareRoot => UnaryOperator::PGSquareRoot,
            Token::PGCubeRoot => UnaryOperator::PGCubeRoot,
            // An exact count is within the error that APPROXIMATE allows.
            t if is_word(t, "approximate")
                && matches!(&parser.peek_nth_token_ref(1).token, Token::Word(_)) =>
            {
                parser.next_token();
                return Some(parser.parse_prefix());
            }
            // A sign binds tighter than `^`: -2 ^ 2 is 4.
            Token::Minus => {
                parser.next_token();
                return Some(
                    parser
                        .parse_subexpr(self.prec_value(Precedence::Caret))
                        .map(|expr| Expr::UnaryOp {
                            op: UnaryOperator::Minus,
                            expr: Box::new(expr),
                        }),
                );
            }
            t if is_word(t, "trim") && trims_from(parser) => return Some(trim_from(parser)),
            t if is_word(t, "object_transform")
                && parser.peek_nth_token_ref(1).token == Token::LParen =>
            {
                return Some(object_transform(parser));
            }
            _ => return None,
        };
        parser.next_token();
        Some(
            parser
                .parse_subexpr(self.prec_value(Precedence::PlusMinus))
                .map(|expr| Expr::UnaryOp {
                    op,
                    expr: Box::new(expr),
                }),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        for (sql, shown) in [
            ("1 + 2 || 'x'", "1 + 2 || 'x'"),
            ("2 ^ 3 # 1", "2 ^ 3 # 1"),
            ("@ -5", "@-5"),
            ("-a ^ 2", "-a ^ 2"),
            ("approximate count(distinct a)", "count(DISTINCT a)"),
            ("a[0].b", "a[0].b"),
            ("trim(trailing from a)", "TRIM(TRAILING a)"),
            (
                "object_transform(a keep '\"b\"' set '\"c\"', 1)",
                "object_transform(a, 2, '\"b\"', '\"c\"', 1)",
            ),
            ("'a\\\\b'", "'a\\b'"),
            ("x::varchar(10)", "x::VARCHAR(10)"),
        ] {
            let parsed = Parser::new(&RedshiftGrammar)
                .try_with_sql(sql)
                .and_then(|mut p| p.parse_expr());
            assert_eq!(parsed.map(|e| e.to_string()).as_deref(), Ok(shown), "{sql}");
        }
    }
}

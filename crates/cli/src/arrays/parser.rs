//! Tokens to a tree, with Python's precedence.

use super::SyntaxError;
use super::lexer::{Placed, Token, tokens};

/// A part of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    Name(String),
    Integer(i64),
    Float(f64),
    Imaginary(f64),
    Text(String),
    /// `True`, `False`.
    Bool(bool),
    None,
    Unary(&'static str, Box<Tree>),
    Binary(&'static str, Box<Tree>, Box<Tree>),
    /// `(1, 2)`.
    Tuple(Vec<Tree>),
    /// `[1, 2]`.
    List(Vec<Tree>),
    /// `x.name`.
    Attribute(Box<Tree>, String),
    /// `f(a, b, key=c)`.
    Call(Box<Tree>, Vec<Tree>, Vec<(String, Tree)>),
    /// `x[a, b]`.
    Index(Box<Tree>, Vec<Tree>),
    /// `start:stop:step`.
    Slice(Option<Box<Tree>>, Option<Box<Tree>>, Option<Box<Tree>>),
    Ellipsis,
}

/// The tree of an expression.
pub(super) fn parse(text: &str) -> Result<Tree, SyntaxError> {
    let mut parser = Parser { text, tokens: tokens(text)?, at: 0, depth: 0 };
    let tree = parser.expression()?;
    match parser.peek() {
        Token::End => Ok(tree),
        _ => Err(parser.error("the expression should end here")),
    }
}

/// How deep parentheses may nest.
const MAX_DEPTH: usize = 100;

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Placed>,
    at: usize,
    depth: usize,
}

/// Operators of two operands, those that bind least first.
const LEVELS: [&[&str]; 5] =
    [&["|"], &["&"], &["==", "!=", "<=", ">=", "<", ">"], &["+", "-"], &["*", "/", "//", "%", "@"]];

impl Parser<'_> {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |placed| &placed.token)
    }

    fn error(&self, what: impl Into<String>) -> SyntaxError {
        let at = self.tokens.get(self.at).or(self.tokens.last()).map_or(0, |placed| placed.at);
        SyntaxError { text: self.text.to_string(), at, what: what.into() }
    }

    fn takes(&mut self, symbol: &str) -> bool {
        let is_next = matches!(self.peek(), Token::Symbol(next) if *next == symbol);
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, symbol: &str) -> Result<(), SyntaxError> {
        if self.takes(symbol) { Ok(()) } else { Err(self.error(format!("'{symbol}' is missing here"))) }
    }

    fn expression(&mut self) -> Result<Tree, SyntaxError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("too many parentheses inside each other"));
        }
        let tree = self.level(0);
        self.depth -= 1;
        tree
    }

    fn level(&mut self, level: usize) -> Result<Tree, SyntaxError> {
        let Some(symbols) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.level(level + 1)?;
        while let Token::Symbol(next) = *self.peek() {
            if !symbols.contains(&next) {
                break;
            }
            self.at += 1;
            let right = self.level(level + 1)?;
            left = Tree::Binary(next, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Tree, SyntaxError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("too many signs before each other"));
        }
        let tree = match *self.peek() {
            Token::Symbol(sign @ ("-" | "+" | "~")) => {
                self.at += 1;
                self.unary().map(|operand| Tree::Unary(sign, Box::new(operand)))
            }
            _ => self.power(),
        };
        self.depth -= 1;
        tree
    }

    fn power(&mut self) -> Result<Tree, SyntaxError> {
        let base = self.postfix()?;
        if self.takes("**") {
            let exponent = self.unary()?;
            return Ok(Tree::Binary("**", Box::new(base), Box::new(exponent)));
        }
        Ok(base)
    }

    fn postfix(&mut self) -> Result<Tree, SyntaxError> {
        let mut tree = self.atom()?;
        loop {
            if self.takes(".") {
                let Token::Name(name) = self.peek().clone() else {
                    return Err(self.error("a name should follow the point"));
                };
                self.at += 1;
                tree = Tree::Attribute(Box::new(tree), name);
            } else if self.takes("(") {
                let (args, named) = self.arguments()?;
                tree = Tree::Call(Box::new(tree), args, named);
            } else if self.takes("[") {
                let mut indices = Vec::new();
                while !self.takes("]") {
                    indices.push(self.index()?);
                    if !self.takes(",") {
                        self.expect("]")?;
                        break;
                    }
                }
                tree = Tree::Index(Box::new(tree), indices);
            } else {
                return Ok(tree);
            }
        }
    }

    #[allow(clippy::type_complexity)]
    fn arguments(&mut self) -> Result<(Vec<Tree>, Vec<(String, Tree)>), SyntaxError> {
        let (mut args, mut named) = (Vec::new(), Vec::new());
        while !self.takes(")") {
            let is_named = matches!(self.tokens.get(self.at + 1).map(|next| &next.token), Some(Token::Symbol("=")));
            match self.peek().clone() {
                Token::Name(name) if is_named => {
                    self.at += 2;
                    named.push((name, self.expression()?));
                }
                _ if !named.is_empty() => return Err(self.error("arguments without a name come before those with one")),
                _ => args.push(self.expression()?),
            }
            if !self.takes(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok((args, named))
    }

    fn index(&mut self) -> Result<Tree, SyntaxError> {
        if self.takes("...") {
            return Ok(Tree::Ellipsis);
        }
        let ends = |parser: &Self| matches!(parser.peek(), Token::Symbol(":" | "," | "]"));
        let start = if ends(self) { None } else { Some(Box::new(self.expression()?)) };
        if !self.takes(":") {
            return start.map(|start| *start).ok_or_else(|| self.error("an index is missing here"));
        }
        let stop = if ends(self) { None } else { Some(Box::new(self.expression()?)) };
        let step = if self.takes(":") && !ends(self) { Some(Box::new(self.expression()?)) } else { None };
        Ok(Tree::Slice(start, stop, step))
    }

    fn atom(&mut self) -> Result<Tree, SyntaxError> {
        let token = self.peek().clone();
        let tree = match token {
            Token::Integer(value) => Tree::Integer(value),
            Token::Float(value) => Tree::Float(value),
            Token::Imaginary(value) => Tree::Imaginary(value),
            Token::Text(text) => Tree::Text(text),
            Token::Name(name) => match name.as_str() {
                "True" => Tree::Bool(true),
                "False" => Tree::Bool(false),
                "None" | "newaxis" => Tree::None,
                _ => Tree::Name(name),
            },
            Token::Symbol(open @ ("(" | "[")) => {
                self.at += 1;
                return self.listed(if open == "(" { ")" } else { "]" });
            }
            Token::End => return Err(self.error("the expression ends too early")),
            Token::Symbol(other) => return Err(self.error(format!("'{other}' cannot stand here"))),
        };
        self.at += 1;
        Ok(tree)
    }

    /// What stands between parentheses: one expression, or several with commas.
    fn listed(&mut self, close: &'static str) -> Result<Tree, SyntaxError> {
        let mut items = Vec::new();
        let mut is_tuple = close == "]";
        while !self.takes(close) {
            items.push(self.expression()?);
            if self.takes(",") {
                is_tuple = true;
            } else {
                self.expect(close)?;
                break;
            }
        }
        match items.len() {
            1 if !is_tuple => Ok(items.swap_remove(0)),
            _ if close == "]" => Ok(Tree::List(items)),
            _ => Ok(Tree::Tuple(items)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        fn show(tree: &Tree) -> String {
            match tree {
                Tree::Name(name) => name.clone(),
                Tree::Integer(value) => value.to_string(),
                Tree::Float(value) => format!("{value:?}"),
                Tree::Unary(sign, operand) => format!("({sign}{})", show(operand)),
                Tree::Binary(op, left, right) => format!("({} {op} {})", show(left), show(right)),
                Tree::Attribute(of, name) => format!("{}.{name}", show(of)),
                Tree::Tuple(items) | Tree::List(items) => {
                    format!("<{}>", items.iter().map(show).collect::<Vec<_>>().join(","))
                }
                Tree::Call(f, args, named) => {
                    let named = named.iter().map(|(name, value)| format!("{name}={}", show(value)));
                    format!("{}({})", show(f), args.iter().map(show).chain(named).collect::<Vec<_>>().join(","))
                }
                Tree::Index(of, indices) => {
                    format!("{}[{}]", show(of), indices.iter().map(show).collect::<Vec<_>>().join(","))
                }
                Tree::Slice(a, b, c) => {
                    let part = |part: &Option<Box<Tree>>| part.as_ref().map(|tree| show(tree)).unwrap_or_default();
                    format!("{}:{}:{}", part(a), part(b), part(c))
                }
                other => format!("{other:?}"),
            }
        }
        show(&parse(text).unwrap())
    }

    #[test]
    fn precedence_is_pythons() {
        assert_eq!(shown("x + x.T - x.mean(axis=0)"), "((x + x.T) - x.mean(axis=0))");
        assert_eq!(shown("(x @ x.T - x.mean(axis=0)).std()"), "((x @ x.T) - x.mean(axis=0)).std()");
        assert_eq!(shown("-x ** 2 * 3"), "((-(x ** 2)) * 3)");
        assert_eq!(shown("2 ** -x"), "(2 ** (-x))");
        assert_eq!(shown("x[1:, ::-1, None, 0]"), "x[1::,::(-1),None,0]");
        assert_eq!(shown("f((1, 2), [3], k=1e-3)"), "f(<1,2>,<3>,k=0.001)");
    }

    #[test]
    fn faults_are_placed() {
        for (text, at) in [("x +", 3), ("x ? 1", 2), ("(x", 2), ("x[", 2), ("'a", 0), ("f(a=1, 2)", 7), ("x x", 2)] {
            assert_eq!(parse(text).unwrap_err().at, at, "{text}");
        }
        assert!(parse(&"(".repeat(10_000)).is_err());
        assert!(parse(&"-".repeat(10_000)).is_err());
    }
}

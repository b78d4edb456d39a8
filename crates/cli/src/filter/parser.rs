//! Tokens to an expression, by recursive descent.

use blockfold::{Expr, Scalar, col, lit};

use super::functions;
use super::lexer::{Placed, Token};
use super::{SyntaxError, function_names};

type Parsed<T = Expr> = Result<T, SyntaxError>;

/// What an operator makes of its operands.
type Join = fn(Expr, Expr) -> Expr;

/// Parentheses, calls and signs inside each other: enough for people, and bounded for the stack's sake.
const MAX_DEPTH: usize = 64;

/// Operators of one level in a row.
const MAX_CHAIN: usize = 256;

/// Words that no column can be named without backquotes.
const RESERVED: [&str; 9] = ["and", "or", "not", "is", "in", "between", "null", "true", "false"];

pub(super) struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Placed>,
    next: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, tokens: Vec<Placed>) -> Self {
        Parser { text, tokens, next: 0, depth: 0 }
    }

    /// The whole filter.
    pub(super) fn whole(mut self) -> Parsed {
        let expr = self.any()?;
        match self.peek() {
            Token::End => Ok(expr),
            Token::Symbol(")") => Err(self.error("this ) closes nothing")),
            _ => Err(self.error("expected an operator, as and, or, <, +, or the end")),
        }
    }

    // ---- tokens

    fn peek(&self) -> &Token {
        self.tokens.get(self.next).map_or(&Token::End, |placed| &placed.token)
    }

    fn here(&self) -> usize {
        self.tokens.get(self.next).or(self.tokens.last()).map_or(0, |placed| placed.at)
    }

    fn error(&self, expected: impl Into<String>) -> SyntaxError {
        self.error_at(self.here(), expected)
    }

    fn error_at(&self, at: usize, expected: impl Into<String>) -> SyntaxError {
        SyntaxError::new(self.text, at, expected)
    }

    /// Takes one of these symbols if it comes next.
    fn symbol(&mut self, symbols: &[&'static str]) -> Option<&'static str> {
        let Token::Symbol(found) = self.peek() else { return None };
        let found = *found;
        symbols.contains(&found).then(|| {
            self.next += 1;
            found
        })
    }

    /// Takes a word of the language if it comes next.
    fn word(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Token::Word(word) if word.eq_ignore_ascii_case(wanted));
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &'static str, why: &str) -> Parsed<()> {
        self.symbol(&[symbol]).map(drop).ok_or_else(|| self.error(format!("expected {symbol} {why}")))
    }

    fn expect_word(&mut self, word: &str, why: &str) -> Parsed<()> {
        if self.word(word) { Ok(()) } else { Err(self.error(format!("expected '{word}' {why}"))) }
    }

    /// Runs `parse` one level deeper.
    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(format!("more than {MAX_DEPTH} levels inside each other")));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    /// Operands of one level, joined from the left as long as `operator` finds another.
    fn chain(&mut self, operand: fn(&mut Self) -> Parsed, operator: fn(&mut Self) -> Option<Join>) -> Parsed {
        let mut expr = operand(self)?;
        for _ in 0..MAX_CHAIN {
            let at = self.next;
            let Some(join) = operator(self) else { return Ok(expr) };
            debug_assert!(self.next > at, "an operator takes a token");
            expr = join(expr, operand(self)?);
        }
        Err(self.error(format!("more than {MAX_CHAIN} operators in a row; 'in (...)' takes long lists")))
    }

    // ---- levels, loosest first

    fn any(&mut self) -> Parsed {
        self.deeper(|parser| parser.chain(Self::all, |parser| parser.word("or").then_some(Expr::or as _)))
    }

    fn all(&mut self) -> Parsed {
        self.chain(Self::not, |parser| parser.word("and").then_some(Expr::and as _))
    }

    fn not(&mut self) -> Parsed {
        if self.word("not") { self.deeper(Self::not).map(|inner| !inner) } else { self.comparison() }
    }

    fn comparison(&mut self) -> Parsed {
        let left = self.sum()?;
        if self.word("is") {
            let negated = self.word("not");
            self.expect_word("null", "after 'is'")?;
            return Ok(if negated { left.is_not_null() } else { left.is_null() });
        }
        if matches!(self.peek(), Token::Word(word) if word.eq_ignore_ascii_case("not")) {
            self.next += 1;
            return self.membership(left).map(|inside| !inside);
        }
        if matches!(self.peek(), Token::Word(word) if ["in", "between"].iter().any(|w| word.eq_ignore_ascii_case(w))) {
            return self.membership(left);
        }
        const COMPARISONS: &[&str] = &["==", "=", "!=", "<>", "<", "<=", ">", ">="];
        let Some(symbol) = self.symbol(COMPARISONS) else { return Ok(left) };
        let compared = compare(symbol, left, self.sum()?);
        let at = self.here();
        match self.symbol(COMPARISONS) {
            None => Ok(compared),
            Some(_) => Err(self.error_at(at, "comparisons do not chain; write a < b and b < c")),
        }
    }

    /// `in (...)` or `between a and b`.
    fn membership(&mut self, value: Expr) -> Parsed {
        if self.word("between") {
            let low = self.sum()?;
            self.expect_word("and", "between the two bounds")?;
            return Ok(value.between(low, self.sum()?));
        }
        self.expect_word("in", "or 'between'")?;
        self.expect("(", "after 'in'")?;
        let mut list = vec![self.list_value()?];
        while self.symbol(&[","]).is_some() {
            list.push(self.list_value()?);
        }
        self.expect(")", "or , in the list")?;
        Ok(value.is_in(list))
    }

    fn list_value(&mut self) -> Parsed<Scalar> {
        let at = self.here();
        match self.signed()? {
            Expr::Literal(value) => Ok(value),
            _ => Err(self.error_at(at, "a list holds plain values: numbers, 'strings', true, false, null")),
        }
    }

    fn sum(&mut self) -> Parsed {
        self.chain(Self::product, |parser| match parser.symbol(&["+", "-"])? {
            "+" => Some(|left, right| left + right),
            _ => Some(|left, right| left - right),
        })
    }

    fn product(&mut self) -> Parsed {
        self.chain(Self::signed, |parser| match parser.symbol(&["*", "/", "%"])? {
            "*" => Some(|left, right| left * right),
            "/" => Some(|left, right| left / right),
            _ => Some(|left, right| left % right),
        })
    }

    fn signed(&mut self) -> Parsed {
        if self.symbol(&["+"]).is_some() {
            return self.deeper(Self::signed);
        }
        let at = self.here();
        if self.symbol(&["-"]).is_none() {
            return self.value();
        }
        if let Token::Integer(digits) = self.peek() {
            // With its sign, so that the least integer can be written.
            let value = format!("-{digits}").parse::<i64>();
            self.next += 1;
            return value.map(lit).map_err(|_| self.error_at(at, "the number does not fit 64 bits"));
        }
        self.deeper(Self::signed).map(|inner| -inner)
    }

    // ---- values

    fn value(&mut self) -> Parsed {
        let at = self.here();
        let token = self.peek().clone();
        if token != Token::End {
            self.next += 1;
        }
        match token {
            Token::Column(name) => Ok(col(name)),
            Token::Text(text) => Ok(lit(text)),
            Token::Float(value) => Ok(lit(value)),
            Token::Integer(digits) => self.integer(&digits, at),
            Token::Word(word) => self.named(word, at),
            Token::Symbol("(") => {
                let inner = self.any()?;
                self.expect(")", "to close the parenthesis")?;
                Ok(inner)
            }
            Token::Symbol(symbol) => Err(self.error_at(at, format!("expected a value, found {symbol}"))),
            Token::End => Err(self.error_at(at, "expected a value, found the end")),
        }
    }

    fn integer(&self, digits: &str, at: usize) -> Parsed {
        let signed = digits.parse::<i64>().map(lit).ok();
        let value = signed.or_else(|| digits.parse::<u64>().map(lit).ok());
        value.ok_or_else(|| self.error_at(at, "the number does not fit 64 bits; with a point it is a float"))
    }

    fn named(&mut self, word: String, at: usize) -> Parsed {
        match word.to_lowercase().as_str() {
            "true" => return Ok(lit(true)),
            "false" => return Ok(lit(false)),
            "null" => return Ok(Expr::Literal(Scalar::Null)),
            reserved if RESERVED.contains(&reserved) => {
                return Err(self.error_at(at, format!("expected a value, found '{word}'; `{word}` is a column")));
            }
            _ => {}
        }
        if self.symbol(&["("]).is_some() { self.call(&word, at) } else { Ok(col(word)) }
    }

    fn call(&mut self, name: &str, at: usize) -> Parsed {
        let Some(function) = functions::find(name) else {
            let names = function_names().join(", ");
            return Err(self.error_at(at, format!("no function is called '{name}'; there are: {names}")));
        };
        let mut args = Vec::new();
        while args.len() < MAX_CHAIN && self.symbol(&[")"]).is_none() {
            if !args.is_empty() {
                self.expect(",", "or ) in the arguments")?;
            }
            args.push(self.any()?);
        }
        function.call(args).ok_or_else(|| self.error_at(at, format!("expected {}", function.usage())))
    }
}

fn compare(symbol: &str, left: Expr, right: Expr) -> Expr {
    match symbol {
        "!=" | "<>" => left.neq(right),
        "<" => left.lt(right),
        "<=" => left.lt_eq(right),
        ">" => left.gt(right),
        ">=" => left.gt_eq(right),
        _ => left.eq(right),
    }
}

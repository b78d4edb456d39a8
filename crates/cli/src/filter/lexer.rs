//! Text to tokens.

use super::SyntaxError;

/// The smallest part of a filter that means something.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A plain word: a column, a function or a word of the language.
    Word(String),
    /// A column in backquotes.
    Column(String),
    /// A string in quotes.
    Text(String),
    /// Digits only.
    Integer(String),
    /// A number with a point or an exponent.
    Float(f64),
    /// An operator, a parenthesis or a comma.
    Symbol(&'static str),
    /// The end of the filter.
    End,
}

/// A token and the number of characters before it.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) at: usize,
}

/// Longer symbols first.
const SYMBOLS: [&str; 16] = ["==", "!=", "<>", "<=", ">=", "=", "<", ">", "+", "-", "*", "/", "%", "(", ")", ","];

/// The tokens of a filter, the end among them.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, SyntaxError> {
    let mut lexer = Lexer { text, chars: text.chars().collect(), at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip(char::is_whitespace);
        let at = lexer.at;
        let token = lexer.token()?;
        let is_end = token == Token::End;
        tokens.push(Placed { token, at });
        if is_end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    chars: Vec<char>,
    at: usize,
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn token(&mut self) -> Result<Token, SyntaxError> {
        match self.peek() {
            None => Ok(Token::End),
            Some('\'') => self.quoted('\'').map(Token::Text),
            Some('`') => self.quoted('`').map(Token::Column),
            Some('"') => Err(self.error(self.at, "strings stand in 'single quotes', columns in `backquotes`")),
            Some(c) if c.is_ascii_digit() || c == '.' => self.number(),
            Some(c) if c.is_alphabetic() || c == '_' => Ok(Token::Word(self.skip(is_word))),
            Some(_) => self.symbol(),
        }
    }

    /// Takes characters as long as they fit.
    fn skip(&mut self, fits: impl Fn(char) -> bool) -> String {
        let start = self.at;
        while self.peek().is_some_and(&fits) {
            self.at += 1;
        }
        self.since(start)
    }

    fn since(&self, start: usize) -> String {
        self.chars.iter().take(self.at).skip(start).collect()
    }

    /// What stands between two quotes; a quote inside is written twice.
    fn quoted(&mut self, quote: char) -> Result<String, SyntaxError> {
        let start = self.at;
        let mut inner = String::new();
        self.at += 1;
        while let Some(c) = self.peek() {
            self.at += 1;
            if c == quote {
                if self.peek() != Some(quote) {
                    return Ok(inner);
                }
                self.at += 1;
            }
            inner.push(c);
        }
        Err(self.error(start, &format!("this {quote} has no closing {quote}")))
    }

    fn number(&mut self) -> Result<Token, SyntaxError> {
        let start = self.at;
        self.skip(|c| c.is_ascii_digit());
        let mut is_whole = true;
        if self.peek() == Some('.') {
            is_whole = false;
            self.at += 1;
            self.skip(|c| c.is_ascii_digit());
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            is_whole = false;
            self.at += 1;
            if matches!(self.peek(), Some('+' | '-')) {
                self.at += 1;
            }
            self.skip(|c| c.is_ascii_digit());
        }
        let text = self.since(start);
        if self.peek().is_some_and(is_word) {
            let what = "a number ends here but a word follows; columns that start with a digit stand in `backquotes`";
            return Err(self.error(start, what));
        }
        if is_whole {
            return Ok(Token::Integer(text));
        }
        let value: Option<f64> = text.parse().ok().filter(|value: &f64| value.is_finite());
        value.map(Token::Float).ok_or_else(|| self.error(start, &format!("'{text}' is no number")))
    }

    fn symbol(&mut self) -> Result<Token, SyntaxError> {
        let rest: String = self.chars.iter().skip(self.at).take(2).collect();
        let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) else {
            let what = match rest.as_str() {
                "&&" => "write 'and' for &&".to_string(),
                "||" => "write 'or' for ||".to_string(),
                other if other.starts_with('!') => "write 'not' for !".to_string(),
                other => format!("'{}' means nothing here", other.chars().take(1).collect::<String>()),
            };
            return Err(self.error(self.at, &what));
        };
        self.at += symbol.len();
        Ok(Token::Symbol(symbol))
    }

    fn error(&self, at: usize, expected: &str) -> SyntaxError {
        SyntaxError::new(self.text, at, expected)
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

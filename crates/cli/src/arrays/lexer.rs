//! Text to tokens.

use super::SyntaxError;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    Integer(i64),
    Float(f64),
    /// `2j`.
    Imaginary(f64),
    Text(String),
    Symbol(&'static str),
    End,
}

#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) at: usize,
}

/// Longer symbols first.
const SYMBOLS: [&str; 26] = [
    "**", "//", "==", "!=", "<=", ">=", "=", "<", ">", "+", "-", "*", "/", "%", "@", "&", "|", "~", "(", ")", "[", "]",
    ",", ":", "...", ".",
];

/// The tokens of an expression, the end among them.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, SyntaxError> {
    let chars: Vec<char> = text.chars().collect();
    let error = |at: usize, what: String| SyntaxError { text: text.to_string(), at, what };
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        while chars.get(at).is_some_and(|c| c.is_whitespace()) {
            at += 1;
        }
        let start = at;
        let Some(first) = chars.get(at).copied() else {
            tokens.push(Placed { token: Token::End, at });
            return Ok(tokens);
        };
        let token = if first.is_alphabetic() || first == '_' {
            while chars.get(at).is_some_and(|c| c.is_alphanumeric() || *c == '_') {
                at += 1;
            }
            Token::Name(chars[start..at].iter().collect())
        } else if first.is_ascii_digit() || (first == '.' && chars.get(at + 1).is_some_and(char::is_ascii_digit)) {
            at = end_of_number(&chars, at);
            let digits: String = chars[start..at].iter().filter(|c| **c != '_').collect();
            if chars.get(at) == Some(&'j') {
                let value = digits.parse::<f64>().map_err(|_| error(start, format!("'{digits}' is no number")))?;
                at += 1;
                tokens.push(Placed { token: Token::Imaginary(value), at: start });
                continue;
            }
            let is_float = digits.contains(['.', 'e', 'E']);
            match (is_float, digits.parse::<i64>(), digits.parse::<f64>()) {
                (false, Ok(value), _) => Token::Integer(value),
                (_, _, Ok(value)) => Token::Float(value),
                _ => return Err(error(start, format!("'{digits}' is no number"))),
            }
        } else if first == '\'' || first == '"' {
            let end = chars[start + 1..].iter().position(|c| *c == first);
            let Some(length) = end else { return Err(error(start, "this text has no end".into())) };
            at = start + length + 2;
            Token::Text(chars[start + 1..at - 1].iter().collect())
        } else {
            let rest: String = chars[at..].iter().take(3).collect();
            let symbol = SYMBOLS.iter().filter(|symbol| rest.starts_with(**symbol)).max_by_key(|symbol| symbol.len());
            let Some(symbol) = symbol else { return Err(error(start, format!("'{first}' means nothing here"))) };
            at += symbol.len();
            Token::Symbol(symbol)
        };
        tokens.push(Placed { token, at: start });
    }
}

fn end_of_number(chars: &[char], mut at: usize) -> usize {
    let digits = |mut at: usize| {
        while chars.get(at).is_some_and(|c| c.is_ascii_digit() || *c == '_') {
            at += 1;
        }
        at
    };
    at = digits(at);
    if chars.get(at) == Some(&'.') && chars.get(at + 1) != Some(&'.') {
        at = digits(at + 1);
    }
    if matches!(chars.get(at), Some('e' | 'E')) {
        let sign = usize::from(matches!(chars.get(at + 1), Some('+' | '-')));
        let end = digits(at + 1 + sign);
        if end > at + 1 + sign {
            at = end;
        }
    }
    at
}

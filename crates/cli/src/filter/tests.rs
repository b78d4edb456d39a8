//! What filters mean, where they fail, and that nothing makes the parser panic.

use proptest::prelude::*;

use super::parse;

fn check(text: &str, means: &str) {
    match parse(text) {
        Ok(expr) => assert_eq!(expr.to_string(), means, "{text}"),
        Err(error) => panic!("{text}: {error}"),
    }
}

fn refused(text: &str, at: usize, expected: &str) {
    let error = parse(text).unwrap_err();
    assert_eq!(error.at, at, "{error}");
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn precedence() {
    check("x > 0.5", "(x > 0.5)");
    check("a or b and not c", "(a or (b and not c))");
    check("(a or b) and c", "((a or b) and c)");
    check("a - b - c * -2 % d", "((a - b) - ((c * -2) % d))");
    check("not a = b", "not (a == b)");
    check("x + 1 <= y / 2", "((x + 1) <= (y / 2))");
    check("-x < - 1", "((x * -1) < -1)");
    check("X AND Not y", "(X and not y)");
}

#[test]
fn operators() {
    for (typed, shown) in [("=", "=="), ("==", "=="), ("!=", "!="), ("<>", "!="), ("<", "<"), (">=", ">=")] {
        check(&format!("a{typed}b"), &format!("(a {shown} b)"));
    }
    check("a is null or b IS NOT NULL", "(is_null(a) or not is_null(b))");
    check("a in (1, -2, null, true, 'x')", "a in [1, -2, null, true, \"x\"]");
    check("a not in (1) and b not between 1 and 2", "(not a in [1] and not ((b >= 1) and (b <= 2)))");
    check("a + 1 between b and c + 2 and d", "((((a + 1) >= b) and ((a + 1) <= (c + 2))) and d)");
}

#[test]
fn values() {
    check("a = -9223372036854775808", "(a == -9223372036854775808)");
    check("a = 18446744073709551615", "(a == 18446744073709551615)");
    check("a = 1e3 or a = .5 or a = 2.", "(((a == 1000.0) or (a == 0.5)) or (a == 2.0))");
    check("`a b``c` = 'it''s'", "(a b`c == \"it's\")");
    check("größe > 1", "(größe > 1)");
}

#[test]
fn functions() {
    check("sqrt(x) > 1", "(sqrt(x) > 1)");
    check("Contains(lower(name), 'ann')", "contains(lower(name), \"ann\")");
    check("clip(x, -1, 1) = x", "(clip(x, -1, 1) == x)");
    check("year = 2000 and year(t) = 2000", "((year == 2000) and (year(t) == 2000))");
    assert!(parse("coalesce(a, b, 0) > 0").is_ok());
    refused("cuberoot(x) > 1", 0, "no function is called 'cuberoot'; there are: abs, sign");
    refused("x > clip(y, 1)", 4, "expected clip(value, low, high)");
    refused("sqrt()", 0, "expected sqrt(value)");
    refused("sqrt(x, y)", 0, "expected sqrt(value)");
    refused("coalesce(x)", 0, "coalesce(value, other, ...)");
}

#[test]
fn places_of_errors() {
    refused("", 0, "expected a value, found the end");
    refused("x > ", 4, "expected a value, found the end");
    refused("x > > 1", 4, "expected a value, found >");
    refused("x 5", 2, "expected an operator");
    refused("(x > 5", 6, "expected ) to close");
    refused("x > 5)", 5, "closes nothing");
    refused("1 < x < 2", 6, "a < b and b < c");
    refused("x = 'abc", 4, "no closing '");
    refused("x = \"abc\"", 4, "single quotes");
    refused("x && y", 2, "write 'and'");
    refused("!x", 0, "write 'not'");
    refused("x in ()", 6, "expected a value");
    refused("x in (y)", 6, "plain values");
    refused("x in 1", 5, "expected ( after 'in'");
    refused("x between 1 or 2", 12, "expected 'and'");
    refused("x is 5", 5, "expected 'null'");
    refused("x not 5", 6, "expected 'in'");
    refused("and x", 0, "found 'and'");
    refused("2x > 1", 0, "backquotes");
    refused("x = 1e", 4, "no number");
    refused("x = 99999999999999999999", 4, "64 bits");
    refused("é # 1", 2, "'#' means nothing");
    let error = parse("x >\n $").unwrap_err().to_string();
    assert_eq!(error, "'$' means nothing here\n  x >  $\n       ^");
}

#[test]
fn deep_and_long_filters_are_refused() {
    for deep in ["(".repeat(100_000), "not ".repeat(100_000), "- ".repeat(100_000), "abs(".repeat(100_000)] {
        assert!(parse(&deep).unwrap_err().to_string().contains("levels inside each other"));
    }
    let long = format!("x{}", " + 1".repeat(100_000));
    assert!(parse(&long).unwrap_err().to_string().contains("in a row"));
    assert!(parse(&format!("x in ({}1)", "1,".repeat(10_000))).is_ok());
    assert!(parse(&format!("{}x{}", "(".repeat(60), ")".repeat(60))).is_ok());
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in any::<String>()) {
        let _ = parse(&text).map_err(|error| error.to_string());
    }

    #[test]
    fn any_tokens_are_parsed_or_refused(parts in prop::collection::vec(prop::sample::select(vec![
        "x", "`y`", "1", "-1", "2.5", "'s'", "and", "or", "not", "is", "null", "in", "between", "(", ")", ",", "+",
        "-", "*", "/", "%", "=", "<", ">=", "<>", "true", "abs", "abs(", "clip(", "coalesce(",
    ]), 0..40)) {
        let text = parts.join(" ");
        if let Err(error) = parse(&text) {
            prop_assert!(error.at <= text.chars().count());
        }
    }
}

//! `--by` and `--agg`: lists of columns and aggregates.

use blockfold::{AggFunc, Expr, col, len};

/// What `--help` says about aggregates.
pub const NAMES: &str = "sum, product, mean, median, min, max, count, null_count, std, var, first, last, \
    n_unique, mode, any, all, list, and len, which takes no column";

/// The items of a list with commas; a comma inside `backquotes` does not count.
fn items(text: &str) -> Result<Vec<String>, String> {
    let mut items = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        quoted ^= c == '`';
        match items.last_mut() {
            Some(_) if c == ',' && !quoted => items.push(String::new()),
            Some(item) => item.push(c),
            None => {}
        }
    }
    if quoted {
        return Err(format!("'{text}': a ` has no closing `"));
    }
    Ok(items.into_iter().map(|item| item.trim().to_string()).collect())
}

/// A name without its backquotes.
fn unquoted(name: &str) -> String {
    let name = name.trim();
    let inner = name.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
    inner.map_or_else(|| name.to_string(), |inner| inner.replace("``", "`"))
}

/// The columns of `--by`.
///
/// # Errors
/// An empty name, or one that comes twice.
pub fn keys(texts: &[String]) -> Result<Vec<String>, String> {
    let mut keys: Vec<String> = Vec::new();
    for text in texts {
        for item in items(text)? {
            let key = unquoted(&item);
            match key.as_str() {
                "" => return Err(format!("'{text}': a column's name is missing")),
                _ if keys.contains(&key) => return Err(format!("'{key}' comes twice")),
                _ => keys.push(key),
            }
        }
    }
    Ok(keys)
}

/// The aggregates of `--agg`: `x:sum` gives a column `x_sum`, `len` a column `len`.
///
/// # Errors
/// An aggregate that does not exist, without a column or with one too many, or one that comes twice.
pub fn aggregates(texts: &[String]) -> Result<Vec<Expr>, String> {
    let mut names: Vec<String> = Vec::new();
    let mut aggregates = Vec::new();
    for text in texts {
        for item in items(text)? {
            let (name, aggregate) = aggregate(&item)?;
            if names.contains(&name) {
                return Err(format!("'{item}' comes twice"));
            }
            aggregates.push(aggregate.alias(&name));
            names.push(name);
        }
    }
    Ok(aggregates)
}

fn aggregate(item: &str) -> Result<(String, Expr), String> {
    let wanted = || format!("'{item}': expected COLUMN:AGGREGATE, as x:sum; the aggregates are {NAMES}");
    let (column, func) = match item.rsplit_once(':') {
        Some((column, func)) => (unquoted(column), func.trim()),
        None => (String::new(), item),
    };
    let func = AggFunc::from_name(&func.to_lowercase()).ok_or_else(wanted)?;
    match (column.as_str(), func) {
        ("", AggFunc::Len) => Ok(("len".to_string(), len())),
        (_, AggFunc::Len) => {
            Err(format!("'{item}': len counts rows; for values that are not null write {column}:count"))
        }
        ("", _) => Err(wanted()),
        (column, func) => Ok((format!("{column}_{}", func.name()), col(column).aggregate(func))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(texts: &[&str]) -> Result<String, String> {
        let texts: Vec<String> = texts.iter().map(|text| text.to_string()).collect();
        let shown = |expr: Expr| expr.to_string();
        Ok(aggregates(&texts)?.into_iter().map(shown).collect::<Vec<_>>().join("; "))
    }

    #[test]
    fn aggregates_have_names() {
        let parsed = shown(&["x:sum, x:mean,len", "a:b:std"]).unwrap();
        assert_eq!(parsed, "sum(x) as x_sum; mean(x) as x_mean; len() as len; std(a:b) as a:b_std");
        assert_eq!(shown(&["`a,b`:Max,:len,x:avg"]).unwrap(), "max(a,b) as a,b_max; len() as len; mean(x) as x_mean");
    }

    #[test]
    fn wrong_aggregates_are_refused() {
        for (text, want) in [
            ("", "expected COLUMN:AGGREGATE"),
            ("x", "expected COLUMN:AGGREGATE"),
            ("x:middle", "the aggregates are sum, product, mean"),
            (":sum", "expected COLUMN:AGGREGATE"),
            ("x:sum,", "expected COLUMN:AGGREGATE"),
            ("x:len", "x:count"),
            ("x:sum,x:sum", "comes twice"),
            ("x:mean,x:avg", "comes twice"),
            ("`x:sum", "no closing"),
        ] {
            let error = shown(&[text]).unwrap_err();
            assert!(error.contains(want), "{text}: {error}");
        }
    }

    #[test]
    fn keys_are_columns() {
        let keys = |text: &str| keys(&[text.to_string()]);
        assert_eq!(keys("id, `a,b`").unwrap(), ["id", "a,b"]);
        assert!(keys("id,").is_err() && keys("id,id").is_err() && keys("").is_err());
    }
}

//! The files of parquet-testing: each is read as arrow-rs reads it, or refused clearly.

use std::path::PathBuf;

use blockfold_core::{Columns, Error};
use blockfold_plan::Source;

use crate::support::{assert_same, open, read, reference};

/// Files that must be refused, and a part of the reason.
const REFUSED: &[(&str, &str)] = &[
    // Pages were changed after their checksums were taken.
    ("datapage_v1-corrupt-checksum.parquet", "checksum"),
    ("rle-dict-uncompressed-corrupt-checksum.parquet", "checksum"),
    // The element type of an empty list in the footer is wrong; arrow-rs insists on it.
    ("dict-page-offset-zero.parquet", "footer"),
    // One row holds more bytes of strings than 32-bit offsets reach.
    ("large_string_map.brotli.parquet", "2 GiB"),
    // The column chunk is shorter than its pages.
    ("nation.dict-malformed.parquet", "column 'name'"),
];

/// Files in which arrow-rs finds no rows, since they state none as a whole, with the rows of their row groups.
const ROWS_OF_GROUPS: &[(&str, usize)] = &[("repeated_no_annotation.parquet", 6)];

#[test]
fn every_file_is_read_or_refused() {
    let Some(folder) = std::env::var_os("PARQUET_TEST_DATA").map(PathBuf::from) else {
        println!("skipped: PARQUET_TEST_DATA is not set");
        return;
    };
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "parquet"));
    paths.sort();
    assert!(!paths.is_empty(), "no files in {}", folder.display());
    let mut wrong = Vec::new();
    for path in &paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        let expected = REFUSED.iter().find(|(file, _)| *file == name).map(|(_, why)| *why);
        let found = open(path).and_then(|source| {
            let plain = read(&source)?;
            let names = source.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
            let coded = source.with_columns(&Columns::codes(names))?;
            Ok((source.schema(), plain, coded.map(|coded| read(coded.as_ref())).transpose()?))
        });
        match (found, expected) {
            (Ok((schema, plain, coded)), None) => match reference(path, &schema) {
                Ok(_) if ROWS_OF_GROUPS.contains(&(name, plain.num_rows())) => {}
                Ok(reference) => {
                    assert_same(&plain, &reference, name);
                    coded.iter().for_each(|coded| assert_same(coded, &reference, name));
                }
                Err(error) => wrong.push(format!("{name}: read, but arrow-rs refuses it: {error}")),
            },
            (Err(error), Some(why)) => {
                let text = error.to_string();
                assert!(text.contains(why) && text.contains(name), "{name}: {text}");
                assert!(matches!(error, Error::Corrupt { .. } | Error::Unsupported { .. }), "{name}: {text}");
            }
            (Ok(_), Some(why)) => wrong.push(format!("{name}: read, but should be refused: {why}")),
            (Err(error), None) => wrong.push(format!("{name}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

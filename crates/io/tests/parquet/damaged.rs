//! Damaged files: an error that names the file, or the right schema; never a panic, never more memory than fits.

use std::path::Path;

use blockfold_core::{Columns, Error, Result, col};
use blockfold_plan::Source;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};

use crate::support::{open, read, write};
use crate::written::{noise, sample};

fn read_all_ways(path: &Path) -> Result<()> {
    let source = open(path)?;
    let names: Vec<String> = source.schema().fields().iter().map(|field| field.name().clone()).collect();
    let coded = source.with_columns(&Columns::codes(names))?;
    let filtered = source.with_filter(&col("i32").gt(0).and(col("name").neq("name 3")))?;
    let mut result = Ok(());
    for source in [Some(std::sync::Arc::new(source.clone()) as std::sync::Arc<dyn Source>), coded, filtered] {
        let Some(source) = source else { continue };
        // One way may find what the others do not look at.
        if let Err(error) = read(source.as_ref()) {
            result = Err(error);
        }
    }
    result
}

fn check(path: &Path, what: &str) {
    let Err(error) = read_all_ways(path) else { return };
    let text = error.to_string();
    // A flipped byte in a name or a type makes another frame of it, over which the filter does not hold.
    if matches!(error, Error::ColumnNotFound { .. } | Error::Type { .. }) {
        return;
    }
    assert!(text.contains(path.to_str().unwrap()), "{what}: {text}");
    assert!(matches!(error, Error::Corrupt { .. } | Error::Unsupported { .. }), "{what}: {error:?}");
}

fn files() -> Vec<(&'static str, Vec<u8>)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let builder = |codec, version| {
        WriterProperties::builder()
            .set_compression(codec)
            .set_writer_version(version)
            .set_data_page_row_count_limit(100)
            .set_write_batch_size(50)
            .set_dictionary_page_size_limit(1500)
            .set_max_row_group_row_count(Some(400))
            .set_bloom_filter_enabled(true)
            .build()
    };
    let settings = [
        ("plain, version 1", builder(Compression::UNCOMPRESSED, WriterVersion::PARQUET_1_0)),
        ("snappy, version 1", builder(Compression::SNAPPY, WriterVersion::PARQUET_1_0)),
        ("zstd, version 2", builder(Compression::ZSTD(ZstdLevel::default()), WriterVersion::PARQUET_2_0)),
        ("snappy, version 2", builder(Compression::SNAPPY, WriterVersion::PARQUET_2_0)),
    ];
    let write = |(what, properties)| {
        write(&path, &sample(600, 7), properties);
        (what, std::fs::read(&path).unwrap())
    };
    settings.into_iter().map(write).collect()
}

#[test]
fn truncated_files_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.parquet");
    for (what, bytes) in files() {
        let mut lengths: Vec<usize> = (0..16).chain(bytes.len() - 40..bytes.len()).collect();
        lengths.extend((0..bytes.len()).step_by(bytes.len() / 50));
        for length in lengths {
            std::fs::write(&path, &bytes[..length]).unwrap();
            let error = open(&path).err().unwrap_or_else(|| panic!("{what}, {length} bytes: opened"));
            assert!(matches!(error, Error::Corrupt { .. }), "{what}, {length} bytes: {error}");
            assert!(error.to_string().contains("cut.parquet"));
        }
        // What is in front of the footer is missing, the footer is whole.
        let footer = u32::from_le_bytes(bytes[bytes.len() - 8..bytes.len() - 4].try_into().unwrap()) as usize + 8;
        std::fs::write(&path, &bytes[bytes.len() - footer..]).unwrap();
        check(&path, what);
        assert!(read_all_ways(&path).is_err());
    }
}

#[test]
fn flipped_bytes_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flipped.parquet");
    let mut next = noise(11);
    for (what, bytes) in files() {
        for round in 0..700u64 {
            let mut bytes = bytes.clone();
            for _ in 0..1 + round % 4 {
                // Every other flip hits the footer.
                let start = if round % 2 == 0 { bytes.len() - bytes.len() / 8 } else { 0 };
                let at = start + next() as usize % (bytes.len() - start);
                bytes[at] = match round % 3 {
                    0 => next() as u8,
                    1 => bytes[at] ^ (1 << (next() % 8)),
                    _ => [0, 0xff, 0x7f, 0x80][next() as usize % 4],
                };
            }
            std::fs::write(&path, &bytes).unwrap();
            check(&path, &format!("{what}, round {round}"));
        }
    }
}

#[test]
fn other_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.parquet");
    std::fs::write(&path, b"PAR1, but then something else entirely").unwrap();
    let error = open(&path).unwrap_err();
    assert!(error.to_string().contains("magic"), "{error}");
    std::fs::write(&path, b"").unwrap();
    assert!(open(&path).unwrap_err().to_string().contains("0 bytes"));
    let error = open(&folder.path().join("missing.parquet")).unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
    assert!(open(folder.path()).is_err());
}

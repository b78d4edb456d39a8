//! Small codes for the distinct values of a column.

mod dictionary;
pub(super) mod find;
mod lookup;
mod numbers;
mod output;
mod table;
mod texts;

use arrow::array::{Array, ArrayRef, AsArray, GenericByteArray, GenericByteViewArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::{ByteArrayType, ByteViewType};
use arrow::row::{RowConverter, Rows, SortField};
use blockfold_core::{DType, Error, Result};

use super::fixed::{Bits, FixedBits, is_fixed, with_fixed};
use super::hash::MISSING;
use blockfold_core::expr::plain_type;
use dictionary::Translations;
pub(super) use dictionary::with_keys;
pub(super) use numbers::{Numbers, code_after};
pub(super) use output::bytes_array;
pub(super) use texts::Texts;

/// Distinct values of a column, null among them, numbered by first appearance.
#[derive(Debug)]
pub(super) struct Column {
    distinct: Distinct,
    translations: Translations,
}

/// Values and codes of a column, by how values are stored.
#[derive(Debug)]
pub(super) struct Distinct {
    name: String,
    dtype: DType,
    store: Store,
}

#[derive(Debug)]
enum Store {
    Numbers(Numbers),
    Texts(Texts),
    /// Any other type in the row format, whose bytes sort like values.
    Rows(RowConverter, Texts),
}

impl Column {
    /// No values yet of a column. `range` are bounds that may lie.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for types whose values cannot be compared.
    pub(super) fn new(name: &str, dtype: &DType, range: Option<(i128, i128)>) -> Result<Self> {
        let dtype = plain_type(dtype);
        let store = match &dtype {
            DType::Float32 | DType::Float64 | DType::Null => Store::Numbers(Numbers::hashed()),
            dtype if is_fixed(dtype) => {
                Store::Numbers(Numbers::ranged(range.and_then(|range| range_bits(dtype, range))))
            }
            DType::Utf8 | DType::LargeUtf8 | DType::Utf8View => Store::Texts(Texts::new()),
            DType::Binary | DType::LargeBinary | DType::BinaryView => Store::Texts(Texts::new()),
            other => Store::Rows(row_converter(name, other)?, Texts::new()),
        };
        Ok(Column { distinct: Distinct { name: name.into(), dtype, store }, translations: Translations::default() })
    }

    /// Bytes that [`Column::new`] allocates.
    pub(super) fn initial_bytes(dtype: &DType, range: Option<(i128, i128)>) -> u64 {
        let dtype = plain_type(dtype);
        if !is_fixed(&dtype) || dtype.is_floating() {
            return 0;
        }
        let bits = range.and_then(|range| range_bits(&dtype, range));
        bits.map_or(0, |(least, greatest)| table::promised_bytes(least, greatest))
    }

    /// Makes room for so many values in all.
    pub(super) fn reserve(&mut self, values: usize) {
        match &mut self.distinct.store {
            Store::Numbers(numbers) => numbers.reserve(values),
            Store::Texts(texts) | Store::Rows(_, texts) => texts.reserve(values),
        }
    }

    /// Number of codes.
    pub(super) fn len(&self) -> usize {
        match &self.distinct.store {
            Store::Numbers(numbers) => numbers.len(),
            Store::Texts(texts) | Store::Rows(_, texts) => texts.len(),
        }
    }

    /// The code of null, when there was one.
    pub(super) fn null(&self) -> Option<u32> {
        match &self.distinct.store {
            Store::Numbers(numbers) => numbers.null(),
            Store::Texts(texts) | Store::Rows(_, texts) => texts.null(),
        }
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> u64 {
        let distinct = match &self.distinct.store {
            Store::Numbers(numbers) => numbers.bytes(),
            Store::Texts(texts) | Store::Rows(_, texts) => texts.bytes(),
        };
        distinct + self.translations.bytes()
    }

    /// Writes the code of each row's value.
    ///
    /// # Errors
    /// [`Error::Type`] when the array is not of the column's type.
    pub(super) fn intern(&mut self, array: &ArrayRef, codes: &mut [u32]) -> Result<()> {
        match array.as_any_dictionary_opt() {
            Some(dictionary) => self.translations.intern(&mut self.distinct, dictionary, codes),
            None => self.distinct.intern(array, codes),
        }
    }

    /// Codes sorted by value, null last.
    pub(super) fn order(&self) -> Vec<u32> {
        match &self.distinct.store {
            Store::Numbers(numbers) => numbers.order(),
            Store::Texts(texts) | Store::Rows(_, texts) => texts.order(),
        }
    }

    /// Takes the values of another column in; returns our code for each of its codes.
    pub(super) fn absorb(&mut self, other: &Column) -> Result<Vec<u32>> {
        let mut codes = vec![MISSING; other.len()];
        let nulls = other.null().map(|null| one_null(other.len(), null));
        match (&mut self.distinct.store, &other.distinct.store) {
            (Store::Numbers(ours), Store::Numbers(theirs)) => {
                let bits: Vec<Bits> = theirs.values().iter().copied().map(Bits).collect();
                ours.intern(&bits, nulls.as_ref(), &mut codes);
            }
            (Store::Texts(ours) | Store::Rows(_, ours), Store::Texts(theirs) | Store::Rows(_, theirs)) => {
                ours.intern(|code| theirs.value(numbers::code_after(code)), nulls.as_ref(), &mut codes);
            }
            _ => return Err(Error::internal("states of different specs were merged")),
        }
        Ok(codes)
    }

    /// The values of codes, as an array of the column's [`state_type`].
    pub(super) fn state_values(&self, codes: &[u32]) -> Result<ArrayRef> {
        match &self.distinct.store {
            Store::Texts(texts) => output::texts(&self.distinct.name, &state_type(&self.distinct.dtype), texts, codes),
            _ => self.values(codes),
        }
    }

    /// The values of codes, as an array of the column's type.
    pub(super) fn values(&self, codes: &[u32]) -> Result<ArrayRef> {
        let null = self.null();
        match &self.distinct.store {
            Store::Numbers(numbers) => output::numbers(&self.distinct.dtype, numbers.values(), codes, null),
            Store::Texts(texts) => output::texts(&self.distinct.name, &self.distinct.dtype, texts, codes),
            Store::Rows(converter, texts) => output::rows(converter, &self.distinct.dtype, texts, codes),
        }
    }
}

impl Distinct {
    fn null_code(&mut self) -> u32 {
        match &mut self.store {
            Store::Numbers(numbers) => numbers.null_code(),
            Store::Texts(texts) | Store::Rows(_, texts) => texts.null_code(),
        }
    }

    /// The code of one value of an array.
    fn code_at(&mut self, array: &ArrayRef, row: usize) -> Result<u32> {
        if array.is_null(row) {
            return Ok(self.null_code());
        }
        // Large dictionaries are of strings.
        if let Store::Texts(texts) = &mut self.store {
            match array.data_type() {
                DType::Utf8 => return Ok(texts.code_of(array.as_string::<i32>().value(row).as_bytes())),
                DType::LargeUtf8 => return Ok(texts.code_of(array.as_string::<i64>().value(row).as_bytes())),
                DType::Utf8View => return Ok(texts.code_of(array.as_string_view().value(row).as_bytes())),
                _ => {}
            }
        }
        let mut code = [MISSING];
        self.intern(&array.slice(row, 1), &mut code)?;
        Ok(code[0])
    }

    fn intern(&mut self, array: &ArrayRef, codes: &mut [u32]) -> Result<()> {
        let mismatch = || Error::Type {
            op: format!("the column '{}'", self.name),
            expected: self.dtype.to_string(),
            got: array.data_type().to_string(),
        };
        let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
        match &mut self.store {
            Store::Numbers(numbers) => match &self.dtype {
                DType::Null => codes.fill(numbers.null_code()),
                DType::Boolean => {
                    let booleans = array.as_boolean_opt().ok_or_else(mismatch)?;
                    let bytes: Vec<u8> = booleans.values().iter().map(u8::from).collect();
                    numbers.intern(&bytes, nulls, codes);
                }
                dtype => with_fixed!(dtype, T => {
                    let values = array.as_primitive_opt::<T>().ok_or_else(mismatch)?;
                    numbers.intern(values.values(), nulls, codes);
                }, _ => return Err(mismatch())),
            },
            Store::Texts(texts) => match array.data_type() {
                DType::Utf8 => texts.intern(bytes_of(array.as_string::<i32>()), nulls, codes),
                DType::LargeUtf8 => texts.intern(bytes_of(array.as_string::<i64>()), nulls, codes),
                DType::Utf8View => texts.intern(view_bytes_of(array.as_string_view()), nulls, codes),
                DType::Binary => texts.intern(bytes_of(array.as_binary::<i32>()), nulls, codes),
                DType::LargeBinary => texts.intern(bytes_of(array.as_binary::<i64>()), nulls, codes),
                DType::BinaryView => texts.intern(view_bytes_of(array.as_binary_view()), nulls, codes),
                _ => return Err(mismatch()),
            },
            Store::Rows(converter, texts) => {
                if *array.data_type() != self.dtype {
                    return Err(mismatch());
                }
                let rows: Rows = converter.convert_columns(std::slice::from_ref(array))?;
                texts.intern(|row| rows.row(row).data(), nulls, codes);
            }
        }
        Ok(())
    }
}

/// The type in which values travel between states: texts may be longer in all than their own type can say.
pub(super) fn state_type(dtype: &DType) -> DType {
    match plain_type(dtype) {
        DType::Utf8 | DType::Utf8View => DType::LargeUtf8,
        DType::Binary | DType::BinaryView => DType::LargeBinary,
        other => other,
    }
}

fn bytes_of<'a, T: ByteArrayType>(array: &'a GenericByteArray<T>) -> impl Fn(usize) -> &'a [u8] {
    |row| array.value(row).as_ref()
}

fn view_bytes_of<'a, T: ByteViewType + ?Sized>(array: &'a GenericByteViewArray<T>) -> impl Fn(usize) -> &'a [u8] {
    |row| array.value(row).as_ref()
}

/// The bits of a range of a type's values, as far as the type can hold it.
fn range_bits(dtype: &DType, (least, greatest): (i128, i128)) -> Option<(u64, u64)> {
    let bits = |value: i128| {
        if dtype.is_unsigned_integer() || *dtype == DType::Boolean {
            u64::try_from(value.max(0)).unwrap_or(u64::MAX).to_bits()
        } else {
            let nearest = if value < 0 { i64::MIN } else { i64::MAX };
            i64::try_from(value).unwrap_or(nearest).to_bits()
        }
    };
    (least <= greatest).then(|| (bits(least), bits(greatest)))
}

fn row_converter(name: &str, dtype: &DType) -> Result<RowConverter> {
    RowConverter::new(vec![SortField::new(dtype.clone())]).map_err(|_| Error::Unsupported {
        what: format!("the type {dtype} of column '{name}' as a key"),
        instead: "cast the column to a plain type".into(),
    })
}

/// Validity of `len` values of which one is null.
fn one_null(len: usize, null: u32) -> NullBuffer {
    NullBuffer::new(BooleanBuffer::collect_bool(len, |row| row != null as usize))
}

//! The kinds of column a table is made of: each is a builder, its Arrow type and whether it may be null.

use std::sync::Arc;

use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, ListBuilder, PrimitiveBuilder, StringBuilder,
};
use arrow_array::types::{
    ArrowPrimitiveType, Int32Type, TimestampMicrosecondType, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow_array::{ArrayRef, DictionaryArray, PrimitiveArray, StringArray};
use arrow_buffer::ScalarBuffer;
use arrow_schema::{ArrowError, DataType, Field, TimeUnit};

/// One column under construction.
pub trait Column: Default {
    /// What is appended for one row.
    type Value<'a>;
    /// May a row have no value?
    const NULLABLE: bool;
    /// The type's name in documentation: `text`, `u16`, `list<text>`, ...
    const TYPE: &'static str;
    /// The type in Arrow.
    fn arrow_type() -> DataType;
    /// Appends one row's value.
    fn push(&mut self, value: Self::Value<'_>);
    /// Hands out what was appended and starts anew.
    fn finish(&mut self) -> Result<ArrayRef, ArrowError>;
    /// Bytes held by values of variable length.
    fn heap_bytes(&self) -> usize {
        0
    }
}

/// A number type with its documented name.
pub trait Numeric: ArrowPrimitiveType {
    /// Documented name.
    const NAME: &'static str;
    /// Documented name of a list of it.
    const LIST_NAME: &'static str;
}

macro_rules! numeric {
    ($($arrow:ty => $name:literal, $list:literal;)+) => {
        $(impl Numeric for $arrow {
            const NAME: &'static str = $name;
            const LIST_NAME: &'static str = $list;
        })+
    };
}
numeric! {
    UInt8Type => "u8", "list<u8>";
    UInt16Type => "u16", "list<u16>";
    UInt32Type => "u32", "list<u32>";
    UInt64Type => "u64", "list<u64>";
}

/// A number, always there.
pub struct Number<T: Numeric>(Vec<T::Native>);

impl<T: Numeric> Default for Number<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Numeric> Column for Number<T> {
    type Value<'a> = T::Native;
    const NULLABLE: bool = false;
    const TYPE: &'static str = T::NAME;
    fn arrow_type() -> DataType {
        T::DATA_TYPE
    }
    fn push(&mut self, value: T::Native) {
        self.0.push(value);
    }
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let values = taken(&mut self.0);
        Ok(Arc::new(PrimitiveArray::<T>::new(
            ScalarBuffer::from(values),
            None,
        )))
    }
}

/// A number that may be unknown.
pub struct OptNumber<T: Numeric>(PrimitiveBuilder<T>);

impl<T: Numeric> Default for OptNumber<T> {
    fn default() -> Self {
        Self(PrimitiveBuilder::with_capacity(0))
    }
}

impl<T: Numeric> Column for OptNumber<T> {
    type Value<'a> = Option<T::Native>;
    const NULLABLE: bool = true;
    const TYPE: &'static str = T::NAME;
    fn arrow_type() -> DataType {
        T::DATA_TYPE
    }
    fn push(&mut self, value: Option<T::Native>) {
        self.0.append_option(value);
    }
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.0.finish()))
    }
}

/// Unsigned numbers by width.
pub type U8 = Number<UInt8Type>;
/// See [`U8`].
pub type U16 = Number<UInt16Type>;
/// See [`U8`].
pub type U32 = Number<UInt32Type>;
/// See [`U8`].
pub type U64 = Number<UInt64Type>;
/// See [`U8`]; may be null.
pub type OptU16 = OptNumber<UInt16Type>;
/// See [`U8`]; may be null.
pub type OptU32 = OptNumber<UInt32Type>;
/// See [`U8`]; may be null.
pub type OptU64 = OptNumber<UInt64Type>;

fn utc() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// A time in microseconds since the epoch, UTC.
#[derive(Default)]
pub struct Time(Vec<i64>);

impl Column for Time {
    type Value<'a> = i64;
    const NULLABLE: bool = false;
    const TYPE: &'static str = "timestamp[us, UTC]";
    fn arrow_type() -> DataType {
        utc()
    }
    fn push(&mut self, value: i64) {
        self.0.push(value);
    }
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let values = taken(&mut self.0);
        Ok(Arc::new(
            PrimitiveArray::<TimestampMicrosecondType>::new(values.into(), None)
                .with_timezone("UTC"),
        ))
    }
}

/// A time that may be unknown.
#[derive(Default)]
pub struct OptTime(PrimitiveBuilder<TimestampMicrosecondType>);

impl Column for OptTime {
    type Value<'a> = Option<i64>;
    const NULLABLE: bool = true;
    const TYPE: &'static str = "timestamp[us, UTC]";
    fn arrow_type() -> DataType {
        utc()
    }
    fn push(&mut self, value: Option<i64>) {
        self.0.append_option(value);
    }
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.0.finish().with_timezone("UTC")))
    }
}

/// Yes or no.
#[derive(Default)]
pub struct Flag(BooleanBuilder);

impl Column for Flag {
    type Value<'a> = bool;
    const NULLABLE: bool = false;
    const TYPE: &'static str = "bool";
    fn arrow_type() -> DataType {
        DataType::Boolean
    }
    fn push(&mut self, value: bool) {
        self.0.append_value(value);
    }
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.0.finish()))
    }
}

/// Text, always there.
#[derive(Default)]
pub struct Text(pub(crate) StringBuilder);

impl Column for Text {
    type Value<'a> = &'a str;
    const NULLABLE: bool = false;
    const TYPE: &'static str = "text";
    fn arrow_type() -> DataType {
        DataType::Utf8
    }
    fn push(&mut self, value: &str) {
        self.0.append_value(value);
    }
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.0.finish()))
    }
    fn heap_bytes(&self) -> usize {
        self.0.values_slice().len()
    }
}

/// Text that may be unknown.
#[derive(Default)]
pub struct OptText(StringBuilder);

impl Column for OptText {
    type Value<'a> = Option<&'a str>;
    const NULLABLE: bool = true;
    const TYPE: &'static str = "text";
    fn arrow_type() -> DataType {
        DataType::Utf8
    }
    fn push(&mut self, value: Option<&str>) {
        self.0.append_option(value);
    }
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.0.finish()))
    }
    fn heap_bytes(&self) -> usize {
        self.0.values_slice().len()
    }
}

/// Bytes that may be absent.
#[derive(Default)]
pub struct OptBytes(BinaryBuilder);

impl Column for OptBytes {
    type Value<'a> = Option<&'a [u8]>;
    const NULLABLE: bool = true;
    const TYPE: &'static str = "bytes";
    fn arrow_type() -> DataType {
        DataType::Binary
    }
    fn push(&mut self, value: Option<&[u8]>) {
        self.0.append_option(value);
    }
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.0.finish()))
    }
    fn heap_bytes(&self) -> usize {
        self.0.values_slice().len()
    }
}

fn list_of(item: DataType, item_nullable: bool) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(item, item_nullable)))
}

/// A list of texts; empty when there is none.
pub struct Texts(ListBuilder<StringBuilder>);

impl Default for Texts {
    fn default() -> Self {
        let field = Field::new_list_field(DataType::Utf8, false);
        Self(ListBuilder::new(StringBuilder::new()).with_field(field))
    }
}

impl Column for Texts {
    type Value<'a> = Vec<&'a str>;
    const NULLABLE: bool = false;
    const TYPE: &'static str = "list<text>";
    fn arrow_type() -> DataType {
        list_of(DataType::Utf8, false)
    }
    fn push(&mut self, value: Vec<&str>) {
        for text in value {
            self.0.values().append_value(text);
        }
        self.0.append(true);
    }
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.0.finish()))
    }
    fn heap_bytes(&self) -> usize {
        self.0.values_ref().values_slice().len()
    }
}

/// A list of texts, each of which may be unknown; parallel to another list.
#[derive(Default)]
pub struct OptTexts(ListBuilder<StringBuilder>);

impl Column for OptTexts {
    type Value<'a> = Vec<Option<&'a str>>;
    const NULLABLE: bool = false;
    const TYPE: &'static str = "list<text?>";
    fn arrow_type() -> DataType {
        list_of(DataType::Utf8, true)
    }
    fn push(&mut self, value: Vec<Option<&str>>) {
        for text in value {
            self.0.values().append_option(text);
        }
        self.0.append(true);
    }
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.0.finish()))
    }
    fn heap_bytes(&self) -> usize {
        self.0.values_ref().values_slice().len()
    }
}

/// A list of numbers.
pub struct Numbers<T: Numeric>(ListBuilder<PrimitiveBuilder<T>>);

impl<T: Numeric> Default for Numbers<T> {
    fn default() -> Self {
        let field = Field::new_list_field(T::DATA_TYPE, false);
        Self(ListBuilder::new(PrimitiveBuilder::with_capacity(0)).with_field(field))
    }
}

impl<T: Numeric> Column for Numbers<T> {
    type Value<'a> = &'a [T::Native];
    const NULLABLE: bool = false;
    const TYPE: &'static str = T::LIST_NAME;
    fn arrow_type() -> DataType {
        list_of(T::DATA_TYPE, false)
    }
    fn push(&mut self, value: &[T::Native]) {
        self.0.values().append_slice(value);
        self.0.append(true);
    }
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.0.finish()))
    }
    fn heap_bytes(&self) -> usize {
        size_of_val(self.0.values_ref().values_slice())
    }
}

/// A list of u64.
pub type U64s = Numbers<UInt64Type>;
/// A list of u16.
pub type U16s = Numbers<UInt16Type>;

/// A list of reply codes, each of which may be unknown; parallel to another list.
#[derive(Default)]
pub struct OptU16s(ListBuilder<PrimitiveBuilder<UInt16Type>>);

impl Column for OptU16s {
    type Value<'a> = Vec<Option<u16>>;
    const NULLABLE: bool = false;
    const TYPE: &'static str = "list<u16?>";
    fn arrow_type() -> DataType {
        list_of(DataType::UInt16, true)
    }
    fn push(&mut self, value: Vec<Option<u16>>) {
        for code in value {
            self.0.values().append_option(code);
        }
        self.0.append(true);
    }
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.0.finish()))
    }
}

/// Text of few different values: a dictionary in Arrow, so that a row costs four bytes.
#[derive(Default)]
pub struct Word(Words);

impl Column for Word {
    type Value<'a> = &'a str;
    const NULLABLE: bool = false;
    const TYPE: &'static str = "text";
    fn arrow_type() -> DataType {
        dictionary()
    }
    fn push(&mut self, value: &str) {
        let key = self.0.key(value);
        self.0.keys.push(key);
    }
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let keys = PrimitiveArray::<Int32Type>::new(taken(&mut self.0.keys).into(), None);
        let array = DictionaryArray::try_new(keys, Arc::new(self.0.values()))?;
        self.0 = Words::with_capacity(array.len());
        Ok(Arc::new(array))
    }
}

/// As [`Word`], but may be null.
#[derive(Default)]
pub struct OptWord {
    words: Words,
    keys: PrimitiveBuilder<Int32Type>,
}

impl Column for OptWord {
    type Value<'a> = Option<&'a str>;
    const NULLABLE: bool = true;
    const TYPE: &'static str = "text";
    fn arrow_type() -> DataType {
        dictionary()
    }
    fn push(&mut self, value: Option<&str>) {
        let key = value.map(|value| self.words.key(value));
        self.keys.append_option(key);
    }
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let array = DictionaryArray::try_new(self.keys.finish(), Arc::new(self.words.values()))?;
        self.words = Words::default();
        Ok(Arc::new(array))
    }
}

fn dictionary() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

const CACHE_SLOTS: usize = 16;

/// Words seen in this batch and their numbers.
#[derive(Default)]
struct Words {
    keys: Vec<i32>,
    words: Vec<Box<str>>,
    numbers: std::collections::HashMap<Box<str>, i32, foldhash::fast::FixedState>,
    /// Number of a recent word by its shape: most columns alternate among a few words.
    recent: [u32; CACHE_SLOTS],
}

impl Words {
    fn with_capacity(rows: usize) -> Self {
        Self {
            keys: Vec::with_capacity(rows),
            ..Self::default()
        }
    }

    fn key(&mut self, word: &str) -> i32 {
        let last = word.as_bytes().last().copied().unwrap_or_default();
        let slot = (word.len() ^ usize::from(last)) % CACHE_SLOTS;
        let recent = self.recent.get(slot).copied().unwrap_or_default();
        if self
            .words
            .get(recent as usize)
            .is_some_and(|known| &**known == word)
        {
            return recent.cast_signed();
        }
        let key = self.number(word);
        if let Some(recent) = self.recent.get_mut(slot) {
            *recent = key.cast_unsigned();
        }
        key
    }

    fn number(&mut self, word: &str) -> i32 {
        if let Some(&key) = self.numbers.get(word) {
            return key;
        }
        let key = i32::try_from(self.words.len()).unwrap_or(i32::MAX);
        self.words.push(word.into());
        self.numbers.insert(word.into(), key);
        key
    }

    fn values(&self) -> StringArray {
        StringArray::from_iter_values(&self.words)
    }
}

/// Takes the values and keeps as much room for the next batch.
fn taken<T>(values: &mut Vec<T>) -> Vec<T> {
    let room = values.len();
    std::mem::replace(values, Vec::with_capacity(room))
}

//! The kinds of column a table is made of: each is a builder, its Arrow type and whether it may be null.
//! Here those of one value a row; `list` has several, `word` repeats few.

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, BooleanBuilder, PrimitiveBuilder};
use arrow_array::types::{
    ArrowPrimitiveType, TimestampMicrosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{ArrayRef, PrimitiveArray};
use arrow_buffer::ScalarBuffer;
use arrow_schema::{ArrowError, DataType, TimeUnit};

use crate::strings::{OptStrings, Strings};

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
pub type OptU8 = OptNumber<UInt8Type>;
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
pub struct Text(Strings);

impl Column for Text {
    type Value<'a> = &'a str;
    const NULLABLE: bool = false;
    const TYPE: &'static str = "text";
    fn arrow_type() -> DataType {
        DataType::Utf8
    }
    fn push(&mut self, value: &str) {
        self.0.push(value);
    }
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        self.0.finish(None)
    }
    fn heap_bytes(&self) -> usize {
        self.0.bytes()
    }
}

/// Text that may be unknown.
#[derive(Default)]
pub struct OptText(OptStrings);

impl Column for OptText {
    type Value<'a> = Option<&'a str>;
    const NULLABLE: bool = true;
    const TYPE: &'static str = "text";
    fn arrow_type() -> DataType {
        DataType::Utf8
    }
    fn push(&mut self, value: Option<&str>) {
        self.0.push(value);
    }
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        self.0.finish()
    }
    fn heap_bytes(&self) -> usize {
        self.0.bytes()
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

/// Takes the values and keeps as much room for the next batch.
pub(crate) fn taken<T>(values: &mut Vec<T>) -> Vec<T> {
    let room = values.len();
    std::mem::replace(values, Vec::with_capacity(room))
}

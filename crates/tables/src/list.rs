//! Columns with several values a row; an empty list where there is none.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{ListBuilder, PrimitiveBuilder, StringBuilder};
use arrow_array::types::{UInt16Type, UInt64Type};
use arrow_schema::{ArrowError, DataType, Field};

use crate::column::{Column, Numeric};

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

//! Columns of few different texts, as dictionaries.

use std::sync::Arc;

use arrow_array::builder::PrimitiveBuilder;
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, PrimitiveArray, StringArray};
use arrow_schema::{ArrowError, DataType};

use crate::column::{Column, taken};

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

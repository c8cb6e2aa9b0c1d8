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
        self.0.finish()
    }
}

/// As [`Word`], of words that are part of the program: known by their place, without looking at their letters.
#[derive(Default)]
pub struct Slug {
    words: Words,
    recent: [(usize, usize, i32); CACHE_SLOTS],
}

impl Column for Slug {
    type Value<'a> = &'static str;
    const NULLABLE: bool = false;
    const TYPE: &'static str = "text";
    fn arrow_type() -> DataType {
        dictionary()
    }
    #[inline]
    fn push(&mut self, value: &'static str) {
        let (place, length) = (value.as_ptr().addr(), value.len());
        let slot = (place ^ place >> 4 ^ length) % CACHE_SLOTS;
        let known = self.recent.get(slot).copied().unwrap_or_default();
        let key = if (known.0, known.1) == (place, length) {
            known.2
        } else {
            let key = self.words.number(value);
            if let Some(recent) = self.recent.get_mut(slot) {
                *recent = (place, length, key);
            }
            key
        };
        self.words.keys.push(key);
    }
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        self.recent = Default::default();
        self.words.finish()
    }
}

/// Name of an input, by its number: rows of one input follow each other.
#[derive(Default)]
pub struct InputName {
    words: Words,
    last: Option<(u32, i32)>,
}

impl Column for InputName {
    type Value<'a> = (u32, &'a str);
    const NULLABLE: bool = false;
    const TYPE: &'static str = "text";
    fn arrow_type() -> DataType {
        dictionary()
    }
    #[inline]
    fn push(&mut self, (number, name): (u32, &str)) {
        let key = match self.last {
            Some((last, key)) if last == number => key,
            _ => {
                let key = self.words.key(name);
                self.last = Some((number, key));
                key
            }
        };
        self.words.keys.push(key);
    }
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        self.last = None;
        self.words.finish()
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
    /// Hands out the rows' words and starts anew.
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let keys = PrimitiveArray::<Int32Type>::new(taken(&mut self.keys).into(), None);
        let array = DictionaryArray::try_new(keys, Arc::new(self.values()))?;
        *self = Self {
            keys: std::mem::take(&mut self.keys),
            ..Self::default()
        };
        Ok(Arc::new(array))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use arrow_array::cast::AsArray;

    fn texts(array: &ArrayRef) -> Vec<String> {
        let array = array.as_dictionary::<Int32Type>();
        let words = array.downcast_dict::<StringArray>().unwrap();
        words.into_iter().flatten().map(str::to_owned).collect()
    }

    #[test]
    fn words_of_the_program_are_told_apart_by_their_letters() {
        static TWICE: &str = "idle-fin";
        let (idle, fin) = TWICE.split_at(4);
        let mut column = Slug::default();
        let rows = [idle, "fin", &fin[1..], "idle", "", idle];
        rows.into_iter().for_each(|row| column.push(row));
        let array = column.finish().unwrap();
        assert_eq!(texts(&array), rows);
        assert_eq!(array.as_dictionary::<Int32Type>().values().len(), 3);
    }

    #[test]
    fn inputs_are_named_anew_in_each_batch() {
        let mut column = InputName::default();
        for input in [(0, "a"), (0, "a"), (1, "b"), (0, "a")] {
            column.push(input);
        }
        assert_eq!(texts(&column.finish().unwrap()), ["a", "a", "b", "a"]);
        column.push((0, "a"));
        assert_eq!(texts(&column.finish().unwrap()), ["a"]);
    }
}

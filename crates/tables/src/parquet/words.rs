//! A column chunk of words, written from the numbers that they have in their batches.
//!
//! The library's writer takes a dictionary apart and hashes the word of every row anew; here each batch's few
//! words are looked up once and its numbers translated.

use std::collections::HashMap;
use std::io::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef};
use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::writer::{SerializedPageWriter, SerializedRowGroupWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use super::runs;

/// Words of a row group under construction.
#[derive(Default)]
pub(super) struct WordChunk {
    numbers: HashMap<Box<str>, u32, foldhash::fast::FixedState>,
    /// The words by number, as the dictionary page has them: length and bytes.
    dictionary: Vec<u8>,
    /// Number of each row's word; rows without one are left out.
    rows: Vec<u32>,
    /// One for each row with a word, zero for the others; empty where every row has one.
    present: Vec<u32>,
    is_optional: bool,
}

impl WordChunk {
    /// A chunk of a column that may, or may not, have rows without a word.
    pub(super) fn new(is_optional: bool) -> Self {
        Self {
            is_optional,
            ..Self::default()
        }
    }

    /// Appends a batch's rows.
    pub(super) fn write(&mut self, column: &ArrayRef) -> Result<()> {
        let batch = column
            .as_dictionary_opt::<Int32Type>()
            .ok_or_else(|| ParquetError::General("no column of words".into()))?;
        let words = batch
            .values()
            .as_string_opt::<i32>()
            .ok_or_else(|| ParquetError::General("words that are no text".into()))?;
        let numbers: Vec<u32> = words
            .iter()
            .flatten()
            .map(|word| self.number(word))
            .collect();
        let number = |key: i32| numbers.get(key as usize).copied().unwrap_or_default();
        let keys = batch.keys();
        if keys.null_count() == 0 {
            self.rows
                .extend(keys.values().iter().map(|key| number(*key)));
        } else {
            self.rows.extend(keys.iter().flatten().map(number));
        }
        if self.is_optional {
            self.present
                .extend(keys.iter().map(|key| u32::from(key.is_some())));
        }
        Ok(())
    }

    /// The word's number in this chunk.
    fn number(&mut self, word: &str) -> u32 {
        if let Some(&number) = self.numbers.get(word) {
            return number;
        }
        let number = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        self.numbers.insert(word.into(), number);
        let length = u32::try_from(word.len()).unwrap_or(u32::MAX);
        self.dictionary.extend_from_slice(&length.to_le_bytes());
        self.dictionary.extend_from_slice(word.as_bytes());
        number
    }

    /// Bytes held for the words themselves.
    pub(super) fn word_bytes(&self) -> usize {
        self.dictionary.len()
    }

    /// Writes the chunk as a dictionary page and one data page.
    pub(super) fn append_to<W: Write + Send>(
        self,
        descriptor: ColumnDescPtr,
        group: &mut SerializedRowGroupWriter<'_, W>,
    ) -> Result<()> {
        let rows = if self.is_optional {
            self.present.len()
        } else {
            self.rows.len()
        };
        let words = self.numbers.len();
        let data = self.data_page();
        let mut sink =
            TrackedWrite::new(Vec::with_capacity(data.len() + self.dictionary.len() + 128));
        let mut pages = SerializedPageWriter::new(&mut sink);
        let dictionary = Page::DictionaryPage {
            buf: self.dictionary.into(),
            num_values: words as u32,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        let data = Page::DataPage {
            buf: data.into(),
            num_values: rows as u32,
            encoding: Encoding::RLE_DICTIONARY,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let mut offsets = [0, 0];
        for (offset, page) in offsets.iter_mut().zip([dictionary, data]) {
            let length = page.buffer().len();
            *offset = pages.write_page(CompressedPage::new(page, length))?.offset as i64;
        }
        pages.close()?;
        let [dictionary_offset, data_offset] = offsets;
        let written = Bytes::from(sink.into_inner()?);
        let length = written.len() as i64;
        let metadata = ColumnChunkMetaData::builder(descriptor)
            .set_encodings(vec![
                Encoding::PLAIN,
                Encoding::RLE,
                Encoding::RLE_DICTIONARY,
            ])
            .set_compression(Compression::UNCOMPRESSED)
            .set_num_values(rows as i64)
            .set_total_compressed_size(length)
            .set_total_uncompressed_size(length)
            .set_dictionary_page_offset(Some(dictionary_offset))
            .set_data_page_offset(data_offset)
            .build()?;
        let close = ColumnCloseResult {
            bytes_written: written.len() as u64,
            rows_written: rows as u64,
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        group.append_column(&written, close)
    }

    /// Levels where rows may lack a word, then the width of a number and the numbers.
    fn data_page(&self) -> Vec<u8> {
        let mut page = Vec::with_capacity(self.rows.len());
        if self.is_optional {
            page.extend_from_slice(&[0; 4]);
            runs::write(&mut page, &self.present, 1);
            let length = (page.len() - 4) as u32;
            if let Some(place) = page.first_chunk_mut::<4>() {
                *place = length.to_le_bytes();
            }
        }
        let highest = self.numbers.len().saturating_sub(1) as u32;
        let width = u32::BITS - highest.leading_zeros();
        page.push(width as u8);
        runs::write(&mut page, &self.rows, width);
        page
    }
}

/// The columns of a schema that are words: dictionaries in Arrow.
pub(super) fn is_words(field: &arrow_schema::Field) -> bool {
    matches!(field.data_type(), arrow_schema::DataType::Dictionary(..))
}

//! A table as a Parquet file, written batch by batch.

mod runs;
mod words;

use std::io::Write;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, Encoding};
use parquet::errors::Result;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;

use crate::table::TableSchema;
use words::WordChunk;

/// Rows of a row group: what the writer holds in memory, encoded, before it reaches the file.
const ROW_GROUP_ROWS: usize = 64 << 10;

/// Rows that are encoded at once: a whole batch.
const BATCH_ROWS: usize = 4 << 10;

/// Encoded bytes at which a row group ends before it has all its rows.
const ROW_GROUP_BYTES: usize = 16 << 20;

/// Writes one table.
pub struct TableWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    factory: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
    /// The row group under construction.
    columns: Vec<ColumnChunk>,
    rows: usize,
    groups: usize,
}

/// One column of the row group under construction. Every column of ours has one leaf.
enum ColumnChunk {
    Words(WordChunk),
    Other(Box<ArrowColumnWriter>),
}

impl<W: Write + Send> TableWriter<W> {
    /// Begins the file.
    ///
    /// # Errors
    /// The output fails.
    pub fn new(out: W, table: &TableSchema) -> std::result::Result<Self, ArrowError> {
        let schema = table.arrow.clone();
        let writer = ArrowWriter::try_new(out, schema.clone(), Some(properties(table)))?;
        let (file, factory) = writer.into_serialized_writer()?;
        Ok(Self {
            file,
            factory,
            schema,
            columns: Vec::new(),
            rows: 0,
            groups: 0,
        })
    }

    /// Appends a batch.
    ///
    /// # Errors
    /// The output fails.
    pub fn write(&mut self, batch: &RecordBatch) -> std::result::Result<(), ArrowError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        if self.columns.is_empty() {
            self.columns = self.begun()?;
        }
        let fields = self.schema.fields().iter();
        for ((chunk, field), column) in self.columns.iter_mut().zip(fields).zip(batch.columns()) {
            chunk.write(field, column)?;
        }
        self.rows += batch.num_rows();
        let bytes: usize = self.columns.iter().map(ColumnChunk::bytes).sum();
        if self.rows >= ROW_GROUP_ROWS || bytes >= ROW_GROUP_BYTES {
            self.end_group()?;
        }
        Ok(())
    }

    /// Completes the file and gives back its output.
    ///
    /// # Errors
    /// The output fails.
    pub fn finish(mut self) -> std::result::Result<W, ArrowError> {
        self.end_group()?;
        Ok(self.file.into_inner()?)
    }

    fn begun(&self) -> Result<Vec<ColumnChunk>> {
        let writers = self.factory.create_column_writers(self.groups)?;
        let fields = self.schema.fields().iter();
        let chunks = writers.into_iter().zip(fields);
        Ok(chunks
            .map(|(writer, field)| match words::is_words(field) {
                true => ColumnChunk::Words(WordChunk::new(field.is_nullable())),
                false => ColumnChunk::Other(Box::new(writer)),
            })
            .collect())
    }

    fn end_group(&mut self) -> Result<()> {
        if self.columns.is_empty() {
            return Ok(());
        }
        let descriptors = self.file.schema_descr().columns().to_vec();
        let mut group = self.file.next_row_group()?;
        for (chunk, descriptor) in std::mem::take(&mut self.columns)
            .into_iter()
            .zip(descriptors)
        {
            match chunk {
                ColumnChunk::Words(words) => words.append_to(descriptor, &mut group)?,
                ColumnChunk::Other(writer) => writer.close()?.append_to_row_group(&mut group)?,
            }
        }
        group.close()?;
        (self.rows, self.groups) = (0, self.groups + 1);
        Ok(())
    }
}

impl ColumnChunk {
    fn write(&mut self, field: &Field, column: &ArrayRef) -> Result<()> {
        match self {
            Self::Words(words) => words.write(column),
            Self::Other(writer) => {
                for leaf in compute_leaves(field, column)? {
                    writer.write(&leaf)?;
                }
                Ok(())
            }
        }
    }

    /// Encoded bytes so far, about.
    fn bytes(&self) -> usize {
        match self {
            Self::Words(words) => words.word_bytes(),
            Self::Other(writer) => writer.get_estimated_total_bytes(),
        }
    }
}

/// Cheap to write and to read: words as dictionaries, by [`WordChunk`]; numbers and times as packed differences, which
/// need no codec; addresses, ids and hashes plain; statistics for the times, by which row groups are skipped.
fn properties(table: &TableSchema) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("mailscope ", env!("CARGO_PKG_VERSION")).into())
        .set_write_batch_size(BATCH_ROWS)
        .set_compression(Compression::SNAPPY)
        .set_dictionary_enabled(false)
        .set_offset_index_disabled(true)
        .set_statistics_enabled(EnabledStatistics::None);
    for column in &table.columns {
        let path = ColumnPath::from(column.name);
        let is_time = matches!(column.arrow_type, DataType::Timestamp(..));
        if is_time || column.arrow_type.is_unsigned_integer() {
            properties = properties
                .set_column_encoding(path.clone(), Encoding::DELTA_BINARY_PACKED)
                .set_column_compression(path.clone(), Compression::UNCOMPRESSED);
        }
        if is_time {
            properties = properties.set_column_statistics_enabled(path, EnabledStatistics::Chunk);
        } else if matches!(column.name, "flow_id" | "community_id")
            || column.name.ends_with("_addr")
        {
            properties = properties.set_column_compression(path, Compression::UNCOMPRESSED);
        }
    }
    properties.build()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use arrow_array::StringArray;
    use arrow_array::cast::AsArray;
    use arrow_array::types::Int32Type;
    use bytes::Bytes;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

    use super::*;
    use crate::column::{Column, U64};
    use crate::table::{column, described};
    use crate::word::{OptWord, Word};

    /// Words of many kinds of run, and where there is none.
    fn rows(from: usize, count: usize) -> Vec<(String, Option<String>)> {
        let row = |row: usize| {
            let word = match row / 50 % 4 {
                0 => "same".to_owned(),
                1 => format!("w{}", row % 3),
                2 => format!("word {}", row * row % 700),
                _ => String::new(),
            };
            (word.clone(), (row % 60 > 20).then_some(word))
        };
        (from..from + count).map(row).collect()
    }

    fn batch(table: &TableSchema, rows: &[(String, Option<String>)]) -> RecordBatch {
        let (mut words, mut some, mut numbers) =
            (Word::default(), OptWord::default(), U64::default());
        for (number, (word, optional)) in (0..).zip(rows) {
            words.push(word);
            some.push(optional.as_deref());
            numbers.push(number);
        }
        let columns = vec![
            words.finish().unwrap(),
            some.finish().unwrap(),
            numbers.finish().unwrap(),
        ];
        RecordBatch::try_new(table.arrow.clone(), columns).unwrap()
    }

    fn texts(column: &ArrayRef) -> Vec<Option<String>> {
        let column = column.as_dictionary::<Int32Type>();
        let words = column.downcast_dict::<StringArray>().unwrap();
        words
            .into_iter()
            .map(|word| word.map(str::to_owned))
            .collect()
    }

    #[test]
    fn words_are_read_back_as_written_over_batches_and_row_groups() {
        let table = described(
            "words",
            "Words.",
            vec![
                column::<Word>("word", ""),
                column::<OptWord>("optional", ""),
                column::<U64>("number", ""),
            ],
        );
        let mut writer = TableWriter::new(Vec::new(), &table).unwrap();
        let mut all = Vec::new();
        for (from, count) in [
            (0, 4000),
            (4000, 1),
            (4001, 0),
            (4001, 70_000),
            (74_001, 999),
        ] {
            let rows = rows(from, count);
            writer.write(&batch(&table, &rows)).unwrap();
            all.extend(rows);
        }
        let file = Bytes::from(writer.finish().unwrap());
        let mut read = Vec::new();
        for batch in ParquetRecordBatchReader::try_new(file, 1024).unwrap() {
            let batch = batch.unwrap();
            let words = texts(batch.column(0)).into_iter().flatten();
            read.extend(words.zip(texts(batch.column(1))));
        }
        assert!(read == all);
    }

    #[test]
    fn a_table_without_rows_and_a_column_without_words_are_files_too() {
        let table = described("words", "Words.", vec![column::<OptWord>("optional", "")]);
        let empty = TableWriter::new(Vec::new(), &table).unwrap();
        let file = Bytes::from(empty.finish().unwrap());
        assert_eq!(
            ParquetRecordBatchReader::try_new(file, 8).unwrap().count(),
            0
        );

        let mut column = OptWord::default();
        (0..20).for_each(|_| column.push(None));
        let batch =
            RecordBatch::try_new(Arc::clone(&table.arrow), vec![column.finish().unwrap()]).unwrap();
        let mut writer = TableWriter::new(Vec::new(), &table).unwrap();
        writer.write(&batch).unwrap();
        let file = Bytes::from(writer.finish().unwrap());
        let mut reader = ParquetRecordBatchReader::try_new(file, 64).unwrap();
        assert_eq!(
            texts(reader.next().unwrap().unwrap().column(0)),
            vec![None; 20]
        );
    }
}

//! A table as a Parquet file, written batch by batch.

use std::io::Write;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, DataType};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::table::TableSchema;

/// Rows of a row group: what the writer holds in memory, encoded, before it reaches the file.
const ROW_GROUP_ROWS: usize = 64 << 10;

/// Encoded bytes at which a row group ends before it has all its rows.
const ROW_GROUP_BYTES: usize = 16 << 20;

/// Writes one table.
pub struct TableWriter<W: Write + Send>(ArrowWriter<W>);

impl<W: Write + Send> TableWriter<W> {
    /// Begins the file.
    ///
    /// # Errors
    /// The output fails.
    pub fn new(out: W, table: &TableSchema) -> Result<Self, ArrowError> {
        let writer = ArrowWriter::try_new(out, table.arrow.clone(), Some(properties(table)))?;
        Ok(Self(writer))
    }

    /// Appends a batch.
    ///
    /// # Errors
    /// The output fails.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        Ok(self.0.write(batch)?)
    }

    /// Completes the file and gives back its output.
    ///
    /// # Errors
    /// The output fails.
    pub fn finish(self) -> Result<W, ArrowError> {
        Ok(self.0.into_inner()?)
    }
}

/// Cheap to write and to read: dictionaries for words only; numbers and times as packed differences, which
/// need no codec; addresses, ids and hashes plain; statistics for the times, by which row groups are skipped.
fn properties(table: &TableSchema) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("mailscope ", env!("CARGO_PKG_VERSION")).into())
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
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
        } else if matches!(column.arrow_type, DataType::Dictionary(..)) {
            properties = properties.set_column_dictionary_enabled(path, true);
        } else if matches!(column.name, "flow_id" | "community_id")
            || column.name.ends_with("_addr")
        {
            properties = properties.set_column_compression(path, Compression::UNCOMPRESSED);
        }
    }
    properties.build()
}

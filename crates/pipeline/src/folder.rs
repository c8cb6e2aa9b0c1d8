//! Tables as a folder of Parquet files, each whole or not there.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use mailscope_tables::{Batches, TableSchema, TableWriter};

use crate::Error;

const WRITE_BYTES: usize = 256 << 10;

/// A folder being filled: files have temporary names until all are complete.
pub struct Folder {
    path: PathBuf,
    tables: Vec<(&'static str, TableWriter<BufWriter<File>>)>,
    kept: bool,
}

impl Folder {
    /// Makes the folder if it is not there.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn create(path: &Path) -> Result<Self, Error> {
        fs::create_dir_all(path).map_err(|cause| Error::output(path, cause))?;
        Ok(Self {
            path: path.to_owned(),
            tables: Vec::new(),
            kept: false,
        })
    }

    /// Completes all files and gives them their names.
    ///
    /// # Errors
    /// The disk fails.
    pub fn keep(mut self) -> Result<(), Error> {
        let names: Vec<_> = self.tables.iter().map(|(name, _)| *name).collect();
        for (name, table) in std::mem::take(&mut self.tables) {
            let path = self.temporary(name);
            let out = table.finish()?;
            let file = out
                .into_inner()
                .map_err(|failure| Error::output(&path, failure.into_error()))?;
            file.sync_data()
                .map_err(|cause| Error::output(&path, cause))?;
        }
        for name in names {
            let path = self.path.join(format!("{name}.parquet"));
            fs::rename(self.temporary(name), &path).map_err(|cause| Error::output(&path, cause))?;
        }
        self.kept = true;
        Ok(())
    }

    fn temporary(&self, table: &str) -> PathBuf {
        self.path.join(format!(".{table}.parquet.part"))
    }

    fn begin(
        &mut self,
        table: &'static TableSchema,
    ) -> Result<&mut TableWriter<BufWriter<File>>, ArrowError> {
        let place = match self.tables.iter().position(|(name, _)| *name == table.name) {
            Some(place) => place,
            None => {
                let file = File::create(self.temporary(table.name))?;
                let writer = TableWriter::new(BufWriter::with_capacity(WRITE_BYTES, file), table)?;
                self.tables.push((table.name, writer));
                self.tables.len() - 1
            }
        };
        let found = self.tables.get_mut(place).map(|(_, writer)| writer);
        found.ok_or_else(|| ArrowError::SchemaError(format!("no table {}", table.name)))
    }
}

impl Batches for Folder {
    fn batch(&mut self, table: &'static TableSchema, batch: RecordBatch) -> Result<(), ArrowError> {
        self.begin(table)?.write(&batch)
    }
}

/// A pass that failed leaves no half tables behind.
impl Drop for Folder {
    fn drop(&mut self) {
        if !self.kept {
            for table in mailscope_tables::schemas() {
                let _ = fs::remove_file(self.temporary(table.name));
            }
        }
    }
}

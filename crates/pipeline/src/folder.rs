//! Tables as a folder of Parquet files, each whole or not there.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use mailscope_tables::{Batches, TableSchema, TableWriter};

use crate::Error;
use crate::watched::{Refusal, Watched};

const WRITE_BYTES: usize = 256 << 10;

/// A folder being filled: files have temporary names until all are complete.
pub struct Folder {
    path: PathBuf,
    tables: Vec<(&'static str, Writer)>,
    refusal: Refusal,
    kept: bool,
}

type Writer = TableWriter<BufWriter<Watched>>;

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
            refusal: Refusal::default(),
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
            let out = table.finish().map_err(|error| self.named(name, error))?;
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

    /// The error with the file and the system's own word, where it was the system that refused.
    fn named(&self, table: &str, error: ArrowError) -> ArrowError {
        match self.refusal.cause() {
            Some(cause) => ArrowError::IoError(self.temporary(table).display().to_string(), cause),
            None => error,
        }
    }

    fn begin(&mut self, table: &'static TableSchema) -> Result<&mut Writer, ArrowError> {
        let place = match self.tables.iter().position(|(name, _)| *name == table.name) {
            Some(place) => place,
            None => {
                let path = self.temporary(table.name);
                let file = File::create(&path)
                    .map_err(|cause| ArrowError::IoError(path.display().to_string(), cause))?;
                let file = Watched::new(file, self.refusal.clone());
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
        let written = self.begin(table)?.write(&batch);
        written.map_err(|error| self.named(table.name, error))
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

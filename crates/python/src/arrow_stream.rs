//! Tables handed to Python through the Arrow PyCapsule interface.

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{RecordBatch, RecordBatchIterator};
use arrow_schema::{ArrowError, SchemaRef};
use mailscope_tables::{Batches, TableSchema};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict};

/// A table in memory. Each call of `__arrow_c_stream__` gives its batches anew; nothing is copied.
#[pyclass(frozen, module = "mailscope._core")]
pub(crate) struct ArrowStream {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

#[pymethods]
impl ArrowStream {
    /// The table as an Arrow C stream; `requested_schema` is not heeded, as the protocol allows.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        let batches = self.batches.clone().into_iter().map(Ok);
        let reader = RecordBatchIterator::new(batches, self.schema.clone());
        let stream = FFI_ArrowArrayStream::new(Box::new(reader));
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }

    /// Rows.
    fn __len__(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

/// Keeps tables in memory.
#[derive(Default)]
pub(crate) struct Collected(Vec<(&'static TableSchema, Vec<RecordBatch>)>);

impl Batches for Collected {
    fn batch(&mut self, table: &'static TableSchema, batch: RecordBatch) -> Result<(), ArrowError> {
        let place = match self
            .0
            .iter()
            .position(|(known, _)| known.name == table.name)
        {
            Some(place) => place,
            None => {
                self.0.push((table, Vec::new()));
                self.0.len() - 1
            }
        };
        if let Some((_, batches)) = self.0.get_mut(place)
            && (batch.num_rows() > 0 || batches.is_empty())
        {
            batches.push(batch);
        }
        Ok(())
    }
}

impl Collected {
    /// The one table of a pass that makes one.
    pub(crate) fn into_only(self) -> ArrowStream {
        let mut tables = self.0.into_iter();
        let stream = tables.next().map(|(table, batches)| ArrowStream {
            schema: table.arrow.clone(),
            batches,
        });
        stream.unwrap_or_else(|| ArrowStream {
            schema: SchemaRef::new(arrow_schema::Schema::empty()),
            batches: Vec::new(),
        })
    }

    /// The one table of this kind, also where no batch of it came.
    pub(crate) fn into_table(self, table: &'static TableSchema) -> ArrowStream {
        let mut tables = self.0.into_iter();
        let found = tables.find(|(known, _)| known.name == table.name);
        ArrowStream {
            schema: table.arrow.clone(),
            batches: found.map(|(_, batches)| batches).unwrap_or_default(),
        }
    }

    /// The tables by name.
    pub(crate) fn into_dict(self, py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
        let tables = PyDict::new(py);
        for (table, batches) in self.0 {
            tables.set_item(
                table.name,
                ArrowStream {
                    schema: table.arrow.clone(),
                    batches,
                },
            )?;
        }
        Ok(tables)
    }
}

//! Captures become tables, in memory or as files.

use std::path::Path;

use mailscope_pipeline::{Folder, Summary};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::arrow_stream::Collected;
use crate::errors::without_gil;
use crate::options::Options;
use crate::progress::Reporter;

/// Tables in memory, and what was read for them.
#[pyclass(frozen, get_all, module = "mailscope._core")]
pub(crate) struct Result {
    tables: Py<PyDict>,
    inputs: Py<PyList>,
}

/// The tables of captures, merged by time, in memory.
#[pyfunction]
#[pyo3(signature = (inputs, options, progress=None))]
pub(crate) fn read(
    py: Python<'_>,
    inputs: Vec<String>,
    options: &Options,
    progress: Option<Py<PyAny>>,
) -> PyResult<Result> {
    let mut reporter = Reporter::new(progress);
    let pass = || {
        mailscope_pipeline::tables(&inputs, &options.0, Collected::default(), &mut |p| {
            reporter.report(p)
        })
    };
    let (summary, collected) =
        without_gil(py, pass)?.map_err(|error| reporter.raised(py, &error))?;
    Ok(Result {
        tables: collected.into_dict(py)?.unbind(),
        inputs: crate::inputs::inputs(py, &summary)?.unbind(),
    })
}

/// The tables of captures as Parquet files in a folder, with bounded memory.
#[pyfunction]
#[pyo3(signature = (inputs, out_dir, options, progress=None), name = "write")]
pub(crate) fn write<'py>(
    py: Python<'py>,
    inputs: Vec<String>,
    out_dir: &str,
    options: &Options,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyList>> {
    let mut reporter = Reporter::new(progress);
    let pass = || -> std::result::Result<Summary, mailscope_pipeline::Error> {
        let folder = Folder::create(Path::new(out_dir))?;
        let (summary, folder) =
            mailscope_pipeline::tables(&inputs, &options.0, folder, &mut |p| reporter.report(p))?;
        folder.keep()?;
        Ok(summary)
    };
    let summary = without_gil(py, pass)?.map_err(|error| reporter.raised(py, &error))?;
    crate::inputs::inputs(py, &summary)
}

//! Flows' packets as a capture of their own.

use std::path::Path;

use pyo3::prelude::*;

use crate::errors::without_gil;
use crate::options::Options;
use crate::progress::Reporter;

/// Writes the packets of these flows as pcapng; returns how many.
#[pyfunction]
#[pyo3(signature = (inputs, flows, out, options, progress=None))]
pub(crate) fn carve(
    py: Python<'_>,
    inputs: Vec<String>,
    flows: Vec<String>,
    out: &str,
    options: &Options,
    progress: Option<Py<PyAny>>,
) -> PyResult<u64> {
    let mut reporter = Reporter::new(progress);
    let pass = || {
        mailscope_pipeline::carve(&inputs, &flows, Path::new(out), &options.0, &mut |p| {
            reporter.report(p)
        })
    };
    without_gil(py, pass)?.map_err(|error| reporter.raised(py, &error))
}

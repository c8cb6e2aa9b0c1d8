//! Bytes searched in all streams.

use mailscope_pipeline::{Needle, Needles};
use pyo3::prelude::*;

use crate::arrow_stream::{ArrowStream, Collected};
use crate::errors::{raised, without_gil};
use crate::options::Options;
use crate::progress::Reporter;

/// Where byte patterns occur in the captures' streams: the table `sightings`.
#[pyfunction]
#[pyo3(signature = (inputs, needles, near, options, progress=None))]
pub(crate) fn search(
    py: Python<'_>,
    inputs: Vec<String>,
    needles: Vec<(String, String, Vec<u8>)>,
    near: Vec<String>,
    options: &Options,
    progress: Option<Py<PyAny>>,
) -> PyResult<ArrowStream> {
    let needles = needles
        .into_iter()
        .map(|(id, form, pattern)| Needle { id, form, pattern })
        .collect();
    let needles = Needles::new(needles, &near).map_err(|error| raised(py, &error))?;
    let mut reporter = Reporter::new(progress);
    let pass = || {
        mailscope_pipeline::search(
            &inputs,
            &needles,
            &options.0,
            Collected::default(),
            &mut |p| reporter.report(p),
        )
    };
    let (_, collected) = without_gil(py, pass)?.map_err(|error| reporter.raised(py, &error))?;
    Ok(collected.into_only())
}

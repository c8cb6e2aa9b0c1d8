//! Flow records of captures with export datagrams, and of nfcapd files.

use mailscope_pipeline::{FlowInput, FlowSummary};
use mailscope_tables::{Table as _, flow_records as table};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::arrow_stream::{ArrowStream, Collected};
use crate::errors::without_gil;
use crate::options::Options;
use crate::progress::Reporter;

/// The table `flow_records` of captures and nfcapd files, and what was read for it.
#[pyfunction]
#[pyo3(signature = (inputs, options, progress=None))]
pub(crate) fn flow_records<'py>(
    py: Python<'py>,
    inputs: Vec<String>,
    options: &Options,
    progress: Option<Py<PyAny>>,
) -> PyResult<(ArrowStream, Bound<'py, PyDict>)> {
    let mut reporter = Reporter::new(progress);
    let pass = || {
        mailscope_pipeline::flow_records(&inputs, &options.0, Collected::default(), &mut |p| {
            reporter.report(p)
        })
    };
    let (read, collected) = without_gil(py, pass)?.map_err(|error| reporter.raised(py, &error))?;
    let stream = collected.into_table(table::Builder::schema());
    Ok((stream, summary(py, &read)?))
}

fn summary<'py>(py: Python<'py>, read: &FlowSummary) -> PyResult<Bound<'py, PyDict>> {
    let inputs = PyList::empty(py);
    for input in &read.inputs {
        inputs.append(one(py, input)?)?;
    }
    let dict = PyDict::new(py);
    dict.set_item("inputs", inputs)?;
    dict.set_item(
        "exporters",
        crate::exporters::exporters(py, &read.exporters)?,
    )?;
    dict.set_item("refused", crate::exporters::refused(py, &read.refused)?)?;
    Ok(dict)
}

fn one<'py>(py: Python<'py>, input: &FlowInput) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("path", &input.path)?;
    dict.set_item("name", &input.name)?;
    dict.set_item("format", input.format)?;
    dict.set_item("compression", input.compression)?;
    dict.set_item("bytes", input.bytes)?;
    dict.set_item("sha256", input.sha256.as_deref())?;
    dict.set_item("packets", input.packets)?;
    dict.set_item("datagrams", input.datagrams)?;
    dict.set_item("records", input.records)?;
    dict.set_item("end", input.end)?;
    dict.set_item("end_detail", input.end_detail.as_deref())?;
    Ok(dict)
}

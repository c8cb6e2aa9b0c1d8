//! What exporters of flow records have sent and lost, as dictionaries.

use std::collections::BTreeMap;

use mailscope_pipeline::ExporterReport;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

/// One dictionary a domain of an exporter; plain types, so that it can be written as JSON.
pub(crate) fn exporters<'py>(
    py: Python<'py>,
    reports: &[ExporterReport],
) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for report in reports {
        list.append(exporter(py, report)?)?;
    }
    Ok(list)
}

fn exporter<'py>(py: Python<'py>, report: &ExporterReport) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    let counts = &report.counts;
    dict.set_item("exporter", report.exporter.to_string())?;
    dict.set_item("observation_domain", report.domain)?;
    dict.set_item("format", report.format.slug())?;
    dict.set_item("datagrams", counts.datagrams)?;
    dict.set_item("records", counts.records)?;
    dict.set_item("lost", counts.lost)?;
    let unit = match report.lost_datagrams {
        true => "datagrams",
        false => "records",
    };
    dict.set_item("lost_unit", unit)?;
    dict.set_item("gaps", counts.gaps)?;
    dict.set_item("late", counts.late)?;
    dict.set_item("duplicates", counts.duplicates)?;
    dict.set_item("restarts", counts.restarts)?;
    dict.set_item("templates", counts.templates)?;
    dict.set_item("changed_templates", counts.changed_templates)?;
    dict.set_item("refused_templates", counts.refused_templates)?;
    dict.set_item("options", counts.options)?;
    dict.set_item("other_records", counts.other_records)?;
    dict.set_item("waiting_sets", report.waiting_sets)?;
    dict.set_item("waited_sets", counts.waited_sets)?;
    dict.set_item("dropped_sets", counts.dropped_sets)?;
    dict.set_item("dropped_samples", counts.dropped_samples)?;
    dict.set_item("damaged", counts.damaged)?;
    let sampling = PyDict::new(py);
    for (rate, records) in &report.sampling {
        sampling.set_item(rate.to_string(), records)?;
    }
    dict.set_item("sampling", sampling)?;
    Ok(dict)
}

/// Counts by reason.
pub(crate) fn refused<'py>(
    py: Python<'py>,
    reasons: &[(&'static str, u64)],
) -> PyResult<Bound<'py, PyDict>> {
    let counts: BTreeMap<_, _> = reasons.iter().copied().collect();
    counts.into_pyobject(py)
}

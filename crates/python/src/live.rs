//! A capture that does not end.

use std::sync::{Mutex, MutexGuard, PoisonError};

use mailscope_pipeline::{Fed, LiveStatus, LiveTimes};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrow_stream::Collected;
use crate::errors::{raised, without_gil};
use crate::options::Options;

/// Decodes a capture that is still going on.
#[pyclass(frozen, module = "mailscope._core")]
pub(crate) struct Live(Mutex<mailscope_pipeline::Live<Collected>>);

impl Live {
    fn inner(&self) -> MutexGuard<'_, mailscope_pipeline::Live<Collected>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Live {
    #[new]
    #[pyo3(signature = (options, *, linger_s=5, attempt_idle_s=35))]
    fn new(options: &Options, linger_s: u32, attempt_idle_s: u32) -> Self {
        let times = LiveTimes {
            linger_s,
            attempt_idle_s,
        };
        Self(Mutex::new(mailscope_pipeline::Live::new(&options.0, times)))
    }

    fn begin(&self, py: Python<'_>, name: &str, header: &[u8]) -> PyResult<()> {
        let begun = without_gil(py, || self.inner().begin(name, header))?;
        begun.map_err(|error| raised(py, &error))
    }

    fn feed<'py>(&self, py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyDict>> {
        let bytes = data.to_vec();
        let fed = without_gil(py, || self.inner().feed(bytes))?;
        counted(py, &fed.map_err(|error| raised(py, &error))?)
    }

    fn advance(&self, py: Python<'_>, now_us: i64) -> PyResult<()> {
        without_gil(py, || self.inner().advance(now_us))
    }

    fn cut(&self, py: Python<'_>) -> PyResult<()> {
        without_gil(py, || self.inner().cut())
    }

    fn take<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let taken = without_gil(py, || self.inner().take())?;
        taken.map_err(|error| raised(py, &error))?.into_dict(py)
    }

    fn status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let status = without_gil(py, || self.inner().status())?;
        dictionary(py, &status)
    }
}

fn counted<'py>(py: Python<'py>, fed: &Fed) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("bytes", fed.bytes)?;
    dict.set_item("packets", fed.packets)?;
    dict.set_item("last_us", fed.last_us)?;
    dict.set_item("back_us", fed.back_us)?;
    Ok(dict)
}

fn dictionary<'py>(py: Python<'py>, status: &LiveStatus) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("packets", status.packets)?;
    dict.set_item("wire_bytes", status.wire_bytes)?;
    dict.set_item("open_flows", status.open_flows)?;
    dict.set_item("evicted_flows", status.evicted_flows)?;
    dict.set_item("cut_packets", status.cut_packets)?;
    dict.set_item("duplicates", status.duplicates)?;
    dict.set_item("undecoded", &status.undecoded)?;
    Ok(dict)
}

//! Export datagrams from the network.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mailscope_pipeline::{CollectorOptions, CollectorStatus, Error, SocketStatus};
use mailscope_tables::{Table as _, flow_records as table};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::arrow_stream::{ArrowStream, Collected};
use crate::errors::{raised, without_gil};

/// Receives export datagrams in threads of its own and gives out their records in batches.
#[pyclass(frozen, module = "mailscope._core")]
pub(crate) struct Collector(Mutex<Inner>);

struct Inner {
    collector: mailscope_pipeline::Collector,
    fed: Collected,
}

impl Collector {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Collector {
    #[new]
    #[pyo3(signature = (listen=Vec::new(), *, allow=Vec::new(), receive_buffer_mb=32, queue_mb=64, run=String::new()))]
    fn new(
        py: Python<'_>,
        listen: Vec<String>,
        allow: Vec<String>,
        receive_buffer_mb: usize,
        queue_mb: usize,
        run: String,
    ) -> PyResult<Self> {
        let options = CollectorOptions {
            listen,
            allow,
            receive_buffer_bytes: receive_buffer_mb << 20,
            queue_bytes: queue_mb << 20,
            run,
        };
        let collector =
            mailscope_pipeline::Collector::start(&options).map_err(|error| raised(py, &error))?;
        Ok(Self(Mutex::new(Inner {
            collector,
            fed: Collected::default(),
        })))
    }

    #[getter]
    fn listening(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        // Never waits for the lock with the GIL held: its holder may wait for the GIL.
        without_gil(py, || self.inner().collector.listening().to_vec())
    }

    fn feed(
        &self,
        py: Python<'_>,
        exporter: IpAddr,
        datagram: &[u8],
        time_us: i64,
    ) -> PyResult<()> {
        let fed = without_gil(py, || {
            let mut inner = self.inner();
            let Inner { collector, fed } = &mut *inner;
            collector.feed(exporter, datagram, time_us, fed)
        })?;
        fed.map_err(|error| raised(py, &error))
    }

    #[pyo3(signature = (most=1_000_000, wait_ms=0))]
    fn take(&self, py: Python<'_>, most: u64, wait_ms: u64) -> PyResult<ArrowStream> {
        let mut signal = None;
        let taken = without_gil(py, || {
            let mut inner = self.inner();
            let Inner { collector, fed } = &mut *inner;
            let mut out = std::mem::take(fed);
            collector.flush(&mut out)?;
            let patience = Duration::from_millis(wait_ms);
            let result = collector.take(most, patience, &mut out, &mut || {
                signal = Python::attach(|py| py.check_signals()).err();
                Ok(signal.is_some())
            });
            match result {
                Ok(_) if signal.is_none() => Ok(out),
                // What was decoded already is not lost by Ctrl-C.
                Ok(_) => {
                    *fed = out;
                    Err(Error::Stopped)
                }
                Err(error) => Err(error),
            }
        })?;
        match (taken, signal) {
            (_, Some(signal)) => Err(signal),
            (Ok(out), None) => Ok(out.into_table(table::Builder::schema())),
            (Err(error), None) => Err(raised(py, &error)),
        }
    }

    fn status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let status = without_gil(py, || self.inner().collector.status())?;
        dictionary(py, &status)
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        without_gil(py, || self.inner().collector.close())
    }
}

fn dictionary<'py>(py: Python<'py>, status: &CollectorStatus) -> PyResult<Bound<'py, PyDict>> {
    let sockets = PyList::empty(py);
    for one in &status.sockets {
        sockets.append(socket(py, one)?)?;
    }
    let dict = PyDict::new(py);
    dict.set_item("sockets", sockets)?;
    dict.set_item("queued_datagrams", status.queued_datagrams)?;
    dict.set_item("queued_bytes", status.queued_bytes)?;
    dict.set_item("most_queued_bytes", status.most_queued_bytes)?;
    dict.set_item("queue_age_us", status.queue_age_us)?;
    dict.set_item("queue_drops", status.queue_drops)?;
    dict.set_item("datagrams", status.datagrams)?;
    dict.set_item("records", status.records)?;
    dict.set_item("refused", crate::exporters::refused(py, &status.refused)?)?;
    dict.set_item(
        "exporters",
        crate::exporters::exporters(py, &status.exporters)?,
    )?;
    Ok(dict)
}

fn socket<'py>(py: Python<'py>, status: &SocketStatus) -> PyResult<Bound<'py, PyDict>> {
    let strangers = PyDict::new(py);
    for (addr, count) in &status.strangers {
        strangers.set_item(addr.to_string(), count)?;
    }
    let dict = PyDict::new(py);
    dict.set_item("name", &status.name)?;
    dict.set_item("receive_buffer_bytes", status.receive_buffer_bytes)?;
    dict.set_item("datagrams", status.datagrams)?;
    dict.set_item("bytes", status.bytes)?;
    dict.set_item("refused", status.refused)?;
    dict.set_item("strangers", strangers)?;
    dict.set_item("errors", status.errors)?;
    dict.set_item("kernel_drops", status.kernel_drops)?;
    Ok(dict)
}

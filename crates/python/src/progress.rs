//! The caller hears how far a pass is, and can stop it.

use std::time::{Duration, Instant};

use mailscope_pipeline::Error;
use mailscope_pipeline::source::Progress;
use pyo3::prelude::*;

const PAUSE: Duration = Duration::from_millis(100);

/// Calls Python at most ten times a second, for signals and for the caller's function.
pub(crate) struct Reporter {
    callback: Option<Py<PyAny>>,
    last: Instant,
    raised: Option<PyErr>,
}

impl Reporter {
    pub(crate) fn new(callback: Option<Py<PyAny>>) -> Self {
        Self {
            callback,
            last: Instant::now(),
            raised: None,
        }
    }

    /// Reports, if it is time; what Python raises stops the pass.
    pub(crate) fn report(&mut self, progress: Progress) -> Result<(), Error> {
        if self.last.elapsed() < PAUSE {
            return Ok(());
        }
        self.last = Instant::now();
        let called = Python::attach(|py| {
            py.check_signals()?;
            if let Some(callback) = &self.callback {
                callback.call1(py, (progress.bytes, progress.total_bytes, progress.packets))?;
            }
            Ok(())
        });
        called.map_err(|raised| {
            self.raised = Some(raised);
            Error::Stopped
        })
    }

    /// What is to be raised for this error: the caller's own exception if that stopped the pass.
    pub(crate) fn raised(&mut self, py: Python<'_>, error: &Error) -> PyErr {
        self.raised
            .take()
            .unwrap_or_else(|| crate::errors::raised(py, error))
    }
}

//! Errors of the core as Python's: the one place where they are mapped.

use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};

use mailscope_pipeline::Error;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The exception for an error of the core.
pub(crate) fn raised(py: Python<'_>, error: &Error) -> PyErr {
    let (class, hint) = match error {
        Error::Input { hint, .. } => ("InputError", *hint),
        Error::Output { cause, .. } => ("StoreError", next(cause.kind())),
        Error::Tables(_) => ("StoreError", None),
        Error::Usage(_) => ("UsageError", None),
        Error::Stopped => return PyRuntimeError::new_err("stopped"),
    };
    exception(py, class, &error.to_string(), hint).unwrap_or_else(|failure| failure)
}

/// What to do about a refusal of the system, in the words of `mailscope.cli.main`.
fn next(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            Some("make room there, or write to another disk; what was there before is whole")
        }
        ErrorKind::FileTooLarge => {
            Some("the disk takes no file of that size; write to another disk")
        }
        ErrorKind::PermissionDenied => Some("may this user read, or write, there?"),
        ErrorKind::ReadOnlyFilesystem => Some("write to another disk"),
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            Some("a folder is wanted, and a file has its name")
        }
        _ => None,
    }
}

fn exception(py: Python<'_>, class: &str, message: &str, hint: Option<&str>) -> PyResult<PyErr> {
    let arguments = PyDict::new(py);
    arguments.set_item("hint", hint)?;
    let class = py.import("mailscope.errors")?.getattr(class)?;
    Ok(PyErr::from_value(class.call((message,), Some(&arguments))?))
}

/// Runs the core without the GIL. A panic is a fault of ours: it becomes an ordinary exception.
pub(crate) fn without_gil<T: Send>(py: Python<'_>, run: impl FnOnce() -> T + Send) -> PyResult<T> {
    py.detach(|| catch_unwind(AssertUnwindSafe(run)))
        .map_err(|_| {
            let message = "a fault inside the core; what it printed says where";
            let hint = Some("please report it, with the capture if you may share it");
            exception(py, "MailscopeError", message, hint).unwrap_or_else(|failure| failure)
        })
}

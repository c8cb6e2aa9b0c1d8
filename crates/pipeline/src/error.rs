//! What can stop a pass. Damage inside a capture does not: it is an outcome of its input.

use std::fmt;
use std::io;

use arrow_schema::ArrowError;

/// Why a pass stopped or could not start.
#[derive(Debug)]
pub enum Error {
    /// An input cannot be read or is no capture.
    Input {
        /// Its path as given.
        path: String,
        /// What is wrong.
        what: String,
        /// What to do next.
        hint: Option<&'static str>,
    },
    /// An output cannot be written.
    Output {
        /// Its path.
        path: String,
        /// What went wrong.
        cause: io::Error,
    },
    /// A choice contradicts itself or names what does not exist.
    Usage(String),
    /// The caller asked to stop.
    Stopped,
    /// Arrow or Parquet refused what was built: a fault of ours.
    Tables(ArrowError),
}

impl Error {
    pub(crate) fn input(path: &str, what: impl Into<String>) -> Self {
        Self::Input {
            path: path.to_owned(),
            what: what.into(),
            hint: None,
        }
    }

    pub(crate) fn output(path: &std::path::Path, cause: io::Error) -> Self {
        Self::Output {
            path: path.display().to_string(),
            cause,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input { path, what, .. } => write!(f, "`{path}`: {what}"),
            Self::Output { path, cause } => write!(f, "cannot write `{path}`: {cause}"),
            Self::Usage(what) => f.write_str(what),
            Self::Stopped => f.write_str("stopped"),
            Self::Tables(cause) => write!(f, "tables: {cause}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<ArrowError> for Error {
    fn from(cause: ArrowError) -> Self {
        match cause {
            ArrowError::IoError(path, cause) => Self::Output { path, cause },
            other => Self::Tables(other),
        }
    }
}

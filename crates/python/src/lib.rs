//! The Python face of the core: arguments, GIL release, errors; no logic.
//!
//! `python/mailscope/_core.pyi` is the whole surface, documented.

mod arrow_stream;
mod carve;
mod collector;
mod errors;
mod exporters;
mod flow_records;
mod inputs;
mod live;
mod options;
mod progress;
mod read;
mod schema;
mod search;

use pyo3::prelude::*;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The core's version.
#[pyfunction]
fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// Captures become tables.
#[pymodule]
mod _core {
    #[pymodule_export]
    use super::arrow_stream::ArrowStream;
    #[pymodule_export]
    use super::carve::carve;
    #[pymodule_export]
    use super::collector::Collector;
    #[pymodule_export]
    use super::flow_records::flow_records;
    #[pymodule_export]
    use super::live::Live;
    #[pymodule_export]
    use super::options::Options;
    #[pymodule_export]
    use super::read::{Result, read, write};
    #[pymodule_export]
    use super::schema::schema;
    #[pymodule_export]
    use super::search::search;
    #[pymodule_export]
    use super::version;
}

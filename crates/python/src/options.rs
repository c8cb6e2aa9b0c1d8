//! Choices for a pass, as Python gives them.

use mailscope_pipeline::PortRule;
use pyo3::prelude::*;

use crate::errors::raised;

/// Choices for a pass over captures.
#[pyclass(frozen, module = "mailscope._core")]
pub(crate) struct Options(pub(crate) mailscope_pipeline::Options);

#[pymethods]
impl Options {
    #[new]
    #[pyo3(signature = (*, sensor=None, keep_messages=false, mask_users=false, memory_mb=256, tcp_idle_s=900,
                        other_idle_s=60, decode_as=Vec::new(), hash_mb=64, spot=Vec::new(),
                        count_copies=false))]
    #[allow(clippy::too_many_arguments)] // keyword-only in Python
    fn new(
        py: Python<'_>,
        sensor: Option<String>,
        keep_messages: bool,
        mask_users: bool,
        memory_mb: u32,
        tcp_idle_s: u32,
        other_idle_s: u32,
        decode_as: Vec<String>,
        hash_mb: u64,
        spot: Vec<String>,
        count_copies: bool,
    ) -> PyResult<Self> {
        let decode_as = decode_as
            .iter()
            .map(|rule| PortRule::parse(rule).map_err(|error| raised(py, &error)))
            .collect::<PyResult<_>>()?;
        let phrases = mailscope_pipeline::phrases(&spot).map_err(|error| raised(py, &error))?;
        Ok(Self(mailscope_pipeline::Options {
            sensor,
            keep_messages,
            mask_users,
            memory_mb,
            tcp_idle_s,
            other_idle_s,
            decode_as,
            hash_mb,
            spot: phrases,
            count_copies,
            ..mailscope_pipeline::Options::default()
        }))
    }

    #[getter]
    fn sensor(&self) -> Option<&str> {
        self.0.sensor.as_deref()
    }

    #[getter]
    fn keep_messages(&self) -> bool {
        self.0.keep_messages
    }

    #[getter]
    fn mask_users(&self) -> bool {
        self.0.mask_users
    }

    #[getter]
    fn memory_mb(&self) -> u32 {
        self.0.memory_mb
    }

    #[getter]
    fn tcp_idle_s(&self) -> u32 {
        self.0.tcp_idle_s
    }

    #[getter]
    fn other_idle_s(&self) -> u32 {
        self.0.other_idle_s
    }

    #[getter]
    fn decode_as(&self) -> Vec<String> {
        self.0.decode_as.iter().map(ToString::to_string).collect()
    }

    fn __repr__(&self) -> String {
        let text = |text: &Option<String>| {
            text.as_ref()
                .map_or_else(|| "None".into(), |text| format!("{text:?}"))
        };
        let truth = |is: bool| if is { "True" } else { "False" };
        format!(
            "Options(sensor={}, keep_messages={}, mask_users={}, memory_mb={}, tcp_idle_s={}, other_idle_s={}, \
             decode_as={:?}, hash_mb={}, spot={:?}, count_copies={})",
            text(&self.0.sensor),
            truth(self.0.keep_messages),
            truth(self.0.mask_users),
            self.0.memory_mb,
            self.0.tcp_idle_s,
            self.0.other_idle_s,
            self.decode_as(),
            self.0.hash_mb,
            self.0.spot.given(),
            truth(self.0.count_copies),
        )
    }

    #[getter]
    fn spot(&self) -> Vec<String> {
        self.0.spot.given().to_vec()
    }

    #[getter]
    fn hash_mb(&self) -> u64 {
        self.0.hash_mb
    }

    #[getter]
    fn count_copies(&self) -> bool {
        self.0.count_copies
    }
}

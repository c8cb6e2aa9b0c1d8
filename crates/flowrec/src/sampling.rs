//! How packets are sampled, as records and options tell it.

/// What is said of sampling, in a record or in an option.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sampling {
    /// Sampler or selector.
    pub sampler: Option<u64>,
    /// Interface that an option is about.
    pub interface: Option<u32>,
    pub interval: Option<u64>,
    pub packet_interval: Option<u64>,
    pub packet_space: Option<u64>,
    pub size: Option<u64>,
    pub population: Option<u64>,
    pub probability: Option<f64>,
}

impl Sampling {
    /// One packet in how many, where told (RFC 5477, 8.2).
    pub(crate) fn rate(&self) -> Option<u32> {
        let rate = match *self {
            Self {
                packet_interval: Some(taken),
                packet_space: Some(passed),
                ..
            } if taken > 0 => taken.saturating_add(passed).checked_div(taken),
            Self {
                size: Some(size),
                population: Some(population),
                ..
            } if size > 0 => population.checked_div(size),
            // Exporters that tell no space mean one in so many.
            Self {
                packet_interval: Some(interval),
                packet_space: None,
                ..
            } if interval > 0 => Some(interval),
            Self {
                probability: Some(probability),
                ..
            } if probability > 0.0 && probability <= 1.0 => {
                Some((1.0 / probability).round() as u64)
            }
            Self { interval, .. } => interval.filter(|interval| *interval > 0),
        };
        rate.map(|rate| u32::try_from(rate).unwrap_or(u32::MAX).max(1))
    }
}

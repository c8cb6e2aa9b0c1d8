//! Every cap, and what happens beyond it.

/// Caps of a [`Decoder`](crate::Decoder).
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Exporters' domains known at once; datagrams of further ones are refused and counted.
    pub domains: usize,
    /// Templates of one domain; further ones are refused and counted.
    pub templates: usize,
    /// Fields of one template; one with more is refused and counted.
    pub template_fields: usize,
    /// Fields of all templates together; beyond, templates are refused and counted.
    pub all_fields: usize,
    /// Samplers and interfaces with a sampling rate, of one domain; further ones are not remembered.
    pub samplers: usize,
    /// Data sets of one domain that wait for their template; the oldest goes first, and is counted.
    pub waiting_sets: usize,
    /// Bytes of all data sets that wait; beyond, a set is dropped at once and counted.
    pub waiting_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            domains: 4096,
            templates: 1024,
            template_fields: 512,
            all_fields: 1 << 20,
            samplers: 512,
            waiting_sets: 256,
            waiting_bytes: 16 << 20,
        }
    }
}

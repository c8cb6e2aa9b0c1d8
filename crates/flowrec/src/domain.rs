//! What is known of one exporter's observation domain: templates, sampling, waiting sets, counts.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use crate::draft::{Draft, Header};
use crate::limits::Limits;
use crate::sampling::Sampling;
use crate::sequence::Sequence;
use crate::template::Template;

/// Sampling rates of one domain that are told apart in what is shown.
const SHOWN_RATES: usize = 64;

/// What one exporter's domain has sent, and what of it was lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Datagrams decoded.
    pub datagrams: u64,
    /// Flow records given out.
    pub records: u64,
    /// Units missing by sequence numbers: records (NetFlow v5, IPFIX) or datagrams (v9, sFlow).
    pub lost: u64,
    /// Runs of missing numbers.
    pub gaps: u64,
    /// Datagrams that came after a later one; not counted as lost.
    pub late: u64,
    /// Datagrams that came twice; the second was not decoded.
    pub duplicates: u64,
    /// Times the exporter began to count anew.
    pub restarts: u64,
    /// Templates learnt, renewals not counted.
    pub templates: u64,
    /// Templates that were described anew with other fields.
    pub changed_templates: u64,
    /// Templates not learnt because of a limit.
    pub refused_templates: u64,
    /// Option records.
    pub options: u64,
    /// Records without addresses (counters, names), samples without an IP packet.
    pub other_records: u64,
    /// Data sets that waited for their template and were decoded when it came.
    pub waited_sets: u64,
    /// Data sets whose template did not come in time: their records are lost.
    pub dropped_sets: u64,
    /// sFlow: samples that the agent says it dropped.
    pub dropped_samples: u64,
    /// Datagrams that did not end as they began: something inside was wrong.
    pub damaged: u64,
}

/// A data set that waits for its template.
pub(crate) struct Waiting {
    pub template: u16,
    pub data: Box<[u8]>,
    pub header: Header,
    pub number: u64,
}

/// What a sampling rate holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Scope {
    Whole,
    Sampler(u64),
    Interface(u32),
}

/// One domain.
pub(crate) struct Domain {
    pub sequence: Sequence,
    pub counts: Counts,
    templates: HashMap<u16, Arc<Template>>,
    rates: BTreeMap<Scope, u32>,
    /// When the exporter started, as an option says; microseconds since the epoch.
    boot_us: Option<i64>,
    waiting: VecDeque<Waiting>,
    applied: BTreeMap<u32, u64>,
    drops_so_far: HashMap<u64, u32>,
}

impl Domain {
    pub(crate) fn new(counts_datagrams: bool) -> Self {
        Self {
            sequence: Sequence::counting_datagrams(counts_datagrams),
            counts: Counts::default(),
            templates: HashMap::new(),
            rates: BTreeMap::new(),
            boot_us: None,
            waiting: VecDeque::new(),
            applied: BTreeMap::new(),
            drops_so_far: HashMap::new(),
        }
    }

    pub(crate) fn template(&self, id: u16) -> Option<Arc<Template>> {
        self.templates.get(&id).cloned()
    }

    /// Learns or renews a template. `all_fields` counts the fields of all templates there are.
    pub(crate) fn learn(
        &mut self,
        template: Template,
        limits: &Limits,
        all_fields: &mut usize,
    ) -> bool {
        let known = self.templates.get(&template.id);
        if known.is_some_and(|known| **known == template) {
            return false;
        }
        let before = known.map_or(0, |known| known.fields.len());
        let after = (*all_fields).saturating_sub(before) + template.fields.len();
        let is_new = known.is_none();
        if template.id < 256
            || template.shortest() == 0
            || template.fields.len() > limits.template_fields
            || after > limits.all_fields
            || (is_new && self.templates.len() >= limits.templates)
        {
            self.counts.refused_templates += 1;
            return false;
        }
        *all_fields = after;
        if is_new {
            self.counts.templates += 1;
        } else {
            self.counts.changed_templates += 1;
        }
        self.templates.insert(template.id, Arc::new(template));
        true
    }

    /// Forgets one template, or all of a kind when `id` is that of the set that defines them.
    pub(crate) fn withdraw(&mut self, id: u16, all_fields: &mut usize) {
        let is_gone = |template: &Template| match id {
            2 => !template.is_options,
            3 => template.is_options,
            id => template.id == id,
        };
        self.templates.retain(|_, template| {
            let gone = is_gone(template);
            if gone {
                *all_fields = all_fields.saturating_sub(template.fields.len());
            }
            !gone
        });
    }

    /// Keeps a data set until its template comes; the bytes dropped to make room.
    pub(crate) fn wait(&mut self, waiting: Waiting, limits: &Limits, all_bytes: &mut usize) {
        if *all_bytes + waiting.data.len() > limits.waiting_bytes {
            self.counts.dropped_sets += 1;
            return;
        }
        if self.waiting.len() >= limits.waiting_sets
            && let Some(oldest) = self.waiting.pop_front()
        {
            *all_bytes = all_bytes.saturating_sub(oldest.data.len());
            self.counts.dropped_sets += 1;
        }
        *all_bytes += waiting.data.len();
        self.waiting.push_back(waiting);
    }

    /// The sets that waited for this template, oldest first.
    pub(crate) fn waited_for(&mut self, template: u16, all_bytes: &mut usize) -> Vec<Waiting> {
        let (ready, still): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|set| set.template == template);
        self.waiting = still.into();
        for set in &ready {
            *all_bytes = all_bytes.saturating_sub(set.data.len());
        }
        self.counts.waited_sets += ready.len() as u64;
        ready
    }

    /// sFlow: a source says how many samples it has dropped so far.
    pub(crate) fn sample_drops(&mut self, source: u64, drops: u32, limits: &Limits) {
        if let Some(known) = self.drops_so_far.get_mut(&source) {
            let added = drops.wrapping_sub(*known);
            // A smaller number is a restart of the agent.
            if added < u32::MAX / 2 {
                self.counts.dropped_samples += u64::from(added);
            }
            *known = drops;
        } else if self.drops_so_far.len() < limits.samplers {
            self.drops_so_far.insert(source, drops);
        }
    }

    /// Counts records to which this sampling rate was applied.
    pub(crate) fn applied(&mut self, rate: u32, records: u64) {
        if self.applied.len() < SHOWN_RATES || self.applied.contains_key(&rate) {
            *self.applied.entry(rate).or_default() += records;
        }
    }

    /// Sampling rates applied, and to how many records; the first [`SHOWN_RATES`].
    pub(crate) fn applied_rates(&self) -> BTreeMap<u32, u64> {
        self.applied.clone()
    }

    /// Data sets that wait now.
    pub(crate) fn waiting_sets(&self) -> usize {
        self.waiting.len()
    }

    /// When the exporter started, as its newest option says.
    pub(crate) fn boot_us(&self) -> Option<i64> {
        self.boot_us
    }

    /// An option says when the exporter started, or how packets are sampled.
    pub(crate) fn announce(&mut self, option: &Draft<'_>, limits: &Limits) {
        self.boot_us = option.boot_us().or(self.boot_us);
        let said = &option.sampling;
        let Some(rate) = said.rate() else { return };
        let scope = match (said.sampler, said.interface) {
            (Some(sampler), _) => Scope::Sampler(sampler),
            (None, Some(interface)) => Scope::Interface(interface),
            (None, None) => Scope::Whole,
        };
        if self.rates.len() < limits.samplers || self.rates.contains_key(&scope) {
            self.rates.insert(scope, rate);
        }
    }

    /// One packet in how many, for a record that says this: its own word, its sampler's, its interface's, the
    /// domain's, and at last the only one known.
    pub(crate) fn rate(&self, said: &Sampling, input_if: Option<u32>) -> u32 {
        let of = |scope: Scope| self.rates.get(&scope).copied();
        let only = || match self.rates.len() {
            1 => self.rates.values().next().copied(),
            _ => None,
        };
        said.rate()
            .or_else(|| said.sampler.and_then(|sampler| of(Scope::Sampler(sampler))))
            .or_else(|| input_if.and_then(|interface| of(Scope::Interface(interface))))
            .or_else(|| of(Scope::Whole))
            .or_else(|| if said.sampler.is_none() { only() } else { None })
            .unwrap_or(1)
    }
}

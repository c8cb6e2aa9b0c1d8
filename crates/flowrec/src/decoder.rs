//! Datagrams of many exporters become flow records.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hasher};
use std::net::IpAddr;

use crate::cursor::Cursor;
use crate::data_set::data_set;
use crate::domain::{Counts, Domain, Waiting};
use crate::draft::Header;
use crate::limits::Limits;
use crate::record::{FlowRecord, Format};
use crate::sequence::Arrival;
use crate::sets::{ipfix_header, next_set, template_kind, v9_header};
use crate::template::Definition;
use crate::{netflow5, sflow};

/// Why nothing was read from a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Refusal {
    /// Its version is none of 5, 9, 10 and sFlow's 5.
    UnknownVersion,
    /// It is shorter than its header.
    CutHeader,
    /// It is shorter than it says.
    CutOff,
    /// More exporters than [`Limits::domains`].
    TooManyExporters,
}

impl Refusal {
    /// Its name in counts.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::UnknownVersion => "unknown-version",
            Self::CutHeader => "cut-header",
            Self::CutOff => "cut-off",
            Self::TooManyExporters => "too-many-exporters",
        }
    }
}

/// A datagram as it came.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// Who sent it.
    pub exporter: IpAddr,
    /// The caller's number for it: records are given out with the number of the datagram that held them.
    pub number: u64,
    /// When it came, microseconds since the epoch.
    pub received_us: i64,
    /// Its payload.
    pub payload: &'a [u8],
}

/// What is known of one domain.
#[derive(Clone, Debug)]
pub struct ExporterReport {
    /// Who sends.
    pub exporter: IpAddr,
    /// Observation domain, source id, engine or sub-agent.
    pub domain: u32,
    /// In which format.
    pub format: Format,
    /// What came and what was lost.
    pub counts: Counts,
    /// True when `lost` counts datagrams and not records.
    pub lost_datagrams: bool,
    /// Data sets that still wait for their template.
    pub waiting_sets: usize,
    /// Sampling rates applied, and to how many records.
    pub sampling: BTreeMap<u32, u64>,
}

/// Which records a domain's state belongs to.
type Key = (IpAddr, u32, Format);

/// Decodes datagrams of many exporters, each with its own templates, sampling and sequence.
pub struct Decoder {
    limits: Limits,
    domains: HashMap<Key, Domain>,
    refused: BTreeMap<Refusal, u64>,
    all_fields: usize,
    waiting_bytes: usize,
}

/// Takes the records: number of the datagram, record.
pub type OnRecord<'a> = &'a mut dyn FnMut(u64, &FlowRecord);

impl Decoder {
    /// With these caps.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            domains: HashMap::new(),
            refused: BTreeMap::new(),
            all_fields: 0,
            waiting_bytes: 0,
        }
    }

    /// Decodes one datagram and gives out its records, and those of earlier ones that waited for a template in it.
    ///
    /// # Errors
    /// Nothing could be read of it. It is counted, see [`Decoder::refused`].
    pub fn datagram(&mut self, datagram: &Datagram<'_>, out: OnRecord<'_>) -> Result<(), Refusal> {
        let mut rest = Cursor(datagram.payload);
        let result = match rest.u16() {
            None => Err(Refusal::CutHeader),
            Some(5) => self.netflow5(datagram, rest, out),
            Some(9) => self.netflow9(datagram, rest, out),
            Some(10) => self.ipfix(datagram, rest, out),
            Some(0) if rest.u16() == Some(5) => self.sflow(datagram, rest, out),
            Some(_) => Err(Refusal::UnknownVersion),
        };
        if let Err(refusal) = result {
            *self.refused.entry(refusal).or_default() += 1;
        }
        result
    }

    /// Datagrams of which nothing was read, by reason.
    #[must_use]
    pub fn refused(&self) -> &BTreeMap<Refusal, u64> {
        &self.refused
    }

    /// What is known of every domain, by exporter.
    #[must_use]
    pub fn exporters(&self) -> Vec<ExporterReport> {
        let mut reports: Vec<_> = self
            .domains
            .iter()
            .map(|(&(exporter, domain, format), state)| ExporterReport {
                exporter,
                domain,
                format,
                counts: state.counts.clone(),
                lost_datagrams: state.sequence.counts_datagrams(),
                waiting_sets: state.waiting_sets(),
                sampling: state.applied_rates(),
            })
            .collect();
        reports.sort_by_key(|report| (report.exporter, report.domain, report.format));
        reports
    }

    fn netflow5(
        &mut self,
        datagram: &Datagram<'_>,
        mut rest: Cursor<'_>,
        out: OnRecord<'_>,
    ) -> Result<(), Refusal> {
        let header = netflow5::header(&mut rest).ok_or(Refusal::CutHeader)?;
        let length = usize::from(header.count) * netflow5::RECORD_BYTES;
        let mut records = Cursor(rest.take(length).ok_or(Refusal::CutOff)?);
        let key = (
            datagram.exporter,
            u32::from(header.engine),
            Format::NetflowV5,
        );
        let Some((mut domain, arrival)) = self.arrived(key, header.sequence, datagram.payload)?
        else {
            return Ok(());
        };
        while let Some(data) = records.array() {
            if let Some(record) = header.record(datagram.exporter, &data) {
                domain.counts.records += 1;
                out(datagram.number, &record);
            }
        }
        domain.applied(header.rate(), u64::from(header.count));
        arrival.passed(&mut domain, Some(u32::from(header.count)), 0);
        self.domains.insert(key, domain);
        Ok(())
    }

    /// RFC 3954, 5.1.
    fn netflow9(
        &mut self,
        datagram: &Datagram<'_>,
        mut rest: Cursor<'_>,
        out: OnRecord<'_>,
    ) -> Result<(), Refusal> {
        let (count, header) = v9_header(datagram.exporter, &mut rest).ok_or(Refusal::CutHeader)?;
        let _ = count; // of records of all kinds; the sets say the same
        self.sets(datagram, header, rest, out)
    }

    /// RFC 7011, 3.1.
    fn ipfix(
        &mut self,
        datagram: &Datagram<'_>,
        mut rest: Cursor<'_>,
        out: OnRecord<'_>,
    ) -> Result<(), Refusal> {
        let (length, header) =
            ipfix_header(datagram.exporter, &mut rest).ok_or(Refusal::CutHeader)?;
        let body = length.checked_sub(16).ok_or(Refusal::CutOff)?;
        let sets = rest.take(body).ok_or(Refusal::CutOff)?;
        self.sets(datagram, header, Cursor(sets), out)
    }

    fn sets(
        &mut self,
        datagram: &Datagram<'_>,
        header: Header,
        mut rest: Cursor<'_>,
        out: OnRecord<'_>,
    ) -> Result<(), Refusal> {
        let key = (datagram.exporter, header.domain, header.format);
        let Some((mut domain, arrival)) = self.arrived(key, header.sequence, datagram.payload)?
        else {
            return Ok(());
        };
        let mut records = Some(0);
        let options_before = domain.counts.options;
        while rest.len() >= 4 {
            let Some((id, set)) = next_set(&mut rest) else {
                domain.counts.damaged += 1;
                break;
            };
            match template_kind(header.format, id) {
                Some(read) => self.templates(&mut domain, id, set, read, out),
                None if id < 256 => domain.counts.damaged += 1,
                None => match domain.template(id) {
                    Some(template) => {
                        let data = data_set(
                            &mut domain,
                            &template,
                            &header,
                            set,
                            (datagram.number, &self.limits),
                            out,
                        );
                        records = records.map(|records| data + records);
                    }
                    None => {
                        records = None;
                        let waiting = Waiting {
                            template: id,
                            data: set.0.into(),
                            header,
                            number: datagram.number,
                        };
                        domain.wait(waiting, &self.limits, &mut self.waiting_bytes);
                    }
                },
            }
        }
        let options = domain.counts.options - options_before;
        arrival.passed(&mut domain, records, options);
        self.domains.insert(key, domain);
        Ok(())
    }

    /// Learns the templates of a set, and decodes what waited for them.
    fn templates(
        &mut self,
        domain: &mut Domain,
        set_id: u16,
        mut set: Cursor<'_>,
        read: fn(&mut Cursor<'_>) -> Option<Definition>,
        out: OnRecord<'_>,
    ) {
        while set.len() >= 4 && set.0.iter().any(|byte| *byte != 0) {
            match read(&mut set) {
                Some(Definition::Template(template)) => {
                    let id = template.id;
                    domain.learn(template, &self.limits, &mut self.all_fields);
                    let Some(template) = domain.template(id) else {
                        continue;
                    };
                    for waited in domain.waited_for(id, &mut self.waiting_bytes) {
                        let (header, set) = (waited.header, Cursor(&waited.data));
                        let place = (waited.number, &self.limits);
                        data_set(domain, &template, &header, set, place, out);
                    }
                }
                // RFC 7011, 8.1: the set's own id withdraws all of its kind.
                Some(Definition::Withdrawal(id)) if id >= 256 || id == set_id => {
                    domain.withdraw(id, &mut self.all_fields);
                }
                Some(Definition::Withdrawal(_)) | None => {
                    domain.counts.damaged += 1;
                    return;
                }
            }
        }
    }

    fn sflow(
        &mut self,
        datagram: &Datagram<'_>,
        mut rest: Cursor<'_>,
        out: OnRecord<'_>,
    ) -> Result<(), Refusal> {
        let header = sflow::header(&mut rest).ok_or(Refusal::CutHeader)?;
        let key = (datagram.exporter, header.sub_agent, Format::SflowV5);
        let Some((mut domain, arrival)) = self.arrived(key, header.sequence, datagram.payload)?
        else {
            return Ok(());
        };
        for _ in 0..header.samples {
            match sflow::sample(&header, &mut rest) {
                Some(sflow::Sample::Flow {
                    mut record,
                    source,
                    drops,
                }) => {
                    (record.start_us, record.end_us) = (datagram.received_us, datagram.received_us);
                    domain.counts.records += 1;
                    domain.applied(record.sampling, 1);
                    domain.sample_drops(source, drops, &self.limits);
                    out(datagram.number, &record);
                }
                Some(sflow::Sample::Other) => domain.counts.other_records += 1,
                None => {
                    domain.counts.damaged += 1;
                    break;
                }
            }
        }
        arrival.passed(&mut domain, None, 0);
        self.domains.insert(key, domain);
        Ok(())
    }

    /// Finds the domain; `None` for a second copy of a datagram. The domain is taken out of the table: the caller
    /// puts it back.
    fn arrived(
        &mut self,
        key: Key,
        number: u32,
        payload: &[u8],
    ) -> Result<Option<(Domain, Arrived)>, Refusal> {
        let mut domain = match self.domains.remove(&key) {
            Some(domain) => domain,
            None if self.domains.len() >= self.limits.domains => {
                return Err(Refusal::TooManyExporters);
            }
            None => Domain::new(matches!(key.2, Format::NetflowV9 | Format::SflowV5)),
        };
        let digest = digest(payload);
        if domain.sequence.is_duplicate(number, digest) {
            domain.counts.duplicates += 1;
            self.domains.insert(key, domain);
            return Ok(None);
        }
        domain.counts.datagrams += 1;
        Ok(Some((domain, Arrived { number, digest })))
    }
}

/// A datagram that is being decoded.
struct Arrived {
    number: u32,
    digest: u64,
}

impl Arrived {
    /// The datagram is decoded: how it fits the sequence is counted.
    fn passed(&self, domain: &mut Domain, records: Option<u32>, options: u64) {
        let options = u32::try_from(options).unwrap_or(u32::MAX);
        let arrival = domain
            .sequence
            .passed(self.number, self.digest, records, options);
        let counts = &mut domain.counts;
        match arrival {
            Arrival::Gap(units) => {
                counts.gaps += 1;
                counts.lost += u64::from(units);
            }
            Arrival::Late => {
                counts.late += 1;
                // It fills some of a gap.
                let found = match domain.sequence.counts_datagrams() {
                    true => 1,
                    false => u64::from(records.unwrap_or(0)),
                };
                counts.lost = counts.lost.saturating_sub(found);
            }
            Arrival::Restart => counts.restarts += 1,
            _ => {}
        }
    }
}

fn digest(payload: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(payload);
    hasher.finish() | 1
}

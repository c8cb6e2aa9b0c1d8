//! Messages read beside the pass, on other threads, and rows that keep their order all the same.
//!
//! A message is given to a thread when it is whole, and the pass goes on. What the pass finds in the meantime for
//! the tables that messages fill waits in a line behind it, so rows stand as if one thread had done all. The line is
//! short: when it is full the pass reads messages itself.

mod pool;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};

use arrow_schema::ArrowError;
use mailscope_capture::Endpoints;
use mailscope_decode::limits::Limits;
use mailscope_decode::mail::{Read, Several};
use mailscope_decode::record::{MailSession, Record, Unread};
use mailscope_tables::{Batches, FlowContext, FlowId, Tables};

use pool::Pool;

/// Bytes of messages in the line at most; one that is longer alone is read at once.
const LINE_BYTES: usize = 2 << 20;
/// Places in the line at most.
const LINE_PLACES: usize = 128;

/// A place in the line.
struct Place {
    flow_id: FlowId,
    ends: Endpoints,
    rows: Rows,
}

/// What is to become rows when its turn comes.
enum Rows {
    /// A message in other hands: its session, and its bytes.
    Awaited(u32, usize),
    /// A message that was read: its session, its bytes, and what it came to.
    Read(u32, usize, Read),
    /// Records of the tables that messages fill.
    Record(Record),
    /// A session and the target of the proxy request around it.
    Session(Box<MailSession>, Option<(String, u16)>),
}

/// Reads messages and puts rows into tables in their order.
pub(crate) struct Reading {
    limits: Limits,
    threads: usize,
    /// Made with the first message.
    pool: Option<Pool>,
    /// Reads what threads do not.
    several: Several,
    line: VecDeque<Place>,
    /// Number of the first place in the line.
    first: u64,
    bytes: usize,
    /// Limits that messages hit whose session is still to come.
    limits_hit: HashMap<(FlowId, u32), Vec<&'static str>>,
}

impl Reading {
    /// Reads with these caps.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            threads: Pool::threads(),
            pool: None,
            several: Several::default(),
            line: VecDeque::new(),
            first: 0,
            bytes: 0,
            limits_hit: HashMap::new(),
        }
    }

    /// Is there a thread beside that of the pass?
    pub fn has_threads(&self) -> bool {
        self.threads > 0
    }

    /// Takes a message.
    pub fn message<B: Batches>(
        &mut self,
        context: &FlowContext<'_>,
        unread: Unread,
        tables: &mut Tables,
        out: &mut B,
    ) -> Result<(), ArrowError> {
        let bytes = unread.raw.len();
        let number = self.first + self.line.len() as u64;
        self.bytes += bytes;
        self.line.push_back(Place {
            flow_id: context.flow_id,
            ends: *context.ends,
            rows: Rows::Awaited(unread.transfer.session, bytes),
        });
        let (threads, limits) = (self.threads, &self.limits);
        self.pool
            .get_or_insert_with(|| Pool::new(threads, limits))
            .give((number, unread));
        self.advance(context.inputs, tables, out)
    }

    /// Takes a record of the tables that messages fill.
    pub fn record<B: Batches>(
        &mut self,
        context: &FlowContext<'_>,
        record: Record,
        tables: &mut Tables,
        out: &mut B,
    ) -> Result<(), ArrowError> {
        if self.line.is_empty() {
            return tables.record(context, &record, out);
        }
        self.queue(context, Rows::Record(record));
        self.advance(context.inputs, tables, out)
    }

    /// Takes a session with the target of the proxy request around it.
    pub fn session<B: Batches>(
        &mut self,
        context: &FlowContext<'_>,
        session: Box<MailSession>,
        target: Option<(&str, u16)>,
        tables: &mut Tables,
        out: &mut B,
    ) -> Result<(), ArrowError> {
        if self.line.is_empty() {
            return self.session_row(context, session, target, tables, out);
        }
        let target = target.map(|(host, port)| (host.to_owned(), port));
        self.queue(context, Rows::Session(session, target));
        self.advance(context.inputs, tables, out)
    }

    /// Makes rows of all that waits.
    pub fn finish<B: Batches>(
        &mut self,
        inputs: &[String],
        tables: &mut Tables,
        out: &mut B,
    ) -> Result<(), ArrowError> {
        self.settle(inputs, tables, out)?;
        while !self.line.is_empty() {
            self.help()?;
            self.settle(inputs, tables, out)?;
        }
        Ok(())
    }

    fn queue(&mut self, context: &FlowContext<'_>, rows: Rows) {
        self.line.push_back(Place {
            flow_id: context.flow_id,
            ends: *context.ends,
            rows,
        });
    }

    /// Makes rows of what is known by now, and shortens the line where it is too long.
    fn advance<B: Batches>(
        &mut self,
        inputs: &[String],
        tables: &mut Tables,
        out: &mut B,
    ) -> Result<(), ArrowError> {
        while let Some(answer) = self.pool.as_ref().and_then(Pool::answer) {
            self.answered(answer)?;
        }
        self.settle(inputs, tables, out)?;
        while self.bytes > LINE_BYTES || self.line.len() > LINE_PLACES {
            self.help()?;
            self.settle(inputs, tables, out)?;
        }
        Ok(())
    }

    /// Reads the oldest message that no thread has taken; waits for one when threads have all.
    fn help(&mut self) -> Result<(), ArrowError> {
        let Some(pool) = &self.pool else {
            return Err(lost());
        };
        let job = pool.take_back();
        let is_over = job.is_none();
        let read = pool::read(&mut self.several, job, &self.limits);
        if is_over && read.is_empty() {
            let answer = pool.wait();
            return self.answered(answer);
        }
        read.into_iter()
            .try_for_each(|read| self.answered(Some(read)))
    }

    fn answered(&mut self, read: Option<Read>) -> Result<(), ArrowError> {
        let read = read.ok_or_else(lost)?;
        let place = usize::try_from(read.number.saturating_sub(self.first)).unwrap_or(usize::MAX);
        if let Some(place) = self.line.get_mut(place)
            && let Rows::Awaited(session, bytes) = place.rows
        {
            place.rows = Rows::Read(session, bytes, read);
        }
        Ok(())
    }

    /// Makes rows of what stands at the front of the line, up to the first message that is not read.
    fn settle<B: Batches>(
        &mut self,
        inputs: &[String],
        tables: &mut Tables,
        out: &mut B,
    ) -> Result<(), ArrowError> {
        let is_known = |place: &Place| !matches!(place.rows, Rows::Awaited(..));
        while self.line.front().is_some_and(is_known) {
            let Some(place) = self.line.pop_front() else {
                break;
            };
            self.first += 1;
            let context = FlowContext {
                flow_id: place.flow_id,
                ends: &place.ends,
                inputs,
            };
            match place.rows {
                Rows::Awaited(..) => {}
                Rows::Read(session, bytes, read) => {
                    self.bytes -= bytes;
                    self.note_limits((context.flow_id, session), &read.limits_hit);
                    for record in &read.records {
                        tables.record(&context, record, out)?;
                    }
                }
                Rows::Record(record) => tables.record(&context, &record, out)?,
                Rows::Session(session, target) => {
                    let target = target.as_ref().map(|(host, port)| (host.as_str(), *port));
                    self.session_row(&context, session, target, tables, out)?;
                }
            }
        }
        Ok(())
    }

    fn note_limits(&mut self, session: (FlowId, u32), limits_hit: &[&'static str]) {
        if !limits_hit.is_empty() {
            let known = self.limits_hit.entry(session).or_default();
            for limit in limits_hit {
                if !known.contains(limit) {
                    known.push(limit);
                }
            }
        }
    }

    fn session_row<B: Batches>(
        &mut self,
        context: &FlowContext<'_>,
        mut session: Box<MailSession>,
        target: Option<(&str, u16)>,
        tables: &mut Tables,
        out: &mut B,
    ) -> Result<(), ArrowError> {
        let key = (context.flow_id, session.session);
        for limit in self.limits_hit.remove(&key).unwrap_or_default() {
            if !session.limits_hit.contains(&limit) {
                session.limits_hit.push(limit);
            }
        }
        tables.mail_session(context, &session, target, out)
    }
}

/// A fault of ours: a message is gone.
fn lost() -> ArrowError {
    ArrowError::ExternalError("a message could not be read".into())
}

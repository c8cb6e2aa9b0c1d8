//! All tables of a run, and how full batches leave them.

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use mailscope_capture::Flow;
use mailscope_decode::record::{Application, MailSession, Record};

use crate::context::FlowContext;
use crate::guesses::Guesses;
use crate::table::{Table, TableSchema};
use crate::{
    attachments, dns_answers, flow_records, flows, http_parameters, http_requests, logins,
    mail_sessions, mail_transactions, messages, proxy_requests, sightings, tls_handshakes, urls,
};

/// Rows of a full batch: few enough that the columns under construction stay in the CPU's cache.
const BATCH_ROWS: usize = 4 << 10;

/// Bytes of variable length at which a batch is full before it has all its rows.
const BATCH_BYTES: usize = 8 << 20;

/// Takes batches as they fill.
pub trait Batches {
    /// A batch of the table so named.
    fn batch(&mut self, table: &'static TableSchema, batch: RecordBatch) -> Result<(), ArrowError>;
}

/// Every table of a pass over captures.
#[derive(Default)]
pub struct Tables {
    flows: flows::Builder,
    mail_sessions: mail_sessions::Builder,
    mail_transactions: mail_transactions::Builder,
    messages: messages::Builder,
    urls: urls::Builder,
    attachments: attachments::Builder,
    http_requests: http_requests::Builder,
    http_parameters: http_parameters::Builder,
    guesses: Guesses,
    proxy_requests: proxy_requests::Builder,
    logins: logins::Builder,
    dns_answers: dns_answers::Builder,
    tls_handshakes: tls_handshakes::Builder,
}

impl Tables {
    /// The tables of a pass, in the order of the documentation.
    #[must_use]
    pub fn schemas() -> [&'static TableSchema; 12] {
        [
            flows::Builder::schema(),
            mail_sessions::Builder::schema(),
            mail_transactions::Builder::schema(),
            messages::Builder::schema(),
            urls::Builder::schema(),
            attachments::Builder::schema(),
            http_requests::Builder::schema(),
            http_parameters::Builder::schema(),
            proxy_requests::Builder::schema(),
            logins::Builder::schema(),
            dns_answers::Builder::schema(),
            tls_handshakes::Builder::schema(),
        ]
    }

    /// Appends a finished flow.
    pub fn flow<B: Batches>(
        &mut self,
        context: &FlowContext<'_>,
        sensor: Option<&str>,
        flow: &Flow,
        app: Option<&Application>,
        out: &mut B,
    ) -> Result<(), ArrowError> {
        self.flows.append(context, sensor, flow, app);
        hand_on_if_full(&mut self.flows, out)
    }

    /// Appends a mail session with the target of the proxy request around it.
    pub fn mail_session<B: Batches>(
        &mut self,
        context: &FlowContext<'_>,
        session: &MailSession,
        tunnel: Option<(&str, u16)>,
        out: &mut B,
    ) -> Result<(), ArrowError> {
        self.mail_sessions.append(context, session, tunnel);
        hand_on_if_full(&mut self.mail_sessions, out)
    }

    /// Appends a decoder's record. An [`Application`] belongs to [`Tables::flow`] and is skipped here, and so is a
    /// message that nobody has read.
    pub fn record<B: Batches>(
        &mut self,
        context: &FlowContext<'_>,
        record: &Record,
        out: &mut B,
    ) -> Result<(), ArrowError> {
        macro_rules! append {
            ($table:ident, $record:ident) => {{
                self.$table.append(context, $record);
                hand_on_if_full(&mut self.$table, out)
            }};
        }
        match record {
            Record::MailSession(session) => self.mail_session(context, session, None, out),
            Record::MailTransaction(transaction) => append!(mail_transactions, transaction),
            Record::Message(message) => append!(messages, message),
            Record::Url(url) => append!(urls, url),
            Record::Attachment(attachment) => append!(attachments, attachment),
            Record::HttpRequest(http) => append!(http_requests, http),
            Record::HttpParameter(parameter) => {
                let label = parameter.guess.and_then(|guess| self.guesses.label(guess));
                self.http_parameters
                    .append(context, parameter, label.as_deref());
                hand_on_if_full(&mut self.http_parameters, out)
            }
            Record::ProxyRequest(proxy) => append!(proxy_requests, proxy),
            Record::Login(login) => append!(logins, login),
            Record::DnsAnswer(dns) => append!(dns_answers, dns),
            Record::TlsHandshake(tls) => append!(tls_handshakes, tls),
            Record::Application(_) | Record::Unread(_) => Ok(()),
        }
    }

    /// Hands on what is left. Every table hands on at least one batch, if an empty one.
    pub fn finish<B: Batches>(mut self, out: &mut B) -> Result<(), ArrowError> {
        self.hand_on(out)
    }

    /// Hands on the rows so far, a batch of every table, if an empty one.
    pub fn hand_on<B: Batches>(&mut self, out: &mut B) -> Result<(), ArrowError> {
        hand_on(&mut self.flows, out)?;
        hand_on(&mut self.mail_sessions, out)?;
        hand_on(&mut self.mail_transactions, out)?;
        hand_on(&mut self.messages, out)?;
        hand_on(&mut self.urls, out)?;
        hand_on(&mut self.attachments, out)?;
        hand_on(&mut self.http_requests, out)?;
        hand_on(&mut self.http_parameters, out)?;
        hand_on(&mut self.proxy_requests, out)?;
        hand_on(&mut self.logins, out)?;
        hand_on(&mut self.dns_answers, out)?;
        hand_on(&mut self.tls_handshakes, out)
    }
}

/// All tables that exist, also those that a pass does not make.
#[must_use]
pub fn schemas() -> Vec<&'static TableSchema> {
    let mut schemas = Tables::schemas().to_vec();
    schemas.push(sightings::Builder::schema());
    schemas.push(flow_records::Builder::schema());
    schemas
}

/// Hands a table's rows on when they fill a batch.
pub fn hand_on_if_full<T: Table, B: Batches>(table: &mut T, out: &mut B) -> Result<(), ArrowError> {
    if table.rows() >= BATCH_ROWS || table.heap_bytes() >= BATCH_BYTES {
        hand_on(table, out)
    } else {
        Ok(())
    }
}

/// Hands a table's rows on.
pub fn hand_on<T: Table, B: Batches>(table: &mut T, out: &mut B) -> Result<(), ArrowError> {
    let batch = table.finish()?;
    out.batch(T::schema(), batch)
}

//! One row a DNS answer record.

use mailscope_decode::record::DnsAnswer;
use mailscope_evidence::Span;

use crate::address::Address;
use crate::column::{Text, U8, U16, U32};
use crate::context::FlowContext;
use crate::table::table;
use crate::word::Word;

table! {
    /// One DNS answer record of type A, AAAA, MX, CNAME, NS, PTR or TXT, or an empty answer.
    dns_answers {
        /// Who asked.
        client_addr: Address,
        /// Its port.
        client_port: U16,
        /// Who answered.
        server_addr: Address,
        /// Its port.
        server_port: U16,
        /// Question name, lower case, no final dot.
        query: Text,
        /// Question type.
        qtype: Word,
        /// Response code.
        rcode: U8,
        /// Owner of the answer record.
        name: Text,
        /// Type of the answer record; empty when there is none.
        rtype: Word,
        /// Answer: address, host name (MX: without preference), text.
        answer: Text,
        /// Time to live, seconds.
        ttl: U32,
    }
}

impl Builder {
    /// Appends an answer.
    pub fn append(&mut self, context: &FlowContext<'_>, dns: &DnsAnswer) {
        let (client, server) = context.oriented(dns.client_is_orig);
        self.push(Row {
            evidence: context.evidence(Span::at(dns.at)),
            client_addr: client.0,
            client_port: client.1,
            server_addr: server.0,
            server_port: server.1,
            query: &dns.query,
            qtype: &dns.qtype,
            rcode: dns.rcode,
            name: &dns.name,
            rtype: &dns.rtype,
            answer: &dns.answer,
            ttl: dns.ttl,
        });
    }
}

//! What a decoder's record lacks: the flow it was on.

use std::net::IpAddr;

use mailscope_capture::Endpoints;
use mailscope_evidence::Span;

use crate::flow_id::FlowId;
use crate::table::Evidence;

/// The flow that carried a record.
#[derive(Clone, Copy, Debug)]
pub struct FlowContext<'a> {
    /// Its id.
    pub flow_id: FlowId,
    /// Its ends.
    pub ends: &'a Endpoints,
    /// Names of the inputs, by number.
    pub inputs: &'a [String],
}

/// Address and port of one end.
pub(crate) type End = (IpAddr, u16);

impl<'a> FlowContext<'a> {
    pub(crate) fn evidence(&self, span: Span) -> Evidence<'a> {
        Evidence {
            flow_id: self.flow_id,
            span,
            inputs: self.inputs,
        }
    }

    /// Client and server.
    pub(crate) fn oriented(&self, client_is_orig: bool) -> (End, End) {
        let orig = (self.ends.orig_addr, self.ends.orig_port);
        let resp = (self.ends.resp_addr, self.ends.resp_port);
        if client_is_orig {
            (orig, resp)
        } else {
            (resp, orig)
        }
    }
}

/// Texts of a list column.
pub(crate) fn texts(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

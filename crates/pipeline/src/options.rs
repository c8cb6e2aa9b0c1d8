//! What a user may choose of a pass.

use std::fmt;

use mailscope_capture::Limits as CaptureLimits;
use mailscope_decode::identify::App;
use mailscope_decode::limits::Limits as DecodeLimits;
use mailscope_decode::mail::spot::{self, Phrases};
use mailscope_decode::room::Room;

use crate::Error;

/// Choices for a pass over captures.
#[derive(Clone, Debug)]
pub struct Options {
    /// Label of the capture point, put into every flow.
    pub sensor: Option<String>,
    /// Keep raw messages and their text; otherwise only header fields, hashes, URLs and attachments' data.
    pub keep_messages: bool,
    /// Show login names as their first letter, `***` and the domain.
    pub mask_users: bool,
    /// Memory for flows, reassembly and decoders, MiB. What goes over is cut and marked, never dropped in silence.
    pub memory_mb: u32,
    /// Seconds without a packet after which a TCP flow is closed as `idle`.
    pub tcp_idle_s: u32,
    /// The same for every other protocol.
    pub other_idle_s: u32,
    /// Count every record of a capture, also copies of a packet that another tap or a mirror port gave.
    pub count_copies: bool,
    /// Ports whose application is given.
    pub decode_as: Vec<PortRule>,
    /// Inputs of at most so many MiB are hashed (SHA-256) as they are read; a larger one costs more to hash than to decode.
    pub hash_mb: u64,
    /// Phrases to look for in subject and text of messages.
    pub spot: Phrases,
    /// Caps of the decoders.
    pub decode_limits: DecodeLimits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            sensor: None,
            keep_messages: false,
            mask_users: false,
            memory_mb: 256,
            tcp_idle_s: 900,
            other_idle_s: 60,
            count_copies: false,
            decode_as: Vec::new(),
            hash_mb: 64,
            spot: Phrases::default(),
            decode_limits: DecodeLimits::default(),
        }
    }
}

/// The phrases as a list to look for.
///
/// # Errors
/// They are too many or too long, or one is empty.
pub fn phrases(given: &[String]) -> Result<Phrases, Error> {
    Phrases::of(given).ok_or_else(|| {
        let (most, longest) = (spot::PHRASES, spot::PHRASE_BYTES);
        Error::Usage(format!(
            "`spot` takes at most {most} phrases of 1 to {longest} bytes"
        ))
    })
}

impl Options {
    /// The application that the user says runs on these ports.
    pub(crate) fn decoded_as(&self, orig_port: u16, resp_port: u16) -> Option<App> {
        let rule = self
            .decode_as
            .iter()
            .find(|rule| rule.port == resp_port || rule.port == orig_port);
        rule.map(|rule| rule.app)
    }

    /// Caps of the decoders, with begun messages of all flows inside a quarter of the memory budget.
    pub(crate) fn shared_decode_limits(&self) -> DecodeLimits {
        let budget = self.budget_bytes();
        let message_bytes = self.decode_limits.message_bytes.min(budget / 8);
        DecodeLimits {
            message_bytes,
            message_room: Room::of(budget / 4),
            ..self.decode_limits
        }
    }

    fn budget_bytes(&self) -> usize {
        (self.memory_mb.max(16) as usize) << 20
    }

    /// Caps of flow table and reassembly that keep inside the memory budget: about half of it for flows
    /// (some 300 bytes each, decoder state included), an eighth for segments out of order, a 32nd for fragments.
    pub(crate) fn capture_limits(&self) -> CaptureLimits {
        let budget = self.budget_bytes();
        CaptureLimits {
            flows: budget / 640,
            tcp_idle_s: self.tcp_idle_s,
            other_idle_s: self.other_idle_s,
            buffer_bytes: budget / 8,
            fragment_bytes: budget / 32,
            ..CaptureLimits::default()
        }
    }
}

/// The user's word for what runs on a port: `8025=smtp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRule {
    /// The port, of either end.
    pub port: u16,
    /// What runs there.
    pub app: App,
}

impl PortRule {
    /// Reads `PORT=APPLICATION`.
    ///
    /// # Errors
    /// It has another form, or names an application without a decoder.
    pub fn parse(rule: &str) -> Result<Self, Error> {
        let parts = rule
            .split_once('=')
            .and_then(|(port, app)| Some((port.trim().parse().ok()?, app.trim())));
        let Some((port, app)) = parts else {
            return Err(Error::Usage(format!("`{rule}` is not PORT=APPLICATION")));
        };
        match App::by_name(&app.to_ascii_lowercase()) {
            Some(app) => Ok(Self { port, app }),
            None => Err(Error::Usage(format!("`{app}` cannot be decoded"))),
        }
    }
}

impl fmt::Display for PortRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.port, self.app.slug())
    }
}

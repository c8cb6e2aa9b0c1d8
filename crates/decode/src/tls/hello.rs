//! ClientHello and ServerHello (RFC 8446, 4.1; RFC 5246, 7.4.1).

use super::cursor::{Cursor, values};

const SERVER_NAME: u16 = 0;
const SUPPORTED_GROUPS: u16 = 10;
const POINT_FORMATS: u16 = 11;
const SIGNATURE_ALGORITHMS: u16 = 13;
const ALPN: u16 = 16;
const SUPPORTED_VERSIONS: u16 = 43;

/// Longest server name kept.
const NAME_BYTES: usize = 255;

/// What a client offers.
#[derive(Debug)]
pub(super) struct ClientHello<'a> {
    /// `legacy_version`.
    pub version: u16,
    /// Cipher suites, two bytes each.
    pub ciphers: &'a [u8],
    /// Extensions in order: type and content.
    pub extensions: Vec<(u16, &'a [u8])>,
}

impl<'a> ClientHello<'a> {
    /// `legacy_version random session_id cipher_suites compression_methods extensions`.
    pub fn parse(body: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor(body);
        let version = cursor.u16()?;
        cursor.take(32)?;
        cursor.vector8()?;
        let ciphers = cursor.vector16()?;
        cursor.vector8()?;
        Some(Self {
            version,
            ciphers,
            extensions: extensions(cursor),
        })
    }

    /// The content of the first extension of this type.
    fn extension(&self, kind: u16) -> Option<&'a [u8]> {
        self.extensions
            .iter()
            .find(|(held, _)| *held == kind)
            .map(|(_, content)| *content)
    }

    /// The host name asked for (RFC 6066, 3).
    pub fn server_name(&self) -> Option<String> {
        let mut list = Cursor(Cursor(self.extension(SERVER_NAME)?).vector16()?);
        list.u8().filter(|kind| *kind == 0)?;
        list.vector16()
            .map(|name| crate::layer::text(name, NAME_BYTES))
    }

    /// The first protocol offered (RFC 7301).
    pub fn first_alpn(&self) -> Option<&'a [u8]> {
        Cursor(Cursor(self.extension(ALPN)?).vector16()?)
            .vector8()
            .filter(|name| !name.is_empty())
    }

    /// The highest version offered, GREASE left out.
    pub fn highest_version(&self) -> u16 {
        let offered = self
            .extension(SUPPORTED_VERSIONS)
            .and_then(|content| Cursor(content).vector8());
        offered
            .and_then(|list| values(list).filter(|value| !is_grease(*value)).max())
            .unwrap_or(self.version)
    }

    /// Groups offered.
    pub fn groups(&self) -> &'a [u8] {
        self.extension(SUPPORTED_GROUPS)
            .and_then(|content| Cursor(content).vector16())
            .unwrap_or(b"")
    }

    /// Point formats offered.
    pub fn point_formats(&self) -> &'a [u8] {
        self.extension(POINT_FORMATS)
            .and_then(|content| Cursor(content).vector8())
            .unwrap_or(b"")
    }

    /// Signature algorithms offered.
    pub fn signature_algorithms(&self) -> &'a [u8] {
        self.extension(SIGNATURE_ALGORITHMS)
            .and_then(|content| Cursor(content).vector16())
            .unwrap_or(b"")
    }
}

/// What a server chose.
#[derive(Debug)]
pub(super) struct ServerHello<'a> {
    /// Version in force: of the extension, else of the hello.
    pub version: u16,
    /// `legacy_version`.
    pub legacy_version: u16,
    /// Cipher suite.
    pub cipher: u16,
    /// Extensions in order.
    pub extensions: Vec<(u16, &'a [u8])>,
}

impl<'a> ServerHello<'a> {
    /// `legacy_version random session_id cipher_suite compression_method extensions`.
    pub fn parse(body: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor(body);
        let legacy_version = cursor.u16()?;
        cursor.take(32)?;
        cursor.vector8()?;
        let cipher = cursor.u16()?;
        cursor.u8()?;
        let extensions = extensions(cursor);
        let chosen = extensions
            .iter()
            .find(|(kind, _)| *kind == SUPPORTED_VERSIONS);
        let version = chosen
            .and_then(|(_, content)| Cursor(content).u16())
            .unwrap_or(legacy_version);
        Some(Self {
            version,
            legacy_version,
            cipher,
            extensions,
        })
    }

    /// The protocol chosen (RFC 7301); TLS 1.3 encrypts it.
    pub fn chosen_alpn(&self) -> Option<&'a [u8]> {
        let (_, content) = self.extensions.iter().find(|(kind, _)| *kind == ALPN)?;
        Cursor(Cursor(content).vector16()?)
            .vector8()
            .filter(|name| !name.is_empty())
    }
}

/// The list of extensions; a broken one ends it.
fn extensions(mut cursor: Cursor<'_>) -> Vec<(u16, &[u8])> {
    let mut list = Vec::new();
    let Some(mut content) = cursor.vector16().map(Cursor) else {
        return list;
    };
    while let (Some(kind), Some(body)) = (content.u16(), content.vector16()) {
        list.push((kind, body));
    }
    list
}

/// Values reserved to keep servers tolerant (RFC 8701).
pub(super) fn is_grease(value: u16) -> bool {
    let [high, low] = value.to_be_bytes();
    high == low && low & 0x0f == 0x0a
}

/// The version's name; `None` for one we don't know.
pub(super) fn version_name(version: u16) -> Option<&'static str> {
    match version {
        0x0002 => Some("SSL 2.0"),
        0x0300 => Some("SSL 3.0"),
        0x0301 => Some("TLS 1.0"),
        0x0302 => Some("TLS 1.1"),
        0x0303 => Some("TLS 1.2"),
        0x0304 | 0x7f00..=0x7fff => Some("TLS 1.3"),
        _ => None,
    }
}

//! What the first bytes of either direction say about the application, on any port.

/// An application known by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum App {
    /// RFC 5321.
    Smtp,
    /// RFC 1939.
    Pop3,
    /// RFC 9051.
    Imap,
    /// HTTP/1.x.
    Http,
    /// SOCKS 4, 4a, 5.
    Socks,
    /// TLS and SSLv2-style hellos.
    Tls,
    /// DNS over UDP or TCP.
    Dns,
    /// Recognised by name only.
    Named(&'static str),
}

impl App {
    /// The word used in tables.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Pop3 => "pop3",
            Self::Imap => "imap",
            Self::Http => "http",
            Self::Socks => "socks",
            Self::Tls => "tls",
            Self::Dns => "dns",
            Self::Named(name) => name,
        }
    }

    /// The decodable application of this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        [Self::Smtp, Self::Pop3, Self::Imap, Self::Http, Self::Socks, Self::Tls, Self::Dns]
            .into_iter()
            .find(|app| app.slug() == name)
    }
}

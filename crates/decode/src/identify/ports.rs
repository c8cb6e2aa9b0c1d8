//! Ports: they break ties and name what is expected, they decide nothing.

use super::App;

/// True for ports on which mail servers listen.
pub(crate) fn is_mail_port(port: u16) -> bool {
    matches!(port, 24..=26 | 109 | 110 | 143 | 220 | 465 | 585 | 587 | 993 | 995 | 1025 | 2525 | 2526 | 10024..=10026)
}

/// True for ports on which proxies listen.
pub(crate) fn is_proxy_port(port: u16) -> bool {
    matches!(
        port,
        80..=90 | 443 | 553 | 808 | 1080..=1085 | 3124 | 3127..=3129 | 4145 | 6588 | 8000..=8010 | 8060 | 8080..=8090 | 8118 | 8123
            | 8443 | 8888 | 8899 | 9050 | 9051 | 9080 | 9090 | 9150 | 9999 | 10080 | 10808 | 10809 | 53281
    )
}

/// Is this the application's usual port?
pub(super) fn is_usual(app: App, port: u16) -> bool {
    match app {
        App::Smtp => matches!(port, 24..=26 | 465 | 587 | 2525 | 10024..=10026),
        App::Pop3 => matches!(port, 109 | 110 | 995),
        App::Imap => matches!(port, 143 | 220 | 993),
        App::Http => matches!(port, 80 | 3128 | 8000 | 8080 | 8888),
        App::Socks => matches!(port, 1080..=1085 | 9050 | 9150),
        App::Dns => port == 53,
        App::Named("ftp") => matches!(port, 20 | 21 | 2121),
        App::Named("irc") => matches!(port, 194 | 6660..=6669 | 7000),
        App::Named("openvpn") => port == 1194,
        App::Named("redis") => port == 6379,
        App::Named("nntp") => matches!(port, 119 | 433),
        App::Named("telnet") => matches!(port, 23 | 2323),
        _ => false,
    }
}

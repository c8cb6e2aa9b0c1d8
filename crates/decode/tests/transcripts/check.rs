//! What one side alone says may be less than the whole, never something else.

use mailscope_decode::record::{HttpRequest, MailSession, ProxyRequest, Record};

fn exchanges(records: &[Record]) -> Vec<&HttpRequest> {
    records
        .iter()
        .filter_map(|r| {
            if let Record::HttpRequest(http) = r {
                Some(&**http)
            } else {
                None
            }
        })
        .collect()
}

fn proxied(records: &[Record]) -> Vec<&ProxyRequest> {
    records
        .iter()
        .filter_map(|r| {
            if let Record::ProxyRequest(proxy) = r {
                Some(&**proxy)
            } else {
                None
            }
        })
        .collect()
}

fn sessions(records: &[Record]) -> Vec<&MailSession> {
    records
        .iter()
        .filter_map(|r| {
            if let Record::MailSession(session) = r {
                Some(&**session)
            } else {
                None
            }
        })
        .collect()
}

fn users(records: &[Record]) -> Vec<(&'static str, Option<&str>)> {
    records
        .iter()
        .filter_map(|r| {
            if let Record::Login(login) = r {
                Some((login.service, login.user.as_deref()))
            } else {
                None
            }
        })
        .collect()
}

/// Two answers agree when either is missing or both are the same.
fn agree<T: PartialEq>(a: &Option<T>, b: &Option<T>) -> bool {
    a.is_none() || b.is_none() || a == b
}

pub fn client_alone_agrees(whole: &[Record], client: &[Record], name: &str) {
    for http in exchanges(client)
        .iter()
        .filter(|http| http.method.is_some())
    {
        let same = |other: &&&HttpRequest| {
            other.method == http.method
                && other.uri == http.uri
                && other.host == http.host
                && other.user_agent == http.user_agent
                && other.auth_user == http.auth_user
        };
        let found = exchanges(whole).iter().any(|other| same(&other));
        assert!(
            found,
            "{name}: {:?} {:?} is only in the client's run",
            http.method, http.uri
        );
        assert_eq!(http.status, None, "{name}");
    }
    for proxy in proxied(client)
        .iter()
        .filter(|proxy| proxy.kind != "unseen")
    {
        let same = |other: &&ProxyRequest| {
            (other.kind, &other.target_host, other.target_port)
                == (proxy.kind, &proxy.target_host, proxy.target_port)
        };
        let whole = proxied(whole);
        let other = whole.iter().copied().find(|other| same(other));
        assert!(
            other.is_some(),
            "{name}: {} {}:{} is only in the client's run",
            proxy.kind,
            proxy.target_host,
            proxy.target_port
        );
    }
    for user in users(client) {
        assert!(
            users(whole).contains(&user),
            "{name}: {user:?} is only in the client's run"
        );
    }
    mail_agrees(whole, client, name);
}

pub fn server_alone_agrees(whole: &[Record], server: &[Record], name: &str) {
    for http in exchanges(server) {
        let same = |other: &&&HttpRequest| {
            other.status == http.status && other.content_type == http.content_type
        };
        let found = exchanges(whole).iter().any(|other| same(&other));
        assert!(
            found,
            "{name}: status {:?} is only in the server's run",
            http.status
        );
    }
    for proxy in proxied(server) {
        let found = proxied(whole)
            .iter()
            .any(|other| agree(&other.reply_code, &proxy.reply_code));
        assert!(
            found,
            "{name}: reply {:?} is only in the server's run",
            proxy.reply_code
        );
    }
    mail_agrees(whole, server, name);
}

fn mail_agrees(whole: &[Record], part: &[Record], name: &str) {
    for session in sessions(part) {
        let found = sessions(whole).iter().any(|other| {
            other.protocol == session.protocol
                && agree(&other.helo, &session.helo)
                && agree(&other.banner, &session.banner)
        });
        assert!(
            found,
            "{name}: a session is only in the part's run: {session:?}"
        );
    }
}

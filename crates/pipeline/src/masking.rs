//! Login names shown as their first letter, `***` and the domain, where the user asks for that.

use mailscope_decode::record::Record;

/// Masks every login name in a record.
pub(crate) fn mask(record: &mut Record) {
    match record {
        Record::MailSession(session) => session.auth_users.iter_mut().for_each(masked),
        Record::Login(login) => login.user.iter_mut().for_each(masked),
        Record::HttpRequest(http) => http.auth_user.iter_mut().for_each(masked),
        Record::HttpParameter(parameter) if parameter.is_user => {
            parameter.value.iter_mut().for_each(masked);
        }
        Record::ProxyRequest(proxy) => proxy.auth_user.iter_mut().for_each(masked),
        _ => {}
    }
}

fn masked(user: &mut String) {
    let domain = user
        .find('@')
        .map_or("", |at| user.get(at..).unwrap_or_default());
    let first: String = user.chars().take(1).filter(|first| *first != '@').collect();
    *user = format!("{first}***{domain}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_letter_and_the_domain_stay() {
        for (user, shown) in [
            ("alice@mail.example", "a***@mail.example"),
            ("root", "r***"),
            ("é@x", "é***@x"),
            ("@x", "***@x"),
            ("", "***"),
        ] {
            let mut text = user.to_owned();
            masked(&mut text);
            assert_eq!(text, shown);
        }
    }
}

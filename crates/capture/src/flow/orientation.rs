//! Who began a flow of which the beginning was not captured.

/// True when the sender of a packet is the likelier client, false when the receiver is, `None`
/// when the ports do not tell.
pub(crate) fn originator_by_port(src: u16, dst: u16) -> Option<bool> {
    let (s, d) = (rank(src), rank(dst));
    (s != d).then_some(s < d)
}

/// How likely a port is a service's: 4 privileged and well known, 3 privileged, 2 a known
/// service above, 1 registered, 0 from the ephemeral range of common systems.
fn rank(port: u16) -> u8 {
    match port {
        21..=23
        | 25
        | 53
        | 80
        | 110
        | 119
        | 143
        | 389
        | 443
        | 445
        | 465
        | 587
        | 636
        | 993
        | 995 => 4,
        0..=1023 => 3,
        1080
        | 1433
        | 1521
        | 2525
        | 3128
        | 3306
        | 3389
        | 4190
        | 5060
        | 5222
        | 5432
        | 6379
        | 6667
        | 8000
        | 8008
        | 8080..=8090
        | 8118
        | 8443
        | 8888
        | 9050
        | 9200
        | 27017 => 2,
        1024..=32_767 => 1,
        _ => 0,
    }
}

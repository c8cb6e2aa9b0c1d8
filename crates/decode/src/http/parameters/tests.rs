use super::*;

fn of(read: impl FnOnce(&mut Parameters, &Limits)) -> Vec<HttpParameter> {
    let mut parameters = Parameters::default();
    read(&mut parameters, &Limits::default());
    parameters.rows
}

fn body(body: &[u8], content_type: &str) -> Vec<HttpParameter> {
    of(|parameters, limits| parameters.body(body, content_type, true, limits))
}

fn pairs(rows: &[HttpParameter]) -> Vec<(&str, &str)> {
    rows.iter()
        .map(|row| (row.name.as_str(), row.value.as_deref().unwrap_or("***")))
        .collect()
}

#[test]
fn queries_are_decoded_as_often_as_they_are_encoded() {
    let rows = of(|p, limits| p.target(b"/a?id=1%2527+OR&q=%E5%AF%86&x=100%25&plain#no", limits));
    assert_eq!(
        pairs(&rows),
        [
            ("id", "1' OR"),
            ("q", "\u{5bc6}"),
            ("x", "100%"),
            ("", "plain")
        ]
    );
    let decodings: Vec<_> = rows.iter().map(|row| row.decodings).collect();
    assert_eq!(decodings, [2, 1, 1, 0]);
}

#[test]
fn paths_are_shown_where_they_climb_or_hide() {
    let rows = of(|p, limits| p.target(b"http://h.example/a/..%252f..%252fetc/passwd", limits));
    assert_eq!(pairs(&rows), [("", "/a/../../etc/passwd")]);
    assert_eq!((rows[0].place, rows[0].decodings), ("path", 2));
    let rows = of(|p, limits| p.target(b"/a;jsessionid=abc/b;v=2?x", limits));
    assert_eq!(pairs(&rows), [("jsessionid", "***"), ("v", "2"), ("", "x")]);
    assert!(of(|p, limits| p.target(b"/plain/path", limits)).is_empty());
}

#[test]
fn forms_show_users_and_keep_no_password() {
    let rows = body(
        b"user=alice&password=%27+OR+1%3D1+--+&otp=123456&card_number=4111",
        "application/x-www-form-urlencoded",
    );
    let kinds: Vec<_> = rows.iter().map(|row| row.secret_kind).collect();
    assert_eq!(kinds, [None, Some("password"), Some("code"), Some("card")]);
    assert!(rows[0].is_user && rows[1].value.is_none());
    assert!(
        rows[1].sqli.is_some(),
        "injection is told without the value"
    );
    assert_eq!(rows[1].value_bytes, 12);
    let again = body(
        b"p=1&password=%27%20OR%201=1%20--%20",
        "application/x-www-form-urlencoded",
    );
    assert_eq!(again[1].guess, rows[1].guess, "equal secrets are told");
    assert_ne!(rows[1].guess, rows[2].guess);
}

#[test]
fn uploads_are_files_with_facts() {
    let rows = body(
        b"--b\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\nhi\r\n--b\r\n\
          Content-Disposition: form-data; name=\"f\"; filename=\"a;b.php\"\r\nContent-Type: image/png\r\n\r\n\
          <?php system($_GET['c']);\r\n--b--\r\n",
        "multipart/form-data; boundary=b",
    );
    assert_eq!(
        (rows[0].name.as_str(), rows[0].value.as_deref()),
        ("t", Some("hi"))
    );
    let file = rows[1].file.as_deref().unwrap();
    assert_eq!(file.name.as_deref(), Some("a;b.php"));
    assert_eq!(
        (file.bytes, file.content_type.as_deref()),
        (25, Some("image/png"))
    );
    assert_eq!(file.signs, ["php-tag", "runs-commands", "reads-request"]);
    assert!(file.sha256.is_some());
}

#[test]
fn an_upload_without_its_end_has_no_hash() {
    let start = b"--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\nabc";
    let rows = of(|p, limits| p.body(start, "multipart/form-data", false, limits));
    let file = rows[0].file.as_deref().unwrap();
    assert_eq!((file.bytes, file.sha256.as_ref()), (3, None));
}

#[test]
fn json_has_paths_and_bounded_depth() {
    let rows = body(
        br#"{"a":{"b":["x",{"c":1}],"password":"p\u0041"},"t":true,"u":"\ud83d\ude00"}"#,
        "application/json",
    );
    assert_eq!(
        pairs(&rows),
        [
            ("a.b[0]", "x"),
            ("a.b[1].c", "1"),
            ("a.password", "***"),
            ("t", "true"),
            ("u", "\u{1f600}")
        ]
    );
    let deep = [vec![b'['; 5000], b"1".to_vec()].concat();
    assert!(body(&deep, "application/json").is_empty());
    assert_eq!(
        pairs(&body(b"{\"a\":\"cut", "application/json")),
        [("a", "cut")]
    );
}

#[test]
fn xml_shows_texts_attributes_and_declared_entities() {
    let rows = body(
        b"<?xml version='1.0'?><!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\
          <s:r k=\"v\"><a>&x;&lt;</a><password>p</password><e/><![CDATA[d]]></s:r>",
        "text/xml",
    );
    assert_eq!(
        pairs(&rows),
        [
            (
                "!DOCTYPE",
                "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"
            ),
            ("r@k", "v"),
            ("r/a", "&x;<"),
            ("r/password", "***"),
            ("r", "d"),
        ]
    );
}

#[test]
fn other_bodies_are_one_row_with_the_facts_of_a_file() {
    let rows = body(b"<% Execute(request(\"c\")) %>", "text/plain");
    assert_eq!((rows.len(), rows[0].place), (1, "body"));
    assert!(rows[0].file.as_deref().unwrap().signs.contains(&"asp-tag"));
    let rows = body(b"a=1", "");
    assert_eq!((rows[0].place, rows[0].name.as_str()), ("form", "a"));
}

#[test]
fn cookies_and_fields_hide_tokens_and_show_attacks() {
    let rows = of(|p, limits| p.cookies(b"PHPSESSID=abc; lang=../../etc/passwd%00", limits));
    assert_eq!(
        pairs(&rows),
        [("PHPSESSID", "***"), ("lang", "../../etc/passwd\0")]
    );
    let rows = of(|p, limits| {
        p.header(b"User-Agent", b"Mozilla/5.0 (X11; Linux)", limits);
        p.header(b"User-Agent", b"() { :;}; /bin/id", limits);
        p.header(b"X-Api-Key", b"0123456789abcdef0", limits);
        p.header(b"X-Cmd", b"whoami", limits);
    });
    assert_eq!(
        pairs(&rows),
        [
            ("User-Agent", "() { :;}; /bin/id"),
            ("X-Api-Key", "***"),
            ("X-Cmd", "whoami")
        ]
    );
}

#[test]
fn more_than_the_limit_is_said() {
    let many = b"a=1&".repeat(300);
    let mut parameters = Parameters::default();
    parameters.body(
        &many,
        "application/x-www-form-urlencoded",
        true,
        &Limits::default(),
    );
    assert_eq!((parameters.rows.len(), parameters.limited), (200, true));
}

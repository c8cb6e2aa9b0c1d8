//! Records as text, one a line, without times and without what is empty.

use mailscope_decode::record::Record;

/// Fields that say where, not what.
const PLACES: [&str; 4] = ["span: ", "request_span: ", "answered: ", "at: "];

pub fn render(records: &[Record]) -> String {
    records
        .iter()
        .map(|record| line(&format!("{record:?}")) + "\n")
        .collect()
}

fn line(debug: &str) -> String {
    let (name, body) = debug.split_once('(').unwrap();
    let fields = body.split_once(" { ").unwrap().1;
    let fields = fields.strip_suffix(" })").unwrap_or(fields);
    let said: Vec<String> = split(fields)
        .into_iter()
        .filter(|field| is_said(field))
        .map(|field| field.replace("Some(", "("))
        .collect();
    format!("{name}: {}", said.join(", "))
}

fn is_said(field: &str) -> bool {
    let empty = [
        ": None",
        ": []",
        ": \"\"",
        ": 0",
        ": Unknown",
        "{ hashes: [], bytes: 0, chunks: 0 }",
    ];
    !PLACES.iter().any(|place| field.starts_with(place))
        && !empty.iter().any(|end| field.ends_with(end))
        && !field.contains("_sketch")
}

/// Splits at the commas of the outermost level.
fn split(text: &str) -> Vec<String> {
    let (mut fields, mut depth, mut quoted, mut escaped) = (vec![String::new()], 0, false, false);
    for character in text.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' => depth -= 1,
            ',' if depth == 0 => {
                fields.push(String::new());
                continue;
            }
            _ => {}
        }
        fields.last_mut().unwrap().push(character);
    }
    fields
        .into_iter()
        .map(|field| field.trim().to_owned())
        .collect()
}

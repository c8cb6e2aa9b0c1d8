//! Date fields (RFC 5322, 3.3 and 4.3), with the forms that mailers really write.

/// Date in microseconds UTC; `None` when it is no date. Without a zone it is taken as UTC.
///
/// `[ day-name "," ] day month year hour ":" minute [ ":" second ] zone`, and `asctime` order.
#[must_use]
pub fn date_us(value: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(value.get(..value.len().min(256))?).ok()?;
    let text = text.split('(').next().unwrap_or(text);
    let (mut month, mut time, mut zone) = (None, None, None);
    let mut numbers: Vec<(i64, usize)> = Vec::new();
    for word in text
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| !word.is_empty())
    {
        if let Some(number) = word
            .parse::<i64>()
            .ok()
            .filter(|_| word.bytes().all(|b| b.is_ascii_digit()))
        {
            numbers.push((number, word.len()));
        } else if word.contains(':') && time.is_none() {
            time = Some(clock(word)?);
        } else if time.is_some() && zone.is_none() {
            zone = offset_s(word);
        } else if let Some(number) = month_number(word) {
            month = month.or(Some(number));
        } else if let Some((day, year)) = dashed(word) {
            // `25-Aug-2002`
            numbers.push((day.0, 2));
            month = Some(day.1);
            numbers.push(year);
        }
    }
    let (&(day, _), &(year, digits)) = (numbers.first()?, numbers.get(1)?);
    let year = match digits {
        2 if year < 69 => 2000 + year,
        2 => 1900 + year,
        3 => 1900 + year,
        _ => year,
    };
    let fits = (1..=31).contains(&day) && (1900..=9999).contains(&year);
    let days = days_from_civil(year, month?, day);
    fits.then_some((days * 86_400 + time.unwrap_or(0) - zone.unwrap_or(0)) * 1_000_000)
}

/// `hour ":" minute [ ":" second ]` in seconds.
fn clock(word: &str) -> Option<i64> {
    let mut fields = word
        .split([':', '.'])
        .map(|field| field.parse::<i64>().ok());
    let (hour, minute) = (fields.next()??, fields.next()??);
    let second = fields.next().flatten().unwrap_or(0);
    let fits = (0..=24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
    fits.then_some(hour * 3600 + minute * 60 + second)
}

/// `zone` in seconds east of UTC; `None` for an unknown word.
fn offset_s(word: &str) -> Option<i64> {
    let sign = match word.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => {
            let hours = match word.to_ascii_uppercase().as_str() {
                "UT" | "GMT" | "UTC" | "Z" => 0,
                "EDT" => -4,
                "EST" | "CDT" => -5,
                "CST" | "MDT" => -6,
                "MST" | "PDT" => -7,
                "PST" => -8,
                "BST" | "CET" | "MET" => 1,
                "CEST" => 2,
                "MSK" => 3,
                "JST" | "KST" => 9,
                _ => return None,
            };
            return Some(hours * 3600);
        }
    };
    let digits: String = word.chars().filter(char::is_ascii_digit).collect();
    let number: i64 = digits.parse().ok().filter(|_| digits.len() == 4)?;
    let (hours, minutes) = (number / 100, number % 100);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn month_number(word: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let start = word.get(..3)?.to_ascii_lowercase();
    let at = MONTHS.iter().position(|month| *month == start)?;
    i64::try_from(at + 1).ok()
}

/// `day "-" month "-" year`: day with month, year with its number of digits.
fn dashed(word: &str) -> Option<((i64, i64), (i64, usize))> {
    let mut fields = word.split('-');
    let day = fields.next()?.parse().ok()?;
    let month = month_number(fields.next()?)?;
    let year = fields.next()?;
    Some(((day, month), (year.parse().ok()?, year.len())))
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar (Hinnant's algorithm).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::date_us;

    #[test]
    fn dates_become_utc() {
        for (text, seconds) in [
            ("Thu, 1 Jan 1970 01:00:01 +0100", Some(1)),
            ("Sat, 7 Sep 2002 17:58:28", Some(1_031_421_508)),
            ("7 Sep 02 17:58:28 -0400 (EDT)", Some(1_031_435_908)),
            ("Sat Sep 7 17:58:28 2002", Some(1_031_421_508)),
            ("Mon, 29 Feb 2024 00:00 GMT", Some(1_709_164_800)),
            ("7-Sep-2002 17:58:28 +0000", Some(1_031_421_508)),
            ("nonsense", None),
            ("99 Foo 2002", None),
            ("", None),
        ] {
            assert_eq!(
                date_us(text.as_bytes()),
                seconds.map(|s: i64| s * 1_000_000),
                "{text}"
            );
        }
    }
}

//! What was read, as dictionaries.

use mailscope_pipeline::Summary;
use mailscope_pipeline::source::InputReport;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

/// One dictionary an input, in order; plain types, so that it can be written as JSON.
pub(crate) fn inputs<'py>(py: Python<'py>, summary: &Summary) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for report in &summary.inputs {
        list.append(input(py, report)?)?;
    }
    Ok(list)
}

fn input<'py>(py: Python<'py>, report: &InputReport) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("path", &report.path)?;
    dict.set_item("name", &report.name)?;
    dict.set_item("format", report.format)?;
    dict.set_item("compression", report.compression)?;
    dict.set_item("link_types", &report.link_types)?;
    dict.set_item("interfaces", interfaces(py, report)?)?;
    dict.set_item("packets", report.packets)?;
    dict.set_item("bytes", report.bytes)?;
    dict.set_item("first", report.first_us.map(utc))?;
    dict.set_item("last", report.last_us.map(utc))?;
    dict.set_item("sha256", report.sha256.as_deref())?;
    dict.set_item("end", report.end.as_ref().map(|end| end.kind))?;
    dict.set_item("end_packet", report.end.as_ref().map(|end| end.packets))?;
    dict.set_item("end_offset", report.end.as_ref().map(|end| end.offset))?;
    dict.set_item(
        "end_detail",
        report.end.as_ref().and_then(|end| end.detail.as_deref()),
    )?;
    dict.set_item("drops", report.drops)?;
    dict.set_item("damages", damages(py, report)?)?;
    dict.set_item("damage_count", report.damage_count)?;
    dict.set_item("duplicates", report.duplicates)?;
    let clock = report.clock.as_ref();
    dict.set_item("clock_offset_us", clock.map(|(offset, _)| offset))?;
    dict.set_item("clock_reference", clock.map(|(_, reference)| reference))?;
    dict.set_item("undecoded", &report.undecoded)?;
    Ok(dict)
}

fn interfaces<'py>(py: Python<'py>, report: &InputReport) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for (name, link_type) in &report.interfaces {
        let dict = PyDict::new(py);
        dict.set_item("name", name)?;
        dict.set_item("link_type", link_type)?;
        list.append(dict)?;
    }
    Ok(list)
}

fn damages<'py>(py: Python<'py>, report: &InputReport) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for (kind, packets, offset, skipped) in &report.damages {
        let dict = PyDict::new(py);
        dict.set_item("kind", kind)?;
        dict.set_item("packets_before", packets)?;
        dict.set_item("offset", offset)?;
        dict.set_item("skipped_bytes", skipped)?;
        list.append(dict)?;
    }
    Ok(list)
}

/// ISO 8601 with microseconds: `2026-01-31T23:59:59.000000Z`.
fn utc(us: i64) -> String {
    let (days, rest) = (us.div_euclid(86_400_000_000), us.rem_euclid(86_400_000_000));
    let (year, month, day) = civil(days);
    let (seconds, us) = (rest / 1_000_000, rest % 1_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{us:06}Z")
}

/// The Gregorian date of a day since 1970-01-01 (H. Hinnant, chrono-compatible low-level date algorithms).
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

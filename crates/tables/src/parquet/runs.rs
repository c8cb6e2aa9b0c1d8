//! Parquet's hybrid of runs and packed bits (Apache Parquet, Encodings, "RLE / Bit-Packing Hybrid").

/// Values that are packed together.
const GROUP: usize = 8;
/// Groups behind one header: their number must fit its one byte.
const GROUPS: usize = 63;

/// Appends values of `width` bits, without the length before them. A value that is repeated eight times or more from
/// the start of a group on becomes a run.
pub(super) fn write(out: &mut Vec<u8>, values: &[u32], width: u32) {
    let mut rest = values;
    while let Some(&first) = rest.first() {
        let run = rest.iter().take_while(|value| **value == first).count();
        if run >= GROUP {
            run_of(out, first, run, width);
            rest = rest.get(run..).unwrap_or_default();
            continue;
        }
        let packed = packed_length(rest);
        let (packed, after) = rest.split_at_checked(packed).unwrap_or((rest, &[]));
        pack(out, packed, width);
        rest = after;
    }
}

/// Whole groups until one begins with a run, or until the header is full.
fn packed_length(values: &[u32]) -> usize {
    let groups = values.chunks(GROUP).take(GROUPS);
    let packed = groups
        .take_while(|group| {
            group.len() < GROUP || group.iter().any(|value| Some(value) != group.first())
        })
        .count();
    (packed * GROUP).min(values.len())
}

/// `varint(length << 1) value`
fn run_of(out: &mut Vec<u8>, value: u32, length: usize, width: u32) {
    let mut header = length << 1;
    while header >= 0x80 {
        out.push(header as u8 | 0x80);
        header >>= 7;
    }
    out.push(header as u8);
    let bytes = value.to_le_bytes();
    out.extend_from_slice(bytes.get(..width.div_ceil(8) as usize).unwrap_or(&bytes));
}

/// `groups << 1 | 1`, then the values from the lowest bit on; the last group is filled up.
fn pack(out: &mut Vec<u8>, values: &[u32], width: u32) {
    let groups = values.len().div_ceil(GROUP);
    out.push((groups << 1) as u8 | 1);
    let (mut bits, mut held) = (0u64, 0);
    let filled = groups * GROUP - values.len();
    for value in values.iter().copied().chain(std::iter::repeat_n(0, filled)) {
        bits |= u64::from(value) << held;
        held += width;
        while held >= 8 {
            out.push(bits as u8);
            bits >>= 8;
            held -= 8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(values: &[u32], width: u32) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out, values, width);
        out
    }

    #[test]
    fn the_standards_example_is_packed_as_it_shows() {
        assert_eq!(
            written(&[0, 1, 2, 3, 4, 5, 6, 7], 3),
            [3, 0b1000_1000, 0b1100_0110, 0b1111_1010]
        );
    }

    #[test]
    fn what_repeats_is_a_run() {
        assert_eq!(written(&[5; 100], 3), [0xc8, 0x01, 5]);
        assert_eq!(written(&[0; 9], 0), [18]);
        assert_eq!(written(&[300; 8], 9), [16, 0x2c, 1]);
        assert_eq!(written(&[], 3), []);
    }
}

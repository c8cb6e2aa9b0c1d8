//! Data sets of NetFlow v9 and IPFIX: records as their template describes them.

use crate::cursor::Cursor;
use crate::decoder::OnRecord;
use crate::domain::Domain;
use crate::draft::{Draft, Header};
use crate::limits::Limits;
use crate::template::Template;

/// Decodes the records of a data set; how many there were.
pub(crate) fn data_set(
    domain: &mut Domain,
    template: &Template,
    header: &Header,
    mut set: Cursor<'_>,
    (number, limits): (u64, &Limits),
    out: OnRecord<'_>,
) -> u32 {
    let shortest = template.shortest();
    let mut count = 0;
    // What is shorter than a record is padding.
    'records: while set.len() >= shortest {
        let mut draft = Draft::new(header);
        for field in &template.fields {
            let Some(value) = field.value(&mut set) else {
                domain.counts.damaged += 1;
                break 'records;
            };
            draft.field(field, value);
        }
        count += 1;
        if template.is_options {
            domain.counts.options += 1;
            domain.announce(&draft, limits);
            continue;
        }
        let rate = domain.rate(&draft.sampling, draft.input_if());
        match draft.finish(header, rate, domain.boot_us()) {
            Some(record) => {
                domain.counts.records += 1;
                domain.applied(rate, 1);
                out(number, &record);
            }
            None => domain.counts.other_records += 1,
        }
    }
    count
}

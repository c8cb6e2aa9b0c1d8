//! Templates: what the fields of a data record are (RFC 3954, 5.2 and 6.1; RFC 7011, 3.4).

use crate::cursor::Cursor;

/// Length of a field that says its own length (RFC 7011, 7).
const VARIABLE: u16 = u16::MAX;

/// One field of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// Private enterprise number; 0 for IANA's elements.
    pub enterprise: u32,
    pub element: u16,
    pub length: u16,
    /// Names what an option record is about.
    pub is_scope: bool,
}

/// A template, or an options template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    pub id: u16,
    pub fields: Vec<Field>,
    pub is_options: bool,
}

/// What a template set may hold next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Definition {
    /// A template.
    Template(Template),
    /// IPFIX: forget this template, or all when the id is a set's (RFC 7011, 8.1).
    Withdrawal(u16),
}

impl Template {
    /// Bytes of the shortest record; 0 for a template that describes nothing.
    pub(crate) fn shortest(&self) -> usize {
        let length = |field: &Field| match field.length {
            VARIABLE => 1,
            length => usize::from(length),
        };
        self.fields.iter().map(length).sum()
    }
}

impl Field {
    /// The field's bytes, taken off the front.
    #[inline]
    pub(crate) fn value<'a>(&self, data: &mut Cursor<'a>) -> Option<&'a [u8]> {
        match self.length {
            VARIABLE => {
                let length = match data.u8()? {
                    255 => usize::from(data.u16()?),
                    short => usize::from(short),
                };
                data.take(length)
            }
            length => data.take(usize::from(length)),
        }
    }
}

/// The next template of a NetFlow v9 set; `None` at its end, also where it is cut.
pub(crate) fn v9_template(set: &mut Cursor<'_>) -> Option<Definition> {
    let (id, count) = (set.u16()?, set.u16()?);
    let fields = v9_fields(set, usize::from(count), false)?;
    Some(Definition::Template(Template {
        id,
        fields,
        is_options: false,
    }))
}

/// The next options template of a NetFlow v9 set. Lengths are bytes of field descriptions.
pub(crate) fn v9_options_template(set: &mut Cursor<'_>) -> Option<Definition> {
    let (id, scope, options) = (set.u16()?, set.u16()?, set.u16()?);
    let mut fields = v9_fields(set, usize::from(scope / 4), true)?;
    fields.extend(v9_fields(set, usize::from(options / 4), false)?);
    Some(Definition::Template(Template {
        id,
        fields,
        is_options: true,
    }))
}

fn v9_fields(set: &mut Cursor<'_>, count: usize, is_scope: bool) -> Option<Vec<Field>> {
    let mut described = Cursor(set.take(count.checked_mul(4)?)?);
    let mut fields = Vec::with_capacity(count);
    while let (Some(element), Some(length)) = (described.u16(), described.u16()) {
        fields.push(Field {
            enterprise: 0,
            element,
            length,
            is_scope,
        });
    }
    Some(fields)
}

/// The next template or withdrawal of an IPFIX set.
pub(crate) fn ipfix_template(set: &mut Cursor<'_>) -> Option<Definition> {
    let (id, count) = (set.u16()?, set.u16()?);
    if count == 0 {
        return Some(Definition::Withdrawal(id));
    }
    let fields = ipfix_fields(set, count, 0)?;
    Some(Definition::Template(Template {
        id,
        fields,
        is_options: false,
    }))
}

/// The next options template or withdrawal of an IPFIX set.
pub(crate) fn ipfix_options_template(set: &mut Cursor<'_>) -> Option<Definition> {
    let (id, count) = (set.u16()?, set.u16()?);
    if count == 0 {
        return Some(Definition::Withdrawal(id));
    }
    let scope_count = set.u16()?;
    let fields = ipfix_fields(set, count, scope_count)?;
    Some(Definition::Template(Template {
        id,
        fields,
        is_options: true,
    }))
}

fn ipfix_fields(set: &mut Cursor<'_>, count: u16, scope_count: u16) -> Option<Vec<Field>> {
    // A description has four bytes at least, so a count that promises more is known to be wrong.
    if usize::from(count) * 4 > set.len() {
        return None;
    }
    let mut fields = Vec::with_capacity(usize::from(count));
    for number in 0..count {
        let (element, length) = (set.u16()?, set.u16()?);
        let is_enterprise = element & 0x8000 != 0;
        fields.push(Field {
            enterprise: if is_enterprise { set.u32()? } else { 0 },
            element: element & 0x7fff,
            length,
            is_scope: number < scope_count,
        });
    }
    Some(fields)
}

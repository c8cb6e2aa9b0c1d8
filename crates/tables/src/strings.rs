//! Texts of a column, end to end: checked and wrapped once a batch, not once a row.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};
use arrow_buffer::{Buffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::ArrowError;

use crate::column::taken;

/// Texts under construction.
pub(crate) struct Strings {
    bytes: Vec<u8>,
    /// Where each text begins, and where the last one ends.
    offsets: Vec<i32>,
}

impl Default for Strings {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            offsets: vec![0],
        }
    }
}

impl Strings {
    /// Appends a text.
    #[inline]
    pub(crate) fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.end();
    }

    /// Appends what `write` adds to the bytes; it must be UTF-8.
    #[inline]
    pub(crate) fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.end();
    }

    fn end(&mut self) {
        // A batch is handed on long before its texts reach 2 GiB.
        self.offsets
            .push(i32::try_from(self.bytes.len()).unwrap_or(i32::MAX));
    }

    /// Bytes of all texts.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Hands out the texts and starts anew.
    pub(crate) fn finish(
        &mut self,
        nulls: Option<&mut NullBufferBuilder>,
    ) -> Result<ArrayRef, ArrowError> {
        let offsets = taken(&mut self.offsets);
        self.offsets.push(0);
        let array = StringArray::try_new(
            OffsetBuffer::new(ScalarBuffer::from(offsets)),
            Buffer::from_vec(taken(&mut self.bytes)),
            nulls.and_then(NullBufferBuilder::finish),
        )?;
        Ok(Arc::new(array))
    }
}

/// Texts under construction, of which some may be unknown.
pub(crate) struct OptStrings {
    strings: Strings,
    nulls: NullBufferBuilder,
}

impl Default for OptStrings {
    fn default() -> Self {
        Self {
            strings: Strings::default(),
            nulls: NullBufferBuilder::new(0),
        }
    }
}

impl OptStrings {
    /// Appends a text, or nothing.
    #[inline]
    pub(crate) fn push(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.push_with(|bytes| bytes.extend_from_slice(text.as_bytes())),
            None => self.push_null(),
        }
    }

    /// As [`Strings::push_with`].
    pub(crate) fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.strings.push_with(write);
        self.nulls.append_non_null();
    }

    pub(crate) fn push_null(&mut self) {
        self.strings.end();
        self.nulls.append_null();
    }

    /// Bytes of all texts.
    pub(crate) fn bytes(&self) -> usize {
        self.strings.bytes()
    }

    /// Hands out the texts and starts anew.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        self.strings.finish(Some(&mut self.nulls))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn texts_come_out_in_order_and_the_next_batch_begins_empty() {
        let mut strings = OptStrings::default();
        for text in [Some("a"), None, Some(""), Some("grün")] {
            strings.push(text);
        }
        let first = strings.finish().unwrap();
        strings.push(Some("next"));
        let second = strings.finish().unwrap();
        let texts = |array: &ArrayRef| {
            let array: &StringArray = array.as_any().downcast_ref().unwrap();
            array
                .iter()
                .map(|text| text.map(str::to_owned))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            texts(&first),
            [
                Some("a".into()),
                None,
                Some(String::new()),
                Some("grün".into())
            ]
        );
        assert_eq!(texts(&second), [Some("next".into())]);
    }
}

//! Room that all flows of a pass share for what they must keep until it is whole: messages.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A number of bytes to share. Copies share the same bytes.
///
/// The counter lives as long as the program: a few bytes a pass, for caps that stay plain to copy.
#[derive(Clone, Copy, Debug, Default)]
pub struct Room(Option<&'static AtomicUsize>);

impl Room {
    /// Room for so many bytes in all; the default is without bound.
    #[must_use]
    pub fn of(bytes: usize) -> Self {
        Self(Some(Box::leak(Box::new(AtomicUsize::new(bytes)))))
    }
}

/// What one holder has taken of the room; given back when it goes.
#[derive(Debug, Default)]
pub(crate) struct Share {
    room: Room,
    bytes: usize,
}

impl Share {
    /// A share of nothing yet.
    pub fn new(room: Room) -> Self {
        Self { room, bytes: 0 }
    }

    /// Takes up to `wanted` more bytes; says how many there were.
    pub fn take(&mut self, wanted: usize) -> usize {
        let Some(left) = self.room.0 else {
            return wanted;
        };
        let mut taken = 0;
        // One thread of a pass takes room; the loop is for those that share it between several.
        let _ = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            taken = wanted.min(left);
            Some(left - taken)
        });
        self.bytes += taken;
        taken
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if let Some(left) = self.room.0 {
            left.fetch_add(self.bytes, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_holder_gives_back_another_can_take() {
        let room = Room::of(10);
        let (mut first, mut second) = (Share::new(room), Share::new(room));
        assert_eq!((first.take(7), second.take(7)), (7, 3));
        drop(first);
        assert_eq!(second.take(7), 7);
        assert_eq!(Share::new(Room::default()).take(1 << 40), 1 << 40);
    }
}

//! Open addressing from a keyed hash to entry numbers: eight bytes a place, linear probing,
//! deletion by shifting back.

const EMPTY: u64 = u64::MAX;

/// Places hold the hash's upper half as tag in their upper half, the number in their lower.
pub(crate) struct Index {
    places: Vec<u64>,
    mask: usize,
    used: usize,
}

impl Index {
    pub(crate) fn new() -> Self {
        Self {
            places: vec![EMPTY; 1024],
            mask: 1023,
            used: 0,
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.places.len() * 8
    }

    #[inline(always)]
    fn place(&self, at: usize) -> u64 {
        self.places.get(at & self.mask).copied().unwrap_or(EMPTY)
    }

    /// The number under `hash` for which `is_it` holds.
    #[inline(always)]
    pub(crate) fn find(&self, hash: u32, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = hash as usize;
        loop {
            let place = self.place(at);
            if place == EMPTY {
                return None;
            }
            if (place >> 32) as u32 == hash && is_it(place as u32) {
                return Some(place as u32);
            }
            at += 1;
        }
    }

    pub(crate) fn insert(&mut self, hash: u32, number: u32) {
        if self.used * 4 >= self.places.len() * 3 {
            self.grow();
        }
        self.used += 1;
        self.put(u64::from(hash) << 32 | u64::from(number));
    }

    fn put(&mut self, value: u64) {
        let mut at = (value >> 32) as usize & self.mask;
        while self.place(at) != EMPTY {
            at = (at + 1) & self.mask;
        }
        if let Some(place) = self.places.get_mut(at) {
            *place = value;
        }
    }

    fn grow(&mut self) {
        let size = self.places.len() * 2;
        let old = std::mem::replace(&mut self.places, vec![EMPTY; size]);
        self.mask = size - 1;
        for value in old.into_iter().filter(|v| *v != EMPTY) {
            self.put(value);
        }
    }

    pub(crate) fn remove(&mut self, hash: u32, number: u32) {
        let wanted = u64::from(hash) << 32 | u64::from(number);
        let mut hole = hash as usize & self.mask;
        loop {
            match self.place(hole) {
                EMPTY => return,
                place if place == wanted => break,
                _ => hole = (hole + 1) & self.mask,
            }
        }
        self.used -= 1;
        let mut at = hole;
        loop {
            at = (at + 1) & self.mask;
            let place = self.place(at);
            if place == EMPTY {
                break;
            }
            let home = (place >> 32) as usize & self.mask;
            // Move back only what does not thereby come before its home.
            if at.wrapping_sub(home) & self.mask >= at.wrapping_sub(hole) & self.mask {
                self.set(hole, place);
                hole = at;
            }
        }
        self.set(hole, EMPTY);
    }

    fn set(&mut self, at: usize, value: u64) {
        if let Some(place) = self.places.get_mut(at) {
            *place = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Index;

    /// Few home places, so that runs are long and wrap around the end.
    fn hash(number: u32) -> u32 {
        (number % 7).wrapping_mul(0x2000_0001).wrapping_sub(3)
    }

    #[test]
    fn what_is_in_is_found_and_what_is_out_is_not() {
        let mut index = Index::new();
        let mut is_in = vec![false; 500];
        let mut state = 1u32;
        for _ in 0..8000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let number = (state >> 8) % 500;
            let Some(place) = is_in.get_mut(number as usize) else {
                continue;
            };
            if *place {
                index.remove(hash(number), number);
            } else {
                index.insert(hash(number), number);
            }
            *place = !*place;
            let probe = (state >> 4) % 500;
            let found = index.find(hash(probe), |n| n == probe);
            assert_eq!(found.is_some(), is_in.get(probe as usize) == Some(&true));
        }
    }
}

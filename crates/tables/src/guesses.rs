//! Labels for secrets: equal ones have the same, and a label says nothing of its secret.
//!
//! A hash of a password, however short, could be searched for; a number by first use cannot. It is the same
//! for the same packets in the same order, so rows do not change from run to run.

use std::collections::HashMap;

use mailscope_decode::record::Guess;

/// Different secrets labelled in one run; later ones have none.
const LABELS: usize = 1 << 20;

/// The labels given so far.
#[derive(Default)]
pub(crate) struct Guesses(HashMap<Guess, usize>);

impl Guesses {
    /// The label of this secret: `v1` for the first one seen.
    pub(crate) fn label(&mut self, guess: Guess) -> Option<String> {
        let next = self.0.len() + 1;
        let number = match self.0.get(&guess) {
            Some(&number) => number,
            None if next <= LABELS => {
                self.0.insert(guess, next);
                next
            }
            None => return None,
        };
        Some(format!("v{number}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_secrets_have_the_same_label_and_others_the_next() {
        let mut guesses = Guesses::default();
        let labels: Vec<_> = [b"a", b"b", b"a"]
            .iter()
            .filter_map(|secret| guesses.label(Guess::of(*secret)))
            .collect();
        assert_eq!(labels, ["v1", "v2", "v1"]);
    }
}

//! Texts that many processes have, kept once: environments above all are handed on from parent to child.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::DefaultHashBuilder;

use super::process::Text;

/// Texts remembered. One that another has put out is kept twice from then on, which costs memory and nothing else.
const TEXTS_MAX: usize = 4096;

/// The text seen last of those that fall on a place.
#[derive(Debug, Default)]
pub struct Texts {
    places: Vec<Text>,
    hasher: DefaultHashBuilder,
}

impl Texts {
    /// Gives the same text the same memory.
    pub fn share(&mut self, text: &mut Text) {
        if text.is_empty() {
            return;
        }
        if self.places.is_empty() {
            self.places.resize(TEXTS_MAX, Text::default());
        }
        let at = self.hasher.hash_one(&**text) as usize % TEXTS_MAX;
        let Some(place) = self.places.get_mut(at) else { return };
        if place == text {
            *text = Arc::clone(place);
        } else {
            *place = Arc::clone(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_is_kept_once() {
        let mut texts = Texts::default();
        let text = |number: usize| -> Text { number.to_string().into_bytes().into() };
        let (mut one, mut two, mut three) = (text(1), text(1), text(3));
        [&mut one, &mut two, &mut three].into_iter().for_each(|text| texts.share(text));
        assert!(Arc::ptr_eq(&one, &two) && !Arc::ptr_eq(&one, &three));
        assert_eq!((&*one, &*three), (&b"1"[..], &b"3"[..]));
        (0..2 * TEXTS_MAX).for_each(|number| texts.share(&mut text(number)));
        assert_eq!(texts.places.len(), TEXTS_MAX);
    }
}

//! What an evaluation remembers within one event: accessor values, matchers' answers, shared nodes' results.
//! Everything carries the epoch it was computed in, so that nothing is cleared between events.

use std::marker::PhantomData;

use crate::value::Value;

/// Memory of one path choice. The first also serves everything that path choices do not change.
#[derive(Debug, Default)]
pub struct Slot {
    values: Vec<(u32, Option<Value<'static>>)>,
    /// `epoch << 1 | result`, by node.
    nodes: Vec<u32>,
    /// Epoch of the matcher's answer, by matcher.
    answered: Vec<u32>,
    bits: Vec<u64>,
}

/// How much a plan needs to remember.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sizes {
    pub accessors: usize,
    pub nodes: usize,
    pub matchers: usize,
    pub words: usize,
}

/// Memory that outlives events; used through a [`Memo`].
#[derive(Debug)]
pub struct Scratch {
    sizes: Sizes,
    slots: Vec<Slot>,
    epoch: u32,
}

/// Epochs leave one bit of a node's word for its result.
const LAST_EPOCH: u32 = u32::MAX >> 1;

impl Scratch {
    pub fn new(sizes: Sizes) -> Self {
        Self { sizes, slots: vec![Slot::new(sizes)], epoch: 0 }
    }

    /// Forgets everything and lends the memory for one event whose values live for `'a`.
    pub fn begin<'s, 'a>(&'s mut self) -> Memo<'s, 'a> {
        if self.epoch == LAST_EPOCH {
            self.slots = vec![Slot::new(self.sizes)];
            self.epoch = 0;
        }
        self.epoch += 1;
        Memo { scratch: self, values: PhantomData }
    }
}

impl Slot {
    fn new(sizes: Sizes) -> Self {
        Self {
            values: vec![(0, None); sizes.accessors],
            nodes: vec![0; sizes.nodes],
            answered: vec![0; sizes.matchers],
            bits: vec![0; sizes.words],
        }
    }
}

/// One event's use of the memory. `'a` is invariant: what is stored as `'a` comes back as the same `'a`.
pub struct Memo<'s, 'a> {
    scratch: &'s mut Scratch,
    values: PhantomData<fn(&'a ()) -> &'a ()>,
}

impl<'a> Memo<'_, 'a> {
    /// Makes room for path choice number `slot`.
    pub fn reserve(&mut self, slot: usize) {
        let sizes = self.scratch.sizes;
        while self.scratch.slots.len() <= slot {
            self.scratch.slots.push(Slot::new(sizes));
        }
    }

    pub fn value(&self, slot: usize, id: u32) -> Option<Option<Value<'a>>> {
        let (epoch, value) = self.scratch.slots[slot].values[id as usize];
        (epoch == self.scratch.epoch).then_some(value)
    }

    pub fn set_value(&mut self, slot: usize, id: u32, value: Option<Value<'a>>) {
        // SAFETY: only the lifetime is changed. `value` above returns a slot only if its epoch is the current
        // one; every `Memo` begins a new epoch and borrows the scratch mutably until it ends, so a value is only
        // ever read by the `Memo<'_, 'a>` that stored it, as `'a` again.
        let value = unsafe { std::mem::transmute::<Option<Value<'a>>, Option<Value<'static>>>(value) };
        self.scratch.slots[slot].values[id as usize] = (self.scratch.epoch, value);
    }

    pub fn node(&self, slot: usize, id: u32) -> Option<bool> {
        let word = self.scratch.slots[slot].nodes[id as usize];
        (word >> 1 == self.scratch.epoch).then_some(word & 1 == 1)
    }

    pub fn set_node(&mut self, slot: usize, id: u32, result: bool) {
        self.scratch.slots[slot].nodes[id as usize] = self.scratch.epoch << 1 | u32::from(result);
    }

    /// Whether the matcher has answered already; from now on it has.
    pub fn answered(&mut self, slot: usize, matcher: u32) -> bool {
        let epoch = &mut self.scratch.slots[slot].answered[matcher as usize];
        std::mem::replace(epoch, self.scratch.epoch) == self.scratch.epoch
    }

    /// The matcher's answers, one bit per test.
    pub fn bits(&mut self, slot: usize, from: usize, words: usize) -> &mut [u64] {
        &mut self.scratch.slots[slot].bits[from..from + words]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_event_sees_nothing_of_the_last() {
        let mut scratch = Scratch::new(Sizes { accessors: 1, nodes: 1, matchers: 1, words: 1 });
        scratch.epoch = LAST_EPOCH - 1;
        for _ in 0..3 {
            let text = String::from("short-lived");
            let mut memo = scratch.begin();
            assert_eq!((memo.value(0, 0), memo.node(0, 0), memo.answered(0, 0)), (None, None, false));
            memo.set_value(0, 0, Some(Value::Text(text.as_bytes())));
            memo.set_node(0, 0, true);
            assert_eq!(memo.value(0, 0), Some(Some(Value::Text(b"short-lived"))));
            assert_eq!((memo.node(0, 0), memo.answered(0, 0)), (Some(true), true));
            memo.reserve(2);
            assert_eq!((memo.value(2, 0), memo.node(2, 0)), (None, None), "choices do not mix");
        }
    }
}

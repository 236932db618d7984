//! What is looked at again when something is learned.
//!
//! A program is looked at in units: the statements of the module, and the bodies of functions. A slot
//! knows which units read it; once it grows, those are due again, and nothing else is.

use std::cell::{Cell, RefCell};

use super::values::{Value, Values, is_crowding};

/// From this pass on, what still grows keeps no constants: `n = n + 1` has no end.
const WIDENING_PASS: u32 = 4;

/// A part of the program that is looked at as a whole, or something that is worked out from slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Unit(u32);

impl Unit {
    /// Its place in lists of all units.
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Which pass it is, which unit is looked at, and which are due.
#[derive(Debug)]
pub(super) struct Clock {
    pub(super) pass: u32,
    unit: Unit,
    due: Vec<bool>,
    /// Everything must be looked at again.
    all: bool,
    /// Looks at units are numbered.
    looks: u32,
    /// The look at the current unit.
    began: u32,
}

/// A unit whose turn another one interrupts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    unit: Unit,
    began: u32,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self {
            pass: 0,
            unit: Unit(0),
            due: vec![true],
            all: false,
            looks: 0,
            began: 0,
        }
    }

    /// A new unit, which is due.
    pub(super) fn add(&mut self) -> Unit {
        let unit = Unit(u32::try_from(self.due.len()).unwrap_or(u32::MAX));
        self.due.push(true);
        unit
    }

    pub(super) fn unit(&self) -> Unit {
        self.unit
    }

    pub(super) fn is_due(&self, unit: Unit) -> bool {
        self.due[unit.index()]
    }

    /// Begins to look at `unit`.
    pub(super) fn begin(&mut self, unit: Unit) -> Turn {
        let outer = Turn {
            unit: self.unit,
            began: self.began,
        };
        self.due[unit.index()] = false;
        self.looks += 1;
        self.unit = unit;
        self.began = self.looks;
        outer
    }

    /// Goes on with `outer`.
    pub(super) fn end(&mut self, outer: Turn) {
        self.unit = outer.unit;
        self.began = outer.began;
    }

    /// What was learned may concern every unit.
    pub(super) fn wake_all(&mut self) {
        self.all = true;
    }

    /// Whether all units are due, which they are from now on.
    pub(super) fn take_all(&mut self) -> bool {
        let all = std::mem::take(&mut self.all);
        if all {
            self.due.fill(true);
        }
        all
    }

    pub(super) fn must_do_all(&self) -> bool {
        self.all
    }
}

/// The units that know of something.
#[derive(Debug, Default)]
pub(super) struct Readers {
    /// Most things have one reader; its number and one.
    first: Cell<u32>,
    /// The others, a bit each.
    more: RefCell<Vec<u64>>,
    /// The one that read it last, likewise.
    latest: Cell<u32>,
    /// The last look in which it was read.
    last: Cell<u32>,
}

impl Readers {
    /// The current unit reads it.
    pub(super) fn note(&self, clock: &Clock) {
        self.last.set(clock.looks);
        let unit = clock.unit.0 + 1;
        if self.latest.replace(unit) == unit {
            return;
        }
        let first = self.first.get();
        if first == unit {
            return;
        }
        if first == 0 {
            self.first.set(unit);
            return;
        }
        let mut more = self.more.borrow_mut();
        let word = clock.unit.index() / 64;
        if more.len() <= word {
            more.resize(word + 1, 0);
        }
        more[word] |= 1 << (clock.unit.0 % 64);
    }

    /// All that read it are due. The current unit is only if it did so in this look.
    pub(super) fn wake(&self, clock: &mut Clock) {
        self.wake_if(clock, |_| true);
    }

    /// Those that read it and are `concerned` are due.
    pub(super) fn wake_if(&self, clock: &mut Clock, concerned: impl Fn(Unit) -> bool) {
        let Some(first) = self.first.get().checked_sub(1) else {
            return;
        };
        let read_now = self.last.get() >= clock.began;
        let mut wake = |unit: Unit| {
            if (unit != clock.unit || read_now) && concerned(unit) {
                clock.due[unit.index()] = true;
            }
        };
        wake(Unit(first));
        for (word, &bits) in (0u32..).zip(self.more.borrow().iter()) {
            let mut bits = bits;
            while bits != 0 {
                wake(Unit(word * 64 + bits.trailing_zeros()));
                bits &= bits - 1;
            }
        }
    }
}

/// A place for a value.
#[derive(Debug)]
pub(super) struct Slot {
    value: Value,
    pub(super) readers: Readers,
}

impl Default for Slot {
    fn default() -> Self {
        Self {
            value: Value::EMPTY,
            readers: Readers::default(),
        }
    }
}

impl Slot {
    pub(super) fn read(&self, clock: &Clock) -> Value {
        self.readers.note(clock);
        self.value
    }

    /// The value, for telling about it only.
    pub(super) fn seen(&self) -> Value {
        self.value
    }

    /// Joins `more` to the value; whether that was anything new.
    pub(super) fn grow(&mut self, clock: &mut Clock, values: &mut Values, more: Value) -> bool {
        let mut joined = values.join(self.value, more);
        if joined == self.value {
            return false;
        }
        if values.is_full(self.value) {
            // What is left out stays left out, or no pass would be the last.
            let more = values.only(more, |atom| !is_crowding(atom));
            joined = values.join(self.value, more);
            if joined == self.value {
                return false;
            }
        }
        if clock.pass >= WIDENING_PASS {
            joined = values.widened(joined);
            if joined == self.value {
                return false;
            }
        }
        self.value = joined;
        self.readers.wake(clock);
        true
    }
}

//! Which rows are a thing already known, in the tenant or earlier in the file: the same VIN, or the same plate.

use crate::entities::model::Draft;
use jiff::civil::Date;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// A thing that rows are compared with.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Slot {
    /// What the tenant's own fields know its kind by.
    pub kind: String,
    /// Its id; `None` for one that a dry run would create.
    pub id: Option<Uuid>,
    pub vin: Option<String>,
    pub plate: String,
    /// Its content, where it may be written.
    pub draft: Option<Draft>,
    /// Which of its fields have a value, as [`presence`] counts them.
    pub has: u128,
    /// Its owner; in a dry run perhaps one who is yet to be made.
    pub contact: Option<Uuid>,
    /// Readings of the odometer, oldest first.
    pub readings: Vec<(Date, i32)>,
    pub exists: bool,
    pub visible: bool,
    pub archived: bool,
    /// Readings that this batch adds: id, day, km.
    pub read: Vec<(Uuid, Date, i32)>,
    /// Since when its owner has it, where this batch says so.
    pub since: Option<Date>,
    /// Whether this batch changed its facts or its owner.
    pub filled: bool,
    pub owner_set: bool,
}

/// What a reading is beside those that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    New,
    /// Known already.
    Same,
    /// An earlier one is higher, or a later one lower (GA-10).
    Falls,
}

impl Slot {
    /// Judges a reading; `dated`: the file says of which day it is.
    pub(crate) fn reading(&self, day: Date, value: i32, dated: bool) -> Reading {
        let earlier = self.readings.iter().rev().find(|(on, _)| *on <= day);
        let later = self.readings.iter().find(|(on, _)| *on > day);
        if earlier.is_some_and(|(on, known)| *known == value && (*on == day || !dated)) {
            return Reading::Same;
        }
        let falls = earlier.is_some_and(|(_, known)| value < *known) || later.is_some_and(|(_, known)| value > *known);
        if falls { Reading::Falls } else { Reading::New }
    }

    /// Adds a reading in its place.
    pub(crate) fn add_reading(&mut self, day: Date, value: i32) {
        let place = self.readings.partition_point(|(on, _)| *on <= day);
        self.readings.insert(place, (day, value));
    }
}

/// The things known so far, oldest first.
#[derive(Default)]
pub(crate) struct Known {
    pub slots: Vec<Slot>,
    index: HashMap<String, Vec<usize>>,
}

impl Known {
    /// Adds a thing; returns its place.
    pub(crate) fn add(&mut self, slot: Slot) -> usize {
        let place = self.slots.len();
        self.slots.push(slot);
        self.index_slot(place);
        place
    }

    fn index_slot(&mut self, place: usize) {
        let Some(slot) = self.slots.get(place) else { return };
        for key in keys(slot.vin.as_deref(), &slot.plate) {
            let places = self.index.entry(key).or_default();
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }

    /// The thing that a row is: by VIN before plate, those of the database before those of the file, then the oldest. One that is archived
    /// is out of sight, and only a row that says so means it.
    pub(crate) fn find(&self, draft: &Draft, archived: bool) -> Option<usize> {
        let places: BTreeSet<usize> =
            keys(draft.vin.as_deref(), &draft.plate_code()).filter_map(|key| self.index.get(&key)).flatten().copied().collect();
        let rank = |place: usize| {
            let slot = self.slots.get(place).filter(|slot| archived || !slot.archived)?;
            Some((slot.vin.is_none() || slot.vin != draft.vin, slot.archived != archived, !slot.exists, place))
        };
        places.into_iter().filter_map(rank).min().map(|(.., place)| place)
    }

    /// Fills what is empty in a thing. Whether that changed anything.
    pub(crate) fn fill(&mut self, place: usize, new: Draft, has: u128) -> bool {
        let Some(slot) = self.slots.get_mut(place) else { return false };
        let added = slot.has | has != slot.has;
        slot.has |= has;
        slot.filled |= added;
        if slot.vin.is_none() {
            slot.vin.clone_from(&new.vin);
        }
        if slot.plate.is_empty() {
            slot.plate = new.plate_code();
        }
        if let Some(draft) = &mut slot.draft {
            fill_draft(draft, new);
        }
        self.index_slot(place);
        added
    }
}

fn keys<'a>(vin: Option<&'a str>, plate: &'a str) -> impl Iterator<Item = String> + 'a {
    let plate = (!plate.is_empty()).then(|| format!("p{plate}"));
    vin.map(|vin| format!("v{vin}")).into_iter().chain(plate)
}

macro_rules! fields {
    ($each:ident) => {
        $each!(name plate vin make model energy first_registration inspection_due serial_number species breed birth_date address description)
    };
}

fn fill_draft(known: &mut Draft, new: Draft) {
    // A plate comes with its country.
    if known.plate.is_none() {
        known.plate_country.clone_from(&new.plate_country);
    }
    macro_rules! fill {
        ($($field:ident)+) => { $( if known.$field.is_none() { known.$field = new.$field; } )+ };
    }
    fields!(fill);
    for (key, value) in new.custom {
        known.custom.entry(key).or_insert(value);
    }
}

/// Which facts of a thing are there, one bit each: what a rehearsal remembers instead of all of it. The tenant's own fields count in the
/// order of `own`.
pub(crate) fn presence(draft: &Draft, own: &[&str]) -> u128 {
    let (mut has, mut bit) = (0, 1);
    macro_rules! each {
        ($($field:ident)+) => { $( if draft.$field.is_some() { has |= bit; } bit <<= 1; )+ };
    }
    fields!(each);
    for key in own {
        if draft.custom.contains_key(*key) {
            has |= bit;
        }
        bit <<= 1;
    }
    has
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test] // GA-10
    fn a_reading_may_not_contradict_those_around_it() {
        let mut slot = Slot::default();
        slot.add_reading(date(2026, 6, 1), 60_000);
        slot.add_reading(date(2025, 6, 1), 40_000);
        assert_eq!(slot.readings.iter().map(|reading| reading.1).collect::<Vec<_>>(), [40_000, 60_000]);
        for (day, value, dated, expected) in [
            (date(2026, 1, 1), 50_000, true, Reading::New),
            (date(2026, 1, 1), 39_999, true, Reading::Falls),
            (date(2026, 1, 1), 60_001, true, Reading::Falls),
            (date(2026, 6, 1), 60_000, true, Reading::Same),
            (date(2026, 11, 1), 60_000, false, Reading::Same),
            (date(2026, 11, 1), 60_000, true, Reading::New),
            (date(2026, 11, 1), 59_999, false, Reading::Falls),
            (date(2020, 1, 1), 1, true, Reading::New),
        ] {
            assert_eq!(slot.reading(day, value, dated), expected, "{day} {value}");
        }
    }
}

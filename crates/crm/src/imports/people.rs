//! Finding the contact that a cell or a row speaks of: by id, by e-mail, phone or SIREN as the rule of duplicates says, else by its exact
//! name where only one contact has it and nothing contradicts.

use super::contacts::matcher::{Known, Slot, keys_of};
use super::engine::{Candidate, MatchKeys, keys, split_full_name};
use super::target::Who;
use crate::contacts::Draft;
use crate::contacts::store as contacts;
use std::collections::{BTreeSet, HashMap, HashSet};
use uuid::Uuid;
use vision_kernel::{Email, text};
use vision_platform::{Failure, Tx};

/// Longer names are compared in the order of their words only.
const WORDS: usize = 6;

/// What a contact is looked for by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seek {
    id: Option<Uuid>,
    keys: MatchKeys,
    names: Vec<String>,
}

impl Seek {
    /// By everything that a row says of them.
    pub(crate) fn person(candidate: &Candidate) -> Self {
        let person = [candidate.first_name.as_deref(), candidate.last_name.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let name = if person.is_empty() { candidate.company_name.clone().unwrap_or_default() } else { person };
        Self { id: None, keys: keys(candidate), names: orders(&name) }
    }

    /// By one cell: an id, an e-mail address or a name.
    pub(crate) fn cell(cell: &str) -> Self {
        let cell = cell.trim();
        if let Ok(id) = Uuid::try_parse(cell) {
            return Self { id: Some(id), ..Self::default() };
        }
        match Email::parse(cell) {
            Some(email) => Self { keys: MatchKeys { emails: vec![email.normalized()], ..MatchKeys::default() }, ..Self::default() },
            None => Self { names: orders(cell), ..Self::default() },
        }
    }
}

/// A name as lists sort it, with its words turned round: files have `DUPRÉ Jean` as well as `Jean Dupré`.
pub(super) fn orders(name: &str) -> Vec<String> {
    let folded = text::fold(name);
    let mut words: Vec<&str> = folded.split_whitespace().collect();
    if words.len() > 1 && split_full_name(name).civility.is_some() {
        words.remove(0);
    }
    let turns = if words.len() > WORDS { words.len().min(1) } else { words.len() };
    (0..turns)
        .map(|turn| {
            words.rotate_left(usize::from(turn > 0));
            words.join(" ")
        })
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}

/// Who was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// The contact at this place.
    One(usize),
    /// More than one has the name.
    Several,
    /// Somebody whom the importer does not see.
    Hidden,
    /// Nobody.
    Nobody,
}

/// The contacts that rows may speak of.
#[derive(Default)]
pub(crate) struct People {
    known: Known,
    loaded: HashSet<Uuid>,
    by_id: HashMap<Uuid, usize>,
    by_name: HashMap<String, Vec<usize>>,
}

impl People {
    /// Makes the contacts of the database known that any of `seeks` may mean.
    pub(crate) async fn load(&mut self, tx: &mut Tx, seeks: &[Seek], who: &Who) -> Result<(), Failure> {
        let (mut kinds, mut values) = (Vec::new(), Vec::new());
        for seek in seeks {
            let lists = [("e", &seek.keys.emails), ("p", &seek.keys.phones)];
            for (kind, value) in lists.into_iter().flat_map(|(kind, list)| list.iter().map(move |value| (kind, value))) {
                kinds.push(kind);
                values.push(value.clone());
            }
            if let Some(siren) = &seek.keys.siren {
                kinds.push("s");
                values.push(siren.clone());
            }
        }
        let mut ids: BTreeSet<Uuid> = seeks.iter().filter_map(|seek| seek.id).collect();
        if !kinds.is_empty() {
            ids.extend(contacts::by_keys(tx, &kinds, &values).await?.into_iter().map(|(_, _, id)| id));
        }
        let names: BTreeSet<&String> = seeks.iter().flat_map(|seek| &seek.names).collect();
        if !names.is_empty() {
            let names: Vec<String> = names.into_iter().cloned().collect();
            ids.extend(contacts::by_names(tx, &names).await?);
        }
        let ids: Vec<Uuid> = ids.into_iter().filter(|id| self.loaded.insert(*id)).collect();
        for row in contacts::get_many(tx, &ids).await? {
            let contact = row.contact();
            if contact.archived {
                continue;
            }
            let name = contact.draft.sort_name();
            let slot = Slot {
                id: Some(contact.id),
                keys: keys_of(&contact.draft),
                draft: None,
                exists: true,
                visible: who.sees(contact.draft.owner_id),
                has: 0,
                filled: false,
            };
            self.put(slot, name);
        }
        Ok(())
    }

    fn put(&mut self, slot: Slot, name: String) {
        let id = slot.id;
        let place = self.known.add(slot);
        if let Some(id) = id {
            self.by_id.insert(id, place);
        }
        self.by_name.entry(name).or_default().push(place);
    }

    /// Who is meant.
    pub(crate) fn find(&self, seek: &Seek) -> Found {
        let found = match seek.id {
            Some(id) => self.by_id.get(&id).copied(),
            None => self.known.find(&seek.keys),
        };
        let seen = |place: &usize| self.slot(*place).is_some_and(|slot| slot.visible);
        if let Some(place) = found {
            return if seen(&place) { Found::One(place) } else { Found::Hidden };
        }
        let names = seek.names.iter().filter_map(|name| self.by_name.get(name)).flatten().copied();
        let places: BTreeSet<usize> = names.filter(|place| seen(place) && self.fits(*place, &seek.keys)).collect();
        match (places.first(), places.len()) {
            (Some(place), 1) => Found::One(*place),
            (Some(_), _) => Found::Several,
            (None, _) => Found::Nobody,
        }
    }

    /// Two people may have one name: what both sides say otherwise must not differ.
    fn fits(&self, place: usize, keys: &MatchKeys) -> bool {
        let differ = |a: &[String], b: &[String]| !a.is_empty() && !b.is_empty();
        self.slot(place).is_some_and(|slot| {
            let sirens = slot.keys.siren.is_some() && keys.siren.is_some() && slot.keys.siren != keys.siren;
            !(sirens || differ(&slot.keys.emails, &keys.emails) || differ(&slot.keys.phones, &keys.phones))
        })
    }

    /// Somebody new, whom later rows may mean as well.
    pub(crate) fn add(&mut self, id: Uuid, draft: &Draft) {
        let slot = Slot { id: Some(id), keys: keys_of(draft), draft: None, exists: false, visible: true, has: 0, filled: false };
        self.put(slot, draft.sort_name());
    }

    /// Whether a contact is one that [`Self::add`] made.
    pub(crate) fn is_new(&self, id: Uuid) -> bool {
        self.by_id.get(&id).and_then(|place| self.slot(*place)).is_some_and(|slot| !slot.exists)
    }

    /// The contact at a place.
    pub(crate) fn slot(&self, place: usize) -> Option<&Slot> {
        self.known.slots.get(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_looked_for_in_every_order_of_its_words() {
        assert_eq!(orders("DUPRÉ Jean"), ["dupre jean", "jean dupre"]);
        assert_eq!(orders("Mme Éloïse Le Goff"), ["eloise le goff", "goff eloise le", "le goff eloise"]);
        assert_eq!(orders("Dupré"), ["dupre"]);
        assert_eq!(orders(" "), [""; 0]);
        assert_eq!(orders("a b c d e f g"), ["a b c d e f g"]);
    }
}

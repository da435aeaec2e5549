//! Which rows are somebody already known, in the tenant or earlier in the file.

use super::super::engine::{Candidate, Kind, Match, MatchKeys, keys, matches};
use crate::contacts::Draft;
use crate::contacts::model::{AddressEntry, EmailEntry, PhoneEntry, default_customer_kind};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;
use vision_kernel::text;

/// A contact that rows are compared with.
pub(crate) struct Slot {
    /// Its id; `None` for one that a dry run would create.
    pub id: Option<Uuid>,
    pub keys: MatchKeys,
    /// Its content, where it may be written.
    pub draft: Option<Draft>,
    /// Whether it exists in the database already.
    pub exists: bool,
    /// Whether whoever imports may see and change it.
    pub visible: bool,
    /// Which of its fields have a value, as [`presence`] counts them.
    pub has: u128,
    /// Whether a row filled something.
    pub filled: bool,
}

/// The contacts known so far, oldest first.
#[derive(Default)]
pub(crate) struct Known {
    pub slots: Vec<Slot>,
    index: HashMap<String, Vec<usize>>,
}

fn index_keys(keys: &MatchKeys) -> impl Iterator<Item = String> + '_ {
    let emails = keys.emails.iter().map(|value| format!("e{value}"));
    let phones = keys.phones.iter().map(|value| format!("p{value}"));
    emails.chain(phones).chain(keys.siren.iter().map(|value| format!("s{value}")))
}

impl Known {
    /// Adds a contact; returns its place.
    pub(crate) fn add(&mut self, slot: Slot) -> usize {
        let place = self.slots.len();
        self.index_slot(place, &slot.keys);
        self.slots.push(slot);
        place
    }

    fn index_slot(&mut self, place: usize, keys: &MatchKeys) {
        for key in index_keys(keys) {
            let places = self.index.entry(key).or_default();
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }

    /// The contact that a candidate is: by the strongest match, then contacts of the database before those of the file, then the oldest.
    pub(crate) fn find(&self, candidate: &MatchKeys) -> Option<usize> {
        let places: BTreeSet<usize> = index_keys(candidate).filter_map(|key| self.index.get(&key)).flatten().copied().collect();
        let rank = |place: usize| -> Option<(Match, bool, usize)> {
            let slot = self.slots.get(place)?;
            Some((matches(&slot.keys, candidate)?, !slot.exists, place))
        };
        places.into_iter().filter_map(rank).min().map(|(.., place)| place)
    }

    /// Fills what is empty in a contact; its keys follow. Whether that changed anything.
    pub(crate) fn fill(&mut self, place: usize, candidate: &Candidate, new: Draft, has: u128) -> bool {
        let Some(slot) = self.slots.get_mut(place) else { return false };
        let added = slot.has | has != slot.has;
        slot.has |= has;
        slot.filled |= added;
        let keys = keys(candidate);
        if slot.keys.emails.is_empty() {
            slot.keys.emails = keys.emails;
        }
        if slot.keys.phones.is_empty() {
            slot.keys.phones = keys.phones;
        }
        if slot.keys.siren.is_none() {
            slot.keys.siren = keys.siren;
        }
        if let Some(draft) = &mut slot.draft {
            fill_draft(draft, new);
        }
        let keys = slot.keys.clone();
        self.index_slot(place, &keys);
        added
    }
}

macro_rules! single_fields {
    ($each:ident) => {
        $each!(civility first_name last_name company_name job_title siren siret vat_number naf birthday website source description)
    };
}

fn fill_draft(known: &mut Draft, new: Draft) {
    macro_rules! fill {
        ($($field:ident)+) => { $( if known.$field.is_none() { known.$field = new.$field; } )+ };
    }
    single_fields!(fill);
    if known.emails.is_empty() {
        known.emails = new.emails;
    }
    if known.phones.is_empty() {
        known.phones = new.phones;
    }
    if known.addresses.is_empty() {
        known.addresses = new.addresses;
    }
    for (key, value) in new.custom {
        known.custom.entry(key).or_insert(value);
    }
}

/// Which fields of a contact have a value, one bit each: what a rehearsal remembers of a contact instead of all of it. The tenant's own
/// fields count in the order of `own`.
pub(crate) fn presence(draft: &Draft, own: &[&str]) -> u128 {
    let mut has = 0;
    let mut bit = 1;
    let mut count = |present: bool| {
        if present {
            has |= bit;
        }
        bit <<= 1;
    };
    macro_rules! each {
        ($($field:ident)+) => { $( count(draft.$field.is_some()); )+ };
    }
    single_fields!(each);
    for present in [!draft.emails.is_empty(), !draft.phones.is_empty(), !draft.addresses.is_empty()] {
        count(present);
    }
    for key in own {
        count(draft.custom.contains_key(*key));
    }
    has
}

/// A candidate as a new contact.
pub(crate) fn draft_of(candidate: &Candidate) -> Draft {
    let kind = if candidate.kind == Kind::Company { "company" } else { "person" };
    let country = candidate.addresses.first().and_then(|address| address.country.as_deref());
    Draft {
        kind: kind.to_owned(),
        civility: candidate.civility.clone(),
        first_name: candidate.first_name.clone(),
        last_name: candidate.last_name.clone(),
        company_name: candidate.company_name.clone(),
        job_title: candidate.job_title.clone(),
        emails: candidate.emails.iter().map(|email| EmailEntry { email: email.to_string(), label: None }).collect(),
        phones: candidate.phones.iter().map(|phone| PhoneEntry { phone: phone.as_str().to_owned(), label: None }).collect(),
        addresses: candidate
            .addresses
            .iter()
            .map(|address| AddressEntry {
                label: None,
                line1: address.line1.clone(),
                line2: address.line2.clone(),
                postal_code: address.postal_code.clone(),
                city: address.city.clone(),
                country: address.country.clone(),
            })
            .collect(),
        siren: candidate.siren.as_ref().map(ToString::to_string),
        siret: candidate.siret.as_ref().map(ToString::to_string),
        vat_number: candidate.vat_number.as_ref().map(ToString::to_string),
        naf: candidate.naf.clone(),
        customer_kind: default_customer_kind(kind, country).to_owned(),
        birthday: candidate.birthday,
        website: candidate.website.clone(),
        source: candidate.source.clone(),
        description: candidate.notes.as_deref().and_then(|notes| text::clean(notes, true)),
        ..Draft::empty()
    }
}

/// What a stored contact is compared by.
pub(crate) fn keys_of(draft: &Draft) -> MatchKeys {
    MatchKeys {
        company: draft.kind == "company",
        emails: draft.emails.iter().map(|entry| entry.email.to_lowercase()).collect(),
        phones: draft.phones.iter().map(|entry| entry.phone.clone()).collect(),
        siren: draft.siren.clone(),
    }
}

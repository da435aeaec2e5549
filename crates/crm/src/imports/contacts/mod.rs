//! Contacts as the target of an import: rows are matched by the rule of duplicates, then created or filled.

pub(crate) mod matcher;
pub(crate) mod undo;

use super::custom::{Columns, Own, Values};
use super::engine::{Field, Parsed, keys, parse_row};
use super::reader::Item;
use super::store::ImportRow;
use super::target::{Duplicates, Mode, Notice, Outcome, Parser, Target, Verdict, Who};
use crate::contacts::Draft;
use crate::contacts::events::ContactEvent;
use crate::contacts::store as contacts;
use crate::custom_fields::model::RecordObject;
use crate::tags::ops as tags;
use matcher::{Known, Slot, draft_of, keys_of, presence};
use serde_json::{json, to_value};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use uuid::Uuid;
use vision_platform::{Failure, Tx, outbox};

/// An import of contacts.
pub(crate) struct Contacts {
    import: Uuid,
    who: Who,
    duplicates: Duplicates,
    fields: Vec<Option<Field>>,
    columns: Columns,
    known: Known,
    loaded: HashSet<Uuid>,
}

/// A row: the contact, and the texts of the tenant's own fields, which only the definitions of the moment can read.
pub(crate) struct ContactItem {
    parsed: Parsed,
    own: Vec<Option<String>>,
}

impl Target for Contacts {
    type Row = ContactItem;

    fn new(who: &Who, import: &ImportRow) -> Self {
        Self {
            import: import.id,
            who: who.clone(),
            duplicates: Duplicates::from_stored(&import.duplicates),
            fields: import.mapping.iter().map(|key| key.as_deref().and_then(|key| key.parse().ok())).collect(),
            columns: Columns::of(&import.mapping),
            known: Known::default(),
            loaded: HashSet::new(),
        }
    }

    fn parser(&self) -> Parser<ContactItem> {
        let (fields, columns) = (self.fields.clone(), self.columns.clone());
        Box::new(move |row| {
            let parsed = parse_row(&fields, row).map_err(super::engine::Reason::key)?;
            Ok(ContactItem { parsed, own: columns.cells(row) })
        })
    }

    async fn batch(&mut self, tx: &mut Tx, items: &[Item<ContactItem>], mode: Mode) -> Result<Vec<Verdict>, Failure> {
        if mode == Mode::Real {
            (self.known, self.loaded) = (Known::default(), HashSet::new());
        }
        let tagged = self.load(tx, items, mode).await?;
        let originals: HashMap<Uuid, Draft> = self.known.slots.iter().filter_map(|slot| Some((slot.id?, slot.draft.clone()?))).collect();
        let texts = items.iter().filter_map(|item| item.parsed.as_ref().ok()).map(|row| &row.own);
        let own = Own::load(tx, RecordObject::Contact, &self.columns, texts, &self.who, mode).await?;

        // First the whole batch in memory, then a handful of statements.
        let mut wanted_tags: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
        let mut placed = Vec::with_capacity(items.len());
        for item in items {
            let row = match &item.parsed {
                Ok(row) => row,
                Err(reason) => {
                    placed.push((None, Verdict::rejected(item, reason)));
                    continue;
                }
            };
            let (place, verdict) = self.place(tx, row, own.read(&row.own), &own, mode);
            let candidate = &row.parsed.candidate;
            if let Some(id) =
                verdict.contact_id.filter(|id| !candidate.tags.is_empty() && !tagged.contains(id) && self.may_tag(place, &verdict))
            {
                wanted_tags.entry(id).or_default().extend(candidate.tags.iter().cloned());
            }
            placed.push((Some(place), verdict));
        }
        if mode == Mode::Real {
            self.write(tx, &originals, own.has_references()).await?;
            add_tags(tx, &wanted_tags).await?;
        }

        let mut befores = originals;
        let mut verdicts = Vec::with_capacity(items.len());
        for (place, mut verdict) in placed {
            let slot = place.and_then(|place| self.known.slots.get(place)).filter(|slot| slot.exists && slot.filled);
            // The first row of a batch that fills a contact keeps what it was and what it became.
            if let Some((slot, before)) = slot.and_then(|slot| Some((slot, befores.remove(&slot.id?)?)))
                && mode == Mode::Real
            {
                verdict.change = Some((to_value(before)?, to_value(&slot.draft)?));
            }
            verdicts.push(verdict);
        }
        Ok(verdicts)
    }
}

impl Contacts {
    /// Makes the contacts of the database that these rows may be known to the matcher; returns those with tags.
    async fn load(&mut self, tx: &mut Tx, items: &[Item<ContactItem>], mode: Mode) -> Result<HashSet<Uuid>, Failure> {
        let mut tagged = HashSet::new();
        if self.duplicates == Duplicates::Create {
            return Ok(tagged);
        }
        let (mut kinds, mut values) = (Vec::new(), Vec::new());
        for row in items.iter().filter_map(|item| item.parsed.as_ref().ok()) {
            for (kind, value) in draft_of(&row.parsed.candidate).keys() {
                kinds.push(kind);
                values.push(value);
            }
        }
        let found = contacts::by_keys(tx, &kinds, &values).await?;
        let ids: BTreeSet<Uuid> = found.into_iter().map(|(_, _, id)| id).collect();
        let ids: Vec<Uuid> = ids.into_iter().filter(|id| self.loaded.insert(*id)).collect();
        if mode == Mode::Real && self.duplicates == Duplicates::Fill {
            // What is written below is the whole contact: nobody may change it in between.
            contacts::lock_many(tx, &ids).await?;
        }
        for row in contacts::get_many(tx, &ids).await? {
            let contact = row.contact();
            // An archived contact is out of sight: filling it would hide the row.
            if contact.archived {
                continue;
            }
            if !row.tags.is_empty() {
                tagged.insert(contact.id);
            }
            self.known.add(Slot {
                id: Some(contact.id),
                keys: keys_of(&contact.draft),
                exists: true,
                visible: self.who.sees(contact.draft.owner_id),
                has: presence(&contact.draft, &self.columns.keys()),
                draft: (mode == Mode::Real).then_some(contact.draft),
                filled: false,
            });
        }
        Ok(tagged)
    }

    fn may_tag(&self, place: usize, verdict: &Verdict) -> bool {
        let visible = self.known.slots.get(place).is_some_and(|slot| slot.visible);
        verdict.outcome == Outcome::Created || (self.duplicates == Duplicates::Fill && visible)
    }

    /// Finds the contact that a row is, or makes it; in memory.
    fn place(&mut self, tx: &Tx, row: &ContactItem, values: Values, own: &Own, mode: Mode) -> (usize, Verdict) {
        let candidate = &row.parsed.candidate;
        let known = match self.duplicates {
            Duplicates::Create => None,
            Duplicates::Skip | Duplicates::Fill => self.known.find(&keys(candidate)),
        };
        let mut notices: Vec<Notice> = row.parsed.warnings.iter().cloned().map(Notice::from).collect();
        notices.extend(values.notices);
        let mut draft = draft_of(candidate);
        let (place, outcome) = if let Some(place) = known {
            let slot = self.known.slots.get(place);
            let visible = slot.is_some_and(|slot| slot.visible);
            let company = slot.is_some_and(|slot| slot.keys.company);
            let mut filled = false;
            if self.duplicates == Duplicates::Fill && visible {
                draft.custom = own.fitting(values.set, if company { "company" } else { "person" }, &mut notices);
                let has = presence(&draft, &self.columns.keys());
                filled = self.known.fill(place, candidate, draft, has);
            } else if self.duplicates == Duplicates::Fill {
                notices.push(Notice::new("", &candidate.label(), "hidden"));
            }
            (place, Outcome::Matched { filled })
        } else {
            draft.custom = own.fitting(values.set, &draft.kind, &mut notices);
            own.complete(&mut draft.custom, &draft.kind, &mut notices);
            draft.owner_id = self.who.owner();
            let slot = Slot {
                id: (mode == Mode::Real).then(|| tx.new_id()),
                keys: keys(candidate),
                exists: false,
                visible: true,
                has: presence(&draft, &self.columns.keys()),
                draft: (mode == Mode::Real).then_some(draft),
                filled: false,
            };
            let place = if mode == Mode::Rehearsal && self.duplicates == Duplicates::Create { usize::MAX } else { self.known.add(slot) };
            (place, Outcome::Created)
        };
        let contact_id = self.known.slots.get(place).and_then(|slot| slot.id);
        (place, Verdict { outcome, label: candidate.label(), notices, contact_id, record_id: None, change: None })
    }

    /// Writes what the batch made and filled.
    async fn write(&self, tx: &mut Tx, originals: &HashMap<Uuid, Draft>, references: bool) -> Result<(), Failure> {
        let take = |exists: bool, filled: bool| -> Vec<(Uuid, Draft)> {
            let slots = self.known.slots.iter().filter(|slot| slot.exists == exists && (!filled || slot.filled));
            slots.filter_map(|slot| Some((slot.id?, slot.draft.clone()?))).collect()
        };
        let created = take(false, false);
        create(tx, &created, self.import).await?;
        let filled = take(true, true);
        if filled.is_empty() {
            return Ok(());
        }
        contacts::rewrite_many(tx, &filled).await?;
        for (id, draft) in &filled {
            if let Some(before) = originals.get(id) {
                let mut changes = draft.changes_since(before);
                if references {
                    crate::custom_fields::ops::name_references(tx, RecordObject::Contact, &mut changes).await?;
                }
                tx.emit(&ContactEvent {
                    changes,
                    data: json!({ "import_id": self.import }),
                    ..ContactEvent::new("contact.updated", *id, draft.display_name())
                });
            }
        }
        Ok(())
    }
}

/// Inserts contacts that an import makes, with a line in the history of each.
pub(crate) async fn create(tx: &mut Tx, created: &[(Uuid, Draft)], import: Uuid) -> Result<(), Failure> {
    if created.is_empty() {
        return Ok(());
    }
    contacts::insert_many(tx, created, Some(import)).await?;
    let ids: Vec<Uuid> = created.iter().map(|(id, _)| *id).collect();
    outbox::timeline_many(tx, "contact.imported", &ids, &json!({ "import_id": import })).await
}

async fn add_tags(tx: &mut Tx, wanted: &BTreeMap<Uuid, Vec<String>>) -> Result<(), Failure> {
    if wanted.is_empty() {
        return Ok(());
    }
    let mut by_name: BTreeMap<String, (String, Vec<Uuid>)> = BTreeMap::new();
    for (contact, names) in wanted {
        for name in names {
            // A tag's name has 40 characters at most; a longer one is cut rather than lost.
            let name: String = name.chars().take(40).collect();
            by_name.entry(vision_kernel::text::fold(&name)).or_insert_with(|| (name, Vec::new())).1.push(*contact);
        }
    }
    for (name, contacts) in by_name.into_values() {
        let tag_ids = tags::ensure(tx, &[name]).await?;
        tags::add(tx, &contacts, &tag_ids).await?;
    }
    Ok(())
}

//! Vehicles and other things as the target of an import, with their owners and their mileage.

pub(crate) mod fields;
mod known;
mod row;
pub(super) mod store;
pub(crate) mod undo;

use super::contacts::matcher::draft_of;
use super::custom::{Columns, Own, Values};
use super::engine::Candidate;
use super::people::{Found, People, Seek};
use super::reader::Item;
use super::store::{ImportRow, Options};
use super::target::{Duplicates, Mode, Notice, Outcome, Parser, Target, Verdict, Who};
use crate::contacts::Draft as ContactDraft;
use crate::contacts::store as contacts;
use crate::custom_fields::model::RecordObject;
use crate::custom_fields::ops::name_references;
use crate::entities::model::{Draft, EntityKind};
use crate::entities::ops;
use crate::entities::store as entities;
use jiff::civil::Date;
use known::{Known, Reading, Slot, presence};
use row::{EntityItem, KindWord, kind_of};
use serde_json::{Map, Value, json, to_value};
use std::collections::{BTreeSet, HashMap, HashSet};
use uuid::Uuid;
use vision_kernel::{Change, text};
use vision_platform::outbox::{TimelineLine, timeline_each};
use vision_platform::{Failure, Tx};

/// The tenant's own kinds: (id, name).
pub(crate) async fn own_kinds(tx: &mut Tx) -> Result<Vec<(Uuid, String)>, Failure> {
    Ok(store::kinds(tx, false).await?)
}

/// An import of things.
pub(crate) struct Entities {
    import: Uuid,
    who: Who,
    duplicates: Duplicates,
    options: Options,
    mapping: Vec<Option<String>>,
    columns: Columns,
    known: Known,
    loaded: HashSet<Uuid>,
    people: People,
}

/// What a batch needs beside the rows.
struct Batch {
    mode: Mode,
    today: Date,
    /// The tenant's own kinds, and their folded names.
    kinds: Vec<(Uuid, String)>,
    names: Vec<String>,
    /// The tenant's own fields.
    own: Own,
    /// Owners to be made.
    owners: Vec<(Uuid, ContactDraft)>,
}

/// A thing as it was before a batch.
#[derive(Clone)]
struct Before {
    draft: Draft,
    contact: Option<Uuid>,
}

impl Target for Entities {
    type Row = EntityItem;

    fn new(who: &Who, import: &ImportRow) -> Self {
        Self {
            import: import.id,
            who: who.clone(),
            duplicates: Duplicates::from_stored(&import.duplicates),
            options: import.options.0.clone(),
            mapping: import.mapping.0.clone(),
            columns: Columns::of(&import.mapping),
            known: Known::default(),
            loaded: HashSet::new(),
            people: People::default(),
        }
    }

    fn parser(&self) -> Parser<EntityItem> {
        let (mapping, columns) = (self.mapping.clone(), self.columns.clone());
        Box::new(move |row| Ok(EntityItem { own: columns.cells(row), ..row::parse(&mapping, row)? }))
    }

    async fn batch(&mut self, tx: &mut Tx, items: &[Item<EntityItem>], mode: Mode) -> Result<Vec<Verdict>, Failure> {
        if mode == Mode::Real {
            (self.known, self.loaded, self.people) = (Known::default(), HashSet::new(), People::default());
        }
        let kinds = store::kinds(tx, mode == Mode::Real).await?;
        let names = kinds.iter().map(|(_, name)| text::fold(name)).collect();
        let texts = items.iter().filter_map(|item| item.parsed.as_ref().ok()).map(|row| &row.own);
        let own = Own::load(tx, RecordObject::Entity, &self.columns, texts, &self.who, mode).await?;
        let references = own.has_references();
        let mut batch = Batch { mode, today: entities::today(tx).await?, kinds, names, own, owners: Vec::new() };
        let drafts: Vec<Result<Drafted, &'static str>> = items.iter().map(|item| self.draft(item, &batch)).collect();
        let seeks: Vec<Seek> = items.iter().filter_map(|item| item.parsed.as_ref().ok()?.owner.as_ref()).map(Seek::person).collect();
        self.people.load(tx, &seeks, &self.who).await?;
        self.load(tx, drafts.iter().filter_map(|drafted| drafted.as_ref().ok()).map(|drafted| &drafted.draft), mode).await?;
        let before: HashMap<Uuid, Before> = self
            .known
            .slots
            .iter()
            .filter_map(|slot| Some((slot.id?, Before { draft: slot.draft.clone()?, contact: slot.contact })))
            .collect();

        let mut placed = Vec::with_capacity(items.len());
        for (item, drafted) in items.iter().zip(drafts) {
            let row = item.parsed.as_ref().map_err(|reason| *reason);
            let verdict = row.and_then(|row| self.place(tx, row, drafted?, &mut batch));
            placed.push(verdict.unwrap_or_else(|reason| (None, Verdict::rejected(item, reason))));
        }
        if mode == Mode::Real {
            super::contacts::create(tx, &batch.owners, self.import).await?;
            self.write(tx, &before, batch.today, references).await?;
        }
        let mut seen = HashSet::new();
        let mut verdicts = Vec::with_capacity(items.len());
        for (place, mut verdict) in placed {
            let slot = place.and_then(|place| self.known.slots.get(place)).filter(|slot| mode == Mode::Real && slot.exists);
            // The first row of a batch that fills a thing keeps what it was and what it became.
            if let Some((slot, before)) = slot.and_then(|slot| Some((slot, before.get(&slot.id?)?)))
                && changed(slot)
                && seen.insert(slot.id)
            {
                let readings: Vec<Uuid> = slot.read.iter().map(|(id, ..)| *id).collect();
                verdict.change = Some((
                    json!({ "draft": to_value(&before.draft)?, "contact_id": before.contact }),
                    json!({ "draft": to_value(&slot.draft)?, "contact_id": slot.contact, "readings": readings }),
                ));
            }
            verdicts.push(verdict);
        }
        Ok(verdicts)
    }
}

fn changed(slot: &Slot) -> bool {
    slot.filled || slot.owner_set || !slot.read.is_empty()
}

/// A row that is a valid thing.
struct Drafted {
    draft: Draft,
    notices: Vec<Notice>,
}

impl Entities {
    /// Judges a row by the rules of the product.
    fn draft(&self, item: &Item<EntityItem>, batch: &Batch) -> Result<Drafted, &'static str> {
        let row = item.parsed.as_ref().map_err(|reason| *reason)?;
        let mut notices = row.notices.clone();
        let chosen = self.options.entity_kind.as_deref().unwrap_or("vehicle");
        let own = |id: Uuid| batch.kinds.iter().position(|(kind, _)| *kind == id).map(KindWord::Own);
        let whole_file = match Uuid::try_parse(chosen) {
            // The kind chosen for the whole file may be deleted before its rows are read.
            Ok(id) => own(id).ok_or("kind_gone")?,
            Err(_) => KindWord::Builtin(EntityKind::from_stored(chosen)),
        };
        let word = match row.kind.as_deref() {
            None => whole_file,
            Some(word) => kind_of(word, &batch.names).unwrap_or_else(|| {
                notices.push(Notice::new("kind", word, "invalid"));
                whole_file
            }),
        };
        let (kind, kind_id) = match word {
            // GD-17: people in care exist only where health data may be hosted.
            KindWord::Builtin(EntityKind::Patient) if !self.who.hds() => return Err("kind_unavailable"),
            KindWord::Builtin(kind) => (kind, None),
            KindWord::Own(place) => (EntityKind::Custom, batch.kinds.get(place).map(|(id, _)| *id)),
        };
        let draft = row.given.clone().draft(kind, kind_id, &mut notices)?;
        notices.extend(draft.warnings().iter().map(|_| Notice::new("vin", draft.vin.as_deref().unwrap_or_default(), "check_digit")));
        Ok(Drafted { draft, notices })
    }

    /// Makes the things of the database that these rows may be known to the matcher.
    async fn load(&mut self, tx: &mut Tx, drafts: impl Iterator<Item = &Draft> + Send, mode: Mode) -> Result<(), Failure> {
        if self.duplicates == Duplicates::Create {
            return Ok(());
        }
        let (mut plates, mut vins) = (BTreeSet::new(), BTreeSet::new());
        for draft in drafts {
            plates.extend(Some(draft.plate_code()).filter(|code| !code.is_empty()));
            vins.extend(draft.vin.clone());
        }
        let (plates, vins): (Vec<_>, Vec<_>) = (plates.into_iter().collect(), vins.into_iter().collect());
        let lock = mode == Mode::Real && self.duplicates == Duplicates::Fill;
        let rows: Vec<_> = store::by_codes(tx, &plates, &vins, lock).await?.into_iter().filter(|row| self.loaded.insert(row.id)).collect();
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let mut readings: HashMap<Uuid, Vec<(Date, i32)>> = HashMap::new();
        for (id, day, value) in store::readings(tx, &ids).await? {
            readings.entry(id).or_default().push((day.to_jiff(), value));
        }
        for row in rows {
            let draft = row.row.0;
            self.known.add(Slot {
                id: Some(row.id),
                vin: draft.vin.clone(),
                plate: draft.plate_code(),
                has: presence(&draft, &self.columns.keys()),
                kind: draft.record_kind(),
                contact: row.contact_id,
                readings: readings.remove(&row.id).unwrap_or_default(),
                exists: true,
                visible: self.who.sees(row.responsible),
                archived: row.archived,
                draft: (mode == Mode::Real).then_some(draft),
                ..Slot::default()
            });
        }
        Ok(())
    }

    /// Finds the owner that a row names, or makes one where that was chosen.
    fn owner(&mut self, tx: &Tx, candidate: &Candidate, batch: &mut Batch, notices: &mut Vec<Notice>) -> Option<Uuid> {
        let seek = Seek::person(candidate);
        let label = candidate.label();
        let mut tell = |code| notices.push(Notice::new("owner_name", &label, code));
        match self.people.find(&seek) {
            Found::One(place) => return self.people.slot(place).and_then(|slot| slot.id),
            Found::Several => tell("ambiguous"),
            Found::Hidden => tell("owner_hidden"),
            Found::Nobody => {
                let named = candidate.first_name.is_some() || candidate.last_name.is_some() || candidate.company_name.is_some();
                if !self.options.create_owners || !named {
                    tell("owner_unknown");
                    return None;
                }
                let mut draft = draft_of(candidate);
                draft.owner_id = self.who.owner();
                let id = tx.new_id();
                self.people.add(id, &draft);
                if batch.mode == Mode::Real {
                    batch.owners.push((id, draft));
                }
                return Some(id);
            }
        }
        None
    }

    /// Finds the thing that a row is, or makes it; in memory.
    fn place(&mut self, tx: &Tx, row: &EntityItem, drafted: Drafted, batch: &mut Batch) -> Result<(Option<usize>, Verdict), &'static str> {
        let Drafted { draft, mut notices } = drafted;
        let label = draft.label();
        let Values { set, notices: wrong } = batch.own.read(&row.own);
        notices.extend(wrong);
        let known = match self.duplicates {
            Duplicates::Create => None,
            Duplicates::Skip | Duplicates::Fill => self.known.find(&draft, row.archived),
        };
        let (place, outcome) = if let Some(place) = known {
            (Some(place), Outcome::Matched { filled: self.fill(tx, place, row, (draft, set), batch, &mut notices) })
        } else {
            let owner = row.owner.as_ref().and_then(|candidate| self.owner(tx, candidate, batch, &mut notices));
            if owner.is_none() && !self.who.sees(None) {
                // Who sees only some contacts would never see it again.
                return Err("owner_needed");
            }
            let kind = draft.record_kind();
            let mut custom = batch.own.fitting(set, &kind, &mut notices);
            batch.own.complete(&mut custom, &kind, &mut notices);
            let draft = Draft { custom, ..draft };
            let mut slot = Slot {
                kind,
                id: (batch.mode == Mode::Real).then(|| tx.new_id()),
                vin: draft.vin.clone(),
                plate: draft.plate_code(),
                has: presence(&draft, &self.columns.keys()),
                contact: owner,
                visible: true,
                archived: row.archived,
                draft: (batch.mode == Mode::Real).then_some(draft),
                since: owner.and(since(row, batch, &mut notices)),
                ..Slot::default()
            };
            read_mileage(tx, &mut slot, row, batch, &mut notices);
            let forget = batch.mode == Mode::Rehearsal && self.duplicates == Duplicates::Create;
            ((!forget).then(|| self.known.add(slot)), Outcome::Created)
        };
        let slot = place.and_then(|place| self.known.slots.get(place));
        // An owner whom a dry run would make is nobody yet.
        let contact_id = slot.and_then(|slot| slot.contact).filter(|id| batch.mode == Mode::Real || !self.people.is_new(*id));
        let record_id = slot.and_then(|slot| slot.id);
        Ok((place, Verdict { outcome, label, notices, contact_id, record_id, change: None }))
    }

    /// Fills a known thing by the rule for duplicates. Whether that changed anything.
    fn fill(
        &mut self,
        tx: &Tx,
        place: usize,
        row: &EntityItem,
        (draft, set): (Draft, Map<String, Value>),
        batch: &mut Batch,
        notices: &mut Vec<Notice>,
    ) -> bool {
        let Some(slot) = self.known.slots.get(place) else { return false };
        if self.duplicates != Duplicates::Fill {
            return false;
        }
        if !slot.visible {
            notices.push(Notice::new("", &draft.label(), "hidden"));
            return false;
        }
        // The plate of another vehicle, as its VIN says: nothing of the one may go to the other.
        if slot.vin.is_some() && draft.vin.is_some() && slot.vin != draft.vin {
            notices.push(Notice::new("vin", draft.vin.as_deref().unwrap_or_default(), "other_vin"));
            return false;
        }
        let had = slot.contact;
        let owner = row.owner.as_ref().and_then(|candidate| self.owner(tx, candidate, batch, notices));
        let custom = self.known.slots.get(place).map(|slot| batch.own.fitting(set, &slot.kind, notices)).unwrap_or_default();
        let draft = Draft { custom, ..draft };
        let has = presence(&draft, &self.columns.keys());
        let mut filled = self.known.fill(place, draft, has);
        let Some(slot) = self.known.slots.get_mut(place) else { return filled };
        match (had, owner) {
            (None, Some(owner)) => {
                slot.contact = Some(owner);
                slot.since = since(row, batch, notices);
                slot.owner_set = true;
                filled = true;
            }
            (Some(had), Some(owner)) if had != owner => {
                let name = row.owner.as_ref().map(Candidate::label).unwrap_or_default();
                notices.push(Notice::new("owner_name", &name, "ignored"));
            }
            _ => {}
        }
        read_mileage(tx, slot, row, batch, notices) || filled
    }

    /// Writes what the batch made and filled, in a handful of statements.
    async fn write(&self, tx: &mut Tx, before: &HashMap<Uuid, Before>, today: Date, references: bool) -> Result<(), Failure> {
        let created: Vec<&Slot> = self.known.slots.iter().filter(|slot| !slot.exists).collect();
        let filled: Vec<&Slot> = self.known.slots.iter().filter(|slot| slot.exists && changed(slot)).collect();
        if created.is_empty() && filled.is_empty() {
            return Ok(());
        }
        let rows: Vec<(Uuid, Draft, Option<Uuid>)> =
            created.iter().filter_map(|slot| Some((slot.id?, slot.draft.clone()?, slot.contact))).collect();
        entities::insert_many(tx, &rows).await?;
        let owners: Vec<(Uuid, Uuid, Date)> =
            created.iter().filter_map(|slot| Some((slot.id?, slot.contact?, slot.since.unwrap_or(today)))).collect();
        store::begin_ownerships(tx, &owners).await?;
        for slot in &filled {
            let (Some(id), Some(draft)) = (slot.id, &slot.draft) else { continue };
            if slot.filled {
                entities::rewrite(tx, id, draft).await?;
            }
            if let Some(owner) = slot.contact.filter(|_| slot.owner_set) {
                entities::change_owner(tx, id, Some(owner), slot.since.unwrap_or(today)).await?;
            }
        }
        let touched = || created.iter().chain(&filled);
        let readings: Vec<(Uuid, Uuid, Date, i32)> = touched()
            .filter_map(|slot| Some((slot.id?, slot)))
            .flat_map(|(entity, slot)| slot.read.iter().map(move |(id, day, value)| (entity, *id, *day, *value)))
            .collect();
        if !readings.is_empty() {
            store::insert_readings(tx, &readings).await?;
            let read: BTreeSet<Uuid> = readings.iter().map(|(entity, ..)| *entity).collect();
            store::follow_readings(tx, &read.into_iter().collect::<Vec<_>>()).await?;
        }
        let archived: Vec<Uuid> = created.iter().filter(|slot| slot.archived).filter_map(|slot| slot.id).collect();
        if !archived.is_empty() {
            store::archive(tx, &archived).await?;
        }
        self.tell(tx, &created, &filled, before, (today, references)).await?;
        let contacts: BTreeSet<Uuid> = touched().filter_map(|slot| slot.contact).collect();
        let contacts: Vec<Uuid> = contacts.into_iter().collect();
        entities::index_owners(tx, &contacts).await?;
        contacts::touch_many(tx, &contacts).await?;
        Ok(())
    }

    /// A line in the history of each thing, and in the timeline of its owner; the audit log and those who react get one event per import.
    async fn tell(
        &self,
        tx: &mut Tx,
        created: &[&Slot],
        filled: &[&Slot],
        before: &HashMap<Uuid, Before>,
        (today, references): (Date, bool),
    ) -> Result<(), Failure> {
        let following = ops::Following::load(tx).await?;
        let (mut events, mut lines) = (Vec::new(), Vec::new());
        let mut say = |slot: &Slot, own: &'static str, owners: &'static str, changes: Vec<Change>, data: Value| -> Result<(), Failure> {
            let (Some(id), Some(draft)) = (slot.id, &slot.draft) else { return Ok(()) };
            if let Some(contact) = slot.contact {
                let mut data = data.clone();
                if let Some(data) = data.as_object_mut() {
                    data.insert("entity".to_owned(), json!({ "id": id, "name": draft.label() }));
                }
                lines.push(TimelineLine { kind: owners, contact, changes: to_value(&changes)?, data });
            }
            events.push((id, own, to_value(following.of(&changes))?, data));
            Ok(())
        };
        let import = json!({ "import_id": self.import });
        for slot in created {
            say(slot, "entity.created", "entity.created", Vec::new(), import.clone())?;
        }
        for slot in filled {
            let Some(was) = slot.id.and_then(|id| before.get(&id)) else { continue };
            if slot.owner_set {
                let data = json!({ "import_id": self.import, "on": slot.since.unwrap_or(today) });
                say(slot, "entity.owner_changed", "entity.acquired", Vec::new(), data)?;
            }
            let mut changes = slot.draft.as_ref().map(|draft| draft.changes_since(&was.draft)).unwrap_or_default();
            if let Some((_, _, value)) = slot.read.last() {
                changes.extend(Change::between("mileage", &None, &Some(*value)));
            }
            if references {
                name_references(tx, RecordObject::Entity, &mut changes).await?;
            }
            if !changes.is_empty() {
                say(slot, "entity.updated", "entity.updated", changes, import.clone())?;
            }
        }
        entities::insert_events(tx, &events).await?;
        timeline_each(tx, &lines).await
    }
}

/// Since when the owner has it; a day to come is told.
fn since(row: &EntityItem, batch: &Batch, notices: &mut Vec<Notice>) -> Option<Date> {
    let since = row.owner_since?;
    if since > batch.today {
        notices.push(Notice::new("owner_since", &since.to_string(), "future"));
        return None;
    }
    Some(since)
}

/// Adds the reading of a row to a thing, unless it contradicts the others (GA-10). Whether there was one to add.
fn read_mileage(tx: &Tx, slot: &mut Slot, row: &EntityItem, batch: &Batch, notices: &mut Vec<Notice>) -> bool {
    let Some(value) = row.mileage else { return false };
    let mut dated = row.mileage_on;
    if let Some(day) = dated.filter(|day| *day > batch.today || day.year() < 1900) {
        notices.push(Notice::new("mileage_on", &day.to_string(), "future"));
        dated = None;
    }
    let day = dated.unwrap_or(batch.today);
    match slot.reading(day, value, dated.is_some()) {
        Reading::Same => false,
        Reading::Falls => {
            notices.push(Notice::new("mileage", &value.to_string(), "mileage_falls"));
            false
        }
        Reading::New => {
            slot.add_reading(day, value);
            if batch.mode == Mode::Real {
                slot.read.push((tx.new_id(), day, value));
            }
            true
        }
    }
}

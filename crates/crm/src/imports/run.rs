//! The rows of a file applied to the tenant's contacts: for real, or as a rehearsal that writes nothing.

use super::engine::{Candidate, Warning, keys};
use super::matcher::{Duplicates, Known, Slot, draft_of, keys_of};
use super::reader::Item;
use super::store;
use crate::contacts::Draft;
use crate::contacts::events::ContactEvent;
use crate::contacts::store as contacts;
use crate::tags::ops as tags;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;
use vision_platform::{Failure, Tx, outbox};

/// Examples kept per outcome in a report.
const EXAMPLES: usize = 8;

/// The outcome of a rehearsal or a run.
#[derive(Default)]
pub(crate) struct Report {
    rows: i64,
    created: i64,
    matched: i64,
    rejected: i64,
    warnings: i64,
    examples: Vec<Value>,
    shown: HashMap<&'static str, usize>,
}

impl Report {
    fn count(&mut self, item: &Item, outcome: &'static str, label: &str) {
        self.rows += 1;
        match outcome {
            "created" => self.created += 1,
            "matched" => self.matched += 1,
            _ => self.rejected += 1,
        }
        let warnings: &[Warning] = item.parsed.as_ref().map_or(&[], |parsed| &parsed.warnings);
        self.warnings += i64::try_from(warnings.len()).unwrap_or(0);
        let group = if outcome != "rejected" && !warnings.is_empty() { "warning" } else { outcome };
        let shown = self.shown.entry(group).or_default();
        if *shown < EXAMPLES {
            *shown += 1;
            let reason = item.parsed.as_ref().err().map(|reason| reason.key());
            self.examples.push(json!({ "row": item.number, "outcome": outcome, "label": label, "reason": reason, "warnings": warnings }));
        }
    }

    /// As stored and sent.
    pub(crate) fn to_json(&self) -> Value {
        json!({ "rows": self.rows, "created": self.created, "matched": self.matched, "rejected": self.rejected, "warnings": self.warnings, "examples": self.examples })
    }
}

/// Makes the contacts of the database that these rows may be known to the matcher; returns those with tags.
async fn load_known(
    tx: &mut Tx,
    known: &mut Known,
    loaded: &mut HashSet<Uuid>,
    items: &[Item],
    with_drafts: bool,
) -> Result<HashSet<Uuid>, Failure> {
    let (mut kinds, mut values) = (Vec::new(), Vec::new());
    for parsed in items.iter().filter_map(|item| item.parsed.as_ref().ok()) {
        for (kind, value) in draft_of(&parsed.candidate).keys() {
            kinds.push(kind);
            values.push(value);
        }
    }
    let found = contacts::by_keys(tx, &kinds, &values).await?;
    let ids: Vec<Uuid> = found
        .into_iter()
        .map(|(_, _, id)| id)
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .filter(|id| loaded.insert(*id))
        .collect();
    let mut tagged = HashSet::new();
    for row in contacts::get_many(tx, &ids).await? {
        let contact = row.contact();
        // An archived contact is out of sight: filling it would hide the row.
        if contact.archived {
            continue;
        }
        if !row.tags.is_empty() {
            tagged.insert(contact.id);
        }
        known.add(Slot {
            id: Some(contact.id),
            keys: keys_of(&contact.draft),
            draft: with_drafts.then_some(contact.draft),
            exists: true,
            filled: false,
        });
    }
    Ok(tagged)
}

/// A rehearsal: the same rules over the whole file, nothing written.
#[derive(Default)]
pub(crate) struct Rehearsal {
    known: Known,
    loaded: HashSet<Uuid>,
    pub report: Report,
}

impl Rehearsal {
    /// Takes the next rows.
    pub(crate) async fn batch(&mut self, tx: &mut Tx, import: Uuid, items: &[Item], duplicates: Duplicates) -> Result<(), Failure> {
        let mut rows = Vec::with_capacity(items.len());
        if duplicates != Duplicates::Create {
            load_known(tx, &mut self.known, &mut self.loaded, items, false).await?;
        }
        for item in items {
            let Ok(parsed) = &item.parsed else {
                self.report.count(item, "rejected", &rejected_label(item));
                rows.push(row_of(item, "rejected", None));
                continue;
            };
            let label = parsed.candidate.label();
            if let Some(place) = self.known.place(&parsed.candidate, duplicates) {
                self.report.count(item, "matched", &label);
                rows.push(row_of(item, "matched", self.known.slots.get(place).and_then(|slot| slot.id)));
            } else {
                if duplicates != Duplicates::Create {
                    self.known.add(Slot { id: None, keys: keys(&parsed.candidate), draft: None, exists: false, filled: false });
                }
                self.report.count(item, "created", &label);
                rows.push(row_of(item, "created", None));
            }
        }
        store::insert_rows(tx, import, rows).await?;
        Ok(())
    }
}

impl Known {
    /// Where a candidate belongs, after applying the rule for duplicates; `None` for somebody new.
    fn place(&mut self, candidate: &Candidate, duplicates: Duplicates) -> Option<usize> {
        let place = match duplicates {
            Duplicates::Create => None,
            Duplicates::Skip | Duplicates::Fill => self.find(&keys(candidate)),
        }?;
        if duplicates == Duplicates::Fill {
            self.fill(place, candidate);
        }
        Some(place)
    }
}

/// What became of a row, as `import_rows` keeps it.
fn row_of(item: &Item, outcome: &str, contact: Option<Uuid>) -> Value {
    let (label, warnings): (String, &[Warning]) = match &item.parsed {
        Ok(parsed) => (parsed.candidate.label(), &parsed.warnings),
        Err(_) => (rejected_label(item), &[]),
    };
    json!({
        "row_number": item.number, "outcome": outcome, "reason": item.parsed.as_ref().err().map(|reason| reason.key()), "warnings": warnings,
        "label": label, "contact_id": contact, "cells": (outcome == "rejected").then_some(&item.cells),
    })
}

/// What a refused row is called in lists: its first cells.
fn rejected_label(item: &Item) -> String {
    let text = item.cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).take(3).collect::<Vec<_>>().join(" · ");
    text.chars().take(120).collect()
}

/// Applies one batch in the caller's transaction.
pub(crate) async fn apply(tx: &mut Tx, import: Uuid, items: &[Item], duplicates: Duplicates) -> Result<(), Failure> {
    let mut known = Known::default();
    let mut loaded = HashSet::new();
    let tagged =
        if duplicates == Duplicates::Create { HashSet::new() } else { load_known(tx, &mut known, &mut loaded, items, true).await? };
    let originals: HashMap<Uuid, Draft> = known.slots.iter().filter_map(|slot| Some((slot.id?, slot.draft.clone()?))).collect();

    // First the whole batch in memory, then a handful of statements.
    let mut placed: Vec<Option<usize>> = Vec::with_capacity(items.len());
    let mut wanted_tags: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
    let mut outcomes: Vec<&'static str> = Vec::with_capacity(items.len());
    for item in items {
        let Ok(parsed) = &item.parsed else {
            placed.push(None);
            outcomes.push("rejected");
            continue;
        };
        let candidate = &parsed.candidate;
        let (place, outcome) = if let Some(place) = known.place(candidate, duplicates) {
            (place, "matched")
        } else {
            let slot =
                Slot { id: Some(tx.new_id()), keys: keys(candidate), draft: Some(draft_of(candidate)), exists: false, filled: false };
            (known.add(slot), "created")
        };
        let id = known.slots.get(place).and_then(|slot| slot.id);
        if let Some(id) =
            id.filter(|id| !candidate.tags.is_empty() && !tagged.contains(id) && (outcome == "created" || duplicates == Duplicates::Fill))
        {
            wanted_tags.entry(id).or_default().extend(candidate.tags.iter().cloned());
        }
        placed.push(Some(place));
        outcomes.push(outcome);
    }

    let take = |exists: bool, filled: bool| -> Vec<(Uuid, Draft)> {
        let slots = known.slots.iter().filter(|slot| slot.exists == exists && (!filled || slot.filled));
        slots.filter_map(|slot| Some((slot.id?, slot.draft.clone()?))).collect()
    };
    let created = take(false, false);
    let filled = take(true, true);
    if !created.is_empty() {
        contacts::insert_many(tx, &created, Some(import)).await?;
        let ids: Vec<Uuid> = created.iter().map(|(id, _)| *id).collect();
        outbox::timeline_many(tx, "contact.imported", &ids, &json!({ "import_id": import })).await?;
    }
    if !filled.is_empty() {
        contacts::rewrite_many(tx, &filled).await?;
        for (id, draft) in &filled {
            if let Some(before) = originals.get(id) {
                let changes = draft.changes_since(before);
                tx.emit(&ContactEvent {
                    changes,
                    data: json!({ "import_id": import }),
                    ..ContactEvent::new("contact.updated", *id, draft.display_name())
                });
            }
        }
    }
    add_tags(tx, &wanted_tags).await?;

    let mut befores: HashMap<Uuid, Draft> = originals;
    let mut rows = Vec::with_capacity(items.len());
    for ((item, place), outcome) in items.iter().zip(&placed).zip(&outcomes) {
        let slot = place.and_then(|place| known.slots.get(place));
        let id = slot.and_then(|slot| slot.id);
        // The first row of a batch that fills a contact keeps what it was and what it became.
        let before = id.filter(|_| slot.is_some_and(|slot| slot.filled && slot.exists)).and_then(|id| befores.remove(&id));
        let after = before.as_ref().and(slot).and_then(|slot| slot.draft.as_ref());
        let mut row = row_of(item, outcome, id);
        if let (Some(row), Some(before)) = (row.as_object_mut(), before) {
            row.insert("before".to_owned(), json!(before));
            row.insert("after".to_owned(), json!(after));
        }
        rows.push(row);
    }
    store::insert_rows(tx, import, rows).await?;
    Ok(())
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

/// The report of a finished or cancelled run, from its rows.
pub(crate) async fn final_report(tx: &mut Tx, import: Uuid) -> Result<Value, Failure> {
    let (created, matched, rejected, warnings) = store::counts(tx, import).await?;
    let mut examples = Vec::new();
    for outcome in ["rejected", "warning", "matched"] {
        for row in store::rows(tx, import, Some(outcome), 0, 8).await? {
            examples.push(json!({ "row": row.row_number, "outcome": row.outcome, "label": row.label, "reason": row.reason, "warnings": row.warnings }));
        }
    }
    Ok(
        json!({ "rows": created + matched + rejected, "created": created, "matched": matched, "rejected": rejected, "warnings": warnings, "examples": examples }),
    )
}

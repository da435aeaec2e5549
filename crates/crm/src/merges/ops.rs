//! Use cases of duplicates and merges.

use super::model::{draft, merged, unmerged};
use super::references::{Moved, Moves, bring_all_back, carry_all};
use super::store::{self, MergeRow, NewMerge};
use crate::contacts::events::{ContactEvent, ContactsEvent};
use crate::contacts::store as contacts;
use crate::custom_fields::{model::FieldKind, model::RecordObject, store as fields};
use jiff::SignedDuration;
use jiff_sqlx::ToSqlx;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;
use vision_kernel::{Problem, ProblemKind};
use vision_platform::{App, Failure, Tx, outbox};

/// How long a merge can be undone.
pub(crate) const UNDO: SignedDuration = SignedDuration::from_hours(24 * 30);

/// What a client asks for.
#[derive(Default)]
pub(crate) struct MergeRequest {
    pub(crate) other: Uuid,
    pub(crate) take: BTreeSet<String>,
    pub(crate) version: Option<i32>,
    pub(crate) other_version: Option<i32>,
}

/// Makes one contact of two: `kept` has everything afterwards, the other one's id leads to it. Gives the id of the merge.
pub(crate) async fn merge(tx: &mut Tx, kept: Uuid, request: &MergeRequest) -> Result<Uuid, Failure> {
    let other = request.other;
    let unknown = || Problem::field("/other_id", "unknown", "Ce contact n’existe pas, ou il a déjà été fusionné.");
    if kept == other {
        return Err(Problem::field("/other_id", "invalid", "Un contact ne se fusionne pas avec lui-même.").into());
    }
    // In the order of ids: two merges of the same pair in opposite directions take turns instead of waiting for each other.
    let low = contacts::lock(tx, kept.min(other)).await?;
    let high = contacts::lock(tx, kept.max(other)).await?;
    let (ours, theirs) = if kept < other { (low, high) } else { (high, low) };
    ours.ok_or_else(Problem::not_found)?;
    theirs.ok_or_else(unknown)?;
    let rows = contacts::get_many(tx, &[kept, other]).await?;
    let find = |id: Uuid| rows.iter().find(|row| row.id == id).ok_or_else(Problem::not_found);
    let (into, from) = (find(kept)?, find(other)?);
    let stale = |asked: Option<i32>, row: &contacts::DetailRow| asked.is_some_and(|version| version != row.version);
    if stale(request.version, into) || stale(request.other_version, from) {
        return Err(Problem::new(ProblemKind::StaleVersion).with("version", into.version).into());
    }
    if into.kind != from.kind {
        return Err(
            Problem::conflict("Une personne et une société ne se fusionnent pas : rattachez plutôt la personne à la société.").into()
        );
    }
    if into.archived_at.is_some() {
        return Err(Problem::conflict("Ce contact est archivé. Restaurez-le avant d’y fusionner un autre.").into());
    }
    let (before, theirs) = (into.contact().draft, from.contact().draft);
    let definitions = fields::definitions_for_writing(tx, RecordObject::Contact).await?;
    let mut of_entities = fields::definitions_for_writing(tx, RecordObject::Entity).await?;
    // Of things only what refers to contacts matters; while it changes its kind it may be one of them.
    of_entities.retain(|definition| definition.kind == FieldKind::Reference || definition.converting);
    if definitions.iter().chain(&of_entities).any(|definition| definition.converting) {
        return Err(Problem::conflict("Un champ personnalisé change de type en ce moment. Réessayez dans un instant.").into());
    }
    let mut after = merged(&before, &theirs, &request.take)?;
    let references = || definitions.iter().filter(|definition| definition.kind == FieldKind::Reference);
    // One of them named the other: nobody refers to themselves.
    for definition in references() {
        let own = [kept.to_string(), other.to_string()];
        if after.custom.get(&definition.key).and_then(Value::as_str).is_some_and(|id| own.iter().any(|own| own == id)) {
            after.custom.remove(&definition.key);
        }
    }

    let kept_row = store::whole_row(tx, kept).await?;
    let merged_row = store::whole_row(tx, other).await?;
    let mut moves = carry_all(tx, other, kept).await?;
    let pointing = references().map(|definition| (RecordObject::Contact, definition));
    for (object, definition) in pointing.chain(of_entities.iter().map(|definition| (RecordObject::Entity, definition))) {
        let holders = fields::repoint(tx, object, &definition.key, other, kept, None).await?;
        moves.insert(
            format!("{}{}", move_of(object), definition.key),
            Moved { moved: serde_json::to_value(holders)?, dropped: Value::Null },
        );
    }
    contacts::delete(tx, &[other]).await?;
    let changes = after.changes_since(&before);
    let stored_after = serde_json::to_value(&after)?;
    let label = after.display_name();
    contacts::rewrite_many(tx, &[(kept, after)]).await?;
    store::join_facts(tx, kept, &merged_row).await?;
    let id = tx.new_id();
    let new = NewMerge {
        id,
        kept_id: kept,
        merged_id: other,
        merged_name: &from.display_name,
        merged_row,
        kept_before: json!({ "draft": before, "row": kept_row }),
        kept_after: stored_after,
        moves: serde_json::to_value(&moves)?,
    };
    store::insert(tx, new).await?;
    let data = json!({ "merge_id": id, "name": from.display_name });
    tx.emit(&ContactEvent { changes, data, ..ContactEvent::new("contact.merged", kept, label) });
    Ok(id)
}

/// How the moves of a merge call a custom field that refers to contacts, before its key.
fn move_of(object: RecordObject) -> &'static str {
    match object {
        RecordObject::Contact => "custom.",
        RecordObject::Entity => "entities.custom.",
    }
}

/// True while a merge can be undone.
pub(crate) fn can_undo(merge: &MergeRow, now: jiff::Timestamp) -> bool {
    merge.undone_at.is_none() && merge.merged_row.is_some() && now.duration_since(merge.merged_at.to_jiff()) <= UNDO
}

/// Makes two contacts of one again; gives the id of the one that is back.
pub(crate) async fn undo(tx: &mut Tx, id: Uuid) -> Result<Uuid, Failure> {
    let merge = store::lock(tx, id).await?.ok_or_else(Problem::not_found)?;
    contacts::lock(tx, merge.kept_id).await?.ok_or_else(Problem::not_found)?;
    if !can_undo(&merge, tx.now()) {
        return Err(
            Problem::conflict("Cette fusion ne peut plus être annulée : elle l’a déjà été, ou elle date de plus de 30 jours.").into()
        );
    }
    if let Some(name) = store::carried_by(tx, &merge).await? {
        return Err(Problem::conflict(format!("Annulez d’abord la fusion de « {name} », qui est venue après.")).into());
    }
    let lost = || Problem::internal("a merge without its own past");
    let (Some(row), Some(stored_before), Some(after), Some(moves)) =
        (&merge.merged_row, &merge.kept_before, draft(merge.kept_after.clone()), &merge.moves)
    else {
        return Err(lost().into());
    };
    let before = draft(stored_before.get("draft").cloned()).ok_or_else(lost)?;
    let moves: Moves = serde_json::from_value(moves.clone())?;
    store::restore_row(tx, row).await?;
    bring_all_back(tx, &moves, merge.kept_id, merge.merged_id).await?;
    for (name, done) in &moves {
        for object in [RecordObject::Contact, RecordObject::Entity] {
            if let Some(key) = name.strip_prefix(move_of(object)) {
                let holders: Vec<Uuid> = serde_json::from_value(done.moved.clone())?;
                fields::repoint(tx, object, key, merge.kept_id, merge.merged_id, Some(&holders)).await?;
            }
        }
    }
    let rows = contacts::get_many(tx, &[merge.kept_id, merge.merged_id]).await?;
    let current = |id: Uuid| rows.iter().find(|row| row.id == id).map(|row| row.contact().draft).ok_or_else(lost);
    let mut kept = unmerged(current(merge.kept_id)?, before, &after);
    let mut back = current(merge.merged_id)?;
    // Fields may have gone, or changed their kind, since: what they cannot hold is not brought back.
    let definitions = fields::definitions_for_writing(tx, RecordObject::Contact).await?;
    let stored = back.custom.clone();
    for draft in [&mut kept, &mut back] {
        let kind = draft.kind.clone();
        draft.custom.retain(|key, value| {
            definitions
                .iter()
                .any(|field| field.key == *key && field.is_for(&kind) && field.read(value).is_ok_and(|read| read.as_ref() == Some(value)))
        });
    }
    contacts::insert_keys(tx, &[(merge.merged_id, back.clone())]).await?;
    if back.custom != stored {
        store::set_custom(tx, merge.merged_id, &back.custom).await?;
    }
    let label = kept.display_name();
    contacts::rewrite_many(tx, &[(merge.kept_id, kept)]).await?;
    store::part_facts(tx, merge.kept_id, stored_before.get("row").unwrap_or(&Value::Null), row).await?;
    outbox::forget_timeline(tx, merge.kept_id, "contact.merged", merge.id).await?;
    store::mark_undone(tx, merge.id).await?;
    // For the audit log only: the histories are to be as if nothing had happened.
    tx.emit(&ContactsEvent { name: "contact.unmerged", kind: "contact", id: merge.kept_id, label, count: 1 });
    Ok(merge.merged_id)
}

/// Says that two contacts are not the same, or takes that back.
pub(crate) async fn judge(tx: &mut Tx, a: Uuid, b: Uuid, distinct: bool) -> Result<(), Failure> {
    if a == b {
        return Err(Problem::field("/ids", "invalid", "Deux contacts différents.").into());
    }
    if fields::known_contacts(tx, &[a, b]).await?.len() != 2 {
        return Err(Problem::field("/ids", "unknown", "Ce contact n’existe pas.").into());
    }
    store::set_distinct(tx, a.min(b), a.max(b), distinct).await?;
    Ok(())
}

/// Forgets what undoing needs once it is too late for it: only the alias remains.
pub async fn sweep(app: &App) -> Result<u64, Failure> {
    let before = app.clock.now() - UNDO;
    let mut tx = app.db.system().await?;
    let done = sqlx::query(
        "UPDATE contact_merges SET merged_row = NULL, kept_before = NULL, kept_after = NULL, moves = NULL WHERE merged_row IS NOT NULL AND merged_at < $1",
    )
    .bind(before.to_sqlx())
    .execute(tx.conn())
    .await?
    .rows_affected();
    tx.commit().await?;
    Ok(done)
}

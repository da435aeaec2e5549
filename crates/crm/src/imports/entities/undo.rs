//! Taking an import of things back.

use super::super::contacts::undo::Undone;
use super::store;
use crate::entities::model::Draft;
use crate::entities::ops::Following;
use crate::entities::store as entities;
use serde::Deserialize;
use serde_json::json;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;
use vision_kernel::Change;
use vision_platform::{Failure, Tx};

/// Things per transaction.
const BATCH: i64 = 500;

/// A thing as an import found or left it.
#[derive(Deserialize)]
struct State {
    draft: Draft,
    contact_id: Option<Uuid>,
    /// The readings that the import added.
    #[serde(default)]
    readings: Vec<Uuid>,
}

fn length(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(0)
}

/// Puts the next filled things back to what they were; `Ok(false)` when none is left.
pub(crate) async fn restore_filled(tx: &mut Tx, import: Uuid, after: &mut Option<Uuid>, undone: &mut Undone) -> Result<bool, Failure> {
    let rows = store::filled(tx, import, *after, BATCH).await?;
    let Some((last, ..)) = rows.last() else { return Ok(false) };
    *after = Some(*last);
    let ids: Vec<Uuid> = rows.iter().map(|(id, ..)| *id).collect();
    let present: HashMap<Uuid, (Draft, Option<Uuid>)> =
        store::by_ids(tx, &ids).await?.into_iter().map(|row| (row.id, (row.row.0, row.contact_id))).collect();
    let following = Following::load(tx).await?;
    let (mut readings, mut owners, mut events, mut back) = (Vec::new(), BTreeSet::new(), Vec::new(), Vec::new());
    for (id, before, afters) in rows {
        let before: State = serde_json::from_value(before)?;
        let afters: Vec<State> = afters.into_iter().map(serde_json::from_value).collect::<Result<_, _>>()?;
        let same =
            afters.last().zip(present.get(&id)).is_some_and(|(last, (draft, contact))| last.draft == *draft && last.contact_id == *contact);
        if !same {
            undone.kept += 1;
            continue;
        }
        readings.extend(afters.iter().flat_map(|state| state.readings.iter().copied()));
        back.push(id);
        let owner = afters.last().and_then(|last| last.contact_id);
        owners.extend(owner);
        let changes: Vec<Change> = afters.last().map(|last| before.draft.changes_since(&last.draft)).unwrap_or_default();
        entities::rewrite(tx, id, &before.draft).await?;
        if let Some(owner) = owner.filter(|_| before.contact_id.is_none()) {
            store::forget_owner(tx, id, owner).await?;
        }
        events.push((id, "entity.updated", serde_json::to_value(following.of(&changes))?, json!({ "import_id": import })));
    }
    undone.restored += length(back.len());
    if !readings.is_empty() {
        store::delete_readings(tx, &back, &readings).await?;
        store::follow_readings(tx, &back).await?;
    }
    if !back.is_empty() {
        entities::insert_events(tx, &events).await?;
        entities::index_owners(tx, &owners.into_iter().collect::<Vec<_>>()).await?;
    }
    Ok(true)
}

/// Deletes the next things that the import created and nobody touched since; `Ok(false)` when none is left.
pub(crate) async fn delete_created(tx: &mut Tx, import: Uuid, after: &mut i64, undone: &mut Undone) -> Result<bool, Failure> {
    let rows = store::created(tx, import, *after, BATCH).await?;
    let Some((last, ..)) = rows.last() else { return Ok(false) };
    *after = *last;
    let gone: Vec<Uuid> = rows.iter().filter(|(.., untouched)| *untouched).map(|(_, id, ..)| *id).collect();
    let owners: BTreeSet<Uuid> = rows.iter().filter(|(.., untouched)| *untouched).filter_map(|(_, _, owner, _)| *owner).collect();
    store::delete(tx, &gone).await?;
    entities::index_owners(tx, &owners.into_iter().collect::<Vec<_>>()).await?;
    undone.deleted += length(gone.len());
    undone.kept += length(rows.len() - gone.len());
    Ok(true)
}

//! Use cases of a single contact.

use super::events::ContactEvent;
use super::model::{ContactIn, Draft};
use super::store::{self, DetailRow};
use crate::custom_fields::{self, model::RecordObject, ops::judged};
use crate::tags;
use serde_json::Map;
use uuid::Uuid;
use vision_kernel::{Change, Problem, ProblemKind};
use vision_platform::{Failure, Tx};

/// The contact, or 404: also when it is somebody else's to see.
pub(crate) async fn get(tx: &mut Tx, id: Uuid) -> Result<DetailRow, Failure> {
    store::get(tx, id).await?.ok_or_else(|| Problem::not_found().into())
}

async fn check_owner(tx: &mut Tx, owner: Option<Uuid>, before: Option<Uuid>) -> Result<(), Failure> {
    match owner {
        Some(owner) if Some(owner) != before && !store::is_active_member(tx, owner).await? => {
            Err(Problem::field("/owner_id", "unknown", "Cette personne ne fait pas partie de l’équipe.").into())
        }
        _ => Ok(()),
    }
}

/// Creates a contact. Somebody who sees only their own contacts becomes its owner, lest it vanish from their sight.
pub(crate) async fn create(tx: &mut Tx, mut input: ContactIn) -> Result<DetailRow, Failure> {
    let tag_names = input.tags.take().unwrap_or_default();
    let sent = std::mem::take(&mut input.custom);
    let draft = Draft::empty().apply(input);
    let kind = draft.as_ref().map_or("person", |draft| draft.kind.as_str()).to_owned();
    let custom = custom_fields::ops::apply(tx, RecordObject::Contact, &kind, &Map::new(), &sent, true).await?;
    let (draft, custom) = judged(draft, custom)?;
    let mut draft = Draft { custom, ..draft };
    if draft.owner_id.is_none() && tx.actor().owner_scope.is_some() {
        draft.owner_id = Some(tx.actor().id);
    }
    check_owner(tx, draft.owner_id, None).await?;
    let id = tx.new_id();
    let label = draft.display_name();
    store::insert_many(tx, &[(id, draft)], None).await?;
    if !tag_names.is_empty() {
        tags::ops::set(tx, id, &tag_names).await?;
    }
    tx.emit(&ContactEvent::new("contact.created", id, label));
    get(tx, id).await
}

/// Changes a contact; `expected` is the version that the client has read.
pub(crate) async fn update(tx: &mut Tx, id: Uuid, expected: Option<i32>, mut input: ContactIn) -> Result<DetailRow, Failure> {
    store::lock(tx, id).await?.ok_or_else(Problem::not_found)?;
    let row = get(tx, id).await?;
    let before = row.contact();
    if expected.is_some_and(|version| version != before.version) {
        return Err(Problem::new(ProblemKind::StaleVersion).with("version", before.version).into());
    }
    if before.archived {
        return Err(Problem::conflict("Ce contact est archivé. Restaurez-le avant de le modifier.").into());
    }
    let tag_names = input.tags.take();
    let sent = std::mem::take(&mut input.custom);
    let after = before.draft.clone().apply(input);
    let kind = after.as_ref().map_or(before.draft.kind.as_str(), |draft| draft.kind.as_str()).to_owned();
    let custom = custom_fields::ops::apply(tx, RecordObject::Contact, &kind, &before.draft.custom, &sent, false).await?;
    let (after, custom) = judged(after, custom)?;
    let after = Draft { custom, ..after };
    check_owner(tx, after.owner_id, before.draft.owner_id).await?;
    let mut changes = after.changes_since(&before.draft);
    name_owners(tx, &mut changes).await?;
    custom_fields::ops::name_references(tx, RecordObject::Contact, &mut changes).await?;
    if !changes.is_empty() {
        let label = after.display_name();
        store::rewrite_many(tx, &[(id, after)]).await?;
        tx.emit(&ContactEvent { changes, ..ContactEvent::new("contact.updated", id, label) });
    }
    if let Some(names) = tag_names {
        let tag_changes = tags::ops::set(tx, id, &names).await?;
        if !tag_changes.is_empty() {
            tx.emit(&ContactEvent { changes: tag_changes, ..ContactEvent::new("contact.tagged", id, row.display_name.clone()) });
            store::touch(tx, id).await?;
        }
    }
    get(tx, id).await
}

/// In the timeline an owner is a name, not an id.
async fn name_owners(tx: &mut Tx, changes: &mut [Change]) -> Result<(), Failure> {
    let Some(change) = changes.iter_mut().find(|change| change.field == "owner_id") else { return Ok(()) };
    let tenant = tx.tenant();
    for value in [&mut change.before, &mut change.after] {
        if let Some(id) = value.as_str().and_then(|id| Uuid::try_parse(id).ok()) {
            let name: Option<String> = sqlx::query_scalar("SELECT full_name FROM memberships WHERE tenant_id = $1 AND user_id = $2")
                .bind(tenant)
                .bind(id)
                .fetch_optional(tx.conn())
                .await?;
            *value = name.into();
        }
    }
    change.field = "owner".to_owned();
    Ok(())
}

/// Archives a contact: out of the lists, kept whole.
pub(crate) async fn archive(tx: &mut Tx, id: Uuid) -> Result<DetailRow, Failure> {
    set_archived(tx, id, true, "contact.archived").await
}

/// Brings an archived contact back.
pub(crate) async fn restore(tx: &mut Tx, id: Uuid) -> Result<DetailRow, Failure> {
    set_archived(tx, id, false, "contact.restored").await
}

async fn set_archived(tx: &mut Tx, id: Uuid, archived: bool, event: &'static str) -> Result<DetailRow, Failure> {
    let (label, ..) = store::lock(tx, id).await?.ok_or_else(Problem::not_found)?;
    if !store::set_archived(tx, &[id], archived).await?.is_empty() {
        tx.emit(&ContactEvent::new(event, id, label));
    }
    get(tx, id).await
}

/// Deletes an archived contact for good.
pub(crate) async fn delete(tx: &mut Tx, id: Uuid) -> Result<(), Failure> {
    let (label, _, archived, _) = store::lock(tx, id).await?.ok_or_else(Problem::not_found)?;
    if !archived {
        return Err(Problem::conflict("Archivez d’abord ce contact : la suppression est définitive.").into());
    }
    store::delete(tx, &[id]).await?;
    tx.emit(&ContactEvent::new("contact.deleted", id, label));
    Ok(())
}

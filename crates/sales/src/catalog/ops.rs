//! Use cases of the catalogue.

use super::events::ItemEvent;
use super::model::{CatalogItemIn, Draft, ItemKind};
use super::store::{self, Row};
use uuid::Uuid;
use vision_kernel::{Problem, ProblemKind};
use vision_platform::{Failure, OnUnique, Tx};

/// The item, or 404.
pub(crate) async fn get(tx: &mut Tx, id: Uuid) -> Result<Row, Failure> {
    store::get(tx, id, false).await?.ok_or_else(|| Problem::not_found().into())
}

async fn locked(tx: &mut Tx, id: Uuid, expected: Option<i32>) -> Result<Row, Failure> {
    let row = store::get(tx, id, true).await?.ok_or_else(Problem::not_found)?;
    if expected.is_some_and(|version| version != row.version) {
        return Err(Problem::new(ProblemKind::StaleVersion).with("version", row.version).into());
    }
    Ok(row)
}

/// A package is made of items that exist and are no packages, so that there is no circle to walk.
async fn checked(tx: &mut Tx, id: Uuid, draft: &Draft) -> Result<(), Failure> {
    let ids: Vec<Uuid> = draft.components.iter().map(|part| part.item_id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let known = store::simple_items(tx, &ids).await?;
    for (index, part) in ids.iter().enumerate() {
        if !known.contains(part) || *part == id {
            let pointer = format!("/components/{index}/item_id");
            return Err(Problem::field(&pointer, "unknown", "Choisissez un article du catalogue qui n’est pas un forfait.").into());
        }
    }
    Ok(())
}

async fn write(tx: &mut Tx, id: Uuid, draft: &Draft) -> Result<(), Failure> {
    checked(tx, id, draft).await?;
    let taken = |pointer: &'static str, detail: &'static str| move || Problem::field(pointer, "taken", detail);
    match store::put(tx, id, draft).await {
        Err(sqlx::Error::Database(error)) if error.constraint() == Some("catalog_items_barcode_key") => {
            Err(Problem::field("/barcode", "taken", "Un autre article a ce code-barres.").into())
        }
        written => written.on_unique("catalog_items_reference_key", taken("/reference", "Un autre article a cette référence.")),
    }
}

/// Creates an item.
pub(crate) async fn create(tx: &mut Tx, input: CatalogItemIn) -> Result<Row, Failure> {
    if input.price.is_none() {
        return Err(Problem::field("/price", "required", "Donnez un prix, au besoin 0.").into());
    }
    let (id, draft) = (tx.new_id(), Draft::default().apply(input)?);
    write(tx, id, &draft).await?;
    tx.emit(&ItemEvent { name: "catalog_item.created", id, label: draft.name, changes: Vec::new() });
    get(tx, id).await
}

/// Changes an item; `expected` is the version that the client has read.
pub(crate) async fn update(tx: &mut Tx, id: Uuid, expected: Option<i32>, input: CatalogItemIn) -> Result<Row, Failure> {
    let row = locked(tx, id, expected).await?;
    let before = row.draft();
    if input.kind.is_some_and(|kind| kind != before.kind) {
        return Err(Problem::field("/kind", "fixed", "Le type ne change pas : créez un autre article.").into());
    }
    let after = before.clone().apply(input)?;
    let changes = after.changes_since(&before);
    if changes.is_empty() {
        return Ok(row);
    }
    write(tx, id, &after).await?;
    tx.emit(&ItemEvent { name: "catalog_item.updated", id, label: after.name, changes });
    get(tx, id).await
}

/// Takes an item off the lists, or puts it back.
pub(crate) async fn set_archived(tx: &mut Tx, id: Uuid, archived: bool) -> Result<Row, Failure> {
    let row = locked(tx, id, None).await?;
    if row.archived_at.is_some() != archived {
        store::set_archived(tx, id, archived).await?;
        let name = if archived { "catalog_item.archived" } else { "catalog_item.restored" };
        tx.emit(&ItemEvent { name, id, label: row.name, changes: Vec::new() });
    }
    get(tx, id).await
}

/// Deletes an archived item that no package needs. Documents keep their copies of it.
pub(crate) async fn delete(tx: &mut Tx, id: Uuid) -> Result<(), Failure> {
    let row = locked(tx, id, None).await?;
    if row.archived_at.is_none() {
        return Err(Problem::conflict("Archivez l’article avant de le supprimer.").into());
    }
    let packages = store::packages_of(tx, id).await?;
    if row.draft().kind != ItemKind::Package && !packages.is_empty() {
        return Err(Problem::conflict(format!("Cet article fait partie de : {}.", packages.join(", "))).into());
    }
    store::delete(tx, id).await?;
    tx.emit(&ItemEvent { name: "catalog_item.deleted", id, label: row.name, changes: Vec::new() });
    Ok(())
}

//! Use cases of files that have arrived.

use super::events::FileEvent;
use super::names;
use super::store::{self, FileRow};
use crate::contacts::store as contacts;
use crate::entities::store as entities;
use jiff::SignedDuration;
use serde_json::json;
use uuid::Uuid;
use vision_kernel::{Change, Problem, ProblemKind, text};
use vision_platform::{Failure, Tx};

/// How long a deleted file can be brought back.
pub(crate) const KEEP_DELETED: SignedDuration = SignedDuration::from_hours(24 * 30);

/// The file, or 404: also when its record is somebody else's to see.
pub(crate) async fn get(tx: &mut Tx, id: Uuid) -> Result<FileRow, Failure> {
    store::get(tx, id).await?.ok_or_else(|| Problem::not_found().into())
}

async fn locked(tx: &mut Tx, id: Uuid) -> Result<FileRow, Failure> {
    store::lock(tx, id).await?.ok_or_else(|| Problem::not_found().into())
}

/// Emits an event, and notes it in the history of the thing that the file belongs to: without a name, which may be its former owner's
/// (GA-14).
pub(crate) async fn record(tx: &mut Tx, event: FileEvent, row: &FileRow) -> Result<(), Failure> {
    if row.subject_kind == "entity" {
        entities::insert_event(tx, row.subject_id, event.name, &json!([]), &json!({})).await?;
    }
    if let Some(contact) = row.subject_contact {
        contacts::touch(tx, contact).await?;
    }
    tx.emit(&event);
    Ok(())
}

/// Gives a file another name.
pub(crate) async fn rename(tx: &mut Tx, id: Uuid, expected: Option<i32>, name: &str) -> Result<FileRow, Failure> {
    let row = locked(tx, id).await?;
    if expected.is_some_and(|version| version != row.version) {
        return Err(Problem::new(ProblemKind::StaleVersion).with("version", row.version).into());
    }
    if row.deleted_at.is_some() {
        return Err(Problem::conflict("Ce fichier est dans la corbeille.").into());
    }
    if text::clean(name, false).is_none() {
        return Err(Problem::field("/name", "required", "Indiquez un nom.").into());
    }
    if name.chars().count() > names::LONGEST {
        return Err(Problem::field("/name", "too_long", "200 caractères au plus.").into());
    }
    let name = names::safe(name);
    if super::kinds::starts(&name) {
        return Err(Problem::field("/name", "refused", super::kinds::REFUSED).into());
    }
    if name != row.name {
        store::rename(tx, id, &name).await?;
        let mut event = FileEvent::new("file.renamed", &row);
        event.changes.extend(Change::between("name", &row.name, &name));
        record(tx, event, &row).await?;
    }
    get(tx, id).await
}

/// Puts a file into the trash; twice is once.
pub(crate) async fn trash(tx: &mut Tx, id: Uuid) -> Result<(), Failure> {
    let row = locked(tx, id).await?;
    if row.deleted_at.is_none() {
        store::set_deleted(tx, id, true).await?;
        record(tx, FileEvent::new("file.removed", &row), &row).await?;
    }
    Ok(())
}

/// Takes a file out of the trash.
pub(crate) async fn restore(tx: &mut Tx, id: Uuid) -> Result<FileRow, Failure> {
    let row = locked(tx, id).await?;
    if row.deleted_at.is_some() {
        store::set_deleted(tx, id, false).await?;
        record(tx, FileEvent::new("file.restored", &row), &row).await?;
    }
    get(tx, id).await
}

/// Deletes a file of the trash for good, before its time.
pub(crate) async fn purge(tx: &mut Tx, id: Uuid) -> Result<(), Failure> {
    let row = locked(tx, id).await?;
    if row.deleted_at.is_none() {
        return Err(Problem::conflict("Mettez d’abord ce fichier à la corbeille : cette suppression est définitive.").into());
    }
    store::delete(tx, id).await?;
    tx.emit(&FileEvent { contact_id: None, ..FileEvent::new("file.purged", &row) });
    Ok(())
}

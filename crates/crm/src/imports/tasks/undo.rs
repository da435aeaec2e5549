//! Taking an import of tasks back.

use super::super::contacts::undo::Undone;
use super::store;
use serde_json::json;
use uuid::Uuid;
use vision_platform::outbox::{TimelineLine, timeline_each};
use vision_platform::{Failure, Tx};

/// Tasks per transaction.
const BATCH: i64 = 500;

fn length(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(0)
}

/// Deletes the next tasks that the import made and nobody touched since; `Ok(false)` when none is left.
pub(crate) async fn delete_created(tx: &mut Tx, import: Uuid, after: &mut i64, undone: &mut Undone) -> Result<bool, Failure> {
    let rows = store::created(tx, import, *after, BATCH).await?;
    let Some(last) = rows.last() else { return Ok(false) };
    *after = last.row_number;
    let kept = rows.iter().filter(|row| !row.untouched).count();
    let gone: Vec<Uuid> = rows.iter().filter(|row| row.untouched).map(|row| row.id).collect();
    let lines: Vec<TimelineLine> = rows
        .iter()
        .filter(|row| row.untouched)
        .filter_map(|row| {
            let data = json!({ "task_id": row.id, "task_kind": row.kind, "excerpt": row.title, "import_id": import });
            Some(TimelineLine { kind: "task.deleted", contact: row.contact_id?, changes: json!([]), data })
        })
        .collect();
    store::delete(tx, &gone).await?;
    timeline_each(tx, &lines).await?;
    undone.deleted += length(gone.len());
    undone.kept += length(kept);
    Ok(true)
}

//! Custom fields indexed on demand: their values are copied into the table that lists are sorted by, in batches, while people go on working (ADR 0009).

use super::model::FieldKind;
use super::ops;
use super::store::{self, FieldRow};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;
use uuid::Uuid;
use vision_kernel::Problem;
use vision_platform::background::{self, BackgroundJob};
use vision_platform::{Failure, Job, JobContext, JobError, Tx};

/// Kind of the background job.
const KIND: &str = "custom_fields.index";
/// Records per transaction.
const BATCH: i64 = 1000;

/// Queues the copy of a field's values. From the commit on, everybody who writes a record writes the copy as well.
pub(crate) async fn start(tx: &mut Tx, id: Uuid) -> Result<BackgroundJob, Failure> {
    let row = ops::get(tx, id, true).await?;
    if !FieldKind::from_stored(&row.kind).is_sortable() {
        return Err(Problem::field("/kind", "not_sortable", "Les valeurs de ce type n’ont pas d’ordre.").into());
    }
    // A copy whose job has failed may be begun again.
    let failed = match row.index_job {
        Some(job) => background::get(tx, job).await?.status == "failed",
        None => false,
    };
    if (row.index_state != "none" && !failed) || row.converting {
        return Err(Problem::conflict("Ce champ est déjà préparé, ou en cours de préparation.").into());
    }
    let job = queue(tx, &row).await?;
    tx.emit(&ops::event("custom_field.indexed", &row, 0));
    Ok(job)
}

async fn queue(tx: &mut Tx, row: &FieldRow) -> Result<BackgroundJob, Failure> {
    let total = store::count_records(tx, row.object()).await?;
    let job = background::create(tx, KIND, json!({ "field_id": row.id, "label": row.label }), false).await?;
    background::set_total(tx, job.id, total).await?;
    store::set_index(tx, row.id, "building", Some(job.id)).await?;
    tx.enqueue_with(&Build { job_id: job.id, field_id: row.id }, Some(&format!("index:{}", job.id)), Some("custom-fields")).await?;
    Ok(BackgroundJob { total, ..job })
}

/// Before the values of a field change their kind: nobody reads the copies until they are made anew.
pub(crate) async fn suspend(tx: &mut Tx, row: &FieldRow) -> Result<(), Failure> {
    if row.index_state != "none" {
        store::set_index(tx, row.id, "building", None).await?;
    }
    Ok(())
}

/// After they have changed: makes the copies anew, or gives them up where the new kind has no order.
pub(crate) async fn resume(tx: &mut Tx, id: Uuid) -> Result<(), Failure> {
    let Some(row) = store::get(tx, id, true).await? else { return Ok(()) };
    if row.index_state == "none" {
        return Ok(());
    }
    if FieldKind::from_stored(&row.kind).is_sortable() {
        queue(tx, &row).await?;
        return Ok(());
    }
    drop_index(tx, id).await
}

async fn drop_index(tx: &mut Tx, id: Uuid) -> Result<(), Failure> {
    store::set_index(tx, id, "dropping", None).await?;
    tx.enqueue_with(&Discard { field_id: id }, Some(&format!("unindex:{id}")), Some("custom-fields")).await
}

/// Gives the index of a field up.
pub(crate) async fn give_up(tx: &mut Tx, id: Uuid) -> Result<(), Failure> {
    let row = ops::get(tx, id, true).await?;
    if row.index_state != "ready" || row.converting {
        return Err(Problem::conflict("Ce champ n’est pas préparé, ou sa préparation est en cours.").into());
    }
    tx.emit(&ops::event("custom_field.unindexed", &row, 0));
    drop_index(tx, id).await
}

/// Copies the values, batch by batch; begun again after a crash it goes on after the last committed batch.
#[derive(Debug, Serialize, Deserialize)]
pub struct Build {
    job_id: Uuid,
    field_id: Uuid,
}

impl Build {
    /// Waits for writers that began before the field was marked: they do not write copies, and what they insert cannot be seen yet.
    async fn outlast_writers(&self, ctx: &JobContext) -> Result<(), JobError> {
        let mut tx = ctx.read().await?;
        let (next, mut oldest) = store::transactions(&mut tx).await?;
        drop(tx);
        for _ in 0..100 {
            if oldest >= next {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            let mut tx = ctx.read().await?;
            oldest = store::transactions(&mut tx).await?.1;
        }
        Err(JobError::Retry("older transactions are still writing".to_owned()))
    }
}

impl Job for Build {
    const NAME: &'static str = "custom_field_index";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let mut tx = ctx.read().await?;
        let job = background::get(&mut tx, self.job_id).await?;
        drop(tx);
        if !matches!(job.status.as_str(), "queued" | "running") {
            return Ok(());
        }
        self.outlast_writers(&ctx).await?;
        let mut after = job.cursor.as_deref().and_then(|cursor| Uuid::try_parse(cursor).ok());
        let mut done = job.done;
        loop {
            let mut tx = ctx.begin().await?;
            let field = store::get(&mut tx, self.field_id, false).await?;
            // Deleted meanwhile, or converted: then another job makes the copies.
            let Some(field) = field.filter(|field| field.index_job == Some(self.job_id)) else {
                drop(tx);
                background::finish(&ctx, &job, "cancelled", None, None).await?;
                return Ok(());
            };
            let Some((last, count)) = store::index_batch(&mut tx, &field, after, BATCH).await? else { break };
            done += count;
            background::advance(&mut tx, job.id, done, job.total.max(done), Some(&last.to_string())).await?;
            tx.commit().await?;
            after = Some(last);
        }
        let mut tx = ctx.begin().await?;
        let field = store::get(&mut tx, self.field_id, true).await?;
        if let Some(field) = field.filter(|field| field.index_job == Some(self.job_id)) {
            store::set_index(&mut tx, field.id, "ready", None).await?;
            tx.emit(&ops::event("custom_field.index_ready", &field, done));
        }
        background::finish_with(tx, &job, "done", None, None).await?;
        Ok(())
    }
}

/// Takes the copies of a field away.
#[derive(Debug, Serialize, Deserialize)]
pub struct Discard {
    field_id: Uuid,
}

impl Job for Discard {
    const NAME: &'static str = "custom_field_unindex";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        loop {
            let mut tx = ctx.begin().await?;
            let field = store::get(&mut tx, self.field_id, true).await?;
            let Some(field) = field.filter(|field| field.index_state == "dropping") else { return Ok(()) };
            let gone = store::drop_batch(&mut tx, &field, 5000).await?;
            if gone == 0 {
                store::set_index(&mut tx, self.field_id, "none", None).await?;
            }
            tx.commit().await?;
            if gone == 0 {
                return Ok(());
            }
        }
    }
}

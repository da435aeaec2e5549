//! The long side of custom fields: values converted to another kind, values of a deleted field taken away.

use super::model::{Definition, FieldKind, FieldOption};
use super::{ops, store};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vision_kernel::Problem;
use vision_platform::background::{self, BackgroundJob};
use vision_platform::{Failure, Job, JobContext, JobError, Tx};

/// Kind of the background job.
const KIND: &str = "custom_fields.convert";
/// Records per transaction.
const BATCH: i64 = 500;

/// Gives a field another kind at once and queues the conversion of its values. Until it is done an old value may still be met, and
/// nobody may write one: the job could not tell it from an old one.
pub(crate) async fn start_conversion(tx: &mut Tx, id: Uuid, to: Definition) -> Result<BackgroundJob, Failure> {
    let mut row = ops::get(tx, id, true).await?;
    if row.converting {
        return Err(Problem::conflict("Ce champ est déjà en cours de conversion.").into());
    }
    let total = store::count_values(tx, row.object(), &row.key).await?;
    let job = background::create(tx, KIND, ops::conversion_params(&row, &to), false).await?;
    background::set_total(tx, job.id, total).await?;
    row.kind = to.kind.as_str().to_owned();
    row.options = sqlx::types::Json(to.options);
    row.default_value = row.default_value.take().and_then(|value| row.definition().read(&value).ok().flatten());
    store::update(tx, &row, &vision_kernel::text::fold(&row.label)).await?;
    store::set_converting(tx, id, true).await?;
    super::index::suspend(tx, &row).await?;
    tx.enqueue_with(&Convert { job_id: job.id }, Some(&format!("convert:{}", job.id)), Some("custom-fields")).await?;
    Ok(BackgroundJob { total, ..job })
}

#[derive(Deserialize)]
struct Side {
    kind: String,
    options: Vec<FieldOption>,
}

impl Side {
    fn definition(self) -> Definition {
        Definition::of(FieldKind::from_stored(&self.kind), self.options)
    }
}

#[derive(Deserialize)]
struct Params {
    field_id: Uuid,
    from: Side,
    to: Side,
}

/// Converts the values, batch by batch; begun again after a crash it goes on after the last committed batch.
#[derive(Debug, Serialize, Deserialize)]
pub struct Convert {
    job_id: Uuid,
}

impl Job for Convert {
    const NAME: &'static str = "custom_field_convert";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let mut tx = ctx.read().await?;
        let job = background::get(&mut tx, self.job_id).await?;
        let params: Params = serde_json::from_value(job.params.clone()).map_err(|error| JobError::Fail(error.to_string()))?;
        let field = store::get(&mut tx, params.field_id, false).await?;
        drop(tx);
        if !matches!(job.status.as_str(), "queued" | "running") {
            return Ok(());
        }
        let Some(field) = field else {
            // Deleted meanwhile, values and all.
            background::finish(&ctx, &job, "cancelled", None, None).await?;
            return Ok(());
        };
        let (from, to) = (params.from.definition(), params.to.definition());
        let mut after = job.cursor.as_deref().and_then(|cursor| Uuid::try_parse(cursor).ok());
        let (mut done, mut lost) = (job.done, 0);
        loop {
            let mut tx = ctx.begin().await?;
            // A worker that was thought dead may still be at it: converting twice would convert what is converted already.
            let at = background::lock_cursor(&mut tx, job.id).await?.and_then(|cursor| Uuid::try_parse(&cursor).ok());
            if at != after {
                return Err(JobError::Retry("another worker goes on with this conversion".to_owned()));
            }
            let values = store::values(&mut tx, field.object(), &field.key, after, BATCH).await?;
            let Some((last, ..)) = values.last().cloned() else { break };
            let converted: Vec<_> = values.iter().map(|(id, _, value)| (*id, ops::convert(&from, &to, value))).collect();
            lost += i64::try_from(converted.iter().filter(|(_, value)| value.is_none()).count()).unwrap_or(0);
            store::write_values(&mut tx, field.object(), &field.key, &converted).await?;
            done += i64::try_from(values.len()).unwrap_or(0);
            // Half converted fields help nobody: this job is not cancelled.
            background::advance(&mut tx, job.id, done, job.total.max(done), Some(&last.to_string())).await?;
            tx.commit().await?;
            after = Some(last);
        }
        let mut tx = ctx.begin().await?;
        store::set_converting(&mut tx, field.id, false).await?;
        super::index::resume(&mut tx, field.id).await?;
        tx.emit(&ops::converted_event(&field, lost));
        background::finish_with(tx, &job, "done", None, None).await?;
        Ok(())
    }
}

/// Takes the values of a deleted field away, then frees its key.
#[derive(Debug, Serialize, Deserialize)]
pub struct Purge {
    pub(crate) field_id: Uuid,
}

impl Job for Purge {
    const NAME: &'static str = "custom_field_purge";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let mut after = None;
        loop {
            let mut tx = ctx.begin().await?;
            let Some((object, key)) = store::deleted_key(&mut tx, self.field_id).await? else { return Ok(()) };
            let values = store::values(&mut tx, object, &key, after, BATCH).await?;
            after = values.last().map(|(id, ..)| *id);
            if values.is_empty() {
                store::forget(&mut tx, self.field_id).await?;
                tx.commit().await?;
                return Ok(());
            }
            let gone: Vec<_> = values.into_iter().map(|(id, ..)| (id, None)).collect();
            store::write_values(&mut tx, object, &key, &gone).await?;
            tx.commit().await?;
        }
    }
}

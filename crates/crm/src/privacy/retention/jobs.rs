//! Erasing those who are kept no longer, one after the other.

use super::http::EraseIn;
use super::store::{self, Days};
use super::{Category, http};
use crate::privacy::erasure;
use crate::privacy::jobs::EraseContact;
use crate::privacy::store as contacts;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vision_platform::background::{self, BackgroundJob};
use vision_platform::{Failure, Job, JobContext, JobError, Tx};

/// Kind of the background job.
pub(crate) const KIND: &str = "privacy.retention";
/// Contacts per read.
const BATCH: i64 = 50;

/// What the job must know.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Params {
    pub(super) category: Category,
    pub(super) ids: Option<Vec<Uuid>>,
    pub(super) except: Vec<Uuid>,
    /// The days of the review. Later ones would take in people whom nobody has seen.
    pub(super) before: Date,
    pub(super) today: Date,
}

impl Params {
    pub(super) fn new(input: EraseIn, days: Days) -> Self {
        Self { category: input.category, ids: input.ids, except: input.except, before: days.before, today: days.today }
    }

    /// The days that hold now: terms that were made longer since spare, shorter ones wait for another review.
    async fn days(&self, tx: &mut Tx) -> Result<Days, Failure> {
        let now = http::days(tx, self.category).await?;
        Ok(Days { before: self.before.min(now.before), today: self.today })
    }
}

/// Erases the contacts of a review. Each one is an erasure of its own, with its certificate; after a kill the one that was begun is ended
/// first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sweep {
    pub(super) job_id: Uuid,
}

fn fork(ctx: &JobContext) -> JobContext {
    JobContext { app: ctx.app.clone(), actor: ctx.actor.clone() }
}

impl Job for Sweep {
    const NAME: &'static str = "privacy_retention";

    async fn run(self, mut ctx: JobContext) -> Result<(), JobError> {
        ctx.actor.owner_scope = None;
        let mut tx = ctx.read().await?;
        let job = background::get(&mut tx, self.job_id).await?;
        let begun = store::begun(&mut tx, self.job_id).await?;
        drop(tx);
        if !matches!(job.status.as_str(), "queued" | "running") {
            return Ok(());
        }
        let params: Params = serde_json::from_value(job.params.clone()).map_err(|error| JobError::Fail(error.to_string()))?;
        for child in begun {
            EraseContact { job_id: child }.run(fork(&ctx)).await?;
        }
        let mut after = job.cursor.as_deref().and_then(|cursor| Uuid::try_parse(cursor).ok());
        let mut done = job.done;
        loop {
            let mut tx = ctx.read().await?;
            let days = params.days(&mut tx).await?;
            let rows = store::page(&mut tx, params.category, days, params.ids.as_deref(), after, BATCH).await?;
            drop(tx);
            let Some(last) = rows.last() else { break };
            let end = last.id;
            for row in rows.iter().filter(|row| !params.except.contains(&row.id)) {
                if let Some(child) = begin(&ctx, &job, &params, row.id).await? {
                    EraseContact { job_id: child }.run(fork(&ctx)).await?;
                    done += 1;
                }
                if !advance(&ctx, &job, done, row.id).await? {
                    background::finish(&ctx, &job, "cancelled", None, None).await?;
                    return Ok(());
                }
            }
            after = Some(end);
        }
        background::finish(&ctx, &job, "done", None, None).await?;
        Ok(())
    }
}

async fn advance(ctx: &JobContext, job: &BackgroundJob, done: i64, at: Uuid) -> Result<bool, Failure> {
    let mut tx = ctx.begin().await?;
    let go_on = background::advance(&mut tx, job.id, done, job.total.max(done), Some(&at.to_string())).await?;
    tx.commit().await?;
    Ok(go_on)
}

/// Begins one erasure; `None` where something stands against it.
async fn begin(ctx: &JobContext, job: &BackgroundJob, params: &Params, contact: Uuid) -> Result<Option<Uuid>, Failure> {
    let mut tx = ctx.begin().await?;
    // Who was on the list a moment ago may have called, or be kept, since: the row is locked first, and asked again.
    contacts::lock(&mut tx, contact).await?;
    let days = params.days(&mut tx).await?;
    if store::page(&mut tx, params.category, days, Some(&[contact]), None, 1).await?.is_empty() {
        return Ok(None);
    }
    let begun = erasure::begin_for_retention(&mut tx, contact, job.id).await?;
    tx.commit().await?;
    Ok(begun.map(|child| child.id))
}

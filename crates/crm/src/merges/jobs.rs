//! Merging many groups of duplicates, as a background job.

use super::ops::{self, MergeRequest};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vision_platform::background::{self, BackgroundJob};
use vision_platform::{Failure, Job, JobContext, JobError, Tx};

/// Kind of the background job.
const KIND: &str = "contacts.merge";

#[derive(Serialize, Deserialize)]
struct Params {
    groups: Vec<Vec<Uuid>>,
}

/// Queues the merge of each group into its first contact.
pub(crate) async fn start(tx: &mut Tx, groups: Vec<Vec<Uuid>>) -> Result<BackgroundJob, Failure> {
    let total = i64::try_from(groups.len()).unwrap_or(0);
    let job = background::create(tx, KIND, serde_json::to_value(Params { groups })?, false).await?;
    background::set_total(tx, job.id, total).await?;
    tx.enqueue_with(&MergeMany { job_id: job.id }, Some(&format!("merge:{}", job.id)), Some("merge")).await?;
    Ok(BackgroundJob { total, ..job })
}

/// Merges group by group; each in a transaction that also says how far the job is.
#[derive(Debug, Serialize, Deserialize)]
pub struct MergeMany {
    job_id: Uuid,
}

impl Job for MergeMany {
    const NAME: &'static str = "contacts_merge";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let mut tx = ctx.read().await?;
        let job = background::get(&mut tx, self.job_id).await?;
        drop(tx);
        if !matches!(job.status.as_str(), "queued" | "running") {
            return Ok(());
        }
        let params: Params = serde_json::from_value(job.params.clone()).map_err(|error| JobError::Fail(error.to_string()))?;
        let mut done = job.done;
        for group in params.groups.iter().skip(usize::try_from(job.done).unwrap_or(0)) {
            let [kept, others @ ..] = group.as_slice() else { continue };
            let mut tx = ctx.begin().await?;
            let mut refused = false;
            for other in others {
                let request = MergeRequest { other: *other, ..MergeRequest::default() };
                match ops::merge(&mut tx, *kept, &request).await {
                    Ok(_) => {}
                    // Somebody merged, deleted or archived one of them meanwhile: the group is left as it is.
                    Err(failure) if failure.kind().status() < 500 => {
                        refused = true;
                        break;
                    }
                    Err(failure) => return Err(failure.into()),
                }
            }
            done += 1;
            if refused {
                drop(tx);
                tx = ctx.begin().await?;
            }
            let go_on = background::advance(&mut tx, job.id, done, job.total, None).await?;
            tx.commit().await?;
            if !go_on {
                background::finish(&ctx, &job, "cancelled", None, None).await?;
                return Ok(());
            }
        }
        background::finish(&ctx, &job, "done", None, None).await?;
        Ok(())
    }
}

//! Work after an answer, and reminders of those that do not come.

use super::invoicing;
use super::ops;
use super::store;
use super::trail;
use crate::day;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::pin::Pin;
use uuid::Uuid;
use vision_platform::{App, Failure, Job, JobContext, JobError};
use vision_ports::{MailError, MailFile, MailMessage};

/// Asks the time stamping authority to witness a sealed paper.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StampAnswer {
    /// The quote.
    pub order: Uuid,
    /// Its version.
    pub revision: i32,
}

impl Job for StampAnswer {
    const NAME: &'static str = "order_stamp";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let mut tx = ctx.read().await?;
        let answer = trail::answer(&mut tx, self.order, self.revision).await?;
        drop(tx);
        let Some(hash) = answer.filter(|answer| answer.timestamp_authority.is_none()).and_then(|answer| answer.sealed_sha256) else {
            return Ok(());
        };
        // The authority is asked outside of any transaction; asking twice gives two good stamps, of which the first is kept.
        let stamp = ctx.app.timestamps.stamp(&hash).await.map_err(|error| JobError::Retry(error.to_string()))?;
        let mut tx = ctx.begin().await?;
        trail::set_timestamp(&mut tx, self.order, self.revision, &stamp.token, &stamp.authority).await?;
        Ok(tx.commit().await?)
    }
}

/// Issues the deposit that an accepted quote asks for, if the page of the acceptance did not. What is lacking is told to the staff.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AskForDeposit {
    /// The quote.
    pub order: Uuid,
}

impl Job for AskForDeposit {
    const NAME: &'static str = "order_ask_for_deposit";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let Err(failure) = invoicing::ask_for_deposit(&ctx.app, ctx.actor.tenant_id, self.order).await else { return Ok(()) };
        if failure.kind().status() >= 500 {
            return Err(failure.into());
        }
        let mut tx = ctx.app.db.begin_as_system(ctx.actor.tenant_id).await?;
        ops::deposit_failed(&mut tx, self.order, &failure).await?;
        Ok(tx.commit().await?)
    }
}

/// Sends the acknowledgement of an acceptance with the sealed paper: read when it is sent, so that it is not kept twice.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MailSealed {
    /// What is said.
    pub message: MailMessage,
    /// The quote.
    pub order: Uuid,
    /// Its version.
    pub revision: i32,
}

impl Job for MailSealed {
    const NAME: &'static str = "order_mail_sealed";

    async fn run(mut self, ctx: JobContext) -> Result<(), JobError> {
        let mut tx = ctx.read().await?;
        if let Some((Some(pdf), ..)) = trail::proof_files(&mut tx, self.order, self.revision).await? {
            self.message.files.push(MailFile { name: "devis-signe.pdf".to_owned(), kind: "application/pdf".to_owned(), content: pdf });
        }
        drop(tx);
        ctx.app.mail.send(&self.message).await.map_err(|error| match error {
            MailError::Temporary(reason) => JobError::Retry(reason),
            MailError::Permanent(reason) => JobError::Fail(reason),
        })
    }
}

/// Hours after sending at which a customer who has not answered is reminded.
pub(super) const REMINDERS: [i64; 2] = [48, 120];

/// Queues the reminders that are due, of every company.
pub(crate) fn beat(app: &App) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + '_>> {
    Box::pin(async {
        let mut tx = app.db.system().await?;
        let now = tx.now_sql();
        let due: Vec<(Uuid, Uuid)> = sqlx::query_as("SELECT tenant_id, id FROM orders WHERE remind_at <= $1 ORDER BY remind_at LIMIT 500")
            .bind(now)
            .fetch_all(tx.conn())
            .await?;
        for (tenant, order) in due {
            tx.enqueue(tenant, &RemindOrder { order }, Some(&format!("order_remind:{order}"))).await?;
        }
        tx.commit().await
    })
}

/// Reminds the customer of a quote.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RemindOrder {
    /// The quote.
    pub order: Uuid,
}

impl Job for RemindOrder {
    const NAME: &'static str = "order_remind";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let mut tx = ctx.begin().await?;
        // Looked at under the lock of the quote: answered meanwhile, or reminded by another worker, and nothing goes out.
        let Some(sent_at) = store::lock_reminder(&mut tx, self.order).await?.map(jiff_sqlx::Timestamp::to_jiff) else { return Ok(()) };
        let now = tx.now();
        let local = now.to_zoned(day::zone(&mut tx).await?);
        // Nobody is written to in the evening, at night or on a Sunday.
        if !(9..18).contains(&local.hour()) || local.weekday() == jiff::civil::Weekday::Sunday {
            store::set_remind_at(&mut tx, self.order, Some(now + SignedDuration::from_mins(30))).await?;
            return Ok(tx.commit().await?);
        }
        let next = REMINDERS.iter().map(|hours| sent_at + SignedDuration::from_hours(*hours)).find(|at| *at > now);
        match ops::remind(&ctx.app, &mut tx, self.order).await {
            Ok(()) => {}
            // Past its last day, or nobody to write to: that is no fault of the queue's.
            Err(error) if error.kind().status() < 500 => {
                drop(tx);
                tx = ctx.begin().await?;
            }
            Err(error) => return Err(error.into()),
        }
        store::set_remind_at(&mut tx, self.order, next).await?;
        Ok(tx.commit().await?)
    }
}

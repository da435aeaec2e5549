//! The clock of reminders: once a working day, after nine where the company is.

use super::model::Audience;
use super::{ops, store};
use crate::calendar::is_working;
use crate::day;
use jiff::Span;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::pin::Pin;
use uuid::Uuid;
use vision_platform::{App, Failure, Job, JobContext, JobError};

/// Invoices per transaction.
const BATCH: i64 = 500;
/// No step is further ahead than this.
const AHEAD: i32 = 35;

/// Looks for what one company has to send today, and queues it: a job an invoice and step.
#[derive(Debug, Serialize, Deserialize)]
pub struct FindReminders {}

impl Job for FindReminders {
    const NAME: &'static str = "dunning_find";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let mut tx = ctx.begin().await?;
        let today = day::today(&mut tx).await?;
        let mut plans = Vec::new();
        for audience in Audience::ALL {
            plans.push((audience, ops::plan(&mut tx, audience, false).await?));
        }
        let until = today.checked_add(Span::new().days(AHEAD)).unwrap_or(today);
        let mut after = None;
        while is_working(today) {
            let batch = store::open(&mut tx, today, until, after, BATCH).await?;
            let Some(last) = batch.last() else { break };
            after = Some((last.due_date.to_jiff(), last.id));
            for invoice in &batch {
                let plan = plans.iter().find(|(audience, _)| *audience == invoice.audience()).map(|(_, plan)| plan);
                let Some(plan) = plan.filter(|plan| plan.covers(invoice) && !invoice.paused) else { continue };
                let Some(step) = invoice.case(today).due_step(&plan.steps.0) else { continue };
                let job = SendReminder { invoice: invoice.id, offset_days: step.offset_days };
                tx.enqueue_with(&job, Some(&format!("reminder:{}:{}", invoice.id, step.offset_days)), None).await?;
            }
        }
        store::looked(&mut tx, today).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Sends one step of one invoice; looks at everything again before.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendReminder {
    invoice: Uuid,
    offset_days: i32,
}

impl Job for SendReminder {
    const NAME: &'static str = "dunning_send";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let mut tx = ctx.begin().await?;
        ops::send(&ctx.app, &mut tx, self.invoice, self.offset_days, false).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Queues the look of every company with an active plan, once a day from nine on its own clock.
pub(crate) fn beat(app: &App) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + '_>> {
    Box::pin(async move {
        let mut tx = app.db.system().await?;
        let now = tx.now_sql();
        let due: Vec<Uuid> = sqlx::query_scalar(
            "SELECT DISTINCT p.tenant_id FROM dunning_plans p JOIN tenants t ON t.id = p.tenant_id
             WHERE p.active AND extract(hour FROM $1::timestamptz AT TIME ZONE t.time_zone) >= 9
               AND (p.checked_on IS NULL OR p.checked_on < ($1::timestamptz AT TIME ZONE t.time_zone)::date)",
        )
        .bind(now)
        .fetch_all(tx.conn())
        .await?;
        for tenant in due {
            tx.enqueue(tenant, &FindReminders {}, Some(&format!("{tenant}:dunning-find"))).await?;
        }
        tx.commit().await
    })
}

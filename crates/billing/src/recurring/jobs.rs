//! The clock of recurring invoices: from six in the morning where the company is.

use super::ops;
use crate::invoices;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::pin::Pin;
use uuid::Uuid;
use vision_kernel::Problem;
use vision_platform::{App, Failure, Job, JobContext, JobError};

/// Does one occurrence of one template.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunRecurring {
    template: Uuid,
}

/// What a person can act on: everything that the refusal says.
fn reason(problem: &Problem) -> String {
    let details: Vec<&str> = problem.errors.iter().map(|error| error.detail.as_str()).collect();
    if details.is_empty() { problem.detail.clone().unwrap_or_else(|| problem.kind.title().to_owned()) } else { details.join(" ") }
}

impl Job for RunRecurring {
    const NAME: &'static str = "recurring_run";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        // A logo that cannot be read is no reason not to invoice.
        let logo = invoices::logo(&ctx.app, &ctx.actor).await.unwrap_or_default();
        let mut tx = ctx.begin().await?;
        match ops::run(&ctx.app, &mut tx, self.template, logo).await {
            Ok(()) => Ok(tx.commit().await?),
            // Of the attempt nothing stays; what a person must mend is written down instead.
            Err(failure) if failure.kind().status() < 500 => {
                drop(tx);
                let why: String = reason(&failure.0).chars().take(1000).collect();
                let mut tx = ctx.begin().await?;
                ops::give_up(&mut tx, self.template, &why).await?;
                Ok(tx.commit().await?)
            }
            Err(failure) => Err(failure.into()),
        }
    }
}

/// Queues what is due in every company.
pub(crate) fn beat(app: &App) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + '_>> {
    Box::pin(async move {
        let mut tx = app.db.system().await?;
        let now = tx.now_sql();
        let due: Vec<(Uuid, Uuid, jiff_sqlx::Date)> = sqlx::query_as(
            "SELECT r.tenant_id, r.id, r.next_on FROM recurring_invoices r JOIN tenants t ON t.id = r.tenant_id
             WHERE r.state = 'active' AND r.next_on <= ($1::timestamptz AT TIME ZONE 'UTC')::date + 7
               AND r.next_on - CASE r.mode WHEN 'draft' THEN $2 ELSE 0 END <= ($1::timestamptz AT TIME ZONE t.time_zone)::date
               AND extract(hour FROM $1::timestamptz AT TIME ZONE t.time_zone) >= 6 ORDER BY r.next_on LIMIT 1000",
        )
        .bind(now)
        .bind(super::model::LEAD)
        .fetch_all(tx.conn())
        .await?;
        for (tenant, template, on) in due {
            let key = format!("{tenant}:recurring:{template}:{}", on.to_jiff());
            tx.enqueue(tenant, &RunRecurring { template }, Some(&key)).await?;
        }
        tx.commit().await
    })
}

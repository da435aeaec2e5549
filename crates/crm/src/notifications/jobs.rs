//! What the clock finds due: reminders, mails, digests, and what has been kept long enough.

use super::mail;
use crate::privacy::alerts as privacy;
use crate::tasks::jobs as tasks;
use jiff::SignedDuration;
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::pin::Pin;
use uuid::Uuid;
use vision_platform::{App, Failure, Job, JobContext, JobError};

/// How long notifications are kept (GD-08: no longer than they serve).
const KEEP: SignedDuration = SignedDuration::from_hours(24 * 90);

/// Does what is due in one company.
#[derive(Debug, Serialize, Deserialize)]
pub struct DueWork {}

impl DueWork {
    /// While one waits, another is the same one.
    pub(crate) const KEY: &'static str = "crm-due-work";
}

impl Job for DueWork {
    const NAME: &'static str = "crm_due_work";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        tasks::remind(&ctx).await?;
        privacy::alert(&ctx).await?;
        mail::send_single(&ctx).await?;
        mail::send_digests(&ctx).await?;
        tasks::purge(&ctx).await?;
        let mut tx = ctx.begin().await?;
        let (tenant, before) = (tx.tenant(), tx.now() - KEEP);
        sqlx::query("DELETE FROM notifications WHERE tenant_id = $1 AND created_at < $2")
            .bind(tenant)
            .bind(before.to_sqlx())
            .execute(tx.conn())
            .await?;
        sqlx::query("DELETE FROM notification_digests WHERE tenant_id = $1 AND sent_at < $2")
            .bind(tenant)
            .bind(before.to_sqlx())
            .execute(tx.conn())
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Queues the work of every company in which something is due.
pub fn beat(app: &App) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + '_>> {
    Box::pin(async move {
        let mut tx = app.db.system().await?;
        let now = tx.now();
        let due: Vec<Uuid> = sqlx::query_scalar(
            "SELECT tenant_id FROM tasks WHERE remind_at <= $1 AND done_at IS NULL AND deleted_at IS NULL
             UNION SELECT tenant_id FROM notifications WHERE mail_at <= $1
             UNION SELECT tenant_id FROM tasks WHERE deleted_at < $2
             UNION SELECT tenant_id FROM task_undos WHERE created_at < $3
             UNION SELECT tenant_id FROM notifications WHERE created_at < $4
             UNION SELECT p.tenant_id FROM privacy_requests p JOIN tenants t ON t.id = p.tenant_id
               WHERE p.status = 'open' AND p.alerted < 2 AND p.due_on <= $1::date + 8
                 AND p.due_on - (CASE p.alerted WHEN 0 THEN $5 ELSE -1 END)::integer <= ($1 AT TIME ZONE t.time_zone)::date",
        )
        .bind(now.to_sqlx())
        .bind((now - tasks::KEEP_DELETED).to_sqlx())
        .bind((now - tasks::KEEP_UNDO).to_sqlx())
        .bind((now - KEEP).to_sqlx())
        .bind(privacy::DAYS_BEFORE)
        .fetch_all(tx.conn())
        .await?;
        for tenant in due {
            tx.enqueue(tenant, &DueWork {}, Some(&format!("{tenant}:{}", DueWork::KEY))).await?;
        }
        tx.commit().await
    })
}

//! Tells those who answer requests that one is due soon, from its 25th day on, and once more when it is late (GD-01).

use super::requests;
use crate::notifications::{self, NewNotification, NotificationKind};
use jiff_sqlx::ToSqlx;
use serde_json::json;
use uuid::Uuid;
use vision_kernel::Permission;
use vision_platform::{Failure, JobContext};

/// The 25th day of a month of 30 or 31 days is five or six days before its end.
pub(crate) const DAYS_BEFORE: i32 = 6;

/// Writes the notifications that are due. The stage is noted in the same transaction, and the source names request and stage: everybody
/// is told once of each.
pub(crate) async fn alert(ctx: &JobContext) -> Result<(), Failure> {
    let mut tx = ctx.begin().await?;
    let (tenant, today) = (tx.tenant(), requests::today(&mut tx).await?);
    let due: Vec<(Uuid, String, jiff_sqlx::Date, i16)> = sqlx::query_as(
        "UPDATE privacy_requests SET alerted = CASE WHEN due_on < $2 THEN 2 ELSE 1 END
         WHERE tenant_id = $1 AND status = 'open' AND (alerted < 1 AND due_on - $3 <= $2 OR alerted < 2 AND due_on < $2)
         RETURNING id, kind, due_on, alerted",
    )
    .bind(tenant)
    .bind(today.to_sqlx())
    .bind(DAYS_BEFORE)
    .fetch_all(tx.conn())
    .await?;
    if due.is_empty() {
        return Ok(());
    }
    let users: Vec<Uuid> = sqlx::query_scalar(
        "SELECT m.user_id FROM memberships m JOIN roles r ON r.tenant_id = m.tenant_id AND r.id = m.role_id
         WHERE m.tenant_id = $1 AND m.deactivated_at IS NULL AND $2 = ANY (r.permissions)",
    )
    .bind(tenant)
    .bind(Permission::CompanyManage.key())
    .fetch_all(tx.conn())
    .await?;
    let mut told = Vec::new();
    for (id, kind, due_on, stage) in &due {
        told.extend(users.iter().map(|user| NewNotification {
            user_id: *user,
            kind: NotificationKind::PrivacyDue,
            source: format!("privacy:{id}:{stage}:{}", due_on.to_jiff()),
            actor: None,
            subject: ("privacy_request", *id),
            label: kind.clone(),
            contact_id: None,
            data: json!({ "due_on": due_on.to_jiff(), "late": *stage == 2 }),
        }));
    }
    notifications::add(&mut tx, told).await?;
    tx.commit().await
}

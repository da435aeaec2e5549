//! Work on tasks that a clock or an event starts.

use super::store;
use super::when;
use crate::notifications::{self, NewNotification, NotificationKind};
use crate::zone;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vision_platform::{Job, JobContext, JobError};

/// Tasks per transaction.
const BATCH: i64 = 200;
/// How long a deleted task can be brought back.
pub(crate) const KEEP_DELETED: SignedDuration = SignedDuration::from_hours(24 * 30);
/// How long an action on several tasks can be taken back.
pub(crate) const KEEP_UNDO: SignedDuration = SignedDuration::from_hours(24);

/// Sends the reminders that are due. A reminder leaves its task in the transaction that writes the notification, whose source names
/// the task and the moment: it comes once however often this runs.
pub(crate) async fn remind(ctx: &JobContext) -> Result<(), JobError> {
    loop {
        let mut tx = ctx.begin().await?;
        let due = store::take_reminders(&mut tx, BATCH).await?;
        if due.is_empty() {
            return Ok(());
        }
        let told: Vec<NewNotification> = due
            .into_iter()
            .map(|task| NewNotification {
                user_id: task.user_id,
                kind: NotificationKind::TaskReminder,
                source: format!("task:{}:{}", task.id, task.remind_at.to_jiff()),
                actor: None,
                subject: ("task", task.id),
                label: task.title,
                contact_id: task.contact_id,
                data: json!({ "task_kind": task.kind, "due_at": task.due_at.map(jiff_sqlx::Timestamp::to_jiff), "has_hour": task.has_hour }),
            })
            .collect();
        notifications::add(&mut tx, told).await?;
        tx.commit().await?;
    }
}

/// Deletes for good what nobody can bring back any more.
pub(crate) async fn purge(ctx: &JobContext) -> Result<(), JobError> {
    let mut tx = ctx.begin().await?;
    let now = tx.now();
    store::purge(&mut tx, now - KEEP_DELETED, now - KEEP_UNDO).await?;
    tx.commit().await?;
    Ok(())
}

/// The company's profile changed, perhaps its time zone: a task at 9:00 is at 9:00 there.
#[derive(Debug, Serialize, Deserialize)]
pub struct FollowTimeZone {}

impl Job for FollowTimeZone {
    const NAME: &'static str = "tasks_follow_time_zone";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        loop {
            let mut tx = ctx.begin().await?;
            let (zone, now) = (zone::of_tenant(&mut tx).await?, tx.now());
            let rows = store::of_other_zones(&mut tx, &zone.name, BATCH).await?;
            if rows.is_empty() {
                return Ok(());
            }
            let moved: Vec<Value> = rows
                .iter()
                .map(|row| {
                    let draft = row.draft();
                    let remind_at = row.remind_at.and_then(|_| when::remind_at(&zone, draft.due_date, draft.due_time, draft.reminder_minutes, now));
                    json!({ "id": row.id, "due_at": draft.due_date.map(|day| when::due_at(&zone, day, draft.due_time)), "remind_at": remind_at })
                })
                .collect();
            store::move_zone(&mut tx, &zone.name, &moved).await?;
            tx.commit().await?;
        }
    }
}

//! Tasks, mentions and notifications of a demo company, as if its people worked with them.

use crate::notifications::{self, NewNotification, NotificationKind};
use crate::tasks::model::{Draft, Repeat, RepeatUnit, TaskKind, TaskPriority, TaskSubjectIn};
use crate::tasks::store::{self, NewTask};
use crate::tasks::when;
use crate::zone;
use jiff::civil::Time;
use jiff::{SignedDuration, Span};
use jiff_sqlx::ToSqlx;
use serde_json::json;
use uuid::Uuid;
use vision_platform::{Failure, Tx};

/// A task of the demo.
#[derive(Debug, Clone, Copy)]
pub struct DemoTask {
    /// `todo`, `call` or `meeting`.
    pub kind: &'static str,
    /// Title.
    pub title: &'static str,
    /// Days from today.
    pub days: i32,
    /// Hour of the day.
    pub hour: Option<i8>,
    /// Place of the assignee in the team; beyond its end, nobody.
    pub assignee: usize,
    /// Matters most.
    pub high: bool,
    /// Comes back every week.
    pub weekly: bool,
    /// Done, with this outcome when it has one.
    pub done: Option<&'static str>,
}

fn draft(demo: &DemoTask, team: &[(Uuid, String)], contact: Option<Uuid>, today: jiff::civil::Date) -> Draft {
    let day = today.checked_add(Span::new().days(demo.days)).unwrap_or(today);
    Draft {
        kind: TaskKind::from_word(demo.kind).unwrap_or(TaskKind::Todo),
        title: demo.title.to_owned(),
        description: None,
        priority: if demo.high { TaskPriority::High } else { TaskPriority::Normal },
        due_date: Some(day),
        due_time: demo.hour.and_then(|hour| Time::new(hour, 0, 0, 0).ok()),
        reminder_minutes: demo.hour.map(|_| 30),
        repeat: demo.weekly.then_some(Repeat { unit: RepeatUnit::Week, every: 1, until: None, from: day }),
        assignee_id: team.get(demo.assignee).map(|(id, _)| *id),
        subject: contact.map(|id| TaskSubjectIn { kind: "contact".to_owned(), id }),
    }
}

/// Inserts tasks about contacts, one after the other, and the notifications of those that a colleague gave.
pub async fn insert(tx: &mut Tx, team: &[(Uuid, String)], tasks: &[DemoTask], contacts: &[Uuid]) -> Result<(), Failure> {
    let (zone, now, tenant) = (zone::of_tenant(tx).await?, tx.now(), tx.tenant());
    let today = zone.wall(now).date();
    let mut told = Vec::new();
    for (n, demo) in tasks.iter().enumerate() {
        let draft = draft(demo, team, contacts.get(n).copied(), today);
        let due_at = draft.due_date.map(|day| when::due_at(&zone, day, draft.due_time));
        let remind_at = when::remind_at(&zone, draft.due_date, draft.due_time, draft.reminder_minutes, now).filter(|at| *at > now);
        let id = tx.new_id();
        let author = team.get((demo.assignee + 1) % team.len().max(1)).cloned().unwrap_or_default();
        if let Some((member, _)) = team.get(demo.assignee).filter(|_| demo.high && demo.done.is_none()) {
            told.push(NewNotification {
                user_id: *member,
                kind: NotificationKind::TaskAssigned,
                source: format!("demo:{id}"),
                actor: Some(author.clone()),
                subject: ("task", id),
                label: demo.title.to_owned(),
                contact_id: None,
                data: json!({ "count": 1 }),
            });
        }
        store::insert_many(tx, &zone, &[NewTask { id, draft, due_at, remind_at, series_id: id, occurrence: 1 }]).await?;
        let (done_by, done_by_name) = team.get(demo.assignee).cloned().unwrap_or_else(|| author.clone());
        let created = now - SignedDuration::from_hours(24 * (10 + i64::try_from(n).unwrap_or(0)));
        sqlx::query(
            "UPDATE tasks SET created_by = $3, created_by_name = $4, created_at = $5, updated_at = $5, done_at = CASE WHEN $6 THEN $7::timestamptz END,
               done_by = CASE WHEN $6 THEN $8::uuid END, done_by_name = CASE WHEN $6 THEN $9::text END, outcome = nullif($10, '') WHERE tenant_id = $1 AND id = $2",
        )
        .bind(tenant)
        .bind(id)
        .bind(author.0)
        .bind(&author.1)
        .bind(created.to_sqlx())
        .bind(demo.done.is_some())
        .bind((now - SignedDuration::from_hours(20 + 5 * i64::try_from(n).unwrap_or(0))).to_sqlx())
        .bind(done_by)
        .bind(done_by_name)
        .bind(demo.done.unwrap_or_default())
        .execute(tx.conn())
        .await?;
    }
    tell(tx, told).await
}

/// Writes a pinned note that names a colleague, and tells them.
pub async fn mention(
    tx: &mut Tx,
    contact: (Uuid, &str),
    from: &(Uuid, String),
    to: &(Uuid, String),
    words: (&str, &str),
) -> Result<(), Failure> {
    let (id, tenant, now) = (tx.new_id(), tx.tenant(), tx.now().to_sqlx());
    let doc = json!({ "content": [
        { "type": "paragraph", "content": [{ "type": "text", "text": words.0, "bold": true }, { "type": "text", "text": " " },
            { "type": "mention", "id": to.0, "label": to.1 }, { "type": "text", "text": format!(" {}", words.1) }] }] });
    let body = format!("{} @{} {}", words.0, to.1, words.1);
    sqlx::query(
        "INSERT INTO notes (tenant_id, id, contact_id, body, doc, pinned, author_id, author_name, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, true, $6, $7, $8, $8)",
    )
    .bind(tenant)
    .bind(id)
    .bind(contact.0)
    .bind(&body)
    .bind(doc)
    .bind(from.0)
    .bind(&from.1)
    .bind(now)
    .execute(tx.conn())
    .await?;
    let told = NewNotification {
        user_id: to.0,
        kind: NotificationKind::Mention,
        source: format!("demo:{id}"),
        actor: Some(from.clone()),
        subject: ("contact", contact.0),
        label: contact.1.to_owned(),
        contact_id: Some(contact.0),
        data: json!({ "note_id": id, "excerpt": body }),
    };
    tell(tx, vec![told]).await
}

/// Nobody of a demo wants mail.
async fn tell(tx: &mut Tx, told: Vec<NewNotification>) -> Result<(), Failure> {
    notifications::add(tx, told).await?;
    let tenant = tx.tenant();
    sqlx::query("UPDATE notifications SET mail = 'never', mail_at = NULL WHERE tenant_id = $1").bind(tenant).execute(tx.conn()).await?;
    Ok(())
}

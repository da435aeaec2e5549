//! Turns what happened into notifications, after it was committed.

use super::{NewNotification, NotificationKind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;
use vision_platform::outbox::Subscriber;
use vision_platform::{Job, JobContext, JobError, Tx, background};

/// Who is told of what.
pub(crate) const SUBSCRIBER: Subscriber = Subscriber {
    job: Notify::NAME,
    events: &[
        "task.created",
        "task.updated",
        "tasks.reassigned",
        "note.added",
        "note.updated",
        "import.done",
        "import.cancelled",
        "import.failed",
        "job.changed",
        "recurring_invoice.failed",
        "order.accepted",
        "order.partially_accepted",
        "order.refused",
        "order.withdrawn",
        "order.deposit_failed",
    ],
};

/// One event, as handed on by the outbox.
#[derive(Debug, Serialize, Deserialize)]
pub struct Notify {
    event_id: Uuid,
    name: String,
    actor: EventActor,
    payload: Value,
}

#[derive(Debug, Serialize, Deserialize)]
struct EventActor {
    id: Uuid,
    name: String,
}

impl Notify {
    fn id(&self, key: &str) -> Option<Uuid> {
        self.payload.get(key).and_then(Value::as_str).and_then(|text| Uuid::try_parse(text).ok())
    }

    fn text(&self, key: &str) -> &str {
        self.payload.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    fn to(&self, user_id: Uuid, kind: NotificationKind, subject: (&'static str, Uuid)) -> NewNotification {
        NewNotification {
            user_id,
            kind,
            source: self.event_id.to_string(),
            actor: Some((self.actor.id, self.actor.name.clone())),
            subject,
            label: self.text("label").to_owned(),
            contact_id: None,
            data: json!({}),
        }
    }

    /// A task that was given to somebody.
    fn task(&self) -> Option<NewNotification> {
        let member = self.id("assigned_to").filter(|member| *member != self.actor.id)?;
        let count = self.payload.get("count").and_then(Value::as_u64).unwrap_or(1);
        let new = self.to(member, NotificationKind::TaskAssigned, ("task", self.id("id")?));
        Some(NewNotification { data: json!({ "count": count }), ..new })
    }

    /// A recurring invoice that could not be issued, for whoever wrote it.
    fn recurring(&self) -> Option<NewNotification> {
        let told = self.to(self.data_id("notify")?, NotificationKind::InvoicingFailed, ("recurring_invoice", self.data_id("id")?));
        let label = self.payload.get("data").and_then(|data| data.get("label")).or_else(|| self.payload.get("label"));
        Some(NewNotification { actor: None, label: label.and_then(Value::as_str).unwrap_or_default().to_owned(), ..told })
    }

    /// What became of a quote, for whoever wrote it, unless they have noted it themselves.
    fn order(&self) -> Option<NewNotification> {
        let writer = self.data_id("notify").filter(|writer| *writer != self.actor.id)?;
        let data = self.payload.get("data").filter(|data| data.is_object()).unwrap_or(&self.payload);
        let label = data.pointer("/order/name").and_then(Value::as_str).unwrap_or_default();
        let outcome = self.name.rsplit('.').next().unwrap_or_default();
        let id = data.pointer("/order/id").and_then(Value::as_str).and_then(|id| Uuid::try_parse(id).ok())?;
        let told = self.to(writer, NotificationKind::QuoteAnswered, ("order", id));
        Some(NewNotification { label: label.to_owned(), data: json!({ "outcome": outcome }), ..told })
    }

    /// An id among what the event says of itself.
    fn data_id(&self, key: &str) -> Option<Uuid> {
        let data = self.payload.get("data").filter(|data| data.is_object()).unwrap_or(&self.payload);
        data.get(key).and_then(Value::as_str).and_then(|text| Uuid::try_parse(text).ok())
    }

    /// The members whom a note names.
    fn note(&self) -> Vec<NewNotification> {
        let Some(contact) = self.id("id") else { return Vec::new() };
        let data = self.payload.get("data").cloned().unwrap_or_default();
        let mentioned: Vec<Uuid> = data.get("mentions").and_then(|list| serde_json::from_value(list.clone()).ok()).unwrap_or_default();
        let shown = json!({ "note_id": data.get("note_id"), "excerpt": data.get("excerpt") });
        mentioned
            .into_iter()
            .filter(|member| *member != self.actor.id)
            .map(|member| NewNotification {
                contact_id: Some(contact),
                data: shown.clone(),
                ..self.to(member, NotificationKind::Mention, ("contact", contact))
            })
            .collect()
    }
}

/// What an import gave to a member: one of the tasks, and how many there are.
#[derive(sqlx::FromRow)]
struct Given {
    member: Uuid,
    id: Uuid,
    title: String,
    count: i64,
}

impl Notify {
    /// The end of an import, for whoever asked for it; and for each colleague to whom it gave something to do, all of it at once.
    async fn import(&self, tx: &mut Tx) -> sqlx::Result<Vec<NewNotification>> {
        let Some(import) = self.id("id") else { return Ok(Vec::new()) };
        let tenant = tx.tenant();
        let given: Vec<Given> = sqlx::query_as(
            "SELECT t.assignee_id AS member, (array_agg(t.id ORDER BY r.row_number))[1] AS id, (array_agg(t.title ORDER BY r.row_number))[1] AS title,
                    count(*) AS count
             FROM import_rows r JOIN tasks t ON t.tenant_id = $1 AND t.id = r.record_id
             WHERE r.tenant_id = $1 AND r.import_id = $2 AND r.outcome = 'created' AND t.assignee_id <> $3 AND t.done_at IS NULL AND t.deleted_at IS NULL
             GROUP BY t.assignee_id",
        )
        .bind(tenant)
        .bind(import)
        .bind(self.actor.id)
        .fetch_all(tx.conn())
        .await?;
        let mut told: Vec<NewNotification> = given
            .into_iter()
            .map(|given| NewNotification {
                label: given.title,
                data: json!({ "count": given.count }),
                ..self.to(given.member, NotificationKind::TaskAssigned, ("task", given.id))
            })
            .collect();
        // Whoever cancels an import knows that it has ended.
        if self.name != "import.cancelled" {
            told.push(NewNotification {
                actor: None,
                data: json!({ "count": self.payload.get("count"), "failed": self.name == "import.failed" }),
                ..self.to(self.actor.id, NotificationKind::ImportFinished, ("import", import))
            });
        }
        Ok(told)
    }
}

impl Job for Notify {
    const NAME: &'static str = "notifications_notify";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let mut tx = ctx.begin().await?;
        let mut told: Vec<NewNotification> = match self.name.split('.').next().unwrap_or_default() {
            "task" | "tasks" => self.task().into_iter().collect(),
            "note" => self.note(),
            "import" => self.import(&mut tx).await?,
            "recurring_invoice" => self.recurring().into_iter().collect(),
            "order" => self.order().into_iter().collect(),
            _ => Vec::new(),
        };
        if [crate::export::KIND, crate::entities::export::KIND, crate::tasks::export::KIND].contains(&self.text("kind"))
            && matches!(self.text("status"), "done" | "failed")
            && let Some(id) = self.id("id")
        {
            // The event knows the job, the job knows who asked for it.
            let job = background::get(&mut tx, id).await?;
            told.push(NewNotification {
                actor: None,
                label: job.file_name.clone().unwrap_or_default(),
                data: json!({ "count": job.done, "failed": job.status == "failed" }),
                ..self.to(job.created_by, NotificationKind::ExportReady, ("job", id))
            });
        }
        // A contact that has been deleted meanwhile takes what was said about it along.
        told = without_lost_contacts(&mut tx, told).await?;
        super::add(&mut tx, told).await?;
        tx.commit().await?;
        Ok(())
    }
}

async fn without_lost_contacts(tx: &mut Tx, told: Vec<NewNotification>) -> sqlx::Result<Vec<NewNotification>> {
    let wanted: Vec<Uuid> = told.iter().filter_map(|new| new.contact_id).collect();
    if wanted.is_empty() {
        return Ok(told);
    }
    let tenant = tx.tenant();
    let there: Vec<Uuid> =
        sqlx::query_scalar("SELECT id FROM contacts WHERE tenant_id = $1 AND id = ANY ($2) AND erased_at IS NULL FOR KEY SHARE")
            .bind(tenant)
            .bind(wanted)
            .fetch_all(tx.conn())
            .await?;
    Ok(told.into_iter().filter(|new| new.contact_id.is_none_or(|id| there.contains(&id))).collect())
}

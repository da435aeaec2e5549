//! What people are told: in the product at once, by mail at once or once a day, never twice for the same cause.
//!
//! Invariants: a notification belongs to one member and only they read it; what is shown, and when a mail may leave, is decided by the
//! member's settings when it is written; a mail leaves once, and not for what was read before.

pub mod http;
pub mod jobs;
pub(crate) mod mail;
pub mod settings;
pub mod subscriber;

pub use http::routes;

use crate::tasks::model::words;
use crate::zone;
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use settings::{Mail, SettingsRow};
use uuid::Uuid;
use vision_platform::{Failure, Tx, live};

words! {
    /// What a notification is about.
    NotificationKind {
        /// A colleague gave me a task.
        TaskAssigned = "task_assigned",
        /// A task of mine is due soon.
        TaskReminder = "task_reminder",
        /// A colleague named me in a note.
        Mention = "mention",
        /// An import of mine has ended.
        ImportFinished = "import_finished",
        /// A file that I asked for is ready.
        ExportReady = "export_ready",
        /// A request about personal data is due soon, or late.
        PrivacyDue = "privacy_due",
        /// A recurring invoice of mine could not be issued.
        InvoicingFailed = "invoicing_failed",
        /// A customer answered a quote of mine.
        QuoteAnswered = "quote_answered",
    }
}

impl NotificationKind {
    /// All of them, in the order of the settings page.
    pub const ALL: [Self; 8] = [
        Self::TaskAssigned,
        Self::TaskReminder,
        Self::Mention,
        Self::ImportFinished,
        Self::ExportReady,
        Self::PrivacyDue,
        Self::InvoicingFailed,
        Self::QuoteAnswered,
    ];
}

/// Something to tell a person.
pub(crate) struct NewNotification {
    pub user_id: Uuid,
    pub kind: NotificationKind,
    /// What caused it: the same cause tells a person once.
    pub source: String,
    /// Who did it, if it was somebody.
    pub actor: Option<(Uuid, String)>,
    /// The record concerned.
    pub subject: (&'static str, Uuid),
    pub label: String,
    /// The contact with which the notification goes.
    pub contact_id: Option<Uuid>,
    pub data: Value,
}

/// Writes notifications for those who want them, and tells their open browsers.
pub(crate) async fn add(tx: &mut Tx, told: Vec<NewNotification>) -> Result<(), Failure> {
    let users: Vec<Uuid> = told.iter().map(|new| new.user_id).collect();
    if users.is_empty() {
        return Ok(());
    }
    let (tenant, now) = (tx.tenant(), tx.now());
    let zone = zone::of_tenant(tx).await?;
    let members: Vec<SettingsRow> = settings::of_members(tx, &users).await?;
    let mut rows = Vec::new();
    for new in told {
        // Somebody who has left is told nothing.
        let Some(member) = members.iter().find(|member| member.user_id == new.user_id) else { continue };
        let wishes = member.settings();
        let choice = wishes.choice(new.kind);
        if !choice.in_app && choice.email == Mail::Never {
            continue;
        }
        rows.push(json!({
            "id": tx.new_id(), "user_id": new.user_id, "kind": new.kind, "source": new.source, "actor_id": new.actor.as_ref().map(|(id, _)| id),
            "actor_name": new.actor.as_ref().map(|(_, name)| name), "subject_kind": new.subject.0, "subject_id": new.subject.1, "label": new.label,
            "contact_id": new.contact_id, "data": new.data, "in_app": choice.in_app, "mail": choice.email,
            "mail_at": wishes.mail_at(choice.email, &zone, now),
        }));
    }
    let written: Vec<(Uuid, Uuid, bool, Option<jiff_sqlx::Timestamp>)> = sqlx::query_as(
        "INSERT INTO notifications (tenant_id, id, user_id, kind, source, actor_id, actor_name, subject_kind, subject_id, label, contact_id, data, in_app, mail, mail_at, created_at)
         SELECT $1, id, user_id, kind, source, actor_id, actor_name, subject_kind, subject_id, label, contact_id, data, in_app, mail, mail_at, $3
         FROM jsonb_to_recordset($2) AS r(id uuid, user_id uuid, kind text, source text, actor_id uuid, actor_name text, subject_kind text, subject_id uuid,
           label text, contact_id uuid, data jsonb, in_app boolean, mail text, mail_at timestamptz)
         ON CONFLICT (tenant_id, user_id, source) DO NOTHING RETURNING id, user_id, in_app, mail_at",
    )
    .bind(tenant)
    .bind(Value::Array(rows))
    .bind(now.to_sqlx())
    .fetch_all(tx.conn())
    .await?;
    for (id, user, in_app, _) in &written {
        if *in_app {
            live::tell(tx, *user, "notifications", *id, "notification.added").await?;
        }
    }
    if written.iter().any(|(.., mail_at)| mail_at.is_some_and(|at| at.to_jiff() <= now)) {
        tx.enqueue_with(&jobs::DueWork {}, Some(jobs::DueWork::KEY), None).await?;
    }
    Ok(())
}

//! The mails of notifications: one alone, or a day's worth. They name the record and never quote its content: mail is read in many places.

use super::NotificationKind;
use super::settings;
use crate::zone;
use jiff_sqlx::ToSqlx;
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;
use vision_platform::mailbox::SendMail;
use vision_platform::{App, JobContext, JobError};
use vision_ports::MailMessage;

/// Mails per transaction, and most lines of a digest.
const BATCH: i64 = 100;

/// A notification that waits for its mail.
#[derive(Debug, sqlx::FromRow)]
struct Waiting {
    id: Uuid,
    user_id: Uuid,
    email: String,
    kind: String,
    actor_name: Option<String>,
    subject_kind: String,
    subject_id: Uuid,
    label: String,
    data: Value,
}

/// French, or English for people who chose it.
#[derive(Clone, Copy)]
enum Lang {
    Fr,
    En,
}

impl Lang {
    fn pick(self, fr: String, en: String) -> String {
        match self {
            Self::Fr => fr,
            Self::En => en,
        }
    }
}

/// The languages of people: only the cross-tenant role reads them.
async fn languages(app: &App, users: &[Uuid]) -> Result<BTreeMap<Uuid, Lang>, JobError> {
    let mut tx = app.db.system().await?;
    let rows: Vec<(Uuid, String)> =
        sqlx::query_as("SELECT id, locale FROM users WHERE id = ANY ($1)").bind(users).fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(|(id, locale)| (id, if locale == "en" { Lang::En } else { Lang::Fr })).collect())
}

impl Waiting {
    fn count(&self) -> i64 {
        self.data.get("count").and_then(Value::as_i64).unwrap_or(1)
    }

    fn failed(&self) -> bool {
        self.data.get("failed").and_then(Value::as_bool).unwrap_or(false)
    }

    /// One line that says what happened.
    fn line(&self, lang: Lang) -> String {
        let (label, who, count) = (&self.label, self.actor_name.as_deref().unwrap_or("Vision CRM"), self.count());
        match NotificationKind::from_word(&self.kind) {
            Some(NotificationKind::TaskAssigned) if count > 1 => {
                lang.pick(format!("{who} vous a confié {count} tâches"), format!("{who} gave you {count} tasks"))
            }
            Some(NotificationKind::TaskAssigned) => {
                lang.pick(format!("{who} vous a confié une tâche : {label}"), format!("{who} gave you a task: {label}"))
            }
            Some(NotificationKind::TaskReminder) => lang.pick(format!("Rappel : {label}"), format!("Reminder: {label}")),
            Some(NotificationKind::Mention) => {
                lang.pick(format!("{who} vous a mentionné dans une note : {label}"), format!("{who} mentioned you in a note: {label}"))
            }
            Some(NotificationKind::ImportFinished) if self.failed() => {
                lang.pick(format!("L’import {label} a échoué"), format!("The import of {label} failed"))
            }
            Some(NotificationKind::ImportFinished) => {
                lang.pick(format!("L’import {label} est terminé"), format!("The import of {label} has ended"))
            }
            Some(NotificationKind::ExportReady) if self.failed() => lang.pick("Votre export a échoué".into(), "Your export failed".into()),
            Some(NotificationKind::ExportReady) => lang.pick("Votre export est prêt".into(), "Your export is ready".into()),
            Some(NotificationKind::InvoicingFailed) => lang.pick(
                format!("La facture récurrente {label} n’a pas pu être émise : un brouillon attend d’être complété"),
                format!("The recurring invoice {label} could not be issued: a draft waits to be completed"),
            ),
            Some(NotificationKind::QuoteAnswered) => match self.data.get("outcome").and_then(Value::as_str).unwrap_or_default() {
                "refused" => lang.pick(format!("{who} a refusé le devis {label}"), format!("{who} refused the quote {label}")),
                "withdrawn" => {
                    lang.pick(format!("{who} s’est rétracté du devis {label}"), format!("{who} withdrew from the quote {label}"))
                }
                "deposit_failed" => lang.pick(
                    format!("L’acompte du devis {label} n’a pas pu être facturé"),
                    format!("The deposit of the quote {label} could not be invoiced"),
                ),
                _ => lang.pick(format!("{who} a accepté le devis {label}"), format!("{who} accepted the quote {label}")),
            },
            Some(NotificationKind::PrivacyDue) => {
                let day = self.data.get("due_on").and_then(Value::as_str).and_then(|day| day.parse::<jiff::civil::Date>().ok());
                let day = day.map(|day| day.strftime("%d/%m/%Y").to_string()).unwrap_or_default();
                if self.data.get("late").and_then(Value::as_bool).unwrap_or(false) {
                    lang.pick(
                        format!("Une demande sur des données personnelles est en retard : elle était due le {day}"),
                        format!("A request about personal data is late: it was due on {day}"),
                    )
                } else {
                    lang.pick(
                        format!("Une demande sur des données personnelles est à traiter avant le {day}"),
                        format!("A request about personal data is due on {day}"),
                    )
                }
            }
            None => label.clone(),
        }
    }

    /// Where the record is.
    fn path(&self) -> String {
        match self.subject_kind.as_str() {
            "contact" => format!("/contacts/{}", self.subject_id),
            "import" => format!("/imports/{}", self.subject_id),
            "order" => format!("/devis/{}", self.subject_id),
            "recurring_invoice" => "/recurrentes".to_owned(),
            "privacy_request" => "/parametres/confidentialite".to_owned(),
            "task" if self.count() > 1 => "/taches".to_owned(),
            "task" => format!("/taches?tache={}", self.subject_id),
            _ => "/".to_owned(),
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Renders lines, each with its address.
fn letter(app: &App, lang: Lang, id: Uuid, to: &str, subject: &str, lines: &[(String, String)]) -> SendMail {
    let base = &app.config.public_url;
    let tag = lang.pick("fr".into(), "en".into());
    let footer = lang.pick(
        "Vous choisissez ce que vous recevez dans Paramètres, Notifications.".into(),
        "You choose what you receive in Settings, Notifications.".into(),
    );
    let mut html = format!(
        "<!doctype html><html lang=\"{tag}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"></head>\
         <body style=\"margin:0;background:#f4f5f7;font-family:Arial,Helvetica,sans-serif;color:#1b1f24\">\
         <div style=\"max-width:560px;margin:0 auto;padding:24px\"><p style=\"font-weight:bold;font-size:18px\">Vision CRM</p>\
         <div style=\"background:#fff;border:1px solid #dfe3e8;border-radius:8px;padding:24px;font-size:15px;line-height:1.5\">"
    );
    let mut text = String::new();
    for (line, path) in lines {
        let address = format!("{base}{path}");
        html.push_str(&format!(
            "<p style=\"margin:0 0 16px\"><a href=\"{}\" style=\"color:#1b53a8\">{}</a></p>",
            escape(&address),
            escape(line)
        ));
        text.push_str(&format!("{line}\n{address}\n\n"));
    }
    let settings = format!("{base}/parametres/notifications");
    html.push_str(&format!(
        "</div><p style=\"color:#5a616b;font-size:12px;line-height:1.5\"><a href=\"{}\" style=\"color:#5a616b\">{}</a></p></div></body></html>",
        escape(&settings),
        escape(&footer)
    ));
    text.push_str(&format!("{footer}\n{settings}\n"));
    // A subject is one line, whatever a title holds.
    let subject: String = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    let (to, from) = (to.to_owned(), app.config.mail_from.clone());
    SendMail { message: MailMessage { id, to, from, subject, html, text, reply_to: None, files: Vec::new() } }
}

const COLUMNS: &str = "n.id, n.user_id, m.email, n.kind, n.actor_name, n.subject_kind, n.subject_id, n.label, n.data";

/// Sends what goes out alone. Its mark goes in the transaction that queues the mail: it leaves once.
pub(crate) async fn send_single(ctx: &JobContext) -> Result<(), JobError> {
    loop {
        let mut tx = ctx.begin().await?;
        let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
        // Read in the product in the meantime, or left the company: no mail.
        sqlx::query(
            "UPDATE notifications n SET mail_at = NULL FROM memberships m WHERE n.tenant_id = $1 AND n.mail_at <= $2 AND m.tenant_id = n.tenant_id
               AND m.user_id = n.user_id AND (n.read_at IS NOT NULL OR m.deactivated_at IS NOT NULL)",
        )
        .bind(tenant)
        .bind(now)
        .execute(tx.conn())
        .await?;
        let rows: Vec<Waiting> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM notifications n JOIN memberships m ON m.tenant_id = n.tenant_id AND m.user_id = n.user_id
             WHERE n.tenant_id = $1 AND n.mail = 'once' AND n.mail_at <= $2 ORDER BY n.mail_at, n.id LIMIT $3 FOR UPDATE OF n SKIP LOCKED"
        )))
        .bind(tenant)
        .bind(now)
        .bind(BATCH)
        .fetch_all(tx.conn())
        .await?;
        if rows.is_empty() {
            tx.commit().await?;
            return Ok(());
        }
        let users: Vec<Uuid> = rows.iter().map(|row| row.user_id).collect();
        let languages = languages(&ctx.app, &users).await?;
        for row in &rows {
            let lang = languages.get(&row.user_id).copied().unwrap_or(Lang::Fr);
            let line = row.line(lang);
            tx.enqueue(&letter(&ctx.app, lang, row.id, &row.email, &line, &[(line.clone(), row.path())])).await?;
        }
        mark(&mut tx, &rows).await?;
        tx.commit().await?;
    }
}

async fn mark(tx: &mut vision_platform::Tx, rows: &[Waiting]) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    sqlx::query("UPDATE notifications SET mail_at = NULL, mailed_at = $3 WHERE tenant_id = $1 AND id = ANY ($2)")
        .bind(tenant)
        .bind(ids)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Sends the digests that are due: one per person and day. What comes after it waits for the next day's.
pub(crate) async fn send_digests(ctx: &JobContext) -> Result<(), JobError> {
    let mut tx = ctx.read().await?;
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let users: Vec<Uuid> = sqlx::query_scalar(
        "SELECT DISTINCT user_id FROM notifications WHERE tenant_id = $1 AND mail = 'digest' AND mail_at <= $2 LIMIT 1000",
    )
    .bind(tenant)
    .bind(now)
    .fetch_all(tx.conn())
    .await?;
    drop(tx);
    let languages = languages(&ctx.app, &users).await?;
    for user in users {
        digest(ctx, user, languages.get(&user).copied().unwrap_or(Lang::Fr)).await?;
    }
    Ok(())
}

async fn digest(ctx: &JobContext, user: Uuid, lang: Lang) -> Result<(), JobError> {
    let mut tx = ctx.begin().await?;
    let (tenant, now) = (tx.tenant(), tx.now());
    let zone = zone::of_tenant(&mut tx).await?;
    // Two at once wait here for each other, and the second finds the day taken.
    let first =
        sqlx::query("INSERT INTO notification_digests (tenant_id, user_id, day, sent_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
            .bind(tenant)
            .bind(user)
            .bind(zone.wall(now).date().to_sqlx())
            .bind(now.to_sqlx())
            .execute(tx.conn())
            .await?
            .rows_affected()
            == 1;
    if !first {
        let wishes = settings::of_members(&mut tx, &[user]).await?.first().map(settings::SettingsRow::settings);
        let next = wishes.map(|wishes| wishes.next_digest(&zone, now).to_sqlx());
        sqlx::query("UPDATE notifications SET mail_at = $4 WHERE tenant_id = $1 AND user_id = $2 AND mail = 'digest' AND mail_at <= $3")
            .bind(tenant)
            .bind(user)
            .bind(now.to_sqlx())
            .bind(next)
            .execute(tx.conn())
            .await?;
        tx.commit().await?;
        return Ok(());
    }
    let rows: Vec<Waiting> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM notifications n JOIN memberships m ON m.tenant_id = n.tenant_id AND m.user_id = n.user_id
         WHERE n.tenant_id = $1 AND n.user_id = $2 AND n.mail = 'digest' AND n.mail_at <= $3 ORDER BY n.id LIMIT $4 FOR UPDATE OF n"
    )))
    .bind(tenant)
    .bind(user)
    .bind(now.to_sqlx())
    .bind(BATCH)
    .fetch_all(tx.conn())
    .await?;
    if let Some(first) = rows.first() {
        let count = rows.len();
        let subject = if count == 1 {
            first.line(lang)
        } else {
            lang.pick(format!("Votre journée : {count} notifications"), format!("Your day: {count} notifications"))
        };
        let lines: Vec<(String, String)> = rows.iter().map(|row| (row.line(lang), row.path())).collect();
        let id = tx.new_id();
        tx.enqueue(&letter(&ctx.app, lang, id, &first.email, &subject, &lines)).await?;
    }
    mark(&mut tx, &rows).await?;
    tx.commit().await?;
    Ok(())
}

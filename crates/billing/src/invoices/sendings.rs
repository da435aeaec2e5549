//! Invoices that go to customers by mail, with their PDF and the link on which they are paid.

use super::{ops, store};
use crate::letters::Letter;
use crate::payments::links;
use crate::payments::online::account;
use crate::profiles;
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vision_crm::contacts::buyers;
use vision_kernel::french::{day, euros};
use vision_kernel::{DomainEvent, Email, Problem, Subject, text};
use vision_platform::{App, Failure, Job, JobContext, JobError, Tx};
use vision_ports::{MailError, MailFile, MailMessage};

/// A mail to write.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct InvoiceSendIn {
    /// Address; the customer's first one where nothing is said.
    pub to: Option<String>,
    /// Subject; made from the invoice where nothing is said.
    pub subject: Option<String>,
    /// What it says above the button.
    pub message: Option<String>,
    /// False: without the link to pay, which otherwise is in it where the company is paid online and something is due.
    pub pay_link: Option<bool>,
}

/// A mail that was written.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Sending {
    pub id: Uuid,
    pub invoice_id: Uuid,
    pub link_id: Option<Uuid>,
    pub recipient: String,
    pub subject: String,
    pub message: String,
    pub state: String,
    pub failure: Option<String>,
    pub created_by_name: String,
    pub created_at: jiff_sqlx::Timestamp,
    pub sent_at: Option<jiff_sqlx::Timestamp>,
}

const SENDING: &str = "SELECT id, invoice_id, link_id, recipient, subject, message, state, failure, created_by_name, created_at, sent_at
    FROM invoice_sendings WHERE tenant_id = $1";

/// An invoice went out.
#[derive(Debug, Serialize)]
struct InvoiceSent {
    #[serde(skip)]
    id: Uuid,
    #[serde(skip)]
    contact_id: Option<Uuid>,
    #[serde(skip)]
    number: String,
    recipient: String,
    invoice: serde_json::Value,
}

impl DomainEvent for InvoiceSent {
    fn name(&self) -> &'static str {
        "invoice.sent"
    }
    fn subject(&self) -> Subject {
        Subject { kind: "invoice", id: self.id, label: self.number.clone() }
    }
    fn contact_id(&self) -> Option<Uuid> {
        self.contact_id
    }
}

/// The mails of an invoice, the newest first, at most a hundred.
pub(crate) async fn of_invoice(tx: &mut Tx, invoice: Uuid) -> sqlx::Result<Vec<Sending>> {
    let tenant = tx.tenant();
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{SENDING} AND invoice_id = $2 ORDER BY id DESC LIMIT 100")))
        .bind(tenant)
        .bind(invoice)
        .fetch_all(tx.conn())
        .await
}

fn words(value: Option<String>, pointer: &str, lines: bool, max: usize) -> Result<Option<String>, Problem> {
    let value = value.and_then(|value| text::clean(&value, lines));
    if value.as_ref().is_some_and(|value| value.chars().count() > max) {
        return Err(Problem::field(pointer, "too_long", &format!("{max} caractères au plus.")));
    }
    Ok(value)
}

/// Writes a mail and queues it.
pub(super) async fn send(tx: &mut Tx, app: &App, id: Uuid, input: InvoiceSendIn) -> Result<Sending, Failure> {
    let (row, _) = ops::get(tx, id).await?;
    let Some(number) = row.number.clone() else {
        return Err(Problem::conflict("Un brouillon ne s’envoie pas : émettez-le d’abord.").with("reason", "draft").into());
    };
    let seller = profiles::seller(tx).await?;
    let address = match input.to.filter(|to| !to.trim().is_empty()) {
        Some(to) => Some(to),
        None => match row.contact_id {
            Some(contact) => buyers::buyer(tx, contact).await?.and_then(|buyer| buyer.email),
            None => None,
        },
    };
    let Some(address) = address else {
        return Err(Problem::field("/to", "required", "Ce client n’a pas d’adresse e-mail : indiquez-en une.").into());
    };
    let Some(recipient) = Email::parse(&address) else {
        return Err(Problem::field("/to", "invalid", "Cette adresse e-mail n’est pas valable.").into());
    };
    let what = if row.kind == "credit_note" { "Avoir" } else { "Facture" };
    let subject = words(input.subject, "/subject", false, 150)?.unwrap_or_else(|| format!("{what} {number} – {}", seller.name));
    let today = crate::day::today(tx).await?;
    let message = words(input.message, "/message", true, 4_000)?.unwrap_or_else(|| default_message(&row, &number, today));
    let wanted = input.pay_link != Some(false) && row.due_minor() > 0 && account::can_be_paid(tx, app).await?;
    let link = if wanted { Some(links::create(tx, &app.config.public_url, id, None, links::DAYS).await?) } else { None };
    let (tenant, now, actor, sending) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().clone(), tx.new_id());
    sqlx::query(
        "INSERT INTO invoice_sendings (tenant_id, id, invoice_id, link_id, recipient, subject, message, state, created_by, created_by_name, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', $8, $9, $10)",
    )
    .bind(tenant)
    .bind(sending)
    .bind(id)
    .bind(link.as_ref().map(|(link, _)| link.id))
    .bind(recipient.to_string())
    .bind(&subject)
    .bind(&message)
    .bind(actor.id)
    .bind(&actor.name)
    .bind(now)
    .execute(tx.conn())
    .await?;
    tx.emit(&InvoiceSent {
        id,
        contact_id: row.contact_id,
        recipient: recipient.to_string(),
        invoice: serde_json::json!({ "id": id, "name": number }),
        number,
    });
    tx.enqueue(&SendInvoice { sending, pay_url: link.map(|(_, url)| url) }).await?;
    one(tx, sending).await?.ok_or_else(|| Problem::not_found().into())
}

fn default_message(row: &store::Row, number: &str, today: jiff::civil::Date) -> String {
    if row.kind == "credit_note" {
        return format!("Bonjour,\n\nVous trouverez ci-joint l’avoir {number} de {}.", euros(row.gross_minor));
    }
    let until = |date: jiff::civil::Date| format!("{} le {}", if date < today { ", échue" } else { ", à régler avant" }, day(date));
    let due = row.due_date.map(|date| until(date.to_jiff())).unwrap_or_default();
    let due = if row.due_minor() > 0 { due } else { ", déjà réglée".to_owned() };
    format!("Bonjour,\n\nVous trouverez ci-joint la facture {number} de {}{due}.\n\nMerci de votre confiance.", euros(row.gross_minor))
}

async fn one(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<Sending>> {
    let tenant = tx.tenant();
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{SENDING} AND id = $2"))).bind(tenant).bind(id).fetch_optional(tx.conn()).await
}

/// Sends a mail that was written. The address of the link is in here alone: what is stored of it cannot be turned back.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendInvoice {
    sending: Uuid,
    pay_url: Option<String>,
}

impl Job for SendInvoice {
    const NAME: &'static str = "invoice_send";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let mut tx = ctx.read().await?;
        let Some(sending) = one(&mut tx, self.sending).await?.filter(|sending| sending.state == "queued") else { return Ok(()) };
        let Some((pdf, _)) = store::files(&mut tx, sending.invoice_id).await? else { return Ok(()) };
        let row = store::get(&mut tx, sending.invoice_id, false).await?.ok_or_else(|| JobError::Fail("no invoice".to_owned()))?;
        let seller = profiles::seller(&mut tx).await?;
        drop(tx);
        let button = self.pay_url.map(|url| (format!("Payer {} en ligne", euros(row.due_minor())), url));
        let letter = Letter { subject: sending.subject, paragraphs: paragraphs(&sending.message), button, code: None };
        let mut message = letter.to(&ctx.app, &seller, sending.id, &sending.recipient).message;
        let name = format!("{}.pdf", row.number.unwrap_or_default().replace('/', "-"));
        message.files.push(MailFile { name, kind: "application/pdf".to_owned(), content: pdf });
        let (state, failure) = match ctx.app.mail.send(&message).await {
            Ok(()) => ("sent", None),
            Err(MailError::Temporary(reason)) => return Err(JobError::Retry(reason)),
            Err(MailError::Permanent(reason)) => ("failed", Some(reason)),
        };
        let mut tx = ctx.begin().await?;
        let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
        sqlx::query(
            "UPDATE invoice_sendings SET state = $3, failure = $4, sent_at = CASE $3 WHEN 'sent' THEN $5::timestamptz END WHERE tenant_id = $1 AND id = $2",
        )
        .bind(tenant)
        .bind(sending.id)
        .bind(state)
        .bind(failure)
        .bind(now)
        .execute(tx.conn())
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

fn paragraphs(words: &str) -> Vec<String> {
    words.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()).map(str::to_owned).collect()
}

/// The mail that goes with a receipt; none where the customer has no address.
pub(crate) async fn receipt_letter(
    tx: &mut Tx,
    app: &App,
    id: Uuid,
    invoice: Uuid,
    amount_minor: i64,
) -> Result<Option<MailMessage>, Failure> {
    let Some(row) = store::get(tx, invoice, false).await? else { return Ok(None) };
    let Some(contact) = row.contact_id else { return Ok(None) };
    let Some(email) = buyers::buyer(tx, contact).await?.and_then(|buyer| buyer.email) else { return Ok(None) };
    let seller = profiles::seller(tx).await?;
    let number = row.number.clone().unwrap_or_default();
    let left = row.due_minor();
    let rest = if left > 0 { format!("\n\nIl reste {} à régler.", euros(left)) } else { String::new() };
    let words = format!(
        "Bonjour,\n\nNous avons bien reçu votre paiement de {} pour la facture {number}. Votre reçu est joint à ce message.{rest}\n\nMerci de votre confiance.",
        euros(amount_minor)
    );
    let subject = format!("Reçu de votre paiement – facture {number}");
    let letter = Letter { subject, paragraphs: paragraphs(&words), button: None, code: None };
    Ok(Some(letter.to(app, &seller, id, &email).message))
}

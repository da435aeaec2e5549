//! Sending e-mail.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A message ready to send. `id` is the idempotency key: sending the same id twice must deliver once where the provider can.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MailMessage {
    /// Made by the sender of the message, stable across retries.
    pub id: Uuid,
    /// One recipient address.
    pub to: String,
    /// Display name and address of the sender, `Name <address>`.
    pub from: String,
    /// Subject line.
    pub subject: String,
    /// Body for readers that show HTML.
    pub html: String,
    /// The same content as plain text.
    pub text: String,
    /// Whom an answer goes to, where that is not the sender.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// Files that go along. Whoever queues a message lets the job fetch them instead of carrying them in the queue.
    #[serde(skip)]
    pub files: Vec<MailFile>,
}

/// A file that goes with a message.
#[derive(Debug, Clone)]
pub struct MailFile {
    /// Such as `F2026-000123.pdf`.
    pub name: String,
    /// Such as `application/pdf`.
    pub kind: String,
    /// The bytes.
    pub content: Vec<u8>,
}

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Worth another try: the server is away or busy.
    #[error("the mail server did not take the message now: {0}")]
    Temporary(String),
    /// Not worth another try: the address or the message is refused.
    #[error("the message was refused: {0}")]
    Permanent(String),
}

/// Somebody who takes messages.
#[async_trait::async_trait]
pub trait MailSender: Send + Sync {
    /// Hands the message over; `Ok` means that the other side is now responsible for it.
    async fn send(&self, message: &MailMessage) -> Result<(), MailError>;
    /// A short name for logs and the settings screen.
    fn name(&self) -> &'static str;
}

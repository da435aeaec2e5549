//! Mail: queued as a job in the transaction that causes it. Without a mail server, messages land in the in-product test mailbox,
//! where a person can open, click and answer them.

use crate::db::Db;
use crate::failure::Failure;
use crate::jobs::{Job, JobContext, JobError};
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vision_ports::{MailError, MailSender};

pub use vision_ports::MailMessage;

/// Sends one message. The message's id makes a second run harmless with the test mailbox, and recognisable elsewhere.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendMail {
    /// The message.
    pub message: MailMessage,
}

impl Job for SendMail {
    const NAME: &'static str = "mail_send";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        ctx.app.mail.send(&self.message).await.map_err(|error| match error {
            MailError::Temporary(reason) => JobError::Retry(reason),
            MailError::Permanent(reason) => JobError::Fail(reason),
        })
    }
}

/// A message in the test mailbox.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct TestMessage {
    /// Identifier.
    pub id: Uuid,
    /// Recipient address.
    pub recipient: String,
    /// Sender.
    pub sender: String,
    /// Subject.
    pub subject: String,
    /// HTML body; empty for an answer typed in the mailbox.
    pub html: String,
    /// Plain text body.
    pub body: String,
    /// The message that this one answers.
    pub in_reply_to: Option<Uuid>,
    /// When it was sent.
    pub created_at: jiff_sqlx::Timestamp,
    /// When it was first opened.
    pub read_at: Option<jiff_sqlx::Timestamp>,
}

/// The test mailbox.
#[derive(Clone)]
pub struct TestMailbox {
    db: Db,
}

impl TestMailbox {
    /// Opens the mailbox.
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    /// The newest messages, at most 200, optionally to one recipient.
    pub async fn list(&self, recipient: Option<&str>) -> Result<Vec<TestMessage>, Failure> {
        let mut tx = self.db.system().await?;
        Ok(sqlx::query_as("SELECT * FROM test_mailbox_messages WHERE in_reply_to IS NULL AND ($1::text IS NULL OR lower(recipient) = lower($1)) ORDER BY id DESC LIMIT 200")
            .bind(recipient)
            .fetch_all(tx.conn())
            .await?)
    }

    /// One message with its answers, oldest first; marks it read.
    pub async fn open(&self, id: Uuid) -> Result<Vec<TestMessage>, Failure> {
        let mut tx = self.db.system().await?;
        let now = tx.now_sql();
        sqlx::query("UPDATE test_mailbox_messages SET read_at = coalesce(read_at, $2) WHERE id = $1")
            .bind(id)
            .bind(now)
            .execute(tx.conn())
            .await?;
        let messages = sqlx::query_as("SELECT * FROM test_mailbox_messages WHERE id = $1 OR in_reply_to = $1 ORDER BY id LIMIT 200")
            .bind(id)
            .fetch_all(tx.conn())
            .await?;
        tx.commit().await?;
        Ok(messages)
    }

    /// Names of the files of a message.
    pub async fn files(&self, id: Uuid) -> Result<Vec<String>, Failure> {
        let mut tx = self.db.system().await?;
        let names = "SELECT name FROM test_mailbox_files WHERE message_id = $1 ORDER BY position LIMIT 20";
        Ok(sqlx::query_scalar(names).bind(id).fetch_all(tx.conn()).await?)
    }

    /// A file of a message: name, kind, bytes.
    pub async fn file(&self, id: Uuid, position: i32) -> Result<Option<(String, String, Vec<u8>)>, Failure> {
        let mut tx = self.db.system().await?;
        let file = "SELECT name, kind, content FROM test_mailbox_files WHERE message_id = $1 AND position = $2";
        Ok(sqlx::query_as(file).bind(id).bind(position).fetch_optional(tx.conn()).await?)
    }

    /// Answers a message as its recipient would.
    pub async fn reply(&self, id: Uuid, body: &str) -> Result<(), Failure> {
        let mut tx = self.db.system().await?;
        let reply = tx.new_id();
        let now = tx.now_sql();
        sqlx::query(
            "INSERT INTO test_mailbox_messages (id, recipient, sender, subject, html, body, in_reply_to, created_at, read_at)
             SELECT $2, sender, recipient, 'Re : ' || subject, '', $3, id, $4, $4 FROM test_mailbox_messages WHERE id = $1",
        )
        .bind(id)
        .bind(reply)
        .bind(body)
        .bind(now)
        .execute(tx.conn())
        .await?;
        tx.commit().await
    }

    /// Empties the mailbox.
    pub async fn clear(&self) -> Result<(), Failure> {
        let mut tx = self.db.system().await?;
        sqlx::query("DELETE FROM test_mailbox_messages").execute(tx.conn()).await?;
        tx.commit().await
    }
}

#[async_trait::async_trait]
impl MailSender for TestMailbox {
    async fn send(&self, message: &MailMessage) -> Result<(), MailError> {
        let store = async {
            let mut tx = self.db.system().await?;
            let now = tx.now().to_sqlx();
            sqlx::query(
                "INSERT INTO test_mailbox_messages (id, recipient, sender, subject, html, body, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING",
            )
            .bind(message.id)
            .bind(&message.to)
            .bind(&message.from)
            .bind(&message.subject)
            .bind(&message.html)
            .bind(&message.text)
            .bind(now)
            .execute(tx.conn())
            .await?;
            for (position, file) in (0_i32..).zip(&message.files) {
                sqlx::query(
                    "INSERT INTO test_mailbox_files (message_id, position, name, kind, content) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
                )
                .bind(message.id)
                .bind(position)
                .bind(&file.name)
                .bind(&file.kind)
                .bind(&file.content)
                .execute(tx.conn())
                .await?;
            }
            tx.commit().await
        };
        store.await.map_err(|failure: Failure| MailError::Temporary(failure.to_string()))
    }

    fn name(&self) -> &'static str {
        "test mailbox"
    }
}

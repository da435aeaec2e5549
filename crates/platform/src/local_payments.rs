//! Where the local provider of payments keeps its books: in the database, so that a restart forgets no payment.

use crate::crypto::Crypto;
use crate::db::Db;
use crate::failure::Failure;
use serde_json::Value;
use vision_ports::payments::local::{LocalGateway, LocalStore};

/// The books.
#[derive(Clone)]
pub struct LocalBooks {
    db: Db,
}

impl LocalBooks {
    /// Opens the books.
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    async fn read(&self, id: &str) -> Result<Option<Value>, Failure> {
        let mut tx = self.db.system().await?;
        Ok(sqlx::query_scalar("SELECT body FROM local_payments WHERE id = $1").bind(id).fetch_optional(tx.conn()).await?)
    }

    async fn write(&self, id: &str, before: Option<&Value>, body: &Value) -> Result<bool, Failure> {
        let mut tx = self.db.system().await?;
        let now = tx.now_sql();
        let statement = if before.is_some() {
            "UPDATE local_payments SET body = $2 WHERE id = $1 AND body = $4 AND $3::timestamptz IS NOT NULL"
        } else {
            "INSERT INTO local_payments (id, body, created_at) SELECT $1, $2, $3 WHERE $4::jsonb IS NULL ON CONFLICT DO NOTHING"
        };
        let done = sqlx::query(statement).bind(id).bind(body).bind(now).bind(before).execute(tx.conn()).await?;
        tx.commit().await?;
        Ok(done.rows_affected() > 0)
    }
}

#[async_trait::async_trait]
impl LocalStore for LocalBooks {
    async fn get(&self, id: &str) -> Result<Option<Value>, String> {
        self.read(id).await.map_err(|failure| failure.to_string())
    }

    async fn insert(&self, id: &str, body: &Value) -> Result<Value, String> {
        self.write(id, None, body).await.map_err(|failure| failure.to_string())?;
        self.get(id).await?.ok_or_else(|| "nothing is kept".to_owned())
    }

    async fn replace(&self, id: &str, before: &Value, body: &Value) -> Result<bool, String> {
        self.write(id, Some(before), body).await.map_err(|failure| failure.to_string())
    }
}

/// The local provider of this instance.
pub fn gateway(db: Db, crypto: &Crypto, public_url: &str) -> LocalGateway<LocalBooks> {
    let key: String = crypto.purpose_key("payments.local").iter().map(|byte| format!("{byte:02x}")).collect();
    LocalGateway::new(LocalBooks::new(db), format!("whsec_{key}"), public_url)
}

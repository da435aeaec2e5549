//! Live updates: what changed, told to every open browser of the tenant. Messages name a domain and an id, never content.

use crate::app::App;
use crate::db::Tx;
use crate::failure::Failure;
use crate::outbox;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgListener;
use std::time::Duration;
use tokio::sync::broadcast;
use uuid::Uuid;

/// One change.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Change {
    /// Whose; nil means everybody, after a gap in the listening.
    pub tenant: Uuid,
    /// Part of the product.
    pub domain: String,
    /// The record.
    pub id: Uuid,
    /// Event name.
    pub kind: String,
    /// The one person concerned; everybody in the tenant when absent.
    #[serde(default)]
    pub user: Option<Uuid>,
}

/// Tells the open browsers of one person, once the transaction has committed.
pub async fn tell(tx: &mut Tx, user: Uuid, domain: &str, id: Uuid, kind: &str) -> Result<(), Failure> {
    let message = serde_json::json!({ "tenant": tx.tenant(), "domain": domain, "id": id, "kind": kind, "user": user });
    sqlx::query("SELECT pg_notify('vision_live', $1)").bind(message.to_string()).execute(tx.conn()).await?;
    Ok(())
}

/// The changes heard by this instance.
#[derive(Clone)]
pub struct Live {
    sender: broadcast::Sender<Change>,
}

impl Default for Live {
    fn default() -> Self {
        Self { sender: broadcast::channel(1024).0 }
    }
}

impl Live {
    /// A new listener; it sees what comes after this call.
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.sender.subscribe()
    }

    fn send(&self, change: Change) {
        // An error means that no browser is open.
        let _ = self.sender.send(change);
    }
}

/// Listens to the database for ever: forwards changes to browsers and wakes the dispatcher. Reconnects by itself.
pub async fn listen(app: App) {
    loop {
        if let Err(error) = listen_once(&app).await {
            tracing::warn!(%error, "live updates are interrupted; listening again in a second");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn listen_once(app: &App) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(app.db.system_pool()).await?;
    listener.listen_all(["vision_live", "vision_outbox"]).await?;
    dispatch(app).await;
    loop {
        // The time-out is the safety net for a wake-up that was lost: either way the dispatcher looks.
        match tokio::time::timeout(Duration::from_secs(5), listener.try_recv()).await {
            Ok(Ok(Some(message))) if message.channel() == "vision_live" => {
                if let Ok(change) = serde_json::from_str(message.payload()) {
                    app.live.send(change);
                }
            }
            Err(_) | Ok(Ok(Some(_))) => dispatch(app).await,
            // The connection was lost and made anew: something may have been missed.
            Ok(Ok(None)) => {
                app.live.send(Change { tenant: Uuid::nil(), domain: "all".into(), id: Uuid::nil(), kind: "resync".into(), user: None });
            }
            Ok(Err(error)) => return Err(error),
        }
    }
}

async fn dispatch(app: &App) {
    if let Err(error) = outbox::dispatch(app).await {
        tracing::warn!(%error, "events could not be handed on; trying again");
    }
}

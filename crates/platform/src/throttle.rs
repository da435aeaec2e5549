//! Throttling of sign-ins and mails, in the database: it holds across instances and restarts, and a key is never stored in clear.

use crate::{Failure, SystemTx, crypto};
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use vision_kernel::{Problem, ProblemKind};

/// Counts one hit against `key` and fails with 429 above `limit` hits per `window`. Commit the transaction even when this fails.
pub async fn hit(tx: &mut SystemTx, key: &str, limit: i32, window: SignedDuration) -> Result<(), Failure> {
    let now = tx.now();
    let (hits, started): (i32, jiff_sqlx::Timestamp) = sqlx::query_as(
        "INSERT INTO throttles AS t (key_hash, hits, window_started_at) VALUES ($1, 1, $2)
         ON CONFLICT (key_hash) DO UPDATE SET
           hits = CASE WHEN t.window_started_at < $3 THEN 1 ELSE t.hits + 1 END,
           window_started_at = CASE WHEN t.window_started_at < $3 THEN $2 ELSE t.window_started_at END
         RETURNING hits, window_started_at",
    )
    .bind(crypto::sha256(key.as_bytes()))
    .bind(now.to_sqlx())
    .bind((now - window).to_sqlx())
    .fetch_one(tx.conn())
    .await?;
    if hits > limit {
        return Err(too_many(now, started.to_jiff() + window).into());
    }
    Ok(())
}

/// Forgets the hits of `key`, after a success.
pub async fn clear(tx: &mut SystemTx, key: &str) -> Result<(), Failure> {
    sqlx::query("DELETE FROM throttles WHERE key_hash = $1").bind(crypto::sha256(key.as_bytes())).execute(tx.conn()).await?;
    Ok(())
}

/// 429 with the seconds to wait.
pub fn too_many(now: Timestamp, until: Timestamp) -> Problem {
    let seconds = until.duration_since(now).as_secs().max(1);
    Problem::new(ProblemKind::RateLimited).detail("Trop de tentatives. Réessayez plus tard.").with("retry_after", seconds)
}

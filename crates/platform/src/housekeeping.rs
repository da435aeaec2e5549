//! What is deleted when its time is over. Each sweep is idempotent and works in small batches, so that it never holds up a request.

use crate::app::App;
use crate::failure::Failure;
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use sqlx::AssertSqlSafe;
use std::fs::DirEntry;
use std::path::Path;

/// Rows per statement.
const BATCH: i64 = 5_000;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Deletes the rows of `table` that meet `condition`, in which `$1` is `before`, and says how many there were.
/// Both texts are constants of the program.
pub async fn delete_old(app: &App, table: &'static str, condition: &'static str, before: Timestamp) -> Result<u64, Failure> {
    let statement = format!("DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE {condition} LIMIT {BATCH}))");
    let mut deleted = 0;
    loop {
        let mut tx = app.db.system().await?;
        let done = sqlx::query(AssertSqlSafe(statement.clone())).bind(before.to_sqlx()).execute(tx.conn()).await?.rows_affected();
        tx.commit().await?;
        deleted += done;
        if i64::try_from(done).is_ok_and(|done| done < BATCH) {
            return Ok(deleted);
        }
    }
}

/// Deletes what the platform's tables hold for too long.
pub async fn sweep(app: &App) -> Result<u64, Failure> {
    let now = app.clock.now();
    let mut deleted = delete_old(app, "idempotency_keys", "created_at < $1", now - DAY).await?;
    deleted += delete_old(app, "throttles", "window_started_at < $1", now - DAY).await?;
    deleted += delete_old(app, "api_usage", "hour < $1", now - DAY * 40).await?;
    deleted += delete_old(app, "test_mailbox_messages", "created_at < $1", now - DAY * 30).await?;
    deleted += sweep_audit_log(app, now).await?;
    crate::jobs::clean(app).await?;
    deleted += sweep_scratch(&std::env::temp_dir(), now - DAY);
    Ok(deleted)
}

/// How the names of temporary files begin, before a random token.
const SCRATCH: [&str; 8] = [
    "vision-export-",
    "vision-import-",
    "vision-upload-",
    "vision-rejects-",
    "vision-sample-",
    "vision-restore-",
    "vision-erasure-",
    "vision-access-",
];

/// Deletes temporary files that a killed process has left; nobody works with one for so long.
fn sweep_scratch(folder: &Path, before: Timestamp) -> u64 {
    let old = |entry: &DirEntry| {
        let ours = entry.file_name().to_str().is_some_and(|name| SCRATCH.iter().any(|prefix| name.starts_with(prefix)));
        let meta = entry.metadata().ok().filter(|meta| ours && meta.is_file());
        let written = meta.and_then(|meta| meta.modified().ok()).and_then(|at| Timestamp::try_from(at).ok());
        written.is_some_and(|written| written < before)
    };
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let gone = entries.flatten().filter(old).filter(|entry| std::fs::remove_file(entry.path()).is_ok()).count();
    u64::try_from(gone).unwrap_or(0)
}

/// GD-08: each tenant's audit log is kept as long as the tenant says.
async fn sweep_audit_log(app: &App, now: Timestamp) -> Result<u64, Failure> {
    let mut deleted = 0;
    loop {
        let mut tx = app.db.system().await?;
        let done = sqlx::query(
            "DELETE FROM audit_log a USING (
               SELECT l.tenant_id, l.id FROM tenants t
               CROSS JOIN LATERAL (SELECT tenant_id, id FROM audit_log l WHERE l.tenant_id = t.id ORDER BY l.id LIMIT 200) l
               JOIN audit_log o ON o.tenant_id = l.tenant_id AND o.id = l.id
               WHERE o.at < $1 - make_interval(days => t.audit_retention_days) LIMIT $2
             ) old WHERE a.tenant_id = old.tenant_id AND a.id = old.id",
        )
        .bind(now.to_sqlx())
        .bind(BATCH)
        .execute(tx.conn())
        .await?
        .rows_affected();
        tx.commit().await?;
        deleted += done;
        // Identifiers are ordered by time: when the oldest lines of every tenant are young enough, so are all others.
        if done == 0 {
            return Ok(deleted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_temporary_files_of_ours_go() {
        let folder = std::env::temp_dir().join(format!("vision-test-{}", crate::crypto::random_token()));
        std::fs::create_dir_all(folder.join("vision-import-folder")).expect("folder");
        for name in ["vision-import-a", "vision-export-b.csv", "somebody-else", "vision-keep"] {
            std::fs::write(folder.join(name), "x").expect("file");
        }
        let written = std::fs::metadata(folder.join("vision-keep")).expect("file").modified().expect("time");
        let written = Timestamp::try_from(written).expect("instant");
        assert_eq!(sweep_scratch(&folder, written - DAY), 0, "they are new");
        assert_eq!(sweep_scratch(&folder, written + DAY), 2);
        assert_eq!(std::fs::read_dir(&folder).expect("folder").count(), 3);
        std::fs::remove_dir_all(&folder).expect("cleaned");
    }
}

//! What happens to a file beside the requests: it is scanned, loses the place where it was taken, is drawn; and what nobody needs any more
//! leaves the store.

use super::events::FileEvent;
use super::model::can_be_drawn;
use super::ops::{KEEP_DELETED, record};
use super::store::{self, Checked, Unchecked};
use super::{images, kinds};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use tokio::sync::Semaphore;
use uuid::Uuid;
use vision_kernel::Problem;
use vision_platform::housekeeping::delete_old;
use vision_platform::{App, Failure, Job, JobContext, JobError, Tx};
use vision_ports::Verdict;

/// An upload to which nothing was added for this long is given up.
pub(crate) const KEEP_UPLOADS: SignedDuration = SignedDuration::from_hours(24);
/// A check that came to nothing (its server was killed) is begun again after this long.
pub(crate) const AGAIN: SignedDuration = SignedDuration::from_mins(10);
/// How long a file waits for a scanner that does not answer.
const SCANNER_AWAY: SignedDuration = SignedDuration::from_secs(30);
/// After this many attempts a file is no longer drawn: drawing it may be what ends them.
const ATTEMPTS: i32 = 3;
/// Pages of a document that are drawn.
const PAGES: u32 = 10;
/// Files that one round of the clock queues.
const BATCH: i64 = 200;
/// What lies in the store is deleted in rounds of this many.
const LEFTOVERS: i64 = 200;
/// Pictures in memory at once: each may take a quarter of a gigabyte.
static DRAWING: Semaphore = Semaphore::const_new(2);

/// Checks one file.
#[derive(Debug, Serialize, Deserialize)]
pub struct CheckFile {
    /// The file.
    pub id: Uuid,
}

/// Queues a check; while one waits, another is the same one.
pub(crate) async fn enqueue(tx: &mut Tx, job: &CheckFile) -> Result<(), Failure> {
    tx.enqueue_with(job, Some(&format!("file:{}", job.id)), Some("files")).await
}

impl Job for CheckFile {
    const NAME: &'static str = "files_check";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let mut tx = ctx.begin().await?;
        let again = tx.now() + AGAIN;
        let Some(file) = store::begin_check(&mut tx, self.id, again).await? else { return Ok(()) };
        tx.commit().await?;
        let folder = tempfile::tempdir().map_err(|error| JobError::Retry(error.to_string()))?;
        let path = folder.path().join("file");
        ctx.app.files.fetch_to(&file.object_key, &path).await?;
        if let Some(scanner) = &ctx.app.scanner {
            match scanner.scan(&path).await {
                Ok(Verdict::Clean) => {}
                Ok(Verdict::Infected(threat)) => {
                    tracing::warn!(file = %self.id, %threat, "malware: the file is in quarantine");
                    let done = Checked { threat: Some(threat), object_key: file.object_key.clone(), ..Checked::default() };
                    return Ok(self.end(&ctx, &file, done).await?);
                }
                Err(error) => {
                    tracing::warn!(file = %self.id, %error, "the file waits to be scanned");
                    let mut tx = ctx.begin().await?;
                    let until = tx.now() + SCANNER_AWAY;
                    store::postpone_check(&mut tx, self.id, until).await?;
                    return Ok(tx.commit().await?);
                }
            }
        }
        let done = self.prepare(&ctx, &file, &path, folder.path()).await?;
        Ok(self.end(&ctx, &file, done).await?)
    }
}

impl CheckFile {
    /// Cleans and draws a file; what cannot be read stays as it is, without a picture.
    async fn prepare(&self, ctx: &JobContext, file: &Unchecked, path: &Path, folder: &Path) -> Result<Checked, Failure> {
        let mut done = Checked { object_key: file.object_key.clone(), ..Checked::default() };
        if kinds::is_picture(&file.media_type) {
            let content = Bytes::from(tokio::fs::read(path).await.map_err(Problem::internal)?);
            let (before, kind) = (content.clone(), file.media_type.clone());
            let cleaned = blocking(move || images::without_place(content, &kind)).await;
            match cleaned {
                Ok(after) if after != before => {
                    tokio::fs::write(path, &after).await.map_err(Problem::internal)?;
                    done.size = i64::try_from(after.len()).ok();
                    done.object_key = self.keep(ctx, after).await?;
                }
                Ok(_) => {}
                Err(error) => tracing::info!(file = %self.id, %error, "a picture that cannot be read stays as it is"),
            }
        }
        if !can_be_drawn(&file.media_type) || file.attempts > ATTEMPTS {
            return Ok(done);
        }
        // Never closed: the permit always comes.
        let permit = DRAWING.acquire().await.map_err(Problem::internal)?;
        let drawn = if kinds::is_pdf(&file.media_type) { pages(ctx, path, folder, &mut done).await } else { picture(path).await };
        drop(permit);
        match drawn {
            Ok((thumbnail, previews)) => {
                done.thumbnail_key = Some(self.keep(ctx, thumbnail.into()).await?);
                for preview in previews {
                    done.preview_keys.push(self.keep(ctx, preview.into()).await?);
                }
            }
            Err(error) => tracing::info!(file = %self.id, %error, "no picture of this file"),
        }
        Ok(done)
    }

    /// Stores something that belongs to the file, and gives its key.
    async fn keep(&self, ctx: &JobContext, content: Bytes) -> Result<String, Failure> {
        let key = format!("{}/files/{}/{}", ctx.actor.tenant_id, self.id, ctx.app.clock.new_id().simple());
        ctx.app.files.put(&key, content).await?;
        Ok(key)
    }

    async fn end(&self, ctx: &JobContext, file: &Unchecked, done: Checked) -> Result<(), Failure> {
        let mut tx = ctx.begin().await?;
        let first = store::end_check(&mut tx, self.id, &file.object_key, &done).await?;
        if first
            && done.threat.is_some()
            && let Some(row) = store::get(&mut tx, self.id).await?
        {
            record(&mut tx, FileEvent::new("file.quarantined", &row), &row).await?;
        }
        tx.commit().await?;
        if first && done.object_key != file.object_key {
            ctx.app.files.delete(&file.object_key).await?;
        }
        Ok(())
    }
}

type Drawn = Result<(Vec<u8>, Vec<Vec<u8>>), String>;

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, String> + Send + 'static) -> Result<T, String> {
    // A decoder that panics costs the picture, not the worker.
    tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())?
}

async fn picture(path: &Path) -> Drawn {
    let path = path.to_owned();
    blocking(move || images::draw(&path).map(|(small, large)| (small, vec![large]))).await
}

async fn pages(ctx: &JobContext, path: &Path, folder: &Path, done: &mut Checked) -> Drawn {
    let pages = ctx.app.pages.pages(path, PAGES, images::PREVIEW * 3 / 4, folder).await.map_err(|error| error.to_string())?;
    done.pages = i32::try_from(pages.total).ok();
    blocking(move || {
        let first = pages.images.first().ok_or("no page")?;
        let small = images::thumbnail(first)?;
        let all: Result<Vec<Vec<u8>>, _> = pages.images.iter().map(std::fs::read).collect();
        Ok((small, all.map_err(|error| error.to_string())?))
    })
    .await
}

/// Queues the files whose check is due: a scanner was away, or a server was killed.
pub fn beat(app: &App) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + '_>> {
    Box::pin(async move {
        let mut tx = app.db.system().await?;
        let due: Vec<(Uuid, Uuid)> = sqlx::query_as(
            "SELECT tenant_id, id FROM files WHERE status = 'checking' AND next_check_at <= $1 ORDER BY next_check_at LIMIT $2",
        )
        .bind(tx.now_sql())
        .bind(BATCH)
        .fetch_all(tx.conn())
        .await?;
        for (tenant, id) in due {
            tx.enqueue(tenant, &CheckFile { id }, Some(&format!("{tenant}:file:{id}"))).await?;
        }
        tx.commit().await
    })
}

/// Notes that what lies below `prefix` is nobody's after `until`, whatever becomes of those who work with it meanwhile.
pub(crate) async fn forget_after(tx: &mut Tx, prefix: &str, until: Timestamp) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("INSERT INTO file_leftovers (tenant_id, prefix, since) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind(tenant)
        .bind(prefix)
        .bind(until.to_sqlx())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Gives up uploads that nobody goes on with, empties the trash, and deletes from the store what belongs to no row any more.
pub async fn sweep(app: &App) -> Result<u64, Failure> {
    let now = app.clock.now();
    let mut deleted = delete_old(app, "file_uploads", "updated_at < $1", now - KEEP_UPLOADS).await?;
    deleted += delete_old(app, "files", "deleted_at < $1", now - KEEP_DELETED).await?;
    loop {
        let mut tx = app.db.system().await?;
        let left: Vec<(Uuid, String)> =
            sqlx::query_as("SELECT tenant_id, prefix FROM file_leftovers WHERE since <= $2 ORDER BY since LIMIT $1")
                .bind(LEFTOVERS)
                .bind(now.to_sqlx())
                .fetch_all(tx.conn())
                .await?;
        tx.commit().await?;
        let (tenants, prefixes): (Vec<Uuid>, Vec<String>) = left.into_iter().unzip();
        for prefix in &prefixes {
            app.files.delete_all(prefix).await?;
        }
        let mut tx = app.db.system().await?;
        let done = sqlx::query(
            "DELETE FROM file_leftovers l USING unnest($1::uuid[], $2::text[]) AS d(tenant_id, prefix) WHERE l.tenant_id = d.tenant_id AND l.prefix = d.prefix",
        )
        .bind(&tenants)
        .bind(&prefixes)
        .execute(tx.conn())
        .await?
        .rows_affected();
        tx.commit().await?;
        deleted += done;
        if i64::try_from(prefixes.len()).is_ok_and(|count| count < LEFTOVERS) {
            return Ok(deleted);
        }
    }
}

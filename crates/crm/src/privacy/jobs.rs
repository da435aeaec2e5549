//! The work of an erasure, step by step. Each step may be repeated: a server that is killed goes on where it was.

use super::erasure::{self, Params};
use super::requests;
use super::store;
use super::terms::Terms;
use crate::contacts::events::ContactEvent;
use crate::imports::engine::{Format, Table};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;
use vision_kernel::Problem;
use vision_platform::background::{self, BackgroundJob};
use vision_platform::privacy::{self, Subject};
use vision_platform::{App, Failure, Job, JobContext, JobError, crypto};

/// Erases a contact.
#[derive(Debug, Serialize, Deserialize)]
pub struct EraseContact {
    /// The background job.
    pub(super) job_id: Uuid,
}

/// Where a job is. The order matters: once the record is empty nothing new about the person is written, and only then logs are cleaned.
const RECORD: &str = "record";
const TRACES: &str = "traces";
const FILES: &str = "files";
const CERTIFIED: &str = "certified";

impl Job for EraseContact {
    const NAME: &'static str = "privacy_erase";

    async fn run(self, mut ctx: JobContext) -> Result<(), JobError> {
        // Whoever asked may see some contacts only; what names the person stands on others too.
        ctx.actor.owner_scope = None;
        let mut tx = ctx.read().await?;
        let job = background::get(&mut tx, self.job_id).await?;
        drop(tx);
        if !matches!(job.status.as_str(), "queued" | "running") {
            return Ok(());
        }
        if !record(&ctx, &job).await? {
            background::finish(&ctx, &job, "cancelled", None, None).await?;
            return Ok(());
        }
        traces(&ctx, &job).await?;
        files(&ctx, &job).await?;
        certify(&ctx, &job).await?;
        background::finish(&ctx, &job, "done", None, None).await?;
        Ok(())
    }
}

fn context(job: Uuid) -> String {
    format!("background_jobs/{job}")
}

/// Reads where the job is; `None` when it is past `step`.
async fn at(ctx: &JobContext, job: &BackgroundJob, before: Option<&str>) -> Result<Option<Params>, Failure> {
    let mut tx = ctx.read().await?;
    let job = background::get(&mut tx, job.id).await?;
    if job.cursor.as_deref() != before {
        return Ok(None);
    }
    Ok(Some(serde_json::from_value(job.params)?))
}

fn terms(ctx: &JobContext, job: &BackgroundJob, params: &Params) -> Result<Terms, Failure> {
    let plain = ctx.app.crypto.open(&params.sealed, &context(job.id)).map_err(|error| Problem::internal(error.to_string()))?;
    Ok(serde_json::from_slice(&plain)?)
}

/// Step 1: the record and everything that this part of the product knows, in one transaction. False: somebody stopped it before.
async fn record(ctx: &JobContext, job: &BackgroundJob) -> Result<bool, Failure> {
    let mut tx = ctx.begin().await?;
    if background::lock_cursor(&mut tx, job.id).await?.is_some() {
        return Ok(true);
    }
    let mut params: Params = serde_json::from_value(job.params.clone())?;
    if background::get(&mut tx, job.id).await?.cancel_requested {
        requests::reopen(&mut tx, params.request_id).await?;
        tx.commit().await?;
        return Ok(false);
    }
    store::lock(&mut tx, params.contact_id).await?.ok_or_else(Problem::not_found)?;
    params.ids = store::ids(&mut tx, params.contact_id).await?;
    params.records = store::records(&mut tx, &params.ids).await?;
    params.prefixes = store::file_prefixes(&mut tx, &params.ids).await?;
    let terms = store::terms(&mut tx, &params.ids).await?;
    params.sealed = ctx.app.crypto.seal(&serde_json::to_vec(&terms)?, &context(job.id));
    let hashes = erasure::remember_objections(&mut tx, &ctx.app.crypto, params.contact_id, params.oppose).await?;
    requests::set_hashes(&mut tx, params.request_id, &hashes).await?;
    params.counts = store::erase(&mut tx, &params.ids, &terms).await?;
    background::set_params(&mut tx, job.id, &serde_json::to_value(&params)?).await?;
    background::advance(&mut tx, job.id, 1, 4, Some(RECORD)).await?;
    tx.commit().await?;
    Ok(true)
}

/// Step 2: logs, queues, stored answers, results of jobs.
async fn traces(ctx: &JobContext, job: &BackgroundJob) -> Result<(), Failure> {
    let Some(mut params) = at(ctx, job, Some(RECORD)).await? else { return Ok(()) };
    let terms = terms(ctx, job, &params)?;
    let pattern = terms.pattern();
    let subject = Subject { ids: &params.ids, records: &params.records, pattern: pattern.as_deref(), emails: &terms.emails };
    let counts = privacy::forget(&ctx.app, ctx.actor.tenant_id, &subject).await?;
    privacy::add_counts(&mut params.counts, counts);
    step(ctx, job, &params, 2, TRACES).await
}

/// Step 3: bytes in the store.
async fn files(ctx: &JobContext, job: &BackgroundJob) -> Result<(), Failure> {
    let Some(params) = at(ctx, job, Some(TRACES)).await? else { return Ok(()) };
    for prefix in &params.prefixes {
        ctx.app.files.delete_all(prefix).await?;
    }
    let terms = terms(ctx, job, &params)?;
    let mut tx = ctx.read().await?;
    let imports = store::import_files(&mut tx).await?;
    drop(tx);
    for import in imports {
        let gone = import.ended || {
            let (app, terms, format) = (ctx.app.clone(), terms.clone(), serde_json::from_value::<Format>(import.format.clone())?);
            names(&app, &import.file_key, format, terms).await?
        };
        if gone {
            ctx.app.files.delete(&import.file_key).await?;
            let mut tx = ctx.begin().await?;
            store::forget_import_file(&mut tx, import.id).await?;
            tx.commit().await?;
        }
    }
    step(ctx, job, &params, 3, FILES).await
}

/// Whether a file that waits to be imported names the person.
async fn names(app: &App, key: &str, format: Format, terms: Terms) -> Result<bool, Failure> {
    let path = std::env::temp_dir().join(format!("vision-erasure-{}", crypto::random_token()));
    app.files.fetch_to(key, &path).await?;
    let read = path.clone();
    let found = tokio::task::spawn_blocking(move || {
        let table = Table::open(&read, &format).ok()?;
        Some(table.map_while(Result::ok).any(|row| terms.are_in(&row.cells)))
    })
    .await;
    drop(tokio::fs::remove_file(&path).await);
    // A file that cannot be read cannot be shown to be clean.
    Ok(found.map_err(Problem::internal)?.unwrap_or(true))
}

async fn step(ctx: &JobContext, job: &BackgroundJob, params: &Params, done: i64, cursor: &str) -> Result<(), Failure> {
    let mut tx = ctx.begin().await?;
    background::set_params(&mut tx, job.id, &serde_json::to_value(params)?).await?;
    background::advance(&mut tx, job.id, done, 4, Some(cursor)).await?;
    tx.commit().await
}

/// Step 4: the certificate. The job forgets what it knew.
async fn certify(ctx: &JobContext, job: &BackgroundJob) -> Result<(), Failure> {
    let Some(params) = at(ctx, job, Some(FILES)).await? else { return Ok(()) };
    let mut tx = ctx.begin().await?;
    let counts: BTreeMap<&String, &u64> = params.counts.iter().filter(|(_, rows)| **rows > 0).collect();
    let hashes = requests::hashes(&mut tx, params.request_id).await?;
    let kept: Vec<_> = super::registry::tables()
        .filter_map(|table| match table.erasure {
            super::registry::Erasure::Keep(reason) => Some(json!({ "table": table.name, "reason": reason })),
            _ => None,
        })
        .collect();
    let statement = json!({
        "request_id": params.request_id, "company_id": ctx.actor.tenant_id, "erased_at": tx.now().to_string(), "rows": counts, "kept": kept,
        "subject_hashes": hashes.iter().map(|hash| hex(hash)).collect::<Vec<_>>(),
    });
    // Signed, so that a copy can be held against the one that is kept here.
    let signature = hex(&crypto::keyed_hash(&ctx.app.crypto.purpose_key("privacy certificate"), statement.to_string().as_bytes()));
    requests::certify(&mut tx, params.request_id, &json!({ "statement": statement, "signature": signature })).await?;
    let rest = Params { contact_id: params.contact_id, request_id: params.request_id, parent: params.parent, ..Params::default() };
    background::set_params(&mut tx, job.id, &serde_json::to_value(&rest)?).await?;
    background::advance(&mut tx, job.id, 4, 4, Some(CERTIFIED)).await?;
    tx.emit(&ContactEvent::new("contact.erased", params.contact_id, "Personne effacée"));
    tx.commit().await
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

//! Bringing an archive into an empty company: checked whole first, then written in one transaction. Whatever an archive says, nothing of it
//! names another company's rows or files, and nothing that a browser would run comes in.

use super::export::{CompanyMoved, internal, scratch};
use super::read::{self, Piece};
use super::rows::{Incoming, Refused};
use super::store;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::Path;
use tokio::sync::mpsc;
use uuid::Uuid;
use vision_kernel::{Permission, Problem, ProblemKind};
use vision_platform::background::{self, BackgroundJob};
use vision_platform::{Failure, Job, JobContext, JobError, Tx};
use vision_ports::FilesError;

/// Kind of the background job.
pub(crate) const KIND: &str = "company.import";

/// Where a job is whose rows are committed.
const WRITTEN: &str = "written";

/// Why a restore ends without a result.
pub(super) enum Stop {
    /// The archive, or the company: said in French to whoever brought it.
    Refused(String),
    /// Somebody asked to stop.
    Cancelled,
    /// Something broke here; tried again.
    Broken(Failure),
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused.0)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Broken(failure)
    }
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        // What the database refuses of a row will be refused again.
        match error.as_database_error().and_then(sqlx::error::DatabaseError::code) {
            Some(code) if !["08", "40", "53", "55", "57", "58"].iter().any(|passing| code.starts_with(passing)) => {
                Self::Refused(format!("L’archive contient une ligne que la base refuse ({code}). Rien n’a été importé."))
            }
            _ => Self::Broken(error.into()),
        }
    }
}

/// What an archive may be restored by: whoever may do everything that it brings.
fn check_right(tx: &Tx) -> Result<(), Failure> {
    let needed = [Permission::ContactsImport, Permission::ContactsWrite, Permission::RolesManage, Permission::TeamManage];
    if tx.actor().owner_scope.is_none() && needed.iter().all(|permission| tx.actor().permissions.contains(permission)) {
        Ok(())
    } else {
        Err(Problem::new(ProblemKind::Forbidden).into())
    }
}

/// Refuses a company in which somebody has already written something.
pub(super) async fn check_empty(tx: &mut Tx) -> Result<(), Failure> {
    check_right(tx)?;
    match store::first_used(tx).await? {
        None => Ok(()),
        Some(table) => {
            Err(Problem::conflict("Une archive ne s’importe que dans une entreprise vide. Créez-en une autre, puis importez-y l’archive.")
                .with("table", table)
                .into())
        }
    }
}

/// After this long an archive is deleted, whatever became of its restore.
pub(super) const KEEP_ARCHIVE: SignedDuration = SignedDuration::from_hours(48);

/// Queues the restore of an archive that lies in the store under `<tenant>/restores/<id>`.
pub(super) async fn start(tx: &mut Tx, id: Uuid) -> Result<BackgroundJob, Failure> {
    store::lock_company(tx).await?;
    check_empty(tx).await?;
    if store::is_restoring(tx, KIND).await? {
        return Err(Problem::conflict("Une archive est déjà en cours d’import dans cette entreprise.").into());
    }
    let job = background::create(tx, KIND, json!({ "archive": id }), false).await?;
    tx.enqueue_with(&RestoreCompany { job_id: job.id, archive: id }, Some(&format!("company-import:{}", job.id)), Some("company")).await?;
    Ok(job)
}

/// Where an archive waits.
pub(super) fn key(tenant: Uuid, archive: Uuid) -> String {
    format!("{}/archive.zip", folder(tenant, archive))
}

/// The folder of an archive.
pub(super) fn folder(tenant: Uuid, archive: Uuid) -> String {
    format!("{tenant}/restores/{archive}")
}

/// Brings an archive in. Begun again after a kill it starts from nothing: what was written was not committed.
#[derive(Debug, Serialize, Deserialize)]
pub struct RestoreCompany {
    pub(super) job_id: Uuid,
    pub(super) archive: Uuid,
}

impl Job for RestoreCompany {
    const NAME: &'static str = "company_import";

    async fn run(self, mut ctx: JobContext) -> Result<(), JobError> {
        ctx.actor.owner_scope = None;
        let mut tx = ctx.read().await?;
        let job = background::get(&mut tx, self.job_id).await?;
        drop(tx);
        if !matches!(job.status.as_str(), "queued" | "running") {
            return Ok(());
        }
        let (path, key) = (scratch("restore"), key(ctx.actor.tenant_id, self.archive));
        // Killed after the rows were committed: only the end is missing.
        if job.cursor.as_deref() == Some(WRITTEN) {
            ctx.app.files.delete(&key).await?;
            background::finish(&ctx, &job, "done", None, None).await?;
            return Ok(());
        }
        let done = match ctx.app.files.fetch_to(&key, &path).await {
            Ok(()) => restore(&ctx, &job, &path).await,
            Err(FilesError::NotFound) => Err(Stop::Refused("L’archive n’est plus là : envoyez-la à nouveau.".to_owned())),
            Err(error) => Err(Stop::Broken(error.into())),
        };
        drop(tokio::fs::remove_file(&path).await);
        let (status, error) = match &done {
            Ok(()) => ("done", None),
            Err(Stop::Cancelled) => ("cancelled", None),
            Err(Stop::Refused(why)) => ("failed", Some(why.as_str())),
            Err(Stop::Broken(_)) => ("", None),
        };
        if let Err(Stop::Broken(failure)) = done {
            return Err(JobError::Retry(failure.to_string()));
        }
        ctx.app.files.delete(&key).await?;
        background::finish(&ctx, &job, status, None, error).await?;
        Ok(())
    }
}

async fn restore(ctx: &JobContext, job: &BackgroundJob, path: &Path) -> Result<(), Stop> {
    let mut tx = ctx.read().await?;
    let (schema, shapes) = (store::schema(&mut tx).await?, store::shapes(&mut tx).await?);
    let own_email = store::own_email(&mut tx).await?;
    drop(tx);
    let checked = {
        let path = path.to_owned();
        tokio::task::spawn_blocking(move || read::check(&path, schema)).await.map_err(internal)?
    };
    let manifest = checked?;
    let files: u64 = manifest.files.iter().map(|file| file.size).sum();
    if ctx.app.config.files_quota.is_some_and(|quota| files > u64::try_from(quota).unwrap_or(0)) {
        return Err(Stop::Refused("Les fichiers de l’archive dépassent la place dont dispose cette entreprise.".to_owned()));
    }
    let rows: u64 = manifest.tables.iter().map(|table| table.rows).sum();
    let total = i64::try_from(rows).unwrap_or(0) + i64::try_from(manifest.files.len()).unwrap_or(0);
    let mut incoming = Incoming::new(ctx, shapes, own_email);

    let (sender, mut pieces) = mpsc::channel(4);
    let reader = {
        let path = path.to_owned();
        tokio::task::spawn_blocking(move || read::all(&path, &manifest, &sender))
    };
    // Begun with the first row: files come before, and may take longer than a transaction may wait.
    let mut writing: Option<Tx> = None;
    let (mut done, mut told) = (0_i64, 0_i64);
    let mut stored = Vec::new();
    let written = async {
        while let Some(piece) = pieces.recv().await {
            match piece {
                Piece::File { path, content, head } => {
                    let key = format!("{}/{path}", ctx.actor.tenant_id);
                    let put = ctx.app.files.put_path(&key, &content).await;
                    drop(tokio::fs::remove_file(&content).await);
                    put.map_err(Failure::from)?;
                    stored.push(key);
                    incoming.file(path, &head);
                    done += 1;
                }
                Piece::Rows { table, lines } => {
                    done += i64::try_from(lines.len()).unwrap_or(0);
                    if writing.is_none() {
                        writing = Some(into_empty(ctx).await?);
                    }
                    if let Some(tx) = &mut writing {
                        incoming.write(tx, &table, &lines).await?;
                    }
                }
            }
            if done - told >= 5000 || done == total {
                told = done;
                let mut progress = ctx.begin().await?;
                let go_on = background::advance(&mut progress, job.id, done, total, None).await?;
                progress.commit().await?;
                if !go_on {
                    return Err(Stop::Cancelled);
                }
            }
        }
        Ok(())
    }
    .await;
    drop(pieces);
    let read = reader.await.map_err(internal)?;
    let result = match (written, read) {
        (Ok(()), read) => read.map_err(Stop::from),
        (Err(stop), _) => Err(stop),
    };
    if result.is_ok()
        && let Some(mut tx) = writing
    {
        tx.emit(&CompanyMoved { name: "company.imported", tenant: ctx.actor.tenant_id, count: i64::try_from(rows).unwrap_or(0) });
        // Noted with the rows: a kill from here on does not make a failure of it.
        background::advance(&mut tx, job.id, total, total, Some(WRITTEN)).await?;
        tx.commit().await?;
        return Ok(());
    }
    for key in stored {
        ctx.app.files.delete(&key).await.map_err(Failure::from)?;
    }
    result
}

/// The transaction that writes, in a company that nobody else restores into and in which nobody has written anything.
async fn into_empty(ctx: &JobContext) -> Result<Tx, Stop> {
    let mut tx = ctx.begin().await?;
    store::unhurried(&mut tx).await?;
    store::lock_company(&mut tx).await?;
    if store::first_used(&mut tx).await?.is_some() {
        return Err(Stop::Refused("Cette entreprise n’est plus vide : rien n’a été importé.".to_owned()));
    }
    Ok(tx)
}

/// A line of a table.
pub(super) fn parse(line: &str) -> Result<Value, Refused> {
    match serde_json::from_str(line) {
        Ok(row @ Value::Object(_)) => Ok(row),
        _ => Err(Refused("Une ligne de l’archive n’est pas lisible. Rien n’a été importé.".to_owned())),
    }
}

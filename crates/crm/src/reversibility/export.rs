//! Writing the archive.

use super::store::{self, Shape};
use super::tables::{KEYS, TRAVEL};
use super::{FORMAT, FileEntry, MANIFEST, Manifest, TableEntry, file_path, hexadecimal, table_path};
use crate::consents::oppositions::OppositionKey;
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};
use uuid::Uuid;
use vision_documents::ArchiveWriter;
use vision_kernel::{DomainEvent, Problem, Subject};
use vision_platform::background::{self, BackgroundJob};
use vision_platform::{Failure, Job, JobContext, JobError, Tx, crypto};
use vision_ports::FilesError;

/// Kind of the background job.
pub(crate) const KIND: &str = "company.export";
/// Rows between two looks at whether somebody wants to stop.
const STRIDE: i64 = 5000;

const README: &str = "Export complet d’une entreprise, au format vision-company/1.\n\n\
    - manifest.json : les tables et les fichiers, avec leur nombre de lignes et leur somme SHA-256.\n\
    - tables/<nom>.jsonl : une ligne par enregistrement, en JSON (JSON Lines, UTF-8). Les dates sont en ISO 8601, les montants en centimes.\n\
    - files/ : les fichiers joints, tels qu’ils ont été envoyés, et leurs aperçus. La colonne object_key de tables/files.jsonl y mène.\n\n\
    Ces fichiers se lisent avec n’importe quel langage ou tableur ; ils se réimportent dans une entreprise vide (Paramètres, Réversibilité).\n\
    Ils contiennent des données personnelles : conservez-les en lieu sûr, et effacez-les quand ils ne servent plus.\n";

/// The company was taken along, or brought back.
#[derive(Debug, Serialize)]
pub(super) struct CompanyMoved {
    #[serde(skip)]
    pub(super) name: &'static str,
    #[serde(skip)]
    pub(super) tenant: Uuid,
    pub(super) count: i64,
}

impl DomainEvent for CompanyMoved {
    fn name(&self) -> &'static str {
        self.name
    }
    fn subject(&self) -> Subject {
        Subject { kind: "company", id: self.tenant, label: String::new() }
    }
}

/// Queues the archive.
pub(super) async fn start(tx: &mut Tx) -> Result<BackgroundJob, Failure> {
    let job = background::create(tx, KIND, json!({}), false).await?;
    tx.enqueue_with(&ExportCompany { job_id: job.id }, Some(&format!("company-export:{}", job.id)), Some("company")).await?;
    Ok(job)
}

/// Makes the archive. Begun again after a kill it starts from nothing: nobody has seen the half of it.
#[derive(Debug, Serialize, Deserialize)]
pub struct ExportCompany {
    pub(super) job_id: Uuid,
}

impl Job for ExportCompany {
    const NAME: &'static str = "company_export";

    async fn run(self, mut ctx: JobContext) -> Result<(), JobError> {
        ctx.actor.owner_scope = None;
        let mut tx = ctx.read().await?;
        let job = background::get(&mut tx, self.job_id).await?;
        drop(tx);
        if !matches!(job.status.as_str(), "queued" | "running") {
            return Ok(());
        }
        let path = scratch("export");
        let written = write(&ctx, &job, &path).await;
        let key = format!("{}/exports/{}", ctx.actor.tenant_id, job.id);
        let stored = match written {
            Ok(Some(rows)) => ctx.app.files.put_path(&key, &path).await.map(|()| Some(rows)).map_err(Failure::from),
            other => other,
        };
        drop(tokio::fs::remove_file(&path).await);
        let Some(rows) = stored? else {
            background::finish(&ctx, &job, "cancelled", None, None).await?;
            return Ok(());
        };
        let mut tx = ctx.begin().await?;
        if store::erased_since(&mut tx, job.id).await? {
            drop(tx);
            ctx.app.files.delete(&key).await?;
            let why = "Une personne a été effacée pendant l’export : l’archive l’aurait contenue. Relancez-le.";
            background::finish(&ctx, &job, "failed", None, Some(why)).await?;
            return Ok(());
        }
        tx.emit(&CompanyMoved { name: "company.exported", tenant: ctx.actor.tenant_id, count: rows });
        let name = format!("entreprise-{}.zip", ctx.app.clock.now().strftime("%Y-%m-%d"));
        background::finish_with(tx, &job, "done", Some((&key, &name)), None).await?;
        Ok(())
    }
}

/// A private temporary path.
pub(super) fn scratch(what: &str) -> PathBuf {
    std::env::temp_dir().join(format!("vision-{what}-{}.zip", crypto::random_token()))
}

pub(super) fn internal(error: impl std::fmt::Display) -> Failure {
    Problem::internal(error.to_string()).into()
}

/// How far the work is.
struct Progress<'a> {
    ctx: &'a JobContext,
    job: &'a BackgroundJob,
    done: i64,
    total: i64,
}

impl Progress<'_> {
    /// One more unit; `Ok(false)` when somebody asked to stop.
    async fn step(&mut self) -> Result<bool, Failure> {
        self.done += 1;
        if self.done % STRIDE == 0 { self.tell().await } else { Ok(true) }
    }

    async fn tell(&self) -> Result<bool, Failure> {
        let mut tx = self.ctx.begin().await?;
        let go_on = background::advance(&mut tx, self.job.id, self.done, self.total.max(self.done), None).await?;
        tx.commit().await?;
        Ok(go_on)
    }
}

/// Writes the archive; gives the number of rows, or `None` when the job was cancelled.
async fn write(ctx: &JobContext, job: &BackgroundJob, path: &Path) -> Result<Option<i64>, Failure> {
    let mut archive = ArchiveWriter::create(path).map_err(internal)?;
    archive.entry("LISEZMOI.txt", true).map_err(internal)?;
    archive.write_all(README.as_bytes()).map_err(internal)?;
    let mut tx = ctx.read().await?;
    store::freeze(&mut tx).await?;
    let (shapes, schema, total) = (store::shapes(&mut tx).await?, store::schema(&mut tx).await?, store::count(&mut tx).await?);
    let mut manifest = Manifest {
        format: FORMAT.to_owned(),
        schema,
        exported_at: ctx.app.clock.now().to_string(),
        company: String::new(),
        tables: Vec::new(),
        files: Vec::new(),
        missing: Vec::new(),
    };
    let mut progress = Progress { ctx, job, done: 0, total };
    let mut keys = Vec::new();
    for table in TRAVEL {
        let Some(shape) = shapes.get(*table) else { return Err(internal(format!("{table} has no shape"))) };
        archive.entry(&table_path(table), true).map_err(internal)?;
        let Some(entry) = write_table(&mut tx, &mut archive, table, shape, &mut progress, &mut keys, &mut manifest.company).await? else {
            return Ok(None);
        };
        manifest.tables.push(entry);
    }
    drop(tx);
    let rows = progress.done;
    progress.total = rows + i64::try_from(keys.len()).unwrap_or(0);
    for key in keys {
        progress.done += 1;
        if !progress.tell().await? {
            return Ok(None);
        }
        let whole = format!("{}/{key}", ctx.actor.tenant_id);
        let mut content = match ctx.app.files.stream(&whole).await {
            Ok((_, content)) => content,
            Err(FilesError::NotFound) => {
                manifest.missing.push(key);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        archive.entry(&file_path(&key), false).map_err(internal)?;
        let (mut hash, mut size) = (Sha256::new(), 0_u64);
        while let Some(piece) = content.try_next().await? {
            hash.update(&piece);
            size += piece.len() as u64;
            archive.write_all(&piece).map_err(internal)?;
        }
        manifest.files.push(FileEntry { path: key, size, sha256: hexadecimal(hash) });
    }
    archive.entry(MANIFEST, true).map_err(internal)?;
    serde_json::to_writer_pretty(&mut archive, &manifest)?;
    archive.finish().map_err(internal)?;
    Ok(Some(rows))
}

/// Writes a table, row by row as they come; `None` when somebody asked to stop.
async fn write_table(
    tx: &mut Tx,
    archive: &mut ArchiveWriter,
    table: &str,
    shape: &Shape,
    progress: &mut Progress<'_>,
    keys: &mut Vec<String>,
    company: &mut String,
) -> Result<Option<TableEntry>, Failure> {
    let (tenant, prefix) = (tx.tenant(), format!("{}/", tx.tenant()));
    // The key of the list of objections is sealed by this instance: it travels open, or the list would be dead elsewhere (MK-17).
    let opened = if table == "opposition_keys" {
        OppositionKey::find(tx, &progress.ctx.app.crypto).await?.map(|key| key.plain().to_vec())
    } else {
        None
    };
    let (columns, owner) = (shape.columns.join(", "), store::owner_column(table));
    let sql = format!(
        "SELECT to_jsonb(x) - 'tenant_id' FROM (SELECT {columns} FROM {table} WHERE {owner} = $1 ORDER BY {}) x",
        shape.key.join(", ")
    );
    let mut rows = sqlx::query_scalar::<_, Value>(sqlx::AssertSqlSafe(sql)).bind(tenant).fetch(tx.conn());
    let (mut hash, mut count) = (Sha256::new(), 0_u64);
    while let Some(mut row) = rows.try_next().await? {
        if let Some(fields) = row.as_object_mut() {
            for (_, column) in KEYS.iter().filter(|(of, _)| *of == table) {
                if let Some(value) = fields.get_mut(*column) {
                    without_prefix(value, &prefix, keys);
                }
            }
            if table == "tenants" {
                fields.get("name").and_then(Value::as_str).unwrap_or_default().clone_into(company);
            }
            if let Some(plain) = &opened {
                fields.insert("sealed".to_owned(), json!(plain));
            }
        }
        let line = format!("{row}\n");
        hash.update(line.as_bytes());
        archive.write_all(line.as_bytes()).map_err(internal)?;
        count += 1;
        if !progress.step().await? {
            return Ok(None);
        }
    }
    Ok(Some(TableEntry { name: table.to_owned(), rows: count, sha256: hexadecimal(hash) }))
}

/// Keys of the store lose the company's prefix, and are noted.
fn without_prefix(value: &mut Value, prefix: &str, keys: &mut Vec<String>) {
    match value {
        Value::String(key) => {
            if let Some(rest) = key.strip_prefix(prefix) {
                let rest = rest.to_owned();
                keys.push(rest.clone());
                *key = rest;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| without_prefix(item, prefix, keys)),
        _ => {}
    }
}

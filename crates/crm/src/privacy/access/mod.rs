//! A person's own data, in one archive: JSON for machines, a PDF to read, and the files (GD-02, art. 15 and 20). What is there follows the
//! registry, so that a new table cannot be missing; other people's data and who works here are left out.

mod gather;
mod readable;

use super::letterhead;
use super::requests;
use super::store;
use crate::contacts::events::ContactEvent;
use crate::contacts::store as contacts;
use crate::custom_fields::model::{Definition, RecordObject};
use crate::custom_fields::store as custom_fields;
use crate::files::names;
use crate::zone;
use futures::TryStreamExt;
use gather::{PARTS, Part};
use readable::Readable;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use uuid::Uuid;
use vision_documents::{ArchiveWriter, pdf};
use vision_kernel::{Permission, Problem, ProblemKind};
use vision_platform::background::{self, BackgroundJob};
use vision_platform::{Failure, Job, JobContext, JobError, Tx, crypto};
use vision_ports::FilesError;

/// Kind of the background job.
pub(crate) const KIND: &str = "privacy.access";

/// Who asks for a person's data, and for which request.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct AccessIn {
    /// The request that it answers: one for access or portability, still open.
    pub(super) request_id: Option<Uuid>,
}

/// What the job must know. `contact_id` also tells an erasure whose file this is.
#[derive(Debug, Serialize, Deserialize)]
struct Params {
    contact_id: Uuid,
    request_id: Option<Uuid>,
}

/// Queues the archive. Taking data out is a right of its own.
pub(super) async fn start(tx: &mut Tx, id: Uuid, input: &AccessIn) -> Result<BackgroundJob, Failure> {
    if !tx.actor().permissions.contains(&Permission::ContactsExport) {
        return Err(Problem::new(ProblemKind::Forbidden).into());
    }
    let target = store::target(tx, id).await?.ok_or_else(Problem::not_found)?;
    if target.erased {
        return Err(Problem::conflict("Les données de cette personne ont été effacées : il n’y a plus rien à remettre.").into());
    }
    let params = Params { contact_id: id, request_id: input.request_id };
    let job = background::create(tx, KIND, serde_json::to_value(&params)?, false).await?;
    if let Some(request) = input.request_id {
        requests::attach(tx, request, id, job.id).await?;
    }
    tx.enqueue_with(&ExportPerson { job_id: job.id }, Some(&format!("access:{}", job.id)), None).await?;
    Ok(job)
}

/// Makes the archive. Begun again after a kill it starts from nothing: nobody has seen the half of it.
#[derive(Debug, Serialize, Deserialize)]
pub struct ExportPerson {
    /// The background job.
    pub(super) job_id: Uuid,
}

impl Job for ExportPerson {
    const NAME: &'static str = "privacy_access";

    async fn run(self, mut ctx: JobContext) -> Result<(), JobError> {
        // The archive is about all that is held, not about what one member may see.
        ctx.actor.owner_scope = None;
        let mut tx = ctx.read().await?;
        let job = background::get(&mut tx, self.job_id).await?;
        drop(tx);
        if !matches!(job.status.as_str(), "queued" | "running") {
            return Ok(());
        }
        let params: Params = serde_json::from_value(job.params.clone()).map_err(|error| JobError::Fail(error.to_string()))?;
        let path = scratch();
        let written = write(&ctx, &job, params.contact_id, &path).await;
        let key = format!("{}/exports/{}", ctx.actor.tenant_id, job.id);
        let stored = match written {
            Ok(true) => ctx.app.files.put_path(&key, &path).await.map(|()| true).map_err(Failure::from),
            other => other,
        };
        drop(tokio::fs::remove_file(&path).await);
        // An erasure that began meanwhile waits for this lock, and then takes the file away; one that came first leaves nothing to hand over.
        let mut tx = ctx.begin().await?;
        let there = store::lock(&mut tx, params.contact_id).await?.is_some_and(|target| !target.erased);
        if !stored? || !there {
            ctx.app.files.delete(&key).await?;
            tx.commit().await?;
            background::finish(&ctx, &job, "cancelled", None, None).await?;
            return Ok(());
        }
        let name = format!("acces-{}.zip", ctx.app.clock.now().strftime("%Y-%m-%d"));
        tx.emit(&ContactEvent::new("contact.data_exported", params.contact_id, String::new()));
        background::finish_with(tx, &job, "done", Some((&key, &name)), None).await?;
        Ok(())
    }
}

/// A private temporary path.
fn scratch() -> PathBuf {
    std::env::temp_dir().join(format!("vision-access-{}.zip", crypto::random_token()))
}

/// A file of the person's, to be put into the archive.
struct Attached {
    key: String,
    path: String,
}

fn internal(error: impl std::fmt::Display) -> Failure {
    Problem::internal(error.to_string()).into()
}

/// Writes the archive; `Ok(false)` when the job was cancelled.
async fn write(ctx: &JobContext, job: &BackgroundJob, id: Uuid, path: &Path) -> Result<bool, Failure> {
    let mut archive = ArchiveWriter::create(path).map_err(internal)?;
    let mut tx = ctx.read().await?;
    let contact = contacts::get(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    let ids = store::ids(&mut tx, id).await?;
    let zone = zone::of_tenant(&mut tx).await?;
    let company = letterhead::company(&mut tx).await?;
    let fields = custom_fields::definitions(&mut tx, RecordObject::Contact).await?;
    let of_things = custom_fields::definitions(&mut tx, RecordObject::Entity).await?;
    let named = |fields: &[Definition]| fields.iter().map(|field| (field.key.clone(), field.label.clone())).collect::<BTreeMap<_, _>>();
    let choices = gather::choices(&mut tx, &ctx.app.crypto, &contact).await?;

    let head = json!({
        "format": "vision-access/1", "generated_at": ctx.app.clock.now(), "controller": company, "person": { "id": id, "name": contact.display_name },
        "information": gather::information(&company), "custom_fields": named(&fields), "entity_custom_fields": named(&of_things), "choices": choices,
    });
    // The tables follow inside the same object, row by row.
    let head = head.to_string();
    archive.entry("donnees.json", true).map_err(internal)?;
    archive.write_all(head.strip_suffix('}').unwrap_or(&head).as_bytes()).map_err(internal)?;
    archive.write_all(b",\"data\":{").map_err(internal)?;
    let mut readable = Readable::new(zone, &company, &contact.display_name, (fields, of_things), ctx.app.clock.now());
    readable.choices(&choices);
    let mut attached = Vec::new();
    for (n, part) in PARTS.iter().enumerate() {
        table(&mut tx, &mut archive, part, &ids, n == 0, &mut readable, &mut attached).await?;
    }
    archive.write_all(b"}}\n").map_err(internal)?;
    drop(tx);

    let total = i64::try_from(attached.len()).unwrap_or(0) + 1;
    let mut missing = Vec::new();
    for (n, file) in attached.iter().enumerate() {
        let mut tx = ctx.begin().await?;
        let go_on = background::advance(&mut tx, job.id, i64::try_from(n).unwrap_or(0), total, None).await?;
        tx.commit().await?;
        if !go_on {
            return Ok(false);
        }
        match ctx.app.files.stream(&file.key).await {
            Ok((_, mut content)) => {
                archive.entry(&file.path, false).map_err(internal)?;
                while let Some(piece) = content.try_next().await? {
                    archive.write_all(&piece).map_err(internal)?;
                }
            }
            // Deleted for good since the table was read.
            Err(FilesError::NotFound) => missing.push(file.path.clone()),
            Err(error) => return Err(error.into()),
        }
    }
    let dossier = readable.finish(&missing);
    let (ident, at) = (job.id.to_string(), ctx.app.clock.now());
    let document = tokio::task::spawn_blocking(move || pdf::dossier(&dossier, &ident, at)).await.map_err(internal)?.map_err(internal)?;
    archive.entry("donnees.pdf", false).map_err(internal)?;
    archive.write_all(&document).map_err(internal)?;
    archive.finish().map_err(internal)?;
    let mut tx = ctx.begin().await?;
    let go_on = background::advance(&mut tx, job.id, total, total, None).await?;
    tx.commit().await?;
    Ok(go_on)
}

/// Writes the person's rows of one table, row by row as they come.
async fn table(
    tx: &mut Tx,
    archive: &mut ArchiveWriter,
    part: &Part,
    ids: &[Uuid],
    first: bool,
    readable: &mut Readable,
    attached: &mut Vec<Attached>,
) -> Result<(), Failure> {
    let tenant = tx.tenant();
    let sql = part.sql();
    let mut rows = sqlx::query_scalar::<_, Value>(sqlx::AssertSqlSafe(sql)).bind(tenant).bind(ids).bind(part.left_out()).fetch(tx.conn());
    let comma = if first { "" } else { "," };
    archive.write_all(format!("{comma}\"{}\":[", part.table).as_bytes()).map_err(internal)?;
    let mut count = 0_usize;
    while let Some(mut row) = rows.try_next().await? {
        if part.table == "files"
            && let Some(fields) = row.as_object_mut()
            && let Some(Value::String(key)) = fields.remove("object_key")
        {
            // What a scanner found to be malware is not handed over.
            if fields.get("status").and_then(Value::as_str) == Some("ready") {
                let name = names::safe(fields.get("name").and_then(Value::as_str).unwrap_or_default());
                let path = format!("fichiers/{:04}-{name}", attached.len() + 1);
                fields.insert("path".to_owned(), Value::from(path.clone()));
                attached.push(Attached { key, path });
            }
        }
        if count > 0 {
            archive.write_all(b",\n").map_err(internal)?;
        }
        serde_json::to_writer(&mut *archive, &row)?;
        readable.row(part, &row);
        count += 1;
    }
    archive.write_all(b"]").map_err(internal)?;
    readable.end(part, count);
    Ok(())
}

//! Uploads: announced, sent piece by piece at an offset, ended once. What has arrived survives a cut on either side.

use super::events::FileEvent;
use super::jobs::{self, CheckFile};
use super::kinds;
use super::model::UploadIn;
use super::names;
use super::store::{self, FileRow, NewFile};
use super::subjects;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use jiff_sqlx::ToSqlx;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use uuid::Uuid;
use vision_kernel::{Actor, Problem, ProblemKind};
use vision_platform::{App, Failure, Tx};

/// Largest file, in bytes.
pub const MAX_FILE: i64 = 50 * 1024 * 1024;
/// What is held in memory before it is stored, and the most that a killed server loses.
const PIECE: usize = 4 * 1024 * 1024;
/// Uploads that one person may have under way.
const MOST_OPEN: i64 = 100;

/// An upload under way.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Upload {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) size: i64,
    pub(crate) received: i64,
    parts: Vec<String>,
    subject_kind: String,
    subject_id: Uuid,
    pub(crate) updated_at: jiff_sqlx::Timestamp,
}

fn megabytes(bytes: i64) -> String {
    format!("{} Mo", bytes / (1024 * 1024))
}

fn too_large(detail: impl Into<String>, reason: &str) -> Failure {
    Problem::new(ProblemKind::TooLarge).detail(detail).with("reason", reason).into()
}

/// Announces a file.
pub(crate) async fn begin(tx: &mut Tx, input: UploadIn, quota: Option<i64>) -> Result<Upload, Failure> {
    if input.size <= 0 {
        return Err(Problem::field("/size", "empty", "Ce fichier est vide.").into());
    }
    if input.size > MAX_FILE {
        return Err(too_large("Ce fichier dépasse 50 Mo.", "file"));
    }
    let name = names::safe(&input.name);
    if kinds::starts(&name) {
        return Err(Problem::new(ProblemKind::UnsupportedMediaType).detail(kinds::REFUSED).into());
    }
    let subject = subjects::find(tx, &input.subject.kind, input.subject.id).await?;
    if subject.archived {
        return Err(Problem::conflict("Cette fiche est archivée. Restaurez-la avant d’y ajouter un fichier.").into());
    }
    store::lock_usage(tx).await?;
    let usage = store::usage(tx).await?;
    if usage.open_uploads >= MOST_OPEN {
        return Err(Problem::conflict("Trop d’envois sont en cours. Terminez-les ou annulez-les.").into());
    }
    if let Some(quota) = quota
        && usage.bytes + usage.reserved + input.size > quota
    {
        let detail = format!(
            "L’espace de stockage est plein : {} utilisés sur {}. Videz la corbeille ou supprimez des fichiers.",
            megabytes(usage.bytes + usage.reserved),
            megabytes(quota)
        );
        return Err(too_large(detail, "quota"));
    }
    let (tenant, id, now, actor) = (tx.tenant(), tx.new_id(), tx.now().to_sqlx(), tx.actor().id);
    Ok(sqlx::query_as(
        "INSERT INTO file_uploads (tenant_id, id, name, size, subject_kind, subject_id, created_by, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) RETURNING *",
    )
    .bind(tenant)
    .bind(id)
    .bind(name)
    .bind(input.size)
    .bind(&input.subject.kind)
    .bind(subject.id)
    .bind(actor)
    .bind(now)
    .fetch_one(tx.conn())
    .await?)
}

/// One's own upload: nobody else goes on with it.
pub(crate) async fn own(tx: &mut Tx, id: Uuid, lock: bool) -> Result<Option<Upload>, Failure> {
    let (tenant, actor) = (tx.tenant(), tx.actor().id);
    let sql = if lock {
        "SELECT * FROM file_uploads WHERE tenant_id = $1 AND id = $2 AND created_by = $3 FOR UPDATE"
    } else {
        "SELECT * FROM file_uploads WHERE tenant_id = $1 AND id = $2 AND created_by = $3"
    };
    Ok(sqlx::query_as(sql).bind(tenant).bind(id).bind(actor).fetch_optional(tx.conn()).await?)
}

/// Gives an upload up; what has arrived is deleted by the housekeeping.
pub(crate) async fn cancel(tx: &mut Tx, id: Uuid) -> Result<bool, Failure> {
    let (tenant, actor) = (tx.tenant(), tx.actor().id);
    let gone = sqlx::query("DELETE FROM file_uploads WHERE tenant_id = $1 AND id = $2 AND created_by = $3")
        .bind(tenant)
        .bind(id)
        .bind(actor)
        .execute(tx.conn())
        .await?;
    Ok(gone.rows_affected() == 1)
}

fn misplaced(received: i64) -> Failure {
    Problem::conflict("L’envoi en est à un autre endroit du fichier.").with("offset", received).into()
}

/// Takes what a request sends from `offset` on, and gives the offset after it. Nothing is held beyond one piece; what has arrived when the
/// connection breaks counts.
pub(crate) async fn receive(app: &App, actor: &Actor, upload: &Upload, offset: i64, body: Body) -> Result<i64, Failure> {
    if offset != upload.received {
        return Err(misplaced(upload.received));
    }
    let (mut at, mut held, mut stream) = (offset, BytesMut::new(), body.into_data_stream());
    loop {
        match stream.next().await {
            Some(Ok(bytes)) => {
                let arrived = at + i64::try_from(held.len() + bytes.len()).unwrap_or(i64::MAX);
                if arrived > upload.size {
                    return Err(too_large("Le contenu dépasse la taille annoncée.", "announced"));
                }
                held.extend_from_slice(&bytes);
                while held.len() >= PIECE {
                    at = keep(app, actor, upload.id, at, held.split_to(PIECE).freeze()).await?;
                }
            }
            Some(Err(_)) => {
                keep(app, actor, upload.id, at, held.freeze()).await?;
                return Err(Problem::new(ProblemKind::BadRequest).detail("L’envoi du fichier a été interrompu.").into());
            }
            None => return keep(app, actor, upload.id, at, held.freeze()).await,
        }
    }
}

/// Stores a piece and counts it. The offset decides between two that come at once.
async fn keep(app: &App, actor: &Actor, id: Uuid, at: i64, piece: Bytes) -> Result<i64, Failure> {
    if piece.is_empty() {
        return Ok(at);
    }
    let length = i64::try_from(piece.len()).unwrap_or(i64::MAX);
    let key = format!("{}/{at:012}-{}", prefix(actor.tenant_id, id), app.clock.new_id().simple());
    app.files.put(&key, piece).await?;
    let mut tx = app.db.begin(actor.clone()).await?;
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let moved: Option<i64> = sqlx::query_scalar(
        "UPDATE file_uploads SET received = received + $4, parts = parts || $5::text, updated_at = $6
         WHERE tenant_id = $1 AND id = $2 AND received = $3 RETURNING received",
    )
    .bind(tenant)
    .bind(id)
    .bind(at)
    .bind(length)
    .bind(&key)
    .bind(now)
    .fetch_optional(tx.conn())
    .await?;
    let Some(moved) = moved else {
        let now_at = own(&mut tx, id, false).await?.map_or(0, |upload| upload.received);
        drop(tx);
        app.files.delete(&key).await?;
        return Err(misplaced(now_at));
    };
    tx.commit().await?;
    Ok(moved)
}

fn prefix(tenant: Uuid, id: Uuid) -> String {
    format!("{tenant}/uploads/{id}")
}

/// The parts put together.
struct Assembled {
    path: tempfile::TempPath,
    head: Vec<u8>,
    sha256: Vec<u8>,
}

async fn assemble(app: &App, upload: &Upload) -> Result<Assembled, Failure> {
    let (file, path) = tempfile::NamedTempFile::new().map_err(Problem::internal)?.into_parts();
    let mut file = tokio::fs::File::from_std(file);
    let (mut head, mut hash, mut size) = (Vec::new(), Sha256::new(), 0_i64);
    for part in &upload.parts {
        let (_, mut pieces) = app.files.stream(part).await?;
        while let Some(piece) = pieces.next().await {
            let piece = piece?;
            let room = kinds::HEAD.saturating_sub(head.len()).min(piece.len());
            head.extend_from_slice(piece.get(..room).unwrap_or_default());
            hash.update(&piece);
            size += i64::try_from(piece.len()).unwrap_or(i64::MAX);
            file.write_all(&piece).await.map_err(Problem::internal)?;
        }
    }
    file.flush().await.map_err(Problem::internal)?;
    if size != upload.size {
        return Err(Problem::internal(format!("upload {}: {size} bytes stored of {}", upload.id, upload.size)).into());
    }
    Ok(Assembled { path, head, sha256: hash.finalize().to_vec() })
}

/// Ends an upload: its parts become a file that a job checks. Asked again, it answers with the same file.
pub(crate) async fn finish(app: &App, actor: &Actor, id: Uuid, expected: Option<Vec<u8>>) -> Result<FileRow, Failure> {
    let mut tx = app.db.read(actor.clone()).await?;
    let Some(upload) = own(&mut tx, id, false).await? else { return made_before(&mut tx, id).await };
    drop(tx);
    if upload.received < upload.size {
        let detail = "Le fichier n’est pas encore arrivé en entier.";
        return Err(Problem::conflict(detail).with("offset", upload.received).into());
    }
    let whole = match assemble(app, &upload).await {
        Ok(whole) => whole,
        // Somebody else has ended it meanwhile and cleared its parts away.
        Err(failure) if failure.kind() == ProblemKind::NotFound => {
            let mut tx = app.db.read(actor.clone()).await?;
            return made_before(&mut tx, id).await;
        }
        Err(failure) => return Err(failure),
    };
    let media_type = kinds::sniff(&whole.head, &upload.name);
    let refused = match (expected, media_type) {
        (Some(expected), _) if expected != whole.sha256 => {
            Some(Problem::field("/sha256", "mismatch", "Le fichier reçu n’est pas celui qui a été envoyé : recommencez."))
        }
        (_, None) => Some(Problem::new(ProblemKind::UnsupportedMediaType).detail(kinds::REFUSED)),
        _ => None,
    };
    if let Some(refused) = refused {
        let mut tx = app.db.begin(actor.clone()).await?;
        cancel(&mut tx, id).await?;
        tx.commit().await?;
        return Err(refused.into());
    }
    let object_key = format!("{}/files/{id}/{}", actor.tenant_id, app.clock.new_id().simple());
    app.files.put_path(&object_key, &whole.path).await?;
    let mut tx = app.db.begin(actor.clone()).await?;
    if own(&mut tx, id, true).await?.is_none() {
        let row = made_before(&mut tx, id).await;
        drop(tx);
        app.files.delete(&object_key).await?;
        return row;
    }
    let subject = subjects::find(&mut tx, &upload.subject_kind, upload.subject_id).await?;
    let new = NewFile {
        id,
        name: &upload.name,
        media_type: media_type.unwrap_or_default(),
        size: upload.size,
        sha256: &whole.sha256,
        subject: (&upload.subject_kind, subject.id),
        object_key: &object_key,
        next_check_at: tx.now() + jobs::AGAIN,
    };
    store::insert(&mut tx, &new).await?;
    cancel(&mut tx, id).await?;
    let row = store::get(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    super::ops::record(&mut tx, FileEvent::new("file.added", &row), &row).await?;
    jobs::enqueue(&mut tx, &CheckFile { id }).await?;
    tx.commit().await?;
    // The housekeeping would do it within the hour.
    if let Err(error) = app.files.delete_all(&prefix(actor.tenant_id, id)).await {
        tracing::warn!(%error, "the parts of an upload stay until the housekeeping");
    }
    Ok(row)
}

/// The file that this person's upload has become.
async fn made_before(tx: &mut Tx, id: Uuid) -> Result<FileRow, Failure> {
    let actor = tx.actor().id;
    let row = store::get(tx, id).await?.filter(|row| row.created_by == actor);
    row.ok_or_else(|| Problem::not_found().with("what", json!("upload")).into())
}

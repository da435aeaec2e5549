//! Routes of reversibility.

use super::{export, restore};
use crate::files::jobs::forget_after;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::response::Response;
use futures::StreamExt;
use serde::Serialize;
use std::path::PathBuf;
use tokio::io::AsyncWriteExt;
use utoipa_axum::{router::OpenApiRouter, routes};
use vision_kernel::{Permission, Problem, ProblemKind};
use vision_platform::background::{self, JobOut};
use vision_platform::http::Json;
use vision_platform::permits::CompanyManage;
use vision_platform::{ApiResult, App, Authorized, Failure};

/// Largest archive, in bytes.
const MAX_ARCHIVE: u64 = 4 << 30;

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(export_company))
        .routes(routes!(get_transfer))
        .merge(OpenApiRouter::new().routes(routes!(import_company)).layer(DefaultBodyLimit::disable()))
}

/// Everything that the company has written, as a ZIP in open formats, as a job. Needs `contacts.export` and `audit.read` too.
#[utoipa::path(post, path = "/company/export", operation_id = "export_company", tag = "company", responses((status = 202, body = JobOut)),
    security(("session" = ["company.manage"])))]
async fn export_company(auth: Authorized<CompanyManage>) -> ApiResult<Response> {
    let needed = [Permission::ContactsExport, Permission::AuditRead];
    // The archive holds everybody: it is nothing for those who see some records only.
    if auth.actor.owner_scope.is_some() || !needed.iter().all(|permission| auth.actor.permissions.contains(permission)) {
        return Err(Problem::new(ProblemKind::Forbidden).into());
    }
    let mut tx = auth.begin().await?;
    let job = export::start(&mut tx).await?;
    tx.commit().await?;
    Ok(background::accepted(job))
}

/// Whether an archive may be brought in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Transfer {
    /// True while nobody has written anything in this company.
    empty: bool,
    /// Largest archive, in bytes.
    max_bytes: u64,
}

/// Whether an archive may be brought into this company.
#[utoipa::path(get, path = "/company/transfer", operation_id = "get_company_transfer", tag = "company", responses((status = 200, body = Transfer)),
    security(("session" = ["company.manage"])))]
async fn get_transfer(auth: Authorized<CompanyManage>) -> ApiResult<Json<Transfer>> {
    let mut tx = auth.read().await?;
    let empty = super::store::first_used(&mut tx).await?.is_none();
    Ok(Json(Transfer { empty, max_bytes: MAX_ARCHIVE }))
}

/// An archive on its way in; deleted when dropped.
struct Upload(PathBuf);

impl Drop for Upload {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

async fn receive(body: Body) -> Result<Upload, Failure> {
    let upload = Upload(export::scratch("upload"));
    let mut file = tokio::fs::File::from_std(vision_documents::create_private(&upload.0).map_err(Problem::internal)?);
    let (mut stream, mut size) = (body.into_data_stream(), 0_u64);
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|_| Problem::new(ProblemKind::BadRequest).detail("L’envoi du fichier a été interrompu."))?;
        size += piece.len() as u64;
        if size > MAX_ARCHIVE {
            return Err(Problem::new(ProblemKind::TooLarge).detail("L’archive dépasse 4 Go.").into());
        }
        file.write_all(&piece).await.map_err(Problem::internal)?;
    }
    file.flush().await.map_err(Problem::internal)?;
    if size == 0 {
        return Err(Problem::new(ProblemKind::BadRequest).detail("Ce fichier est vide.").into());
    }
    Ok(upload)
}

/// Brings an archive into this company, which must be empty, as a job: checked whole first, then written at once or not at all. Members
/// come without access, to be invited again. Needs the rights to import, to change roles and the team too.
#[utoipa::path(post, path = "/company/import", operation_id = "import_company", tag = "company",
    request_body(content = Vec<u8>, content_type = "application/zip"), responses((status = 202, body = JobOut), (status = 409), (status = 413)),
    security(("session" = ["company.manage"])))]
async fn import_company(auth: Authorized<CompanyManage>, body: Body) -> ApiResult<Response> {
    let mut tx = auth.read().await?;
    restore::check_empty(&mut tx).await?;
    drop(tx);
    let upload = receive(body).await?;
    let mut tx = auth.begin().await?;
    let id = tx.new_id();
    let key = restore::key(auth.actor.tenant_id, id);
    // Killed between the steps, nobody would know of the archive: the housekeeping does.
    let mut noted = auth.begin().await?;
    let until = noted.now() + restore::KEEP_ARCHIVE;
    forget_after(&mut noted, &restore::folder(auth.actor.tenant_id, id), until).await?;
    noted.commit().await?;
    auth.app.files.put_path(&key, &upload.0).await?;
    let started = restore::start(&mut tx, id).await;
    let committed = match started {
        Ok(job) => tx.commit().await.map(|()| job),
        Err(failure) => Err(failure),
    };
    if committed.is_err() {
        auth.app.files.delete(&key).await?;
    }
    Ok(background::accepted(committed?))
}

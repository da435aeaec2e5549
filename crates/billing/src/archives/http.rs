//! Routes of archives and of the attestation.

use super::attestation;
use super::pack::{KIND, MakeArchive};
use super::store::{self, Row};
use crate::seal::whole_company;
use crate::{day, payments, profiles};
use axum::body::Body;
use axum::extract::Path;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::Problem;
use vision_platform::background::{self, JobOut};
use vision_platform::http::Json;
use vision_platform::permits::{AccountingExport, InvoicesRead};
use vision_platform::{ApiResult, App, Authorized};

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_fiscal_archives, make_fiscal_archive))
        .routes(routes!(download_fiscal_archive))
        .routes(routes!(get_attestation))
}

/// An archive that was made.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FiscalArchive {
    id: Uuid,
    #[schema(value_type = String, format = Date)]
    from: Date,
    #[schema(value_type = String, format = Date)]
    to: Date,
    /// Sealed records in it.
    records: i64,
    /// Invoices and credit notes in it.
    documents: i64,
    size_bytes: i64,
    /// Of the whole file.
    sha256: String,
    file_name: String,
    created_by: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<Row> for FiscalArchive {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            from: row.starts_on.to_jiff(),
            to: row.ends_on.to_jiff(),
            records: row.records,
            documents: row.documents,
            size_bytes: row.size_bytes,
            sha256: row.sha256,
            file_name: row.file_name,
            created_by: row.created_by_name,
            created_at: row.created_at.to_jiff(),
        }
    }
}

/// Archives.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FiscalArchives {
    items: Vec<FiscalArchive>,
}

/// The last hundred archives, the newest first.
#[utoipa::path(get, path = "/fiscal-archives", operation_id = "list_fiscal_archives", tag = "billing",
    responses((status = 200, body = FiscalArchives)), security(("session" = ["invoices.read"])))]
async fn list_fiscal_archives(auth: Authorized<InvoicesRead>) -> ApiResult<Json<FiscalArchives>> {
    let mut tx = auth.read().await?;
    whole_company(&tx)?;
    let items = store::list(&mut tx).await?.into_iter().map(FiscalArchive::from).collect();
    Ok(Json(FiscalArchives { items }))
}

/// The period of an archive.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct FiscalArchiveIn {
    /// First day.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// Last day; before today.
    #[schema(value_type = String, format = Date)]
    to: Date,
}

/// Archives a period that is over, as a job: sealed records, documents, manifest, signature, and how to check it without us (IS-09).
#[utoipa::path(post, path = "/fiscal-archives", operation_id = "make_fiscal_archive", tag = "billing", request_body = FiscalArchiveIn,
    responses((status = 202, body = JobOut), (status = 422)), security(("session" = ["accounting.export"])))]
async fn make_fiscal_archive(auth: Authorized<AccountingExport>, Json(input): Json<FiscalArchiveIn>) -> ApiResult<Response> {
    let mut tx = auth.begin().await?;
    whole_company(&tx)?;
    crate::accounting::checked_period(input.from, input.to)?;
    if input.to >= day::today(&mut tx).await? {
        return Err(Problem::field("/to", "future", "Une archive porte sur une période terminée : jusqu’à hier au plus.").into());
    }
    let params = json!({ "action": { "from": input.from, "to": input.to } });
    let job = background::create(&mut tx, KIND, params, false).await?;
    let work = MakeArchive { job_id: job.id, from: input.from, to: input.to };
    tx.enqueue_with(&work, Some(&format!("archive:{}", job.id)), None).await?;
    tx.commit().await?;
    Ok(background::accepted(job))
}

/// The file of an archive.
#[utoipa::path(get, path = "/fiscal-archives/{id}/file", operation_id = "download_fiscal_archive", tag = "billing", params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/zip"), (status = 404)), security(("session" = ["accounting.export"])))]
async fn download_fiscal_archive(auth: Authorized<AccountingExport>, Path(id): Path<Uuid>) -> ApiResult<Response> {
    let mut tx = auth.read().await?;
    whole_company(&tx)?;
    let row = store::get(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    drop(tx);
    let (size, content) = auth.app.files.stream(&row.file_key).await?;
    Ok(background::attachment(&row.file_name, Some(size), Body::from_stream(content)))
}

/// The individual attestation of the law against VAT fraud, filled in from the profile for both to sign (IS-03).
#[utoipa::path(get, path = "/attestation", operation_id = "get_attestation", tag = "billing",
    responses((status = 200, body = Vec<u8>, content_type = "application/pdf")), security(("session" = ["invoices.read"])))]
async fn get_attestation(auth: Authorized<InvoicesRead>) -> ApiResult<Response> {
    let mut tx = auth.read().await?;
    whole_company(&tx)?;
    let seller = profiles::seller(&mut tx).await?;
    let (first, zone, at) = (payments::first_day(&mut tx).await?, day::zone_name(&mut tx).await?, tx.now());
    drop(tx);
    let made = tokio::task::spawn_blocking(move || attestation::pdf(&seller, &zone, first, at));
    let pdf = made.await.map_err(Problem::internal)?.map_err(Problem::internal)?;
    let size = u64::try_from(pdf.len()).unwrap_or_default();
    Ok(background::attachment(&format!("attestation-logiciel-de-caisse-v{}.pdf", attestation::major()), Some(size), Body::from(pdf)))
}

//! The audit log as a table: CSV for French Excel, or XLSX. Small ones at once, large ones as a job. An export is itself logged.

use super::{AuditFilter, AuditRow, count, page};
use crate::events::CompanyEvent;
use axum::body::Body;
use axum::response::Response;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_documents::{Cell, DocumentError, TableWriter, words};
use vision_kernel::{Change, Problem};
use vision_platform::background::{self, BackgroundJob, JobOut};
use vision_platform::http::Json;
use vision_platform::permits::AuditRead;
use vision_platform::{ApiResult, App, Authorized, Failure, Job, JobContext, JobError, Tx, crypto};

/// Kind of the background job.
const KIND: &str = "audit.export";
/// Largest export that is answered at once.
const INLINE: i64 = 5000;
/// Lines per read.
const BATCH: usize = 500;

const HEADERS: &[&str] =
    &["Date et heure", "Auteur", "Type d’auteur", "Action", "Code de l’action", "Objet", "Identifiant", "Changements", "Adresse IP"];

/// Routes.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(export_audit_log))
}

/// File formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AuditExportFormat {
    /// `;`, UTF-8 with BOM: opens in French Excel by a double click.
    Csv,
    /// Excel.
    Xlsx,
}

impl AuditExportFormat {
    fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }
}

/// What to export, as what.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct AuditExportIn {
    #[serde(default)]
    filter: AuditFilter,
    format: AuditExportFormat,
}

/// Exports the audit log: the file for up to 5,000 lines, a job above.
#[utoipa::path(post, path = "/audit-log/export", operation_id = "export_audit_log", tag = "company", request_body = AuditExportIn,
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 202, body = JobOut), (status = 422)),
    security(("session" = ["audit.read"])))]
async fn export_audit_log(auth: Authorized<AuditRead>, Json(input): Json<AuditExportIn>) -> ApiResult<Response> {
    let mut tx = auth.begin().await?;
    let total = count(&mut tx, &input.filter, i64::from(i32::MAX)).await?;
    if total > INLINE {
        let job = background::create(&mut tx, KIND, serde_json::to_value(&input)?, false).await?;
        background::set_total(&mut tx, job.id, total).await?;
        tx.enqueue_with(&RunAuditExport { job_id: job.id }, Some(&format!("export:{}", job.id)), None).await?;
        tx.commit().await?;
        return Ok(background::accepted(BackgroundJob { total, ..job }));
    }
    exported(&mut tx, auth.actor.id, input.format);
    tx.commit().await?;
    let ctx = JobContext { app: auth.app.clone(), actor: auth.actor.clone() };
    let path = scratch(input.format);
    let written = write(&ctx, &input, &path, None).await;
    let content = tokio::fs::read(&path).await;
    drop(tokio::fs::remove_file(&path).await);
    written?;
    let content = content.map_err(Problem::internal)?;
    let size = u64::try_from(content.len()).unwrap_or(0);
    Ok(background::attachment(&file_name(&ctx, input.format), Some(size), Body::from(content)))
}

fn exported(tx: &mut Tx, id: Uuid, format: AuditExportFormat) {
    let label = format.extension().to_owned();
    tx.emit(&CompanyEvent { name: "audit_log.exported", kind: "export", id, label, changes: Vec::new() });
}

fn file_name(ctx: &JobContext, format: AuditExportFormat) -> String {
    format!("journal-{}.{}", ctx.app.clock.now().strftime("%Y-%m-%d"), format.extension())
}

/// A private temporary path.
fn scratch(format: AuditExportFormat) -> PathBuf {
    std::env::temp_dir().join(format!("vision-export-{}.{}", crypto::random_token(), format.extension()))
}

/// Writes the lines of the filter; `Ok(false)` when the job was cancelled.
async fn write(ctx: &JobContext, input: &AuditExportIn, path: &Path, job: Option<&BackgroundJob>) -> Result<bool, Failure> {
    let failed = |error: DocumentError| Failure::from(Problem::internal(error));
    let mut table = match input.format {
        AuditExportFormat::Csv => TableWriter::csv(path, HEADERS),
        AuditExportFormat::Xlsx => TableWriter::xlsx(path, HEADERS),
    }
    .map_err(failed)?;
    let mut tx = ctx.read().await?;
    let tenant = tx.tenant();
    let zone: String = sqlx::query_scalar("SELECT time_zone FROM tenants WHERE id = $1").bind(tenant).fetch_one(tx.conn()).await?;
    drop(tx);
    let zone = TimeZone::get(&zone).unwrap_or(TimeZone::UTC);
    let (mut after, mut done) = (None, 0_i64);
    loop {
        let mut tx = ctx.read().await?;
        let rows = page(&mut tx, &input.filter, after, BATCH).await?;
        drop(tx);
        let Some(last) = rows.last() else { break };
        after = Some(last.id);
        for row in &rows {
            write_row(&mut table, row, &zone).map_err(failed)?;
        }
        done += i64::try_from(rows.len()).unwrap_or(0);
        if let Some(job) = job {
            let mut tx = ctx.begin().await?;
            let go_on = background::advance(&mut tx, job.id, done, job.total.max(done), None).await?;
            tx.commit().await?;
            if !go_on {
                return Ok(false);
            }
        }
    }
    table.finish().map_err(failed)?;
    Ok(true)
}

fn actor_kind(kind: &str) -> &str {
    match kind {
        "user" => "Utilisateur",
        "api_key" => "Clé API",
        "import" => "Import",
        "system" => "Système",
        other => other,
    }
}

/// A stored value as a person reads it: texts bare, lists with commas, records by their values.
fn value_text(value: &Value) -> String {
    match value {
        Value::Null => "∅".to_owned(),
        Value::Bool(true) => "oui".to_owned(),
        Value::Bool(false) => "non".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(value_text).collect::<Vec<_>>().join(", "),
        Value::Object(parts) => {
            let named = ["name", "display", "email", "phone"].iter().find_map(|key| parts.get(*key)?.as_str());
            named.map_or_else(
                || {
                    parts
                        .iter()
                        .filter(|(key, part)| *key != "id" && !part.is_null())
                        .map(|(_, part)| value_text(part))
                        .collect::<Vec<_>>()
                        .join(" ")
                },
                str::to_owned,
            )
        }
    }
}

fn changes_text(changes: &Value) -> String {
    let changes: Vec<Change> = serde_json::from_value(changes.clone()).unwrap_or_default();
    let line = |change: &Change| {
        let field = words::field(&change.field).unwrap_or(&change.field);
        format!("{field} : {} → {}", value_text(&change.before), value_text(&change.after))
    };
    changes.iter().map(line).collect::<Vec<_>>().join(" ; ")
}

fn write_row(table: &mut TableWriter, row: &AuditRow, zone: &TimeZone) -> Result<(), DocumentError> {
    let id = row.object_id.to_string();
    let changes = changes_text(&row.changes);
    table.row(&[
        Cell::Instant(row.at.to_jiff().to_zoned(zone.clone()).datetime()),
        Cell::Text(&row.actor_name),
        Cell::Text(actor_kind(&row.actor_kind)),
        Cell::Text(words::action(&row.action).unwrap_or(&row.action)),
        Cell::Text(&row.action),
        Cell::text(Some(&row.object_label)),
        Cell::Text(&id),
        Cell::text(Some(&changes)),
        Cell::text(row.ip.as_deref()),
    ])
}

/// Writes a large export to the file store.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RunAuditExport {
    job_id: Uuid,
}

impl Job for RunAuditExport {
    const NAME: &'static str = "audit_export";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let mut tx = ctx.read().await?;
        let job = background::get(&mut tx, self.job_id).await?;
        drop(tx);
        if !matches!(job.status.as_str(), "queued" | "running") {
            return Ok(());
        }
        let input: AuditExportIn = serde_json::from_value(job.params.clone()).map_err(|error| JobError::Fail(error.to_string()))?;
        let path = scratch(input.format);
        let written = write(&ctx, &input, &path, Some(&job)).await;
        let stored = match written {
            Ok(true) => {
                let key = format!("{}/exports/{}", ctx.actor.tenant_id, job.id);
                ctx.app.files.put_path(&key, &path).await.map(|()| Some(key)).map_err(Failure::from)
            }
            Ok(false) => Ok(None),
            Err(failure) => Err(failure),
        };
        drop(tokio::fs::remove_file(&path).await);
        let Some(key) = stored? else {
            background::finish(&ctx, &job, "cancelled", None, None).await?;
            return Ok(());
        };
        let mut tx = ctx.begin().await?;
        exported(&mut tx, job.id, input.format);
        background::finish_with(tx, &job, "done", Some((&key, &file_name(&ctx, input.format))), None).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_read_as_on_the_screen() {
        let changes = serde_json::json!([
            { "field": "last_name", "before": null, "after": "Dupré" },
            { "field": "tags", "before": [], "after": [{ "id": "1", "name": "VIP" }] },
        ]);
        assert_eq!(changes_text(&changes), "Nom : ∅ → Dupré ; Étiquettes :  → VIP");
    }

    #[test]
    fn the_catalogues_are_read() {
        assert_eq!(words::action("audit_log.exported"), Some("Journal exporté"));
    }
}

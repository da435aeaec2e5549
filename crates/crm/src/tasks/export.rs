//! Tasks as a file: CSV for French Excel, or XLSX, with headers that an import of tasks understands. Small ones at once, large ones as a job.

use super::filter::{Conditions, TaskFilter, TaskSort};
use super::model::{TaskKind, TaskOutcome, TaskPriority, shown_hour};
use super::store::{self, TaskRow};
use crate::contacts::events::ContactsEvent;
use crate::zone::{self, Zone};
use axum::body::Body;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_documents::{Cell, DocumentError, TableWriter};
use vision_kernel::{Permission, Problem, ProblemKind};
use vision_platform::background::{self, BackgroundJob, JobOut};
use vision_platform::http::Json;
use vision_platform::permits::ContactsExport;
use vision_platform::{ApiResult, App, Authorized, Failure, Job, JobContext, JobError, crypto};

/// Kind of the background job.
pub(crate) const KIND: &str = "tasks.export";
/// Largest export that is answered at once.
const INLINE: i64 = 5000;
/// Tasks per read.
const BATCH: usize = 500;

const HEADERS: &[&str] = &[
    "Type",
    "Titre",
    "Échéance",
    "Heure",
    "Priorité",
    "Assigné à",
    "Client",
    "Bien",
    "Immatriculation",
    "Statut",
    "Fait le",
    "Fait par",
    "Issue",
    "Compte rendu",
    "Durée (min)",
    "Description",
    "Créée par",
    "Créée le",
];

/// Routes.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(export_tasks))
}

/// File formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskExportFormat {
    /// `;`, UTF-8 with BOM: opens in French Excel by a double click.
    Csv,
    /// Excel.
    Xlsx,
}

impl TaskExportFormat {
    fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }
}

/// What to export, as what.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TaskExportIn {
    /// As of a list: `view` is `open` by default.
    #[serde(default)]
    filter: TaskFilter,
    format: TaskExportFormat,
}

/// As stored with a job.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Params {
    input: TaskExportIn,
    /// Whoever asked may not read contacts: jobs have every right of their own.
    blind: bool,
}

/// Exports tasks that the caller sees: the file for up to 5,000, a job above. Needs `tasks.read` too.
#[utoipa::path(post, path = "/tasks/export", operation_id = "export_tasks", tag = "tasks", request_body = TaskExportIn,
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 202, body = JobOut), (status = 422)),
    security(("session" = ["contacts.export"])))]
async fn export_tasks(auth: Authorized<ContactsExport>, Json(input): Json<TaskExportIn>) -> ApiResult<Response> {
    if !auth.actor.may(Permission::TasksRead) {
        return Err(Problem::new(ProblemKind::Forbidden).with("permission", Permission::TasksRead.key()).into());
    }
    let wanted = input.filter.conditions(&auth.actor)?;
    let params = Params { input, blind: !auth.actor.may(Permission::ContactsRead) };
    let mut tx = auth.begin().await?;
    let zone = zone::of_tenant(&mut tx).await?;
    let total = store::total(&mut tx, &zone, &wanted).await?;
    if total > INLINE {
        let job = background::create(&mut tx, KIND, serde_json::to_value(&params)?, false).await?;
        background::set_total(&mut tx, job.id, total).await?;
        tx.enqueue_with(&RunTaskExport { job_id: job.id }, Some(&format!("export:{}", job.id)), None).await?;
        tx.commit().await?;
        return Ok(background::accepted(BackgroundJob { total, ..job }));
    }
    tx.emit(&exported(auth.actor.id, params.input.format, total));
    tx.commit().await?;
    let ctx = JobContext { app: auth.app.clone(), actor: auth.actor.clone() };
    let path = scratch(params.input.format);
    let written = write(&ctx, &wanted, &params, &path, None).await;
    let content = tokio::fs::read(&path).await;
    drop(tokio::fs::remove_file(&path).await);
    written?;
    let content = content.map_err(Problem::internal)?;
    let size = u64::try_from(content.len()).unwrap_or(0);
    Ok(background::attachment(&file_name(&ctx, params.input.format), Some(size), Body::from(content)))
}

fn exported(id: Uuid, format: TaskExportFormat, count: i64) -> ContactsEvent {
    ContactsEvent { name: "tasks.exported", kind: "export", id, label: format.extension().to_owned(), count }
}

fn file_name(ctx: &JobContext, format: TaskExportFormat) -> String {
    format!("taches-{}.{}", ctx.app.clock.now().strftime("%Y-%m-%d"), format.extension())
}

/// A private temporary path.
fn scratch(format: TaskExportFormat) -> PathBuf {
    std::env::temp_dir().join(format!("vision-export-{}.{}", crypto::random_token(), format.extension()))
}

/// Writes the tasks that meet the filter, oldest first; `Ok(false)` when the job was cancelled.
async fn write(ctx: &JobContext, wanted: &Conditions, params: &Params, path: &Path, job: Option<&BackgroundJob>) -> Result<bool, Failure> {
    let failed = |error: DocumentError| Failure::from(Problem::internal(error));
    let mut table = match params.input.format {
        TaskExportFormat::Csv => TableWriter::csv(path, HEADERS),
        TaskExportFormat::Xlsx => TableWriter::xlsx(path, HEADERS),
    }
    .map_err(failed)?;
    let (mut after, mut done) = (None, 0_i64);
    loop {
        let mut tx = ctx.read().await?;
        let zone = zone::of_tenant(&mut tx).await?;
        let rows = store::page(&mut tx, &zone, wanted, TaskSort::Created, after, BATCH - 1).await?;
        let Some(last) = rows.last() else { break };
        after = Some(TaskSort::Created.cursor(last));
        // What the reader may not see has no label.
        let seen = |row: &&TaskRow| !params.blind && row.subject_label.is_some();
        let things: Vec<Uuid> =
            rows.iter().filter(seen).filter(|row| row.subject_kind.as_deref() == Some("entity")).filter_map(|row| row.subject_id).collect();
        let things: HashMap<Uuid, store::Thing> =
            store::things(&mut tx, &things).await?.into_iter().map(|thing| (thing.id, thing)).collect();
        drop(tx);
        for row in &rows {
            let thing = row.subject_id.filter(|_| seen(&row)).and_then(|id| things.get(&id));
            let contact = row.subject_label.as_deref().filter(|_| seen(&row) && thing.is_none());
            write_row(&mut table, row, &zone, contact, thing).map_err(failed)?;
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

fn kind_word(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::Todo => "À faire",
        TaskKind::Call => "Appel",
        TaskKind::Meeting => "Rendez-vous",
    }
}

fn outcome_word(outcome: TaskOutcome) -> &'static str {
    match outcome {
        TaskOutcome::Reached => "Joint",
        TaskOutcome::NoAnswer => "Pas de réponse",
        TaskOutcome::LeftMessage => "Message laissé",
        TaskOutcome::WrongNumber => "Mauvais numéro",
        TaskOutcome::Held => "A eu lieu",
        TaskOutcome::NoShow => "Absent",
        TaskOutcome::Cancelled => "Annulé",
    }
}

fn priority_word(priority: &str) -> &'static str {
    match TaskPriority::from_word(priority) {
        Some(TaskPriority::Low) => "Basse",
        Some(TaskPriority::High) => "Haute",
        _ => "Normale",
    }
}

fn write_row(
    table: &mut TableWriter,
    row: &TaskRow,
    zone: &Zone,
    contact: Option<&str>,
    thing: Option<&store::Thing>,
) -> Result<(), DocumentError> {
    let hour = row.due_time.map(|hour| shown_hour(hour.to_jiff()));
    let moment = |at: jiff_sqlx::Timestamp| Cell::Instant(zone.wall(at.to_jiff()));
    let minutes = row.duration_minutes.map(|minutes| minutes.to_string());
    table.row(&[
        Cell::Text(kind_word(row.kind())),
        Cell::Text(&row.title),
        row.due_date.map_or(Cell::Empty, |day| Cell::Date(day.to_jiff())),
        Cell::text(hour.as_deref()),
        Cell::Text(priority_word(&row.priority)),
        Cell::text(row.assignee_name.as_deref()),
        Cell::text(contact.or_else(|| thing?.owner.as_deref())),
        Cell::text(thing.map(|thing| thing.name.as_str())),
        Cell::text(thing.and_then(|thing| thing.plate.as_deref())),
        Cell::Text(if row.done_at.is_some() { "Terminé" } else { "À faire" }),
        row.done_at.map_or(Cell::Empty, moment),
        Cell::text(row.done_by_name.as_deref()),
        Cell::text(row.outcome().map(outcome_word)),
        Cell::text(row.result.as_deref()),
        Cell::text(minutes.as_deref()),
        Cell::text(row.description.as_deref()),
        Cell::Text(&row.created_by_name),
        moment(row.created_at),
    ])
}

/// Writes a large export to the file store.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunTaskExport {
    job_id: Uuid,
}

impl Job for RunTaskExport {
    const NAME: &'static str = "tasks_export";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let mut tx = ctx.read().await?;
        let job = background::get(&mut tx, self.job_id).await?;
        drop(tx);
        if !matches!(job.status.as_str(), "queued" | "running") {
            return Ok(());
        }
        let params: Params = serde_json::from_value(job.params.clone()).map_err(|error| JobError::Fail(error.to_string()))?;
        let wanted = params.input.filter.conditions(&ctx.actor).map_err(Failure::from)?;
        let path = scratch(params.input.format);
        let written = write(&ctx, &wanted, &params, &path, Some(&job)).await;
        let key = format!("{}/exports/{}", ctx.actor.tenant_id, job.id);
        let stored = match written {
            Ok(true) => ctx.app.files.put_path(&key, &path).await.map(|()| true).map_err(Failure::from),
            other => other,
        };
        drop(tokio::fs::remove_file(&path).await);
        if !stored? {
            background::finish(&ctx, &job, "cancelled", None, None).await?;
            return Ok(());
        }
        let mut tx = ctx.begin().await?;
        tx.emit(&exported(job.id, params.input.format, job.total));
        background::finish_with(tx, &job, "done", Some((&key, &file_name(&ctx, params.input.format))), None).await?;
        Ok(())
    }
}

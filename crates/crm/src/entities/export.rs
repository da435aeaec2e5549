//! Entities as a file: CSV for French Excel, or XLSX. Small ones at once, large ones as a job.

use super::bulk::Selection;
use super::filter::EntityFilter;
use super::store::{self, Row, Shown};
use crate::contacts::events::ContactsEvent;
use crate::custom_fields::{self, model::Definition, model::RecordObject};
use axum::body::Body;
use axum::response::Response;
use jiff_sqlx::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_documents::{Cell, DocumentError, TableWriter};
use vision_kernel::{Cursor, Problem};
use vision_platform::background::{self, BackgroundJob, JobOut};
use vision_platform::http::Json;
use vision_platform::permits::ContactsExport;
use vision_platform::{ApiResult, App, Authorized, Failure, Job, JobContext, JobError, Tx, crypto};

/// Kind of the background job.
pub(crate) const KIND: &str = "entities.export";
/// Largest export that is answered at once.
const INLINE: i64 = 5000;
/// Entities per read.
const BATCH: usize = 500;

/// The columns of a file; names that no custom field may take.
pub(crate) const HEADERS: &[&str] = &[
    "Type",
    "Nom",
    "Immatriculation",
    "Pays",
    "VIN",
    "Marque",
    "Modèle",
    "Énergie",
    "Kilométrage",
    "Relevé le",
    "1re mise en circulation",
    "Contrôle technique avant",
    "N° de série",
    "Espèce",
    "Race",
    "Naissance",
    "Adresse",
    "Description",
    "Propriétaire",
    "Depuis le",
    "Archivé",
];

/// Routes.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(export_entities))
}

/// File formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntityExportFormat {
    /// `;`, UTF-8 with BOM: opens in French Excel by a double click.
    Csv,
    /// Excel.
    Xlsx,
}

impl EntityExportFormat {
    fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }
}

/// What to export, as what.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EntityExportIn {
    #[serde(default)]
    filter: EntityFilter,
    /// Instead of `filter`: things chosen one by one, or all that match but for some.
    #[serde(default)]
    selection: Option<Selection>,
    format: EntityExportFormat,
    /// Columns, as a view names them; all of them by default. What it is always stands first.
    #[serde(default)]
    columns: Option<Vec<String>>,
}

impl EntityExportIn {
    async fn conditions(&self, tx: &mut Tx) -> Result<Map<String, Value>, Failure> {
        match &self.selection {
            Some(selection) => selection.conditions(tx).await,
            None => self.filter.conditions(tx, "/filter/").await,
        }
    }
}

/// The columns of a file that stand for one of a list.
fn stands_for(column: &str) -> &'static [&'static str] {
    match column {
        "plate" => &["Immatriculation", "Pays"],
        "vin" => &["VIN"],
        "make" => &["Marque"],
        "model" => &["Modèle"],
        "energy" => &["Énergie"],
        "mileage" => &["Kilométrage", "Relevé le"],
        "first_registration" => &["1re mise en circulation"],
        "inspection" => &["Contrôle technique avant"],
        "serial_number" => &["N° de série"],
        "owner" => &["Propriétaire", "Depuis le"],
        _ => &[],
    }
}

/// Which columns are wanted, in the file's order.
fn wanted(columns: Option<&[String]>, fields: &[Definition]) -> Vec<bool> {
    let built_in = HEADERS.iter().map(|header| {
        columns.is_none_or(|columns| matches!(*header, "Type" | "Nom") || columns.iter().any(|column| stands_for(column).contains(header)))
    });
    let own = fields
        .iter()
        .map(|field| columns.is_none_or(|columns| columns.iter().any(|column| column.strip_prefix("custom.") == Some(&field.key))));
    built_in.chain(own).collect()
}

/// Those of `all` that are wanted.
fn picked<T>(all: impl IntoIterator<Item = T>, wanted: &[bool]) -> Vec<T> {
    all.into_iter().zip(wanted).filter_map(|(one, wanted)| wanted.then_some(one)).collect()
}

/// Exports entities: the file for up to 5,000, a job above.
#[utoipa::path(post, path = "/entities/export", operation_id = "export_entities", tag = "entities", request_body = EntityExportIn,
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 202, body = JobOut), (status = 422)),
    security(("session" = ["contacts.export"])))]
async fn export_entities(auth: Authorized<ContactsExport>, Json(input): Json<EntityExportIn>) -> ApiResult<Response> {
    let mut tx = auth.begin().await?;
    if input.columns.as_ref().is_some_and(|columns| columns.len() > 100) {
        return Err(Problem::field("/columns", "invalid", "100 colonnes au plus.").into());
    }
    let conditions = input.conditions(&mut tx).await?;
    let total = match &input.selection {
        Some(selection) => selection.total(&mut tx, &conditions).await?,
        None => store::count(&mut tx, conditions.clone(), i32::MAX).await?,
    };
    if total > INLINE {
        let job = background::create(&mut tx, KIND, serde_json::to_value(&input)?, false).await?;
        background::set_total(&mut tx, job.id, total).await?;
        tx.enqueue_with(&RunEntityExport { job_id: job.id }, Some(&format!("export:{}", job.id)), None).await?;
        tx.commit().await?;
        return Ok(background::accepted(BackgroundJob { total, ..job }));
    }
    tx.emit(&exported(auth.actor.id, input.format, total));
    tx.commit().await?;
    let ctx = JobContext { app: auth.app.clone(), actor: auth.actor.clone() };
    let path = scratch(input.format);
    let written = write(&ctx, &conditions, &input, &path, None).await;
    let content = tokio::fs::read(&path).await;
    drop(tokio::fs::remove_file(&path).await);
    written?;
    let content = content.map_err(Problem::internal)?;
    let size = u64::try_from(content.len()).unwrap_or(0);
    Ok(background::attachment(&file_name(&ctx, input.format), Some(size), Body::from(content)))
}

fn exported(id: Uuid, format: EntityExportFormat, count: i64) -> ContactsEvent {
    ContactsEvent { name: "entities.exported", kind: "export", id, label: format.extension().to_owned(), count }
}

fn file_name(ctx: &JobContext, format: EntityExportFormat) -> String {
    format!("biens-{}.{}", ctx.app.clock.now().strftime("%Y-%m-%d"), format.extension())
}

/// A private temporary path.
fn scratch(format: EntityExportFormat) -> PathBuf {
    std::env::temp_dir().join(format!("vision-export-{}.{}", crypto::random_token(), format.extension()))
}

/// Writes the entities that meet `conditions`; `Ok(false)` when the job was cancelled.
async fn write(
    ctx: &JobContext,
    conditions: &Map<String, Value>,
    input: &EntityExportIn,
    path: &Path,
    job: Option<&BackgroundJob>,
) -> Result<bool, Failure> {
    let failed = |error: DocumentError| Failure::from(Problem::internal(error));
    let mut tx = ctx.read().await?;
    let fields = custom_fields::store::definitions(&mut tx, RecordObject::Entity).await?;
    drop(tx);
    let wanted = wanted(input.columns.as_deref(), &fields);
    let headers = picked(HEADERS.iter().copied().chain(fields.iter().map(|field| field.label.as_str())), &wanted);
    let mut table = match input.format {
        EntityExportFormat::Csv => TableWriter::csv(path, &headers),
        EntityExportFormat::Xlsx => TableWriter::xlsx(path, &headers),
    }
    .map_err(failed)?;
    let (mut after, mut done) = (None, 0_i64);
    loop {
        let mut tx = ctx.read().await?;
        let mut rows = store::page(&mut tx, conditions.clone(), "created", after, BATCH - 1, Shown::All).await?;
        drop(tx);
        let Some(last) = rows.last() else { break };
        after = Some(Cursor::id(last.id));
        rows.retain(|row| input.selection.as_ref().is_none_or(|selection| !selection.except().contains(&row.id)));
        for row in &rows {
            write_row(&mut table, row, &fields, &wanted).map_err(failed)?;
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

fn energy(stored: &str) -> &str {
    match stored {
        "petrol" => "Essence",
        "diesel" => "Gazole",
        "electric" => "Électrique",
        "hybrid" => "Hybride",
        "plugin_hybrid" => "Hybride rechargeable",
        "lpg" => "GPL",
        "cng" => "GNV",
        "ethanol" => "Superéthanol",
        "hydrogen" => "Hydrogène",
        _ => "Autre",
    }
}

fn write_row(table: &mut TableWriter, row: &Row, fields: &[Definition], wanted: &[bool]) -> Result<(), DocumentError> {
    let draft = row.draft();
    let day = |day: Option<Date>| day.map_or(Cell::Empty, |day| Cell::Date(day.to_jiff()));
    let mileage = row.mileage.map(|value| value.to_string());
    let custom = custom_fields::ops::written(fields, &row.custom);
    let mut cells = vec![
        Cell::Text(row.kind_name.as_deref().unwrap_or_else(|| draft.kind.label())),
        Cell::Text(&row.display_name),
        Cell::text(row.plate.as_deref()),
        Cell::text(row.plate_country.as_deref()),
        Cell::text(row.vin.as_deref()),
        Cell::text(row.make.as_deref()),
        Cell::text(row.model.as_deref()),
        Cell::text(row.energy.as_deref().map(energy)),
        Cell::text(mileage.as_deref()),
        day(row.mileage_on),
        day(row.first_registration),
        day(row.inspection_due),
        Cell::text(row.serial_number.as_deref()),
        Cell::text(row.species.as_deref()),
        Cell::text(row.breed.as_deref()),
        day(row.birth_date),
        Cell::text(row.address.as_deref()),
        Cell::text(row.description.as_deref()),
        Cell::text(row.contact_name.as_deref()),
        day(row.owned_since),
        Cell::Text(if row.archived_at.is_some() { "oui" } else { "non" }),
    ];
    cells.extend(custom.iter().map(|text| Cell::text(Some(text.as_str()).filter(|text| !text.is_empty()))));
    table.row(&picked(cells, wanted))
}

/// Writes a large export to the file store.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunEntityExport {
    job_id: Uuid,
}

impl Job for RunEntityExport {
    const NAME: &'static str = "entities_export";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let mut tx = ctx.read().await?;
        let job = background::get(&mut tx, self.job_id).await?;
        drop(tx);
        if !matches!(job.status.as_str(), "queued" | "running") {
            return Ok(());
        }
        let input: EntityExportIn = serde_json::from_value(job.params.clone()).map_err(|error| JobError::Fail(error.to_string()))?;
        let mut tx = ctx.read().await?;
        let conditions = input.conditions(&mut tx).await?;
        drop(tx);
        let path = scratch(input.format);
        let written = write(&ctx, &conditions, &input, &path, Some(&job)).await;
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
        tx.emit(&exported(job.id, input.format, job.total));
        background::finish_with(tx, &job, "done", Some((&key, &file_name(&ctx, input.format))), None).await?;
        Ok(())
    }
}

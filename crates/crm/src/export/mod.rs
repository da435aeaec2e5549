//! Contacts as a file: CSV for French Excel, XLSX, vCard. Small ones at once, large ones as a job.

use crate::contacts::events::ContactsEvent;
use crate::contacts::filter::Selection;
use crate::contacts::http::status;
use crate::contacts::store::{self as contacts, DetailRow};
use crate::custom_fields::{self, model::Definition, model::RecordObject};
use axum::body::Body;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_documents::{Card, CardAddress, Cell, TableWriter, VcardWriter};
use vision_kernel::Problem;
use vision_kernel::contact_point::display_phone;
use vision_platform::background::{self, BackgroundJob, JobOut};
use vision_platform::http::Json;
use vision_platform::permits::ContactsExport;
use vision_platform::{ApiResult, App, Authorized, Failure, Job, JobContext, JobError, crypto};

/// Kind of the background job.
pub(crate) const KIND: &str = "contacts.export";
/// Largest export that is answered at once.
const INLINE: i64 = 5000;
/// Contacts per read.
const BATCH: i32 = 500;

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(export_contacts))
}

/// File formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// `;`, UTF-8 with BOM: opens in French Excel by a double click.
    Csv,
    /// Excel.
    Xlsx,
    /// Address books.
    Vcf,
}

impl ExportFormat {
    fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Vcf => "vcf",
        }
    }
}

/// What to export, as what.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ExportIn {
    selection: Selection,
    format: ExportFormat,
    /// Columns of a table, as a view names them; all of them by default. Who it is always stands first.
    #[serde(default)]
    columns: Option<Vec<String>>,
}

/// A column of views that whole exports have not.
const STATUS: &str = "Statut";

/// The columns of a file; names that no custom field may take.
pub(crate) const HEADERS: &[&str] = &[
    "Type",
    "Civilité",
    "Prénom",
    "Nom",
    "Société",
    "Fonction",
    "E-mail",
    "E-mail 2",
    "Téléphone",
    "Téléphone 2",
    "Adresse",
    "Complément",
    "Code postal",
    "Ville",
    "Pays",
    "SIREN",
    "SIRET",
    "N° TVA",
    "Code NAF",
    "Type de client",
    "Langue",
    "Date de naissance",
    "Site web",
    "Source",
    "Responsable",
    "Étiquettes",
    "Notes",
    "Créé le",
    "Dernière activité",
];

/// The columns of a file that stand for one of a list.
fn stands_for(column: &str) -> &'static [&'static str] {
    match column {
        "email" => &["E-mail"],
        "phone" => &["Téléphone"],
        "city" => &["Code postal", "Ville"],
        "status" => &[STATUS],
        "tags" => &["Étiquettes"],
        "owner" => &["Responsable"],
        "created" => &["Créé le"],
        "activity" => &["Dernière activité"],
        _ => &[],
    }
}

/// Which of the columns of a table are wanted, in the table's order.
fn wanted(columns: Option<&[String]>, fields: &[Definition]) -> Vec<bool> {
    let built_in = HEADERS.iter().map(|header| match columns {
        None => true,
        Some(columns) => {
            matches!(*header, "Type" | "Prénom" | "Nom" | "Société") || columns.iter().any(|column| stands_for(column).contains(header))
        }
    });
    // Derived, and so no column of a whole export, which can be imported again.
    let status = columns.is_some_and(|columns| columns.iter().any(|column| column == "status"));
    let own = fields
        .iter()
        .map(|field| columns.is_none_or(|columns| columns.iter().any(|column| column.strip_prefix("custom.") == Some(&field.key))));
    built_in.chain([status]).chain(own).collect()
}

/// Those of `all` that are wanted.
fn picked<T>(all: impl IntoIterator<Item = T>, wanted: &[bool]) -> Vec<T> {
    all.into_iter().zip(wanted).filter_map(|(one, wanted)| wanted.then_some(one)).collect()
}

/// Exports contacts: the file for up to 5,000, a job above.
#[utoipa::path(post, path = "/contacts/export", operation_id = "export_contacts", tag = "contacts", request_body = ExportIn,
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 202, body = JobOut), (status = 422)),
    security(("session" = ["contacts.export"])))]
async fn export_contacts(auth: Authorized<ContactsExport>, Json(input): Json<ExportIn>) -> ApiResult<Response> {
    let mut tx = auth.begin().await?;
    if input.columns.as_ref().is_some_and(|columns| columns.len() > 100) {
        return Err(Problem::field("/columns", "invalid", "100 colonnes au plus.").into());
    }
    let conditions = input.selection.conditions(&mut tx).await?;
    let total = contacts::count(&mut tx, conditions.clone(), i32::MAX).await?;
    if total > INLINE {
        let job = background::create(&mut tx, KIND, serde_json::to_value(&input)?, false).await?;
        background::set_total(&mut tx, job.id, total).await?;
        tx.enqueue_with(&RunExport { job_id: job.id }, Some(&format!("export:{}", job.id)), None).await?;
        tx.commit().await?;
        return Ok(background::accepted(BackgroundJob { total, ..job }));
    }
    tx.emit(&ContactsEvent {
        name: "contacts.exported",
        kind: "export",
        id: auth.actor.id,
        label: input.format.extension().to_owned(),
        count: total,
    });
    tx.commit().await?;
    let ctx = JobContext { app: auth.app.clone(), actor: auth.actor.clone() };
    let name = file_name(&ctx, input.format);
    let path = scratch(input.format);
    let written = write(&ctx, &conditions, &input, &path, None).await;
    let content = tokio::fs::read(&path).await;
    drop(tokio::fs::remove_file(&path).await);
    written?;
    let content = content.map_err(Problem::internal)?;
    let size = u64::try_from(content.len()).unwrap_or(0);
    Ok(background::attachment(&name, Some(size), Body::from(content)))
}

fn file_name(ctx: &JobContext, format: ExportFormat) -> String {
    format!("contacts-{}.{}", ctx.app.clock.now().strftime("%Y-%m-%d"), format.extension())
}

/// A private temporary path.
fn scratch(format: ExportFormat) -> PathBuf {
    std::env::temp_dir().join(format!("vision-export-{}.{}", crypto::random_token(), format.extension()))
}

enum Writer {
    Table(TableWriter),
    Cards(VcardWriter),
}

/// Writes the contacts that meet `conditions`; `Ok(false)` when the job was cancelled.
async fn write(
    ctx: &JobContext,
    conditions: &Map<String, Value>,
    input: &ExportIn,
    path: &Path,
    job: Option<&BackgroundJob>,
) -> Result<bool, Failure> {
    let failed = |error: vision_documents::DocumentError| Failure::from(Problem::internal(error));
    let mut tx = ctx.read().await?;
    let fields = custom_fields::store::definitions(&mut tx, RecordObject::Contact).await?;
    let now = tx.now();
    drop(tx);
    let wanted = wanted(input.columns.as_deref(), &fields);
    let headers = picked(HEADERS.iter().copied().chain([STATUS]).chain(fields.iter().map(|field| field.label.as_str())), &wanted);
    let mut writer = match input.format {
        ExportFormat::Csv => Writer::Table(TableWriter::csv(path, &headers).map_err(failed)?),
        ExportFormat::Xlsx => Writer::Table(TableWriter::xlsx(path, &headers).map_err(failed)?),
        ExportFormat::Vcf => Writer::Cards(VcardWriter::create(path).map_err(failed)?),
    };
    let (mut after, mut done) = (None, 0_i64);
    loop {
        let mut tx = ctx.read().await?;
        let ids = contacts::ids_after(&mut tx, conditions, after, BATCH).await?;
        let Some(last) = ids.last().copied() else { break };
        let rows = contacts::get_many(&mut tx, &ids).await?;
        drop(tx);
        for row in &rows {
            match &mut writer {
                Writer::Table(table) => write_row(table, row, &fields, &wanted, now).map_err(failed)?,
                Writer::Cards(cards) => write_card(cards, row).map_err(failed)?,
            }
        }
        after = Some(last);
        done += i64::try_from(ids.len()).unwrap_or(0);
        if let Some(job) = job {
            let mut tx = ctx.begin().await?;
            let go_on = background::advance(&mut tx, job.id, done, job.total.max(done), None).await?;
            tx.commit().await?;
            if !go_on {
                return Ok(false);
            }
        }
    }
    match writer {
        Writer::Table(table) => table.finish().map(|_| ()).map_err(failed)?,
        Writer::Cards(cards) => cards.finish().map(|_| ()).map_err(failed)?,
    }
    Ok(true)
}

fn write_row(
    table: &mut TableWriter,
    row: &DetailRow,
    fields: &[Definition],
    wanted: &[bool],
    now: Timestamp,
) -> Result<(), vision_documents::DocumentError> {
    let phone = |index: usize| row.phones.get(index).map(|entry| display_phone(&entry.phone));
    let (phone1, phone2) = (phone(0), phone(1));
    let email = |index: usize| row.emails.get(index).map(|entry| entry.email.as_str());
    let address = row.addresses.first().cloned().unwrap_or_default();
    let tags = row.tags.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>().join(", ");
    let custom = custom_fields::ops::written(fields, &row.custom);
    let mut cells = vec![
        Cell::Text(if row.kind == "company" { "Société" } else { "Personne" }),
        Cell::text(row.civility.as_deref()),
        Cell::text(row.first_name.as_deref()),
        Cell::text(row.last_name.as_deref()),
        Cell::text(row.company_name.as_deref()),
        Cell::text(row.job_title.as_deref()),
        Cell::text(email(0)),
        Cell::text(email(1)),
        Cell::text(phone1.as_deref()),
        Cell::text(phone2.as_deref()),
        Cell::text(address.line1.as_deref()),
        Cell::text(address.line2.as_deref()),
        Cell::text(address.postal_code.as_deref()),
        Cell::text(address.city.as_deref()),
        Cell::text(address.country.as_deref()),
        Cell::text(row.siren.as_deref()),
        Cell::text(row.siret.as_deref()),
        Cell::text(row.vat_number.as_deref()),
        Cell::text(row.naf.as_deref()),
        Cell::Text(&row.customer_kind),
        Cell::Text(&row.language),
        row.birthday.map_or(Cell::Empty, |date| Cell::Date(date.to_jiff())),
        Cell::text(row.website.as_deref()),
        Cell::text(row.source.as_deref()),
        Cell::text(row.owner_name.as_deref()),
        Cell::Text(&tags),
        Cell::text(row.description.as_deref()),
        Cell::Date(row.created_at.to_jiff().to_zoned(jiff::tz::TimeZone::UTC).date()),
        Cell::Date(row.last_activity_at.to_jiff().to_zoned(jiff::tz::TimeZone::UTC).date()),
    ];
    cells.push(Cell::Text(match status(row.first_invoiced, row.last_activity_at.to_jiff(), now) {
        "dormant" => "Dormant",
        "client" => "Client",
        _ => "Prospect",
    }));
    cells.extend(custom.iter().map(|text| Cell::text(Some(text.as_str()).filter(|text| !text.is_empty()))));
    table.row(&picked(cells, wanted))
}

fn write_card(cards: &mut VcardWriter, row: &DetailRow) -> Result<(), vision_documents::DocumentError> {
    let uid = row.id.to_string();
    let emails: Vec<&str> = row.emails.iter().map(|entry| entry.email.as_str()).collect();
    let phones: Vec<&str> = row.phones.iter().map(|entry| entry.phone.as_str()).collect();
    let part = |text: &Option<String>| -> String { text.clone().unwrap_or_default() };
    let lines: Vec<[String; 5]> =
        row.addresses.iter().map(|a| [part(&a.line1), part(&a.line2), part(&a.postal_code), part(&a.city), part(&a.country)]).collect();
    let addresses: Vec<CardAddress<'_>> =
        lines.iter().map(|[line1, line2, postal_code, city, country]| CardAddress { line1, line2, postal_code, city, country }).collect();
    let tags: Vec<&str> = row.tags.iter().map(|tag| tag.name.as_str()).collect();
    cards.card(&Card {
        uid: &uid,
        is_company: row.kind == "company",
        display_name: &row.display_name,
        civility: row.civility.as_deref().unwrap_or_default(),
        first_name: row.first_name.as_deref().unwrap_or_default(),
        last_name: row.last_name.as_deref().unwrap_or_default(),
        company_name: row.company_name.as_deref().unwrap_or_default(),
        job_title: row.job_title.as_deref().unwrap_or_default(),
        emails: &emails,
        phones: &phones,
        addresses: &addresses,
        website: row.website.as_deref().unwrap_or_default(),
        birthday: row.birthday.map(jiff_sqlx::Date::to_jiff),
        tags: &tags,
        notes: row.description.as_deref().unwrap_or_default(),
    })
}

/// Writes a large export to the file store.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunExport {
    job_id: Uuid,
}

impl Job for RunExport {
    const NAME: &'static str = "contacts_export";

    async fn run(self, ctx: JobContext) -> Result<(), JobError> {
        let mut tx = ctx.read().await?;
        let job = background::get(&mut tx, self.job_id).await?;
        if !matches!(job.status.as_str(), "queued" | "running") {
            return Ok(());
        }
        let input: ExportIn = serde_json::from_value(job.params.clone()).map_err(|error| JobError::Fail(error.to_string()))?;
        let conditions = input.selection.conditions(&mut tx).await?;
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
        tx.emit(&ContactsEvent {
            name: "contacts.exported",
            kind: "export",
            id: job.id,
            label: input.format.extension().to_owned(),
            count: job.total,
        });
        background::finish_with(tx, &job, "done", Some((&key, &file_name(&ctx, input.format))), None).await?;
        Ok(())
    }
}

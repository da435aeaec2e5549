//! Routes of imports.

use super::engine::{FileError, Format, Table, sniff_path};
use super::fields::{Fields, ImportField};
use super::jobs::{Analyse, Run, Undo};
use super::rejects;
use super::samples;
use super::store::{self, ImportRow, NewImport, Options, UNDO};
use super::target::Kind;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use futures::StreamExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path as FsPath, PathBuf};
use tokio::io::AsyncWriteExt;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{Cursor, Page, Permission, Problem, ProblemKind, text};
use vision_platform::http::{Created, Json, cursor, page_limit};
use vision_platform::permits::ContactsImport;
use vision_platform::{ApiResult, App, Authorized, Failure, Job, Tx, background, crypto};

/// Largest file, in bytes.
const MAX_FILE: usize = 50 * 1024 * 1024;
/// Rows shown as samples.
const SAMPLES: usize = 5;

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(OpenApiRouter::new().routes(routes!(list_imports, upload_import)).layer(DefaultBodyLimit::max(MAX_FILE)))
        .routes(routes!(get_import, update_import))
        .routes(routes!(dry_run_import))
        .routes(routes!(start_import))
        .routes(routes!(cancel_import))
        .routes(routes!(undo_import))
        .routes(routes!(list_import_rows))
        .routes(routes!(download_rejects))
        .routes(routes!(download_import_sample))
}

/// A column of the file.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ImportColumn {
    header: String,
    /// The first values.
    sample: Vec<String>,
    /// Where it goes; null: left out.
    field: Option<String>,
    /// It went to a field of the tenant's own that was deleted since.
    gone: bool,
    /// The mapping was chosen by somebody before for the same headers.
    remembered: bool,
}

/// An import.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Import)]
pub struct ImportOut {
    id: Uuid,
    target: Kind,
    options: Options,
    /// `uploaded`, `analysing`, `analysed`, `running`, `done`, `cancelled`, `failed`, `undoing`, `undone`
    status: String,
    filename: String,
    /// `csv`, `tsv`, `xlsx`, `vcf`
    format: String,
    encoding: Option<String>,
    delimiter: Option<char>,
    /// `google`, `outlook`, `hubspot`, `dolibarr`, `vcard`, `generic`
    source: String,
    columns: Vec<ImportColumn>,
    fields: Vec<ImportField>,
    /// `skip`, `fill`, `create`
    duplicates: String,
    /// Rows of the file.
    total: i64,
    /// Rows handled by the step that runs.
    done: i64,
    /// `{rows, created, matched, filled, rejected, warnings, examples: [{row, outcome, label, reason, warnings}], undo?: {deleted, restored, kept}}`
    report: Option<Value>,
    created_by: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    can_cancel: bool,
    can_undo: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    undo_until: Option<Timestamp>,
    /// `<key>: <detail>` when the file could not be read.
    error: Option<String>,
}

impl ImportOut {
    fn new(row: ImportRow, fields: &Fields, now: Timestamp) -> Self {
        let finished_at = row.finished_at.map(jiff_sqlx::Timestamp::to_jiff);
        let undo_until = finished_at.map(|at| at + UNDO);
        let columns = row.headers.iter().enumerate().map(|(index, header)| {
            let mapped = row.mapping.get(index).cloned().flatten();
            ImportColumn {
                header: header.clone(),
                sample: row.samples.iter().filter_map(|cells| cells.get(index)).cloned().collect(),
                gone: mapped.as_deref().is_some_and(|key| !fields.has(key)),
                field: mapped.filter(|key| fields.has(key)),
                remembered: row.remembered,
            }
        });
        Self {
            target: row.kind(),
            options: row.options.0,
            columns: columns.collect(),
            fields: fields.all().to_vec(),
            format: row.format.name().to_owned(),
            encoding: row.format.encoding().map(|encoding| encoding.name().to_owned()),
            delimiter: row.format.delimiter(),
            can_cancel: matches!(row.status.as_str(), "analysing" | "running") && !row.cancel_requested,
            can_undo: matches!(row.status.as_str(), "done" | "cancelled") && undo_until.is_some_and(|until| now < until),
            id: row.id,
            status: row.status,
            filename: row.filename,
            source: row.source,
            duplicates: row.duplicates,
            total: row.total,
            done: row.done,
            report: row.report,
            created_by: row.created_by_name,
            created_at: row.created_at.to_jiff(),
            finished_at,
            undo_until,
            error: row.error,
        }
    }
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct UploadQuery {
    filename: String,
    /// What the file holds; `contacts` by default.
    #[serde(default)]
    target: Option<Kind>,
}

/// A file on its way in; deleted when dropped.
struct Upload(PathBuf);

impl Drop for Upload {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

async fn receive(body: Body) -> Result<Upload, Failure> {
    let upload = Upload(std::env::temp_dir().join(format!("vision-upload-{}", crypto::random_token())));
    let mut file = tokio::fs::File::create(&upload.0).await.map_err(Problem::internal)?;
    let mut stream = body.into_data_stream();
    let mut size = 0;
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|_| Problem::new(ProblemKind::BadRequest).detail("L’envoi du fichier a été interrompu."))?;
        size += piece.len();
        if size > MAX_FILE {
            return Err(Problem::new(ProblemKind::TooLarge).detail("Le fichier dépasse 50 Mo.").into());
        }
        file.write_all(&piece).await.map_err(Problem::internal)?;
    }
    file.flush().await.map_err(Problem::internal)?;
    Ok(upload)
}

fn refused(error: &FileError) -> Problem {
    let detail = match error {
        FileError::Empty => "Ce fichier est vide.",
        FileError::Unsupported(_) => "Ce type de fichier ne peut pas être importé : choisissez un CSV, un classeur XLSX ou des vCards.",
        FileError::Encrypted => "Ce classeur est protégé par un mot de passe : enregistrez-le sans mot de passe.",
        FileError::TooLarge => "Le contenu de ce fichier est trop volumineux.",
        FileError::Damaged(_) => "Ce fichier est endommagé.",
        FileError::TooManyColumns => "Ce fichier a trop de colonnes (500 au plus).",
        FileError::TooManyRows => "Ce fichier a trop de lignes (1 000 000 au plus).",
        FileError::Io(_) => "Ce fichier n’a pas pu être lu.",
    };
    let kind = match error {
        FileError::Unsupported(_) | FileError::Encrypted => ProblemKind::UnsupportedMediaType,
        FileError::TooLarge => ProblemKind::TooLarge,
        _ => ProblemKind::Validation,
    };
    Problem::new(kind).detail(detail).with("reason", error.key())
}

struct Looked {
    format: Format,
    headers: Vec<String>,
    samples: Vec<Vec<String>>,
    total: i64,
}

/// Reads a file once: its kind, its headers, some rows, how many there are.
fn look(path: &FsPath, filename: &str) -> Result<Looked, FileError> {
    let format = sniff_path(path, filename)?;
    let table = Table::open(path, &format)?;
    let headers = table.headers().to_vec();
    let (mut samples, mut total) = (Vec::new(), 0);
    for row in table {
        let row = row?;
        total += 1;
        if samples.len() < SAMPLES * 4 {
            samples.push(row.cells.into_iter().map(|cell| cell.chars().take(120).collect()).collect());
        }
    }
    if total == 0 {
        return Err(FileError::Empty);
    }
    Ok(Looked { format, headers, samples, total })
}

/// What a mapping is remembered by: what the file holds, and its headers.
fn header_hash(kind: Kind, headers: &[String]) -> Vec<u8> {
    let mut words: Vec<String> = headers.iter().map(|header| text::fold(header)).collect();
    // Mappings of contacts were remembered before there was anything else.
    if kind != Kind::Contacts {
        words.insert(0, kind.as_str().to_owned());
    }
    crypto::sha256(words.join("\u{1f}").as_bytes())
}

/// Importing is one right; writing what the file holds is another.
fn may_write(auth: &Authorized<ContactsImport>, kind: Kind) -> Result<(), Problem> {
    let permission = kind.permission();
    if auth.actor.may(permission) { Ok(()) } else { Err(Problem::new(ProblemKind::Forbidden).with("permission", permission.key())) }
}

/// Takes a file: CSV, TSV, XLSX or vCard, at most 50 MB. Its columns are mapped as guessed, or as chosen last time.
#[utoipa::path(post, path = "/imports", operation_id = "upload_import", tag = "imports", params(UploadQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = ImportOut), (status = 413), (status = 415), (status = 422)), security(("session" = ["contacts.import"])))]
async fn upload_import(auth: Authorized<ContactsImport>, Query(query): Query<UploadQuery>, body: Body) -> ApiResult<Created<ImportOut>> {
    let kind = query.target.unwrap_or(Kind::Contacts);
    may_write(&auth, kind)?;
    let upload = receive(body).await?;
    let filename = text::clean(&query.filename, false).unwrap_or_else(|| "contacts".to_owned());
    let filename: String = filename.rsplit(['/', '\\']).next().unwrap_or_default().chars().take(200).collect();
    let (path, name) = (upload.0.clone(), filename.clone());
    let looked =
        tokio::task::spawn_blocking(move || look(&path, &name)).await.map_err(Problem::internal)?.map_err(|error| refused(&error))?;
    let id = auth.app.clock.new_id();
    let file_key = format!("{}/imports/{id}", auth.actor.tenant_id);
    auth.app.files.put_path(&file_key, &upload.0).await?;
    let mut tx = auth.begin().await?;
    let fields = Fields::load(&mut tx, kind).await?;
    let (source, guessed) = fields.guess(&looked.headers, &looked.samples);
    let known = store::remembered_mapping(&mut tx, &header_hash(kind, &looked.headers)).await?;
    // A field of the tenant's own may be gone since the mapping was chosen.
    let known = known.filter(|known| known.len() == looked.headers.len()).map(|known| fields.still_there(&known));
    let samples: Vec<Vec<String>> = looked.samples.into_iter().take(SAMPLES).collect();
    let new = NewImport {
        id,
        kind,
        filename: &filename,
        format: &looked.format,
        source,
        headers: &looked.headers,
        samples: &samples,
        mapping: known.as_ref().unwrap_or(&guessed),
        remembered: known.is_some(),
        file_key: &file_key,
        total: looked.total,
    };
    let row = store::insert(&mut tx, &new).await?;
    let now = tx.now();
    tx.commit().await?;
    Ok(Created::at(format!("/api/v1/imports/{id}"), ImportOut::new(row, &fields, now)))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct ListQuery {
    /// 1 to 100; default 20.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Imports, newest first.
#[utoipa::path(get, path = "/imports", operation_id = "list_imports", tag = "imports", params(ListQuery),
    responses((status = 200, body = Page<ImportOut>)), security(("session" = ["contacts.import"])))]
async fn list_imports(auth: Authorized<ContactsImport>, Query(query): Query<ListQuery>) -> ApiResult<Json<Page<ImportOut>>> {
    let limit = page_limit(query.limit, 20);
    let after = cursor(query.cursor.as_deref())?.map(|cursor| cursor.id);
    let mut tx = auth.read().await?;
    let now = tx.now();
    let rows = store::list(&mut tx, after, limit).await?;
    let contacts = Fields::load(&mut tx, Kind::Contacts).await?;
    let entities = Fields::load(&mut tx, Kind::Entities).await?;
    let tasks = Fields::load(&mut tx, Kind::Tasks).await?;
    Ok(Json(Page::from_overfetch(rows, limit, |row| Cursor::id(row.id)).map(|row| {
        let fields = match row.kind() {
            Kind::Contacts => &contacts,
            Kind::Entities => &entities,
            Kind::Tasks => &tasks,
        };
        ImportOut::new(row, fields, now)
    })))
}

/// One import.
#[utoipa::path(get, path = "/imports/{id}", operation_id = "get_import", tag = "imports", params(("id" = Uuid, Path)),
    responses((status = 200, body = ImportOut), (status = 404)), security(("session" = ["contacts.import"])))]
async fn get_import(auth: Authorized<ContactsImport>, Path(id): Path<Uuid>) -> ApiResult<Json<ImportOut>> {
    let mut tx = auth.read().await?;
    Ok(Json(shown(&mut tx, id).await?))
}

async fn shown(tx: &mut Tx, id: Uuid) -> Result<ImportOut, Failure> {
    let row = store::get(tx, id).await?.ok_or_else(Problem::not_found)?;
    let fields = Fields::load(tx, row.kind()).await?;
    Ok(ImportOut::new(row, &fields, tx.now()))
}

/// A mapping and a rule for duplicates.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ImportPatch {
    /// One entry per column: a field's key, or null.
    mapping: Option<Vec<Option<String>>>,
    /// `skip`, `create`, and `fill` except of tasks.
    duplicates: Option<String>,
    options: Option<Options>,
}

/// Changes the mapping or the rule for duplicates; a dry run made before is forgotten.
#[utoipa::path(patch, path = "/imports/{id}", operation_id = "update_import", tag = "imports", params(("id" = Uuid, Path)), request_body = ImportPatch,
    responses((status = 200, body = ImportOut), (status = 404), (status = 409), (status = 422)), security(("session" = ["contacts.import"])))]
async fn update_import(
    auth: Authorized<ContactsImport>,
    Path(id): Path<Uuid>,
    Json(input): Json<ImportPatch>,
) -> ApiResult<Json<ImportOut>> {
    let mut tx = auth.begin().await?;
    let row = locked(&mut tx, id, &["uploaded", "analysed", "failed"]).await?;
    let mapping = match input.mapping {
        None => row.mapping.0.clone(),
        Some(keys) if keys.len() != row.headers.len() => {
            return Err(Problem::field("/mapping", "invalid", "Une entrée par colonne.").into());
        }
        Some(keys) => {
            let fields = Fields::load(&mut tx, row.kind()).await?;
            if let Some(index) = keys.iter().position(|key| key.as_deref().is_some_and(|key| !fields.has(key))) {
                return Err(Problem::field(&format!("/mapping/{index}"), "unknown", "Ce champ n’existe pas.").into());
            }
            keys
        }
    };
    let duplicates = input.duplicates.unwrap_or_else(|| row.duplicates.clone());
    if !row.kind().has_rule(&duplicates) {
        return Err(Problem::field("/duplicates", "invalid", "Cette règle n’existe pas.").into());
    }
    let options = match input.options {
        Some(options) => checked(&auth, &mut tx, options).await?,
        None => row.options.0.clone(),
    };
    store::set_mapping(&mut tx, id, &mapping, &duplicates, &options).await?;
    let out = shown(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Json(out))
}

/// What was chosen for a whole file, if it exists.
async fn checked(auth: &Authorized<ContactsImport>, tx: &mut Tx, options: Options) -> Result<Options, Failure> {
    let known = match options.entity_kind.as_deref() {
        None | Some("vehicle" | "animal" | "equipment" | "property") => true,
        // GD-17
        Some("patient") => auth.app.config.hds_hosting,
        Some(other) => match Uuid::try_parse(other) {
            Ok(wanted) => super::entities::own_kinds(tx).await?.iter().any(|(id, _)| *id == wanted),
            Err(_) => false,
        },
    };
    if known { Ok(options) } else { Err(Problem::field("/options/entity_kind", "unknown", "Ce type n’existe pas.").into()) }
}

/// The import, locked, if it is in one of these states.
async fn locked(tx: &mut Tx, id: Uuid, states: &[&str]) -> Result<ImportRow, Failure> {
    let row = store::lock(tx, id).await?.ok_or_else(Problem::not_found)?;
    if states.contains(&row.status.as_str()) {
        Ok(row)
    } else {
        Err(Problem::conflict("Cet import n’est pas à une étape qui le permet.").with("status", row.status).into())
    }
}

/// Moves an import to a running state and queues its job in the same transaction.
async fn begin<J: Job>(mut tx: Tx, id: Uuid, status: &str, job: &J) -> ApiResult<(StatusCode, Json<ImportOut>)> {
    store::start(&mut tx, id, status).await?;
    // One import of a tenant at a time: two files with the same person must not both create them.
    tx.enqueue_with(job, Some(&format!("{}:{id}", J::NAME)), Some("imports")).await?;
    let out = shown(&mut tx, id).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(out)))
}

/// Tries the import without writing anything; the report tells what it would do.
#[utoipa::path(post, path = "/imports/{id}/dry-run", operation_id = "dry_run_import", tag = "imports", params(("id" = Uuid, Path)),
    responses((status = 202, body = ImportOut), (status = 404), (status = 409)), security(("session" = ["contacts.import"])))]
async fn dry_run_import(auth: Authorized<ContactsImport>, Path(id): Path<Uuid>) -> ApiResult<(StatusCode, Json<ImportOut>)> {
    let mut tx = auth.begin().await?;
    let row = locked(&mut tx, id, &["uploaded", "analysed", "failed"]).await?;
    may_write(&auth, row.kind())?;
    let blind = !auth.actor.may(Permission::ContactsRead);
    begin(tx, id, "analysing", &Analyse { import_id: id, blind }).await
}

/// Imports the file. The mapping is remembered for the next file with these headers.
#[utoipa::path(post, path = "/imports/{id}/start", operation_id = "start_import", tag = "imports", params(("id" = Uuid, Path)),
    responses((status = 202, body = ImportOut), (status = 404), (status = 409)), security(("session" = ["contacts.import"])))]
async fn start_import(auth: Authorized<ContactsImport>, Path(id): Path<Uuid>) -> ApiResult<(StatusCode, Json<ImportOut>)> {
    let mut tx = auth.begin().await?;
    let row = locked(&mut tx, id, &["uploaded", "analysed"]).await?;
    may_write(&auth, row.kind())?;
    // What the rehearsal noted; the run notes anew.
    store::clear_rows(&mut tx, id).await?;
    store::remember_mapping(&mut tx, &header_hash(row.kind(), &row.headers), &row.mapping).await?;
    let blind = !auth.actor.may(Permission::ContactsRead);
    begin(tx, id, "running", &Run { import_id: id, blind }).await
}

/// Asks a dry run or an import to stop after the present batch. What was imported stays, and can be undone.
#[utoipa::path(post, path = "/imports/{id}/cancel", operation_id = "cancel_import", tag = "imports", params(("id" = Uuid, Path)),
    responses((status = 202, body = ImportOut), (status = 404), (status = 409)), security(("session" = ["contacts.import"])))]
async fn cancel_import(auth: Authorized<ContactsImport>, Path(id): Path<Uuid>) -> ApiResult<(StatusCode, Json<ImportOut>)> {
    let mut tx = auth.begin().await?;
    locked(&mut tx, id, &["analysing", "running"]).await?;
    store::request_cancel(&mut tx, id).await?;
    let out = shown(&mut tx, id).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(out)))
}

/// Takes an import back, within 30 days. What people have changed since stays.
#[utoipa::path(post, path = "/imports/{id}/undo", operation_id = "undo_import", tag = "imports", params(("id" = Uuid, Path)),
    responses((status = 202, body = ImportOut), (status = 404), (status = 409)), security(("session" = ["contacts.import"])))]
async fn undo_import(auth: Authorized<ContactsImport>, Path(id): Path<Uuid>) -> ApiResult<(StatusCode, Json<ImportOut>)> {
    let mut tx = auth.begin().await?;
    let row = locked(&mut tx, id, &["done", "cancelled"]).await?;
    may_write(&auth, row.kind())?;
    if row.finished_at.is_none_or(|at| at.to_jiff() + UNDO < tx.now()) {
        return Err(Problem::conflict("Cet import a plus de 30 jours : il ne peut plus être annulé.").into());
    }
    begin(tx, id, "undoing", &Undo { import_id: id }).await
}

/// What became of a row.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ImportRowOut {
    row: i64,
    /// `created`, `matched`, `rejected`
    outcome: String,
    /// A matched record got something that it did not have.
    filled: bool,
    /// Why it was refused: `nothing_to_identify`, `more_fields_than_headers`; of things `nothing_to_name`, `invalid_plate`, `invalid_vin`,
    /// `kind_unavailable`, `kind_gone`, `owner_needed`; of tasks `title_missing`, `not_a_task`.
    reason: Option<String>,
    /// `[{field, value, code}]`: `invalid`, `truncated`, `ignored`, `required`, `unknown`, `ambiguous`, `not_applicable`, `field_gone`,
    /// `converting`, `hidden`; of things `check_digit`, `mileage_falls`, `future`, `other_vin`, `owner_unknown`, `owner_hidden`;
    /// of tasks `no_day`, `not_done`, `member_unknown`, `member_ambiguous`, `contact_unknown`, `contact_hidden`, `plate_unknown`, `plate_not_theirs`
    warnings: Value,
    label: String,
    /// The contact that the row is, or belongs to.
    contact_id: Option<Uuid>,
    /// The record that the row is, where that is no contact.
    record_id: Option<Uuid>,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct RowsQuery {
    /// `created`, `matched`, `filled`, `rejected`, `warning`
    outcome: Option<String>,
    /// 1 to 100; default 50.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// What became of each row of an import.
#[utoipa::path(get, path = "/imports/{id}/rows", operation_id = "list_import_rows", tag = "imports", params(("id" = Uuid, Path), RowsQuery),
    responses((status = 200, body = Page<ImportRowOut>), (status = 404), (status = 422)), security(("session" = ["contacts.import"])))]
async fn list_import_rows(
    auth: Authorized<ContactsImport>,
    Path(id): Path<Uuid>,
    Query(query): Query<RowsQuery>,
) -> ApiResult<Json<Page<ImportRowOut>>> {
    let limit = page_limit(query.limit, 50);
    let outcome = query.outcome.as_deref().filter(|outcome| !outcome.is_empty());
    if outcome.is_some_and(|outcome| !matches!(outcome, "created" | "matched" | "filled" | "rejected" | "warning")) {
        return Err(Problem::field("?outcome", "invalid", "Ce résultat n’existe pas.").into());
    }
    let after = cursor(query.cursor.as_deref())?.and_then(|cursor| cursor.key.parse().ok()).unwrap_or(0);
    let mut tx = auth.read().await?;
    store::get(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    let rows = store::rows(&mut tx, id, outcome, after, i64::try_from(limit + 1).unwrap_or(i64::MAX)).await?;
    let page = Page::from_overfetch(rows, limit, |row| Cursor { key: row.row_number.to_string(), id: Uuid::nil() });
    Ok(Json(page.map(|row| ImportRowOut {
        row: row.row_number,
        outcome: row.outcome,
        filled: row.filled,
        reason: row.reason,
        warnings: row.warnings,
        label: row.label,
        contact_id: row.contact_id,
        record_id: row.record_id,
    })))
}

/// The refused rows as a CSV file: the columns of the file, and why.
#[utoipa::path(get, path = "/imports/{id}/rejects", operation_id = "download_rejects", tag = "imports", params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "text/csv"), (status = 404)), security(("session" = ["contacts.import"])))]
async fn download_rejects(auth: Authorized<ContactsImport>, Path(id): Path<Uuid>) -> ApiResult<Response> {
    let mut tx = auth.read().await?;
    let import = store::get(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    let path = Upload(std::env::temp_dir().join(format!("vision-rejects-{}.csv", crypto::random_token())));
    rejects::write(&mut tx, &import, &path.0).await?;
    let content = tokio::fs::read(&path.0).await.map_err(Problem::internal)?;
    let stem = import
        .filename
        .rsplit_once('.')
        .map_or(import.filename.as_str(), |(stem, _)| stem)
        .replace(|c: char| !c.is_ascii_alphanumeric() && c != '-', "_");
    Ok(background::attachment(&format!("{stem}-rejets.csv"), u64::try_from(content.len()).ok(), Body::from(content)))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct SampleQuery {
    /// `contacts` by default.
    #[serde(default)]
    target: Option<Kind>,
}

/// An example of a file, to fill in.
#[utoipa::path(get, path = "/import-sample", operation_id = "download_import_sample", tag = "imports", params(SampleQuery),
    responses((status = 200, body = Vec<u8>, content_type = "text/csv")), security(("session" = ["contacts.import"])))]
async fn download_import_sample(_auth: Authorized<ContactsImport>, Query(query): Query<SampleQuery>) -> ApiResult<Response> {
    let kind = query.target.unwrap_or(Kind::Contacts);
    let path = Upload(std::env::temp_dir().join(format!("vision-sample-{}.csv", crypto::random_token())));
    samples::write(kind, &path.0).map_err(Problem::internal)?;
    let content = tokio::fs::read(&path.0).await.map_err(Problem::internal)?;
    Ok(background::attachment(samples::file_name(kind), u64::try_from(content.len()).ok(), Body::from(content)))
}

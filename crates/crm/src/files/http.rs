//! Routes of files and of their uploads.

use super::content;
use super::model::{FileLinks, FileOut, FilePatch, FileUsage, FinishIn, UploadIn, UploadOut};
use super::ops;
use super::store::{self, FileRow, FileSort, Wanted};
use super::subjects;
use super::uploads::{self, MAX_FILE};
use axum::body::Body;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{Cursor, Page, Problem, ProblemKind};
use vision_platform::http::{Created, Json, Versioned, cursor, expected_version, page_limit};
use vision_platform::permits::{ContactsDelete, ContactsRead, ContactsWrite};
use vision_platform::{ApiResult, App, Authorized};

/// Where an upload is, in the spelling of tus.
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
/// How long it will be.
const LENGTH: HeaderName = HeaderName::from_static("upload-length");

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create_upload))
        .routes(routes!(get_upload, continue_upload, cancel_upload))
        .routes(routes!(finish_upload))
        .routes(routes!(list_files))
        .routes(routes!(get_file_usage))
        .routes(routes!(get_file, rename_file, delete_file))
        .routes(routes!(get_file_links))
        .routes(routes!(restore_file))
        .routes(routes!(purge_file))
}

fn shown(app: &App, tenant: Uuid, row: FileRow) -> FileOut {
    let thumbnail = row.thumbnail_key.is_some().then(|| content::link(app, tenant, row.id, "thumbnail").0);
    FileOut::new(row, thumbnail)
}

/// Announces a file; then its bytes are sent with `PATCH`, from offset 0 on.
#[utoipa::path(post, path = "/files/uploads", operation_id = "create_upload", tag = "files", request_body = UploadIn,
    responses((status = 201, body = UploadOut), (status = 409), (status = 413), (status = 415), (status = 422)), security(("session" = ["contacts.write"])))]
async fn create_upload(auth: Authorized<ContactsWrite>, Json(input): Json<UploadIn>) -> ApiResult<Created<UploadOut>> {
    let mut tx = auth.begin().await?;
    let upload = uploads::begin(&mut tx, input, auth.app.config.files_quota).await?;
    tx.commit().await?;
    Ok(Created::at(format!("/api/v1/files/uploads/{}", upload.id), upload.into()))
}

fn placed(mut response: Response, offset: i64, length: i64) -> Response {
    response.headers_mut().insert(OFFSET, HeaderValue::from(offset));
    response.headers_mut().insert(LENGTH, HeaderValue::from(length));
    response
}

/// Where one's upload is; also by `HEAD`, in `Upload-Offset`.
#[utoipa::path(get, path = "/files/uploads/{id}", operation_id = "get_upload", tag = "files", params(("id" = Uuid, Path)),
    responses((status = 200, body = UploadOut), (status = 404)), security(("session" = ["contacts.write"])))]
async fn get_upload(auth: Authorized<ContactsWrite>, Path(id): Path<Uuid>) -> ApiResult<Response> {
    let mut tx = auth.read().await?;
    let upload = uploads::own(&mut tx, id, false).await?.ok_or_else(Problem::not_found)?;
    let (offset, length) = (upload.received, upload.size);
    Ok(placed(Json(UploadOut::from(upload)).into_response(), offset, length))
}

/// Takes the next bytes. `Upload-Offset` says where they belong; at another place than the upload's: 409 with `offset`.
#[utoipa::path(patch, path = "/files/uploads/{id}", operation_id = "continue_upload", tag = "files",
    params(("id" = Uuid, Path), ("Upload-Offset" = i64, Header)), request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses((status = 204), (status = 400), (status = 404), (status = 409), (status = 413)), security(("session" = ["contacts.write"])))]
async fn continue_upload(auth: Authorized<ContactsWrite>, Path(id): Path<Uuid>, headers: HeaderMap, body: Body) -> ApiResult<Response> {
    let mut tx = auth.read().await?;
    let upload = uploads::own(&mut tx, id, false).await?.ok_or_else(Problem::not_found)?;
    drop(tx);
    let offset = headers.get(OFFSET).and_then(|value| value.to_str().ok()).and_then(|value| value.parse::<i64>().ok());
    let offset = offset.ok_or_else(|| Problem::new(ProblemKind::BadRequest).detail("L’en-tête Upload-Offset manque."))?;
    let reached = uploads::receive(&auth.app, &auth.actor, &upload, offset, body).await?;
    Ok(placed(StatusCode::NO_CONTENT.into_response(), reached, upload.size))
}

/// Gives an upload up.
#[utoipa::path(delete, path = "/files/uploads/{id}", operation_id = "cancel_upload", tag = "files", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404)), security(("session" = ["contacts.write"])))]
async fn cancel_upload(auth: Authorized<ContactsWrite>, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    let mut tx = auth.begin().await?;
    if !uploads::cancel(&mut tx, id).await? {
        return Err(Problem::not_found().into());
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a file of an upload that has arrived whole; asked again, the same file.
#[utoipa::path(post, path = "/files/uploads/{id}/finish", operation_id = "finish_upload", tag = "files", params(("id" = Uuid, Path)), request_body = FinishIn,
    responses((status = 201, body = FileOut), (status = 404), (status = 409), (status = 415), (status = 422)), security(("session" = ["contacts.write"])))]
async fn finish_upload(auth: Authorized<ContactsWrite>, Path(id): Path<Uuid>, Json(input): Json<FinishIn>) -> ApiResult<Created<FileOut>> {
    let expected = input.sha256.map(|text| {
        let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
        let bytes = digits.filter(|digits| digits.len() == 64).map(|digits| {
            digits
                .chunks(2)
                .map(|pair| pair.iter().fold(0, |sum, digit| sum * 16 + digit))
                .filter_map(|byte| u8::try_from(byte).ok())
                .collect()
        });
        bytes.ok_or_else(|| Problem::field("/sha256", "invalid", "64 chiffres hexadécimaux."))
    });
    let row = uploads::finish(&auth.app, &auth.actor, id, expected.transpose()?).await?;
    Ok(Created::at(format!("/api/v1/files/{id}"), shown(&auth.app, auth.actor.tenant_id, row)))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct FileQuery {
    /// `contact`, `entity`; with `subject_id`. Without both: the files of every record that one sees.
    subject_kind: Option<String>,
    subject_id: Option<Uuid>,
    /// True: those in the trash.
    #[serde(default)]
    trash: bool,
    /// `name`, `created`, `size`; with `-` in front, descending. `-created` by default.
    sort: Option<String>,
    /// 1 to 100; default 50.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Files, page by page.
#[utoipa::path(get, path = "/files", operation_id = "list_files", tag = "files", params(FileQuery),
    responses((status = 200, body = Page<FileOut>), (status = 422)), security(("session" = ["contacts.read"])))]
async fn list_files(auth: Authorized<ContactsRead>, Query(query): Query<FileQuery>) -> ApiResult<Json<Page<FileOut>>> {
    let limit = page_limit(query.limit, 50);
    let asked = query.sort.as_deref().filter(|sort| !sort.is_empty()).unwrap_or("-created");
    let sort = match asked.trim_start_matches('-') {
        "name" => FileSort::Name,
        "created" => FileSort::Created,
        "size" => FileSort::Size,
        _ => return Err(Problem::field("?sort", "invalid", "Ce tri n’existe pas.").into()),
    };
    let subject = match (query.subject_kind.as_deref(), query.subject_id) {
        (None, None) => None,
        (Some(kind), Some(id)) if subjects::is_known(kind) => Some((kind, id)),
        _ => return Err(Problem::field("?subject_kind", "invalid", "Indiquez le genre et l’identifiant de la fiche.").into()),
    };
    let after = cursor(query.cursor.as_deref())?;
    if after.as_ref().is_some_and(|cursor| !sort.reads(&cursor.key)) {
        return Err(Problem::field("?cursor", "invalid", "Ce repère de page n’est pas valable.").into());
    }
    let mut tx = auth.read().await?;
    let wanted = Wanted { subject, trash: query.trash, sort, descending: asked.starts_with('-') };
    let rows = store::page(&mut tx, &wanted, after, limit).await?;
    let page = Page::from_overfetch(rows, limit, |row| Cursor { key: sort.key(row), id: row.id });
    Ok(Json(page.map(|row| shown(&auth.app, auth.actor.tenant_id, row))))
}

/// How much the company keeps, and how much it may.
#[utoipa::path(get, path = "/files/usage", operation_id = "get_file_usage", tag = "files",
    responses((status = 200, body = FileUsage)), security(("session" = ["contacts.read"])))]
async fn get_file_usage(auth: Authorized<ContactsRead>) -> ApiResult<Json<FileUsage>> {
    let mut tx = auth.read().await?;
    let usage = store::usage(&mut tx).await?;
    Ok(Json(FileUsage {
        files: usage.files,
        bytes: usage.bytes,
        trash_bytes: usage.trash_bytes,
        limit_bytes: auth.app.config.files_quota,
        max_file_bytes: MAX_FILE,
    }))
}

/// One file.
#[utoipa::path(get, path = "/files/{id}", operation_id = "get_file", tag = "files", params(("id" = Uuid, Path)),
    responses((status = 200, body = FileOut), (status = 404)), security(("session" = ["contacts.read"])))]
async fn get_file(auth: Authorized<ContactsRead>, Path(id): Path<Uuid>) -> ApiResult<Versioned<FileOut>> {
    let mut tx = auth.read().await?;
    let row = ops::get(&mut tx, id).await?;
    Ok(Versioned(row.version, shown(&auth.app, auth.actor.tenant_id, row)))
}

/// Gives a file another name.
#[utoipa::path(patch, path = "/files/{id}", operation_id = "rename_file", tag = "files", request_body = FilePatch,
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = FileOut), (status = 404), (status = 409), (status = 412), (status = 422)), security(("session" = ["contacts.write"])))]
async fn rename_file(
    auth: Authorized<ContactsWrite>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(input): Json<FilePatch>,
) -> ApiResult<Versioned<FileOut>> {
    let expected = expected_version(&headers)?;
    let mut tx = auth.begin().await?;
    let row = ops::rename(&mut tx, id, expected, &input.name).await?;
    tx.commit().await?;
    Ok(Versioned(row.version, shown(&auth.app, auth.actor.tenant_id, row)))
}

/// Puts a file into the trash, for 30 days.
#[utoipa::path(delete, path = "/files/{id}", operation_id = "delete_file", tag = "files", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404)), security(("session" = ["contacts.write"])))]
async fn delete_file(auth: Authorized<ContactsWrite>, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    let mut tx = auth.begin().await?;
    ops::trash(&mut tx, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a file out of the trash.
#[utoipa::path(post, path = "/files/{id}/restore", operation_id = "restore_file", tag = "files", params(("id" = Uuid, Path)),
    responses((status = 200, body = FileOut), (status = 404)), security(("session" = ["contacts.write"])))]
async fn restore_file(auth: Authorized<ContactsWrite>, Path(id): Path<Uuid>) -> ApiResult<Versioned<FileOut>> {
    let mut tx = auth.begin().await?;
    let row = ops::restore(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Versioned(row.version, shown(&auth.app, auth.actor.tenant_id, row)))
}

/// Deletes a file of the trash for good.
#[utoipa::path(post, path = "/files/{id}/purge", operation_id = "purge_file", tag = "files", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404), (status = 409)), security(("session" = ["contacts.delete"])))]
async fn purge_file(auth: Authorized<ContactsDelete>, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    let mut tx = auth.begin().await?;
    ops::purge(&mut tx, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Links to the bytes of a file, good for five minutes at most.
#[utoipa::path(get, path = "/files/{id}/links", operation_id = "get_file_links", tag = "files", params(("id" = Uuid, Path)),
    responses((status = 200, body = FileLinks), (status = 404), (status = 409)), security(("session" = ["contacts.read"])))]
async fn get_file_links(auth: Authorized<ContactsRead>, Path(id): Path<Uuid>) -> ApiResult<Json<FileLinks>> {
    let mut tx = auth.read().await?;
    let row = ops::get(&mut tx, id).await?;
    drop(tx);
    if row.deleted_at.is_some() {
        return Err(Problem::conflict("Ce fichier est dans la corbeille.").with("reason", "deleted").into());
    }
    match row.status.as_str() {
        "ready" => {}
        "quarantined" => {
            let detail = format!(
                "Un logiciel malveillant a été trouvé dans ce fichier ({}). Il ne peut pas être ouvert.",
                row.threat.unwrap_or_default()
            );
            return Err(Problem::conflict(detail).with("reason", "quarantined").into());
        }
        _ => return Err(Problem::conflict("Ce fichier est en cours de vérification.").with("reason", "checking").into()),
    }
    let link = |what: &str| content::link(&auth.app, auth.actor.tenant_id, id, what);
    let (download, expires_at) = link("file");
    let previews = (1..=row.preview_keys.len()).map(|page| link(&format!("preview-{page}")).0).collect();
    Ok(Json(FileLinks { download, previews, expires_at }))
}

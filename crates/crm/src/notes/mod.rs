//! Notes on a contact: plain text, pinned or not, written by one person, changed by their author or by whoever may write.

use crate::contacts::events::ContactEvent;
use crate::contacts::store as contacts;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{Change, Cursor, Page, Problem, ProblemKind, text};
use vision_platform::http::{Created, Json, Versioned, cursor, expected_version, page_limit};
use vision_platform::permits::{ContactsRead, ContactsWrite};
use vision_platform::{ApiResult, App, Authorized, Failure, Tx};

/// Longest note, in characters.
const MAX_BODY: usize = 10_000;

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_notes, add_note)).routes(routes!(update_note, delete_note))
}

#[derive(sqlx::FromRow)]
struct NoteRow {
    id: Uuid,
    contact_id: Uuid,
    body: String,
    pinned: bool,
    author_id: Uuid,
    author_name: String,
    created_at: jiff_sqlx::Timestamp,
    updated_at: jiff_sqlx::Timestamp,
    version: i32,
}

/// Who wrote a note.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NoteAuthor {
    id: Uuid,
    name: String,
}

/// A note.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Note)]
pub struct NoteOut {
    id: Uuid,
    body: String,
    pinned: bool,
    author: NoteAuthor,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    version: i32,
}

impl From<NoteRow> for NoteOut {
    fn from(row: NoteRow) -> Self {
        Self {
            id: row.id,
            body: row.body,
            pinned: row.pinned,
            author: NoteAuthor { id: row.author_id, name: row.author_name },
            created_at: row.created_at.to_jiff(),
            updated_at: row.updated_at.to_jiff(),
            version: row.version,
        }
    }
}

/// A new note.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct NoteIn {
    body: String,
    #[serde(default)]
    pinned: bool,
}

/// A change of a note.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct NotePatch {
    body: Option<String>,
    pinned: Option<bool>,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct NotesQuery {
    /// 1 to 100; default 50.
    limit: Option<u32>,
    cursor: Option<String>,
}

const COLUMNS: &str = "id, contact_id, body, pinned, author_id, author_name, created_at, updated_at, version";

fn valid_body(body: &str) -> Result<String, Problem> {
    match text::clean(body, true) {
        None => Err(Problem::field("/body", "required", "Écrivez quelque chose.")),
        Some(body) if body.chars().count() > MAX_BODY => Err(Problem::field("/body", "too_long", "10 000 caractères au plus.")),
        Some(body) => Ok(body),
    }
}

/// A note on a contact that the actor may see, with the contact's name.
async fn find(tx: &mut Tx, id: Uuid) -> Result<(NoteRow, String), Failure> {
    let tenant = tx.tenant();
    let row: Option<NoteRow> =
        sqlx::query_as(sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM notes WHERE tenant_id = $1 AND id = $2 FOR UPDATE")))
            .bind(tenant)
            .bind(id)
            .fetch_optional(tx.conn())
            .await?;
    let row = row.ok_or_else(Problem::not_found)?;
    let (name, ..) = contacts::lock(tx, row.contact_id).await?.ok_or_else(Problem::not_found)?;
    Ok((row, name))
}

/// The notes of a contact, newest first; pinned ones are marked.
#[utoipa::path(get, path = "/contacts/{id}/notes", operation_id = "list_notes", tag = "contacts", params(("id" = Uuid, Path), NotesQuery),
    responses((status = 200, body = Page<NoteOut>), (status = 404)), security(("session" = ["contacts.read"])))]
async fn list_notes(
    auth: Authorized<ContactsRead>,
    Path(id): Path<Uuid>,
    Query(query): Query<NotesQuery>,
) -> ApiResult<Json<Page<NoteOut>>> {
    let limit = page_limit(query.limit, 50);
    let after = cursor(query.cursor.as_deref())?.map(|cursor| cursor.id);
    let mut tx = auth.read().await?;
    contacts::get(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    let tenant = tx.tenant();
    let rows: Vec<NoteRow> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM notes WHERE tenant_id = $1 AND contact_id = $2 AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4"
    )))
    .bind(tenant)
    .bind(id)
    .bind(after)
    .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
    .fetch_all(tx.conn())
    .await?;
    Ok(Json(Page::from_overfetch(rows, limit, |row| Cursor::id(row.id)).map(NoteOut::from)))
}

/// Writes a note.
#[utoipa::path(post, path = "/contacts/{id}/notes", operation_id = "add_note", tag = "contacts", params(("id" = Uuid, Path)), request_body = NoteIn,
    responses((status = 201, body = NoteOut), (status = 404), (status = 422)), security(("session" = ["contacts.write"])))]
async fn add_note(auth: Authorized<ContactsWrite>, Path(id): Path<Uuid>, Json(input): Json<NoteIn>) -> ApiResult<Created<NoteOut>> {
    let body = valid_body(&input.body)?;
    let mut tx = auth.begin().await?;
    let (name, ..) = contacts::lock(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    let (tenant, note, now, actor) = (tx.tenant(), tx.new_id(), tx.now().to_sqlx(), tx.actor().clone());
    let row: NoteRow = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "INSERT INTO notes (tenant_id, id, contact_id, body, pinned, author_id, author_name, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
         RETURNING {COLUMNS}"
    )))
    .bind(tenant)
    .bind(note)
    .bind(id)
    .bind(&body)
    .bind(input.pinned)
    .bind(actor.id)
    .bind(&actor.name)
    .bind(now)
    .fetch_one(tx.conn())
    .await?;
    contacts::touch(&mut tx, id).await?;
    tx.emit(&ContactEvent { data: json!({ "note_id": note, "excerpt": excerpt(&body) }), ..ContactEvent::new("note.added", id, name) });
    tx.commit().await?;
    Ok(Created::at(format!("/api/v1/notes/{note}"), row.into()))
}

fn excerpt(body: &str) -> String {
    let head: String = body.chars().take(140).collect();
    if head.len() < body.len() { format!("{head}…") } else { head }
}

/// Changes or pins a note.
#[utoipa::path(patch, path = "/notes/{id}", operation_id = "update_note", tag = "contacts", params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = NotePatch, responses((status = 200, body = NoteOut), (status = 404), (status = 412), (status = 422)), security(("session" = ["contacts.write"])))]
async fn update_note(
    auth: Authorized<ContactsWrite>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(input): Json<NotePatch>,
) -> ApiResult<Versioned<NoteOut>> {
    let body = input.body.as_deref().map(valid_body).transpose()?;
    let mut tx = auth.begin().await?;
    let (before, name) = find(&mut tx, id).await?;
    if expected_version(&headers)?.is_some_and(|version| version != before.version) {
        return Err(Problem::new(ProblemKind::StaleVersion).with("version", before.version).into());
    }
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let row: NoteRow = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "UPDATE notes SET body = coalesce($3, body), pinned = coalesce($4, pinned), updated_at = CASE WHEN $3 IS NULL THEN updated_at ELSE $5 END,
           version = version + 1 WHERE tenant_id = $1 AND id = $2 RETURNING {COLUMNS}"
    )))
    .bind(tenant)
    .bind(id)
    .bind(&body)
    .bind(input.pinned)
    .bind(now)
    .fetch_one(tx.conn())
    .await?;
    let changes: Vec<Change> = [Change::between("body", &before.body, &row.body), Change::between("pinned", &before.pinned, &row.pinned)]
        .into_iter()
        .flatten()
        .collect();
    if !changes.is_empty() {
        tx.emit(&ContactEvent { changes, data: json!({ "note_id": id }), ..ContactEvent::new("note.updated", before.contact_id, name) });
    }
    tx.commit().await?;
    Ok(Versioned(row.version, row.into()))
}

/// Deletes a note; the timeline keeps what it said.
#[utoipa::path(delete, path = "/notes/{id}", operation_id = "delete_note", tag = "contacts", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404)), security(("session" = ["contacts.write"])))]
async fn delete_note(auth: Authorized<ContactsWrite>, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    let mut tx = auth.begin().await?;
    let (row, name) = find(&mut tx, id).await?;
    let tenant = tx.tenant();
    sqlx::query("DELETE FROM notes WHERE tenant_id = $1 AND id = $2").bind(tenant).bind(id).execute(tx.conn()).await?;
    let changes = Change::between("body", &Some(&row.body), &None::<&String>).into_iter().collect();
    tx.emit(&ContactEvent { changes, data: json!({ "note_id": id }), ..ContactEvent::new("note.deleted", row.contact_id, name) });
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

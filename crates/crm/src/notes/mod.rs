//! Notes on a contact: a small document, pinned or not, written by one person, changed by their author or by whoever may write.
//!
//! Invariants: `body` is the text of `doc`; a note without `doc` was written as plain text and reads as paragraphs; what a note said
//! before a change is kept; only members who see the contact are mentioned.

pub mod doc;
mod members;

use crate::contacts::events::ContactEvent;
use crate::contacts::store as contacts;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use doc::Doc;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{Change, Cursor, Page, Problem, ProblemKind, text};
use vision_platform::http::{Created, Json, Versioned, cursor, expected_version, page_limit};
use vision_platform::permits::{ContactsRead, ContactsWrite};
use vision_platform::{ApiResult, App, Authorized, Failure, Tx};

/// Earlier versions kept of a note.
const MOST_VERSIONS: i64 = 50;

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_notes, add_note)).routes(routes!(update_note, delete_note)).routes(routes!(list_note_versions))
}

#[derive(sqlx::FromRow)]
struct NoteRow {
    id: Uuid,
    contact_id: Uuid,
    body: String,
    doc: Option<Value>,
    pinned: bool,
    author_id: Uuid,
    author_name: String,
    edited_by: Option<Uuid>,
    edited_by_name: Option<String>,
    created_at: jiff_sqlx::Timestamp,
    updated_at: jiff_sqlx::Timestamp,
    version: i32,
}

/// The document as stored, or the text of an older note as paragraphs.
fn document(doc: Option<Value>, body: &str) -> Doc {
    doc.and_then(|doc| serde_json::from_value(doc).ok()).unwrap_or_else(|| Doc::from_text(body))
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
    /// The text without its styles.
    body: String,
    doc: Doc,
    pinned: bool,
    author: NoteAuthor,
    /// Who changed it last; null while it is as it was first written.
    edited_by: Option<NoteAuthor>,
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
            doc: document(row.doc, &row.body),
            body: row.body,
            pinned: row.pinned,
            edited_by: row.edited_by.map(|id| NoteAuthor { id, name: row.edited_by_name.unwrap_or_default() }),
            author: NoteAuthor { id: row.author_id, name: row.author_name },
            created_at: row.created_at.to_jiff(),
            updated_at: row.updated_at.to_jiff(),
            version: row.version,
        }
    }
}

/// A new note: a document, or plain text.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct NoteIn {
    /// Plain text, up to 10,000 characters; ignored when there is a `doc`.
    body: Option<String>,
    doc: Option<Doc>,
    #[serde(default)]
    pinned: bool,
}

/// A change of a note.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct NotePatch {
    /// Plain text, up to 10,000 characters; ignored when there is a `doc`.
    body: Option<String>,
    doc: Option<Doc>,
    pinned: Option<bool>,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct NotesQuery {
    /// 1 to 100; default 50.
    limit: Option<u32>,
    cursor: Option<String>,
}

const COLUMNS: &str =
    "id, contact_id, body, doc, pinned, author_id, author_name, edited_by, edited_by_name, created_at, updated_at, version";

/// What was written, valid: the document, its text, and the mentions with their places.
struct Content {
    doc: Doc,
    body: String,
    mentions: Vec<(String, Uuid)>,
}

fn content(body: Option<&str>, doc: Option<Doc>) -> Result<Option<Content>, Problem> {
    if let Some(mut doc) = doc {
        let mentions = doc.check()?;
        return Ok(Some(Content { body: doc.text(), doc, mentions }));
    }
    let Some(body) = body else { return Ok(None) };
    match text::clean(body, true) {
        None => Err(Problem::field("/body", "required", "Écrivez quelque chose.")),
        Some(body) if body.chars().count() > doc::MAX_TEXT => Err(Problem::field("/body", "too_long", "10 000 caractères au plus.")),
        Some(body) => Ok(Some(Content { doc: Doc::from_text(&body), body, mentions: Vec::new() })),
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

/// The notes of a contact: pinned ones first, then newest first.
#[utoipa::path(get, path = "/contacts/{id}/notes", operation_id = "list_notes", tag = "contacts", params(("id" = Uuid, Path), NotesQuery),
    responses((status = 200, body = Page<NoteOut>), (status = 404)), security(("session" = ["contacts.read"])))]
async fn list_notes(
    auth: Authorized<ContactsRead>,
    Path(id): Path<Uuid>,
    Query(query): Query<NotesQuery>,
) -> ApiResult<Json<Page<NoteOut>>> {
    let limit = page_limit(query.limit, 50);
    let after = cursor(query.cursor.as_deref())?;
    let (pinned, after) = after.map_or((None, None), |cursor| (Some(cursor.key == "pinned"), Some(cursor.id)));
    let mut tx = auth.read().await?;
    contacts::get(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    let tenant = tx.tenant();
    let rows: Vec<NoteRow> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM notes WHERE tenant_id = $1 AND contact_id = $2 AND ($3::uuid IS NULL OR (pinned, id) < ($5, $3))
         ORDER BY pinned DESC, id DESC LIMIT $4"
    )))
    .bind(tenant)
    .bind(id)
    .bind(after)
    .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
    .bind(pinned)
    .fetch_all(tx.conn())
    .await?;
    let place = |row: &NoteRow| Cursor { key: if row.pinned { "pinned".to_owned() } else { String::new() }, id: row.id };
    Ok(Json(Page::from_overfetch(rows, limit, place).map(NoteOut::from)))
}

/// Writes a note.
#[utoipa::path(post, path = "/contacts/{id}/notes", operation_id = "add_note", tag = "contacts", params(("id" = Uuid, Path)), request_body = NoteIn,
    responses((status = 201, body = NoteOut), (status = 404), (status = 422)), security(("session" = ["contacts.write"])))]
async fn add_note(auth: Authorized<ContactsWrite>, Path(id): Path<Uuid>, Json(input): Json<NoteIn>) -> ApiResult<Created<NoteOut>> {
    let content = content(input.body.as_deref(), input.doc)?;
    let Some(Content { mut doc, mut body, mentions }) = content else {
        return Err(Problem::field("/body", "required", "Écrivez quelque chose.").into());
    };
    let mut tx = auth.begin().await?;
    let (name, ..) = contacts::lock(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    let mentioned = members::name(&mut tx, id, &mut doc, &mentions, &[]).await?;
    if !mentioned.is_empty() {
        body = doc.text();
    }
    let (tenant, note, now, actor) = (tx.tenant(), tx.new_id(), tx.now().to_sqlx(), tx.actor().clone());
    let row: NoteRow = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "INSERT INTO notes (tenant_id, id, contact_id, body, pinned, author_id, author_name, created_at, updated_at, doc) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)
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
    .bind(serde_json::to_value(&doc)?)
    .fetch_one(tx.conn())
    .await?;
    contacts::touch(&mut tx, id).await?;
    tx.emit(&ContactEvent {
        data: json!({ "note_id": note, "excerpt": excerpt(&body), "mentions": mentioned }),
        ..ContactEvent::new("note.added", id, name)
    });
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
    let content = content(input.body.as_deref(), input.doc)?;
    let mut tx = auth.begin().await?;
    let (before, name) = find(&mut tx, id).await?;
    if expected_version(&headers)?.is_some_and(|version| version != before.version) {
        return Err(Problem::new(ProblemKind::StaleVersion).with("version", before.version).into());
    }
    let mut old = document(before.doc.clone(), &before.body);
    let mut earlier = Vec::new();
    old.each_mention(&mut |id, _| earlier.push(id));
    let (mut written, mut mentioned) = (None, Vec::new());
    if let Some(Content { mut doc, mentions, .. }) = content {
        mentioned = members::name(&mut tx, before.contact_id, &mut doc, &mentions, &earlier).await?;
        if doc != old {
            keep_version(&mut tx, &before).await?;
            written = Some(doc);
        }
    }
    let (tenant, now, actor) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().clone());
    let row: NoteRow = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "UPDATE notes SET pinned = coalesce($4, pinned), version = version + 1, body = coalesce($3, body), doc = coalesce($6, doc),
           updated_at = CASE WHEN $3 IS NULL THEN updated_at ELSE $5 END, edited_by = CASE WHEN $3 IS NULL THEN edited_by ELSE $7 END,
           edited_by_name = CASE WHEN $3 IS NULL THEN edited_by_name ELSE $8 END
         WHERE tenant_id = $1 AND id = $2 RETURNING {COLUMNS}"
    )))
    .bind(tenant)
    .bind(id)
    .bind(written.as_ref().map(Doc::text))
    .bind(input.pinned)
    .bind(now)
    .bind(written.as_ref().map(serde_json::to_value).transpose()?)
    .bind(actor.id)
    .bind(&actor.name)
    .fetch_one(tx.conn())
    .await?;
    let changes: Vec<Change> = [Change::between("body", &before.body, &row.body), Change::between("pinned", &before.pinned, &row.pinned)]
        .into_iter()
        .flatten()
        .collect();
    if !changes.is_empty() {
        let data = json!({ "note_id": id, "excerpt": excerpt(&row.body), "mentions": mentioned });
        tx.emit(&ContactEvent { changes, data, ..ContactEvent::new("note.updated", before.contact_id, name) });
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

/// Keeps what a note said, with who had written it and when (GD-09); the oldest of many go.
async fn keep_version(tx: &mut Tx, row: &NoteRow) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query(
        "INSERT INTO note_versions (tenant_id, note_id, version, body, doc, author_id, author_name, written_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(tenant)
    .bind(row.id)
    .bind(row.version)
    .bind(&row.body)
    .bind(&row.doc)
    .bind(row.edited_by.unwrap_or(row.author_id))
    .bind(row.edited_by_name.as_ref().unwrap_or(&row.author_name))
    .bind(row.updated_at)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "DELETE FROM note_versions WHERE tenant_id = $1 AND note_id = $2 AND version <= (
           SELECT version FROM note_versions WHERE tenant_id = $1 AND note_id = $2 ORDER BY version DESC OFFSET $3 LIMIT 1)",
    )
    .bind(tenant)
    .bind(row.id)
    .bind(MOST_VERSIONS)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What a note said before a change.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NoteVersion {
    version: i32,
    body: String,
    doc: Doc,
    author: NoteAuthor,
    #[schema(value_type = String, format = DateTime)]
    written_at: Timestamp,
}

/// The last 50 at most.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NoteVersionList {
    items: Vec<NoteVersion>,
}

/// What a note said before, newest first.
#[utoipa::path(get, path = "/notes/{id}/versions", operation_id = "list_note_versions", tag = "contacts", params(("id" = Uuid, Path)),
    responses((status = 200, body = NoteVersionList), (status = 404)), security(("session" = ["contacts.read"])))]
async fn list_note_versions(auth: Authorized<ContactsRead>, Path(id): Path<Uuid>) -> ApiResult<Json<NoteVersionList>> {
    let mut tx = auth.read().await?;
    let tenant = tx.tenant();
    let contact: Option<Uuid> = sqlx::query_scalar("SELECT contact_id FROM notes WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .fetch_optional(tx.conn())
        .await?;
    contacts::get(&mut tx, contact.ok_or_else(Problem::not_found)?).await?.ok_or_else(Problem::not_found)?;
    let rows: Vec<(i32, String, Option<Value>, Uuid, String, jiff_sqlx::Timestamp)> = sqlx::query_as(
        "SELECT version, body, doc, author_id, author_name, written_at FROM note_versions WHERE tenant_id = $1 AND note_id = $2 ORDER BY version DESC LIMIT $3",
    )
    .bind(tenant)
    .bind(id)
    .bind(MOST_VERSIONS)
    .fetch_all(tx.conn())
    .await?;
    let shown = |(version, body, doc, id, name, written_at): (i32, String, Option<Value>, Uuid, String, jiff_sqlx::Timestamp)| {
        NoteVersion { version, doc: document(doc, &body), body, author: NoteAuthor { id, name }, written_at: written_at.to_jiff() }
    };
    Ok(Json(NoteVersionList { items: rows.into_iter().map(shown).collect() }))
}

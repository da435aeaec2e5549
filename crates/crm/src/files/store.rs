//! Every SQL statement about files.

use super::subjects;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::AssertSqlSafe;
use uuid::Uuid;
use vision_kernel::{Cursor, text};
use vision_platform::Tx;

/// A file with its record.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct FileRow {
    pub id: Uuid,
    pub name: String,
    pub sort_name: String,
    pub media_type: String,
    pub size: i64,
    pub subject_kind: String,
    pub subject_id: Uuid,
    pub subject_label: String,
    /// The contact in whose timeline the file's events stand.
    pub subject_contact: Option<Uuid>,
    pub status: String,
    pub threat: Option<String>,
    pub thumbnail_key: Option<String>,
    pub preview_keys: Vec<String>,
    pub pages: Option<i32>,
    pub deleted_at: Option<jiff_sqlx::Timestamp>,
    pub created_by: Uuid,
    pub created_by_name: String,
    pub created_at: jiff_sqlx::Timestamp,
    pub version: i32,
}

/// The columns of [`FileRow`], from `f` and its record `s`.
const COLUMNS: &str = "f.id, f.name, f.sort_name, f.media_type, f.size, f.subject_kind, f.subject_id, s.label AS subject_label,
    s.contact_id AS subject_contact, f.status, f.threat, f.thumbnail_key, f.preview_keys, f.pages, f.deleted_at,
    f.created_by, f.created_by_name, f.created_at, f.version";

/// How a list is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileSort {
    Name,
    Created,
    Size,
}

/// What a list shows.
pub(crate) struct Wanted<'a> {
    pub subject: Option<(&'a str, Uuid)>,
    pub trash: bool,
    pub sort: FileSort,
    pub descending: bool,
}

impl FileSort {
    /// The column, and the type to which a cursor's key is read.
    fn column(self) -> (&'static str, &'static str) {
        match self {
            Self::Name => ("f.sort_name", "text"),
            Self::Created => ("f.created_at", "timestamptz"),
            Self::Size => ("f.size", "bigint"),
        }
    }

    /// The key of a row in this order.
    pub(crate) fn key(self, row: &FileRow) -> String {
        match self {
            Self::Name => row.sort_name.clone(),
            Self::Created => row.created_at.to_jiff().to_string(),
            Self::Size => row.size.to_string(),
        }
    }

    /// True for a key that [`Self::key`] could have made: the database would refuse others with an error.
    pub(crate) fn reads(self, key: &str) -> bool {
        match self {
            Self::Name => !key.contains('\0'),
            Self::Created => key.parse::<Timestamp>().is_ok(),
            Self::Size => key.parse::<i64>().is_ok(),
        }
    }
}

pub(crate) async fn page(tx: &mut Tx, wanted: &Wanted<'_>, after: Option<Cursor>, limit: usize) -> sqlx::Result<Vec<FileRow>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    let (column, kind) = wanted.sort.column();
    let (compare, direction) = if wanted.descending { ("<", "DESC") } else { (">", "ASC") };
    let deleted = if wanted.trash { "IS NOT NULL" } else { "IS NULL" };
    let subject = if wanted.subject.is_some() {
        "AND f.subject_id = $4 AND f.subject_kind = $3"
    } else {
        "AND $3::text IS NULL AND $4::uuid IS NULL"
    };
    let start = if after.is_some() {
        format!("AND ({column}, f.id) {compare} ($5::{kind}, $6)")
    } else {
        "AND $5::text IS NULL AND $6::uuid IS NULL".to_owned()
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM files f JOIN LATERAL ({}) s ON true
         WHERE f.tenant_id = $1 {subject} AND f.deleted_at {deleted} {start} ORDER BY {column} {direction}, f.id {direction} LIMIT $7",
        subjects::lateral()
    );
    sqlx::query_as(AssertSqlSafe(sql))
        .bind(tenant)
        .bind(scope)
        .bind(wanted.subject.map(|(kind, _)| kind))
        .bind(wanted.subject.map(|(_, id)| id))
        .bind(after.as_ref().map(|cursor| cursor.key.clone()))
        .bind(after.as_ref().map(|cursor| cursor.id))
        .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
        .fetch_all(tx.conn())
        .await
}

/// One file whose record the actor may see.
pub(crate) async fn get(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<FileRow>> {
    one(tx, id, "").await
}

/// The same, locked.
pub(crate) async fn lock(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<FileRow>> {
    one(tx, id, "FOR UPDATE OF f").await
}

async fn one(tx: &mut Tx, id: Uuid, lock: &str) -> sqlx::Result<Option<FileRow>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    let sql = format!(
        "SELECT {COLUMNS} FROM files f JOIN LATERAL ({}) s ON true WHERE f.tenant_id = $1 AND f.id = $3 {lock}",
        subjects::lateral()
    );
    sqlx::query_as(AssertSqlSafe(sql)).bind(tenant).bind(scope).bind(id).fetch_optional(tx.conn()).await
}

/// A file to be written.
pub(crate) struct NewFile<'a> {
    pub id: Uuid,
    pub name: &'a str,
    pub media_type: &'a str,
    pub size: i64,
    pub sha256: &'a [u8],
    pub subject: (&'a str, Uuid),
    pub object_key: &'a str,
    pub next_check_at: Timestamp,
}

pub(crate) async fn insert(tx: &mut Tx, new: &NewFile<'_>) -> sqlx::Result<()> {
    let (tenant, now, actor) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().clone());
    sqlx::query(
        "INSERT INTO files (tenant_id, id, name, sort_name, media_type, size, sha256, subject_kind, subject_id, object_key, next_check_at,
           created_by, created_by_name, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)",
    )
    .bind(tenant)
    .bind(new.id)
    .bind(new.name)
    .bind(text::fold(new.name))
    .bind(new.media_type)
    .bind(new.size)
    .bind(new.sha256)
    .bind(new.subject.0)
    .bind(new.subject.1)
    .bind(new.object_key)
    .bind(new.next_check_at.to_sqlx())
    .bind(actor.id)
    .bind(&actor.name)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(crate) async fn rename(tx: &mut Tx, id: Uuid, name: &str) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query("UPDATE files SET name = $3, sort_name = $4, updated_at = $5, version = version + 1 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .bind(name)
        .bind(text::fold(name))
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Puts a file into the trash, or takes it out.
pub(crate) async fn set_deleted(tx: &mut Tx, id: Uuid, deleted: bool) -> sqlx::Result<()> {
    let (tenant, now, actor) = (tx.tenant(), tx.now().to_sqlx(), tx.actor().id);
    sqlx::query(
        "UPDATE files SET deleted_at = $3, deleted_by = $4, updated_at = $5, version = version + 1 WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant)
    .bind(id)
    .bind(deleted.then_some(now))
    .bind(deleted.then_some(actor))
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Deletes a file for good; a trigger notes what it leaves in the store.
pub(crate) async fn delete(tx: &mut Tx, id: Uuid) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("DELETE FROM files WHERE tenant_id = $1 AND id = $2").bind(tenant).bind(id).execute(tx.conn()).await?;
    Ok(())
}

/// What a tenant keeps.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Usage {
    pub files: i64,
    pub bytes: i64,
    pub trash_bytes: i64,
    /// Announced by uploads that are under way.
    pub reserved: i64,
    /// Uploads of the actor that are under way.
    pub open_uploads: i64,
}

pub(crate) async fn usage(tx: &mut Tx) -> sqlx::Result<Usage> {
    let (tenant, actor) = (tx.tenant(), tx.actor().id);
    sqlx::query_as(
        "SELECT f.files, f.bytes, f.trash_bytes, u.reserved, u.open_uploads FROM
           (SELECT count(*) AS files, coalesce(sum(size), 0)::bigint AS bytes, coalesce(sum(size) FILTER (WHERE deleted_at IS NOT NULL), 0)::bigint AS trash_bytes
            FROM files WHERE tenant_id = $1) f,
           (SELECT coalesce(sum(size), 0)::bigint AS reserved, count(*) FILTER (WHERE created_by = $2) AS open_uploads FROM file_uploads WHERE tenant_id = $1) u",
    )
    .bind(tenant)
    .bind(actor)
    .fetch_one(tx.conn())
    .await
}

/// Takes the tenant's turn: uploads that begin at once must not share the last megabyte between them.
pub(crate) async fn lock_usage(tx: &mut Tx) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('files:' || $1::text, 0))").bind(tenant).execute(tx.conn()).await?;
    Ok(())
}

/// What a job needs of a file that waits to be checked; also counts the attempt.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Unchecked {
    pub object_key: String,
    pub media_type: String,
    pub attempts: i32,
}

/// Begins an attempt; `again` is when the clock looks at the file if this attempt comes to nothing.
pub(crate) async fn begin_check(tx: &mut Tx, id: Uuid, again: Timestamp) -> sqlx::Result<Option<Unchecked>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "UPDATE files SET attempts = attempts + 1, next_check_at = $3 WHERE tenant_id = $1 AND id = $2 AND status = 'checking'
         RETURNING object_key, media_type, attempts",
    )
    .bind(tenant)
    .bind(id)
    .bind(again.to_sqlx())
    .fetch_optional(tx.conn())
    .await
}

/// The attempt does not count: the scanner was not there.
pub(crate) async fn postpone_check(tx: &mut Tx, id: Uuid, until: Timestamp) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("UPDATE files SET attempts = attempts - 1, next_check_at = $3 WHERE tenant_id = $1 AND id = $2 AND status = 'checking'")
        .bind(tenant)
        .bind(id)
        .bind(until.to_sqlx())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The outcome of a check.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub threat: Option<String>,
    pub object_key: String,
    pub size: Option<i64>,
    pub thumbnail_key: Option<String>,
    pub preview_keys: Vec<String>,
    pub pages: Option<i32>,
}

/// Ends the check of the bytes under `seen`; false when somebody else has.
pub(crate) async fn end_check(tx: &mut Tx, id: Uuid, seen: &str, done: &Checked) -> sqlx::Result<bool> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let updated = sqlx::query(
        "UPDATE files SET status = CASE WHEN $4::text IS NULL THEN 'ready' ELSE 'quarantined' END, threat = $4, object_key = $5, size = coalesce($6, size),
           thumbnail_key = $7, preview_keys = $8, pages = $9, updated_at = $10
         WHERE tenant_id = $1 AND id = $2 AND status = 'checking' AND object_key = $3",
    )
    .bind(tenant)
    .bind(id)
    .bind(seen)
    .bind(&done.threat)
    .bind(&done.object_key)
    .bind(done.size)
    .bind(&done.thumbnail_key)
    .bind(&done.preview_keys)
    .bind(done.pages)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// What a link leads to: the bytes of a file that is there and may leave.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Content {
    pub name: String,
    pub media_type: String,
    pub size: i64,
    pub object_key: String,
    pub thumbnail_key: Option<String>,
    pub preview_keys: Vec<String>,
}

pub(crate) async fn content(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<Content>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT name, media_type, size, object_key, thumbnail_key, preview_keys FROM files
         WHERE tenant_id = $1 AND id = $2 AND status = 'ready' AND deleted_at IS NULL",
    )
    .bind(tenant)
    .bind(id)
    .fetch_optional(tx.conn())
    .await
}

//! What a file can belong to. A kind of record joins by one line of [`SUBJECTS`], and by a column of `files` where it takes its files along.

use crate::merges::store::alias;
use uuid::Uuid;
use vision_kernel::Problem;
use vision_platform::{Failure, Tx};

/// A kind of record.
struct SubjectKind {
    /// As stored in `subject_kind`.
    key: &'static str,
    /// Finds one: `label`, `contact_id` (in whose timeline its files stand) and `archived` of records that the owners in `$2` may see.
    /// `s` is the record; `@` stands for the wanted tenant and `#` for the wanted id.
    sql: &'static str,
}

const SUBJECTS: &[SubjectKind] = &[
    SubjectKind {
        key: "contact",
        sql: "SELECT s.display_name AS label, s.id AS contact_id, s.archived_at IS NOT NULL AS archived FROM contacts s
              WHERE s.tenant_id = @ AND s.id = # AND ($2::uuid[] IS NULL OR s.owner_id = ANY ($2))",
    },
    SubjectKind {
        key: "entity",
        sql: "SELECT s.display_name AS label, s.contact_id, s.archived_at IS NOT NULL AS archived FROM entities s
              LEFT JOIN contacts o ON o.tenant_id = s.tenant_id AND o.id = s.contact_id
              WHERE s.tenant_id = @ AND s.id = # AND ($2::uuid[] IS NULL OR o.owner_id = ANY ($2))",
    },
];

/// A record that a file belongs to.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Subject {
    /// Its id, which is another than the one asked for where that contact was merged.
    #[sqlx(skip)]
    pub(crate) id: Uuid,
    pub(crate) archived: bool,
}

/// The record of each file `f`, for a lateral join, with the owners in `$2`.
pub(crate) fn lateral() -> String {
    let parts: Vec<String> = SUBJECTS
        .iter()
        .map(|subject| {
            format!("{} AND f.subject_kind = '{}'", subject.sql.replace('@', "f.tenant_id").replace('#', "f.subject_id"), subject.key)
        })
        .collect();
    parts.join(" UNION ALL ")
}

/// True for a kind that exists.
pub(crate) fn is_known(kind: &str) -> bool {
    SUBJECTS.iter().any(|subject| subject.key == kind)
}

async fn look(tx: &mut Tx, kind: &str, id: Uuid) -> Result<Option<Subject>, Failure> {
    let Some(kind) = SUBJECTS.iter().find(|subject| subject.key == kind) else { return Ok(None) };
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    let found: Option<Subject> = sqlx::query_as(sqlx::AssertSqlSafe(kind.sql.replace('@', "$1").replace('#', "$3")))
        .bind(tenant)
        .bind(scope)
        .bind(id)
        .fetch_optional(tx.conn())
        .await?;
    Ok(found.map(|subject| Subject { id, ..subject }))
}

/// Finds a record that the actor may see; the id of a merged contact leads to the one that was kept.
pub(crate) async fn find(tx: &mut Tx, kind: &str, id: Uuid) -> Result<Subject, Failure> {
    if !is_known(kind) {
        return Err(Problem::field("/subject/kind", "invalid", "Cette valeur n’existe pas.").into());
    }
    let mut found = look(tx, kind, id).await?;
    if found.is_none()
        && kind == "contact"
        && let Some(kept) = alias(tx, id).await?
    {
        found = look(tx, kind, kept).await?;
    }
    found.ok_or_else(|| Problem::field("/subject/id", "unknown", "Cette fiche n’existe pas.").into())
}

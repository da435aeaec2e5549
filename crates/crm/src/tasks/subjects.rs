//! What a task can be about. A kind of record joins by one line of [`SUBJECTS`].

use super::model::TaskSubjectIn;
use uuid::Uuid;
use vision_kernel::{Actor, Permission, Problem};
use vision_platform::{Failure, Tx};

/// A kind of record.
struct SubjectKind {
    /// As stored in `subject_kind`.
    key: &'static str,
    /// Finds one: `id`, `label` and `contact_id` (in whose timeline its tasks stand) of records that the owners in `$2` may see.
    /// `s` is the record; `@` stands for the wanted tenant and `#` for the wanted id.
    sql: &'static str,
}

const SUBJECTS: &[SubjectKind] = &[
    SubjectKind {
        key: "contact",
        sql: "SELECT s.id, s.display_name AS label, s.id AS contact_id FROM contacts s WHERE s.tenant_id = @ AND s.id = # AND ($2::uuid[] IS NULL OR s.owner_id = ANY ($2))",
    },
    // Its tasks stand in the timeline of whoever owns it at the time.
    SubjectKind {
        key: "entity",
        sql: "SELECT s.id, CASE WHEN s.plate IS NULL OR s.plate = s.display_name THEN s.display_name ELSE s.display_name || ' · ' || s.plate END AS label,
                s.contact_id FROM entities s LEFT JOIN contacts o ON o.tenant_id = s.tenant_id AND o.id = s.contact_id
              WHERE s.tenant_id = @ AND s.id = # AND ($2::uuid[] IS NULL OR o.owner_id = ANY ($2))",
    },
];

/// True for a kind that exists.
pub(crate) fn is_known(kind: &str) -> bool {
    SUBJECTS.iter().any(|subject| subject.key == kind)
}

/// Owners whose records the actor may see: everybody's (`None`), some, or nobody's without the right to read contacts.
pub(crate) fn scope(actor: &Actor) -> Option<Vec<Uuid>> {
    if actor.may(Permission::ContactsRead) { actor.owner_scope.clone() } else { Some(Vec::new()) }
}

/// The record of each task `t`, as rows of (`label`, `contact_id`): for a lateral join, with the owners in `$2`.
pub(crate) fn lateral() -> String {
    let parts: Vec<String> = SUBJECTS
        .iter()
        .map(|subject| {
            format!("{} AND t.subject_kind = '{}'", subject.sql.replace('@', "t.tenant_id").replace('#', "t.subject_id"), subject.key)
        })
        .collect();
    parts.join(" UNION ALL ")
}

/// Finds the record that a task is to be about: (its name, the contact in whose timeline the task stands).
pub(crate) async fn find(tx: &mut Tx, subject: &TaskSubjectIn) -> Result<(String, Option<Uuid>), Failure> {
    let kind = SUBJECTS.iter().find(|kind| kind.key == subject.kind);
    let kind = kind.ok_or_else(|| Problem::field("/subject/kind", "invalid", "Cette valeur n’existe pas."))?;
    let (tenant, scope) = (tx.tenant(), scope(tx.actor()));
    let found: Option<(Uuid, String, Option<Uuid>)> = sqlx::query_as(sqlx::AssertSqlSafe(kind.sql.replace('@', "$1").replace('#', "$3")))
        .bind(tenant)
        .bind(scope)
        .bind(subject.id)
        .fetch_optional(tx.conn())
        .await?;
    let (_, label, contact) = found.ok_or_else(|| Problem::field("/subject/id", "unknown", "Cette fiche n’existe pas."))?;
    Ok((label, contact))
}

//! One search over everything that the actor may see: contacts, what they own, notes, files, tasks.
//!
//! Invariants: a hit is shown only where its contact may be seen; a contact is looked for in spite of a typing error only where nobody
//! is found without one, and the answer says so.

use crate::contacts::filter::ContactFilter;
use crate::contacts::search::{self, Search};
use crate::contacts::store as contacts;
use crate::entities::filter::EntityFilter;
use crate::entities::store as entities;
use axum::extract::Query;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::contact_point::display_phone;
use vision_kernel::{Permission, text};
use vision_platform::http::Json;
use vision_platform::permits::ContactsRead;
use vision_platform::{ApiResult, App, Authorized, Failure, Tx};

/// Hits of each kind.
const EACH: usize = 6;
/// Characters shown around a word of a note.
const AROUND: usize = 90;

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(search_everything))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct SearchQuery {
    /// A name, a fragment of a telephone, an e-mail, a plate, words of a note, a file's name. Case and accents do not matter.
    q: String,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HitKind {
    /// A person.
    Person,
    /// A company.
    Company,
    /// A vehicle.
    Vehicle,
    /// Another thing that a contact owns.
    Entity,
    /// A note on a contact.
    Note,
    /// A file.
    File,
    /// A task.
    Task,
}

/// One thing found.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SearchHit {
    kind: HitKind,
    id: Uuid,
    label: String,
    /// What tells it from others of the same name.
    detail: Option<String>,
    /// Where it is shown: the contact or the entity, for notes, files and tasks that have one.
    contact_id: Option<Uuid>,
    entity_id: Option<Uuid>,
}

/// Everything found, kind by kind, at most six of each.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SearchResults {
    items: Vec<SearchHit>,
    /// True: nobody has this name; contacts with a similar one are shown.
    similar: bool,
}

/// Finds contacts, what they own, notes, files and tasks.
#[utoipa::path(get, path = "/search", operation_id = "search", tag = "search", params(SearchQuery),
    responses((status = 200, body = SearchResults)), security(("session" = ["contacts.read"])))]
async fn search_everything(auth: Authorized<ContactsRead>, Query(query): Query<SearchQuery>) -> ApiResult<Json<SearchResults>> {
    let mut results = SearchResults { items: Vec::new(), similar: false };
    let Some(parsed) = search::parse(&query.q) else { return Ok(Json(results)) };
    let mut tx = auth.read().await?;
    let filter = ContactFilter { q: Some(query.q.clone()), ..ContactFilter::default() };
    let conditions = filter.conditions(&mut tx, "").await?;
    let mut people = contacts::page(&mut tx, conditions, "name", None, EACH - 1, &[]).await?;
    if people.is_empty()
        && let Some(word) = fuzzy_word(&query.q)
    {
        people = similar(&mut tx, &word).await?;
        results.similar = !people.is_empty();
    }
    results.items.extend(people.into_iter().map(|row| {
        let phone = row.phone.as_deref().map(display_phone);
        let company = row.company_name.filter(|_| row.kind == "person");
        SearchHit {
            kind: if row.kind == "company" { HitKind::Company } else { HitKind::Person },
            id: row.id,
            label: row.display_name,
            detail: joined([company, phone.or(row.email), row.city]),
            contact_id: None,
            entity_id: None,
        }
    }));
    let filter = EntityFilter { q: Some(query.q.clone()), ..EntityFilter::default() };
    let conditions = filter.conditions(&mut tx, "?").await?;
    let things = entities::page(&mut tx, conditions, "name", None, EACH - 1, entities::Shown::Keys(&[])).await?;
    results.items.extend(things.into_iter().map(|row| SearchHit {
        kind: if row.kind == "vehicle" { HitKind::Vehicle } else { HitKind::Entity },
        id: row.id,
        label: row.display_name,
        detail: joined([row.plate, row.contact_name, None]),
        contact_id: None,
        entity_id: None,
    }));
    if let Search::Words(patterns) = parsed {
        results.items.extend(texts(&mut tx, &patterns, &text::fold(&query.q)).await?);
    }
    Ok(Json(results))
}

fn joined(parts: [Option<String>; 3]) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// The longest word, when it is one in which a typing error can be guessed: letters, at least five.
fn fuzzy_word(query: &str) -> Option<String> {
    let folded = text::fold(&query.chars().take(100).collect::<String>());
    let longest = folded.split(' ').max_by_key(|word| word.chars().count())?;
    (longest.chars().count() >= 5 && longest.chars().all(|c| c.is_alphabetic() || c == '\'' || c == '-')).then(|| longest.to_owned())
}

async fn similar(tx: &mut Tx, word: &str) -> Result<Vec<contacts::ListRow>, Failure> {
    let limit = i32::try_from(EACH).unwrap_or(i32::MAX);
    let ids: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM contacts_like($1, $2)").bind(word).bind(limit).fetch_all(tx.conn()).await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    // Through the filter, so that what the actor may not see stays unseen.
    let mut conditions = ContactFilter::default().conditions(tx, "").await?;
    conditions.insert("ids".to_owned(), json!(ids));
    let mut rows = contacts::page(tx, conditions, "name", None, EACH - 1, &[]).await?;
    rows.sort_by_key(|row| ids.iter().position(|id| *id == row.id));
    Ok(rows)
}

#[derive(sqlx::FromRow)]
struct TextRow {
    kind: String,
    id: Uuid,
    label: String,
    body: Option<String>,
    contact_id: Option<Uuid>,
    entity_id: Option<Uuid>,
    of: Option<String>,
}

async fn texts(tx: &mut Tx, patterns: &[String], folded: &str) -> Result<Vec<SearchHit>, Failure> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    let mut kinds = vec!["note", "file"];
    if tx.actor().may(Permission::TasksRead) {
        kinds.push("task");
    }
    let (me, all) = (tx.actor().id, tx.actor().owner_scope.is_none());
    let rows: Vec<TextRow> = sqlx::query_as(
        "SELECT h.kind, h.id, coalesce(f.name, t.title, c.display_name) AS label, n.body, coalesce(c.id, oc.id) AS contact_id, e.id AS entity_id,
                coalesce(e.display_name, c.display_name) AS of
         FROM text_hits($2, $3, $4) WITH ORDINALITY AS h (kind, id, place)
         LEFT JOIN notes n ON h.kind = 'note' AND n.tenant_id = $1 AND n.id = h.id
         LEFT JOIN files f ON h.kind = 'file' AND f.tenant_id = $1 AND f.id = h.id
         LEFT JOIN tasks t ON h.kind = 'task' AND t.tenant_id = $1 AND t.id = h.id
         LEFT JOIN entities e ON e.tenant_id = $1 AND e.id = CASE WHEN f.subject_kind = 'entity' THEN f.subject_id WHEN t.subject_kind = 'entity' THEN t.subject_id END
         LEFT JOIN contacts c ON c.tenant_id = $1 AND c.id = coalesce(n.contact_id, f.contact_id, t.contact_id)
         LEFT JOIN contacts oc ON oc.tenant_id = $1 AND oc.id = e.contact_id
         WHERE $5::uuid[] IS NULL OR c.owner_id = ANY ($5) OR oc.owner_id = ANY ($5)
            OR (h.kind = 'task' AND c.id IS NULL AND e.id IS NULL AND ($6 OR t.assignee_id = $7 OR t.created_by = $7))
         ORDER BY array_position(ARRAY['task', 'note', 'file'], h.kind), h.place",
    )
    .bind(tenant)
    .bind(json!(patterns))
    .bind(&kinds)
    .bind(i32::try_from(EACH).unwrap_or(i32::MAX))
    .bind(scope)
    .bind(all)
    .bind(me)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| hit(row, folded)).collect())
}

fn hit(row: TextRow, folded: &str) -> SearchHit {
    let kind = match row.kind.as_str() {
        "note" => HitKind::Note,
        "file" => HitKind::File,
        _ => HitKind::Task,
    };
    let (label, detail) = match row.body {
        Some(body) => (around(&body, folded), row.of),
        None => (row.label, row.of),
    };
    SearchHit { kind, id: row.id, label, detail, contact_id: row.contact_id, entity_id: row.entity_id }
}

/// The part of a text in which the first word that was looked for stands.
fn around(body: &str, folded: &str) -> String {
    let flat = body.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() <= AROUND {
        return flat;
    }
    let word = folded.split(' ').max_by_key(|word| word.len()).unwrap_or_default();
    // Folding may change lengths: the place is found word by word, which it keeps.
    let words: Vec<&str> = flat.split(' ').collect();
    let at = words.iter().position(|one| text::fold(one).contains(word)).unwrap_or(0);
    let start = at.saturating_sub(4);
    let mut out = String::new();
    for one in words.get(start..).unwrap_or_default() {
        if out.chars().count() + one.chars().count() > AROUND {
            out.push('…');
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(one);
    }
    if start > 0 { format!("… {out}") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_shown_around_its_word() {
        let body =
            "Le client demande un devis pour changer l’embrayage et les plaquettes de frein avant la fin du mois prochain, si possible.";
        assert_eq!(
            around(body, "plaquettes"),
            "… changer l’embrayage et les plaquettes de frein avant la fin du mois prochain, si possible."
        );
        assert_eq!(around("Réglé", "regle"), "Réglé");
        assert_eq!(around("", "x"), "");
        assert!(around(&"é🚗".repeat(500), "x").chars().count() <= AROUND + 1);
    }

    #[test]
    fn typing_errors_are_guessed_in_words_only() {
        assert_eq!(fuzzy_word("Jean Dupnot").as_deref(), Some("dupnot"));
        assert_eq!(fuzzy_word("06123456"), None);
        assert_eq!(fuzzy_word("abc"), None);
        assert_eq!(fuzzy_word("'; --"), None);
    }
}

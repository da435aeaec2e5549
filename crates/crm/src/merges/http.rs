//! Routes of duplicates and merges; and the way from an old id to the contact that it became.

use super::jobs;
use super::ops::{self, MergeRequest, can_undo};
use super::store::{self, MergeRow};
use crate::contacts::filter::Selection;
use crate::contacts::http::ContactRow;
use crate::contacts::store as contacts;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{Cursor, Problem};
use vision_platform::auth::Identity;
use vision_platform::background::{self, JobOut};
use vision_platform::http::{Json, cursor};
use vision_platform::permits::{ContactsRead, ContactsWrite};
use vision_platform::{ApiResult, App, Authorized, Failure, Tx};

/// Groups of a page.
const GROUPS: i64 = 50;
/// Pairs of suggestions.
const PAIRS: i64 = 100;

/// Routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_duplicates))
        .routes(routes!(list_suggestions))
        .routes(routes!(judge_pair))
        .routes(routes!(merge_many))
        .routes(routes!(merge_contact))
        .routes(routes!(list_merges))
        .routes(routes!(undo_merge))
}

/// Contacts that are the same by the rule of imports: same e-mail, else same phone or SIREN where one of them has no e-mail.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DuplicateGroup {
    /// `email`, `phone` or `siren`
    reason: &'static str,
    value: String,
    /// Oldest first; at most twenty.
    contacts: Vec<ContactRow>,
}

/// Groups of duplicates; a page may be short where contacts are archived.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DuplicateList {
    items: Vec<DuplicateGroup>,
    next_cursor: Option<String>,
}

/// A pair that may be the same.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SuggestedPair {
    /// 0 to 1.
    likeness: f32,
    contacts: Vec<ContactRow>,
}

/// At most a hundred pairs, likeliest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SuggestionList {
    items: Vec<SuggestedPair>,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct DuplicateQuery {
    cursor: Option<String>,
}

async fn rows(tx: &mut Tx, ids: BTreeSet<Uuid>) -> Result<BTreeMap<Uuid, ContactRow>, Failure> {
    let now = tx.now();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let limit = ids.len();
    let conditions = Selection::Ids { ids }.conditions(tx).await?;
    let found = contacts::page(tx, conditions, "created", None, limit, &[]).await?;
    Ok(found.into_iter().map(|row| (row.id, ContactRow::new(row, now))).collect())
}

fn take(rows: &mut BTreeMap<Uuid, ContactRow>, ids: &[Uuid]) -> Vec<ContactRow> {
    ids.iter().filter_map(|id| rows.get(id).cloned()).collect()
}

/// Contacts that share an e-mail, a phone or a SIREN.
#[utoipa::path(get, path = "/duplicates", operation_id = "list_duplicates", tag = "contacts", params(DuplicateQuery),
    responses((status = 200, body = DuplicateList)), security(("session" = ["contacts.read"])))]
async fn list_duplicates(auth: Authorized<ContactsRead>, Query(query): Query<DuplicateQuery>) -> ApiResult<Json<DuplicateList>> {
    let after = cursor(query.cursor.as_deref())?
        .and_then(|cursor| cursor.key.split_once('|').map(|(kind, value)| (kind.to_owned(), value.to_owned())));
    let mut tx = auth.read().await?;
    let groups = store::exact_groups(&mut tx, after, GROUPS).await?;
    let next_cursor = (i64::try_from(groups.len()).unwrap_or(0) == GROUPS)
        .then(|| groups.last().map(|(kind, value, _)| Cursor { key: format!("{kind}|{value}"), id: Uuid::nil() }.encode()))
        .flatten();
    let mut known = rows(&mut tx, groups.iter().flat_map(|(.., ids)| ids.iter().copied()).collect()).await?;
    let items = groups
        .into_iter()
        .map(|(kind, value, ids)| DuplicateGroup {
            reason: match kind.as_str() {
                "e" => "email",
                "p" => "phone",
                _ => "siren",
            },
            value,
            contacts: take(&mut known, &ids),
        })
        .filter(|group| group.contacts.len() > 1)
        .collect();
    Ok(Json(DuplicateList { items, next_cursor }))
}

/// Pairs with like names at the same postal code.
#[utoipa::path(get, path = "/duplicates/suggestions", operation_id = "list_duplicate_suggestions", tag = "contacts",
    responses((status = 200, body = SuggestionList)), security(("session" = ["contacts.read"])))]
async fn list_suggestions(auth: Authorized<ContactsRead>) -> ApiResult<Json<SuggestionList>> {
    let mut tx = auth.read().await?;
    let pairs = store::suggestions(&mut tx, PAIRS).await?;
    let mut known = rows(&mut tx, pairs.iter().flat_map(|(a, b, _)| [*a, *b]).collect()).await?;
    let items = pairs.into_iter().map(|(a, b, likeness)| SuggestedPair { likeness, contacts: take(&mut known, &[a, b]) });
    Ok(Json(SuggestionList { items: items.filter(|pair| pair.contacts.len() == 2).collect() }))
}

/// A judgement about two contacts.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct JudgementIn {
    /// Two contacts.
    ids: Vec<Uuid>,
    /// True: they are not the same and are no longer proposed. False takes that back.
    distinct: bool,
}

/// Says that two contacts are not the same, or takes that back.
#[utoipa::path(post, path = "/duplicates/judgements", operation_id = "judge_duplicates", tag = "contacts", request_body = JudgementIn,
    responses((status = 204), (status = 422)), security(("session" = ["contacts.write"])))]
async fn judge_pair(auth: Authorized<ContactsWrite>, Json(input): Json<JudgementIn>) -> ApiResult<StatusCode> {
    let [a, b] = input.ids.as_slice() else { return Err(Problem::field("/ids", "invalid", "Deux contacts différents.").into()) };
    let mut tx = auth.begin().await?;
    ops::judge(&mut tx, *a, *b, input.distinct).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Groups to merge.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct MergeManyIn {
    /// 1 to 200 groups of 2 to 20 contacts; each group is merged into its first contact.
    groups: Vec<Vec<Uuid>>,
}

/// Merges many groups, as a job. A group that changed meanwhile is left as it is.
#[utoipa::path(post, path = "/duplicates/merge", operation_id = "merge_duplicates", tag = "contacts", request_body = MergeManyIn,
    responses((status = 202, body = JobOut), (status = 422)), security(("session" = ["contacts.write"])))]
async fn merge_many(auth: Authorized<ContactsWrite>, Json(input): Json<MergeManyIn>) -> ApiResult<Response> {
    if input.groups.is_empty() || input.groups.len() > 200 || input.groups.iter().any(|group| !(2..=20).contains(&group.len())) {
        return Err(Problem::field("/groups", "invalid", "De 1 à 200 groupes de 2 à 20 contacts.").into());
    }
    let mut tx = auth.begin().await?;
    let job = jobs::start(&mut tx, input.groups).await?;
    tx.commit().await?;
    Ok(background::accepted(job))
}

/// Which contact to merge into this one, and whose values win.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct MergeIn {
    /// The contact that ends; its id leads to the kept one afterwards.
    other_id: Uuid,
    /// Fields of which the other contact's value wins, such as `last_name`, `emails` (its first is the primary one), `custom.size`.
    /// Values that only one of them has are always kept.
    #[serde(default)]
    take: BTreeSet<String>,
    /// The versions that were compared; 412 when one has changed since.
    version: Option<i32>,
    other_version: Option<i32>,
}

/// A merge.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ContactMerge)]
pub struct MergeOut {
    id: Uuid,
    kept_id: Uuid,
    merged_id: Uuid,
    merged_name: String,
    merged_by: String,
    #[schema(value_type = String, format = DateTime)]
    merged_at: Timestamp,
    /// For 30 days.
    can_undo: bool,
}

impl MergeOut {
    fn new(row: MergeRow, now: Timestamp) -> Self {
        Self {
            can_undo: can_undo(&row, now),
            id: row.id,
            kept_id: row.kept_id,
            merged_id: row.merged_id,
            merged_name: row.merged_name,
            merged_by: row.merged_by_name,
            merged_at: row.merged_at.to_jiff(),
        }
    }
}

/// At most a hundred merges.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MergeList {
    items: Vec<MergeOut>,
}

/// Merges another contact into this one.
#[utoipa::path(post, path = "/contacts/{id}/merge", operation_id = "merge_contact", tag = "contacts", request_body = MergeIn, params(("id" = Uuid, Path)),
    responses((status = 200, body = MergeOut), (status = 404), (status = 409), (status = 412), (status = 422)), security(("session" = ["contacts.write"])))]
async fn merge_contact(auth: Authorized<ContactsWrite>, Path(id): Path<Uuid>, Json(input): Json<MergeIn>) -> ApiResult<Json<MergeOut>> {
    let mut tx = auth.begin().await?;
    let request = MergeRequest { other: input.other_id, take: input.take, version: input.version, other_version: input.other_version };
    let merge = ops::merge(&mut tx, id, &request).await?;
    let now = tx.now();
    let row = store::lock(&mut tx, merge).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    Ok(Json(MergeOut::new(row, now)))
}

/// What was merged into a contact.
#[utoipa::path(get, path = "/contacts/{id}/merges", operation_id = "list_merges", tag = "contacts", params(("id" = Uuid, Path)),
    responses((status = 200, body = MergeList), (status = 404)), security(("session" = ["contacts.read"])))]
async fn list_merges(auth: Authorized<ContactsRead>, Path(id): Path<Uuid>) -> ApiResult<Json<MergeList>> {
    let mut tx = auth.read().await?;
    crate::contacts::ops::get(&mut tx, id).await?;
    let now = tx.now();
    let items = store::of_contact(&mut tx, id).await?.into_iter().map(|row| MergeOut::new(row, now)).collect();
    Ok(Json(MergeList { items }))
}

/// The contact that is back.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Unmerged {
    contact_id: Uuid,
}

/// Takes a merge back: both contacts are as they were, but for what people changed since.
#[utoipa::path(post, path = "/merges/{id}/undo", operation_id = "undo_merge", tag = "contacts", params(("id" = Uuid, Path)),
    responses((status = 200, body = Unmerged), (status = 404), (status = 409)), security(("session" = ["contacts.write"])))]
async fn undo_merge(auth: Authorized<ContactsWrite>, Path(id): Path<Uuid>) -> ApiResult<Json<Unmerged>> {
    let mut tx = auth.begin().await?;
    let contact_id = ops::undo(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Json(Unmerged { contact_id }))
}

/// Old ids and addresses keep resolving: a 404 below `/contacts/{id}` of a merged contact becomes a 308 to the kept one. Writes are
/// refused with 409 and the kept one's id: they were meant for what the merged contact was, and its version may be the other's by chance.
pub async fn redirect(State(app): State<App>, request: Request, next: Next) -> Response {
    let actor = request.extensions().get::<Identity>().and_then(|identity| identity.0.clone());
    let uri = request.uri().clone();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let answer = next.run(request).await;
    let (StatusCode::NOT_FOUND, Some(actor)) = (answer.status(), actor) else { return answer };
    let Some((before, id, after)) = contact_in(uri.path()) else { return answer };
    let found = async {
        let mut tx = app.db.read(actor).await?;
        Ok::<_, Failure>(store::alias(&mut tx, id).await?)
    };
    let kept = match found.await {
        Ok(Some(kept)) => kept,
        Ok(None) => return answer,
        Err(failure) => return failure.into_response(),
    };
    if !reads {
        let problem = Problem::conflict("Ce contact a été fusionné avec un autre.").with("merged_into", kept.to_string());
        return Failure::from(problem).into_response();
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    match HeaderValue::from_str(&format!("{before}{kept}{after}{query}")) {
        Ok(place) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, place)]).into_response(),
        Err(_) => answer,
    }
}

/// The contact's id in a path, with what stands before and after it.
fn contact_in(path: &str) -> Option<(&str, Uuid, &str)> {
    let start = path.find("/contacts/")? + "/contacts/".len();
    let (before, rest) = path.split_at(start);
    let end = rest.find('/').unwrap_or(rest.len());
    let (id, after) = rest.split_at(end);
    Some((before, Uuid::try_parse(id).ok()?, after))
}

//! Kinds of entity: those that the product knows, and those that the tenant makes.

use super::events::KindEvent;
use super::model::{EntityKind, Fact};
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use vision_kernel::{Change, Problem, ProblemKind, text};
use vision_platform::failure::OnUnique;
use vision_platform::http::{Created, Json, Versioned, expected_version};
use vision_platform::permits::{CompanyManage, ContactsRead};
use vision_platform::{ApiResult, App, Authorized, Failure, Tx};

/// Most kinds of a tenant.
const MAX_KINDS: i64 = 50;

/// Routes.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_entity_kinds, create_entity_kind)).routes(routes!(update_entity_kind, delete_entity_kind))
}

/// A kind that the product knows.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BuiltinKind {
    kind: EntityKind,
    facts: &'static [Fact],
}

/// A kind of the tenant's own.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OwnKind {
    id: Uuid,
    name: String,
    facts: Vec<Fact>,
    entity_count: i64,
    version: i32,
}

/// Every kind that things may have here.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EntityKindList {
    builtin: Vec<BuiltinKind>,
    /// At most 50.
    own: Vec<OwnKind>,
}

#[derive(Debug, sqlx::FromRow)]
pub(crate) struct KindRow {
    id: Uuid,
    name: String,
    facts: Vec<String>,
    entity_count: i64,
    version: i32,
}

impl From<KindRow> for OwnKind {
    fn from(row: KindRow) -> Self {
        let facts = row.facts.iter().filter_map(|fact| serde_json::from_value(fact.as_str().into()).ok()).collect();
        Self { id: row.id, name: row.name, facts, entity_count: row.entity_count, version: row.version }
    }
}

const SELECT: &str = "SELECT k.id, k.name, k.facts, k.version,
    (SELECT count(*) FROM entities e WHERE e.tenant_id = k.tenant_id AND e.kind_id = k.id) AS entity_count FROM entity_kinds k WHERE k.tenant_id = $1";

/// One of the tenant's kinds.
pub(crate) async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<KindRow>, Failure> {
    let tenant = tx.tenant();
    let query = sqlx::AssertSqlSafe(format!("{SELECT} AND k.id = $2 FOR UPDATE OF k"));
    Ok(sqlx::query_as(query).bind(tenant).bind(id).fetch_optional(tx.conn()).await?)
}

/// The kinds that things may have.
#[utoipa::path(get, path = "/entity-kinds", operation_id = "list_entity_kinds", tag = "entities",
    responses((status = 200, body = EntityKindList)), security(("session" = ["contacts.read"])))]
async fn list_entity_kinds(auth: Authorized<ContactsRead>) -> ApiResult<Json<EntityKindList>> {
    use EntityKind as K;
    let mut tx = auth.read().await?;
    let tenant = tx.tenant();
    let rows: Vec<KindRow> =
        sqlx::query_as(sqlx::AssertSqlSafe(format!("{SELECT} ORDER BY k.name_norm LIMIT 50"))).bind(tenant).fetch_all(tx.conn()).await?;
    // GD-17
    let patient = auth.app.config.hds_hosting.then_some(K::Patient);
    let builtin = [K::Vehicle, K::Animal, K::Equipment, K::Property].into_iter().chain(patient);
    Ok(Json(EntityKindList {
        builtin: builtin.map(|kind| BuiltinKind { kind, facts: kind.facts() }).collect(),
        own: rows.into_iter().map(OwnKind::from).collect(),
    }))
}

/// A kind.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct EntityKindIn {
    name: String,
    /// The built-in facts that such a thing has; none by default.
    #[serde(default)]
    facts: Vec<Fact>,
}

impl EntityKindIn {
    fn checked(self, hds: bool) -> Result<(String, Vec<String>), Problem> {
        let name = text::clean(&self.name, false)
            .filter(|name| name.chars().count() <= 40)
            .ok_or_else(|| Problem::field("/name", "invalid", "Indiquez un nom de 40 caractères au plus."))?;
        // GD-17: the word is refused as well, so that nobody keeps people in care under a kind of their own.
        if !hds && text::fold(&name).contains("patient") {
            return Err(Problem::field("/name", "unavailable", "Les patients demandent un hébergement de données de santé (HDS)."));
        }
        let mut facts = self.facts;
        facts.sort_unstable();
        facts.dedup();
        let facts = facts.iter().filter_map(|fact| serde_json::to_value(fact).ok()?.as_str().map(str::to_owned)).collect();
        Ok((name, facts))
    }
}

fn taken() -> Problem {
    Problem::field("/name", "taken", "Ce type existe déjà.")
}

/// Makes a kind.
#[utoipa::path(post, path = "/entity-kinds", operation_id = "create_entity_kind", tag = "entities", request_body = EntityKindIn,
    responses((status = 201, body = OwnKind), (status = 409), (status = 422)), security(("session" = ["company.manage"])))]
async fn create_entity_kind(auth: Authorized<CompanyManage>, Json(input): Json<EntityKindIn>) -> ApiResult<Created<OwnKind>> {
    let (name, facts) = input.checked(auth.app.config.hds_hosting)?;
    let mut tx = auth.begin().await?;
    let (tenant, id, now) = (tx.tenant(), tx.new_id(), tx.now().to_sqlx());
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM entity_kinds WHERE tenant_id = $1").bind(tenant).fetch_one(tx.conn()).await?;
    if count >= MAX_KINDS {
        return Err(Problem::conflict("Trop de types : 50 au plus. Supprimez ceux qui ne servent plus.").into());
    }
    sqlx::query("INSERT INTO entity_kinds (tenant_id, id, name, name_norm, facts, created_at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(tenant)
        .bind(id)
        .bind(&name)
        .bind(text::fold(&name))
        .bind(&facts)
        .bind(now)
        .execute(tx.conn())
        .await
        .on_unique("entity_kinds_tenant_id_name_norm_key", taken)?;
    tx.emit(&KindEvent { name: "entity_kind.created", id, label: name, changes: Vec::new() });
    let kind = find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    Ok(Created::at(format!("/api/v1/entity-kinds/{id}"), kind.into()))
}

/// Renames a kind or changes the facts that it shows; values already written are kept.
#[utoipa::path(patch, path = "/entity-kinds/{id}", operation_id = "update_entity_kind", tag = "entities", request_body = EntityKindIn,
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = OwnKind), (status = 404), (status = 412), (status = 422)), security(("session" = ["company.manage"])))]
async fn update_entity_kind(
    auth: Authorized<CompanyManage>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(input): Json<EntityKindIn>,
) -> ApiResult<Versioned<OwnKind>> {
    let expected = expected_version(&headers)?;
    let (name, facts) = input.checked(auth.app.config.hds_hosting)?;
    let mut tx = auth.begin().await?;
    let before = find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    if expected.is_some_and(|version| version != before.version) {
        return Err(Problem::new(ProblemKind::StaleVersion).with("version", before.version).into());
    }
    let tenant = tx.tenant();
    sqlx::query("UPDATE entity_kinds SET name = $3, name_norm = $4, facts = $5, version = version + 1 WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .bind(&name)
        .bind(text::fold(&name))
        .bind(&facts)
        .execute(tx.conn())
        .await
        .on_unique("entity_kinds_tenant_id_name_norm_key", taken)?;
    let changes = [Change::between("name", &before.name, &name), Change::between("facts", &before.facts, &facts)];
    tx.emit(&KindEvent { name: "entity_kind.updated", id, label: name, changes: changes.into_iter().flatten().collect() });
    let kind = find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    Ok(Versioned(kind.version, kind.into()))
}

/// Deletes a kind that nothing has.
#[utoipa::path(delete, path = "/entity-kinds/{id}", operation_id = "delete_entity_kind", tag = "entities", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404), (status = 409)), security(("session" = ["company.manage"])))]
async fn delete_entity_kind(auth: Authorized<CompanyManage>, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    let mut tx = auth.begin().await?;
    let kind = find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    if kind.entity_count > 0 {
        let detail = format!("{} fiches ont ce type, archives comprises : supprimez-les d’abord.", kind.entity_count);
        return Err(Problem::conflict(detail).into());
    }
    let tenant = tx.tenant();
    // A field that only this kind has would be nobody's, with its name taken.
    let field: Option<String> = sqlx::query_scalar(
        "SELECT label FROM custom_fields WHERE tenant_id = $1 AND object = 'entity' AND applies_to = $2::text AND deleted_at IS NULL ORDER BY position LIMIT 1",
    )
    .bind(tenant)
    .bind(id.to_string())
    .fetch_optional(tx.conn())
    .await?;
    if let Some(label) = field {
        let detail = format!("Le champ « {label} » n’existe que pour ce type : supprimez-le, ou donnez-le à un autre type.");
        return Err(Problem::conflict(detail).into());
    }
    sqlx::query("DELETE FROM entity_kinds WHERE tenant_id = $1 AND id = $2").bind(tenant).bind(id).execute(tx.conn()).await?;
    tx.emit(&KindEvent { name: "entity_kind.deleted", id, label: kind.name, changes: Vec::new() });
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

//! Every SQL statement about contacts.

use super::model::{AddressEntry, Contact, Draft, EmailEntry, PhoneEntry};
use jiff_sqlx::ToSqlx;
use serde_json::{Map, Value, json};
use sqlx::types::Json;
use uuid::Uuid;
use vision_kernel::Cursor;
use vision_platform::Tx;

/// A row of the contact list.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct ListRow {
    pub id: Uuid,
    pub kind: String,
    pub display_name: String,
    pub company_name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub city: Option<String>,
    pub first_invoiced: bool,
    pub owner_id: Option<Uuid>,
    pub owner_name: Option<String>,
    pub tags: Json<Vec<TagRef>>,
    pub created_at: jiff_sqlx::Timestamp,
    pub last_activity_at: jiff_sqlx::Timestamp,
    pub archived: bool,
    pub custom: Json<Map<String, Value>>,
    pub sort_key: String,
}

/// A tag as lists show it.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub(crate) struct TagRef {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    /// `neutral`, `good`, `bad`, `info`
    pub(crate) tone: String,
}

/// A related contact.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub(crate) struct LinkRef {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) role: Option<String>,
}

const TAGS: &str = "coalesce((SELECT jsonb_agg(jsonb_build_object('id', t.id, 'name', t.name, 'tone', t.tone) ORDER BY t.name_norm)
    FROM contact_tags ct JOIN tags t ON t.tenant_id = ct.tenant_id AND t.id = ct.tag_id WHERE ct.tenant_id = c.tenant_id AND ct.contact_id = c.id), '[]') AS tags";

/// One page of contacts that meet `conditions`, in the order of `sort`.
pub(crate) async fn page(
    tx: &mut Tx,
    conditions: Map<String, Value>,
    sort: &str,
    after: Option<Cursor>,
    limit: usize,
    custom_keys: &[String],
) -> sqlx::Result<Vec<ListRow>> {
    let tenant = tx.tenant();
    let (key, id) = after.map_or((None, None), |cursor| (Some(cursor.key), Some(cursor.id)));
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT c.id, c.kind, c.display_name, c.company_name, c.email, c.phone, c.city, c.first_invoiced_at IS NOT NULL AS first_invoiced, c.owner_id,
                m.full_name AS owner_name, c.created_at, c.last_activity_at, c.archived_at IS NOT NULL AS archived, p.sort_key, {TAGS},
                CASE WHEN $7 = '{{}}'::text[] THEN '{{}}' ELSE coalesce((SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(c.custom) e WHERE e.key = ANY ($7)), '{{}}') END AS custom
         FROM contact_page($2, $3, $4, $5, $6) WITH ORDINALITY AS p(contact_id, sort_key, n)
         JOIN contacts c ON c.tenant_id = $1 AND c.id = p.contact_id
         LEFT JOIN memberships m ON m.tenant_id = $1 AND m.user_id = c.owner_id
         ORDER BY p.n"
    )))
    .bind(tenant)
    .bind(Value::Object(conditions))
    .bind(sort)
    .bind(key)
    .bind(id)
    .bind(i32::try_from(limit + 1).unwrap_or(i32::MAX))
    .bind(custom_keys)
    .fetch_all(tx.conn())
    .await
}

/// Ids in order of creation after `after`: for work on many contacts.
pub(crate) async fn ids_after(tx: &mut Tx, conditions: &Map<String, Value>, after: Option<Uuid>, limit: i32) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar("SELECT contact_id FROM contact_page($1, 'created', '', $2, $3)")
        .bind(Value::Object(conditions.clone()))
        .bind(after)
        .bind(limit)
        .fetch_all(tx.conn())
        .await
}

/// How many contacts meet `conditions`, counted up to `cap`.
pub(crate) async fn count(tx: &mut Tx, conditions: Map<String, Value>, cap: i32) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT contact_count($1, $2)").bind(Value::Object(conditions)).bind(cap).fetch_one(tx.conn()).await
}

/// A contact with everything that its page shows.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct DetailRow {
    pub id: Uuid,
    pub kind: String,
    pub display_name: String,
    pub civility: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub company_name: Option<String>,
    pub job_title: Option<String>,
    pub emails: Json<Vec<EmailEntry>>,
    pub phones: Json<Vec<PhoneEntry>>,
    pub addresses: Json<Vec<AddressEntry>>,
    pub siren: Option<String>,
    pub siret: Option<String>,
    pub vat_number: Option<String>,
    pub naf: Option<String>,
    pub customer_kind: String,
    pub language: String,
    pub birthday: Option<jiff_sqlx::Date>,
    pub website: Option<String>,
    pub source: Option<String>,
    pub description: Option<String>,
    pub owner_id: Option<Uuid>,
    pub owner_name: Option<String>,
    pub custom: Json<Map<String, Value>>,
    pub first_invoiced: bool,
    pub last_activity_at: jiff_sqlx::Timestamp,
    pub archived_at: Option<jiff_sqlx::Timestamp>,
    pub erased: bool,
    pub created_at: jiff_sqlx::Timestamp,
    pub updated_at: jiff_sqlx::Timestamp,
    pub version: i32,
    pub tags: Json<Vec<TagRef>>,
    pub companies: Json<Vec<LinkRef>>,
    pub people: Json<Vec<LinkRef>>,
}

impl DetailRow {
    /// The part that people write.
    pub(crate) fn contact(&self) -> Contact {
        Contact {
            id: self.id,
            version: self.version,
            archived: self.archived_at.is_some(),
            draft: Draft {
                kind: self.kind.clone(),
                civility: self.civility.clone(),
                first_name: self.first_name.clone(),
                last_name: self.last_name.clone(),
                company_name: self.company_name.clone(),
                job_title: self.job_title.clone(),
                emails: self.emails.0.clone(),
                phones: self.phones.0.clone(),
                addresses: self.addresses.0.clone(),
                siren: self.siren.clone(),
                siret: self.siret.clone(),
                vat_number: self.vat_number.clone(),
                naf: self.naf.clone(),
                customer_kind: self.customer_kind.clone(),
                language: self.language.clone(),
                birthday: self.birthday.map(jiff_sqlx::Date::to_jiff),
                website: self.website.clone(),
                source: self.source.clone(),
                description: self.description.clone(),
                owner_id: self.owner_id,
                custom: self.custom.0.clone(),
            },
        }
    }
}

fn detail_sql(condition: &str) -> sqlx::AssertSqlSafe<String> {
    let link = |from: &str, to: &str| {
        format!(
            "coalesce((SELECT jsonb_agg(jsonb_build_object('id', o.id, 'name', o.display_name, 'role', l.role) ORDER BY o.sort_name)
              FROM (SELECT * FROM contact_companies l WHERE l.tenant_id = c.tenant_id AND l.{from} = c.id LIMIT 200) l
              JOIN contacts o ON o.tenant_id = l.tenant_id AND o.id = l.{to}), '[]')"
        )
    };
    sqlx::AssertSqlSafe(format!(
        "SELECT c.id, c.kind, c.display_name, c.civility, c.first_name, c.last_name, c.company_name, c.job_title, c.emails, c.phones, c.addresses, c.siren,
                c.siret, c.vat_number, c.naf, c.customer_kind, c.language, c.birthday, c.website, c.source, c.description, c.owner_id, c.custom,
                m.full_name AS owner_name, c.first_invoiced_at IS NOT NULL AS first_invoiced, c.last_activity_at, c.archived_at, c.erased_at IS NOT NULL AS erased,
                c.created_at, c.updated_at, c.version, {TAGS}, {} AS companies, {} AS people
         FROM contacts c LEFT JOIN memberships m ON m.tenant_id = c.tenant_id AND m.user_id = c.owner_id
         WHERE c.tenant_id = $1 AND ($2::uuid[] IS NULL OR c.owner_id = ANY ($2)) AND {condition}",
        link("contact_id", "company_id"),
        link("company_id", "contact_id")
    ))
}

/// A contact that the actor may see.
pub(crate) async fn get(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<DetailRow>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    sqlx::query_as(detail_sql("c.id = $3")).bind(tenant).bind(scope).bind(id).fetch_optional(tx.conn()).await
}

/// Several contacts, in order of creation.
pub(crate) async fn get_many(tx: &mut Tx, ids: &[Uuid]) -> sqlx::Result<Vec<DetailRow>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    sqlx::query_as(detail_sql("c.id = ANY ($3) ORDER BY c.id")).bind(tenant).bind(scope).bind(ids).fetch_all(tx.conn()).await
}

/// The name of a contact that the actor may see, locked against another change.
pub(crate) async fn lock(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<(String, i32, bool, String)>> {
    let (tenant, scope) = (tx.tenant(), tx.actor().owner_scope.clone());
    sqlx::query_as(
        "SELECT display_name, version, archived_at IS NOT NULL, kind FROM contacts
         WHERE tenant_id = $1 AND id = $2 AND ($3::uuid[] IS NULL OR owner_id = ANY ($3)) FOR UPDATE",
    )
    .bind(tenant)
    .bind(id)
    .bind(scope)
    .fetch_optional(tx.conn())
    .await
}

/// Keeps contacts from changing until the end of the transaction, in one order so that two such locks cannot wait for each other.
pub(crate) async fn lock_many(tx: &mut Tx, ids: &[Uuid]) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("SELECT 1 FROM contacts WHERE tenant_id = $1 AND id = ANY ($2) ORDER BY id FOR UPDATE")
        .bind(tenant)
        .bind(ids)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A draft as the columns that `write_many` and `rewrite` set.
fn columns(id: Uuid, draft: &Draft) -> Value {
    json!({
        "id": id, "kind": draft.kind, "display_name": draft.display_name(), "sort_name": draft.sort_name(), "civility": draft.civility,
        "first_name": draft.first_name, "last_name": draft.last_name, "company_name": draft.company_name, "job_title": draft.job_title,
        "email": draft.emails.first().map(|entry| &entry.email), "phone": draft.phones.first().map(|entry| &entry.phone),
        "city": draft.addresses.first().and_then(|address| address.city.as_ref()),
        "city_sort": draft.addresses.first().and_then(|address| address.city.as_deref()).map(vision_kernel::text::fold).unwrap_or_default(),
        "emails": draft.emails, "phones": draft.phones, "addresses": draft.addresses, "siren": draft.siren, "siret": draft.siret,
        "vat_number": draft.vat_number, "naf": draft.naf, "customer_kind": draft.customer_kind, "language": draft.language,
        "birthday": draft.birthday, "website": draft.website, "source": draft.source, "description": draft.description,
        "owner_id": draft.owner_id, "custom": draft.custom, "search": draft.search_text(),
    })
}

const RECORD: &str = "jsonb_to_recordset($2) AS r(id uuid, kind text, display_name text, sort_name text, civility text, first_name text, last_name text,
    company_name text, job_title text, email text, phone text, city text, city_sort text, emails jsonb, phones jsonb, addresses jsonb, siren text, siret text,
    vat_number text, naf text, customer_kind text, language text, birthday date, website text, source text, description text, owner_id uuid, custom jsonb, search text)";

const COLUMNS: &str = "kind, display_name, sort_name, civility, first_name, last_name, company_name, job_title, email, phone, city, city_sort, emails, phones,
    addresses, siren, siret, vat_number, naf, customer_kind, language, birthday, website, source, description, owner_id, custom, search";

/// Inserts contacts and their keys.
pub(crate) async fn insert_many(tx: &mut Tx, contacts: &[(Uuid, Draft)], import: Option<Uuid>) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let rows: Vec<Value> = contacts.iter().map(|(id, draft)| columns(*id, draft)).collect();
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "INSERT INTO contacts (tenant_id, id, {COLUMNS}, last_activity_at, created_at, updated_at, import_id)
         SELECT $1, id, {COLUMNS}, $3, $3, $3, $4 FROM {RECORD}"
    )))
    .bind(tenant)
    .bind(Value::Array(rows))
    .bind(now)
    .bind(import)
    .execute(tx.conn())
    .await?;
    insert_keys(tx, contacts).await
}

/// Writes what identifies contacts.
pub(crate) async fn insert_keys(tx: &mut Tx, contacts: &[(Uuid, Draft)]) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    let (mut ids, mut kinds, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for (id, draft) in contacts {
        for (kind, value) in draft.keys() {
            ids.push(*id);
            kinds.push(kind);
            values.push(value);
        }
    }
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO contact_keys (tenant_id, kind, value, contact_id) SELECT $1, k::\"char\", v, i FROM unnest($2::text[], $3::text[], $4::uuid[]) AS u(k, v, i)
         ON CONFLICT DO NOTHING",
    )
    .bind(tenant)
    .bind(kinds)
    .bind(values)
    .bind(ids)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Rewrites contacts and their keys; each gets its next version.
pub(crate) async fn rewrite_many(tx: &mut Tx, contacts: &[(Uuid, Draft)]) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let rows: Vec<Value> = contacts.iter().map(|(id, draft)| columns(*id, draft)).collect();
    let prefixed: String = COLUMNS.split(',').map(|column| format!("r.{}", column.trim())).collect::<Vec<_>>().join(", ");
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "UPDATE contacts c SET ({COLUMNS}, updated_at, last_activity_at, version) = ({prefixed}, $3, $3, c.version + 1) FROM {RECORD}
         WHERE c.tenant_id = $1 AND c.id = r.id"
    )))
    .bind(tenant)
    .bind(Value::Array(rows))
    .bind(now)
    .execute(tx.conn())
    .await?;
    let ids: Vec<Uuid> = contacts.iter().map(|(id, _)| *id).collect();
    sqlx::query("DELETE FROM contact_keys WHERE tenant_id = $1 AND contact_id = ANY ($2)")
        .bind(tenant)
        .bind(ids)
        .execute(tx.conn())
        .await?;
    insert_keys(tx, contacts).await
}

/// Archives or restores contacts; returns those that changed.
pub(crate) async fn set_archived(tx: &mut Tx, ids: &[Uuid], archived: bool) -> sqlx::Result<Vec<Uuid>> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query_scalar(
        "UPDATE contacts SET archived_at = CASE WHEN $3 THEN $4::timestamptz END, updated_at = $4, version = version + 1
         WHERE tenant_id = $1 AND id = ANY ($2) AND (archived_at IS NULL) = $3 AND erased_at IS NULL RETURNING id",
    )
    .bind(tenant)
    .bind(ids)
    .bind(archived)
    .bind(now)
    .fetch_all(tx.conn())
    .await
}

/// Deletes a contact with its keys, tags, links, notes and timeline.
pub(crate) async fn delete(tx: &mut Tx, ids: &[Uuid]) -> sqlx::Result<()> {
    let tenant = tx.tenant();
    sqlx::query("DELETE FROM contacts WHERE tenant_id = $1 AND id = ANY ($2)").bind(tenant).bind(ids).execute(tx.conn()).await?;
    Ok(())
}

/// Marks activity on a contact.
pub(crate) async fn touch(tx: &mut Tx, id: Uuid) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query("UPDATE contacts SET last_activity_at = greatest(last_activity_at, $3) WHERE tenant_id = $1 AND id = $2")
        .bind(tenant)
        .bind(id)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// True when the member exists and is active.
pub(crate) async fn is_active_member(tx: &mut Tx, user_id: Uuid) -> sqlx::Result<bool> {
    let tenant = tx.tenant();
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM memberships WHERE tenant_id = $1 AND user_id = $2 AND deactivated_at IS NULL)")
        .bind(tenant)
        .bind(user_id)
        .fetch_one(tx.conn())
        .await
}

/// Contacts that share a key, oldest first: (kind, value, contact).
pub(crate) async fn by_keys(tx: &mut Tx, kinds: &[&str], values: &[String]) -> sqlx::Result<Vec<(String, String, Uuid)>> {
    let tenant = tx.tenant();
    sqlx::query_as(
        "SELECT k.kind::text, k.value, k.contact_id FROM unnest($2::text[], $3::text[]) AS u(k, v)
         JOIN contact_keys k ON k.tenant_id = $1 AND k.kind = u.k::\"char\" AND k.value = u.v ORDER BY k.contact_id LIMIT 20000",
    )
    .bind(tenant)
    .bind(kinds)
    .bind(values)
    .fetch_all(tx.conn())
    .await
}

/// Contacts whose name, as lists sort it, is one of `names`; archived ones left out.
pub(crate) async fn by_names(tx: &mut Tx, names: &[String]) -> sqlx::Result<Vec<Uuid>> {
    let tenant = tx.tenant();
    sqlx::query_scalar(
        "SELECT id FROM contacts WHERE tenant_id = $1 AND sort_name = ANY ($2) AND archived_at IS NULL ORDER BY id LIMIT 20000",
    )
    .bind(tenant)
    .bind(names)
    .fetch_all(tx.conn())
    .await
}

/// Marks activity on several contacts.
pub(crate) async fn touch_many(tx: &mut Tx, ids: &[Uuid]) -> sqlx::Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    sqlx::query("UPDATE contacts SET last_activity_at = greatest(last_activity_at, $3) WHERE tenant_id = $1 AND id = ANY ($2)")
        .bind(tenant)
        .bind(ids)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

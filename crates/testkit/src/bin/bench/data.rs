//! Contacts to measure with: rows of all tenants interleaved, as real traffic leaves them.

use crate::server::Server;
use sqlx::{AssertSqlSafe, Connection};

/// The point read of the contact page, for pgbench. `:tenant` and `:id` are set by the script's head.
pub(crate) const GET_SQL: &str = "SELECT * FROM contacts WHERE tenant_id = :tenant AND id = :id;";
/// The list page by name, for pgbench.
pub(crate) const PAGE_SQL: &str = "SELECT c.id, c.display_name, c.email, c.phone, c.city FROM contacts c WHERE c.tenant_id = :tenant AND c.archived_at IS NULL ORDER BY c.sort_name, c.id LIMIT 51;";

/// Makes the tenants that are missing (members: the demo garage's owner) and fills them together.
pub(crate) async fn load(server: &Server, sizes: &[u64], small: u64) {
    let mut conn = server.owner().await;
    let mut plan: Vec<(String, u64)> = sizes.iter().map(|size| (format!("bench-{size}"), *size)).collect();
    plan.extend((0..50).map(|n| (format!("bench-small-{n}"), small)));
    let present: Vec<String> =
        sqlx::query_scalar("SELECT slug FROM tenants WHERE slug LIKE 'bench-%'").fetch_all(&mut conn).await.expect("query");
    plan.retain(|(slug, _)| !present.contains(slug));
    if plan.is_empty() {
        return;
    }
    let index: String =
        sqlx::query_scalar("SELECT pg_get_indexdef('contacts_search_idx'::regclass)").fetch_one(&mut conn).await.expect("index");
    let mut tx = conn.begin().await.expect("begin");
    sqlx::query("DROP INDEX contacts_search_idx").execute(&mut *tx).await.expect("dropped");
    for (slug, _) in &plan {
        tenant(&mut tx, slug).await;
    }
    fill(&mut tx, &plan).await;
    if plan.iter().any(|(slug, _)| slug == "bench-100000") {
        happen(&mut tx, "bench-100000").await;
    }
    sqlx::query(AssertSqlSafe(index)).execute(&mut *tx).await.expect("index");
    tx.commit().await.expect("committed");
    sqlx::query("VACUUM ANALYZE contacts, timeline").execute(&mut conn).await.expect("analysed");
    conn.close().await.expect("closed");
}

/// Ten events for each contact in all: a million where there are 100,000 contacts.
async fn happen(conn: &mut sqlx::PgConnection, slug: &str) {
    sqlx::query(
        "INSERT INTO timeline (tenant_id, contact_id, id, at, actor_kind, actor_id, actor_name, kind)
         SELECT c.tenant_id, c.id, gen_random_uuid(), now() - random() * interval '720 day', 'user', c.id, 'Banc',
                (ARRAY['note.added', 'task.completed', 'contact.updated', 'contact.tagged'])[1 + floor(random() * 4)::integer]
         FROM contacts c JOIN tenants t ON t.id = c.tenant_id, generate_series(1, 9) WHERE t.slug = $1",
    )
    .bind(slug)
    .execute(&mut *conn)
    .await
    .expect("events");
}

/// A segment by five criteria, as an address writes it: in some towns, with an e-mail, not of one name, something done in a year, no note for
/// half a year.
pub(crate) fn segment() -> String {
    let leaf = |field: &str, op: &str, value: serde_json::Value| serde_json::json!({ "field": field, "op": op, "value": value });
    let ago = |count: i64, unit: &str| serde_json::json!({ "count": count, "unit": unit });
    let event = |kind: &str, count: i64| serde_json::json!({ "kinds": [kind], "op": "last", "value": ago(count, "month") });
    let towns: Vec<String> = (0..25).map(|n| format!("Ville{n}")).collect();
    let tree = serde_json::json!({ "all": [
        leaf("city", "is", serde_json::json!(towns)),
        leaf("email", "is_set", serde_json::Value::Null),
        leaf("name", "not_contains", serde_json::json!("777")),
        leaf("event", "has", event("task.completed", 12)),
        leaf("event", "has_not", event("note.added", 6)),
    ] });
    tree.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn tenant(conn: &mut sqlx::PgConnection, slug: &str) {
    let statements = [
        "INSERT INTO tenants (id, slug, name, plan, created_at) SELECT gen_random_uuid(), $1, $1, 'enterprise', now()",
        "INSERT INTO roles (tenant_id, id, key, name, builtin, permissions, visibility)
         SELECT t.id, gen_random_uuid(), r.key, r.name, true, r.permissions, r.visibility FROM tenants t, roles r JOIN tenants g ON g.id = r.tenant_id AND g.slug = 'garage-dupre'
         WHERE t.slug = $1 AND r.key = 'owner'",
        "INSERT INTO memberships (tenant_id, user_id, role_id, email, full_name, created_at)
         SELECT t.id, u.id, r.id, u.email, u.full_name, now() FROM tenants t JOIN roles r ON r.tenant_id = t.id JOIN users u ON u.email = 'owner@garage.example' WHERE t.slug = $1",
        "INSERT INTO user_tenants SELECT u.id, t.id FROM tenants t, users u WHERE t.slug = $1 AND u.email = 'owner@garage.example'",
    ];
    for statement in statements {
        sqlx::query(statement).bind(slug).execute(&mut *conn).await.expect("tenant");
    }
}

/// Contacts of all tenants of the plan, in the order in which real traffic would have written them: each tenant's share of every
/// stretch of the table is its share of the whole.
async fn fill(conn: &mut sqlx::PgConnection, plan: &[(String, u64)]) {
    let slugs: Vec<&str> = plan.iter().map(|(slug, _)| slug.as_str()).collect();
    let sizes: Vec<i64> = plan.iter().map(|(_, size)| i64::try_from(*size).expect("size")).collect();
    // The names of a tenant are spread by a multiplier: neighbours in time are not neighbours by name.
    sqlx::query(
        "INSERT INTO contacts (tenant_id, id, kind, display_name, sort_name, last_name, email, phone, city, city_sort, customer_kind, last_activity_at, created_at, updated_at, emails, phones, search)
         SELECT t.id, gen_random_uuid(), 'person', 'Dupont' || m, 'dupont' || m, 'Dupont' || m, 'dupont' || m || '@exemple.fr', '+336' || lpad(m::text, 8, '0'), 'Ville' || m % 50,
                'ville' || m % 50, 'B2C', now() - m * interval '1 minute', now(), now(), jsonb_build_array(jsonb_build_object('email', 'dupont' || m || '@exemple.fr')), '[]',
                'dupont' || m || ' dupont' || m || '@exemple.fr +336' || lpad(m::text, 8, '0') || ' 06' || lpad(m::text, 8, '0') || ' ville' || m % 50
         FROM unnest($1::text[], $2::bigint[]) p (slug, size) JOIN tenants t USING (slug), LATERAL generate_series(1, p.size) n, LATERAL (SELECT (n * 7919) % p.size AS m) x
         ORDER BY n::double precision / p.size",
    )
    .bind(&slugs)
    .bind(&sizes)
    .execute(&mut *conn)
    .await
    .expect("contacts");
    sqlx::query(
        "INSERT INTO timeline (tenant_id, contact_id, id, at, actor_kind, actor_id, actor_name, kind)
         SELECT c.tenant_id, c.id, gen_random_uuid(), now(), 'user', c.id, 'Banc', 'contact.created' FROM contacts c JOIN tenants t ON t.id = c.tenant_id WHERE t.slug = ANY ($1) ORDER BY c.ctid",
    )
    .bind(&slugs)
    .execute(&mut *conn)
    .await
    .expect("timeline");
}

/// A contact of the tenant of this size.
pub(crate) async fn contact_id(server: &Server, size: u64) -> String {
    let mut conn = server.owner().await;
    sqlx::query_scalar(
        "SELECT c.id::text FROM contacts c JOIN tenants t ON t.id = c.tenant_id WHERE t.slug = $1 AND c.sort_name = 'dupont7'",
    )
    .bind(format!("bench-{size}"))
    .fetch_one(&mut conn)
    .await
    .expect("a contact")
}

/// Two contacts with 1,000 references each, the first of them with 10,000 events besides: (kept, other).
pub(crate) async fn pair(server: &Server, slug: &str) -> (String, String) {
    let mut conn = server.owner().await;
    let ids: Vec<String> = sqlx::query_scalar(
        "INSERT INTO contacts (tenant_id, id, kind, display_name, sort_name, last_name, customer_kind, last_activity_at, created_at, updated_at, emails, phones, search)
         SELECT t.id, gen_random_uuid(), 'person', 'Affairée', 'affairee', 'Affairée', 'B2C', now(), now(), now(), '[]', '[]', 'affairee'
         FROM tenants t, generate_series(1, 2) WHERE t.slug = $1 RETURNING id::text",
    )
    .bind(slug)
    .fetch_all(&mut conn)
    .await
    .expect("contacts");
    for statement in [
        "INSERT INTO notes (tenant_id, id, contact_id, author_id, author_name, body, created_at, updated_at)
         SELECT c.tenant_id, gen_random_uuid(), c.id, c.id, 'Banc', 'Une note de quelques mots, comme on en écrit.', now(), now()
         FROM contacts c, generate_series(1, 500) WHERE c.id::text = ANY ($1)",
        "INSERT INTO tasks (tenant_id, id, kind, priority, title, search, time_zone, subject_kind, subject_id, series_id, created_by, created_by_name, created_at, updated_at)
         SELECT c.tenant_id, gen_random_uuid(), 'todo', 'normal', 'Rappeler', 'rappeler', 'Europe/Paris', 'contact', c.id, gen_random_uuid(), c.id, 'Banc', now(), now()
         FROM contacts c, generate_series(1, 300) WHERE c.id::text = ANY ($1)",
        "INSERT INTO timeline (tenant_id, contact_id, id, at, actor_kind, actor_id, actor_name, kind)
         SELECT c.tenant_id, c.id, gen_random_uuid(), now(), 'user', c.id, 'Banc', 'note.added'
         FROM contacts c, generate_series(1, CASE WHEN c.id::text = ($1::text[])[1] THEN 10000 ELSE 200 END) WHERE c.id::text = ANY ($1)",
    ] {
        sqlx::query(statement).bind(&ids).execute(&mut conn).await.expect("references");
    }
    let mut ids = ids.into_iter();
    (ids.next().expect("one"), ids.next().expect("two"))
}

/// Size of the file of a job, in KiB.
pub(crate) async fn file_size(server: &Server, job: &str) -> u64 {
    let mut conn = server.owner().await;
    let key: String = sqlx::query_scalar("SELECT file_key FROM background_jobs WHERE id::text = $1")
        .bind(job)
        .fetch_one(&mut conn)
        .await
        .expect("a file");
    std::fs::metadata(Server::files().join(key)).map_or(0, |meta| meta.len() / 1024)
}

/// Tells runs on the same data apart.
pub(crate) fn stamp() -> u32 {
    std::process::id()
}

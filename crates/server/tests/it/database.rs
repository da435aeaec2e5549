//! How a tenant is bound to a transaction: the cases T1 to T8 of the database notes, the loud failure without a tenant, and the
//! plans of the list at 100,000 contacts.

use serde_json::{Value, json};
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use std::time::Duration;
use uuid::Uuid;
use vision_testkit::{TestApp, TestDb};

async fn single(db: &TestDb) -> PgPool {
    PgPoolOptions::new().max_connections(1).test_before_acquire(false).connect_with(db.urls.app.clone()).await.expect("pool")
}

/// What the next user of the pool's only connection sees as the tenant.
async fn seen(pool: &PgPool) -> String {
    sqlx::query_scalar::<_, Option<String>>("SELECT current_setting('app.tenant_id', true)")
        .fetch_one(pool)
        .await
        .expect("setting")
        .unwrap_or_default()
}

/// As `Tx` begins.
async fn begin(pool: &PgPool, tenant: Uuid) -> sqlx::Transaction<'static, sqlx::Postgres> {
    vision_platform::db::begin(pool, format!("BEGIN; SET LOCAL app.tenant_id = '{tenant}'")).await.expect("begin")
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the very thing that is shown to leak")]
async fn t1_t8_a_hand_written_begin_leaks_when_cancelled_which_is_why_nobody_writes_one() {
    let db = TestDb::new().await;
    let pool = single(&db).await;
    let tenant = Uuid::from_u128(5);
    let work = async {
        let mut conn = pool.acquire().await.expect("connection");
        sqlx::raw_sql(AssertSqlSafe(format!("BEGIN; SET LOCAL app.tenant_id = '{tenant}'"))).execute(&mut *conn).await.expect("begin");
        std::future::pending::<()>().await;
    };
    drop(tokio::time::timeout(Duration::from_millis(100), work).await);
    assert_eq!(seen(&pool).await, tenant.to_string(), "if this stops leaking, the comment on Tx can be relaxed");
}

#[tokio::test]
async fn t2_t3_t7_a_cancelled_request_leaves_no_tenant_behind() {
    let db = TestDb::new().await;
    let pool = single(&db).await;
    // In microseconds: the first ones cut the beginning itself, again and again, wherever it is.
    for cancel_after in (0..2_000).step_by(20).chain([5_000, 100_000]) {
        let work = async {
            let mut tx = begin(&pool, Uuid::from_u128(5)).await;
            // The server goes on sleeping after the cancellation: no longer than it must.
            let sleep = if cancel_after < 5_000 { "SELECT pg_sleep(0.02)" } else { "SELECT pg_sleep(1)" };
            sqlx::query(sleep).execute(&mut *tx).await.expect("slept");
        };
        drop(tokio::time::timeout(Duration::from_micros(cancel_after), work).await);
        assert_eq!(seen(&pool).await, "", "cancelled after {cancel_after} µs");
    }
}

#[tokio::test]
async fn t4_after_an_error_nothing_of_the_transaction_remains() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let mut tx = t.app.db.begin_as_system(owner.tenant_id).await.expect("begin");
    let now = jiff_sqlx::ToSqlx::to_sqlx(tx.now());
    let insert = "INSERT INTO tags (tenant_id, id, name, name_norm, created_at) VALUES ($1, $2, 'a', 'a', $3)";
    for id in [1_u128, 1] {
        drop(sqlx::query(insert).bind(owner.tenant_id).bind(Uuid::from_u128(id)).bind(now).execute(tx.conn()).await);
    }
    // COMMIT of a failed transaction rolls back, and PostgreSQL does not call that an error.
    drop(tx.commit().await);
    assert_eq!(owner.get("/tags").await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn t5_without_a_tenant_reads_and_writes_fail_loudly() {
    let db = TestDb::new().await;
    let pool = single(&db).await;
    let error = sqlx::query("SELECT * FROM contacts").fetch_all(&pool).await.expect_err("no tenant");
    assert!(error.to_string().contains("app.tenant_id"), "{error}");
    drop(begin(&pool, Uuid::from_u128(5)).await);
    let error = sqlx::query("SELECT * FROM contacts").fetch_all(&pool).await.expect_err("no tenant after a transaction");
    assert!(error.to_string().contains("uuid"), "{error}");
    let error = sqlx::query("SELECT enqueue_job('mail_send', '{}')").execute(&pool).await.expect_err("no tenant for a job");
    assert!(error.to_string().contains("uuid"), "{error}");
}

#[tokio::test]
async fn t6_a_session_setting_would_leak_so_only_set_local_is_used() {
    let db = TestDb::new().await;
    let pool = single(&db).await;
    let tenant = Uuid::from_u128(5);
    sqlx::query(AssertSqlSafe(format!("SELECT set_config('app.tenant_id', '{tenant}', false)"))).execute(&pool).await.expect("set");
    assert_eq!(seen(&pool).await, tenant.to_string(), "a session setting outlives its user");
}

#[tokio::test]
async fn the_pool_is_reused_by_tenants_in_turn_without_mixing() {
    let t = TestApp::with(&[("VISION_POOL", "1")]).await;
    let (ana, bob) = (t.owner().await, t.owner().await);
    let a = ana.contact(&json!({ "last_name": "Ana" })).await;
    let b = bob.contact(&json!({ "last_name": "Bob" })).await;
    for _ in 0..20 {
        let (pa, pb) = (format!("/contacts/{a}"), format!("/contacts/{b}"));
        let (one, two) = tokio::join!(ana.get(&pa), bob.get(&pb));
        assert_eq!((one.json["last_name"].as_str(), two.json["last_name"].as_str()), (Some("Ana"), Some("Bob")));
        assert_eq!(ana.get(&format!("/contacts/{b}")).await.status.as_u16(), 404);
    }
}

#[tokio::test]
async fn a_row_cannot_be_written_for_or_point_to_another_tenant() {
    let t = TestApp::new().await;
    let (ana, bob) = (t.owner().await, t.owner().await);
    let theirs = bob.contact(&json!({ "last_name": "Bob" })).await;
    let theirs = Uuid::try_parse(&theirs).expect("id");
    let mut tx = t.app.db.begin_as_system(ana.tenant_id).await.expect("begin");
    let now = jiff_sqlx::ToSqlx::to_sqlx(tx.now());
    let error = sqlx::query("INSERT INTO tags (tenant_id, id, name, name_norm, created_at) VALUES ($1, $2, 'a', 'a', $3)")
        .bind(bob.tenant_id)
        .bind(Uuid::from_u128(1))
        .bind(now)
        .execute(tx.conn())
        .await
        .expect_err("another tenant's row");
    assert!(error.to_string().contains("row-level security"), "{error}");
    let mut tx = t.app.db.begin_as_system(ana.tenant_id).await.expect("begin");
    let error = sqlx::query(
        "INSERT INTO notes (tenant_id, id, contact_id, body, author_id, author_name, created_at, updated_at) VALUES ($1, $2, $3, 'x', $2, 'x', $4, $4)",
    )
    .bind(ana.tenant_id)
    .bind(Uuid::from_u128(1))
    .bind(theirs)
    .bind(now)
    .execute(tx.conn())
    .await
    .expect_err("another tenant's contact");
    assert!(error.to_string().contains("foreign key"), "{error}");
}

/// 100,000 contacts in one tenant and 2,000 in each of ten others, with rows of all tenants interleaved.
async fn load(t: &TestApp, big: Uuid, others: &[Uuid]) {
    let mut conn = t.db.urls.owner.connect().await.expect("owner");
    // Filling the search index row by row takes a minute; building it at the end takes seconds.
    let index: String =
        sqlx::query_scalar("SELECT pg_get_indexdef('contacts_search_idx'::regclass)").fetch_one(&mut conn).await.expect("index");
    sqlx::query("DROP INDEX contacts_search_idx").execute(&mut conn).await.expect("dropped");
    sqlx::query(
        "INSERT INTO contacts (tenant_id, id, kind, display_name, sort_name, last_name, email, phone, city, city_sort, customer_kind, last_activity_at, created_at, updated_at, search)
         SELECT CASE WHEN n % 6 = 0 THEN $2[1 + (n / 6) % array_length($2, 1)] ELSE $1 END, lpad(to_hex(n), 32, '0')::uuid, 'person', 'Nom' || n, 'nom' || n, 'Nom' || n,
                'nom' || n || '@exemple.fr', '+336' || lpad(n::text, 8, '0'), 'Ville' || n % 50, 'ville' || n % 50, 'B2C', now() - n * interval '1 minute', now(), now(),
                'nom' || n || ' nom' || n || '@exemple.fr +336' || lpad(n::text, 8, '0') || ' 06' || lpad(n::text, 8, '0') || ' ville' || n % 50
         FROM generate_series(1, 120000) n",
    )
    .bind(big)
    .bind(others)
    .execute(&mut conn)
    .await
    .expect("loaded");
    sqlx::query(AssertSqlSafe(index)).execute(&mut conn).await.expect("index");
    sqlx::query("VACUUM ANALYZE contacts").execute(&mut conn).await.expect("analysed");
    conn.close().await.expect("closed");
}

fn nodes(plan: &Value, out: &mut Vec<Value>) {
    out.push(plan.clone());
    for child in plan["Plans"].as_array().into_iter().flatten() {
        nodes(child, out);
    }
}

/// No row of another tenant is read, no sequential scan, nothing thrown away in bulk.
fn assert_good(name: &str, plan: &Value, index: &str) {
    let mut all = Vec::new();
    nodes(&plan[0]["Plan"], &mut all);
    let text = plan.to_string();
    assert!(text.contains(index), "{name}: expected {index} in {plan:#}");
    for node in all {
        assert_ne!(node["Node Type"], "Seq Scan", "{name}: {plan:#}");
        assert!(node["Rows Removed by Filter"].as_i64().unwrap_or(0) <= 1000, "{name}: {plan:#}");
    }
}

#[tokio::test]
async fn the_list_keeps_its_indexes_at_a_hundred_thousand_contacts() {
    let t = TestApp::new().await;
    let big = t.owner().await;
    let mut others = Vec::new();
    for _ in 0..10 {
        others.push(t.owner().await.tenant_id);
    }
    load(&t, big.tenant_id, &others).await;

    // Inside of the definer function, as its owner runs it.
    let mut owner = t.db.urls.owner.connect().await.expect("owner");
    let cases = [
        ("first page by name", json!({}), "name", "plain", "contacts_name_idx"),
        ("search hit", json!({ "q": ["%nom77777%"] }), "name", "far", "contacts_search_idx"),
        ("search miss", json!({ "q": ["%zzqxzzqx%"] }), "name", "far", "contacts_search_idx"),
        ("phone fragment", json!({ "q": ["%0600077%"] }), "name", "far", "contacts_search_idx"),
        ("common word", json!({ "q": ["%exemple%"] }), "name", "near 2000", "contacts_name_idx"),
        ("name prefix", json!({ "q_prefix": "no" }), "name", "plain", "contacts_name_idx"),
        ("newest activity", json!({}), "-activity", "plain", "contacts_activity_idx"),
        ("city", json!({ "city": "ville7" }), "city", "plain", "contacts_city_idx"),
        (
            "created since",
            json!({ "created_from": "2200-01-01T00:00:00Z", "id_from": "069c0000-0000-7000-8000-000000000000" }),
            "created",
            "plain",
            "contacts_pkey",
        ),
    ];
    for (name, filter, sort, way, index) in cases {
        let query: String = sqlx::query_scalar("SELECT contact_page_query($1, $2, false, $3)")
            .bind(&filter)
            .bind(sort)
            .bind(way)
            .fetch_one(&mut owner)
            .await
            .expect("query");
        let query =
            query.replace("$1", &format!("'{filter}'::jsonb")).replace("$2", &format!("'{}'::uuid", big.tenant_id)).replace("$5", "51");
        let plan: Value =
            sqlx::query_scalar(AssertSqlSafe(format!("EXPLAIN (ANALYZE, FORMAT JSON) {query}"))).fetch_one(&mut owner).await.expect("plan");
        assert_good(name, &plan, index);
    }

    // Around it, as the application role under row-level security.
    let mut tx = t.app.db.begin_as_system(big.tenant_id).await.expect("begin");
    let plan: Value = sqlx::query_scalar(
        "EXPLAIN (ANALYZE, FORMAT JSON) SELECT c.* FROM contact_page('{\"q\":[\"%nom777%\"]}', 'name', NULL, NULL, 51) WITH ORDINALITY AS p(contact_id, sort_key, n)
         JOIN contacts c ON c.tenant_id = current_setting('app.tenant_id')::uuid AND c.id = p.contact_id ORDER BY p.n",
    )
    .fetch_one(tx.conn())
    .await
    .expect("plan");
    assert_good("the page under row-level security", &plan, "contacts_pkey");
    drop(tx);

    // And through the API: right answers, all pages, no row twice.
    assert_eq!(big.get("/contacts?q=nom77777").await.expect(200)["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(big.get("/contacts?q=zzqxzzqx").await.expect(200)["items"], json!([]));
    assert_eq!(big.get("/contacts/count").await.expect(200), json!({ "count": 10000, "capped": true }));
    let (mut seen, mut cursor) = (std::collections::BTreeSet::new(), String::new());
    for _ in 0..5 {
        let page = big.get(&format!("/contacts?sort=-activity&limit=100&cursor={cursor}")).await.expect(200);
        for row in page["items"].as_array().expect("items") {
            assert!(seen.insert(row["id"].as_str().expect("id").to_owned()), "a row came twice");
        }
        cursor = page["next_cursor"].as_str().expect("more").to_owned();
    }
    assert_eq!(seen.len(), 500);
}

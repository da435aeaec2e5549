//! What every table must be. There is no allow-list.

use sqlx::{ConnectOptions, Connection, PgConnection};
use vision_testkit::TestDb;

async fn violations(conn: &mut PgConnection, query: &'static str) -> Vec<String> {
    sqlx::query_scalar(query).fetch_all(conn).await.expect("catalogue query")
}

#[tokio::test]
async fn every_table_isolates_its_tenants() {
    let db = TestDb::new().await;
    let mut conn = db.urls.owner.connect().await.expect("owner");
    let tenant_tables = "SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped WHERE c.relkind IN ('r', 'p')";
    let count: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM ({tenant_tables}) t")))
        .fetch_one(&mut conn)
        .await
        .expect("count");
    assert!(count >= 18, "{count} tenant tables");

    let checks: [(&str, &'static str); 9] = [
        (
            "row-level security is on, with the tenant policy for the application role",
            "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND (NOT c.relrowsecurity OR NOT EXISTS (SELECT FROM pg_policies p WHERE p.schemaname = 'public'
               AND p.tablename = c.relname AND p.roles = '{vision_app}' AND p.qual LIKE '%tenant_id = (current_setting(''app.tenant_id''%'))",
        ),
        (
            "tenant_id is uuid and never null",
            "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND (a.atttypid <> 'uuid'::regtype OR NOT a.attnotnull)",
        ),
        (
            "every key and index leads with tenant_id, or with what is salted by it",
            "SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' WHERE n.nspname = 'public' AND i.indkey[0] <> a.attnum
               AND pg_get_indexdef(i.indexrelid, 1, true) NOT LIKE 'search_tokens(tenant_id, %'",
        ),
        (
            "every foreign key carries the tenant",
            "SELECT k.conname::text FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' WHERE n.nspname = 'public' AND k.contype = 'f' AND NOT a.attnum = ANY (k.conkey)",
        ),
        (
            "tables without a tenant are closed to the application role",
            "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
               AND c.relname NOT IN ('tenants', '_sqlx_migrations') AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')
               AND has_table_privilege('vision_app', c.oid, 'SELECT, INSERT, UPDATE, DELETE')",
        ),
        (
            "every table names its owner",
            "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
               AND c.relname <> '_sqlx_migrations' AND coalesce(obj_description(c.oid, 'pg_class'), '') !~ '^owner: [a-z]+$'",
        ),
        (
            "no float, no timestamp without a zone",
            "SELECT c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND c.relname <> '_sqlx_migrations'
               AND a.atttypid IN ('float4'::regtype, 'float8'::regtype, 'timestamp'::regtype, 'money'::regtype)",
        ),
        (
            "definer functions fix their search path and are closed to the public",
            "SELECT p.proname::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace LEFT JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e'
             WHERE n.nspname = 'public' AND p.prosecdef AND d.objid IS NULL AND (NOT coalesce(p.proconfig::text LIKE '%search_path=%', false)
               OR p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) x WHERE x.grantee = 0))",
        ),
        (
            "views run as their reader",
            "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_depend d ON d.objid = c.oid AND d.deptype = 'e'
             WHERE n.nspname = 'public' AND c.relkind = 'v' AND d.objid IS NULL AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false)",
        ),
    ];
    for (rule, query) in checks {
        assert_eq!(violations(&mut conn, query).await, Vec::<String>::new(), "{rule}");
    }
    conn.close().await.expect("closed");
}

#[tokio::test]
async fn the_serving_roles_are_harmless() {
    let db = TestDb::new().await;
    let mut conn = db.urls.owner.connect().await.expect("owner");
    let dangerous = violations(&mut conn, "SELECT rolname::text FROM pg_roles WHERE rolname IN ('vision_app', 'vision_system') AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb)").await;
    assert_eq!(dangerous, Vec::<String>::new());
    let owning = violations(
        &mut conn,
        "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner
         WHERE n.nspname = 'public' AND r.rolname IN ('vision_app', 'vision_system')",
    )
    .await;
    assert_eq!(owning, Vec::<String>::new());
    // The application may add to the audit log and read it, and never change it (GD-09).
    for verb in ["UPDATE", "DELETE", "TRUNCATE"] {
        let may: bool = sqlx::query_scalar("SELECT has_table_privilege('vision_app', 'audit_log', $1)")
            .bind(verb)
            .fetch_one(&mut conn)
            .await
            .expect("query");
        assert!(!may, "{verb}");
    }
    conn.close().await.expect("closed");
}

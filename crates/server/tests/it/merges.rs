//! Duplicates: found, merged, taken apart again.

use axum::http::{Method, header};
use jiff::SignedDuration;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, ConnectOptions};
use std::collections::BTreeMap;
use vision_crm::merges::references::{LEFT, REFERENCES};
use vision_testkit::{Persona, TestApp, TestDb};

async fn merge(who: &Persona, kept: &str, other: &str, take: &[&str]) -> Value {
    who.post(&format!("/contacts/{kept}/merge"), &json!({ "other_id": other, "take": take })).await.expect(200)
}

/// Every table of the tenant as text, without what a merge and its undo may leave: clocks, versions, the log and the merge itself.
async fn dump(t: &TestApp, who: &Persona) -> BTreeMap<String, String> {
    let mut tx = t.app.db.begin_as_system(who.tenant_id).await.expect("begin");
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
         WHERE n.nspname = 'public' AND c.relkind = 'r' AND has_table_privilege(c.oid, 'SELECT')
           AND c.relname NOT IN ('audit_log', 'outbox', 'contact_merges', 'memberships', 'idempotency_keys', 'background_jobs')",
    )
    .fetch_all(tx.conn())
    .await
    .expect("tables");
    assert!(tables.iter().any(|table| table == "timeline") && tables.iter().any(|table| table == "contact_keys"));
    let mut out = BTreeMap::new();
    for table in tables {
        let sql = format!(
            "SELECT coalesce(string_agg(row, E'\\n' ORDER BY row), '') FROM (SELECT (to_jsonb(t) - 'version' - 'updated_at' - 'last_activity_at')::text AS row FROM {table} t) x"
        );
        out.insert(table.clone(), sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(tx.conn()).await.expect("rows"));
    }
    out
}

/// Two contacts with a bit of everything.
async fn pair(owner: &Persona) -> (String, String) {
    for (label, kind) in [("Parrain", "reference"), ("Taille", "text")] {
        owner.post("/custom-fields", &json!({ "label": label, "kind": kind })).await.expect(201);
    }
    let company = owner.contact(&json!({ "kind": "company", "company_name": "Dupré SARL" })).await;
    let kept = owner
        .contact(
            &json!({ "last_name": "Dupré", "emails": [{ "email": "ana@x.fr" }], "tags": ["fidèle", "vip"], "custom": { "taille": "L" } }),
        )
        .await;
    let other = owner
        .contact(
            &json!({ "first_name": "Ana", "last_name": "Dupre", "emails": [{ "email": "Ana@x.fr" }], "phones": [{ "phone": "0612345678" }],
            "tags": ["vip", "nouveau"], "source": "Salon", "custom": { "taille": "M", "parrain": kept } }),
        )
        .await;
    for id in [&kept, &other] {
        owner.put(&format!("/contacts/{id}/companies/{company}"), &json!({ "role": "Gérante" })).await.expect(200);
        owner.post(&format!("/contacts/{id}/notes"), &json!({ "body": format!("note de {id}") })).await.expect(201);
    }
    owner.post("/custom-fields", &json!({ "object": "entity", "label": "Conducteur", "kind": "reference" })).await.expect(201);
    owner.post("/entities", &json!({ "plate": "AB-123-CD", "contact_id": other })).await.expect(201);
    owner.post("/entities", &json!({ "plate": "EF-456-GH", "custom": { "conducteur": other } })).await.expect(201);
    owner.post("/tasks", &json!({ "title": "Rappeler", "subject": { "kind": "contact", "id": other } })).await.expect(201);
    for id in [&kept, &other] {
        owner.attach("contact", id, "photo.txt", b"une photo").await.expect(201);
    }
    owner.contact(&json!({ "last_name": "Filleul", "custom": { "parrain": other } })).await;
    let bulk = json!({ "selection": { "ids": [kept, other] }, "action": { "type": "add_tags", "tags": ["lot"] } });
    owner.post("/contacts/bulk", &bulk).await.expect(202);
    (kept, other)
}

#[tokio::test]
async fn a_merge_keeps_everything_and_its_undo_leaves_the_tenant_as_it_was() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let (kept, other) = pair(&owner).await;
    t.run_jobs().await;
    let before = dump(&t, &owner).await;

    let done = merge(&owner, &kept, &other, &["last_name"]).await;
    assert_eq!((done["merged_name"].as_str(), done["can_undo"].as_bool()), (Some("Ana Dupre"), Some(true)));
    let one = owner.get(&format!("/contacts/{kept}")).await.expect(200);
    assert_eq!(
        (one["first_name"].as_str(), one["last_name"].as_str(), one["source"].as_str()),
        (Some("Ana"), Some("Dupre"), Some("Salon"))
    );
    assert_eq!(one["emails"].as_array().map(Vec::len), Some(1), "one address in two spellings");
    assert_eq!(one["custom"]["taille"], "L");
    let tags: Vec<&str> = one["tags"].as_array().expect("tags").iter().filter_map(|tag| tag["name"].as_str()).collect();
    assert_eq!(tags, ["fidèle", "lot", "nouveau", "vip"]);
    assert_eq!(one["companies"].as_array().map(Vec::len), Some(1));
    assert_eq!(owner.get(&format!("/contacts/{kept}/notes")).await.expect(200)["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(owner.get("/contacts?q=0612345678").await.expect(200)["items"][0]["id"], json!(kept), "found by what the other one had");
    assert_eq!(owner.get("/contacts?q=ab123cd").await.expect(200)["items"][0]["id"], json!(kept), "and by the other one's vehicle");
    assert_eq!(owner.get("/contacts/count").await.expect(200)["count"], 3);
    let driven = owner.get("/entities?q=ef456gh&custom=conducteur").await.expect(200);
    assert_eq!(driven["items"][0]["custom"]["conducteur"], json!(kept), "a thing that named the other one names the kept one");
    let timeline = owner.get(&format!("/contacts/{kept}/timeline?limit=100")).await.expect(200);
    assert_eq!(timeline["items"][0]["kind"], "contact.merged");
    assert_eq!(timeline["items"].as_array().map(|lines| lines.iter().filter(|line| line["kind"] == "contact.created").count()), Some(2));

    let undone = owner.post(&format!("/merges/{}/undo", done["id"].as_str().expect("id")), &json!({})).await.expect(200);
    assert_eq!(undone["contact_id"], json!(other));
    let after = dump(&t, &owner).await;
    for (table, rows) in &before {
        assert_eq!(rows, &after[table], "{table}");
    }
    owner.post(&format!("/merges/{}/undo", done["id"].as_str().expect("id")), &json!({})).await.expect(409);
}

#[tokio::test]
async fn old_ids_and_addresses_lead_to_the_kept_contact() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let [a, b, c] = [
        owner.contact(&json!({ "last_name": "A" })).await,
        owner.contact(&json!({ "last_name": "B" })).await,
        owner.contact(&json!({ "last_name": "C" })).await,
    ];
    merge(&owner, &b, &a, &[]).await;
    let first = merge(&owner, &c, &b, &[]).await;
    for (method, path) in [(Method::GET, format!("/contacts/{a}")), (Method::GET, format!("/contacts/{a}/timeline?limit=5"))] {
        let answer = owner.call(method, &path, Some(&json!({})), &[]).await;
        assert_eq!(answer.status.as_u16(), 308, "{path}: {}", answer.text);
        let place = answer.headers[header::LOCATION].to_str().expect("place").to_owned();
        assert_eq!(place, format!("/api/v1{}", path.replace(&a, &c).replace(&b, &c)));
    }
    let write = owner.patch(&format!("/contacts/{b}"), &json!({ "first_name": "X" })).await;
    assert_eq!((write.code(), &write.json["merged_into"]), ("conflict", &json!(c)), "a write is for the contact it was meant for");
    // The merge of A went along into C: it cannot be undone before the one that carried it.
    let merges = owner.get(&format!("/contacts/{c}/merges")).await.expect(200);
    let of_a = merges["items"].as_array().expect("items").iter().find(|merge| merge["merged_id"] == json!(a)).expect("A")["id"].clone();
    let of_a = format!("/merges/{}/undo", of_a.as_str().expect("id"));
    owner.post(&of_a, &json!({})).await.expect(409);
    owner.post(&format!("/merges/{}/undo", first["id"].as_str().expect("id")), &json!({})).await.expect(200);
    owner.post(&of_a, &json!({})).await.expect(200);
    for id in [&a, &b, &c] {
        owner.get(&format!("/contacts/{id}")).await.expect(200);
    }
    let stranger = t.owner().await;
    merge(&owner, &c, &a, &[]).await;
    stranger.get(&format!("/contacts/{a}")).await.expect(404);
}

#[tokio::test]
async fn what_cannot_be_merged_is_refused_with_a_reason() {
    let t = TestApp::new().await;
    let (owner, stranger) = (t.owner().await, t.owner().await);
    let a = owner.contact(&json!({ "last_name": "A" })).await;
    let b = owner.contact(&json!({ "last_name": "B" })).await;
    let company = owner.contact(&json!({ "kind": "company", "company_name": "C" })).await;
    let foreign = stranger.contact(&json!({ "last_name": "F" })).await;
    let path = format!("/contacts/{a}/merge");
    assert_eq!(owner.post(&path, &json!({ "other_id": a })).await.pointers(), ["/other_id"], "with itself");
    assert_eq!(owner.post(&path, &json!({ "other_id": foreign })).await.pointers(), ["/other_id"], "another tenant's");
    assert_eq!(owner.post(&path, &json!({ "other_id": company })).await.status.as_u16(), 409);
    assert_eq!(owner.post(&path, &json!({ "other_id": b, "take": ["version"] })).await.pointers(), ["/take"]);
    // Somebody edits one of them while another compares.
    owner.patch(&format!("/contacts/{b}"), &json!({ "first_name": "Bob" })).await.expect(200);
    assert_eq!(owner.post(&path, &json!({ "other_id": b, "version": 1, "other_version": 1 })).await.code(), "stale_version");
    // In both directions at once: one of them wins, nothing is lost.
    let (one, two) = (json!({ "other_id": b }), json!({ "other_id": a }));
    let other_path = format!("/contacts/{b}/merge");
    let (first, second) = futures::join!(owner.post(&path, &one), owner.post(&other_path, &two));
    let mut states = [first.status.as_u16(), second.status.as_u16()];
    states.sort_unstable();
    assert!(states[0] == 200 && matches!(states[1], 404 | 409 | 422), "{states:?}");
    assert_eq!(owner.get("/contacts?kind=person").await.expect(200)["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn an_undo_keeps_what_people_did_since_and_ends_after_thirty_days() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let kept = owner.contact(&json!({ "last_name": "A" })).await;
    let other = owner.contact(&json!({ "last_name": "B", "first_name": "Ana" })).await;
    let done = merge(&owner, &kept, &other, &[]).await;
    owner.patch(&format!("/contacts/{kept}"), &json!({ "job_title": "Cheffe" })).await.expect(200);
    owner.post(&format!("/contacts/{kept}/notes"), &json!({ "body": "depuis" })).await.expect(201);
    let undo = format!("/merges/{}/undo", done["id"].as_str().expect("id"));
    owner.post(&undo, &json!({})).await.expect(200);
    let one = owner.get(&format!("/contacts/{kept}")).await.expect(200);
    assert_eq!((one["job_title"].as_str(), one["first_name"].as_str()), (Some("Cheffe"), None));
    assert_eq!(owner.get(&format!("/contacts/{kept}/notes")).await.expect(200)["items"].as_array().map(Vec::len), Some(1));

    let done = merge(&owner, &kept, &other, &[]).await;
    t.advance(SignedDuration::from_hours(24 * 31));
    let owner = t.sign_in(owner.tenant_id, owner.user_id, "").await;
    owner.post(&format!("/merges/{}/undo", done["id"].as_str().expect("id")), &json!({})).await.expect(409);
    vision_server::wiring::sweep(&t.app).await.expect("sweep");
    let mut tx = t.app.db.begin_as_system(owner.tenant_id).await.expect("begin");
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM contact_merges WHERE merged_row IS NOT NULL OR kept_before IS NOT NULL")
        .fetch_one(tx.conn())
        .await
        .expect("count");
    assert_eq!(left, 0, "what can no longer be undone is forgotten");
    drop(tx);
    assert_eq!(owner.call(Method::GET, &format!("/contacts/{other}"), None, &[]).await.status.as_u16(), 308, "the alias stays");
}

#[tokio::test]
async fn duplicates_are_found_by_the_rule_of_imports_and_likenesses_only_suggested() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let lyon = json!([{ "city": "Lyon", "postal_code": "69003" }]);
    let a = owner.contact(&json!({ "last_name": "Dupré", "emails": [{ "email": "a@x.fr" }], "phones": [{ "phone": "0612345678" }] })).await;
    let b = owner.contact(&json!({ "last_name": "Autre", "emails": [{ "email": "A@X.FR" }] })).await;
    // The same phone, but each with an e-mail of their own: a family.
    owner.contact(&json!({ "last_name": "Fils", "emails": [{ "email": "fils@x.fr" }], "phones": [{ "phone": "0612345678" }] })).await;
    let near = owner.contact(&json!({ "first_name": "Élodie", "last_name": "Martin", "addresses": lyon })).await;
    let like = owner.contact(&json!({ "first_name": "Elodie", "last_name": "Martins", "addresses": lyon })).await;
    owner
        .contact(&json!({ "first_name": "Elodie", "last_name": "Martin", "addresses": [{ "city": "Paris", "postal_code": "75001" }] }))
        .await;

    let found = owner.get("/duplicates").await.expect(200);
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1), "{found}");
    let group = &found["items"][0];
    assert_eq!((group["reason"].as_str(), group["value"].as_str()), (Some("email"), Some("a@x.fr")));
    assert_eq!([&group["contacts"][0]["id"], &group["contacts"][1]["id"]], [&json!(a), &json!(b)]);

    let suggested = owner.get("/duplicates/suggestions").await.expect(200);
    assert_eq!(suggested["items"].as_array().map(Vec::len), Some(1), "{suggested}");
    assert_eq!(suggested["items"][0]["contacts"][0]["id"], json!(near));
    for distinct in [true, false] {
        for ids in [[&a, &b], [&like, &near]] {
            owner.post("/duplicates/judgements", &json!({ "ids": ids, "distinct": distinct })).await.expect(204);
        }
        let left = usize::from(!distinct);
        assert_eq!(owner.get("/duplicates").await.expect(200)["items"].as_array().map(Vec::len), Some(left));
        assert_eq!(owner.get("/duplicates/suggestions").await.expect(200)["items"].as_array().map(Vec::len), Some(left));
    }

    // Many at once, with a group that is no longer what it was.
    let gone = t.app.clock.new_id();
    let job = owner.post("/duplicates/merge", &json!({ "groups": [[a, gone], [a, b], [near, like]] })).await.expect(202);
    t.run_jobs().await;
    let job = owner.get(&format!("/jobs/{}", job["id"].as_str().expect("id"))).await.expect(200);
    assert_eq!((job["status"].as_str(), job["done"].as_i64()), (Some("done"), Some(3)));
    assert_eq!(owner.get("/contacts/count").await.expect(200)["count"], 4);
    assert_eq!(owner.post("/duplicates/merge", &json!({ "groups": [[a]] })).await.pointers(), ["/groups"]);

    let foreign = t.owner().await.contact(&json!({ "last_name": "Ailleurs" })).await;
    assert_eq!(owner.post("/duplicates/judgements", &json!({ "ids": [a, foreign], "distinct": true })).await.pointers(), ["/ids"]);
}

#[tokio::test]
async fn every_reference_to_a_contact_is_moved_or_left_for_a_reason() {
    let db = TestDb::new().await;
    let mut conn = db.urls.owner.connect().await.expect("owner");
    let found: Vec<(String, String)> = sqlx::query_as(
        "SELECT c.relname::text, a.attname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         WHERE c.relkind = 'r' AND (a.attname IN ('contact_id', 'company_id') OR EXISTS (
           SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.confrelid = 'contacts'::regclass AND k.contype = 'f' AND a.attnum = ANY (k.conkey) AND a.attname <> 'tenant_id'))
         ORDER BY 1, 2",
    )
    .fetch_all(&mut conn)
    .await
    .expect("columns");
    assert!(found.len() >= 9, "{found:?}");
    for (table, column) in found {
        let moved = REFERENCES.iter().any(|reference| reference.table == table && reference.column == column);
        let left = LEFT.iter().any(|(t, c, _)| *t == table && *c == column);
        assert!(moved != left, "{table}.{column} must be in REFERENCES, or in LEFT with a reason");
    }
}

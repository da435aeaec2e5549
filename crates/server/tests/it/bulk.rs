//! Many contacts at once: bulk actions, undo, cancel, export.

use serde_json::{Value, json};
use vision_testkit::{Persona, TestApp};

async fn many(who: &Persona, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for index in 0..count {
        ids.push(who.contact(&json!({ "last_name": format!("Nom {index:02}"), "addresses": [{ "city": if index % 2 == 0 { "Lyon" } else { "Paris" } }] })).await);
    }
    ids
}

async fn tagged(who: &Persona) -> usize {
    let page = who.get("/contacts?limit=100").await.expect(200);
    page["items"].as_array().expect("items").iter().filter(|row| row["tags"].as_array().is_some_and(|tags| !tags.is_empty())).count()
}

async fn job(who: &Persona, job: &Value) -> Value {
    who.get(&format!("/jobs/{}", job["id"].as_str().expect("id"))).await.expect(200)
}

#[tokio::test]
async fn all_that_match_are_tagged_with_progress_and_undone() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let ids = many(&owner, 12).await;
    owner.patch(&format!("/contacts/{}", ids[0]), &json!({ "tags": ["VIP"] })).await.expect(200);
    let selection = json!({ "filter": { "city": "lyon" }, "except_ids": [ids[2]] });
    let started = owner
        .post("/contacts/bulk", &json!({ "selection": selection, "action": { "type": "add_tags", "tags": ["vip", "Lyon"] } }))
        .await
        .expect(202);
    assert_eq!((started["status"].as_str(), started["total"].as_i64()), (Some("queued"), Some(5)));
    t.run_jobs().await;
    let done = job(&owner, &started).await;
    assert_eq!((done["status"].as_str(), done["done"].as_i64(), done["can_undo"].as_bool()), (Some("done"), Some(5), Some(true)));
    assert_eq!(tagged(&owner).await, 5);
    let timeline = owner.get(&format!("/contacts/{}/timeline", ids[4])).await.expect(200);
    assert_eq!(
        (timeline["items"][0]["kind"].as_str(), &timeline["items"][0]["data"]["tags"]),
        (Some("contact.tags_added"), &json!(["vip", "Lyon"]))
    );
    let undo = format!("/jobs/{}/undo", started["id"].as_str().expect("id"));
    owner.post(&undo, &json!({})).await.expect(202);
    t.run_jobs().await;
    assert_eq!(job(&owner, &started).await["status"], "undone");
    assert_eq!(tagged(&owner).await, 1, "the tag that was there before stays");
    owner.post(&undo, &json!({})).await.expect(409);
}

#[tokio::test]
async fn owners_and_archives_come_back_as_they_were() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let bob = t.member(owner.tenant_id, "member").await;
    let ids = many(&owner, 4).await;
    owner.patch(&format!("/contacts/{}", ids[0]), &json!({ "owner_id": owner.user_id })).await.expect(200);
    for (action, check) in [
        (json!({ "type": "set_owner", "owner_id": bob.user_id }), format!("owner={}", bob.user_id)),
        (json!({ "type": "archive" }), "archived=true".to_owned()),
    ] {
        let before = owner.get("/contacts?limit=100").await.expect(200);
        let started = owner.post("/contacts/bulk", &json!({ "selection": { "ids": ids }, "action": action })).await.expect(202);
        t.run_jobs().await;
        assert_eq!(owner.get(&format!("/contacts/count?{check}")).await.expect(200)["count"], 4);
        owner.post(&format!("/jobs/{}/undo", started["id"].as_str().expect("id")), &json!({})).await.expect(202);
        t.run_jobs().await;
        let after = owner.get("/contacts?limit=100").await.expect(200);
        let owners =
            |page: &Value| -> Vec<Value> { page["items"].as_array().expect("items").iter().map(|row| row["owner"].clone()).collect() };
        assert_eq!(owners(&after), owners(&before));
    }
}

#[tokio::test]
async fn a_job_that_was_cancelled_before_it_ran_changes_at_most_a_batch_and_says_so() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let ids = many(&owner, 3).await;
    let started = owner.post("/contacts/bulk", &json!({ "selection": { "ids": ids }, "action": { "type": "archive" } })).await.expect(202);
    owner.post(&format!("/jobs/{}/cancel", started["id"].as_str().expect("id")), &json!({})).await.expect(200);
    t.run_jobs().await;
    assert_eq!(job(&owner, &started).await["status"], "cancelled");
    owner.post(&format!("/jobs/{}/cancel", started["id"].as_str().expect("id")), &json!({})).await.expect(409);
}

#[tokio::test]
async fn a_job_and_its_file_belong_to_the_one_who_started_it() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let bob = t.member(owner.tenant_id, "admin").await;
    let ids = many(&owner, 1).await;
    let started = owner.post("/contacts/bulk", &json!({ "selection": { "ids": ids }, "action": { "type": "archive" } })).await.expect(202);
    let path = format!("/jobs/{}", started["id"].as_str().expect("id"));
    for (method, path) in
        [("GET", path.clone()), ("GET", format!("{path}/file")), ("POST", format!("{path}/cancel")), ("POST", format!("{path}/undo"))]
    {
        let answer = bob.call(method.parse().expect("method"), &path, None, &[]).await;
        assert_eq!(answer.status.as_u16(), 404, "{path}");
    }
    assert_eq!(bob.get("/jobs").await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn exports_open_in_excel_and_address_books() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    owner.contact(&json!({ "first_name": "Éloïse", "last_name": "Dupré", "phones": [{ "phone": "0612345678" }], "emails": [{ "email": "e@exemple.fr" }] })).await;
    for (format, kind, needle) in [
        ("csv", "text/csv; charset=utf-8", "06 12 34 56 78"),
        ("vcf", "text/vcard; charset=utf-8", "TEL"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "PK"),
    ] {
        let answer = owner.post("/contacts/export", &json!({ "selection": { "filter": {} }, "format": format })).await;
        assert_eq!((answer.status.as_u16(), answer.headers["content-type"].to_str().expect("type")), (200, kind));
        assert!(answer.headers["content-disposition"].to_str().expect("name").starts_with("attachment; filename=\"contacts-"));
        assert!(answer.text.contains(needle), "{format}");
    }
    let log = owner.get("/audit-log?action=contacts.exported").await.expect(200);
    assert_eq!(log["items"].as_array().map(Vec::len), Some(3), "who took data out is on record");
}

#[tokio::test]
async fn a_large_export_is_a_job_with_a_file() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let csv: String = std::iter::once("nom,email\n".to_owned()).chain((0..5001).map(|n| format!("Nom {n},n{n}@exemple.fr\n"))).collect();
    let import = owner.upload("/imports?filename=a.csv", csv.into_bytes()).await.expect(201);
    owner.post(&format!("/imports/{}/start", import["id"].as_str().expect("id")), &json!({})).await.expect(202);
    t.run_jobs().await;
    let started = owner.post("/contacts/export", &json!({ "selection": { "filter": {} }, "format": "csv" })).await.expect(202);
    t.run_jobs().await;
    let done = job(&owner, &started).await;
    assert_eq!((done["status"].as_str(), done["has_file"].as_bool(), done["done"].as_i64()), (Some("done"), Some(true), Some(5001)));
    let file = owner.get(&format!("/jobs/{}/file", started["id"].as_str().expect("id"))).await;
    assert_eq!(file.text.lines().count(), 5002);
}

#[tokio::test]
async fn things_are_archived_exported_and_restored_many_at_once_and_taken_back() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let contact = owner.contact(&json!({ "last_name": "Dupré" })).await;
    let mut ids = Vec::new();
    for n in 0..5 {
        let body = json!({ "kind": "equipment", "name": format!("Pont {n}"), "make": "Ravaglioli", "contact_id": contact });
        ids.push(owner.post("/entities", &body).await.expect(201)["id"].as_str().expect("id").to_owned());
    }
    owner.post("/entities", &json!({ "plate": "AB-123-CD" })).await.expect(201);
    let bulk = async |selection: Value, action: &str| {
        let job = owner.post("/entities/bulk", &json!({ "selection": selection, "action": { "type": action } })).await.expect(202);
        t.run_jobs().await;
        owner.get(&format!("/jobs/{}", job["id"].as_str().expect("id"))).await.expect(200)
    };
    let left = async || owner.get("/entities/count").await.expect(200)["count"].as_i64().expect("count");
    // All that match but one.
    let matching = json!({ "filter": { "q": "ravaglioli" }, "except_ids": [ids[0]] });
    let csv = owner.post("/entities/export", &json!({ "selection": matching, "format": "csv" })).await.text;
    assert!(csv.contains("Pont 1") && !csv.contains("Pont 0") && !csv.contains("AB-123-CD"), "{csv}");
    let job = bulk(matching, "archive").await;
    assert_eq!((job["status"].as_str(), job["done"].as_i64(), job["total"].as_i64()), (Some("done"), Some(4), Some(4)), "{job}");
    assert_eq!(left().await, 2);
    let history = owner.get(&format!("/entities/{}/timeline", ids[1])).await.expect(200).to_string();
    assert!(history.contains("entity.archived"), "{history}");
    let timeline = owner.get(&format!("/contacts/{contact}/timeline")).await.expect(200).to_string();
    assert_eq!(timeline.matches("entity.archived").count(), 4, "{timeline}");
    let audit = owner.get("/audit-log?limit=100").await.expect(200).to_string();
    assert_eq!(audit.matches("entities.bulk_changed").count(), 1, "one line for all");
    // One comes back by hand: the undo finds it as it is, and brings the others back.
    let one = bulk(json!({ "ids": [ids[1]] }), "restore").await;
    assert_eq!(one["done"], 1);
    owner.post(&format!("/jobs/{}/undo", job["id"].as_str().expect("id")), &json!({})).await.expect(202);
    t.run_jobs().await;
    assert_eq!(left().await, 6);
    // What somebody may not see is not touched.
    let member = t.member_with(owner.tenant_id, &["contacts.read", "contacts.write"], "own").await;
    let job = member.post("/entities/bulk", &json!({ "selection": { "filter": {} }, "action": { "type": "archive" } })).await.expect(202);
    assert_eq!(job["total"], 0);
    t.run_jobs().await;
    assert_eq!(left().await, 6);
    assert_eq!(
        owner.post("/entities/bulk", &json!({ "selection": { "ids": [] }, "action": { "type": "archive" } })).await.pointers(),
        ["/selection/ids"]
    );
}

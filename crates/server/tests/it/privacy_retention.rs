//! How long contacts are kept (GD-06): who is beyond the term, who is spared, and erasing the others.

use axum::http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use vision_testkit::{Persona, TestApp};

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn id(value: &Value) -> String {
    value["id"].as_str().expect("id").to_owned()
}

async fn due(owner: &Persona, category: &str) -> Vec<String> {
    let items = owner.get(&format!("/privacy/retention/contacts?category={category}")).await.expect(200);
    items["items"].as_array().expect("items").iter().map(|item| item["name"].as_str().expect("name").to_owned()).collect()
}

/// A company three years and a bit later: Muette and Sourde gave no sign, Bavarde was spoken to last week, Neuve is new, Alpha is a company.
async fn later(t: &TestApp) -> (Persona, String, String) {
    let owner = t.owner().await;
    let mute = owner.contact(&json!({ "last_name": "Muette", "emails": [{ "email": "muette@exemple.fr" }] })).await;
    let deaf = owner.contact(&json!({ "last_name": "Sourde" })).await;
    let loud = owner.contact(&json!({ "last_name": "Bavarde" })).await;
    owner.contact(&json!({ "kind": "company", "company_name": "Alpha" })).await;
    t.advance(DAY * 1100);
    let owner = t.sign_in(owner.tenant_id, owner.user_id, &owner.email).await;
    let call = json!({ "title": "Rappeler", "kind": "call", "subject": { "kind": "contact", "id": loud } });
    let call = id(&owner.post("/tasks", &call).await.expect(201));
    owner.post(&format!("/tasks/{call}/complete"), &json!({})).await.expect(200);
    owner.contact(&json!({ "last_name": "Neuve" })).await;
    (owner, mute, deaf)
}

#[tokio::test]
async fn whoever_gave_no_sign_of_life_for_three_years_is_reviewed_and_erased_with_a_certificate() {
    let t = TestApp::new().await;
    let (owner, mute, deaf) = later(&t).await;
    let state = owner.get("/privacy/retention").await.expect(200);
    assert_eq!(state["prospects_due"], 2, "{state}");
    assert_eq!((state["prospect_months"].as_i64(), state["clients_due"].as_i64()), (Some(36), Some(0)));
    assert_eq!(due(&owner, "prospect").await, ["Muette", "Sourde"]);
    assert_eq!(due(&owner, "client").await, Vec::<String>::new());

    // One of them is kept for a reason.
    let reasonless = owner.post("/privacy/retention/keep", &json!({ "ids": [deaf], "months": 12, "reason": " " })).await;
    assert_eq!(reasonless.pointers(), ["/reason"]);
    let kept =
        owner.post("/privacy/retention/keep", &json!({ "ids": [deaf], "months": 12, "reason": "Litige en cours" })).await.expect(200);
    assert_eq!(kept["kept"], 1);
    assert_eq!(due(&owner, "prospect").await, ["Muette"]);

    // Nobody erases more, or less, than what was on the screen.
    let stale = owner.post("/privacy/retention/erase", &json!({ "category": "prospect", "confirm": 2 })).await;
    assert_eq!((stale.status.as_u16(), stale.json["count"].as_i64()), (409, Some(1)));
    let job = id(&owner.post("/privacy/retention/erase", &json!({ "category": "prospect", "confirm": 1 })).await.expect(202));
    t.run_jobs().await;
    let done = owner.get(&format!("/jobs/{job}")).await.expect(200);
    assert_eq!((done["status"].as_str(), done["done"].as_i64()), (Some("done"), Some(1)), "{done}");
    let jobs = owner.get("/jobs").await.expect(200);
    let kinds: Vec<&str> = jobs["items"].as_array().expect("jobs").iter().filter_map(|job| job["kind"].as_str()).collect();
    assert_eq!(kinds, ["privacy.retention"], "its parts are not shown one by one");
    assert_eq!(owner.get(&format!("/contacts/{mute}")).await.expect(200)["display_name"], "Personne effacée");
    assert_eq!(owner.get(&format!("/contacts/{deaf}")).await.expect(200)["display_name"], "Sourde");
    let requests = owner.get("/privacy/requests").await.expect(200);
    let request = &requests["items"][0];
    assert_eq!((request["kind"].as_str(), request["status"].as_str()), (Some("erasure"), Some("answered")));
    let certificate = owner.get(&format!("/privacy/requests/{}/certificate", id(request))).await;
    assert!(certificate.bytes.starts_with(b"%PDF-"), "{}", certificate.status);
    assert_eq!(certificate.headers["content-type"], "application/pdf");
    // A company that is not theirs knows of none of it.
    let stranger = t.owner().await;
    assert_eq!(stranger.get(&format!("/privacy/requests/{}/certificate", id(request))).await.status.as_u16(), 404);
    let foreign = stranger.post("/privacy/retention/keep", &json!({ "ids": [deaf], "months": 1, "reason": "x" })).await.expect(200);
    assert_eq!(foreign["kept"], 0);
}

#[tokio::test]
async fn a_sweep_that_was_killed_ends_what_it_had_begun_and_spares_who_came_back() {
    let t = TestApp::new().await;
    let (owner, mute, deaf) = later(&t).await;
    let job = id(&owner.post("/privacy/retention/erase", &json!({ "category": "prospect", "confirm": 2 })).await.expect(202));
    // Killed right after the first erasure was begun: its row is there, and nobody works on it.
    let mut tx = t.app.db.begin_as_system(owner.tenant_id).await.expect("begin");
    let (child, request) = (tx.new_id(), tx.new_id());
    let params = json!({ "contact_id": mute, "request_id": request, "parent": job });
    sqlx::query("INSERT INTO background_jobs (tenant_id, id, kind, status, params, created_by, created_at) VALUES ($1, $2, 'privacy.erasure', 'running', $3, $4, now())")
        .bind(owner.tenant_id)
        .bind(child)
        .bind(params)
        .bind(owner.user_id)
        .execute(tx.conn())
        .await
        .expect("job");
    sqlx::query(
        "INSERT INTO privacy_requests (tenant_id, id, kind, status, contact_id, received_on, due_on, job_id, created_by, created_by_name, created_at, updated_at)
         VALUES ($1, $2, 'erasure', 'running', $3, now(), now(), $4, $5, 'x', now(), now())",
    )
    .bind(owner.tenant_id)
    .bind(request)
    .bind(uuid::Uuid::try_parse(&mute).expect("id"))
    .bind(child)
    .bind(owner.user_id)
    .execute(tx.conn())
    .await
    .expect("request");
    tx.commit().await.expect("commit");
    // Meanwhile the other one calls.
    let call = json!({ "title": "A rappelé", "kind": "call", "subject": { "kind": "contact", "id": deaf } });
    let call = id(&owner.post("/tasks", &call).await.expect(201));
    owner.post(&format!("/tasks/{call}/complete"), &json!({})).await.expect(200);
    t.run_jobs().await;
    assert_eq!(owner.get(&format!("/jobs/{job}")).await.expect(200)["status"], "done");
    assert_eq!(owner.get(&format!("/jobs/{child}")).await.expect(200)["status"], "done");
    assert_eq!(owner.get(&format!("/contacts/{mute}")).await.expect(200)["display_name"], "Personne effacée");
    assert_eq!(owner.get(&format!("/contacts/{deaf}")).await.expect(200)["display_name"], "Sourde");
}

#[tokio::test]
async fn what_was_confirmed_is_what_is_erased() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let old = owner.contact(&json!({ "last_name": "Ancienne" })).await;
    t.advance(DAY * 800);
    let owner = t.sign_in(owner.tenant_id, owner.user_id, &owner.email).await;
    let younger = owner.contact(&json!({ "last_name": "Plus jeune" })).await;
    t.advance(DAY * 300);
    let owner = t.sign_in(owner.tenant_id, owner.user_id, &owner.email).await;
    let job = id(&owner.post("/privacy/retention/erase", &json!({ "category": "prospect", "confirm": 1 })).await.expect(202));
    // Shorter terms, while the job waits: whom nobody has reviewed stays.
    owner.put("/privacy/retention", &json!({ "prospect_months": 6, "client_months": 36 })).await.expect(200);
    t.run_jobs().await;
    let done = owner.get(&format!("/jobs/{job}")).await.expect(200);
    assert_eq!((done["status"].as_str(), done["done"].as_i64()), (Some("done"), Some(1)));
    assert_eq!(owner.get(&format!("/contacts/{old}")).await.expect(200)["display_name"], "Personne effacée");
    assert_eq!(owner.get(&format!("/contacts/{younger}")).await.expect(200)["display_name"], "Plus jeune");
    // Somebody with an appointment to come is not on the list, and a call that nobody answered is no sign.
    assert_eq!(due(&owner, "prospect").await, ["Plus jeune"]);
    let on = |kind: &str, more: Value| {
        let mut task = json!({ "title": "x", "kind": kind, "subject": { "kind": "contact", "id": younger } });
        task.as_object_mut().expect("object").extend(more.as_object().expect("object").clone());
        task
    };
    let call = id(&owner.post("/tasks", &on("call", json!({}))).await.expect(201));
    owner.post(&format!("/tasks/{call}/complete"), &json!({ "outcome": "no_answer" })).await.expect(200);
    assert_eq!(due(&owner, "prospect").await, ["Plus jeune"]);
    owner.post("/tasks", &on("meeting", json!({ "due_date": "2099-01-01" }))).await.expect(201);
    assert_eq!(due(&owner, "prospect").await, Vec::<String>::new());
    // The review is about everybody.
    let narrow = t.member_with(owner.tenant_id, &["company.manage", "contacts.read", "contacts.delete"], "own").await;
    assert_eq!(narrow.get("/privacy/retention/contacts?category=prospect").await.status.as_u16(), 403);
    assert_eq!(narrow.post("/company/export", &json!({})).await.status.as_u16(), 403);
}

#[tokio::test]
async fn the_terms_are_the_companys_within_bounds_and_two_people_do_not_overwrite_each_other() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let set = async |prospects: i64, version: &str| {
        let body = json!({ "prospect_months": prospects, "client_months": 60 });
        owner.call(Method::PUT, "/privacy/retention", Some(&body), &[("if-match", version)]).await
    };
    assert_eq!(set(5, "\"0\"").await.pointers(), ["/prospect_months"]);
    let state = set(24, "\"0\"").await.expect(200);
    assert_eq!(
        (state["prospect_months"].as_i64(), state["client_months"].as_i64(), state["version"].as_i64()),
        (Some(24), Some(60), Some(1))
    );
    assert_eq!(set(12, "\"0\"").await.status.as_u16(), 412);
    assert_eq!(set(12, "\"1\"").await.expect(200)["version"], 2);
    let log = owner.get("/audit-log").await.expect(200);
    assert_eq!(log["items"][0]["action"], "privacy_retention.updated");
    assert_eq!(log["items"][0]["changes"][0]["before"], 24);
}

#[tokio::test] // GD-06
async fn a_merge_keeps_the_later_collection_and_the_longer_decision() {
    let t = TestApp::new().await;
    let (owner, mute, deaf) = later(&t).await;
    assert_eq!(due(&owner, "prospect").await, ["Muette", "Sourde"]);
    // Collected again last week: whoever merges the old record with the new one has not made a sign older.
    let again = owner.contact(&json!({ "last_name": "Muette" })).await;
    let merge = owner.post(&format!("/contacts/{mute}/merge"), &json!({ "other_id": again })).await.expect(200);
    assert_eq!(due(&owner, "prospect").await, ["Sourde"]);
    owner.post(&format!("/merges/{}/undo", id(&merge)), &json!({})).await.expect(200);
    assert_eq!(due(&owner, "prospect").await, ["Muette", "Sourde"]);
    // Each is kept for a reason, one longer than the other: the longer one counts, whichever record stays; an undo parts them again.
    let keep = async |who: &str, months: i32, reason: &str| {
        owner.post("/privacy/retention/keep", &json!({ "ids": [who], "months": months, "reason": reason })).await.expect(200);
    };
    keep(&mute, 1, "Court").await;
    keep(&deaf, 24, "Long").await;
    let merge = owner.post(&format!("/contacts/{mute}/merge"), &json!({ "other_id": deaf })).await.expect(200);
    t.advance(DAY * 60);
    let owner = t.sign_in(owner.tenant_id, owner.user_id, &owner.email).await;
    let muted = |names: Vec<String>| names.iter().any(|name| name == "Muette" || name == "Sourde");
    assert!(!muted(due(&owner, "prospect").await));
    let undo = owner.post(&format!("/merges/{}/undo", id(&merge)), &json!({})).await;
    assert_eq!(undo.status.as_u16(), 409, "after 30 days no more: {}", undo.text);
}

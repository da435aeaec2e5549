//! What people are told, how, and when not; and the notes that tell them.

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::time::Duration;
use vision_testkit::{Persona, TestApp};

async fn beat(t: &TestApp) {
    for beat in vision_server::wiring::beats() {
        beat(&t.app).await.expect("beat");
    }
    t.run_jobs().await;
}

/// Moves the clock to an hour of the next day at the company, so that a test knows what is quiet.
fn to_hour(t: &TestApp, hour: i8) {
    let paris = jiff::tz::TimeZone::get("Europe/Paris").expect("zone");
    let now = t.app.clock.now();
    let day = now.to_zoned(paris.clone()).date().tomorrow().expect("day");
    let then = day.at(hour, 0, 0, 0).to_zoned(paris).expect("moment").timestamp();
    t.advance(then.duration_since(now));
}

fn kinds(page: &Value) -> Vec<&str> {
    page["items"].as_array().expect("items").iter().map(|item| item["kind"].as_str().expect("kind")).collect()
}

async fn give(from: &Persona, to: &Persona, title: &str) {
    from.post("/tasks", &json!({ "title": title, "assignee_id": to.user_id })).await.expect(201);
}

fn mention(who: &Persona) -> Value {
    json!({ "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": "Vu avec " }, { "type": "mention", "id": who.user_id, "label": "n’importe qui" }] }] })
}

#[tokio::test]
async fn a_colleague_is_told_of_a_task_and_of_a_mention_and_nobody_of_what_they_did_themselves() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let bob = t.member(owner.tenant_id, "member").await;
    let contact = owner.contact(&json!({ "last_name": "Dupré" })).await;
    give(&owner, &bob, "Rappeler").await;
    owner.post("/tasks", &json!({ "title": "Pour moi" })).await.expect(201);
    let note = owner.post(&format!("/contacts/{contact}/notes"), &json!({ "doc": mention(&bob) })).await.expect(201);
    assert_eq!(note["body"], "Vu avec @Camille member", "the server knows the name");
    let own = owner.post(&format!("/contacts/{contact}/notes"), &json!({ "doc": mention(&owner) })).await.expect(201);
    t.run_jobs().await;
    assert_eq!(owner.get("/notifications").await.expect(200)["items"], json!([]));
    let told = bob.get("/notifications").await.expect(200);
    assert_eq!(kinds(&told), ["mention", "task_assigned"]);
    assert_eq!((told["items"][0]["subject_id"].as_str(), told["items"][0]["label"].as_str()), (Some(contact.as_str()), Some("Dupré")));
    assert_eq!(told["items"][0]["data"]["excerpt"], "Vu avec @Camille member");
    // Saying the same again tells nobody; naming somebody new does.
    let path = format!("/notes/{}", note["id"].as_str().expect("id"));
    owner.patch(&path, &json!({ "doc": mention(&bob), "pinned": true })).await.expect(200);
    owner.patch(&format!("/notes/{}", own["id"].as_str().expect("id")), &json!({ "doc": mention(&bob) })).await.expect(200);
    t.run_jobs().await;
    assert_eq!(bob.get("/notifications/count").await.expect(200)["unread"], 3);
    // Read one, read all; each person their own.
    let first = told["items"][0]["id"].as_str().expect("id");
    owner.post(&format!("/notifications/{first}/read"), &json!({})).await.expect(404);
    bob.post(&format!("/notifications/{first}/read"), &json!({})).await.expect(204);
    assert_eq!(bob.get("/notifications?unread=true").await.expect(200)["items"].as_array().map(Vec::len), Some(2));
    bob.post("/notifications/read-all", &json!({})).await.expect(204);
    assert_eq!(bob.get("/notifications/count").await.expect(200)["unread"], 0);
    let page = bob.get("/notifications?limit=1").await.expect(200);
    let next = bob.get(&format!("/notifications?limit=5&cursor={}", page["next_cursor"].as_str().expect("cursor"))).await.expect(200);
    assert_eq!(next["items"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn only_members_who_see_the_contact_can_be_mentioned() {
    let t = TestApp::new().await;
    let (owner, stranger) = (t.owner().await, t.owner().await);
    let blind = t.member_with(owner.tenant_id, &["contacts.read"], "own").await;
    let contact = owner.contact(&json!({ "last_name": "Dupré" })).await;
    let path = format!("/contacts/{contact}/notes");
    for (who, code) in [(&stranger, "unknown"), (&blind, "not_visible")] {
        let refused = owner.post(&path, &json!({ "doc": mention(who) })).await;
        assert_eq!(refused.status.as_u16(), 422, "{}", refused.text);
        assert_eq!((refused.pointers(), refused.json["errors"][0]["code"].as_str()), (vec!["/doc/content/0/content/1/id"], Some(code)));
    }
    // Their own contact they see.
    owner.patch(&format!("/contacts/{contact}"), &json!({ "owner_id": blind.user_id })).await.expect(200);
    owner.post(&path, &json!({ "doc": mention(&blind) })).await.expect(201);
    for doc in [
        json!({ "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": "x", "link": "javascript:alert(1)" }] }] }),
        json!({ "content": [{ "type": "script", "content": [] }] }),
        json!({ "content": [] }),
        json!("<b>x</b>"),
    ] {
        assert_eq!(owner.post(&path, &json!({ "doc": doc })).await.status.as_u16(), 422, "{doc}");
    }
}

#[tokio::test]
async fn a_note_keeps_its_past_its_pin_and_what_was_plain_text() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let bob = t.member(owner.tenant_id, "member").await;
    let contact = owner.contact(&json!({ "last_name": "Dupré" })).await;
    let path = format!("/contacts/{contact}/notes");
    let first = owner.post(&path, &json!({ "body": "un\ndeux" })).await.expect(201);
    assert_eq!(first["doc"]["content"][1]["content"][0]["text"], "deux");
    let second = owner.post(&path, &json!({ "body": "trois" })).await.expect(201);
    // As the older versions of the product stored it.
    let mut tx = t.app.db.begin_as_system(owner.tenant_id).await.expect("begin");
    sqlx::query("UPDATE notes SET doc = NULL").execute(tx.conn()).await.expect("old form");
    tx.commit().await.expect("commit");
    let note = format!("/notes/{}", first["id"].as_str().expect("id"));
    let pinned = bob.patch_if(&note, 1, &json!({ "pinned": true })).await.expect(200);
    assert_eq!(
        (pinned["version"].as_i64(), pinned["edited_by"].clone(), pinned["doc"].clone()),
        (Some(2), Value::Null, first["doc"].clone())
    );
    let order = async |query: &str| -> Vec<Value> {
        owner.get(&format!("{path}?{query}")).await.expect(200)["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|n| n["id"].clone())
            .collect()
    };
    assert_eq!(order("").await, [first["id"].clone(), second["id"].clone()], "pinned first");
    let cursor = owner.get(&format!("{path}?limit=1")).await.expect(200)["next_cursor"].as_str().expect("cursor").to_owned();
    assert_eq!(order(&format!("cursor={cursor}")).await, [second["id"].clone()]);
    let doc = json!({ "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": "autre", "bold": true }] }] });
    let edited = bob.patch_if(&note, 2, &json!({ "doc": doc })).await.expect(200);
    assert_eq!(
        (edited["body"].as_str(), edited["edited_by"]["name"].as_str(), edited["doc"].clone()),
        (Some("autre"), Some("Camille member"), doc.clone())
    );
    assert_eq!(bob.patch_if(&note, 2, &json!({ "doc": doc })).await.code(), "stale_version");
    bob.patch(&note, &json!({ "doc": doc })).await.expect(200);
    let versions = owner.get(&format!("{note}/versions")).await.expect(200);
    assert_eq!(versions["items"].as_array().map(Vec::len), Some(1), "the same words are no new version");
    assert_eq!(
        (versions["items"][0]["body"].as_str(), versions["items"][0]["author"]["name"].as_str()),
        (Some("un\ndeux"), Some("Camille owner"))
    );
    owner.delete(&note).await.expect(204);
    owner.get(&format!("{note}/versions")).await.expect(404);
}

#[tokio::test]
async fn mail_waits_for_the_morning_and_is_not_sent_for_what_was_read() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let bob = t.member(owner.tenant_id, "member").await;
    let again = async |who: &Persona| t.sign_in(who.tenant_id, who.user_id, &who.email).await;
    to_hour(&t, 10);
    let (owner, bob) = (again(&owner).await, again(&bob).await);
    give(&owner, &bob, "De jour").await;
    beat(&t).await;
    assert_eq!(
        t.mails(&bob.email).await.iter().map(|(subject, _)| subject.as_str()).collect::<Vec<_>>(),
        ["Camille owner vous a confié une tâche : De jour"]
    );
    to_hour(&t, 21);
    let (owner, bob) = (again(&owner).await, again(&bob).await);
    give(&owner, &bob, "De nuit").await;
    give(&owner, &bob, "Lue").await;
    beat(&t).await;
    assert_eq!(t.mails(&bob.email).await.len(), 1, "21:00 is quiet");
    let told = bob.get("/notifications").await.expect(200);
    let read = told["items"].as_array().expect("items").iter().find(|item| item["label"] == "Lue").expect("told");
    let read = read["id"].as_str().expect("id").to_owned();
    bob.post(&format!("/notifications/{read}/read"), &json!({})).await.expect(204);
    t.advance(SignedDuration::from_hours(10));
    beat(&t).await;
    beat(&t).await;
    let mails = t.mails(&bob.email).await;
    assert_eq!((mails.len(), mails[0].0.contains("De nuit")), (2, true), "{mails:?}");
    assert!(mails[0].1.contains("/taches?tache=") && mails[0].1.contains("/parametres/notifications"));
}

#[tokio::test]
async fn the_digest_comes_once_a_day_in_the_language_of_its_reader() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let bob = t.member(owner.tenant_id, "member").await;
    let again = async |who: &Persona| t.sign_in(who.tenant_id, who.user_id, &who.email).await;
    let choice =
        json!({ "choices": [{ "kind": "task_assigned", "in_app": false, "email": "digest" }], "quiet_hours": null, "digest_hour": 9 });
    let settings = bob.patch("/me/notification-settings", &choice).await;
    assert_eq!(settings.headers["etag"], "\"1\"");
    let settings = settings.expect(200);
    assert_eq!((settings["choices"][0]["email"].as_str(), settings["choices"].as_array().map(Vec::len)), (Some("digest"), Some(8)));
    assert_eq!(bob.patch_if("/me/notification-settings", 0, &choice).await.code(), "stale_version");
    for (body, pointer) in [
        (json!({ "digest_hour": 24 }), "/digest_hour"),
        (json!({ "quiet_hours": { "from": "20:00", "to": "20:00" } }), "/quiet_hours/to"),
        (json!({ "quiet_hours": { "from": "8h", "to": "20:00" } }), "/quiet_hours/from"),
    ] {
        assert_eq!(bob.patch("/me/notification-settings", &body).await.pointers(), [pointer]);
    }
    bob.patch("/me", &json!({ "locale": "en" })).await.expect(200);
    to_hour(&t, 8);
    let owner = again(&owner).await;
    give(&owner, &bob, "Un").await;
    give(&owner, &bob, "Deux").await;
    beat(&t).await;
    assert!(t.mails(&bob.email).await.is_empty(), "not before nine");
    t.advance(SignedDuration::from_mins(61));
    beat(&t).await;
    beat(&t).await;
    let mails = t.mails(&bob.email).await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0].0, "Your day: 2 notifications");
    assert!(mails[0].1.contains("Camille owner gave you a task: Un") && mails[0].1.contains("gave you a task: Deux"));
    let (owner, bob) = (again(&owner).await, again(&bob).await);
    assert_eq!(bob.get("/notifications").await.expect(200)["items"], json!([]), "not in the product");
    // The next day has its own.
    give(&owner, &bob, "Trois").await;
    t.run_jobs().await;
    t.advance(SignedDuration::from_hours(24));
    beat(&t).await;
    assert_eq!(t.mails(&bob.email).await.len(), 2);
}

#[tokio::test]
async fn an_import_and_an_export_say_when_they_are_ready() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let import = owner.upload("/imports?filename=clients.csv", b"nom,email\nDupont,d@exemple.fr\n".to_vec()).await.expect(201);
    t.run_jobs().await;
    owner.post(&format!("/imports/{}/start", import["id"].as_str().expect("id")), &json!({})).await.expect(202);
    t.run_jobs().await;
    let told = owner.get("/notifications").await.expect(200);
    assert_eq!(kinds(&told), ["import_finished"]);
    assert_eq!((told["items"][0]["label"].as_str(), told["items"][0]["data"]["count"].as_i64()), (Some("clients.csv"), Some(1)));
}

#[tokio::test]
async fn a_large_export_of_assets_says_when_it_is_ready() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    owner.post("/entities", &json!({ "kind": "equipment", "name": "Pont élévateur" })).await.expect(201);
    let mut tx = t.app.db.begin_as_system(owner.tenant_id).await.expect("begin");
    sqlx::query(
        "INSERT INTO entities SELECT (jsonb_populate_record(e, jsonb_build_object('id', gen_random_uuid()))).* FROM entities e, generate_series(1, 5000)",
    )
    .execute(tx.conn())
    .await
    .expect("many");
    tx.commit().await.expect("commit");
    owner.post("/entities/export", &json!({ "format": "csv" })).await.expect(202);
    t.run_jobs().await;
    let told = owner.get("/notifications").await.expect(200);
    assert_eq!(kinds(&told), ["export_ready"]);
    assert_eq!((told["items"][0]["data"]["count"].as_i64(), told["items"][0]["data"]["failed"].as_bool()), (Some(5001), Some(false)));
}

/// Reads what a live stream says: up to `wanted`, however busy the machine is, and then until it is silent for a moment.
async fn heard(t: &TestApp, who: &Persona, wanted: &str, act: impl Future<Output = ()>) -> String {
    let request =
        Request::get("/api/v1/live").header("authorization", format!("Bearer {}", who.token)).body(Body::empty()).expect("request");
    let response = tower::ServiceExt::oneshot(t.router.clone(), request).await.expect("infallible");
    let mut body = response.into_body();
    act.await;
    let mut text = String::new();
    loop {
        let patience = if text.contains(wanted) { Duration::from_millis(1500) } else { Duration::from_secs(30) };
        let Ok(Some(Ok(frame))) = tokio::time::timeout(patience, body.frame()).await else { break };
        text.push_str(&String::from_utf8_lossy(frame.data_ref().map_or(&[][..], |data| data)));
    }
    text
}

#[tokio::test]
async fn a_notification_reaches_the_open_browsers_of_its_reader_alone() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let bob = t.member(owner.tenant_id, "member").await;
    #[expect(clippy::disallowed_methods, reason = "the test ends the task")]
    let listener = tokio::spawn(vision_platform::live::listen(t.app.clone()));
    tokio::time::sleep(Duration::from_millis(500)).await;
    let nothing = async {};
    let work = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        give(&owner, &bob, "Rappeler").await;
        t.run_jobs().await;
    };
    let (bobs, owners) = tokio::join!(heard(&t, &bob, "notification.added", work), heard(&t, &owner, "task.created", nothing));
    listener.abort();
    assert!(bobs.contains("notification.added") && bobs.contains("task.created"), "{bobs}");
    assert!(!owners.contains("notification.added") && owners.contains("task.created"), "{owners}");
}

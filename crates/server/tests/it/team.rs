//! Members, invitations, roles, keys.

use jiff::SignedDuration;
use serde_json::{Value, json};
use vision_testkit::{Persona, TestApp};

async fn role(who: &Persona, key: &str) -> String {
    let roles = who.get("/roles").await.expect(200);
    roles["items"].as_array().expect("roles").iter().find(|role| role["key"] == key).expect(key)["id"].as_str().expect("id").to_owned()
}

fn link(text: &str) -> String {
    text.split("/invitation/").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("link").to_owned()
}

#[tokio::test]
async fn an_invitation_brings_a_colleague_in_once() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let member = role(&owner, "member").await;
    owner.post("/invitations", &json!({ "email": "bob@garage.example", "role_id": member })).await.expect(201);
    assert_eq!(owner.post("/invitations", &json!({ "email": "BOB@garage.example", "role_id": member })).await.pointers(), ["/email"]);
    let (_, text) = t.mails("bob@garage.example").await.remove(0);
    let token = link(&text);
    let preview = t.stranger().get(&format!("/auth/invitations/{token}")).await.expect(200);
    assert_eq!((preview["tenant_name"].as_str(), preview["account_exists"].as_bool()), (Some("Garage Dupré"), Some(false)));
    let accept = format!("/auth/invitations/{token}/accept");
    assert_eq!(t.stranger().post(&accept, &json!({ "password": "court", "full_name": "Bob" })).await.pointers(), ["/password"]);
    let session = t.stranger().post(&accept, &json!({ "password": "cheval agrafe pile", "full_name": "Bob Martin" })).await.expect(200);
    t.stranger().post(&accept, &json!({ "password": "cheval agrafe pile", "full_name": "Bob" })).await.expect(404);
    let mut bob = t.stranger();
    bob.token = session["access_token"].as_str().expect("token").to_owned();
    assert_eq!(bob.get("/me").await.expect(200)["role"]["key"], "member");
    assert_eq!(owner.get("/invitations").await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn an_invitation_expires_and_a_new_link_replaces_the_old_one() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let member = role(&owner, "member").await;
    let invitation = owner.post("/invitations", &json!({ "email": "bob@garage.example", "role_id": member })).await.expect(201);
    let old = link(&t.mails("bob@garage.example").await[0].1);
    owner.post(&format!("/invitations/{}/resend", invitation["id"].as_str().expect("id")), &json!({})).await.expect(200);
    let new = link(&t.mails("bob@garage.example").await[0].1);
    assert_ne!(old, new);
    t.stranger().get(&format!("/auth/invitations/{old}")).await.expect(404);
    t.advance(SignedDuration::from_hours(24 * 8));
    t.stranger().get(&format!("/auth/invitations/{new}")).await.expect(404);
}

#[tokio::test]
async fn one_person_works_in_two_companies_and_switches() {
    let t = TestApp::new().await;
    let (garage, hotel) = (t.owner().await, t.owner().await);
    let bob = t.member(garage.tenant_id, "member").await;
    let mut tx = t.app.db.system().await.expect("begin");
    vision_accounts::provision::member(&mut tx, hotel.tenant_id, bob.user_id, "manager", None).await.expect("member");
    tx.commit().await.expect("commit");
    assert_eq!(bob.get("/me").await.expect(200)["tenants"].as_array().map(Vec::len), Some(2));
    let session = bob.post("/auth/switch-tenant", &json!({ "tenant_id": hotel.tenant_id })).await.expect(200);
    bob.get("/me").await.expect(401);
    let mut there = t.stranger();
    there.token = session["access_token"].as_str().expect("token").to_owned();
    assert_eq!(there.get("/me").await.expect(200)["role"]["key"], "manager");
}

#[tokio::test]
async fn the_last_owner_cannot_leave_and_hands_over_with_a_password() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let heir = t.member(owner.tenant_id, "admin").await;
    let admin = role(&owner, "admin").await;
    let me = format!("/users/{}", owner.user_id);
    assert_eq!(owner.patch(&me, &json!({ "role_id": admin })).await.status.as_u16(), 409);
    assert_eq!(owner.post(&format!("{me}/deactivate"), &json!({})).await.status.as_u16(), 409);
    // An administrator makes no owner and unmakes none.
    let owner_role = role(&owner, "owner").await;
    assert_eq!(heir.patch(&format!("/users/{}", heir.user_id), &json!({ "role_id": owner_role })).await.status.as_u16(), 403);
    assert_eq!(heir.post(&format!("{me}/deactivate"), &json!({})).await.status.as_u16(), 403);
    let hash = vision_accounts::password::hash("cheval agrafe pile".to_owned()).await.expect("hash");
    let mut tx = t.app.db.system().await.expect("begin");
    sqlx::query("UPDATE users SET password_hash = $2 WHERE id = $1").bind(owner.user_id).bind(hash).execute(tx.conn()).await.expect("set");
    tx.commit().await.expect("commit");
    let transfer = |password: &str| json!({ "user_id": heir.user_id, "password": password });
    assert_eq!(owner.post("/tenant/transfer-ownership", &transfer("faux")).await.pointers(), ["/password"]);
    owner.post("/tenant/transfer-ownership", &transfer("cheval agrafe pile")).await.expect(204);
    assert_eq!(heir.get("/me").await.expect(200)["role"]["key"], "owner");
    assert_eq!(owner.get("/me").await.expect(200)["role"]["key"], "admin");
}

#[tokio::test]
async fn a_deactivated_member_is_out_at_once_and_may_come_back() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let bob = t.member(owner.tenant_id, "member").await;
    let path = format!("/users/{}", bob.user_id);
    owner.post(&format!("{path}/deactivate"), &json!({})).await.expect(200);
    bob.get("/me").await.expect(401);
    owner.post(&format!("{path}/reactivate"), &json!({})).await.expect(200);
    t.sign_in(bob.tenant_id, bob.user_id, &bob.email).await.get("/me").await.expect(200);
}

#[tokio::test]
async fn nobody_grants_a_right_that_they_lack() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let clerk =
        t.member_with(owner.tenant_id, &["team.read", "team.manage", "roles.manage", "api_keys.manage", "contacts.read"], "all").await;
    let export = json!({ "name": "Export", "permissions": ["contacts.export"], "visibility": "all" });
    assert_eq!(clerk.post("/roles", &export).await.status.as_u16(), 403);
    assert_eq!(clerk.post("/api-keys", &json!({ "name": "x", "permissions": ["contacts.export"] })).await.status.as_u16(), 403);
    let manager = role(&owner, "manager").await;
    assert_eq!(clerk.post("/invitations", &json!({ "email": "x@exemple.fr", "role_id": manager })).await.status.as_u16(), 403);
    assert_eq!(clerk.patch(&format!("/users/{}", clerk.user_id), &json!({ "role_id": manager })).await.status.as_u16(), 403);
    let own = json!({ "name": "Lecture", "permissions": ["contacts.read"], "visibility": "own" });
    clerk.post("/roles", &own).await.expect(201);
    let builtin = role(&owner, "member").await;
    assert_eq!(owner.patch(&format!("/roles/{builtin}"), &own).await.status.as_u16(), 409);
}

#[tokio::test]
async fn a_changed_role_holds_from_the_next_request_on() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let bob = t.member_with(owner.tenant_id, &["contacts.read"], "all").await;
    bob.get("/contacts").await.expect(200);
    let id = bob.get("/me").await.expect(200)["role"]["id"].as_str().expect("id").to_owned();
    owner.patch(&format!("/roles/{id}"), &json!({ "name": "Rien", "permissions": [], "visibility": "own" })).await.expect(200);
    bob.get("/contacts").await.expect(403);
}

#[tokio::test]
async fn visibility_limits_what_a_member_sees_everywhere() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let rights = ["contacts.read", "contacts.write", "contacts.export"];
    let bob = t.member_with(owner.tenant_id, &rights, "own").await;
    let theirs = owner.contact(&json!({ "last_name": "Caché", "owner_id": owner.user_id })).await;
    let own = bob.contact(&json!({ "last_name": "Visible" })).await;
    let names = |page: Value| -> Vec<String> {
        page["items"].as_array().expect("items").iter().map(|row| row["display_name"].as_str().expect("name").to_owned()).collect()
    };
    assert_eq!(names(bob.get("/contacts").await.expect(200)), ["Visible"]);
    assert_eq!(names(bob.get("/contacts?q=cach").await.expect(200)), Vec::<String>::new());
    assert_eq!(bob.get("/contacts/count").await.expect(200)["count"], 1);
    for path in ["", "/timeline", "/notes"] {
        bob.get(&format!("/contacts/{theirs}{path}")).await.expect(404);
    }
    bob.patch(&format!("/contacts/{theirs}"), &json!({ "last_name": "Pris" })).await.expect(404);
    let export = bob.post("/contacts/export", &json!({ "selection": { "filter": {} }, "format": "csv" })).await;
    assert!(export.text.contains("Visible") && !export.text.contains("Caché"), "{}", export.text);
    bob.post("/contacts/bulk", &json!({ "selection": { "ids": [theirs, own] }, "action": { "type": "archive" } })).await.expect(202);
    t.run_jobs().await;
    assert_eq!(owner.get(&format!("/contacts/{theirs}")).await.expect(200)["archived_at"], Value::Null);
    let home = bob.get("/home").await.expect(200);
    assert!(!home.to_string().contains("Caché"), "{home}");
}

#[tokio::test]
async fn an_api_key_is_shown_once_does_what_it_may_and_dies_when_revoked() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let key = owner.post("/api-keys", &json!({ "name": "Site web", "permissions": ["contacts.read", "contacts.write"] })).await.expect(201);
    let secret = key["secret"].as_str().expect("secret").to_owned();
    assert!(!owner.get("/api-keys").await.text.contains(&secret));
    let mut program = t.stranger();
    program.token.clone_from(&secret);
    let answer = program.post("/contacts", &json!({ "last_name": "Lead" })).await;
    assert_eq!(answer.headers["ratelimit-limit"], "10000", "the plan's hourly quota");
    assert_eq!(answer.status.as_u16(), 201);
    program.get("/audit-log").await.expect(403);
    program.get("/me").await.expect(403);
    let timeline = owner.get(&format!("/contacts/{}/timeline", answer.json["id"].as_str().expect("id"))).await.expect(200);
    assert_eq!(
        (timeline["items"][0]["actor"]["kind"].as_str(), timeline["items"][0]["actor"]["name"].as_str()),
        (Some("api_key"), Some("Site web"))
    );
    owner.delete(&format!("/api-keys/{}", key["id"].as_str().expect("id"))).await.expect(204);
    program.get("/contacts").await.expect(401);
}

#[tokio::test]
async fn nobody_gives_sight_of_records_that_they_do_not_see() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let scoped =
        t.member_with(owner.tenant_id, &["roles.manage", "team.manage", "team.read", "api_keys.manage", "contacts.read"], "own").await;
    let wide = json!({ "name": "Large", "permissions": ["contacts.read"], "visibility": "all" });
    scoped.post("/roles", &wide).await.expect(403);
    scoped.post("/api-keys", &json!({ "name": "x", "permissions": ["contacts.read"] })).await.expect(403);
    let member = role(&owner, "member").await;
    scoped.post("/invitations", &json!({ "email": "bob@garage.example", "role_id": member })).await.expect(403);
    let narrow = json!({ "name": "Étroit", "permissions": ["contacts.read"], "visibility": "own" });
    scoped.post("/roles", &narrow).await.expect(201);
}

//! Consents, wordings, the list of objections.

use serde_json::{Value, json};
use vision_testkit::{Persona, TestApp};

async fn person(who: &Persona, email: &str) -> String {
    let body = json!({ "last_name": "Durand", "emails": [{ "email": email }], "phones": [{ "phone": "06 12 34 56 78" }] });
    who.post("/contacts", &body).await.expect(201)["id"].as_str().expect("id").to_owned()
}

fn state(answer: &Value, channel: &str, purpose: &str) -> (String, bool) {
    let items = answer["items"].as_array().expect("items");
    let item = items.iter().find(|item| item["channel"] == channel && item["purpose"] == purpose).expect("a state");
    (item["status"].as_str().expect("status").to_owned(), item["opposed"].as_bool().expect("opposed"))
}

fn is(answer: &Value, channel: &str, purpose: &str, status: &str, opposed: bool) {
    assert_eq!(state(answer, channel, purpose), (status.to_owned(), opposed), "{channel} {purpose}: {answer}");
}

#[tokio::test] // MK-01, MK-16
async fn a_decision_holds_for_its_channel_and_purpose_and_keeps_its_proof() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let id = person(&owner, "jeanne@exemple.fr").await;
    let path = format!("/contacts/{id}/consents");
    let none = owner.get(&path).await.expect(200);
    assert_eq!(none["items"].as_array().map(Vec::len), Some(12));
    is(&none, "email", "offers", "unknown", false);
    let yes = json!({ "channels": ["email", "sms"], "purposes": ["offers"], "granted": true, "source": "web_form", "reference": "Formulaire de contact" });
    let after = owner.post(&path, &yes).await.expect(201);
    is(&after, "email", "offers", "granted", false);
    is(&after, "sms", "offers", "granted", false);
    is(&after, "email", "surveys", "unknown", false);
    is(&after, "call", "offers", "unknown", false);
    // The words change; what was agreed to does not.
    owner
        .post("/consent-wordings", &json!({ "purpose": "offers", "body": "Je veux bien recevoir vos offres par ce moyen." }))
        .await
        .expect(201);
    owner
        .post("/consent-wordings", &json!({ "purpose": "offers", "body": "Je veux bien recevoir vos offres par ce moyen." }))
        .await
        .expect(409);
    let proof = owner.get(&format!("{path}/history")).await.expect(200);
    let line = &proof["items"][0];
    assert_eq!((line["wording_version"].as_i64(), line["reference"].as_str()), (Some(1), Some("Formulaire de contact")));
    assert!(line["wording"].as_str().expect("words").starts_with("J’accepte"), "{line}");
    assert!(line["recorded_by"].is_string() && line["given_at"].is_string());
    // The timeline says it once, not once per channel.
    let timeline = owner.get(&format!("/contacts/{id}/timeline")).await.expect(200);
    let lines: Vec<&Value> = timeline["items"].as_array().expect("items").iter().filter(|item| item["kind"] == "consent.granted").collect();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["data"]["channels"], json!(["email", "sms"]));
}

#[tokio::test] // MK-17
async fn who_objects_stays_on_the_list_when_the_contact_is_gone_and_comes_back() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let id = person(&owner, "jeanne@exemple.fr").await;
    let no = json!({ "channels": ["email", "sms"], "purposes": ["offers"], "granted": false, "source": "email" });
    let after = owner.post(&format!("/contacts/{id}/consents"), &no).await.expect(201);
    is(&after, "email", "offers", "withdrawn", true);
    owner.post(&format!("/contacts/{id}/archive"), &json!({})).await.expect(200);
    owner.delete(&format!("/contacts/{id}")).await.expect(204);
    // Imported or typed again, in another spelling: still somebody who objected.
    let back = person(&owner, "Jeanne@Exemple.FR").await;
    let path = format!("/contacts/{back}/consents");
    let states = owner.get(&path).await.expect(200);
    is(&states, "email", "offers", "withdrawn", true);
    is(&states, "sms", "offers", "withdrawn", true);
    is(&states, "whatsapp", "offers", "unknown", false);
    // Agreeing again needs the person's own wish, said so.
    let yes = json!({ "channels": ["email"], "purposes": ["offers"], "granted": true, "source": "phone" });
    let refused = owner.post(&path, &yes).await.expect(409);
    assert_eq!(refused["reason"], "opposed");
    let mut again = yes;
    again["after_opposition"] = true.into();
    let states = owner.post(&path, &again).await.expect(201);
    is(&states, "email", "offers", "granted", false);
    is(&states, "sms", "offers", "withdrawn", true);
    // Nothing readable is stored.
    let mut tx = t.app.db.begin_as_system(owner.tenant_id).await.expect("begin");
    let rows: String = sqlx::query_scalar("SELECT coalesce(string_agg(o::text, ' '), '') FROM oppositions o WHERE tenant_id = $1")
        .bind(owner.tenant_id)
        .fetch_one(tx.conn())
        .await
        .expect("rows");
    assert!(!rows.is_empty() && !rows.contains("jeanne") && !rows.contains("612345678"), "{rows}");
}

#[tokio::test]
async fn an_older_agreement_does_not_undo_a_newer_objection() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let id = person(&owner, "jeanne@exemple.fr").await;
    let path = format!("/contacts/{id}/consents");
    owner.post(&path, &json!({ "channels": ["email"], "purposes": ["offers"], "granted": false, "source": "phone" })).await.expect(201);
    let old = json!({ "channels": ["email"], "purposes": ["offers"], "granted": true, "source": "paper", "reference": "Classeur", "given_at": "2020-03-29T01:30:00Z" });
    is(&owner.post(&path, &old).await.expect(201), "email", "offers", "withdrawn", true);
    assert_eq!(owner.get(&format!("{path}/history")).await.expect(200)["items"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn what_cannot_be_a_consent_is_refused() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let company = owner.post("/contacts", &json!({ "kind": "company", "company_name": "Sans adresse" })).await.expect(201);
    let path = format!("/contacts/{}/consents", company["id"].as_str().expect("id"));
    let yes = json!({ "channels": ["email"], "purposes": ["offers"], "granted": true, "source": "phone" });
    assert_eq!(owner.post(&path, &yes).await.pointers(), ["/channels/0"]);
    let nothing = json!({ "channels": [], "purposes": [], "granted": true, "source": "paper" });
    assert_eq!(owner.post(&path, &nothing).await.pointers(), ["/channels", "/purposes", "/reference"]);
    owner.post(&path, &json!({ "channels": ["fax"], "purposes": ["offers"], "granted": true, "source": "phone" })).await.expect(422);
    // Another company's contact, and a technician.
    let other = t.owner().await;
    other.get(&path).await.expect(404);
    other.post(&path, &yes).await.expect(404);
    other.get(&format!("{path}/history")).await.expect(404);
    t.member(owner.tenant_id, "technician")
        .await
        .post("/consent-wordings", &json!({ "purpose": "offers", "body": "Vingt caractères au moins." }))
        .await
        .expect(403);
    assert_eq!(owner.post("/consent-wordings", &json!({ "purpose": "offers", "body": "Oui" })).await.pointers(), ["/body"]);
}

#[tokio::test] // MK-17
async fn addresses_are_listed_asked_for_and_taken_off_by_hand() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let list = json!({ "addresses": ["Jeanne@Exemple.fr", "jeanne@exemple.fr", "06 12 34 56 78", "bonjour", "'; --"], "source": "other" });
    let done = owner.post("/oppositions", &list).await.expect(200);
    assert_eq!(done, json!({ "added": 2, "known": 0, "invalid": [3, 4] }));
    assert_eq!(owner.post("/oppositions", &list).await.expect(200)["known"], 2);
    let counts = owner.get("/oppositions").await.expect(200);
    let counts: Vec<i64> = counts["items"].as_array().expect("items").iter().filter_map(|item| item["count"].as_i64()).collect();
    assert_eq!(counts, [1, 1, 1, 1]);
    let check = |address: &'static str| json!({ "address": address });
    assert_eq!(owner.post("/oppositions/check", &check("JEANNE@exemple.fr")).await.expect(200)["items"].as_array().map(Vec::len), Some(3));
    assert_eq!(owner.post("/oppositions/check", &check("+33612345678")).await.expect(200)["items"].as_array().map(Vec::len), Some(9));
    // Each company has a list and a key of its own.
    assert_eq!(t.owner().await.post("/oppositions/check", &check("jeanne@exemple.fr")).await.expect(200)["items"], json!([]));
    let lift = json!({ "address": "jeanne@exemple.fr", "reason": "Faute de frappe" });
    t.member(owner.tenant_id, "member").await.post("/oppositions/lift", &lift).await.expect(403);
    owner.post("/oppositions/lift", &lift).await.expect(204);
    owner.post("/oppositions/lift", &lift).await.expect(404);
    assert_eq!(owner.post("/oppositions/check", &check("jeanne@exemple.fr")).await.expect(200)["items"], json!([]));
    // The log says that somebody was taken off, and why, but not who.
    let log = owner.get("/audit-log?object_type=opposition").await;
    assert!(log.text.contains("j•••@exemple.fr") && !log.text.to_lowercase().contains("jeanne"), "{}", log.text);
    let many: Vec<String> = (0..1001).map(|n| format!("a{n}@exemple.fr")).collect();
    assert_eq!(owner.post("/oppositions", &json!({ "addresses": many, "source": "other" })).await.pointers(), ["/addresses"]);
}

#[tokio::test]
async fn a_merge_keeps_the_decisions_of_both() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let (one, two) = (person(&owner, "a@exemple.fr").await, person(&owner, "b@exemple.fr").await);
    let yes = json!({ "channels": ["email"], "purposes": ["offers"], "granted": true, "source": "phone" });
    owner.post(&format!("/contacts/{two}/consents"), &yes).await.expect(201);
    owner.post(&format!("/contacts/{one}/merge"), &json!({ "other_id": two, "take": [] })).await.expect(200);
    let states = owner.get(&format!("/contacts/{one}/consents")).await.expect(200);
    is(&states, "email", "offers", "granted", false);
}

//! One search over everything.

use serde_json::{Value, json};
use vision_testkit::{Persona, TestApp};

async fn hits(who: &Persona, q: &str) -> Vec<(String, String)> {
    let answer = who.get(&format!("/search?q={}", q.replace(' ', "%20").replace('\'', "%27").replace(';', "%3B"))).await.expect(200);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    answer["items"].as_array().expect("items").iter().map(|item| (text(&item["kind"]), text(&item["label"]))).collect()
}

fn pair(kind: &str, label: &str) -> (String, String) {
    (kind.to_owned(), label.to_owned())
}

#[tokio::test]
async fn people_things_notes_files_and_tasks_are_found_at_once() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let id = owner.contact(&json!({ "last_name": "Lefèvre", "first_name": "Zoé", "phones": [{ "phone": "06 12 34 56 78" }] })).await;
    owner.post("/entities", &json!({ "plate": "AB-123-CD", "name": "Lefèvre Clio", "contact_id": id })).await.expect(201);
    owner.post(&format!("/contacts/{id}/notes"), &json!({ "body": "Veut un devis pour l’embrayage LEFEVRE" })).await.expect(201);
    owner.attach("contact", &id, "Contrat Lefèvre.txt", b"bonjour").await.expect(201);
    owner.post("/tasks", &json!({ "title": "Rappeler Lefèvre", "subject": { "kind": "contact", "id": id } })).await.expect(201);
    assert_eq!(
        hits(&owner, "lefevre").await,
        [
            pair("person", "Zoé Lefèvre"),
            pair("vehicle", "Lefèvre Clio"),
            pair("task", "Rappeler Lefèvre"),
            pair("note", "Veut un devis pour l’embrayage LEFEVRE"),
            pair("file", "Contrat Lefèvre.txt"),
        ]
    );
    assert_eq!(hits(&owner, "06 12 34").await.first(), Some(&pair("person", "Zoé Lefèvre")));
    assert_eq!(hits(&owner, "embrayage devis").await.len(), 1);
    assert!(hits(&owner, "ab 123 cd").await.contains(&pair("vehicle", "Lefèvre Clio")));
    // What was thrown away is not found, and nothing breaks the question.
    let file = owner.get(&format!("/files?subject_kind=contact&subject_id={id}")).await.expect(200)["items"][0]["id"]
        .as_str()
        .expect("id")
        .to_owned();
    owner.delete(&format!("/files/{file}")).await;
    assert!(!hits(&owner, "contrat").await.contains(&pair("file", "Contrat Lefèvre.txt")));
    for odd in ["'; --", "%25", "\\\\", "🚗🚗", "  ", "zzqxzzqx"] {
        assert_eq!(hits(&owner, odd).await, [], "{odd}");
    }
    // Another company finds nothing of it.
    assert_eq!(hits(&t.owner().await, "lefevre").await, []);
}

#[tokio::test]
async fn a_typing_error_still_finds_the_person() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    owner.contact(&json!({ "last_name": "Dupontel", "first_name": "Anne" })).await;
    owner.contact(&json!({ "last_name": "Martin", "first_name": "Luc" })).await;
    for typed in ["duponetl", "dupotel", "anne dupomtel", "dupontell"] {
        let answer = owner.get(&format!("/search?q={}", typed.replace(' ', "%20"))).await.expect(200);
        assert_eq!((answer["similar"].as_bool(), answer["items"][0]["label"].as_str()), (Some(true), Some("Anne Dupontel")), "{typed}");
    }
    assert_eq!(owner.get("/search?q=dupontel").await.expect(200)["similar"], false);
    assert_eq!(hits(&owner, "bonaparte").await, []);
    assert_eq!(hits(&t.owner().await, "dupotel").await, []);
}

#[tokio::test]
async fn who_sees_only_their_own_contacts_finds_only_theirs() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let own = t.member_with(owner.tenant_id, &["contacts.read", "tasks.read"], "own").await;
    let foreign = owner.contact(&json!({ "last_name": "Mirabelle", "owner_id": owner.user_id })).await;
    owner.post(&format!("/contacts/{foreign}/notes"), &json!({ "body": "mirabelle en bocal" })).await.expect(201);
    owner.attach("contact", &foreign, "mirabelle.txt", b"bonjour").await.expect(201);
    owner.post("/tasks", &json!({ "title": "Appeler Mirabelle", "subject": { "kind": "contact", "id": foreign } })).await.expect(201);
    assert_eq!(hits(&own, "mirabelle").await, []);
    assert_eq!(hits(&own, "mirabella").await, []);
    let theirs = owner.contact(&json!({ "last_name": "Mirabelle Deux", "owner_id": own.user_id })).await;
    owner.post(&format!("/contacts/{theirs}/notes"), &json!({ "body": "mirabelle fraîche" })).await.expect(201);
    assert_eq!(hits(&own, "mirabelle").await, [pair("person", "Mirabelle Deux"), pair("note", "mirabelle fraîche")]);
}

//! One contact, and lists of them.

use axum::http::{Method, header};
use jiff::SignedDuration;
use serde_json::{Value, json};
use vision_testkit::{Persona, TestApp};

fn names(page: &Value) -> Vec<&str> {
    page["items"].as_array().expect("items").iter().map(|row| row["display_name"].as_str().expect("name")).collect()
}

async fn list(who: &Persona, query: &str) -> Vec<String> {
    names(&who.get(&format!("/contacts?{query}")).await.expect(200)).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_contact_keeps_what_was_written_in_normal_form() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let body = json!({ "kind": "person", "civility": "Mme", "first_name": "Éloïse", "last_name": "D’Hérouville", "job_title": "Gérante",
        "emails": [{ "email": "Elo@Exemple.fr", "label": "travail" }], "phones": [{ "phone": "+33 (0)6 12 34 56 78" }],
        "addresses": [{ "line1": "12 rue de l’Église", "postal_code": "94240", "city": "L’Haÿ-les-Roses", "country": "fr" }],
        "birthday": "1984-03-01", "website": "exemple.fr", "tags": ["VIP", "vip", "à rappeler"] });
    let answer = owner.post("/contacts", &body).await;
    assert!(answer.headers[header::LOCATION].to_str().expect("path").starts_with("/api/v1/contacts/"));
    let contact = answer.expect(201);
    assert_eq!(contact["phones"], json!([{ "phone": "+33612345678", "display": "06 12 34 56 78", "label": null }]));
    assert_eq!((contact["addresses"][0]["country"].as_str(), contact["website"].as_str()), (Some("FR"), Some("https://exemple.fr")));
    assert_eq!(contact["customer_kind"], "B2C");
    let tags: Vec<&str> = contact["tags"].as_array().expect("tags").iter().map(|tag| tag["name"].as_str().expect("name")).collect();
    assert_eq!(tags, ["à rappeler", "VIP"], "one tag whatever the case");
    assert_eq!(contact["status"], "prospect");
}

#[tokio::test]
async fn search_ignores_case_accents_and_spelling_of_numbers() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    owner.contact(&json!({ "first_name": "Éloïse", "last_name": "D’Hérouville", "phones": [{ "phone": "0612345678" }], "addresses": [{ "city": "Évreux" }] })).await;
    owner.contact(&json!({ "kind": "company", "company_name": "Maëlle Bœuf SARL", "siren": "732829320" })).await;
    let elo = vec!["Éloïse D’Hérouville".to_owned()];
    for query in ["ELOISE", "h%C3%A9rou", "d'her", "06%2012%2034", "06.12.34", "%2B33612", "3456", "evreux", "elo%20herou", "El"] {
        assert_eq!(list(&owner, &format!("q={query}")).await, elo, "{query}");
    }
    for query in ["boeuf", "732%20829%20320", "b%C5%93uf%20ma"] {
        assert_eq!(list(&owner, &format!("q={query}")).await, ["Maëlle Bœuf SARL"], "{query}");
    }
    for query in ["%25", "_", "zzz", "';%20--", "%F0%9F%9A%97%F0%9F%9A%97%F0%9F%9A%97"] {
        assert_eq!(list(&owner, &format!("q={query}")).await, Vec::<String>::new(), "{query}");
    }
}

#[tokio::test]
async fn filters_narrow_and_sorts_order() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let bob = t.member(owner.tenant_id, "member").await;
    owner.contact(&json!({ "last_name": "Zoé", "addresses": [{ "city": "Lyon" }], "tags": ["VIP"], "source": "Salon" })).await;
    t.advance(SignedDuration::from_hours(24));
    let owner = t.sign_in(owner.tenant_id, owner.user_id, "").await;
    owner.contact(&json!({ "last_name": "Émile", "addresses": [{ "city": "Bordeaux" }], "owner_id": bob.user_id })).await;
    owner.contact(&json!({ "kind": "company", "company_name": "Ana SARL", "addresses": [{ "city": "LYON" }] })).await;
    assert_eq!(list(&owner, "").await, ["Ana SARL", "Émile", "Zoé"]);
    assert_eq!(list(&owner, "sort=-name").await, ["Zoé", "Émile", "Ana SARL"]);
    assert_eq!(list(&owner, "sort=created").await.first().map(String::as_str), Some("Zoé"));
    assert_eq!(list(&owner, "sort=city").await.first().map(String::as_str), Some("Émile"));
    assert_eq!(list(&owner, "city=lyon").await, ["Ana SARL", "Zoé"]);
    assert_eq!(list(&owner, "kind=company").await, ["Ana SARL"]);
    assert_eq!(list(&owner, "source=Salon").await, ["Zoé"]);
    assert_eq!(list(&owner, &format!("owner={}", bob.user_id)).await, ["Émile"]);
    assert_eq!(list(&owner, "owner=none").await, ["Ana SARL", "Zoé"]);
    let tag = owner.get("/tags").await.expect(200)["items"][0]["id"].as_str().expect("id").to_owned();
    assert_eq!(list(&owner, &format!("tag={tag}")).await, ["Zoé"]);
    let yesterday = t.app.clock.now() - SignedDuration::from_hours(12);
    assert_eq!(list(&owner, &format!("created_from={yesterday}")).await, ["Ana SARL", "Émile"]);
    assert_eq!(list(&owner, &format!("inactive_since={yesterday}")).await, ["Zoé"]);
    t.advance(SignedDuration::from_hours(24 * 730));
    let owner = t.sign_in(owner.tenant_id, owner.user_id, "").await;
    assert_eq!(list(&owner, "status=dormant").await, ["Ana SARL", "Émile", "Zoé"]);
    for query in ["sort=salary", "status=perdu", "kind=robot", "owner=moi", "cursor=zz", "limit=beaucoup"] {
        let answer = owner.get(&format!("/contacts?{query}")).await;
        assert!(answer.status.is_client_error() && answer.json["request_id"].is_string(), "{query}: {}", answer.text);
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat_while_rows_are_added() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for index in 0..25 {
        owner.contact(&json!({ "last_name": format!("Nom {:02}", index % 5) })).await;
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = owner.get(&format!("/contacts?limit=7&cursor={cursor}")).await.expect(200);
        seen.extend(page["items"].as_array().expect("items").iter().map(|row| row["id"].as_str().expect("id").to_owned()));
        owner.contact(&json!({ "last_name": "Aaa" })).await;
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    let unique: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), unique.len()), (25, 25));
}

#[tokio::test]
async fn two_people_who_edit_at_once_do_not_overwrite_each_other() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let id = owner.contact(&json!({ "last_name": "Dupré", "job_title": "Chef" })).await;
    let path = format!("/contacts/{id}");
    let read = owner.get(&path).await;
    assert_eq!(read.headers[header::ETAG], "\"1\"");
    owner.patch_if(&path, 1, &json!({ "last_name": "Dupré-Martin" })).await.expect(200);
    let late = owner.patch_if(&path, 1, &json!({ "job_title": "Gérant" })).await;
    assert_eq!((late.status.as_u16(), late.code(), late.json["version"].as_i64()), (412, "stale_version", Some(2)));
    let kept = owner.patch_if(&path, 2, &json!({ "job_title": null })).await.expect(200);
    assert_eq!((kept["last_name"].as_str(), &kept["job_title"]), (Some("Dupré-Martin"), &Value::Null));
    assert_eq!(owner.call(Method::PATCH, &path, Some(&json!({})), &[("if-match", "abc")]).await.code(), "stale_version");
}

#[tokio::test]
async fn the_timeline_tells_who_did_what_before_and_after() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let bob = t.member(owner.tenant_id, "member").await;
    let id = owner.contact(&json!({ "last_name": "Dupré" })).await;
    owner.patch(&format!("/contacts/{id}"), &json!({ "last_name": "Martin", "owner_id": bob.user_id, "tags": ["VIP"] })).await.expect(200);
    let note = bob.post(&format!("/contacts/{id}/notes"), &json!({ "body": "Rappeler mardi\nmatin", "pinned": true })).await.expect(201);
    let note = format!("/notes/{}", note["id"].as_str().expect("id"));
    bob.patch_if(&note, 1, &json!({ "body": "Rappeler jeudi" })).await.expect(200);
    assert_eq!(bob.patch_if(&note, 1, &json!({ "body": "x" })).await.code(), "stale_version");
    bob.delete(&note).await.expect(204);
    owner.post(&format!("/contacts/{id}/archive"), &json!({})).await.expect(200);
    let timeline = owner.get(&format!("/contacts/{id}/timeline")).await.expect(200);
    let kinds: Vec<&str> = timeline["items"].as_array().expect("items").iter().map(|item| item["kind"].as_str().expect("kind")).collect();
    assert_eq!(
        kinds,
        ["contact.archived", "note.deleted", "note.updated", "note.added", "contact.tagged", "contact.updated", "contact.created"]
    );
    let update = &timeline["items"][5];
    assert_eq!(update["changes"][0], json!({ "field": "last_name", "before": "Dupré", "after": "Martin" }));
    assert_eq!(update["changes"][1], json!({ "field": "owner", "before": null, "after": "Camille member" }));
    assert_eq!(
        (timeline["items"][3]["actor"]["name"].as_str(), timeline["items"][3]["data"]["excerpt"].as_str()),
        (Some("Camille member"), Some("Rappeler mardi\nmatin"))
    );
    let page = owner.get(&format!("/contacts/{id}/timeline?limit=3")).await.expect(200);
    let rest = owner.get(&format!("/contacts/{id}/timeline?cursor={}", page["next_cursor"].as_str().expect("more"))).await.expect(200);
    assert_eq!(rest["items"].as_array().map(Vec::len), Some(4));
}

#[tokio::test]
async fn a_contact_is_archived_restored_and_only_then_deleted() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let id = owner.contact(&json!({ "last_name": "Dupré", "emails": [{ "email": "d@exemple.fr" }] })).await;
    let path = format!("/contacts/{id}");
    assert_eq!(owner.delete(&path).await.status.as_u16(), 409);
    owner.post(&format!("{path}/archive"), &json!({})).await.expect(200);
    assert_eq!(list(&owner, "").await, Vec::<String>::new());
    assert_eq!(list(&owner, "archived=true").await, ["Dupré"]);
    assert_eq!(owner.patch(&path, &json!({ "last_name": "X" })).await.status.as_u16(), 409);
    owner.post(&format!("{path}/restore"), &json!({})).await.expect(200);
    owner.post(&format!("{path}/archive"), &json!({})).await.expect(200);
    owner.post(&format!("{path}/archive"), &json!({})).await.expect(200);
    owner.delete(&path).await.expect(204);
    owner.get(&path).await.expect(404);
    let log = owner.get("/audit-log?action=contact.deleted").await.expect(200);
    assert_eq!(log["items"][0]["object_label"], "Dupré");
}

#[tokio::test]
async fn a_person_belongs_to_several_companies_with_a_role() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let ana = owner.contact(&json!({ "last_name": "Ana" })).await;
    let one = owner.contact(&json!({ "kind": "company", "company_name": "Un" })).await;
    let two = owner.contact(&json!({ "kind": "company", "company_name": "Deux" })).await;
    owner.put(&format!("/contacts/{ana}/companies/{one}"), &json!({ "role": "Gérante" })).await.expect(200);
    let contact = owner.put(&format!("/contacts/{ana}/companies/{two}"), &json!({})).await.expect(200);
    assert_eq!(contact["companies"].as_array().map(Vec::len), Some(2));
    let company = owner.get(&format!("/contacts/{one}")).await.expect(200);
    assert_eq!((company["people"][0]["name"].as_str(), company["people"][0]["role"].as_str()), (Some("Ana"), Some("Gérante")));
    assert_eq!(owner.put(&format!("/contacts/{one}/companies/{two}"), &json!({})).await.status.as_u16(), 409);
    owner.delete(&format!("/contacts/{ana}/companies/{one}")).await.expect(200);
    owner.delete(&format!("/contacts/{ana}/companies/{one}")).await.expect(404);
}

#[tokio::test]
async fn somebody_alike_is_shown_while_typing() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let id = owner
        .contact(&json!({ "last_name": "Dupré", "emails": [{ "email": "D@exemple.fr" }], "phones": [{ "phone": "0612345678" }] }))
        .await;
    for query in ["email=d@EXEMPLE.fr", "phone=06.12.34.56.78"] {
        assert_eq!(names(&owner.get(&format!("/contacts/lookalikes?{query}")).await.expect(200)), ["Dupré"], "{query}");
    }
    assert_eq!(owner.get(&format!("/contacts/lookalikes?email=d@exemple.fr&exclude={id}")).await.expect(200)["items"], json!([]));
    assert_eq!(owner.get("/contacts/lookalikes?phone=06").await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn tags_are_renamed_everywhere_and_never_twice() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let id = owner.contact(&json!({ "last_name": "Dupré", "tags": ["vip"] })).await;
    let tag = owner.get("/tags").await.expect(200)["items"][0].clone();
    assert_eq!(tag["contact_count"], 1);
    let path = format!("/tags/{}", tag["id"].as_str().expect("id"));
    owner.post("/tags", &json!({ "name": "Fidèle", "tone": "good" })).await.expect(201);
    assert_eq!(owner.post("/tags", &json!({ "name": "fidele" })).await.pointers(), ["/name"]);
    assert_eq!(owner.patch(&path, &json!({ "name": "FIDÈLE" })).await.pointers(), ["/name"]);
    assert_eq!(owner.patch(&path, &json!({ "tone": "rose" })).await.pointers(), ["/tone"]);
    owner.patch(&path, &json!({ "name": "Très important", "tone": "bad" })).await.expect(200);
    assert_eq!(owner.get(&format!("/contacts/{id}")).await.expect(200)["tags"][0]["name"], "Très important");
    owner.delete(&path).await.expect(204);
    assert_eq!(owner.get(&format!("/contacts/{id}")).await.expect(200)["tags"], json!([]));
}

#[tokio::test]
async fn hostile_text_is_kept_as_text() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for name in [
        "'; DROP TABLE contacts; --",
        "<script>alert(1)</script>",
        "=HYPERLINK(\"http://x\")",
        "محمد بن علي",
        "Zoé 🚗",
        "a\u{202e}b",
        "{{7*7}}",
    ] {
        let id = owner.contact(&json!({ "last_name": name })).await;
        assert_eq!(owner.get(&format!("/contacts/{id}")).await.expect(200)["last_name"], name);
    }
    assert_eq!(owner.post("/contacts", &json!({ "last_name": "x".repeat(121) })).await.pointers(), ["/last_name"]);
    assert_eq!(owner.post("/contacts", &json!({ "last_name": ["a"] })).await.status.as_u16(), 422);
    let csv = owner.post("/contacts/export", &json!({ "selection": { "filter": {} }, "format": "csv" })).await;
    assert!(csv.text.starts_with('\u{feff}') && csv.text.contains("'=HYPERLINK"), "{}", csv.text);
}

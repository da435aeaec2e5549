//! What contacts own: facts, owners, mileage, search.

use axum::http::header;
use jiff::SignedDuration;
use serde_json::{Value, json};
use vision_testkit::{Persona, TestApp};

async fn vehicle(who: &Persona, body: Value) -> String {
    who.post("/entities", &body).await.expect(201)["id"].as_str().expect("id").to_owned()
}

async fn list(who: &Persona, query: &str) -> Vec<String> {
    let page = who.get(&format!("/entities?{query}")).await.expect(200);
    page["items"].as_array().expect("items").iter().map(|row| row["display_name"].as_str().expect("name").to_owned()).collect()
}

async fn kinds(who: &Persona, path: &str) -> Vec<String> {
    let page = who.get(path).await.expect(200);
    page["items"].as_array().expect("items").iter().map(|item| item["kind"].as_str().expect("kind").to_owned()).collect()
}

#[tokio::test] // GA-01, GA-02
async fn a_vehicle_is_kept_in_normal_form_and_found_in_any_spelling() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let contact = owner.contact(&json!({ "first_name": "Éloïse", "last_name": "Dupré", "phones": [{ "phone": "0612345678" }] })).await;
    let body = json!({ "kind": "vehicle", "plate": "ab 123 cd", "vin": "1m8gdm9axkp042788", "make": "Peugeot", "model": "208", "energy": "petrol",
        "first_registration": "2019-04-02", "inspection_due": "2027-04-01", "mileage": 52_000, "contact_id": contact });
    let answer = owner.post("/entities", &body).await;
    assert!(answer.headers[header::LOCATION].to_str().expect("path").starts_with("/api/v1/entities/"));
    let made = answer.expect(201);
    assert_eq!((made["plate"].as_str(), made["vin"].as_str()), (Some("AB-123-CD"), Some("1M8GDM9AXKP042788")));
    assert_eq!((made["mileage"].as_i64(), &made["warnings"]), (Some(52_000), &json!([])));
    assert_eq!(made["contact"], json!({ "id": contact, "name": "Éloïse Dupré" }));
    vehicle(
        &owner,
        json!({ "plate": "1234 AB 69", "make": "Renault", "model": "4L", "vin": "R112345", "first_registration": "1972-01-01" }),
    )
    .await;
    vehicle(&owner, json!({ "plate": "M-AB 1234", "plate_country": "DE", "make": "BMW" })).await;

    let first = vec!["Peugeot 208".to_owned()];
    for query in [
        "AB-123-CD",
        "ab123cd",
        "ab%20123%20cd",
        "b-123c",
        "123CD",
        "1M8GDM9AXKP042788",
        "1m8%20gdm9-axkp",
        "peugeot%20208",
        "208",
        "eloise",
        "0612345678",
        "AB",
    ] {
        assert_eq!(list(&owner, &format!("q={query}")).await, first, "{query}");
    }
    for (query, found) in [("1234ab69", "Renault 4L"), ("r112345", "Renault 4L"), ("mab1234", "BMW"), ("m-ab%201234", "BMW")] {
        assert_eq!(list(&owner, &format!("q={query}")).await, [found], "{query}");
    }
    for query in ["zz-999-zz", "%25", "_", "';--"] {
        assert_eq!(list(&owner, &format!("q={query}")).await, Vec::<String>::new(), "{query}");
    }
    // The contacts search finds the owner by the plate of what they own.
    for query in ["AB-123-CD", "ab123cd", "ab%20123%20cd", "1M8GDM9AXKP042788"] {
        let page = owner.get(&format!("/contacts?q={query}")).await.expect(200);
        assert_eq!((page["items"].as_array().map(Vec::len), page["items"][0]["id"].as_str()), (Some(1), Some(contact.as_str())), "{query}");
    }
    // Saving the contact or the vehicle keeps that; deleting the vehicle ends it.
    owner.patch(&format!("/contacts/{contact}"), &json!({ "last_name": "Martin" })).await.expect(200);
    assert_eq!(owner.get("/contacts?q=ab123cd").await.expect(200)["items"].as_array().map(Vec::len), Some(1));
    let id = made["id"].as_str().expect("id");
    owner.patch(&format!("/entities/{id}"), &json!({ "plate": "EF-456-GH" })).await.expect(200);
    assert_eq!(owner.get("/contacts?q=ab123cd").await.expect(200)["items"], json!([]));
    assert_eq!(owner.get("/contacts?q=ef456gh").await.expect(200)["items"].as_array().map(Vec::len), Some(1));
    owner.post(&format!("/entities/{id}/archive"), &json!({})).await.expect(200);
    owner.delete(&format!("/entities/{id}")).await.expect(204);
    assert_eq!(owner.get("/contacts?q=ef456gh").await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn wrong_facts_are_refused_at_their_place_and_doubtful_ones_only_warn() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let nobody = "00000000-0000-0000-0000-000000000000";
    for (body, pointer) in [
        (json!({ "plate": "AB-000-CD" }), "/plate"),
        (json!({ "plate": "SS-123-AB" }), "/plate"),
        (json!({ "plate": "1-ABC-234", "plate_country": "Belgique" }), "/plate_country"),
        (json!({ "plate": "AB-123-CD", "vin": "IOQ" }), "/vin"),
        (json!({}), "/plate"),
        (json!({ "kind": "animal" }), "/name"),
        (json!({ "name": "x".repeat(10_000) }), "/name"),
        (json!({ "name": "Clio", "inspection_due": "2027-02-31" }), "/inspection_due"),
        (json!({ "name": "Clio", "energy": "vapeur" }), "/energy"),
        (json!({ "name": "Clio", "kind": "robot" }), "/kind"),
        (json!({ "name": "Clio", "kind": "custom" }), "/kind_id"),
        (json!({ "name": "Clio", "kind": "custom", "kind_id": nobody }), "/kind_id"),
        (json!({ "name": "Clio", "mileage": -1 }), "/mileage"),
        (json!({ "name": "Clio", "mileage": 99_999_999 }), "/mileage"),
        (json!({ "name": "Clio", "contact_id": nobody }), "/contact_id"),
        (json!({ "name": "Jeanne", "kind": "patient" }), "/kind"), // GD-17
    ] {
        let answer = owner.post("/entities", &body).await;
        assert_eq!((answer.status.as_u16(), answer.pointers()), (422, vec![pointer]), "{body}: {}", answer.text);
    }
    // GA-02: the check digit warns; so does a plate that another vehicle bears.
    let first = vehicle(&owner, json!({ "plate": "AB-123-CD", "vin": "VF1BB05CF12345678" })).await;
    let second = vehicle(&owner, json!({ "plate": "AB123CD" })).await;
    assert_eq!(
        owner.get(&format!("/entities/{first}")).await.expect(200)["warnings"],
        json!([{ "field": "vin", "code": "check_digit" }, { "field": "plate", "code": "same_plate" }])
    );
    let archived = owner.contact(&json!({ "last_name": "Ancien" })).await;
    owner.post(&format!("/contacts/{archived}/archive"), &json!({})).await.expect(200);
    assert_eq!(owner.post(&format!("/entities/{second}/owner"), &json!({ "contact_id": archived })).await.pointers(), ["/contact_id"]);
    for query in ["sort=prix", "kind=robot", "contact=moi", "inspection_before=31-02", "cursor=zz"] {
        assert!(owner.get(&format!("/entities?{query}")).await.status.is_client_error(), "{query}");
    }
}

#[tokio::test] // GD-17
async fn people_in_care_exist_only_where_the_host_is_certified() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    assert!(!owner.get("/entity-kinds").await.text.contains("patient"));
    assert_eq!(owner.post("/entity-kinds", &json!({ "name": "Patients à domicile" })).await.pointers(), ["/name"]);
    let t = TestApp::with(&[("VISION_HDS_HOSTING", "true")]).await;
    let owner = t.owner().await;
    assert!(owner.get("/entity-kinds").await.text.contains("patient"));
    vehicle(&owner, json!({ "kind": "patient", "name": "Jeanne" })).await;
}

#[tokio::test] // GA-10
async fn mileage_never_falls_without_a_reason() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let id = vehicle(&owner, json!({ "plate": "AB-123-CD", "mileage": 50_000 })).await;
    let readings = format!("/entities/{id}/readings");
    let first = owner.get(&readings).await.expect(200)["items"][0]["on"].as_str().expect("day").to_owned();
    t.advance(SignedDuration::from_hours(24 * 30));
    let owner = t.sign_in(owner.tenant_id, owner.user_id, "").await;
    assert_eq!(owner.post(&readings, &json!({ "value": 51_000 })).await.expect(200)["mileage"], 51_000);
    let low = owner.post(&readings, &json!({ "value": 12 })).await;
    assert_eq!((low.pointers(), low.json["errors"][0]["code"].as_str()), (vec!["/reason"], Some("mileage_falls")));
    let high = owner.post(&readings, &json!({ "value": 60_000, "on": first })).await;
    assert_eq!(high.pointers(), ["/reason"], "a forgotten reading must fit between its neighbours");
    assert_eq!(owner.post(&readings, &json!({ "value": 50_500, "on": first })).await.expect(200)["mileage"], 51_000);
    let swapped = owner.post(&readings, &json!({ "value": 12, "reason": " Compteur remplacé " })).await.expect(200);
    assert_eq!(swapped["mileage"], 12);
    assert_eq!(owner.post(&readings, &json!({ "value": 20, "reason": "inutile" })).await.expect(200)["mileage"], 20);
    let items = owner.get(&readings).await.expect(200)["items"].clone();
    let reasons: Vec<Option<&str>> = items.as_array().expect("items").iter().map(|item| item["reason"].as_str()).collect();
    assert_eq!(reasons, [None, Some("Compteur remplacé"), None, None, None], "only what contradicts is marked");
    assert_eq!(owner.post(&readings, &json!({ "value": 5, "on": "2199-01-01" })).await.pointers(), ["/on"]);
    assert_eq!(owner.patch(&format!("/entities/{id}"), &json!({ "mileage": 1 })).await.pointers(), ["/mileage"]);
}

#[tokio::test] // GA-14
async fn the_history_follows_the_thing_and_privacy_follows_the_owner() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let before = owner.contact(&json!({ "last_name": "Secretan" })).await;
    let after = owner.contact(&json!({ "last_name": "Martin" })).await;
    let id = vehicle(&owner, json!({ "plate": "AB-123-CD", "mileage": 50_000, "contact_id": before })).await;
    let path = format!("/entities/{id}");
    owner.patch(&path, &json!({ "name": "Voiture de Secretan", "model": "Clio" })).await.expect(200);
    owner.post(&format!("{path}/readings"), &json!({ "value": 50_100 })).await.expect(200);
    owner.patch(&path, &json!({ "name": null })).await.expect(200);
    assert!(owner.get(&format!("/contacts/{before}/timeline")).await.text.contains("AB-123-CD"));

    let changed = owner.post(&format!("{path}/owner"), &json!({ "contact_id": after })).await.expect(200);
    assert_eq!(changed["contact"]["name"], "Martin");
    for view in [
        path.clone(),
        format!("{path}/owners"),
        format!("{path}/timeline"),
        format!("{path}/readings"),
        format!("/contacts/{after}/timeline"),
        "/entities".into(),
    ] {
        let answer = owner.get(&view).await;
        assert_eq!(answer.status.as_u16(), 200, "{view}");
        assert!(!answer.text.contains("Secretan") && !answer.text.contains(&before), "{view}: {}", answer.text);
    }
    let owners = owner.get(&format!("{path}/owners")).await.expect(200);
    assert_eq!((&owners["items"][1]["contact"], owners["items"][1]["until"].is_string()), (&Value::Null, true));
    assert_eq!(
        kinds(&owner, &format!("{path}/timeline")).await,
        ["entity.owner_changed", "entity.updated", "entity.mileage_read", "entity.updated", "entity.created"]
    );
    assert_eq!(kinds(&owner, &format!("/contacts/{after}/timeline")).await.first().map(String::as_str), Some("entity.acquired"));
    assert_eq!(kinds(&owner, &format!("/contacts/{before}/timeline")).await.first().map(String::as_str), Some("entity.released"));
    // The audit log keeps the whole truth for those who may read it.
    assert!(owner.get("/audit-log?limit=100").await.text.contains("Secretan"));
    assert_eq!(list(&owner, &format!("contact={before}")).await, Vec::<String>::new());
    assert_eq!(owner.get("/contacts?q=ab123cd").await.expect(200)["items"][0]["display_name"], "Martin");
    assert_eq!(owner.post(&format!("{path}/owner"), &json!({})).await.pointers(), ["/contact_id"]);
    assert_eq!(owner.post(&format!("{path}/owner"), &json!({ "contact_id": after })).await.pointers(), ["/contact_id"]);
    assert_eq!(owner.post(&format!("{path}/owner"), &json!({ "contact_id": before, "on": "1999-01-01" })).await.pointers(), ["/on"]);
    // An owner who is deleted leaves the thing behind.
    owner.post(&format!("/contacts/{after}/archive"), &json!({})).await.expect(200);
    owner.delete(&format!("/contacts/{after}")).await.expect(204);
    assert_eq!(owner.get(&path).await.expect(200)["contact"], Value::Null);
    owner.post(&format!("{path}/owner"), &json!({ "contact_id": before })).await.expect(200);
    owner.post(&format!("{path}/owner"), &json!({ "contact_id": null })).await.expect(200);
    assert_eq!(list(&owner, "contact=none").await, ["Clio"]);
}

#[tokio::test]
async fn who_sees_a_contact_sees_what_it_owns_and_nobody_else() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let own = t.member_with(owner.tenant_id, &["contacts.read", "contacts.write"], "own").await;
    let mine = owner.contact(&json!({ "last_name": "Mien", "owner_id": own.user_id })).await;
    let other = owner.contact(&json!({ "last_name": "Autre" })).await;
    let seen = vehicle(&owner, json!({ "plate": "AB-123-CD", "make": "Renault", "contact_id": mine })).await;
    let hidden = vehicle(&owner, json!({ "plate": "EF-456-GH", "make": "Peugeot", "contact_id": other })).await;
    vehicle(&owner, json!({ "plate": "JK-789-LM", "make": "Dacia" })).await;
    assert_eq!(list(&own, "").await, ["Renault"]);
    assert_eq!(list(&own, "q=ef456gh").await, Vec::<String>::new());
    assert_eq!(own.get("/entities/count").await.expect(200)["count"], 1);
    own.get(&format!("/entities/{seen}")).await.expect(200);
    for path in ["", "/owners", "/readings", "/timeline"] {
        assert_eq!(own.get(&format!("/entities/{hidden}{path}")).await.status.as_u16(), 404, "{path}");
    }
    assert_eq!(own.patch(&format!("/entities/{hidden}"), &json!({ "make": "x" })).await.status.as_u16(), 404);
    assert_eq!(
        own.post("/entities", &json!({ "plate": "NP-123-QR" })).await.pointers(),
        ["/contact_id"],
        "it would vanish from their sight"
    );
    assert_eq!(own.post("/entities", &json!({ "plate": "NP-123-QR", "contact_id": other })).await.pointers(), ["/contact_id"]);
    assert_eq!(own.post(&format!("/entities/{seen}/owner"), &json!({ "contact_id": other })).await.pointers(), ["/contact_id"]);
    vehicle(&own, json!({ "plate": "NP-123-QR", "contact_id": mine })).await;
}

#[tokio::test]
async fn an_entity_is_edited_archived_restored_and_only_then_deleted() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let id = vehicle(&owner, json!({ "plate": "AB-123-CD" })).await;
    let path = format!("/entities/{id}");
    let read = owner.get(&path).await;
    assert_eq!(read.headers[header::ETAG], "\"1\"");
    owner.patch_if(&path, 1, &json!({ "make": "Renault" })).await.expect(200);
    assert_eq!(owner.patch_if(&path, 1, &json!({ "make": "Peugeot" })).await.code(), "stale_version");
    assert_eq!(owner.patch(&path, &json!({ "kind": "animal" })).await.pointers(), ["/kind"]);
    assert_eq!(owner.delete(&path).await.code(), "conflict");
    owner.post(&format!("{path}/archive"), &json!({})).await.expect(200);
    assert_eq!(owner.patch(&path, &json!({ "make": "Dacia" })).await.code(), "conflict");
    assert_eq!((list(&owner, "").await.len(), list(&owner, "archived=true").await.len()), (0, 1));
    owner.post(&format!("{path}/restore"), &json!({})).await.expect(200);
    owner.post(&format!("{path}/archive"), &json!({})).await.expect(200);
    owner.delete(&path).await.expect(204);
    assert_eq!(owner.get(&path).await.status.as_u16(), 404);
}

#[tokio::test]
async fn a_tenant_makes_kinds_of_its_own() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let kind = owner.post("/entity-kinds", &json!({ "name": "Piano", "facts": ["make", "serial_number", "make"] })).await.expect(201);
    assert_eq!(kind["facts"], json!(["make", "serial_number"]));
    assert_eq!(owner.post("/entity-kinds", &json!({ "name": "PIANO" })).await.pointers(), ["/name"]);
    let id = kind["id"].as_str().expect("id");
    let made = owner.post("/entities", &json!({ "kind": "custom", "kind_id": id, "make": "Pleyel" })).await.expect(201);
    assert_eq!((made["kind_name"].as_str(), made["display_name"].as_str()), (Some("Piano"), Some("Pleyel")));
    assert_eq!(owner.delete(&format!("/entity-kinds/{id}")).await.code(), "conflict");
    let body = json!({ "name": "Pianos", "facts": [] });
    owner.patch_if(&format!("/entity-kinds/{id}"), 1, &body).await.expect(200);
    assert_eq!(owner.patch_if(&format!("/entity-kinds/{id}"), 1, &body).await.code(), "stale_version");
    assert_eq!(list(&owner, &format!("kind_id={id}")).await, ["Pleyel"]);
    let thing = made["id"].as_str().expect("id");
    owner.post(&format!("/entities/{thing}/archive"), &json!({})).await.expect(200);
    owner.delete(&format!("/entities/{thing}")).await.expect(204);
    owner.delete(&format!("/entity-kinds/{id}")).await.expect(204);
    assert_eq!(owner.post("/entity-kinds", &json!({ "name": "Orgue", "facts": ["diagnostic"] })).await.status.as_u16(), 422);
}

#[tokio::test]
async fn pages_sorts_and_filters_agree() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for n in 0..25 {
        let due = (n % 3 != 0).then(|| format!("2027-01-{:02}", n % 5 + 1));
        vehicle(&owner, json!({ "plate": format!("AB-{:03}-CD", n + 1), "make": format!("Marque {}", n % 4), "inspection_due": due }))
            .await;
    }
    vehicle(&owner, json!({ "kind": "animal", "name": "Rex", "species": "Chien" })).await;
    for sort in ["name", "-name", "plate", "-plate", "inspection", "-inspection", "updated", "-updated", "created", "-created"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = owner.get(&format!("/entities?limit=7&sort={sort}&cursor={cursor}")).await.expect(200);
            seen.extend(page["items"].as_array().expect("items").iter().map(|row| row["id"].as_str().expect("id").to_owned()));
            match page["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        let unique: std::collections::BTreeSet<_> = seen.iter().collect();
        assert_eq!((seen.len(), unique.len()), (26, 26), "{sort}");
    }
    assert_eq!(list(&owner, "kind=animal").await, ["Rex"]);
    assert_eq!(list(&owner, "inspection_before=2027-01-02&limit=100").await.len(), 3);
    assert_eq!(owner.get("/entities/count?kind=vehicle").await.expect(200), json!({ "count": 25, "capped": false }));
    let csv = owner.post("/entities/export", &json!({ "filter": { "q": "ab-001-cd" }, "format": "csv" })).await;
    assert!(csv.text.contains("AB-001-CD") && !csv.text.contains("AB-002-CD"), "{}", csv.text);
    let xlsx = owner.post("/entities/export", &json!({ "format": "xlsx" })).await;
    assert_eq!(xlsx.bytes.get(..2), Some(b"PK".as_slice()));
}

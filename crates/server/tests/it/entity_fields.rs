//! Fields that a tenant adds to vehicles and other things: the same as on contacts, and what is particular to things.

use serde_json::{Value, json};
use sqlx::ConnectOptions;
use vision_testkit::{Persona, TestApp};

async fn field(who: &Persona, mut body: Value) -> Value {
    body["object"] = json!("entity");
    who.post("/custom-fields", &body).await.expect(201)
}

fn path(field: &Value) -> String {
    format!("/custom-fields/{}", field["id"].as_str().expect("id"))
}

async fn thing(who: &Persona, body: Value) -> String {
    who.post("/entities", &body).await.expect(201)["id"].as_str().expect("id").to_owned()
}

#[tokio::test]
async fn a_field_shows_on_things_in_lists_exports_and_in_the_owners_history() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let tyres =
        json!({ "label": "Pneus", "kind": "choice", "options": [{ "label": "Été" }, { "label": "Hiver" }], "applies_to": "vehicle" });
    assert_eq!(field(&owner, tyres).await["object"], "entity");
    field(&owner, json!({ "label": "Cote", "kind": "money" })).await;
    field(&owner, json!({ "label": "Conducteur", "kind": "text", "help": "Qui roule avec", "group_name": "Usage" })).await;
    let contact = owner.contact(&json!({ "last_name": "Dupré" })).await;
    let body = json!({ "plate": "AB-123-CD", "contact_id": contact, "custom": { "pneus": "Hiver", "cote": "4 500,50 €" } });
    let made = owner.post("/entities", &body).await.expect(201);
    assert_eq!(made["custom"], json!({ "pneus": "hiver", "cote": 450_050 }));
    let entity = format!("/entities/{}", made["id"].as_str().expect("id"));

    let wrong = owner.patch(&entity, &json!({ "vin": "1", "custom": { "pneus": "pluie", "inconnu": 1, "cote": "chère" } })).await;
    let mut pointers = wrong.pointers();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/custom/cote", "/custom/inconnu", "/custom/pneus", "/vin"], "every wrong field at once");
    let rex = json!({ "kind": "animal", "name": "Rex", "custom": { "pneus": "ete" } });
    assert_eq!(owner.post("/entities", &rex).await.pointers(), ["/custom/pneus"], "a field of vehicles is unknown to animals");

    let change = json!({ "custom": { "pneus": "ete", "cote": null, "conducteur": "Zoé Secretan" } });
    let changed = owner.patch_if(&entity, 1, &change).await.expect(200);
    assert_eq!(changed["custom"], json!({ "pneus": "ete", "conducteur": "Zoé Secretan" }));
    assert_eq!(owner.patch_if(&entity, 1, &change).await.code(), "stale_version");
    let told = json!([
        { "field": "custom.conducteur", "before": null, "after": "Zoé Secretan" },
        { "field": "custom.cote", "before": 450_050, "after": null },
        { "field": "custom.pneus", "before": "hiver", "after": "ete" },
    ]);
    assert_eq!(owner.get(&format!("/contacts/{contact}/timeline")).await.expect(200)["items"][0]["changes"], told);
    // GA-14: what follows the thing says that a text changed, not what it says of somebody.
    let history = owner.get(&format!("{entity}/timeline")).await;
    assert_eq!(history.json["items"][0]["changes"][0], json!({ "field": "custom.conducteur", "before": null, "after": null }));
    assert_eq!(history.json["items"][0]["changes"][2], told[2]);
    assert!(!history.text.contains("Secretan"), "{}", history.text);
    assert!(owner.get("/audit-log?limit=20").await.text.contains("Zoé Secretan"));

    let list = owner.get("/entities?custom=pneus,nope").await.expect(200);
    assert_eq!(list["items"][0]["custom"], json!({ "pneus": "ete" }), "only what was asked for");
    assert_eq!(owner.get("/entities").await.expect(200)["items"][0]["custom"], json!({}));
    let file = owner.post("/entities/export", &json!({ "format": "csv" })).await;
    let lines: Vec<&str> = file.text.lines().collect();
    assert!(lines[0].ends_with("Archivé;Pneus;Cote;Conducteur"), "{}", lines[0]);
    assert!(lines[1].ends_with("non;Été;;Zoé Secretan"), "{}", lines[1]);
    // Contacts know nothing of it, nor is a name of theirs taken.
    assert_eq!(owner.patch(&format!("/contacts/{contact}"), &json!({ "custom": { "pneus": "ete" } })).await.pointers(), ["/custom/pneus"]);
    assert_eq!(owner.get("/custom-fields?object=contact").await.expect(200)["items"], json!([]));
    owner.post("/custom-fields", &json!({ "label": "Pneus", "kind": "text" })).await.expect(201);
    assert_eq!(owner.get("/custom-fields?object=entity").await.expect(200)["items"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn a_field_is_for_all_things_for_one_kind_or_for_one_of_the_tenants_own() {
    let t = TestApp::new().await;
    let (owner, stranger) = (t.owner().await, t.owner().await);
    let new = |label: &str, target: &str| json!({ "object": "entity", "label": label, "kind": "text", "applies_to": target });
    let foreign = stranger.post("/entity-kinds", &json!({ "name": "Orgue" })).await.expect(201);
    for target in ["person", "custom", "patient", "", foreign["id"].as_str().expect("id")] {
        assert_eq!(owner.post("/custom-fields", &new("X", target)).await.pointers(), ["/applies_to"], "{target}");
    }
    assert_eq!(owner.post("/custom-fields", &new("immatriculation", "all")).await.pointers(), ["/label"], "a column of exports");
    assert_eq!(owner.post("/custom-fields", &json!({ "object": "invoice", "label": "X", "kind": "text" })).await.status.as_u16(), 422);
    let kind = owner.post("/entity-kinds", &json!({ "name": "Piano", "facts": ["make"] })).await.expect(201);
    let kind_id = kind["id"].as_str().expect("id");
    let made = field(&owner, json!({ "label": "Accord", "kind": "date", "applies_to": kind_id, "required": true })).await;
    let piano = json!({ "kind": "custom", "kind_id": kind_id, "make": "Pleyel" });
    assert_eq!(owner.post("/entities", &piano).await.pointers(), ["/custom/accord"]);
    let mut with = piano.clone();
    with["custom"] = json!({ "accord": "2026-10-01" });
    let id = thing(&owner, with).await;
    thing(&owner, json!({ "name": "Clio" })).await;
    assert_eq!(
        owner.post("/entities", &json!({ "name": "Clio", "custom": { "accord": "2026-10-01" } })).await.pointers(),
        ["/custom/accord"]
    );
    // Its kind stays as long as the field needs it.
    owner.post(&format!("/entities/{id}/archive"), &json!({})).await.expect(200);
    owner.delete(&format!("/entities/{id}")).await.expect(204);
    assert_eq!(owner.delete(&format!("/entity-kinds/{kind_id}")).await.code(), "conflict");
    owner.patch(&path(&made), &json!({ "applies_to": "equipment" })).await.expect(200);
    owner.delete(&format!("/entity-kinds/{kind_id}")).await.expect(204);
    // GD-17
    let hds = TestApp::with(&[("VISION_HDS_HOSTING", "true")]).await;
    hds.owner().await.post("/custom-fields", &new("Médecin traitant", "patient")).await.expect(201);
}

#[tokio::test]
async fn fields_of_things_are_converted_and_deleted_without_touching_those_of_contacts() {
    let t = TestApp::new().await;
    let (owner, stranger) = (t.owner().await, t.owner().await);
    let size = field(&owner, json!({ "label": "Taille", "kind": "text" })).await;
    owner.post("/custom-fields", &json!({ "label": "Taille", "kind": "text" })).await.expect(201);
    let contact = owner.contact(&json!({ "last_name": "Dupré", "custom": { "taille": "grand" } })).await;
    for (name, value) in [("A", Some("12,5")), ("B", Some("grand")), ("C", Some("-3")), ("D", None)] {
        thing(&owner, json!({ "name": name, "custom": { "taille": value } })).await;
    }
    let preview = owner.post(&format!("{}/preview", path(&size)), &json!({ "kind": "number" })).await.expect(200);
    assert_eq!((preview["with_value"].as_i64(), preview["lost"].as_i64()), (Some(3), Some(1)));
    assert_eq!((preview["examples"][0]["record_name"].as_str(), preview["examples"][0]["value"].as_str()), (Some("B"), Some("grand")));
    let deletion = owner.post(&format!("{}/preview", path(&size)), &json!({})).await.expect(200);
    assert_eq!((deletion["with_value"].as_i64(), deletion["lost"].as_i64()), (Some(3), Some(3)));
    for answer in [
        stranger.post(&format!("{}/preview", path(&size)), &json!({ "kind": "number" })).await,
        stranger.post(&format!("{}/convert", path(&size)), &json!({ "kind": "number" })).await,
        stranger.post(&format!("{}/index", path(&size)), &json!({})).await,
        stranger.patch(&path(&size), &json!({ "label": "x" })).await,
        stranger.delete(&path(&size)).await,
    ] {
        assert_eq!(answer.status.as_u16(), 404);
    }
    owner.post(&format!("{}/convert", path(&size)), &json!({ "kind": "number" })).await.expect(202);
    let list = owner.get("/entities?custom=taille").await.expect(200);
    let first = format!("/entities/{}", list["items"][0]["id"].as_str().expect("id"));
    assert_eq!(owner.patch(&first, &json!({ "custom": { "taille": "1" } })).await.json["errors"][0]["code"], "converting");
    t.run_jobs().await;
    let values = || async {
        let list = owner.get("/entities?custom=taille").await.expect(200);
        list["items"].as_array().expect("items").iter().map(|row| row["custom"]["taille"].clone()).collect::<Vec<Value>>()
    };
    assert_eq!(values().await, [json!("12.5"), Value::Null, json!("-3"), Value::Null]);
    owner.delete(&path(&size)).await.expect(204);
    t.run_jobs().await;
    assert_eq!(values().await, [Value::Null, Value::Null, Value::Null, Value::Null]);
    assert_eq!(owner.get(&format!("/contacts/{contact}")).await.expect(200)["custom"], json!({ "taille": "grand" }));
}

#[tokio::test]
async fn the_list_is_sorted_by_a_field_whose_values_follow_every_write() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let made = field(&owner, json!({ "label": "Puissance", "kind": "number" })).await;
    let id = made["id"].as_str().expect("id");
    let mut ids = Vec::new();
    for (name, power) in [("A", Some("10")), ("B", Some("9,5")), ("C", None), ("D", Some("-3")), ("E", None)] {
        ids.push(thing(&owner, json!({ "name": name, "custom": { "puissance": power } })).await);
    }
    let answer = owner.get("/entities?sort=custom.puissance").await;
    assert_eq!((answer.pointers(), answer.json["errors"][0]["code"].as_str()), (vec!["?sort"], Some("not_indexed")));
    owner.post(&format!("/custom-fields/{id}/index"), &json!({})).await.expect(202);
    // Written while the copy is being prepared.
    thing(&owner, json!({ "name": "F", "custom": { "puissance": "9,75" } })).await;
    t.run_jobs().await;
    let order = |query: &'static str| {
        let owner = owner.clone();
        async move {
            let (mut names, mut cursor) = (String::new(), String::new());
            loop {
                let page = owner.get(&format!("/entities?{query}&limit=2&cursor={cursor}")).await.expect(200);
                for row in page["items"].as_array().expect("items") {
                    names.push_str(row["display_name"].as_str().expect("name"));
                }
                match page["next_cursor"].as_str() {
                    Some(next) => next.clone_into(&mut cursor),
                    None => return names,
                }
            }
        }
    };
    assert_eq!(order("sort=custom.puissance").await, "DBFACE", "without a value last");
    assert_eq!(order("sort=-custom.puissance").await, "AFBDCE", "both ways");
    owner.patch(&format!("/entities/{}", ids[2]), &json!({ "custom": { "puissance": "100" } })).await.expect(200);
    owner.patch(&format!("/entities/{}", ids[3]), &json!({ "custom": { "puissance": null } })).await.expect(200);
    assert_eq!(order("sort=custom.puissance").await, "BFACDE");
    owner.post(&format!("/entities/{}/archive", ids[0]), &json!({})).await.expect(200);
    assert_eq!(order("sort=custom.puissance").await, "BFCDE");
    assert_eq!(order("sort=custom.puissance&archived=true").await, "A");
    assert_eq!(order("sort=custom.puissance&q=f").await, "F");
    // Another kind: the copies are made anew. And given up.
    owner.post(&format!("/custom-fields/{id}/convert"), &json!({ "kind": "text" })).await.expect(202);
    t.run_jobs().await;
    t.run_jobs().await;
    assert_eq!(order("sort=custom.puissance").await, "CBFDE", "100, 9,5, 9,75");
    owner.delete(&format!("/custom-fields/{id}/index")).await.expect(204);
    t.run_jobs().await;
    assert_eq!(owner.get("/entities?sort=custom.puissance").await.pointers(), ["?sort"]);
    let mut conn = t.db.urls.owner.connect().await.expect("owner");
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM entity_values").fetch_one(&mut conn).await.expect("count");
    assert_eq!(left, 0);
}

#[tokio::test] // GD-03, GA-14
async fn an_erased_owner_leaves_figures_and_choices_on_the_thing_and_no_words() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for (label, kind) in [
        ("Conducteur", "text"),
        ("Notes", "long_text"),
        ("Garant", "reference"),
        ("Joindre", "phone"),
        ("Puissance", "number"),
        ("Révision", "date"),
    ] {
        field(&owner, json!({ "label": label, "kind": kind })).await;
    }
    field(&owner, json!({ "label": "Pneus", "kind": "choice", "options": [{ "label": "Hiver" }] })).await;
    let text = owner.get("/custom-fields?object=entity").await.expect(200)["items"][0]["id"].as_str().expect("id").to_owned();
    owner.post(&format!("/custom-fields/{text}/index"), &json!({})).await.expect(202);
    t.run_jobs().await;
    let person = owner.contact(&json!({ "first_name": "Zéphyrine", "last_name": "Quoïbet" })).await;
    let other = owner.contact(&json!({ "last_name": "Reste" })).await;
    let values = json!({ "conducteur": "le fils", "notes": "sonner deux fois", "garant": other, "joindre": "0612549873", "puissance": "7", "revision": "2026-01-31", "pneus": "hiver" });
    let car = thing(&owner, json!({ "plate": "AB-123-CD", "contact_id": person, "custom": values })).await;
    let theirs =
        thing(&owner, json!({ "plate": "EF-456-GH", "contact_id": other, "custom": { "conducteur": "Zéphyrine Quoïbet, parfois" } })).await;
    owner.post(&format!("/contacts/{person}/erasure"), &json!({ "confirm": "Zéphyrine Quoïbet" })).await.expect(202);
    t.run_jobs().await;
    let left = owner.get(&format!("/entities/{car}")).await.expect(200);
    assert_eq!(
        (&left["contact"], &left["custom"]),
        (&Value::Null, &json!({ "puissance": "7", "revision": "2026-01-31", "pneus": "hiver" }))
    );
    let masked = owner.get(&format!("/entities/{theirs}")).await.expect(200);
    assert_eq!(masked["custom"], json!({ "conducteur": "[effacé], parfois" }));
    let mut conn = t.db.urls.owner.connect().await.expect("owner");
    let copies: Vec<String> = sqlx::query_scalar("SELECT t FROM entity_values ORDER BY t").fetch_all(&mut conn).await.expect("copies");
    assert_eq!(copies, ["[efface], parfois"], "the copies follow");
}

//! Fields that a tenant adds: definitions, values, conversions, deletions.

use serde_json::{Value, json};
use vision_testkit::{Persona, TestApp};

async fn field(who: &Persona, body: Value) -> Value {
    who.post("/custom-fields", &body).await.expect(201)
}

fn path(field: &Value) -> String {
    format!("/custom-fields/{}", field["id"].as_str().expect("id"))
}

#[tokio::test]
async fn a_field_shows_on_contacts_in_exports_and_in_the_history() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let colour = field(
        &owner,
        json!({ "label": "Couleur préférée", "kind": "choice", "options": [{ "label": "Bleu nuit" }, { "label": "Rouge" }] }),
    )
    .await;
    assert_eq!((colour["key"].as_str(), colour["options"][0]["key"].as_str()), (Some("couleur_preferee"), Some("bleu_nuit")));
    field(&owner, json!({ "label": "Budget", "kind": "money", "applies_to": "person" })).await;
    field(&owner, json!({ "label": "Vu le", "kind": "date_time" })).await;

    let made = owner
        .post("/contacts", &json!({ "last_name": "Dupré", "custom": { "couleur_preferee": "bleu_nuit", "budget": "1 234,50 €", "vu_le": "2026-03-29T02:30:00+01:00" } }))
        .await
        .expect(201);
    assert_eq!(made["custom"], json!({ "couleur_preferee": "bleu_nuit", "budget": 123_450, "vu_le": "2026-03-29T01:30:00Z" }));
    let contact = format!("/contacts/{}", made["id"].as_str().expect("id"));

    let wrong =
        owner.patch(&contact, &json!({ "siren": "1", "custom": { "couleur_preferee": "vert", "inconnu": 1, "budget": "beaucoup" } })).await;
    let mut pointers = wrong.pointers();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/custom/budget", "/custom/couleur_preferee", "/custom/inconnu", "/siren"], "every wrong field at once");

    let changed = owner.patch(&contact, &json!({ "custom": { "couleur_preferee": "Rouge", "budget": null } })).await.expect(200);
    assert_eq!(changed["custom"], json!({ "couleur_preferee": "rouge", "vu_le": "2026-03-29T01:30:00Z" }));
    let timeline = owner.get(&format!("{contact}/timeline")).await.expect(200);
    let changes = &timeline["items"][0]["changes"];
    assert_eq!(changes[0], json!({ "field": "custom.budget", "before": 123_450, "after": null }));
    assert_eq!(changes[1], json!({ "field": "custom.couleur_preferee", "before": "bleu_nuit", "after": "rouge" }));

    let list = owner.get("/contacts?custom=couleur_preferee,nope").await.expect(200);
    assert_eq!(list["items"][0]["custom"], json!({ "couleur_preferee": "rouge" }), "only what was asked for");
    assert_eq!(owner.get("/contacts").await.expect(200)["items"][0]["custom"], json!({}));

    let file = owner.post("/contacts/export", &json!({ "selection": { "filter": {} }, "format": "csv" })).await;
    let lines: Vec<&str> = file.text.lines().collect();
    assert!(lines[0].ends_with("Couleur préférée;Budget;Vu le"), "{}", lines[0]);
    assert!(lines[1].ends_with("Rouge;;2026-03-29T01:30:00Z"), "{}", lines[1]);

    let company = owner.post("/contacts", &json!({ "kind": "company", "company_name": "Ana", "custom": { "budget": 1 } })).await;
    assert_eq!(company.pointers(), ["/custom/budget"], "a field for people is unknown to companies");
}

#[tokio::test]
async fn names_are_unique_and_never_those_of_built_in_fields() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    assert_eq!(owner.post("/custom-fields", &json!({ "label": "  ville ", "kind": "text" })).await.pointers(), ["/label"]);
    assert_eq!(
        owner.post("/custom-fields", &json!({ "label": "E-mail 2", "kind": "text" })).await.pointers(),
        ["/label"],
        "a column of exports"
    );
    field(&owner, json!({ "label": "Taille", "kind": "number" })).await;
    assert_eq!(owner.post("/custom-fields", &json!({ "label": "TAILLE", "kind": "text" })).await.pointers(), ["/label"]);
    let other = field(&owner, json!({ "label": "Taille !", "kind": "text" })).await;
    assert_eq!(other["key"], "taille_2", "a key is never used twice");
    assert_eq!(owner.post("/custom-fields", &json!({ "label": "Choix", "kind": "choice", "options": [] })).await.pointers(), ["/options"]);
    assert_eq!(
        owner.post("/custom-fields", &json!({ "label": "D", "kind": "date", "default_value": "2026-02-31" })).await.pointers(),
        ["/default_value"]
    );
    for n in 0..98 {
        field(&owner, json!({ "label": format!("Champ {n}"), "kind": "text" })).await;
    }
    owner.post("/custom-fields", &json!({ "label": "Un de trop", "kind": "text" })).await.expect(409);
}

#[tokio::test]
async fn a_required_field_is_asked_for_on_creation_and_blocks_no_other_edit() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let old = owner.contact(&json!({ "last_name": "Ancien" })).await;
    field(&owner, json!({ "label": "Numéro", "kind": "text", "required": true })).await;
    field(&owner, json!({ "label": "Origine", "kind": "text", "default_value": "Bouche à oreille" })).await;
    assert_eq!(owner.post("/contacts", &json!({ "last_name": "X" })).await.pointers(), ["/custom/numero"]);
    let made = owner.post("/contacts", &json!({ "last_name": "X", "custom": { "numero": "7" } })).await.expect(201);
    assert_eq!(made["custom"], json!({ "numero": "7", "origine": "Bouche à oreille" }));
    let kept = owner.patch(&format!("/contacts/{old}"), &json!({ "first_name": "Ana" })).await.expect(200);
    assert_eq!(kept["custom"], json!({}));
    let id = made["id"].as_str().expect("id");
    assert_eq!(owner.patch(&format!("/contacts/{id}"), &json!({ "custom": { "numero": " " } })).await.pointers(), ["/custom/numero"]);
}

#[tokio::test]
async fn a_conversion_loses_what_its_preview_said_and_nothing_else() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let size = field(&owner, json!({ "label": "Taille", "kind": "text" })).await;
    for (name, value) in [("A", "12,5"), ("B", "grand"), ("C", "-3")] {
        owner.contact(&json!({ "last_name": name, "custom": { "taille": value } })).await;
    }
    owner.contact(&json!({ "last_name": "D" })).await;
    let preview = owner.post(&format!("{}/preview", path(&size)), &json!({ "kind": "number" })).await.expect(200);
    assert_eq!((preview["with_value"].as_i64(), preview["lost"].as_i64()), (Some(3), Some(1)));
    assert_eq!((preview["examples"][0]["record_name"].as_str(), preview["examples"][0]["value"].as_str()), (Some("B"), Some("grand")));
    assert_eq!(
        owner.get("/contacts?custom=taille").await.expect(200)["items"][1]["custom"]["taille"],
        "grand",
        "a preview changes nothing"
    );

    owner.post(&format!("{}/convert", path(&size)), &json!({ "kind": "number" })).await.expect(202);
    t.run_jobs().await;
    let list = owner.get("/contacts?custom=taille").await.expect(200);
    let values: Vec<&Value> = list["items"].as_array().expect("items").iter().map(|row| &row["custom"]["taille"]).collect();
    assert_eq!(values, [&json!("12.5"), &Value::Null, &json!("-3"), &Value::Null]);
    assert_eq!(owner.get("/custom-fields").await.expect(200)["items"][0]["kind"], "number");
    assert_eq!(owner.get("/jobs").await.expect(200)["items"][0]["status"], "done");

    // Numbers of euros become cents, and back.
    owner.post(&format!("{}/convert", path(&size)), &json!({ "kind": "money" })).await.expect(202);
    t.run_jobs().await;
    assert_eq!(owner.get("/contacts?custom=taille").await.expect(200)["items"][0]["custom"]["taille"], 1250);
}

#[tokio::test]
async fn a_deleted_field_takes_its_values_along_and_frees_its_name() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let size = field(&owner, json!({ "label": "Taille", "kind": "text" })).await;
    let id = owner.contact(&json!({ "last_name": "A", "custom": { "taille": "L" } })).await;
    owner.delete(&path(&size)).await.expect(204);
    owner.delete(&path(&size)).await.expect(404);
    assert_eq!(owner.patch(&format!("/contacts/{id}"), &json!({ "custom": { "taille": "M" } })).await.pointers(), ["/custom/taille"]);
    // The key is taken until the old values are gone: a new field must not inherit them.
    assert_eq!(field(&owner, json!({ "label": "Taille", "kind": "text" })).await["key"], "taille_2");
    t.run_jobs().await;
    assert_eq!(owner.get(&format!("/contacts/{id}")).await.expect(200)["custom"], json!({}));
}

#[tokio::test]
async fn options_in_use_stay_and_renamed_ones_keep_their_values() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let tags =
        field(&owner, json!({ "label": "Goûts", "kind": "choices", "options": [{ "label": "Poisson" }, { "label": "Viande" }] })).await;
    let id = owner.contact(&json!({ "last_name": "A", "custom": { "gouts": ["viande"] } })).await;
    let refused = owner.patch(&path(&tags), &json!({ "options": [{ "key": "poisson", "label": "Poisson" }] })).await;
    assert_eq!(refused.pointers(), ["/options"]);
    let renamed = json!({ "options": [{ "key": "viande", "label": "Viandes et volailles" }, { "label": "Légumes" }] });
    owner.patch(&path(&tags), &renamed).await.expect(200);
    assert_eq!(owner.get(&format!("/contacts/{id}")).await.expect(200)["custom"]["gouts"], json!(["viande"]));
}

#[tokio::test]
async fn a_reference_points_at_a_contact_of_the_same_tenant() {
    let t = TestApp::new().await;
    let (owner, other) = (t.owner().await, t.owner().await);
    field(&owner, json!({ "label": "Parrain", "kind": "reference" })).await;
    let foreign = other.contact(&json!({ "last_name": "Ailleurs" })).await;
    assert_eq!(
        owner.post("/contacts", &json!({ "last_name": "A", "custom": { "parrain": foreign } })).await.pointers(),
        ["/custom/parrain"]
    );
    let near = owner.contact(&json!({ "last_name": "Ici" })).await;
    let made = owner.post("/contacts", &json!({ "last_name": "A", "custom": { "parrain": near } })).await.expect(201);
    let path = format!("/contacts/{}", made["id"].as_str().expect("id"));
    owner.patch(&path, &json!({ "custom": { "parrain": null } })).await.expect(200);
    let timeline = owner.get(&format!("{path}/timeline")).await.expect(200);
    assert_eq!(timeline["items"][0]["changes"][0]["before"], "Ici", "history shows names");
}

#[tokio::test]
async fn two_editors_of_a_definition_do_not_overwrite_each_other_and_order_is_whole() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let (a, b) =
        (field(&owner, json!({ "label": "Un", "kind": "text" })).await, field(&owner, json!({ "label": "Deux", "kind": "text" })).await);
    owner.patch_if(&path(&a), 1, &json!({ "help": "Aide" })).await.expect(200);
    assert_eq!(owner.patch_if(&path(&a), 1, &json!({ "help": "Autre" })).await.code(), "stale_version");
    owner.put("/custom-fields/order", &json!({ "object": "contact", "ids": [b["id"], a["id"]] })).await.expect(204);
    let items = owner.get("/custom-fields").await.expect(200);
    assert_eq!(items["items"][0]["label"], "Deux");
    owner.put("/custom-fields/order", &json!({ "object": "contact", "ids": [b["id"], b["id"]] })).await.expect(409);
    let member = t.member(owner.tenant_id, "member").await;
    member.post("/custom-fields", &json!({ "label": "X", "kind": "text" })).await.expect(403);
    assert_eq!(member.get("/custom-fields").await.expect(200)["items"].as_array().map(Vec::len), Some(2));
}

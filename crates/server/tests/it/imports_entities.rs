//! Files of vehicles and other things: headers, owners, duplicates, mileage, undo.

use crate::imports::{rows, step};
use serde_json::{Value, json};
use vision_testkit::{Persona, TestApp};

async fn upload(who: &Persona, file: &str) -> Value {
    who.upload("/imports?filename=parc.csv&target=entities", file.as_bytes().to_vec()).await.expect(201)
}

fn id(value: &Value) -> String {
    value["id"].as_str().expect("id").to_owned()
}

/// Imports a file with these choices; gives the finished import.
async fn run(t: &TestApp, who: &Persona, file: &str, choices: Value) -> Value {
    let import = id(&upload(who, file).await);
    who.patch(&format!("/imports/{import}"), &choices).await.expect(200);
    let rehearsed = step(t, who, &import, "dry-run").await["report"].clone();
    let done = step(t, who, &import, "start").await;
    for count in ["rows", "created", "matched", "filled", "rejected", "warnings"] {
        assert_eq!(done["report"][count], rehearsed[count], "{count}: the dry run promised something else");
    }
    done
}

async fn things(who: &Persona) -> Vec<Value> {
    who.get("/entities?sort=created&limit=100").await.expect(200)["items"].as_array().expect("items").clone()
}

async fn find(who: &Persona, words: &str) -> Value {
    let found = who.get(&format!("/entities?q={words}")).await.expect(200);
    who.get(&format!("/entities/{}", found["items"][0]["id"].as_str().expect("found"))).await.expect(200)
}

async fn codes(who: &Persona, import: &Value) -> Vec<String> {
    let mut all = Vec::new();
    for row in rows(who, &id(import), "warning").await {
        for warning in row["warnings"].as_array().expect("warnings") {
            all.push(format!("{} {} {}", row["row"], warning["field"].as_str().unwrap_or(""), warning["code"].as_str().unwrap_or("")));
        }
    }
    all
}

#[tokio::test] // GA-01, GA-02
async fn a_garage_file_becomes_vehicles_with_their_owners() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let known = owner.contact(&json!({ "first_name": "Éloïse", "last_name": "D’Hérouville", "phones": [{ "phone": "0612345678" }] })).await;
    let file = "Immat;N° VIN;Marque;Modèle;Km;Date 1ère MEC;Date CT;Client;Tél;E-mail\n\
        ab 123 cd;;Peugeot;208;52 000 km;02/04/2019;01/04/2027;D'HÉROUVILLE Éloïse;;\n\
        1234 AB 69;R112345;Renault;4L;;01/06/1972;;;06 12 34 56 78;\n\
        FG-456-HJ;1M8GDM9AXKP042788;Fiat;Panda 🚗;98.500;31/02/2020;;Zoé Neuve;;zoe@exemple.fr\n\
        KL-789-MN;;Fiat;Tipo;;;;Zoé Neuve;;\n\
        pas une plaque;;;;10;;;;;\n\
        pas une plaque;;Lada;Niva;;;;Inconnu;;\n";
    let uploaded = upload(&owner, file).await;
    let guessed: Vec<&str> = uploaded["columns"].as_array().expect("columns").iter().map(|c| c["field"].as_str().unwrap_or("-")).collect();
    assert_eq!(guessed.join(" "), "plate vin make model mileage first_registration inspection_due owner_name owner_phone owner_email");
    assert_eq!((uploaded["target"].as_str(), uploaded["options"]["create_owners"].as_bool()), (Some("entities"), Some(false)));
    let done = run(&t, &owner, file, json!({ "options": { "create_owners": true } })).await;
    assert_eq!((done["report"]["created"].as_i64(), done["report"]["rejected"].as_i64()), (Some(5), Some(1)), "{done}");
    let first = find(&owner, "ab123cd").await;
    assert_eq!((first["plate"].as_str(), first["mileage"].as_i64()), (Some("AB-123-CD"), Some(52_000)));
    assert_eq!((first["first_registration"].as_str(), first["inspection_due"].as_str()), (Some("2019-04-02"), Some("2027-04-01")));
    assert_eq!(first["contact"]["id"].as_str(), Some(known.as_str()), "by her name, in any order of its words");
    assert_eq!(find(&owner, "r112345").await["contact"]["id"].as_str(), Some(known.as_str()), "by her phone; a VIN of 1972 is free");
    let (panda, tipo) = (find(&owner, "fg456hj").await, find(&owner, "kl789mn").await);
    assert_eq!((panda["contact"]["name"].as_str(), &panda["contact"]), (Some("Zoé Neuve"), &tipo["contact"]), "one new contact for both");
    assert_eq!(codes(&owner, &done).await, ["3 first_registration invalid", "6 plate invalid"]);
    // What the row had to say of its owner is theirs in the timeline, once for the import in the audit log.
    let timeline = owner.get(&format!("/contacts/{known}/timeline")).await.expect(200);
    let line = &timeline["items"][0];
    assert_eq!((line["kind"].as_str(), line["actor"]["kind"].as_str()), (Some("entity.created"), Some("import")));
    let audit = owner.get("/audit-log?limit=100").await.expect(200);
    assert!(!audit.to_string().contains("entity.created"));
    let rejects = owner.get(&format!("/imports/{}/rejects", id(&done))).await;
    assert!(rejects.text.contains("pas une plaque") && rejects.text.contains("plaque non valable"), "{}", rejects.text);
    // The search of contacts knows what they own.
    assert_eq!(owner.get("/contacts?q=ab123cd").await.expect(200)["items"][0]["id"].as_str(), Some(known.as_str()));

    let undone = step(&t, &owner, &id(&done), "undo").await;
    assert_eq!(undone["report"]["undo"], json!({ "deleted": 7, "restored": 0, "kept": 0 }), "five vehicles, two contacts");
    assert_eq!(things(&owner).await, [] as [Value; 0]);
    assert_eq!(owner.get("/contacts/count").await.expect(200)["count"], 1);
}

#[tokio::test]
async fn an_owner_who_is_not_known_is_made_only_where_that_was_chosen() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for _ in 0..2 {
        owner.contact(&json!({ "first_name": "Jean", "last_name": "Martin" })).await;
    }
    let file = "Immat;Client\nAB-123-CD;Zoé Neuve\nFG-456-HJ;Jean Martin\n";
    let done = run(&t, &owner, file, json!({})).await;
    assert_eq!(codes(&owner, &done).await, ["1 owner_name owner_unknown", "2 owner_name ambiguous"]);
    assert!(things(&owner).await.iter().all(|thing| thing["contact"] == Value::Null));
    assert_eq!(owner.get("/contacts/count").await.expect(200)["count"], 2);
}

#[tokio::test] // GA-10
async fn a_known_vehicle_is_skipped_filled_or_made_again_and_its_mileage_never_falls() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let body = json!({ "plate": "AB-123-CD", "make": "Peugeot", "mileage": 60_000 });
    let known = id(&owner.post("/entities", &body).await.expect(201));
    let file = "Plaque;Marque;Modèle;Kilométrage;Propriétaire\n\
        ab123cd;Citroën;208;59 000;\nAB 123 CD;;;61 000;\nAB-123-CD;;;61000;\n";
    let done = run(&t, &owner, file, json!({ "duplicates": "skip" })).await;
    assert_eq!((done["report"]["matched"].as_i64(), done["report"]["filled"].as_i64()), (Some(3), Some(0)));
    assert_eq!(owner.get(&format!("/entities/{known}")).await.expect(200)["mileage"], 60_000);

    let done = run(&t, &owner, file, json!({ "duplicates": "fill" })).await;
    assert_eq!((done["report"]["matched"].as_i64(), done["report"]["filled"].as_i64()), (Some(3), Some(2)));
    assert_eq!(codes(&owner, &done).await, ["1 mileage mileage_falls"]);
    let filled = owner.get(&format!("/entities/{known}")).await.expect(200);
    assert_eq!(
        (filled["make"].as_str(), filled["model"].as_str(), filled["mileage"].as_i64()),
        (Some("Peugeot"), Some("208"), Some(61_000))
    );
    let undone = step(&t, &owner, &id(&done), "undo").await;
    assert_eq!(undone["report"]["undo"], json!({ "deleted": 0, "restored": 1, "kept": 0 }));
    let back = owner.get(&format!("/entities/{known}")).await.expect(200);
    assert_eq!((&back["model"], back["mileage"].as_i64()), (&Value::Null, Some(60_000)));

    run(&t, &owner, file, json!({ "duplicates": "create" })).await;
    assert_eq!(things(&owner).await.len(), 4);
}

#[tokio::test]
async fn a_vehicle_twice_in_one_file_is_one_and_an_undo_keeps_what_people_have_changed() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let file = "Immat;VIN;Marque;Km\nAB-123-CD;;Fiat;100\nAB123CD;1M8GDM9AXKP042788;;200\n;1m8gdm9axkp042788;;300\nFG-456-HJ;;Audi;\n";
    let done = run(&t, &owner, file, json!({})).await;
    assert_eq!((done["report"]["created"].as_i64(), done["report"]["filled"].as_i64()), (Some(2), Some(2)));
    let fiat = find(&owner, "ab123cd").await;
    assert_eq!((fiat["vin"].as_str(), fiat["mileage"].as_i64()), (Some("1M8GDM9AXKP042788"), Some(300)));
    owner.patch(&format!("/entities/{}", id(&fiat)), &json!({ "model": "Panda" })).await.expect(200);
    let undone = step(&t, &owner, &id(&done), "undo").await;
    assert_eq!(undone["report"]["undo"], json!({ "deleted": 1, "restored": 0, "kept": 1 }));
    assert_eq!(things(&owner).await.len(), 1);
}

#[tokio::test]
async fn our_own_export_comes_back_as_it_was() {
    let t = TestApp::new().await;
    let (ours, theirs) = (t.owner().await, t.owner().await);
    ours.post("/entity-kinds", &json!({ "name": "Bateau" })).await.expect(201);
    let boats = ours.get("/entity-kinds").await.expect(200)["own"][0]["id"].clone();
    let contact = ours.contact(&json!({ "last_name": "L’Écuyer" })).await;
    for body in [
        json!({ "plate": "AB-123-CD", "vin": "1M8GDM9AXKP042788", "make": "Peugeot", "model": "208", "energy": "plugin_hybrid", "mileage": 52_000, "contact_id": contact }),
        json!({ "plate": "1-ABC-234", "plate_country": "BE", "name": "La rouge", "first_registration": "2019-04-02", "inspection_due": "2027-04-01" }),
        json!({ "kind": "animal", "name": "Rex", "species": "Chien", "breed": "Briard", "birth_date": "2020-02-29", "serial_number": "250" }),
        json!({ "kind": "property", "address": "12 rue de l’Église, Lyon", "description": "Deux\nlignes" }),
        json!({ "kind": "custom", "kind_id": boats, "name": "Pen Duick ⛵" }),
    ] {
        ours.post("/entities", &body).await.expect(201);
    }
    let export = ours.post("/entities/export", &json!({ "format": "csv" })).await.text;
    // Into another company, which has the same kind and knows the same contact.
    theirs.post("/entity-kinds", &json!({ "name": "bateau" })).await.expect(201);
    theirs.contact(&json!({ "last_name": "L’Écuyer" })).await;
    let done = run(&t, &theirs, &export, json!({})).await;
    assert_eq!((done["report"]["created"].as_i64(), done["report"]["warnings"].as_i64()), (Some(5), Some(0)), "{done}");
    let back = theirs.post("/entities/export", &json!({ "format": "csv" })).await.text;
    assert_eq!(back.to_lowercase(), export.to_lowercase());
    // Once more fills nothing: the vehicles are known, and other things have no number that tells them apart.
    let again = run(&t, &theirs, &export, json!({})).await;
    assert_eq!((again["report"]["matched"].as_i64(), again["report"]["filled"].as_i64()), (Some(2), Some(0)));
}

#[tokio::test]
async fn rights_scope_and_other_companies_are_respected() {
    let t = TestApp::new().await;
    let (owner, stranger) = (t.owner().await, t.owner().await);
    let reader = t.member_with(owner.tenant_id, &["contacts.read", "contacts.import"], "all").await;
    let refused = reader.upload("/imports?filename=a.csv&target=entities", b"Immat\nAB-123-CD\n".to_vec()).await;
    assert_eq!((refused.status.as_u16(), refused.json["permission"].as_str()), (403, Some("contacts.write")));
    // Somebody who sees only their own contacts: a vehicle without one of them is refused, another's is not touched.
    let theirs = owner.contact(&json!({ "last_name": "Cachée", "emails": [{ "email": "cachee@exemple.fr" }] })).await;
    owner.post("/entities", &json!({ "plate": "AB-123-CD", "contact_id": theirs })).await.expect(201);
    let member = t.member_with(owner.tenant_id, &["contacts.read", "contacts.write", "contacts.import"], "own").await;
    let file = "Immat;Marque;Client;E-mail\nAB-123-CD;Fiat;;\nFG-456-HJ;;Cachée;cachee@exemple.fr\nKL-789-MN;;Léa Mienne;\n";
    let done = run(&t, &member, file, json!({ "options": { "create_owners": true } })).await;
    assert_eq!(
        (done["report"]["created"].as_i64(), done["report"]["rejected"].as_i64(), done["report"]["filled"].as_i64()),
        (Some(1), Some(1), Some(0))
    );
    assert_eq!(rows(&member, &id(&done), "rejected").await[0]["reason"], "owner_needed");
    assert_eq!(codes(&member, &done).await, ["1  hidden"]);
    assert_eq!(find(&owner, "ab123cd").await["make"], Value::Null);
    assert_eq!(things(&member).await.len(), 1);
    // Another company's kind is none.
    stranger.post("/entity-kinds", &json!({ "name": "Bateau" })).await.expect(201);
    let kind = stranger.get("/entity-kinds").await.expect(200)["own"][0]["id"].clone();
    let import = id(&upload(&owner, "Nom\nX\n").await);
    let wrong = owner.patch(&format!("/imports/{import}"), &json!({ "options": { "entity_kind": kind } })).await;
    assert_eq!(wrong.pointers(), ["/options/entity_kind"]);
    owner.patch(&format!("/imports/{import}"), &json!({ "options": { "entity_kind": "patient" } })).await.expect(422);
    assert_eq!(owner.patch(&format!("/imports/{import}"), &json!({ "mapping": ["full_name"] })).await.pointers(), ["/mapping/0"]);
    assert_eq!(owner.upload("/imports?filename=a.csv&target=planets", b"a\nb\n".to_vec()).await.status.as_u16(), 400);
    // GD-17
    let patients = run(&t, &owner, "Type;Nom\nPatient;Dupont\nAnimal;Rex\n", json!({})).await;
    assert_eq!((patients["report"]["created"].as_i64(), patients["report"]["rejected"].as_i64()), (Some(1), Some(1)));
}

#[tokio::test]
async fn mappings_are_remembered_by_kind_of_file_and_examples_import_as_they_are() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let file = "Nom;Divers\nX;y\n";
    let import = id(&upload(&owner, file).await);
    owner.patch(&format!("/imports/{import}"), &json!({ "mapping": ["make", "description"] })).await.expect(200);
    step(&t, &owner, &import, "start").await;
    assert_eq!(upload(&owner, file).await["columns"][0]["field"], "make");
    let contacts = owner.upload("/imports?filename=a.csv", file.as_bytes().to_vec()).await.expect(201);
    assert_eq!(
        (contacts["columns"][0]["field"].as_str(), contacts["columns"][0]["remembered"].as_bool()),
        (Some("full_name"), Some(false))
    );
    for (target, rejected, warnings) in [("contacts", 0, 0), ("entities", 0, 2), ("tasks", 0, 0)] {
        let sample = owner.get(&format!("/import-sample?target={target}")).await;
        let import = owner.upload(&format!("/imports?filename=a.csv&target={target}"), sample.bytes.clone()).await.expect(201);
        assert!(import["columns"].as_array().expect("columns").iter().all(|column| column["field"].is_string()), "{target}: {import}");
        let done = step(&t, &owner, &id(&import), "dry-run").await;
        let report = &done["report"];
        assert_eq!((report["rejected"].as_i64(), report["warnings"].as_i64()), (Some(rejected), Some(warnings)), "{target}: {report}");
    }
}

#[tokio::test] // GA-14, X-05
async fn an_erased_owner_is_no_longer_in_the_rows_of_an_import() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let done = run(
        &t,
        &owner,
        "Immat;Nom du bien;Client\nAB-123-CD;La 208 de Zéphyrine;Zéphyrine Quoibet\n",
        json!({ "options": { "create_owners": true } }),
    )
    .await;
    let contact = find(&owner, "ab123cd").await["contact"]["id"].as_str().expect("owner").to_owned();
    let row = rows(&owner, &id(&done), "created").await.remove(0);
    assert_eq!((row["contact_id"].as_str(), row["record_id"].is_string()), (Some(contact.as_str()), true));
    owner.post(&format!("/contacts/{contact}/erasure"), &json!({ "confirm": "Zéphyrine Quoibet" })).await.expect(202);
    t.run_jobs().await;
    let left = owner.get(&format!("/imports/{}/rows", id(&done))).await.expect(200).to_string();
    assert!(!left.contains("Zéphyrine"), "{left}");
}

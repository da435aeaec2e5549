//! Fields that a tenant added, as columns of a file of contacts.

use crate::imports::{rows, step, upload};
use serde_json::{Value, json};
use vision_testkit::{Persona, TestApp};

async fn field(who: &Persona, body: Value) -> Value {
    who.post("/custom-fields", &body).await.expect(201)
}

async fn find(who: &Persona, words: &str) -> Value {
    let id = who.get(&format!("/contacts?q={words}")).await.expect(200)["items"][0]["id"].as_str().expect("found").to_owned();
    who.get(&format!("/contacts/{id}")).await.expect(200)
}

fn codes(rows: &[Value]) -> Vec<String> {
    let of = |row: &Value| {
        let warnings = row["warnings"].as_array().cloned().unwrap_or_default();
        warnings
            .iter()
            .map(|w| format!("{} {} {}", row["row"], w["field"].as_str().unwrap_or(""), w["code"].as_str().unwrap_or("")))
            .collect::<Vec<_>>()
    };
    rows.iter().flat_map(of).collect()
}

#[tokio::test]
async fn own_fields_are_guessed_read_in_french_filled_and_taken_back() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    field(&owner, json!({ "label": "Budget travaux", "kind": "money", "group_name": "Projet" })).await;
    field(&owner, json!({ "label": "Rappel le", "kind": "date" })).await;
    field(&owner, json!({ "label": "Newsletter", "kind": "boolean" })).await;
    let options = json!([{ "label": "Été, hiver" }, { "label": "Neige" }, { "label": "Piste" }]);
    field(&owner, json!({ "label": "Pneus", "kind": "choices", "options": options })).await;
    field(&owner, json!({ "label": "Parrain", "kind": "reference" })).await;
    field(&owner, json!({ "label": "Origine du dossier", "kind": "text", "required": true, "default_value": "fichier" })).await;
    let sponsor = owner.contact(&json!({ "first_name": "Éloïse", "last_name": "D’Hérouville" })).await;
    let known = owner
        .contact(&json!({ "last_name": "Connu", "emails": [{ "email": "connu@exemple.fr" }], "custom": { "budget_travaux": "10", "origine_du_dossier": "salon" } }))
        .await;

    let csv = "Nom;E-mail;BUDGET TRAVAUX;rappel_le;Newsletter;Pneus;Parrain\n\
        Neuf 🚗;neuf@exemple.fr;1 234,56;24/11/2026;oui;été, hiver | piste;D'HÉROUVILLE Éloïse\n\
        Connu;connu@exemple.fr;99;31/02/2026;peut-être;neige;inconnue@exemple.fr\n";
    let uploaded = owner.upload("/imports?filename=a.csv", csv.as_bytes().to_vec()).await.expect(201);
    let guessed: Vec<&str> = uploaded["columns"].as_array().expect("columns").iter().map(|c| c["field"].as_str().unwrap_or("-")).collect();
    let own = ["custom.budget_travaux", "custom.rappel_le", "custom.newsletter", "custom.pneus", "custom.parrain"];
    assert_eq!(guessed, [&["full_name", "email"][..], &own].concat());
    let offered = uploaded["fields"].as_array().expect("fields").iter().find(|f| f["key"] == own[0]).expect("offered");
    assert_eq!(offered, &json!({ "key": own[0], "group": "custom", "label": "Budget travaux", "group_label": "Projet" }));
    let id = uploaded["id"].as_str().expect("id").to_owned();

    let rehearsed = step(&t, &owner, &id, "dry-run").await["report"].clone();
    assert_eq!(
        find(&owner, "connu").await["custom"],
        json!({ "budget_travaux": 1000, "origine_du_dossier": "salon" }),
        "nothing written yet"
    );
    let report = step(&t, &owner, &id, "start").await["report"].clone();
    for count in ["rows", "created", "matched", "filled", "rejected", "warnings"] {
        assert_eq!(report[count], rehearsed[count], "{count}");
    }
    assert_eq!((report["created"].as_i64(), report["filled"].as_i64()), (Some(1), Some(1)), "{report}");
    assert_eq!(
        find(&owner, "neuf").await["custom"],
        json!({ "budget_travaux": 123_456, "rappel_le": "2026-11-24", "newsletter": true, "pneus": ["ete_hiver", "piste"], "parrain": sponsor, "origine_du_dossier": "fichier" })
    );
    // What was there stays; what is wrong is told and the row is kept.
    assert_eq!(find(&owner, "connu").await["custom"], json!({ "budget_travaux": 1000, "origine_du_dossier": "salon", "pneus": ["neige"] }));
    let told = codes(&rows(&owner, &id, "warning").await);
    assert_eq!(told, ["2 custom.rappel_le invalid", "2 custom.newsletter invalid", "2 custom.parrain unknown"]);
    let filled = rows(&owner, &id, "filled").await;
    assert_eq!((filled.len(), filled[0]["contact_id"].as_str()), (1, Some(known.as_str())));

    let undone = step(&t, &owner, &id, "undo").await;
    assert_eq!(undone["report"]["undo"], json!({ "deleted": 1, "restored": 1, "kept": 0 }));
    assert_eq!(find(&owner, "connu").await["custom"], json!({ "budget_travaux": 1000, "origine_du_dossier": "salon" }));
}

#[tokio::test]
async fn fields_of_things_are_columns_read_filled_and_taken_back() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let own = |body: Value| {
        let mut body = body;
        body["object"] = json!("entity");
        body
    };
    field(&owner, own(json!({ "label": "Valeur assurée", "kind": "money", "group_name": "Assurance" }))).await;
    field(&owner, own(json!({ "label": "Fin d’assurance", "kind": "date" }))).await;
    field(&owner, own(json!({ "label": "Conducteur", "kind": "reference" }))).await;
    field(&owner, own(json!({ "label": "Vacciné", "kind": "boolean", "applies_to": "animal" }))).await;
    field(&owner, own(json!({ "label": "Parking", "kind": "text", "required": true, "default_value": "cour" }))).await;
    field(&owner, json!({ "label": "Budget", "kind": "money" })).await;
    let driver = owner.contact(&json!({ "first_name": "Éloïse", "last_name": "Conduit" })).await;
    let body = json!({ "plate": "FG-456-HJ", "custom": { "valeur_assuree": "10", "parking": "box 3" } });
    let known = owner.post("/entities", &body).await.expect(201)["id"].as_str().expect("id").to_owned();

    let csv = "Immat;Type;VALEUR ASSURÉE;fin_d_assurance;Conducteur;Vacciné;Budget\n\
        AB-123-CD;Véhicule;12 500,00;31/12/2026;CONDUIT Éloïse;;5\n\
        FG-456-HJ;Véhicule;99;31/02/2026;personne@exemple.fr;oui;5\n";
    let uploaded = owner.upload("/imports?filename=parc.csv&target=entities", csv.as_bytes().to_vec()).await.expect(201);
    let guessed: Vec<&str> = uploaded["columns"].as_array().expect("columns").iter().map(|c| c["field"].as_str().unwrap_or("-")).collect();
    let keys = ["custom.valeur_assuree", "custom.fin_d_assurance", "custom.conducteur", "custom.vaccine"];
    assert_eq!(guessed, [&["plate", "kind"][..], &keys, &["-"]].concat(), "a field of contacts is none of things");
    let offered = uploaded["fields"].as_array().expect("fields").iter().find(|f| f["key"] == keys[0]).expect("offered");
    assert_eq!(offered, &json!({ "key": keys[0], "group": "custom", "label": "Valeur assurée", "group_label": "Assurance" }));
    let id = uploaded["id"].as_str().expect("id").to_owned();

    let rehearsed = step(&t, &owner, &id, "dry-run").await["report"].clone();
    let report = step(&t, &owner, &id, "start").await["report"].clone();
    for count in ["rows", "created", "matched", "filled", "rejected", "warnings"] {
        assert_eq!(report[count], rehearsed[count], "{count}");
    }
    assert_eq!(
        (report["created"].as_i64(), report["filled"].as_i64()),
        (Some(1), Some(0)),
        "all that the second row gives is there or wrong"
    );
    let custom = async |words: &str| {
        let found = owner.get(&format!("/entities?q={words}")).await.expect(200)["items"][0]["id"].as_str().expect("found").to_owned();
        owner.get(&format!("/entities/{found}")).await.expect(200)["custom"].clone()
    };
    assert_eq!(
        custom("ab123cd").await,
        json!({ "valeur_assuree": 1_250_000, "fin_d_assurance": "2026-12-31", "conducteur": driver, "parking": "cour" })
    );
    let told = codes(&rows(&owner, &id, "warning").await);
    assert_eq!(told, ["2 custom.fin_d_assurance invalid", "2 custom.conducteur unknown", "2 custom.vaccine not_applicable"]);

    // A second file fills what is empty, and its undo takes only that back.
    let csv = "Immat;Fin d'assurance;Conducteur;Parking\nFG-456-HJ;30/06/2027;Éloïse Conduit;ailleurs\n";
    let id = owner.upload("/imports?filename=b.csv&target=entities", csv.as_bytes().to_vec()).await.expect(201)["id"]
        .as_str()
        .expect("id")
        .to_owned();
    let report = step(&t, &owner, &id, "start").await["report"].clone();
    assert_eq!((report["matched"].as_i64(), report["filled"].as_i64()), (Some(1), Some(1)));
    let filled = json!({ "valeur_assuree": 1000, "parking": "box 3", "fin_d_assurance": "2027-06-30", "conducteur": driver });
    assert_eq!(custom("fg456hj").await, filled);
    // GA-14: the history that follows the thing names nobody.
    let history = owner.get(&format!("/entities/{known}/timeline")).await.text;
    assert!(history.contains("custom.conducteur") && !history.contains("Conduit"), "{history}");
    let undone = step(&t, &owner, &id, "undo").await;
    assert_eq!(undone["report"]["undo"], json!({ "deleted": 0, "restored": 1, "kept": 0 }));
    assert_eq!(custom("fg456hj").await, json!({ "valeur_assuree": 1000, "parking": "box 3" }));
}

#[tokio::test]
async fn a_sorted_field_stays_sorted_and_a_required_one_is_asked_for_later() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let km = field(&owner, json!({ "label": "Distance", "kind": "number" })).await;
    field(&owner, json!({ "label": "Code interne", "kind": "text", "required": true })).await;
    owner.post(&format!("/custom-fields/{}/index", km["id"].as_str().expect("id")), &json!({})).await;
    t.run_jobs().await;
    let id = upload(&owner, "a.csv", "Nom;Distance\nLoin;1000\nPrès;9,5\nMoyen;80\n".as_bytes().to_vec()).await;
    let done = step(&t, &owner, &id, "start").await;
    assert_eq!((done["report"]["created"].as_i64(), done["report"]["rejected"].as_i64()), (Some(3), Some(0)));
    assert_eq!(codes(&rows(&owner, &id, "warning").await)[0], "1 custom.code_interne required");
    let sorted = owner.get("/contacts?sort=custom.distance").await.expect(200);
    let names: Vec<&str> = sorted["items"].as_array().expect("items").iter().map(|c| c["display_name"].as_str().expect("name")).collect();
    assert_eq!(names, ["Près", "Moyen", "Loin"]);
}

#[tokio::test]
async fn a_field_that_is_gone_or_changing_is_explained_row_by_row() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let gone = field(&owner, json!({ "label": "Ancien code", "kind": "text" })).await;
    let csv = "Nom;Ancien code\nUn;x1\nDeux;\n".as_bytes().to_vec();
    let id = upload(&owner, "a.csv", csv.clone()).await;
    let path = format!("/custom-fields/{}", gone["id"].as_str().expect("id"));
    owner.delete(&path).await;
    t.run_jobs().await;
    let shown = owner.get(&format!("/imports/{id}")).await.expect(200);
    assert_eq!((&shown["columns"][1]["field"], &shown["columns"][1]["gone"]), (&Value::Null, &json!(true)));
    let done = step(&t, &owner, &id, "start").await;
    assert_eq!(done["report"]["created"], 2);
    let told = rows(&owner, &id, "warning").await;
    assert_eq!(told[0]["warnings"], json!([{ "field": "custom.ancien_code", "value": "x1", "code": "field_gone" }]));
    assert_eq!(told.len(), 1, "an empty cell loses nothing");
    // The remembered mapping forgets it.
    let again = owner.upload("/imports?filename=b.csv", csv).await.expect(201);
    assert_eq!((&again["columns"][1]["field"], &again["columns"][1]["remembered"]), (&Value::Null, &json!(true)));
    // Unknown ones are refused.
    let wrong = owner
        .patch(&format!("/imports/{}", again["id"].as_str().expect("id")), &json!({ "mapping": ["full_name", "custom.ancien_code"] }))
        .await;
    assert_eq!(wrong.pointers(), ["/mapping/1"]);
}

#[tokio::test]
async fn another_companys_contact_is_no_reference_and_its_fields_are_no_columns() {
    let t = TestApp::new().await;
    let (ours, theirs) = (t.owner().await, t.owner().await);
    field(&ours, json!({ "label": "Parrain", "kind": "reference" })).await;
    field(&theirs, json!({ "label": "Secret", "kind": "text" })).await;
    let stranger = theirs.contact(&json!({ "last_name": "Étranger", "emails": [{ "email": "etranger@exemple.fr" }] })).await;
    let csv = format!("Nom;Parrain;Secret\nA;{stranger};x\nB;etranger@exemple.fr;x\nC;Étranger;x\n");
    let id = upload(&ours, "a.csv", csv.into_bytes()).await;
    let shown = ours.get(&format!("/imports/{id}")).await.expect(200);
    assert_eq!(shown["columns"][2]["field"], Value::Null);
    step(&t, &ours, &id, "start").await;
    assert_eq!(codes(&rows(&ours, &id, "warning").await), [1, 2, 3].map(|row| format!("{row} custom.parrain unknown")));
}

#[tokio::test]
async fn who_sees_only_their_own_contacts_fills_no_other_and_owns_what_they_import() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let known = owner.contact(&json!({ "last_name": "Dupré", "emails": [{ "email": "d@exemple.fr" }] })).await;
    let member = t.member_with(owner.tenant_id, &["contacts.read", "contacts.write", "contacts.import"], "own").await;
    let id = upload(&member, "a.csv", b"prenom,nom,email\nJean,Dupr\xe9,d@exemple.fr\nAna,Neuve,ana@exemple.fr\n".to_vec()).await;
    let done = step(&t, &member, &id, "start").await;
    assert_eq!(
        (done["report"]["created"].as_i64(), done["report"]["matched"].as_i64(), done["report"]["filled"].as_i64()),
        (Some(1), Some(1), Some(0))
    );
    assert_eq!(codes(&rows(&member, &id, "warning").await), ["1  hidden"]);
    assert_eq!(owner.get(&format!("/contacts/{known}")).await.expect(200)["first_name"], Value::Null);
    assert_eq!(find(&member, "neuve").await["owner"]["id"], json!(member.user_id));
    // And the import of a colleague is not theirs to see.
    let other = upload(&owner, "b.csv", b"nom\nUn\n".to_vec()).await;
    assert_eq!(member.get(&format!("/imports/{other}")).await.status.as_u16(), 404);
    assert_eq!(member.get("/imports").await.expect(200)["items"].as_array().map(Vec::len), Some(1));
}

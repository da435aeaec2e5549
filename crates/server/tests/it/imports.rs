//! Imports through the API, against the expected outcome of the sample files.

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use vision_testkit::{Persona, TestApp};

fn samples() -> PathBuf {
    std::env::var_os("VISION_IMPORT_SAMPLES")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/import"), PathBuf::from)
}

pub(crate) async fn upload(who: &Persona, name: &str, bytes: Vec<u8>) -> String {
    who.upload(&format!("/imports?filename={name}"), bytes).await.expect(201)["id"].as_str().expect("id").to_owned()
}

pub(crate) async fn step(t: &TestApp, who: &Persona, id: &str, step: &str) -> Value {
    who.post(&format!("/imports/{id}/{step}"), &json!({})).await.expect(202);
    t.run_jobs().await;
    who.get(&format!("/imports/{id}")).await.expect(200)
}

pub(crate) async fn rows(who: &Persona, id: &str, outcome: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = who.get(&format!("/imports/{id}/rows?outcome={outcome}&limit=100&cursor={cursor}")).await.expect(200);
        all.extend(page["items"].as_array().expect("items").clone());
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return all,
        }
    }
}

async fn held(who: &Persona) -> i64 {
    who.get("/contacts/count").await.expect(200)["count"].as_i64().expect("count")
}

#[tokio::test]
async fn the_sample_files_give_exactly_the_expected_outcome() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let expected: Value =
        serde_json::from_str(&std::fs::read_to_string(samples().join("expected.json")).expect("expected.json")).expect("json");
    let mut ids = Vec::new();
    for file in expected["files"].as_array().expect("files") {
        let name = file["file"].as_str().expect("name");
        let id = upload(&owner, name, std::fs::read(samples().join(name)).expect("sample")).await;
        let rehearsed = step(&t, &owner, &id, "dry-run").await["report"].clone();
        let before = held(&owner).await;
        let done = step(&t, &owner, &id, "start").await;
        assert_eq!(done["status"], "done", "{name}: {done}");
        for count in ["rows", "created", "matched"] {
            assert_eq!(done["report"][count], file[count], "{name}: {count}");
            assert_eq!(rehearsed[count], file[count], "{name}: {count} of the dry run");
        }
        let rejected: Vec<Value> =
            rows(&owner, &id, "rejected").await.iter().map(|row| json!({ "row": row["row"], "reason": row["reason"] })).collect();
        assert_eq!(Value::Array(rejected), file["rejected"], "{name}");
        let warnings: Vec<Value> = rows(&owner, &id, "warning")
            .await
            .iter()
            .flat_map(|row| {
                row["warnings"]
                    .as_array()
                    .expect("warnings")
                    .iter()
                    .map(|warning| json!({ "row": row["row"], "field": warning["field"] }))
                    .collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(Value::Array(warnings), file["warnings"], "{name}");
        assert_eq!(held(&owner).await - before, file["created"].as_i64().expect("created"));
        ids.push(id);
    }
    assert_eq!(Some(held(&owner).await), expected["held_after"].as_i64());

    // Backwards, every import is undone, and nothing is left of it.
    for id in ids.iter().rev() {
        let undone = step(&t, &owner, id, "undo").await;
        assert_eq!((undone["status"].as_str(), undone["report"]["undo"]["kept"].as_i64()), (Some("undone"), Some(0)), "{undone}");
    }
    assert_eq!(held(&owner).await, 0);
}

#[tokio::test]
async fn a_mapping_is_remembered_and_rejects_can_be_taken_away() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let csv = "Client;Courriel;Divers\nDupré Jean;jean@exemple.fr;x\n;;y\n".as_bytes().to_vec();
    let id = upload(&owner, "clients.csv", csv.clone()).await;
    let path = format!("/imports/{id}");
    assert_eq!(owner.patch(&path, &json!({ "mapping": ["full_name"] })).await.pointers(), ["/mapping"]);
    assert_eq!(owner.patch(&path, &json!({ "mapping": ["full_name", "email", "salaire"] })).await.pointers(), ["/mapping/2"]);
    owner.patch(&path, &json!({ "mapping": ["company_name", "email", "notes"], "duplicates": "skip" })).await.expect(200);
    let done = step(&t, &owner, &id, "start").await;
    assert_eq!((done["report"]["created"].as_i64(), done["report"]["rejected"].as_i64()), (Some(1), Some(1)));
    let rejects = owner.get(&format!("{path}/rejects")).await;
    assert!(rejects.text.contains("Client;Courriel;Divers;ligne;motif") && rejects.text.contains(";;y;2;ni nom"), "{}", rejects.text);
    let again = owner.upload("/imports?filename=clients2.csv", csv).await.expect(201);
    assert_eq!((again["columns"][0]["field"].as_str(), again["columns"][0]["remembered"].as_bool()), (Some("company_name"), Some(true)));
}

#[tokio::test]
async fn each_rule_for_duplicates_does_what_it_says() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let known = owner.contact(&json!({ "last_name": "Dupré", "emails": [{ "email": "d@exemple.fr" }] })).await;
    let csv = b"prenom,nom,email,ville\nJean,Durand,D@exemple.fr,Lyon\n".to_vec();
    for (rule, count, first_name) in [("skip", 1, Value::Null), ("fill", 1, json!("Jean")), ("create", 2, json!("Jean"))] {
        let id = upload(&owner, "a.csv", csv.clone()).await;
        owner.patch(&format!("/imports/{id}"), &json!({ "duplicates": rule })).await.expect(200);
        step(&t, &owner, &id, "start").await;
        let contact = owner.get(&format!("/contacts/{known}")).await.expect(200);
        assert_eq!(
            (held(&owner).await, &contact["first_name"], contact["last_name"].as_str()),
            (count, &first_name, Some("Dupré")),
            "{rule}"
        );
    }
    let timeline = owner.get(&format!("/contacts/{known}/timeline")).await.expect(200);
    assert_eq!(
        (timeline["items"][0]["kind"].as_str(), timeline["items"][0]["actor"]["kind"].as_str()),
        (Some("contact.updated"), Some("import"))
    );
}

#[tokio::test]
async fn an_undo_keeps_what_people_have_changed_since() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let id = upload(&owner, "a.csv", b"nom,email\nUn,un@exemple.fr\nDeux,deux@exemple.fr\n".to_vec()).await;
    step(&t, &owner, &id, "start").await;
    let touched = owner.get("/contacts?q=deux").await.expect(200)["items"][0]["id"].as_str().expect("id").to_owned();
    owner.post(&format!("/contacts/{touched}/notes"), &json!({ "body": "Important" })).await.expect(201);
    let undone = step(&t, &owner, &id, "undo").await;
    assert_eq!(undone["report"]["undo"], json!({ "deleted": 1, "restored": 0, "kept": 1 }));
    owner.get(&format!("/contacts/{touched}")).await.expect(200);
}

#[tokio::test]
async fn an_import_can_be_undone_for_thirty_days() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let id = upload(&owner, "a.csv", b"nom\nUn\n".to_vec()).await;
    assert_eq!(step(&t, &owner, &id, "start").await["can_undo"], true);
    t.advance(jiff::SignedDuration::from_hours(24 * 31));
    let owner = t.sign_in(owner.tenant_id, owner.user_id, "").await;
    assert_eq!(owner.get(&format!("/imports/{id}")).await.expect(200)["can_undo"], false);
    owner.post(&format!("/imports/{id}/undo"), &json!({})).await.expect(409);
}

#[tokio::test]
async fn files_that_cannot_be_imported_are_refused_with_a_reason() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for (name, bytes, status) in [
        ("vide.csv", Vec::new(), 422),
        ("titres.csv", b"nom,email\n".to_vec(), 422),
        ("photo.png", vec![0x89, b'P', b'N', b'G', 0, 1, 2, 3, 0, 0], 415),
        ("contrat.pdf", b"%PDF-1.7\n\x00\x01".to_vec(), 415),
        ("faux.xlsx", b"PK\x03\x04 pas un classeur".to_vec(), 422),
        ("gros.csv", vec![b'a'; 51 * 1024 * 1024], 413),
    ] {
        let answer = owner.upload(&format!("/imports?filename={name}"), bytes).await;
        assert_eq!(answer.status.as_u16(), status, "{name}: {}", answer.text);
        assert!(answer.json["detail"].is_string() || status == 413, "{name}: {}", answer.text);
    }
    assert_eq!(owner.get("/imports").await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn steps_follow_their_order_and_a_double_click_starts_one_import() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let id = upload(&owner, "a.csv", b"nom\nUn\n".to_vec()).await;
    owner.post(&format!("/imports/{id}/undo"), &json!({})).await.expect(409);
    owner.post(&format!("/imports/{id}/cancel"), &json!({})).await.expect(409);
    let (path, body) = (format!("/imports/{id}/start"), json!({}));
    let (one, two) = tokio::join!(owner.post(&path, &body), owner.post(&path, &body));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [202, 409]);
    t.run_jobs().await;
    assert_eq!(held(&owner).await, 1);
}

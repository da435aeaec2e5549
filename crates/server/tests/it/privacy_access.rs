//! A person's data in one archive (GD-02), and the alerts before a request is late (GD-01).

use crate::privacy::{found, plant};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::io::{Cursor, Read};
use vision_testkit::{Persona, TestApp};
use zip::ZipArchive;

/// The archive of a finished job, unpacked: (name, content).
pub(crate) async fn unpacked(owner: &Persona, job: &str) -> Vec<(String, Vec<u8>)> {
    let state = owner.get(&format!("/jobs/{job}")).await.expect(200);
    assert_eq!(state["status"], "done", "{state}");
    let answer = owner.get(&format!("/jobs/{job}/file")).await;
    assert_eq!(answer.status.as_u16(), 200);
    let mut archive = ZipArchive::new(Cursor::new(answer.bytes)).expect("a ZIP");
    (0..archive.len())
        .map(|n| {
            let mut entry = archive.by_index(n).expect("entry");
            let mut content = Vec::new();
            entry.read_to_end(&mut content).expect("content");
            (entry.name().expect("name").into_owned(), content)
        })
        .collect()
}

fn id(value: &Value) -> String {
    value["id"].as_str().expect("id").to_owned()
}

#[tokio::test]
async fn a_person_gets_everything_about_them_and_nothing_about_others() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let (person, _) = plant(&t, &owner).await;
    let job = id(&owner.post(&format!("/contacts/{person}/access"), &json!({})).await.expect(202));
    t.run_jobs().await;
    let entries = unpacked(&owner, &job).await;
    let of = |name: &str| entries.iter().find(|(entry, _)| entry == name).map(|(_, content)| content.as_slice());
    let text = String::from_utf8(of("donnees.json").expect("JSON").to_vec()).expect("UTF-8");
    let data: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((data["format"].as_str(), data["person"]["name"].as_str()), (Some("vision-access/1"), Some("Zéphyrine Quoïbet")));
    let data = &data["data"];
    assert_eq!(data["contacts"].as_array().map(Vec::len), Some(1));
    assert!(data["contact_merges"][0]["merged_row"]["last_name"] == "QUOIBET", "{}", data["contact_merges"]);
    let has = |table: &str, words: &str| assert!(data[table].to_string().contains(words), "{table}: {}", data[table]);
    has("contacts", "4 rue du Perchoir");
    has("contacts", "la bavarde");
    has("contact_tags", "Zéphyrine Quoïbet");
    has("contact_companies", "Volière SARL");
    has("notes", "Zéphyrine viendra");
    has("note_versions", "Quoïbet rappelle");
    has("tasks", "Appeler Zéphyrine");
    has("entities", "AB-123-CD");
    has("consents", "Fiche de Quoïbet");
    has("consents", "wording");
    has("timeline", "contact.updated");
    has("import_rows", "Zephyrine Quoibet.csv");
    // What is somebody else's, and who works here, is not in it.
    for foreign in ["Anatole", "author_name", "created_by", "actor_name"] {
        assert!(!text.contains(foreign), "{foreign}");
    }
    let files: Vec<&(String, Vec<u8>)> = entries.iter().filter(|(name, _)| name.starts_with("fichiers/")).collect();
    assert_eq!(files.len(), 2, "of the contact and of the car: {files:?}");
    assert!(files.iter().any(|(name, content)| name.ends_with("-Quoïbet.txt") && content == "Zéphyrine Quoïbet".as_bytes()));
    assert!(of("donnees.pdf").expect("PDF").starts_with(b"%PDF-"));
    let timeline = owner.get(&format!("/contacts/{person}/timeline")).await.expect(200);
    assert_eq!(timeline["items"][0]["kind"], "contact.data_exported");

    // An erasure takes the archive away too, though nobody could read the names in it without unpacking.
    owner.post(&format!("/contacts/{person}/erasure"), &json!({ "confirm": "Zéphyrine Quoïbet" })).await.expect(202);
    t.run_jobs().await;
    assert_eq!(owner.get(&format!("/jobs/{job}/file")).await.status.as_u16(), 404);
    assert!(t.app.files.get(&format!("{}/exports/{job}", owner.tenant_id)).await.is_err());
    assert_eq!(found(&t).await, Vec::<(String, String)>::new());
    assert_eq!(owner.post(&format!("/contacts/{person}/access"), &json!({})).await.status.as_u16(), 409);
}

#[tokio::test]
async fn an_archive_answers_a_request_of_its_own_kind_and_is_made_by_who_may_export() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let person = owner.contact(&json!({ "first_name": "Luc", "last_name": "O’Brien 😀 مرحبا" })).await;
    let other = owner.contact(&json!({ "last_name": "Autre" })).await;
    let of = |kind: &str| json!({ "kind": kind, "contact_id": person });
    let access = id(&owner.post("/privacy/requests", &of("access")).await.expect(201));
    let objection = id(&owner.post("/privacy/requests", &of("objection")).await.expect(201));
    for (contact, request) in [(&person, &objection), (&other, &access)] {
        let wrong = owner.post(&format!("/contacts/{contact}/access"), &json!({ "request_id": request })).await;
        assert_eq!(wrong.pointers(), ["/request_id"], "{}", wrong.text);
    }
    let job = id(&owner.post(&format!("/contacts/{person}/access"), &json!({ "request_id": access })).await.expect(202));
    t.run_jobs().await;
    assert!(unpacked(&owner, &job).await.iter().any(|(name, content)| name == "donnees.pdf" && content.len() > 1000));
    assert_eq!(owner.get(&format!("/privacy/requests/{access}")).await.expect(200)["job_id"], json!(job));

    let keeper = t.member_with(owner.tenant_id, &["company.manage", "contacts.read"], "all").await;
    assert_eq!(keeper.post(&format!("/contacts/{person}/access"), &json!({})).await.status.as_u16(), 403);
    // The file is its maker's: a colleague does not get it by its number, and another company even less.
    let stranger = t.owner().await;
    assert_eq!(keeper.get(&format!("/jobs/{job}/file")).await.status.as_u16(), 404);
    assert_eq!(stranger.post(&format!("/contacts/{person}/access"), &json!({})).await.status.as_u16(), 404);
}

async fn beat(t: &TestApp) {
    for beat in vision_server::wiring::beats() {
        beat(&t.app).await.expect("beat");
    }
    t.run_jobs().await;
}

#[tokio::test]
async fn whoever_answers_requests_is_told_on_day_25_and_when_one_is_late() {
    let t = TestApp::new().await;
    let mut owner = t.owner().await;
    let member = t.member(owner.tenant_id, "member").await;
    let request = id(&owner.post("/privacy/requests", &json!({ "kind": "access", "person_name": "Mme Tardy" })).await.expect(201));
    let alerts = async |who: &Persona| {
        let items = who.get("/notifications").await.expect(200)["items"].as_array().cloned().unwrap_or_default();
        items.into_iter().filter(|item| item["kind"] == "privacy_due").collect::<Vec<_>>()
    };
    let day = SignedDuration::from_hours(24);
    t.advance(day * 23);
    owner = t.sign_in(owner.tenant_id, owner.user_id, &owner.email).await;
    beat(&t).await;
    assert_eq!(alerts(&owner).await.len(), 0, "day 23");
    t.advance(day * 3);
    owner = t.sign_in(owner.tenant_id, owner.user_id, &owner.email).await;
    for _ in 0..2 {
        beat(&t).await;
    }
    let told = alerts(&owner).await;
    assert_eq!((told.len(), told[0]["data"]["late"].clone(), told[0]["subject_id"].clone()), (1, json!(false), json!(request)), "day 26");
    assert!(!told[0].to_string().contains("Tardy"), "a notification names nobody: {told:?}");
    // Outside of the quiet hours, whenever this test runs.
    t.advance(SignedDuration::from_hours(12));
    owner = t.sign_in(owner.tenant_id, owner.user_id, &owner.email).await;
    beat(&t).await;
    let (subject, _) = t.mails(&owner.email).await.into_iter().next().expect("a mail");
    assert!(subject.starts_with("Une demande sur des données personnelles est à traiter avant le"), "{subject}");
    // Two more months, told in time, begin the count again.
    let version = owner.get(&format!("/privacy/requests/{request}")).await.expect(200)["version"].as_i64().expect("version");
    owner.patch_if(&format!("/privacy/requests/{request}"), version, &json!({ "extension_reason": "Dossier complexe" })).await.expect(200);
    beat(&t).await;
    assert_eq!(alerts(&owner).await.len(), 1);
    t.advance(day * 70);
    owner = t.sign_in(owner.tenant_id, owner.user_id, &owner.email).await;
    beat(&t).await;
    let told = alerts(&owner).await;
    assert_eq!((told.len(), told[0]["data"]["late"].clone()), (2, json!(true)));
    let member = t.sign_in(member.tenant_id, member.user_id, &member.email).await;
    assert_eq!(alerts(&member).await.len(), 0, "a member does not answer requests");
}

//! A company taken along whole and brought back into an empty one (GD-20).

use crate::privacy_access::unpacked;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use vision_testkit::{Persona, TestApp};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

fn id(value: &Value) -> String {
    value["id"].as_str().expect("id").to_owned()
}

type Entries = Vec<(String, Vec<u8>)>;

async fn export(t: &TestApp, owner: &Persona) -> Entries {
    let job = id(&owner.post("/company/export", &json!({})).await.expect(202));
    t.run_jobs().await;
    unpacked(owner, &job).await
}

fn packed(entries: &Entries) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        archive.start_file(name, SimpleFileOptions::default()).expect("entry");
        archive.write_all(content).expect("content");
    }
    archive.finish().expect("finished").into_inner()
}

async fn import(t: &TestApp, owner: &Persona, entries: &Entries) -> Value {
    let job = id(&owner.upload("/company/import", packed(entries)).await.expect(202));
    t.run_jobs().await;
    owner.get(&format!("/jobs/{job}")).await.expect(200)
}

fn manifest(entries: &Entries) -> Value {
    let (_, content) = entries.iter().find(|(name, _)| name == "manifest.json").expect("manifest");
    serde_json::from_slice(content).expect("JSON")
}

/// Rows and checksum of each table.
fn tables(entries: &Entries) -> BTreeMap<String, (u64, String)> {
    let tables = manifest(entries)["tables"].as_array().cloned().expect("tables");
    tables
        .iter()
        .map(|table| {
            let checksum = (table["rows"].as_u64().expect("rows"), table["sha256"].as_str().expect("sum").to_owned());
            (table["name"].as_str().expect("name").to_owned(), checksum)
        })
        .collect()
}

/// Changes a row of a table, and its checksum with it: an archive that is whole and lies.
fn forged(entries: &Entries, table: &str, change: impl Fn(&mut Value)) -> Entries {
    use sha2::{Digest, Sha256};
    let mut entries = entries.clone();
    let path = format!("tables/{table}.jsonl");
    let (_, content) = entries.iter_mut().find(|(name, _)| *name == path).expect("table");
    let text = String::from_utf8(content.clone()).expect("UTF-8");
    let lines: Vec<String> = text
        .lines()
        .map(|line| {
            let mut row: Value = serde_json::from_str(line).expect("JSON");
            change(&mut row);
            format!("{row}\n")
        })
        .collect();
    *content = lines.concat().into_bytes();
    let sum: String = Sha256::digest(&*content).iter().map(|byte| format!("{byte:02x}")).collect();
    let mut manifest = manifest(&entries);
    for entry in manifest["tables"].as_array_mut().expect("tables") {
        if entry["name"] == table {
            entry["sha256"] = json!(sum);
        }
    }
    let (_, content) = entries.iter_mut().find(|(name, _)| name == "manifest.json").expect("manifest");
    *content = manifest.to_string().into_bytes();
    entries
}

/// The demo garage with a file, a note, a field, a view, a merge, a consent, an objection and an import.
async fn garage(t: &TestApp) -> Persona {
    vision_server::demo::load(&t.app, false).await.expect("demo");
    let mut tx = t.app.db.system().await.expect("begin");
    let (tenant, user): (uuid::Uuid, uuid::Uuid) = sqlx::query_as(
        "SELECT t.id, m.user_id FROM tenants t JOIN memberships m ON m.tenant_id = t.id WHERE t.slug = 'garage-dupre' AND m.email = 'owner@garage.example'",
    )
    .fetch_one(tx.conn())
    .await
    .expect("the garage");
    drop(tx);
    let owner = t.sign_in(tenant, user, "owner@garage.example").await;
    let field = id(&owner.post("/custom-fields", &json!({ "label": "Remise", "kind": "number" })).await.expect(201));
    owner.post(&format!("/custom-fields/{field}/index"), &json!({})).await.expect(202);
    t.run_jobs().await;
    let person = owner
        .contact(&json!({ "last_name": "Voyage", "emails": [{ "email": "voyage@exemple.fr" }], "custom": { "remise": "12,5" } }))
        .await;
    let twin = owner.contact(&json!({ "last_name": "Voyage", "phones": [{ "phone": "0612121212" }] })).await;
    owner.post(&format!("/contacts/{person}/merge"), &json!({ "other_id": twin })).await.expect(200);
    owner.post(&format!("/contacts/{person}/notes"), &json!({ "body": "L’été, « ' ; -- 😀 \u{202e}» " })).await.expect(201);
    owner.attach("contact", &person, "photo.png", include_bytes!("../../../../docs/screenshot.png")).await.expect(201);
    owner
        .post("/views", &json!({ "object": "contact", "name": "Remisés", "shared": true, "filter": {}, "columns": [], "sort": "name" }))
        .await;
    owner.post("/oppositions", &json!({ "addresses": ["jamais@exemple.fr"], "source": "phone" })).await.expect(200);
    let file = "prenom;nom;email\nAda;Lovelace;ada@exemple.fr\n";
    let import = id(&owner.upload("/imports?filename=ada.csv", file.as_bytes().to_vec()).await.expect(201));
    owner.post(&format!("/imports/{import}/start"), &json!({})).await.expect(202);
    t.run_jobs().await;
    vision_crm::files::beat(&t.app).await.expect("beat");
    t.run_jobs().await;
    owner
}

/// What a new company has of its own, or what was translated on the way.
const TRANSLATED: [&str; 5] = ["tenants", "roles", "memberships", "audit_log", "opposition_keys"];

#[tokio::test]
async fn a_company_comes_back_with_equal_rows_and_checksums() {
    let t = TestApp::new().await;
    let owner = garage(&t).await;
    let out = export(&t, &owner).await;
    let before = tables(&out);
    assert!(before["contacts"].0 > 800 && before["timeline"].0 > 1000 && before["files"].0 == 1, "{before:?}");
    assert_eq!(manifest(&out)["missing"], json!([]));
    assert!(out.iter().any(|(name, _)| name == "LISEZMOI.txt"));

    let other = t.owner().await;
    let done = import(&t, &other, &out).await;
    assert_eq!(done["status"], "done", "{done}");
    let back = export(&t, &other).await;
    let after = tables(&back);
    for (table, (rows, sum)) in before.iter().filter(|(table, _)| !TRANSLATED.contains(&table.as_str())) {
        assert_eq!((rows, sum), (&after[table].0, &after[table].1), "{table}");
    }
    let files = |entries: &Entries| manifest(entries)["files"].clone();
    assert_eq!(files(&out), files(&back));
    // The log came along, below what happened here; members came without access; the profile is the one that was left.
    assert!(after["audit_log"].0 > before["audit_log"].0);
    assert_eq!(after["memberships"].0, before["memberships"].0 + 1);
    assert_eq!(other.get("/tenant").await.expect(200)["siren"], owner.get("/tenant").await.expect(200)["siren"]);
    let team = other.get("/users").await.expect(200);
    let active = team["items"].as_array().expect("team").iter().filter(|member| member["status"] == "active").count();
    assert_eq!(active, 1, "{team}");
    let former = team["items"].as_array().expect("team").iter().find(|member| member["status"] != "active").expect("a former member");
    assert_eq!(other.post(&format!("/users/{}/reactivate", id(former)), &json!({})).await.status.as_u16(), 409, "invited, not reactivated");
    // It works: search, the sorted field, the list of objections under its own key, the file and its picture.
    let hit = other.get("/contacts?q=voyage").await.expect(200);
    let person = id(&hit["items"][0]);
    assert_eq!(other.get("/contacts?sort=-custom.remise&limit=1").await.expect(200)["items"][0]["id"], json!(person));
    let listed = other.post("/oppositions", &json!({ "addresses": ["jamais@exemple.fr"], "source": "phone" })).await.expect(200);
    assert_eq!(listed["added"], 0, "MK-17: still on the list");
    let files = other.get(&format!("/files?subject_kind=contact&subject_id={person}")).await.expect(200);
    assert!(files["items"][0]["thumbnail_url"].is_string(), "{files}");
    // Nothing of the first company moved.
    assert_eq!(tables(&export(&t, &owner).await)["contacts"], before["contacts"]);
    // A second time: the company is no longer empty.
    assert_eq!(other.upload("/company/import", packed(&out)).await.status.as_u16(), 409);
}

#[tokio::test]
async fn an_archive_that_was_altered_or_lies_changes_nothing() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let person = owner.contact(&json!({ "last_name": "Voyage", "website": "https://exemple.fr" })).await;
    owner.attach("contact", &person, "mot.txt", b"bonjour").await.expect(201);
    t.run_jobs().await;
    let out = export(&t, &owner).await;
    let empty = t.owner().await;
    let transfer = empty.get("/company/transfer").await.expect(200);
    assert_eq!(transfer["empty"], true);

    let mut flipped = out.clone();
    let (_, content) = flipped.iter_mut().find(|(name, _)| name == "tables/contacts.jsonl").expect("contacts");
    content[10] ^= 1;
    let mut newer = out.clone();
    let (_, content) = newer.iter_mut().find(|(name, _)| name == "manifest.json").expect("manifest");
    *content = String::from_utf8(content.clone()).expect("UTF-8").replace("\"schema\": 2", "\"schema\": 9").into_bytes();
    let elsewhere = format!("../{}/files/x", owner.tenant_id);
    let cases: Vec<(&str, Entries)> = vec![
        ("a flipped bit", flipped),
        ("a newer product", newer),
        ("no manifest", out.iter().filter(|(name, _)| name != "manifest.json").cloned().collect()),
        ("another company's file", forged(&out, "files", |row| row["object_key"] = json!(elsewhere))),
        ("another company's contact", forged(&out, "timeline", |row| row["contact_id"] = json!(uuid::Uuid::from_u128(7)))),
        ("a value out of bounds", forged(&out, "contacts", |row| row["kind"] = json!("robot"))),
    ];
    for (what, entries) in cases {
        let done = import(&t, &empty, &entries).await;
        assert_eq!(done["status"], "failed", "{what}: {done}");
        assert!(done["error"].as_str().is_some_and(|error| error.ends_with('.')), "{what}: {done}");
        assert_eq!(empty.get("/contacts").await.expect(200)["items"], json!([]), "{what}");
        assert_eq!(empty.get("/company/transfer").await.expect(200)["empty"], true, "{what}");
    }
    let nonsense = id(&empty.upload("/company/import", b"not a ZIP".to_vec()).await.expect(202));
    t.run_jobs().await;
    assert_eq!(empty.get(&format!("/jobs/{nonsense}")).await.expect(200)["status"], "failed");
    assert_eq!(empty.upload("/company/import", Vec::new()).await.status.as_u16(), 400);

    // What lies about itself in ways that a database takes is set right: whose row it is, what a click would run, what a file is.
    let sly = forged(&out, "contacts", |row| {
        row["tenant_id"] = json!(owner.tenant_id);
        row["website"] = json!("javascript:alert(1)");
    });
    let sly = forged(&sly, "files", |row| row["media_type"] = json!("image/svg+xml; x"));
    assert_eq!(import(&t, &empty, &sly).await["status"], "done");
    let brought = empty.get(&format!("/contacts/{person}")).await.expect(200);
    assert_eq!(brought["website"], Value::Null);
    let file = &empty.get(&format!("/files?subject_kind=contact&subject_id={person}")).await.expect(200)["items"][0];
    assert_eq!(file["media_type"], "text/plain");

    // Who may not do what an archive does may not bring one.
    let keeper = t.member_with(t.owner().await.tenant_id, &["company.manage", "contacts.import", "contacts.write"], "all").await;
    assert_eq!(keeper.upload("/company/import", packed(&out)).await.status.as_u16(), 403);
    assert_eq!(keeper.post("/company/export", &json!({})).await.status.as_u16(), 403);
}

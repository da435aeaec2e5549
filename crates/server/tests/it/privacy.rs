//! The privacy desk: every column classified, requests with their deadlines, erasure that leaves nothing behind (GD-01 to GD-03).

use axum::http::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use std::collections::BTreeSet;
use std::path::Path;
use vision_crm::privacy::registry::{self, Erasure};
use vision_testkit::{Persona, TestApp, TestDb};

/// Whatever of the canary could be found somewhere.
const CANARIES: [&str; 8] =
    ["quoïbet", "quoibet", "zéphyrine", "zephyrine", "z.canari@plume.example", "612549873", "6 12 54 98 73", "rue du perchoir"];

fn id(value: &Value) -> String {
    value["id"].as_str().expect("id").to_owned()
}

#[tokio::test]
async fn every_column_of_every_table_is_classified() {
    let db = TestDb::new().await;
    let mut conn = db.urls.owner.connect().await.expect("owner");
    let stored: Vec<(String, String)> = sqlx::query_as(
        "SELECT c.relname::text, a.attname::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND c.relname <> '_sqlx_migrations'",
    )
    .fetch_all(&mut conn)
    .await
    .expect("columns");
    let stored: BTreeSet<String> = stored.into_iter().map(|(table, column)| format!("{table}.{column}")).collect();
    let classified: BTreeSet<String> = registry::tables()
        .flat_map(|table| {
            let columns = table.columns.iter().flat_map(|(_, names)| names.split_whitespace());
            columns.map(|column| format!("{}.{column}", table.name)).collect::<Vec<_>>()
        })
        .collect();
    let new: Vec<&String> = stored.difference(&classified).collect();
    assert_eq!(new, Vec::<&String>::new(), "columns without a class: say in crm/privacy whether they are personal");
    let gone: Vec<&String> = classified.difference(&stored).collect();
    assert_eq!(gone, Vec::<&String>::new(), "columns that no longer exist");
    // A table that points at a contact says which rows are the person's.
    let pointing: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT k.conrelid::regclass::text FROM pg_constraint k WHERE k.contype = 'f' AND k.confrelid = 'contacts'::regclass ORDER BY 1",
    )
    .fetch_all(&mut conn)
    .await
    .expect("foreign keys");
    for table in pointing {
        let entry = registry::tables().find(|entry| entry.name == table).expect("classified");
        assert!(entry.rows.is_some() && entry.erasure != Erasure::None, "{table}");
    }
    conn.close().await.expect("closed");
}

/// Every table of the database as text, job queue included; bytes as far as they are text.
async fn dump(t: &TestApp) -> Vec<(String, String)> {
    let mut conn: PgConnection = t.db.urls.owner.connect().await.expect("owner");
    let tables: Vec<(String, String)> = sqlx::query_as(
        "SELECT n.nspname || '.' || quote_ident(c.relname), coalesce((SELECT string_agg(format('encode(%I, ''escape'')', a.attname), ' || ') FROM pg_attribute a
           WHERE a.attrelid = c.oid AND a.atttypid = 'bytea'::regtype AND NOT a.attisdropped), '''''')
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('public', 'jobs') AND c.relkind = 'r'",
    )
    .fetch_all(&mut conn)
    .await
    .expect("tables");
    assert!(tables.iter().any(|(table, _)| table.contains("jobs._private_jobs")));
    let mut out = Vec::new();
    for (table, bytes) in tables {
        let rows: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(format!("SELECT coalesce(to_jsonb(t)::text, '') || coalesce({bytes}, '') FROM {table} t")))
                .fetch_all(&mut conn)
                .await
                .expect("rows");
        out.extend(rows.into_iter().map(|row| (table.clone(), row)));
    }
    conn.close().await.expect("closed");
    out
}

fn files_below(folder: &Path, out: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files_below(&path, out);
        } else {
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()).into_owned();
            out.push((path.display().to_string(), format!("{} {text}", path.display())));
        }
    }
}

/// Where the canary is found: (place, what).
pub(crate) async fn found(t: &TestApp) -> Vec<(String, String)> {
    let mut places = dump(t).await;
    files_below(t.folder.path(), &mut places);
    let mut hits = Vec::new();
    for (place, text) in places {
        let text = text.to_lowercase();
        hits.extend(CANARIES.iter().filter(|canary| text.contains(**canary)).map(|canary| (place.clone(), format!("{canary}: {text}"))));
    }
    hits
}

/// A person in every feature of the product; gives the ids of the contact and of another one that stays.
#[expect(clippy::too_many_lines, reason = "one thing for each feature of the product")]
pub(crate) async fn plant(t: &TestApp, owner: &Persona) -> (String, String) {
    let colleague = t.member(owner.tenant_id, "manager").await;
    for object in ["contact", "entity"] {
        let field = owner.post("/custom-fields", &json!({ "object": object, "label": "Surnom", "kind": "text" })).await.expect(201);
        owner.post(&format!("/custom-fields/{}/index", id(&field)), &json!({})).await.expect(202);
    }
    t.run_jobs().await;
    let other = owner
        .contact(&json!({ "last_name": "Reste", "first_name": "Anatole", "description": "Voisin de Zéphyrine Quoïbet, 06 12 54 98 73" }))
        .await;
    let body = json!({ "first_name": "Zéphyrine", "last_name": "Quoïbet", "emails": [{ "email": "Z.Canari@plume.example" }], "phones": [{ "phone": "06 12 54 98 73" }],
        "addresses": [{ "line1": "4 rue du Perchoir", "postal_code": "69001", "city": "Lyon" }], "description": "Quoïbet aime les canaris", "source": "Zéphyrine elle-même",
        "custom": { "surnom": "Zéphyrine la bavarde" }, "tags": ["Zéphyrine Quoïbet"] });
    let created = owner.call(Method::POST, "/contacts", Some(&body), &[("idempotency-key", "canari")]).await.expect(201);
    let person = id(&created);
    owner
        .patch_if(
            &format!("/contacts/{person}"),
            created["version"].as_i64().expect("version"),
            &json!({ "job_title": "Chanteuse, dite Quoïbet" }),
        )
        .await
        .expect(200);
    let twin = owner
        .contact(&json!({ "first_name": "Zephyrine", "last_name": "QUOIBET", "emails": [{ "email": "z.canari@plume.example" }] }))
        .await;
    owner.post(&format!("/contacts/{twin}/notes"), &json!({ "body": "Jumelle de Quoïbet" })).await.expect(201);
    owner.post(&format!("/contacts/{person}/merge"), &json!({ "other_id": twin })).await.expect(200);
    let company = owner.contact(&json!({ "kind": "company", "company_name": "Volière SARL" })).await;
    owner.put(&format!("/contacts/{person}/companies/{company}"), &json!({ "role": "Mme Quoïbet" })).await.expect(200);
    let mention = json!({ "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": "Quoïbet rappelle " }, { "type": "mention", "id": colleague.user_id, "label": "x" }] }] });
    let note = owner.post(&format!("/contacts/{person}/notes"), &json!({ "doc": mention })).await.expect(201);
    owner
        .patch_if(&format!("/notes/{}", id(&note)), note["version"].as_i64().expect("version"), &json!({ "body": "Zéphyrine viendra" }))
        .await
        .expect(200);
    owner
        .post(
            &format!("/contacts/{other}/notes"),
            &json!({ "body": "Vient de la part de Mme QUOIBET (z.canari@plume.example, +33 6.12.54.98.73) et de Quoïbet Zéphyrine" }),
        )
        .await
        .expect(201);
    for subject in [&person, &other] {
        let task = json!({ "title": "Appeler Zéphyrine Quoïbet", "subject": { "kind": "contact", "id": subject }, "assignee_id": colleague.user_id });
        let task = id(&owner.post("/tasks", &task).await.expect(201));
        owner.post("/tasks/bulk", &json!({ "ids": [task], "action": { "type": "snooze", "until": "tomorrow" } })).await.expect(200);
    }
    owner.attach("contact", &person, "Quoïbet.txt", "Zéphyrine Quoïbet".as_bytes()).await.expect(201);
    let car = owner
        .post(
            "/entities",
            &json!({ "plate": "AB-123-CD", "name": "Auto de Zéphyrine Quoïbet", "description": "clé chez Quoïbet", "contact_id": person,
                "custom": { "surnom": "La Quoïbet mobile" } }),
        )
        .await
        .expect(201);
    owner.attach("entity", &id(&car), "carte grise Quoïbet.txt", "Quoïbet".as_bytes()).await.expect(201);
    let consent =
        json!({ "channels": ["email"], "purposes": ["offers"], "granted": true, "source": "paper", "reference": "Fiche de Quoïbet" });
    owner.post(&format!("/contacts/{person}/consents"), &consent).await.expect(201);
    let bulk = json!({ "selection": { "ids": [person, other] }, "action": { "type": "add_tags", "tags": ["vu"] } });
    owner.post("/contacts/bulk", &bulk).await.expect(202);
    // An import that matches the person, one that refuses a line about them, one that was never begun.
    let file =
        "prenom;nom;email;telephone\nZéphyrine;Quoïbet;z.canari@plume.example;0612549873\nZéphyrine;Quoïbet;pas une adresse;0612549873\n";
    let import = id(&owner.upload("/imports?filename=Zephyrine%20Quoibet.csv", file.as_bytes().to_vec()).await.expect(201));
    owner.post(&format!("/imports/{import}/start"), &json!({})).await.expect(202);
    owner.upload("/imports?filename=attente.csv", file.as_bytes().to_vec()).await.expect(201);
    t.run_jobs().await;
    // The result of an export job, as it lies in the store.
    let export = json!({ "selection": { "filter": { "q": "quoibet" } }, "action": { "type": "add_tags", "tags": ["chant"] } });
    owner.post("/contacts/bulk", &export).await.expect(202);
    t.run_jobs().await;
    let key = format!("{}/exports/canari", owner.tenant_id);
    t.app.files.put(&key, "Quoïbet;Zéphyrine".into()).await.expect("file");
    let mut tx = t.app.db.begin_as_system(owner.tenant_id).await.expect("begin");
    sqlx::query("UPDATE background_jobs SET file_key = $2, file_name = 'Zéphyrine Quoïbet.csv' WHERE tenant_id = $1")
        .bind(owner.tenant_id)
        .bind(&key)
        .execute(tx.conn())
        .await
        .expect("job");
    tx.commit().await.expect("commit");
    // A mail to the person that waits, and one that was sent.
    let message = |id: uuid::Uuid, to: &str| json!({ "message": { "id": id, "to": to, "from": "garage@exemple.fr", "subject": "Bonjour Zéphyrine Quoïbet", "html": "<p>Quoïbet</p>", "text": "Quoïbet" } });
    let mut tx = t.app.db.system().await.expect("begin");
    sqlx::query("INSERT INTO test_mailbox_messages (id, recipient, sender, subject, html, body, created_at) VALUES ($1, 'z.canari@plume.example', 'g@x.fr', 'Quoïbet', '', '', now())")
        .bind(t.app.clock.new_id())
        .execute(tx.conn())
        .await
        .expect("mail");
    for to in ["z.canari@plume.example", "collegue@exemple.fr"] {
        let mut message = message(t.app.clock.new_id(), to);
        if to.starts_with("collegue") {
            message["message"]["html"] = json!("<p>Zéphyrine Quoïbet</p>");
            message["message"]["text"] = json!("Zéphyrine Quoïbet");
        }
        sqlx::query("SELECT jobs.add_job(identifier => 'mail_send', payload => $1::json, run_at => now() + interval '1 day')")
            .bind(json!({ "tenant": owner.tenant_id, "p": { "actor": { "kind": "system", "id": owner.user_id, "name": "x" }, "job": message } }))
            .execute(tx.conn())
            .await
            .expect("job");
    }
    tx.commit().await.expect("commit");
    (person, other)
}

#[tokio::test]
async fn an_erased_person_is_found_nowhere_in_the_database_the_files_and_the_search() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let (person, other) = plant(&t, &owner).await;
    let places: BTreeSet<String> = found(&t).await.into_iter().map(|(place, _)| place).collect();
    for table in [
        "contacts",
        "contact_keys",
        "contact_merges",
        "timeline",
        "audit_log",
        "notes",
        "note_versions",
        "notifications",
        "tasks",
        "entities",
        "entity_values",
        "contact_values",
        "consents",
        "files",
        "imports",
        "import_rows",
        "background_jobs",
        "test_mailbox_messages",
        "idempotency_keys",
        "tags",
        "contact_companies",
    ] {
        assert!(places.contains(&format!("public.{table}")), "nothing planted in {table}: {places:?}");
    }
    assert!(places.contains("jobs._private_jobs") && places.iter().any(|place| place.starts_with('/')), "{places:?}");

    let preview = owner.get(&format!("/contacts/{person}/erasure")).await.expect(200);
    assert_eq!(preview["confirm"], "Zéphyrine Quoïbet");
    assert!(preview["holds"].as_array().expect("holds").iter().all(|hold| hold["blocks"] == false), "{preview}");
    let wrong = owner.post(&format!("/contacts/{person}/erasure"), &json!({ "confirm": "Zéphyrine" })).await;
    assert_eq!(wrong.pointers(), ["/confirm"]);
    let job = owner
        .call(
            Method::POST,
            &format!("/contacts/{person}/erasure"),
            Some(&json!({ "confirm": "zephyrine quoibet" })),
            &[("idempotency-key", "effacer")],
        )
        .await
        .expect(202);
    // A double click.
    let again = owner.post(&format!("/contacts/{person}/erasure"), &json!({ "confirm": "Zéphyrine Quoïbet" })).await;
    assert_eq!(again.status.as_u16(), 409);
    t.run_jobs().await;
    assert_eq!(owner.get(&format!("/jobs/{}", id(&job))).await.expect(200)["status"], "done");

    assert_eq!(found(&t).await, Vec::<(String, String)>::new());
    for search in [
        "/contacts?q=quoibet",
        "/contacts?archived=true&q=zephyrine",
        "/entities?q=quoibet",
        "/tasks?view=all&q=quoibet",
        "/contacts/lookalikes?email=z.canari@plume.example",
    ] {
        assert_eq!(owner.get(search).await.expect(200)["items"], json!([]), "{search}");
    }
    // What is somebody else's stays, and so does the car.
    let rest = owner.get(&format!("/contacts/{other}")).await.expect(200);
    assert_eq!(rest["description"], "Voisin de [effacé], [effacé]");
    assert_eq!(owner.get("/entities?q=ab123cd").await.expect(200)["items"].as_array().expect("items").len(), 1);
    // The row is a shell that cannot be brought back.
    let shell = owner.get(&format!("/contacts/{person}")).await.expect(200);
    assert_eq!((shell["display_name"].as_str(), shell["emails"].clone()), (Some("Personne effacée"), json!([])));
    owner.post(&format!("/contacts/{person}/restore"), &json!({})).await;
    assert!(owner.get(&format!("/contacts/{person}")).await.expect(200)["archived_at"].is_string());
    assert_eq!(owner.get(&format!("/contacts/{person}/erasure")).await.status.as_u16(), 409);
    // MK-17: a list from elsewhere does not write to them again.
    let check = owner
        .post("/oppositions", &json!({ "addresses": ["Z.Canari@plume.example", "+33612549873"], "source": "other" }))
        .await
        .expect(200);
    assert_eq!(check["added"], 0);
    // The certificate says what was done, to nobody by name.
    let log = owner.get("/privacy/requests").await.expect(200);
    let request = &log["items"][0];
    assert_eq!((request["status"].as_str(), request["person"].clone()), (Some("answered"), Value::Null));
    let statement = &request["certificate"]["statement"];
    assert!(
        statement["rows"]["notes"].as_u64() >= Some(2) && statement["subject_hashes"].as_array().expect("hashes").len() == 2,
        "{statement}"
    );
    assert_eq!(request["certificate"]["signature"].as_str().map(str::len), Some(64));
}

#[tokio::test]
async fn an_erasure_that_was_killed_goes_on_and_repeating_its_steps_changes_nothing() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let (person, _) = plant(&t, &owner).await;
    let job = id(&owner.post(&format!("/contacts/{person}/erasure"), &json!({ "confirm": "Zéphyrine Quoïbet" })).await.expect(202));
    t.run_jobs().await;
    // As after a kill between the end of the last step and its being noted.
    let mut tx = t.app.db.begin_as_system(owner.tenant_id).await.expect("begin");
    sqlx::query("UPDATE background_jobs SET status = 'running', finished_at = NULL WHERE tenant_id = $1 AND id = $2")
        .bind(owner.tenant_id)
        .bind(uuid::Uuid::try_parse(&job).expect("id"))
        .execute(tx.conn())
        .await
        .expect("job");
    tx.commit().await.expect("commit");
    let before = owner.get("/privacy/requests").await.expect(200);
    let mut tx = t.app.db.system().await.expect("begin");
    sqlx::query("SELECT jobs.add_job(identifier => 'privacy_erase', payload => $1::json)")
        .bind(json!({ "tenant": owner.tenant_id, "p": { "actor": { "kind": "user", "id": owner.user_id, "name": "x" }, "job": { "job_id": job } } }))
        .execute(tx.conn())
        .await
        .expect("job");
    tx.commit().await.expect("commit");
    t.run_jobs().await;
    assert_eq!(owner.get(&format!("/jobs/{job}")).await.expect(200)["status"], "done");
    assert_eq!(owner.get("/privacy/requests").await.expect(200), before);
    assert_eq!(found(&t).await, Vec::<(String, String)>::new());
}

#[tokio::test]
async fn a_namesake_and_a_shared_address_are_left_alone() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let person = |email: &str| json!({ "first_name": "Jean", "last_name": "Martin", "emails": [{ "email": email }, { "email": "famille@exemple.fr" }] });
    let (one, two) = (owner.contact(&person("a@exemple.fr")).await, owner.contact(&person("b@exemple.fr")).await);
    let note = json!({ "body": "Jean Martin : famille@exemple.fr, pas a@exemple.fr" });
    owner.post(&format!("/contacts/{two}/notes"), &note).await.expect(201);
    assert_eq!(owner.get(&format!("/contacts/{one}/erasure")).await.expect(200)["shared"], 1);
    owner.post(&format!("/contacts/{one}/erasure"), &json!({ "confirm": "Jean Martin", "oppose": false })).await.expect(202);
    t.run_jobs().await;
    let notes = owner.get(&format!("/contacts/{two}/notes")).await.expect(200);
    assert_eq!(notes["items"][0]["body"], "Jean Martin : famille@exemple.fr, pas [effacé]");
    assert_eq!(owner.get(&format!("/contacts/{two}")).await.expect(200)["emails"].as_array().expect("emails").len(), 2);
}

#[tokio::test]
async fn a_request_is_due_after_a_month_can_be_extended_once_and_a_restriction_stops_an_erasure() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let contact = owner.contact(&json!({ "last_name": "Dupré" })).await;
    let body = json!({ "kind": "restriction", "contact_id": contact });
    let request = owner.post("/privacy/requests", &body).await.expect(201);
    assert_eq!((request["urgency"].as_str(), request["person"].as_str()), (Some("open"), Some("Dupré")));
    let held = owner.post(&format!("/contacts/{contact}/erasure"), &json!({ "confirm": "Dupré" })).await;
    assert_eq!((held.status.as_u16(), held.json["reason"].as_str()), (409, Some("restriction")));
    // GD-01: day 25.
    t.advance(jiff::SignedDuration::from_hours(24 * 26));
    let owner = t.sign_in(owner.tenant_id, owner.user_id, &owner.email).await;
    let path = format!("/privacy/requests/{}", id(&request));
    assert_eq!(owner.get(&path).await.expect(200)["urgency"], "soon");
    let longer = owner.patch_if(&path, 1, &json!({ "extension_reason": "Recherches dans les archives papier" })).await.expect(200);
    assert!(longer["due_on"].as_str() > request["due_on"].as_str() && longer["urgency"] == "open");
    assert_eq!(owner.patch(&path, &json!({ "extension_reason": "Encore" })).await.pointers(), ["/extension_reason"]);
    assert_eq!(owner.patch(&path, &json!({ "refused": true })).await.pointers(), ["/answer"]);
    let done = owner.patch(&path, &json!({ "answer": "Données conservées et bloquées", "identity": "verified" })).await.expect(200);
    assert_eq!((done["status"].as_str(), done["urgency"].as_str()), (Some("answered"), Some("closed")));
    assert_eq!(owner.patch(&path, &json!({ "answer": "x" })).await.status.as_u16(), 409);
    assert_eq!(owner.post("/privacy/requests", &json!({ "kind": "access" })).await.pointers(), ["/person_name"]);
    assert_eq!(
        owner.post("/privacy/requests", &json!({ "kind": "access", "person_name": "X", "received_on": "2099-01-01" })).await.pointers(),
        ["/received_on"]
    );
    // Neither the right alone nor somebody else's contact.
    let half = t.member_with(owner.tenant_id, &["contacts.read", "company.manage"], "all").await;
    assert_eq!(half.get(&format!("/contacts/{contact}/erasure")).await.status.as_u16(), 403);
}

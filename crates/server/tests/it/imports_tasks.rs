//! Files of tasks: headers, moments, members, whom they are about, duplicates, undo.

use crate::imports::{rows, step};
use serde_json::{Value, json};
use vision_testkit::{Persona, TestApp};

async fn upload(who: &Persona, file: &str) -> Value {
    who.upload("/imports?filename=taches.csv&target=tasks", file.as_bytes().to_vec()).await.expect(201)
}

fn id(value: &Value) -> String {
    value["id"].as_str().expect("id").to_owned()
}

/// Imports a file as it is understood; gives the finished import, which must keep the promise of its dry run.
async fn run(t: &TestApp, who: &Persona, file: &str, choices: Value) -> Value {
    let import = id(&upload(who, file).await);
    who.patch(&format!("/imports/{import}"), &choices).await.expect(200);
    let rehearsed = step(t, who, &import, "dry-run").await["report"].clone();
    let done = step(t, who, &import, "start").await;
    for count in ["rows", "created", "matched", "rejected", "warnings"] {
        assert_eq!(done["report"][count], rehearsed[count], "{count}: the dry run promised something else");
    }
    done
}

async fn tasks(who: &Persona, view: &str) -> Vec<Value> {
    who.get(&format!("/tasks?view={view}&sort=created&limit=100")).await.expect(200)["items"].as_array().expect("items").clone()
}

fn titled<'a>(tasks: &'a [Value], title: &str) -> &'a Value {
    tasks.iter().find(|task| task["title"] == title).unwrap_or_else(|| panic!("{title} in {tasks:?}"))
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

#[tokio::test]
async fn a_file_of_tasks_becomes_tasks_of_members_about_contacts() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let bob = t.member(owner.tenant_id, "member").await;
    let contact =
        owner.contact(&json!({ "first_name": "Éloïse", "last_name": "D’Hérouville", "phones": [{ "phone": "0612345678" }] })).await;
    let car = id(&owner.post("/entities", &json!({ "plate": "AB-123-CD", "contact_id": contact })).await.expect(201));
    let unowned = id(&owner.post("/entities", &json!({ "plate": "FG-456-HJ" })).await.expect(201));
    let file = format!(
        "Type;Titre;Échéance;Heure;Priorité;Assigné à;Client;Tél;Immat;Statut;Fait le;Issue;Notes\n\
         RDV;Essai 🚗;24/11/2026;14h30;Haute;{};D'HÉROUVILLE Éloïse;;;À faire;;;Amener\n\
         appel;Rappeler;31/02/2026;;;Camille member;;06 12 34 56 78;;;;;\n\
         Appel;Devis;2026-11-20;;Basse;;;;ab 123 cd;Terminé;21/11/2026 9h;absent;\n\
         ;Pneus;25/11/26;;énorme;Zoé Inconnue;Martin;;;Terminée;;tout bon;\n\
         ;Vidange;;9h;;;;;FG 456 HJ;;;;\n\
         ;  ;;;;;;;;;;;\n\
         planète;Trop tard;;;;;;;ZZ-999-ZZ;En cours;;peut-être;\n\
         ;Essuie-glaces;;;;;Éloïse D’Hérouville;;FG-456-HJ;;;;\n",
        bob.email.to_uppercase()
    );
    let uploaded = upload(&owner, &file).await;
    assert_eq!((uploaded["target"].as_str(), uploaded["duplicates"].as_str()), (Some("tasks"), Some("skip")));
    let done = run(&t, &owner, &file, json!({})).await;
    assert_eq!((done["report"]["created"].as_i64(), done["report"]["rejected"].as_i64()), (Some(7), Some(1)), "{done}");
    assert_eq!(
        codes(&owner, &done).await,
        [
            "2 due_date invalid",
            "4 priority invalid",
            "4 contact_name contact_unknown",
            "4 assignee member_unknown",
            "5 due_time no_day",
            "7 task_kind invalid",
            "7 plate plate_unknown",
            "7 outcome not_done",
            "8 plate plate_not_theirs"
        ]
    );
    let open = tasks(&owner, "open").await;
    let trial = titled(&open, "Essai 🚗");
    assert_eq!((trial["kind"].as_str(), trial["priority"].as_str()), (Some("meeting"), Some("high")));
    assert_eq!((trial["due_at"].as_str(), trial["due_time"].as_str()), (Some("2026-11-24T13:30:00Z"), Some("14:30")), "on our clock");
    assert_eq!(trial["assignee"]["id"], json!(bob.user_id), "by e-mail, whatever its capitals");
    assert_eq!(trial["subject"]["id"].as_str(), Some(contact.as_str()), "by name in any order");
    let call = titled(&open, "Rappeler");
    assert_eq!((call["kind"].as_str(), &call["due_date"]), (Some("call"), &Value::Null));
    assert_eq!(call["subject"]["id"].as_str(), Some(contact.as_str()), "by phone");
    assert_eq!(call["assignee"]["id"], json!(bob.user_id), "by name");
    assert_eq!(titled(&open, "Vidange")["assignee"], Value::Null, "the file says that it is nobody's");
    let oil = titled(&open, "Vidange");
    assert_eq!((oil["subject"]["id"].as_str(), &oil["description"]), (Some(unowned.as_str()), &Value::Null), "about the vehicle");
    assert_eq!(titled(&open, "Trop tard")["description"], "ZZ-999-ZZ", "a plate that leads nowhere is not lost");
    let wipers = titled(&open, "Essuie-glaces");
    assert_eq!((wipers["subject"]["id"].as_str(), wipers["description"].as_str()), (Some(contact.as_str()), Some("FG-456-HJ")));
    let ended = tasks(&owner, "done").await;
    let quote = titled(&ended, "Devis");
    assert_eq!((quote["done_at"].as_str(), quote["outcome"].as_str()), (Some("2026-11-21T08:00:00Z"), Some("no_answer")));
    assert_eq!(quote["subject"], json!({ "kind": "entity", "id": car, "label": "AB-123-CD" }));
    let theirs = owner.get(&format!("/tasks?view=all&contact={contact}")).await.expect(200).to_string();
    assert!(theirs.contains("Devis"), "what is about their vehicle is among their tasks: {theirs}");
    let tyres = titled(&ended, "Pneus");
    assert_eq!((tyres["result"].as_str(), &tyres["outcome"]), (Some("tout bon"), &Value::Null), "words of its own are kept");
    assert_eq!(tyres["assignee"]["id"], json!(owner.user_id), "an unknown member's is left to whoever imports");
    // What happened stands in the contact's history, once for the whole file in the audit log.
    let timeline = owner.get(&format!("/contacts/{contact}/timeline")).await.expect(200).to_string();
    assert_eq!(timeline.matches("task.created").count(), 4, "{timeline}");
    let audit = owner.get("/audit-log?limit=100").await.expect(200).to_string();
    assert!(audit.contains("import.done") && !audit.contains("task.created"), "{audit}");
    let rejects = owner.get(&format!("/imports/{}/rejects", id(&done))).await;
    assert!(rejects.text.contains("pas de titre"), "{}", rejects.text);

    // Whatever somebody has changed since stays.
    let path = format!("/tasks/{}", id(call));
    owner.patch(&path, &json!({ "priority": "high" })).await.expect(200);
    let undone = step(&t, &owner, &id(&done), "undo").await;
    assert_eq!(undone["report"]["undo"], json!({ "deleted": 6, "restored": 0, "kept": 1 }));
    assert_eq!((tasks(&owner, "open").await.len(), tasks(&owner, "done").await.len()), (1, 0));
    let timeline = owner.get(&format!("/contacts/{contact}/timeline")).await.expect(200).to_string();
    assert_eq!(timeline.matches("task.deleted").count(), 3, "{timeline}");
}

#[tokio::test]
async fn a_known_task_is_skipped_and_twice_in_one_file_is_once() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let contact = owner.contact(&json!({ "last_name": "Dupré" })).await;
    let known = owner
        .post("/tasks", &json!({ "title": "Café", "due_date": "2026-12-01", "subject": { "kind": "contact", "id": contact } }))
        .await
        .expect(201);
    let file = "Titre;Échéance;Client\nCAFE;01/12/2026;Dupré\nCafé;01/12/2026;\nCafé ;2026-12-01;\nCafé;02/12/2026;Dupré\n";
    let done = run(&t, &owner, file, json!({})).await;
    assert_eq!((done["report"]["created"].as_i64(), done["report"]["matched"].as_i64()), (Some(2), Some(2)));
    let matched = rows(&owner, &id(&done), "matched").await;
    assert_eq!((matched[0]["record_id"].as_str(), matched[1]["row"].as_i64()), (Some(id(&known).as_str()), Some(3)));
    let again = run(&t, &owner, file, json!({})).await;
    assert_eq!((again["report"]["created"].as_i64(), again["report"]["matched"].as_i64()), (Some(0), Some(4)));
    // Undoing what made nothing takes nothing away.
    step(&t, &owner, &id(&again), "undo").await;
    assert_eq!(tasks(&owner, "open").await.len(), 3);
    run(&t, &owner, file, json!({ "duplicates": "create" })).await;
    assert_eq!(tasks(&owner, "open").await.len(), 7);
    let import = id(&upload(&owner, file).await);
    assert_eq!(owner.patch(&format!("/imports/{import}"), &json!({ "duplicates": "fill" })).await.pointers(), ["/duplicates"]);
}

#[tokio::test]
async fn an_outlook_export_is_understood_as_it_is() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let file = "\"Objet\",\"Date de début\",\"Date d'échéance\",\"Date d'achèvement\",\"% achevé\",\"Contacts\",\"Notes\",\"Priorité\",\"Statut\"\n\
        \"Bilan\",\"1/12/2026\",\"4/12/2026\",\"0/0/00\",\"0\",\"\",\"Deux\nlignes\",\"Haute\",\"Non commencée\"\n\
        \"TVA\",\"\",\"0/0/00\",\"20/11/2026\",\"1\",\"\",\"\",\"Normale\",\"Terminée\"\n";
    let done = run(&t, &owner, file, json!({})).await;
    assert_eq!((done["report"]["created"].as_i64(), done["report"]["warnings"].as_i64()), (Some(2), Some(0)), "{done}");
    let open = tasks(&owner, "open").await;
    let audit = titled(&open, "Bilan");
    assert_eq!((audit["due_date"].as_str(), audit["description"].as_str()), (Some("2026-12-04"), Some("Deux\nlignes")));
    assert_eq!(audit["assignee"]["id"], json!(owner.user_id), "a file that names nobody is one's own list");
    assert_eq!(tasks(&owner, "done").await.len(), 1);
}

#[tokio::test]
async fn rights_and_scope_hold_for_files_of_tasks() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let reader = t.member_with(owner.tenant_id, &["contacts.read", "contacts.write", "contacts.import", "tasks.read"], "all").await;
    let refused = reader.upload("/imports?filename=a.csv&target=tasks", b"Titre\nx\n".to_vec()).await;
    assert_eq!((refused.status.as_u16(), refused.json["permission"].as_str()), (403, Some("tasks.write")));
    // Who sees only what is theirs: another's contact is not linked, another's task is no twin, and neither is given away.
    let hidden = owner.contact(&json!({ "last_name": "Cachée", "emails": [{ "email": "cachee@exemple.fr" }] })).await;
    owner.post("/entities", &json!({ "plate": "AB-123-CD", "contact_id": hidden })).await.expect(201);
    owner.post("/tasks", &json!({ "title": "Secret" })).await.expect(201);
    let rights = ["contacts.read", "contacts.import", "tasks.read", "tasks.write"];
    let member = t.member_with(owner.tenant_id, &rights, "own").await;
    let done = run(&t, &member, "Titre;E-mail;Immat\nSecret;;\nVisite;cachee@exemple.fr;\nPneus;;AB-123-CD\n", json!({})).await;
    assert_eq!((done["report"]["created"].as_i64(), done["report"]["matched"].as_i64()), (Some(3), Some(0)));
    assert_eq!(codes(&member, &done).await, ["2 contact_name contact_hidden", "3 plate plate_unknown"]);
    assert!(tasks(&member, "open").await.iter().all(|task| task["subject"] == Value::Null));
    assert_eq!(tasks(&member, "open").await.len(), 3);
    // Without the right to read contacts nobody is looked for.
    let blind = t.member_with(owner.tenant_id, &["contacts.import", "tasks.read", "tasks.write"], "all").await;
    let done = run(&t, &blind, "Titre;Client;Immat\nVisite;Cachée;\nPneus;;AB-123-CD\n", json!({})).await;
    assert_eq!(codes(&blind, &done).await, ["1 contact_name contact_hidden", "2 plate plate_unknown"]);
}

#[tokio::test]
async fn a_member_to_whom_an_import_gives_tasks_is_told_once_as_they_wish() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let (bob, ana) = (t.member(owner.tenant_id, "member").await, t.member(owner.tenant_id, "member").await);
    let silent =
        json!({ "choices": [{ "kind": "task_assigned", "in_app": false, "email": "never" }], "quiet_hours": null, "digest_hour": 9 });
    ana.patch("/me/notification-settings", &silent).await.expect(200);
    let line = |title: &str, who: &Persona, status: &str| format!("{title};{};{status}\n", who.email);
    let file = ["Titre;Assigné à;Statut\n".to_owned()]
        .into_iter()
        .chain((0..3).map(|n| line(&format!("Pneus {n}"), &bob, "À faire")))
        .chain([line("Fini", &bob, "Terminé"), line("Vidange", &ana, ""), line("À moi", &owner, "")])
        .collect::<String>();
    run(&t, &owner, &file, json!({})).await;
    t.run_jobs().await;
    let told = async |who: &Persona| {
        let all = who.get("/notifications").await.expect(200)["items"].as_array().expect("items").clone();
        all.into_iter().filter(|one| one["kind"] == "task_assigned").collect::<Vec<_>>()
    };
    let bobs = told(&bob).await;
    assert_eq!(bobs.len(), 1, "{bobs:?}");
    assert_eq!((bobs[0]["label"].as_str(), bobs[0]["data"]["count"].as_i64()), (Some("Pneus 0"), Some(3)), "what is done is no news");
    assert_eq!((told(&ana).await.len(), told(&owner).await.len()), (0, 0));
}

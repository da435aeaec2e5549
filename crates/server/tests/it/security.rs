//! Generated from the OpenAPI document: every operation refuses strangers, people without the permission, and other tenants' ids.
//! There is no allow-list: an operation that this cannot call is an error to mend here.

use axum::http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use vision_testkit::{Persona, TestApp};

struct Operation {
    id: String,
    method: Method,
    path: String,
    /// `None` for a public operation, else the permissions needed.
    scopes: Option<Vec<String>>,
    /// Names of the path parameters that are ids.
    ids: Vec<String>,
    tag: String,
}

fn operations() -> Vec<Operation> {
    let document: Value = serde_json::to_value(vision_server::wiring::openapi()).expect("document");
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("item").iter().filter(|(_, operation)| operation.get("operationId").is_some()) {
            let scopes = operation["security"]
                .as_array()
                .and_then(|list| list.first())
                .map(|scheme| scheme["session"].as_array().expect("scopes").iter().filter_map(Value::as_str).map(str::to_owned).collect());
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let ids = parameters
                .iter()
                .filter(|parameter| parameter["in"] == "path" && parameter["schema"]["format"] == "uuid")
                .filter_map(|parameter| parameter["name"].as_str().map(str::to_owned))
                .collect();
            found.push(Operation {
                id: operation["operationId"].as_str().expect("id").to_owned(),
                method: method.to_uppercase().parse().expect("method"),
                path: path.strip_prefix(vision_server::wiring::API).expect("base").to_owned(),
                scopes,
                ids,
                tag: operation["tags"][0].as_str().unwrap_or_default().to_owned(),
            });
        }
    }
    assert!(found.len() > 60, "the document lists the operations");
    found
}

/// A body that every handler can read, so that what is tested is the right and not the shape.
fn body(operation: &Operation) -> Option<Value> {
    let mut value = json!({ "name": "Essai", "permissions": [], "visibility": "all", "body": "Essai", "email": "a@exemple.fr", "password": "cheval agrafe pile",
        "role_id": "00000000-0000-0000-0000-000000000000", "user_id": "00000000-0000-0000-0000-000000000000", "tenant_id": "00000000-0000-0000-0000-000000000000",
        "selection": { "ids": ["00000000-0000-0000-0000-000000000000"] }, "action": { "type": "archive" }, "format": "csv", "code": "000000",
        "current_password": "x", "new_password": "y", "token": "t", "mfa_token": "t", "challenge_id": "00000000-0000-0000-0000-000000000000", "credential": {},
        "full_name": "Essai", "company_name": "Essai", "label": "Essai", "object": "contact", "ids": ["00000000-0000-0000-0000-000000000000"], "title": "Essai", "distinct": true, "groups": [],
        "other_id": "00000000-0000-0000-0000-000000000000",
        "size": 1, "subject": { "kind": "contact", "id": "00000000-0000-0000-0000-000000000000" },
        "value": 1000, "report": "sales", "paused": true, "from": "2020-01-01", "to": "2020-01-31", "contact_id": "00000000-0000-0000-0000-000000000000" });
    if operation.path.starts_with("/recurring-invoices") {
        (value["frequency"], value["starts_on"], value["mode"]) = (json!("monthly"), json!("2099-01-31"), json!("draft"));
    }
    if operation.path.starts_with("/custom-fields") {
        value["kind"] = json!("text");
    }
    if operation.path.contains("erasure") {
        value["confirm"] = json!("Essai");
    }
    if operation.path.ends_with("/payments") {
        (value["method"], value["amount_minor"]) = (json!("card"), json!(1));
    }
    if operation.path.starts_with("/orders/") {
        for key in ["mention", "reason", "template_name"] {
            value[key] = json!("Essai");
        }
        (value["by"], value["kind"], value["mode"]) = (json!("customer"), json!("deposit"), json!("in_person"));
    }
    if operation.path.ends_with("/send") {
        value["subject"] = json!("Essai");
    }
    if operation.path.ends_with("/refunds") {
        (value["reason"], value["amount_minor"]) = (json!("Essai"), json!(1));
    }
    if operation.path.ends_with("/reverse") || operation.path.ends_with("/credit-notes") {
        value["reason"] = json!("Essai");
    }
    if operation.path.contains("consent") || operation.path.contains("opposition") {
        for (key, part) in [
            ("channels", json!(["email"])),
            ("purposes", json!(["offers"])),
            ("granted", json!(false)),
            ("source", json!("phone")),
            ("purpose", json!("offers")),
            ("address", json!("a@exemple.fr")),
            ("addresses", json!(["a@exemple.fr"])),
            ("reason", json!("Essai")),
        ] {
            value[key] = part;
        }
    }
    (operation.method != Method::GET && operation.method != Method::DELETE).then_some(value)
}

fn fill(operation: &Operation, id: impl Fn(&str, &str) -> String) -> String {
    let mut path = operation.path.clone();
    for name in &operation.ids {
        let place = format!("{{{name}}}");
        let before = path.split(&place).next().unwrap_or_default().trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
        path = path.replacen(&place, &id(name, &before), 1);
    }
    let path = path.replace("{siren}", "732829320").replace("{token}", "x");
    if operation.path == "/imports" && operation.method == Method::POST { format!("{path}?filename=a.csv") } else { path }
}

async fn call(who: &Persona, operation: &Operation, path: &str) -> vision_testkit::Answer {
    // The live stream does not end: only its refusal can be read.
    who.call(operation.method.clone(), path, body(operation).as_ref(), &[]).await
}

const NIL: &str = "00000000-0000-0000-0000-000000000000";

#[tokio::test]
async fn a_stranger_gets_401_everywhere_but_at_the_door() {
    let t = TestApp::new().await;
    let stranger = t.stranger();
    for operation in operations() {
        let path = fill(&operation, |_, _| NIL.to_owned());
        if operation.scopes.is_none() {
            assert_eq!(operation.tag, "auth", "{}: only sign-in is public", operation.id);
            continue;
        }
        let answer = call(&stranger, &operation, &path).await;
        assert_eq!(answer.status.as_u16(), 401, "{}: {}", operation.id, answer.text);
        assert_eq!(answer.code(), "unauthenticated", "{}", operation.id);
    }
}

#[tokio::test]
async fn a_member_without_the_permission_gets_403() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for operation in operations() {
        let Some(scopes) = operation.scopes.as_ref().filter(|scopes| !scopes.is_empty()) else { continue };
        // Everything but what the operation asks for: one right never implies another.
        let others: Vec<&str> = vision_kernel::Permission::ALL
            .iter()
            .map(|permission| permission.key())
            .filter(|key| !scopes.iter().any(|scope| scope == key))
            .collect();
        let nobody = t.member_with(owner.tenant_id, &others, "all").await;
        let path = fill(&operation, |_, _| NIL.to_owned());
        let answer = call(&nobody, &operation, &path).await;
        assert_eq!(answer.status.as_u16(), 403, "{}: {}", operation.id, answer.text);
        assert_eq!(answer.json["permission"].as_str(), scopes.first().map(String::as_str), "{}", operation.id);
    }
}

/// An invoice that was issued and a payment of it.
async fn paid_invoice(owner: &Persona) -> (String, String) {
    let seat = json!({ "legal_form": "EI", "siren": "732829320", "address_line1": "1 rue", "postal_code": "69003", "city": "Lyon" });
    owner.patch("/tenant", &seat).await.expect(200);
    let buyer = owner.contact(&json!({ "last_name": "Payeur", "addresses": [{ "line1": "1 rue", "city": "Lyon" }] })).await;
    let lines = json!([{ "label": "secret", "quantity": "1", "unit_price": "10", "vat_rate": "20" }]);
    let made = owner.post("/invoices", &json!({ "contact_id": buyer, "title": "secret", "lines": lines })).await.expect(201);
    let invoice = made["id"].as_str().expect("id").to_owned();
    owner.post(&format!("/invoices/{invoice}/issue"), &json!({})).await.expect(200);
    let paid = owner.post(&format!("/invoices/{invoice}/payments"), &json!({ "method": "card", "amount_minor": 100 })).await.expect(201);
    (invoice, paid["id"].as_str().expect("id").to_owned())
}

/// One record of every kind in a tenant, by the path segment before its id.
async fn records(t: &TestApp, owner: &Persona) -> BTreeMap<&'static str, String> {
    let contact = owner.contact(&json!({ "last_name": "Dupré" })).await;
    let company = owner.contact(&json!({ "kind": "company", "company_name": "Dupré SARL" })).await;
    let id = |value: Value| value["id"].as_str().expect("id").to_owned();
    let note = id(owner.post(&format!("/contacts/{contact}/notes"), &json!({ "body": "secret" })).await.expect(201));
    let tag = id(owner.post("/tags", &json!({ "name": "secret" })).await.expect(201));
    let bulk = json!({ "selection": { "ids": [contact] }, "action": { "type": "add_tags", "tags": ["secret"] } });
    let job = id(owner.post("/contacts/bulk", &bulk).await.expect(202));
    let import = id(owner.upload("/imports?filename=a.csv", b"nom,email\nDupont,d@exemple.fr\n".to_vec()).await.expect(201));
    let member = t.member(owner.tenant_id, "member").await;
    let role = id(owner.post("/roles", &json!({ "name": "Stagiaire", "permissions": [], "visibility": "own" })).await.expect(201));
    let invitation = id(owner.post("/invitations", &json!({ "email": "invite@exemple.fr", "role_id": role })).await.expect(201));
    let key = id(owner.post("/api-keys", &json!({ "name": "Clé", "permissions": ["contacts.read"] })).await.expect(201));
    let session = owner.get("/me/sessions").await.expect(200)["items"][0]["id"].as_str().expect("session").to_owned();
    let twin = owner.contact(&json!({ "last_name": "Jumeau" })).await;
    let merge = id(owner.post(&format!("/contacts/{contact}/merge"), &json!({ "other_id": twin })).await.expect(200));
    let entity = id(owner.post("/entities", &json!({ "plate": "AB-123-CD", "name": "secret" })).await.expect(201));
    let kind = id(owner.post("/entity-kinds", &json!({ "name": "secret" })).await.expect(201));
    let task = id(member.post("/tasks", &json!({ "title": "secret", "assignee_id": owner.user_id })).await.expect(201));
    let renamed = json!({ "ids": [task], "action": { "type": "snooze", "until": "tomorrow" } });
    let undo = owner.post("/tasks/bulk", &renamed).await.expect(200)["undo_id"].as_str().expect("undo").to_owned();
    let field = id(owner.post("/custom-fields", &json!({ "label": "secret", "kind": "text" })).await.expect(201));
    let view = id(owner.post("/views", &json!({ "name": "secret" })).await.expect(201));
    let file = id(owner.attach("contact", &contact, "secret.txt", b"secret").await.expect(201));
    let upload = json!({ "name": "secret.txt", "size": 6, "subject": { "kind": "contact", "id": contact } });
    let upload = id(owner.post("/files/uploads", &upload).await.expect(201));
    let request = json!({ "kind": "access", "contact_id": contact, "details": "secret" });
    let request = id(owner.post("/privacy/requests", &request).await.expect(201));
    let item = id(owner.post("/catalog-items", &json!({ "name": "secret", "price": "1" })).await.expect(201));
    let order = id(owner.post("/orders", &json!({ "title": "secret" })).await.expect(201));
    let (invoice, payment) = paid_invoice(owner).await;
    let link = id(owner.post(&format!("/invoices/{invoice}/pay-links"), &json!({})).await.expect(201));
    let sent = owner.post(&format!("/invoices/{invoice}/reminders"), &json!({})).await.expect(200);
    let reminder = sent["history"][0]["id"].as_str().expect("reminder").to_owned();
    let monthly = json!({ "from_invoice": invoice, "frequency": "monthly", "starts_on": "2099-01-31", "mode": "draft" });
    let recurring = id(owner.post("/recurring-invoices", &monthly).await.expect(201));
    let archive = json!({ "from": "2020-01-01", "to": "2020-01-31" });
    owner.post("/fiscal-archives", &archive).await.expect(202);
    t.run_jobs().await;
    let archive = owner.get("/fiscal-archives").await.expect(200)["items"][0]["id"].as_str().expect("archive").to_owned();
    let notification = owner.get("/notifications").await.expect(200)["items"][0]["id"].as_str().expect("notification").to_owned();
    BTreeMap::from([
        ("custom-fields", field),
        ("views", view),
        ("merges", merge),
        ("contacts", contact),
        ("companies", company),
        ("notes", note),
        ("tags", tag),
        ("jobs", job),
        ("imports", import),
        ("users", member.user_id.to_string()),
        ("roles", role),
        ("invitations", invitation),
        ("api-keys", key),
        ("sessions", session),
        ("entities", entity),
        ("entity-kinds", kind),
        ("tasks", task),
        ("files", file),
        ("uploads", upload),
        ("bulk", undo),
        ("notifications", notification),
        ("catalog-items", item),
        ("orders", order),
        ("invoices", invoice),
        ("payments", payment),
        ("pay-links", link),
        ("reminders", reminder),
        ("recurring-invoices", recurring),
        ("fiscal-archives", archive),
        ("requests", request),
        // Passkeys belong to a person; one that does not exist stands for another person's.
        ("passkeys", t.app.clock.new_id().to_string()),
    ])
}

#[tokio::test]
async fn another_tenants_id_is_404() {
    let t = TestApp::new().await;
    let (ours, theirs) = (t.owner().await, t.owner().await);
    let records = records(&t, &theirs).await;
    let before = theirs.get(&format!("/contacts/{}", records["contacts"])).await.expect(200);
    let mut checked = 0;
    for operation in operations().iter().filter(|operation| !operation.ids.is_empty()) {
        let path =
            fill(operation, |_, before| records.get(before).unwrap_or_else(|| panic!("{}: no record for {before}", operation.id)).clone());
        let answer = call(&ours, operation, &path).await;
        assert_eq!(answer.status.as_u16(), 404, "{} {path}: {}", operation.id, answer.text);
        checked += 1;
    }
    assert!(checked > 30, "{checked} operations with ids");
    assert_eq!(theirs.get(&format!("/contacts/{}", records["contacts"])).await.expect(200), before, "nothing changed");
}

#[tokio::test]
async fn lists_searches_exports_and_filters_show_nothing_of_another_tenant() {
    let t = TestApp::new().await;
    let (ours, theirs) = (t.owner().await, t.owner().await);
    let records = records(&t, &theirs).await;
    let contact = &records["contacts"];
    for path in [
        "/contacts",
        "/contacts?q=dupre",
        "/contacts?archived=true",
        "/tags",
        "/jobs",
        "/imports",
        "/invitations",
        "/api-keys",
        "/custom-fields",
        "/duplicates",
        "/duplicates/suggestions",
        "/audit-log?limit=100",
        "/oppositions",
        "/entities",
        "/entities?q=ab123cd",
        "/entity-kinds",
        "/catalog-items",
        "/invoices",
        "/invoices?q=secret",
        "/payments",
        "/accounting/sales-journal?from=2020-01-01&to=2029-12-31",
        "/accounting/cash-journal?from=2020-01-01&to=2029-12-31",
        "/accounting/ageing",
        "/fiscal-archives",
        "/reminders",
        "/recurring-invoices",
        "/reminders/upcoming",
        "/tasks?view=all",
        "/files",
        "/files?trash=true",
        "/files/usage",
        "/notifications",
        "/privacy/requests",
    ] {
        let answer = ours.get(path).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}");
        assert!(
            !answer.text.contains("secret") && !answer.text.contains("Dupré") && !answer.text.contains(contact),
            "{path}: {}",
            answer.text
        );
    }
    assert_eq!(ours.get(&format!("/contacts?tag={}", records["tags"])).await.expect(200)["items"], json!([]));
    assert_eq!(ours.get("/contacts/lookalikes?email=d@exemple.fr").await.expect(200)["items"], json!([]));
    assert_eq!(ours.get("/home").await.expect(200)["activity"], json!([]));
    let export = ours.post("/contacts/export", &json!({ "selection": { "ids": [contact] }, "format": "csv" })).await;
    assert!(!export.text.contains("Dupré"), "{}", export.text);
    let bulk = json!({ "selection": { "ids": [contact] }, "action": { "type": "archive" } });
    ours.post("/contacts/bulk", &bulk).await.expect(202);
    t.run_jobs().await;
    assert_eq!(theirs.get(&format!("/contacts/{contact}")).await.expect(200)["archived_at"], Value::Null);
    let delete = json!({ "ids": [records["tasks"]], "action": { "type": "delete" } });
    assert_eq!(ours.post("/tasks/bulk", &delete).await.expect(200)["changed"], 0);
    // References in bodies.
    let mine = ours.contact(&json!({ "last_name": "Martin" })).await;
    assert_eq!(ours.patch(&format!("/contacts/{mine}"), &json!({ "owner_id": theirs.user_id })).await.status.as_u16(), 422);
    let file = json!({ "name": "a", "size": 1, "subject": { "kind": "contact", "id": contact } });
    assert_eq!(ours.post("/files/uploads", &file).await.pointers(), ["/subject/id"]);
    assert_eq!(ours.get(&format!("/files?subject_kind=contact&subject_id={contact}")).await.expect(200)["items"], json!([]));
    assert_eq!(ours.put(&format!("/contacts/{mine}/companies/{}", records["companies"]), &json!({})).await.status.as_u16(), 404);
    assert_eq!(ours.post("/auth/switch-tenant", &json!({ "tenant_id": theirs.tenant_id })).await.status.as_u16(), 404);
}

//! From the draft to the money: numbers without a gap, seals, credit notes, payments and closings.

use jiff::SignedDuration;
use serde_json::{Value, json};
use sqlx::{ConnectOptions, Connection, PgConnection};
use vision_testkit::{Persona, TestApp};

/// A company whose profile is complete, and a customer with an address.
pub(crate) async fn ready(t: &TestApp) -> (Persona, String) {
    let owner = t.owner().await;
    owner
        .patch(
            "/tenant",
            &json!({ "legal_name": "Garage Dupré", "legal_form": "SARL", "siren": "732829320", "address_line1": "12 rue de la Forge",
                "postal_code": "69003", "city": "Lyon" }),
        )
        .await
        .expect(200);
    let habits = json!({ "share_capital": "10 000 €", "rcs_city": "Lyon", "iban": "FR76 3000 6000 0112 3456 7890 189", "bic": "AGRIFRPP" });
    assert_eq!(owner.patch("/billing-profile", &habits).await.expect(200)["missing"], json!([]));
    let contact = customer(&owner, "B2C").await;
    (owner, contact)
}

pub(crate) async fn customer(owner: &Persona, kind: &str) -> String {
    let address = json!([{ "line1": "3 quai des Étroits", "postal_code": "69005", "city": "Lyon", "country": "FR" }]);
    let mut body = json!({ "first_name": "Ana", "last_name": "Léger", "emails": [{ "email": format!("ana.{kind}@exemple.fr").to_lowercase() }], "addresses": address });
    if kind == "B2B_FR" {
        body = json!({ "kind": "company", "company_name": "Taxis du Rhône", "customer_kind": kind, "siren": "552100554", "addresses": address });
    }
    owner.contact(&body).await
}

fn lines() -> Value {
    json!([
        { "label": "Vidange", "quantity": "1", "unit_price": "79.90", "vat_rate": "20" },
        { "label": "Huile 5W30", "quantity": "4.5", "unit": "LTR", "unit_price": "9.99", "vat_rate": "20", "nature": "goods", "discount": { "percent": "10" } },
        { "label": "Livre d’entretien", "quantity": "1", "unit_price": "12", "vat_rate": "5.5", "nature": "goods" },
    ])
}

pub(crate) async fn draft(owner: &Persona, contact: &str) -> String {
    let made = owner.post("/invoices", &json!({ "contact_id": contact, "title": "Révision", "lines": lines() })).await.expect(201);
    assert_eq!((&made["number"], made["status"].as_str()), (&Value::Null, Some("draft")));
    made["id"].as_str().expect("id").to_owned()
}

pub(crate) async fn issued(owner: &Persona, contact: &str) -> Value {
    let id = draft(owner, contact).await;
    owner.post(&format!("/invoices/{id}/issue"), &json!({})).await.expect(200)
}

pub(crate) async fn direct(t: &TestApp, role: &str) -> PgConnection {
    let options = if role == "owner" { &t.db.urls.owner } else { &t.db.urls.app };
    options.connect().await.expect("connection")
}

#[tokio::test] // QI-24, QI-28, QI-15
async fn an_issued_invoice_has_a_number_files_and_a_seal_and_never_changes() {
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    let invoice = issued(&owner, &contact).await;
    let year = invoice["issue_date"].as_str().expect("day")[..4].to_owned();
    assert_eq!(invoice["number"], format!("F{year}-000001"));
    // 79.90 + 4.5 × 9.99 − 10 % + 12 = 132.36; VAT 20 % of 120.36 and 5.5 % of 12.
    assert_eq!(
        (invoice["net_minor"].as_i64(), invoice["vat_minor"].as_i64(), invoice["gross_minor"].as_i64()),
        (Some(13_236), Some(2_473), Some(15_709))
    );
    assert_eq!(invoice["due_date"], invoice["issue_date"], "a consumer pays at once");
    let id = invoice["id"].as_str().expect("id");
    let pdf = owner.get(&format!("/invoices/{id}/pdf")).await;
    assert_eq!((pdf.status.as_u16(), pdf.bytes.starts_with(b"%PDF-1.7")), (200, true));
    assert_eq!(owner.get(&format!("/invoices/{id}/pdf")).await.bytes, pdf.bytes, "the very file");
    let xml = owner.get(&format!("/invoices/{id}/xml")).await;
    assert!(String::from_utf8_lossy(&xml.bytes).contains(&format!("F{year}-000001")));

    // Neither by the API…
    assert_eq!(owner.patch(&format!("/invoices/{id}"), &json!({ "title": "Autre" })).await.expect(409)["reason"], "issued");
    owner.delete(&format!("/invoices/{id}")).await.expect(409);
    owner.post(&format!("/invoices/{id}/issue"), &json!({})).await.expect(409);
    // … nor by the application's role in SQL.
    let mut app = direct(&t, "app").await;
    for sql in [
        "UPDATE invoices SET gross_minor = 1",
        "UPDATE invoices SET document = '{}'",
        "UPDATE invoices SET issue_date = issue_date - 1",
        "DELETE FROM invoices",
        "UPDATE invoice_items SET label = 'x'",
        "DELETE FROM invoice_items",
        "INSERT INTO invoice_items SELECT (jsonb_populate_record(i, '{\"position\": 99}')).* FROM invoice_items i LIMIT 1",
        "UPDATE invoice_files SET pdf = ''",
        "DELETE FROM sealed_records",
        "UPDATE sealed_records SET body = '{}'",
        "UPDATE invoice_vat SET vat_minor = 0",
        "INSERT INTO invoice_vat SELECT tenant_id, invoice_id, 'Z', 0, 100, 0 FROM invoice_vat LIMIT 1",
        "SET LOCAL app.restoring = 'on'; INSERT INTO invoice_items SELECT (jsonb_populate_record(i, '{\"position\": 99}')).* FROM invoice_items i LIMIT 1",
        "INSERT INTO invoices SELECT (jsonb_populate_record(i, jsonb_build_object('id', gen_random_uuid(), 'number', 'F2026-9', 'chain_seq', 9))).* FROM invoices i LIMIT 1",
    ] {
        let set = format!("BEGIN; SET LOCAL app.tenant_id = '{}'", owner.tenant_id);
        sqlx::raw_sql(sqlx::AssertSqlSafe(set)).execute(&mut app).await.expect("tenant");
        assert!(sqlx::raw_sql(sql).execute(&mut app).await.is_err(), "{sql}");
        sqlx::raw_sql("ROLLBACK").execute(&mut app).await.expect("rollback");
    }
    app.close().await.expect("closed");
    let proof = owner.get("/numbering-proof").await.expect(200);
    assert_eq!((proof["valid"].as_bool(), proof["chains"][0]["records"].as_i64()), (Some(true), Some(1)));
    // The customer is a client now, and the timeline says why.
    let shown = owner.get(&format!("/contacts/{contact}")).await.expect(200);
    assert_eq!(shown["status"], "client");
    let timeline = owner.get(&format!("/contacts/{contact}/timeline")).await.expect(200);
    assert!(timeline["items"].as_array().expect("items").iter().any(|item| item["kind"] == "invoice.issued"), "{timeline}");
}

#[tokio::test] // QI-01…QI-03, QI-16, X-04
async fn an_incomplete_profile_or_customer_names_everything_that_is_lacking() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let contact = owner.contact(&json!({ "kind": "company", "company_name": "Sans numéro", "customer_kind": "B2B_FR" })).await;
    let id = draft(&owner, &contact).await;
    let refused = owner.post(&format!("/invoices/{id}/issue"), &json!({})).await;
    assert_eq!(refused.status.as_u16(), 422);
    for pointer in ["/seller/siren", "/seller/legal_form", "/seller/city", "/buyer/address", "/buyer/siren"] {
        assert!(refused.pointers().contains(&pointer), "{pointer}: {:?}", refused.pointers());
    }
    // No number was spent on it.
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    let empty = owner.post("/invoices", &json!({ "contact_id": contact })).await.expect(201)["id"].as_str().expect("id").to_owned();
    assert_eq!(owner.post(&format!("/invoices/{empty}/issue"), &json!({})).await.pointers(), ["/lines"]);
}

#[tokio::test] // QI-39, QI-41
async fn only_the_rates_of_the_territory_are_charged_and_none_in_franchise() {
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    let odd = json!([{ "label": "X", "quantity": "1", "unit_price": "10", "vat_rate": "19.6" }]);
    let id =
        owner.post("/invoices", &json!({ "contact_id": contact, "lines": odd })).await.expect(201)["id"].as_str().expect("id").to_owned();
    assert_eq!(owner.post(&format!("/invoices/{id}/issue"), &json!({})).await.pointers(), ["/lines/0/vat_rate"]);
    owner.patch("/billing-profile", &json!({ "vat_regime": "franchise" })).await.expect(200);
    let id = draft(&owner, &contact).await;
    assert_eq!(owner.post(&format!("/invoices/{id}/issue"), &json!({})).await.status.as_u16(), 422);
    let free = json!([{ "label": "X", "quantity": "1", "unit_price": "10", "vat_rate": "0", "vat_category": "E" }]);
    owner.patch(&format!("/invoices/{id}"), &json!({ "lines": free })).await.expect(200);
    let invoice = owner.post(&format!("/invoices/{id}/issue"), &json!({})).await.expect(200);
    assert_eq!(invoice["vat_minor"], 0);
    let xml = String::from_utf8(owner.get(&format!("/invoices/{id}/xml")).await.bytes).expect("text");
    assert!(xml.contains("VATEX-FR-FRANCHISE") && xml.contains("293 B"), "{xml}");
}

#[tokio::test] // QI-29
async fn credit_notes_take_back_what_was_invoiced_and_never_more() {
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    let invoice = issued(&owner, &contact).await;
    let id = invoice["id"].as_str().expect("id");
    let path = format!("/invoices/{id}/credit-notes");
    owner.post(&path, &json!({ "reason": " " })).await.expect(422);
    owner.post(&path, &json!({ "reason": "Erreur", "lines": [{ "position": 9 }] })).await.expect(422);
    let over = json!({ "reason": "Erreur", "lines": [{ "position": 2, "quantity": "4.6" }] });
    owner.post(&path, &over).await.expect(422);

    let part = owner.post(&path, &json!({ "reason": "Bidon rendu", "lines": [{ "position": 2, "quantity": "2.5" }] })).await.expect(201);
    let whole = owner.post(&path, &json!({ "reason": "Tout est repris" })).await.expect(201);
    let note = owner.post(&format!("/invoices/{}/issue", part["id"].as_str().expect("id")), &json!({})).await.expect(200);
    assert!(note["number"].as_str().expect("number").starts_with('A'));
    assert_eq!((note["kind"].as_str(), note["corrects"]["name"].as_str()), (Some("credit_note"), invoice["number"].as_str()));
    // The second one was drafted before: it would take the same back twice.
    let refused = owner.post(&format!("/invoices/{}/issue", whole["id"].as_str().expect("id")), &json!({})).await;
    assert_eq!((refused.status.as_u16(), refused.pointers()), (422, vec!["/lines"]));
    let after = owner.get(&format!("/invoices/{id}")).await.expect(200);
    assert_eq!(after["credited_minor"], note["gross_minor"]);
    assert_eq!(after["due_minor"].as_i64(), Some(15_709 - note["gross_minor"].as_i64().expect("sum")));
    assert_eq!(after["corrections"].as_array().map(Vec::len), Some(2));
    // A credit note is not credited.
    owner.post(&format!("/invoices/{}/credit-notes", note["id"].as_str().expect("id")), &json!({ "reason": "x" })).await.expect(409);
}

#[tokio::test] // EI-16, IS-05, BA-09
async fn payments_are_split_by_rate_and_reversed_never_changed() {
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    let invoice = issued(&owner, &contact).await;
    let path = format!("/invoices/{}/payments", invoice["id"].as_str().expect("id"));
    assert_eq!(owner.post(&path, &json!({ "method": "card", "amount_minor": 15_710 })).await.pointers(), ["/amount_minor"]);
    for bad in [
        json!({ "method": "card", "amount_minor": 0 }),
        json!({ "method": "card", "amount_minor": -5 }),
        json!({ "method": "card", "amount_minor": 1, "received_on": "2099-01-01" }),
    ] {
        owner.post(&path, &bad).await.expect(422);
    }
    let first = owner.post(&path, &json!({ "method": "cheque", "amount_minor": 5_000, "reference": "0001234" })).await.expect(201);
    owner.post(&path, &json!({ "method": "transfer", "amount_minor": 10_709 })).await.expect(201);
    let get = format!("/invoices/{}", invoice["id"].as_str().expect("id"));
    assert_eq!(owner.get(&get).await.expect(200)["status"], "paid");
    owner.post(&path, &json!({ "method": "card", "amount_minor": 1 })).await.expect(422);
    let mut conn = direct(&t, "owner").await;
    let sums: Vec<(String, i64)> =
        sqlx::query_as("SELECT trim_scale(rate)::text, sum(amount_minor)::bigint FROM payment_allocations GROUP BY rate ORDER BY rate")
            .fetch_all(&mut conn)
            .await
            .expect("sums");
    assert_eq!(sums, [("5.5".to_owned(), 1_266), ("20".to_owned(), 14_443)]);
    conn.close().await.expect("closed");

    // The cheque bounces: an entry says so, and both stay.
    let reverse = format!("/payments/{}/reverse", first["id"].as_str().expect("id"));
    owner.post(&reverse, &json!({ "reason": "" })).await.expect(422);
    let back = owner.post(&reverse, &json!({ "reason": "Chèque sans provision" })).await.expect(201);
    assert_eq!((back["amount_minor"].as_i64(), back["reverses_id"].as_str()), (Some(-5_000), first["id"].as_str()));
    owner.post(&reverse, &json!({ "reason": "encore" })).await.expect(409);
    assert_eq!(owner.get(&get).await.expect(200)["due_minor"], 5_000);
    assert_eq!(owner.get("/payments").await.expect(200)["items"].as_array().map(Vec::len), Some(3));
    assert_eq!(owner.get("/numbering-proof").await.expect(200)["valid"], true);
}

#[tokio::test] // EI-16
async fn what_is_paid_after_a_credit_note_goes_to_the_rates_that_are_still_open() {
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    let invoice = issued(&owner, &contact).await;
    let id = invoice["id"].as_str().expect("id");
    let note = owner
        .post(&format!("/invoices/{id}/credit-notes"), &json!({ "reason": "Non fait", "lines": [{ "position": 1 }, { "position": 2 }] }))
        .await
        .expect(201);
    owner.post(&format!("/invoices/{}/issue", note["id"].as_str().expect("id")), &json!({})).await.expect(200);
    owner.post(&format!("/invoices/{id}/payments"), &json!({ "method": "card", "amount_minor": 1_266 })).await.expect(201);
    let mut conn = direct(&t, "owner").await;
    let rates: Vec<(String, i64)> =
        sqlx::query_as("SELECT trim_scale(rate)::text, amount_minor FROM payment_allocations").fetch_all(&mut conn).await.expect("rates");
    assert_eq!(rates, [("5.5".to_owned(), 1_266)]);
    conn.close().await.expect("closed");
    // Nobody bills a negative total, and reasons not to take VAT must fit the customer.
    for line in [
        json!({ "label": "X", "quantity": "-1", "unit_price": "10", "vat_rate": "20" }),
        json!({ "label": "X", "quantity": "1", "unit_price": "10", "vat_rate": "0", "vat_category": "K" }),
        json!({ "label": "X", "quantity": "1", "unit_price": "10", "vat_rate": "0", "vat_category": "AE" }),
    ] {
        let id = owner.post("/invoices", &json!({ "contact_id": contact, "lines": [line] })).await.expect(201)["id"]
            .as_str()
            .expect("id")
            .to_owned();
        owner.post(&format!("/invoices/{id}/issue"), &json!({})).await.expect(422);
    }
}

#[tokio::test] // QI-16, QI-18, QI-43
async fn a_business_reads_what_the_law_has_it_told_and_a_consumer_does_not() {
    let t = TestApp::new().await;
    let (owner, consumer) = ready(&t).await;
    let business = customer(&owner, "B2B_FR").await;
    let mut texts = Vec::new();
    for contact in [&business, &consumer] {
        let invoice = issued(&owner, contact).await;
        texts.push(
            String::from_utf8(owner.get(&format!("/invoices/{}/xml", invoice["id"].as_str().expect("id"))).await.bytes).expect("text"),
        );
        let days = if contact == &business { 30 } else { 0 };
        let day = |field: &str| invoice[field].as_str().expect("day").parse::<jiff::civil::Date>().expect("day");
        assert_eq!(day("issue_date").checked_add(jiff::Span::new().days(days)).expect("day"), day("due_date"));
    }
    for wanted in ["40 €", "Pénalités de retard", "Pas d’escompte", "552100554", "mixte"] {
        assert!(texts[0].contains(wanted), "{wanted}: {}", texts[0]);
    }
    assert!(!texts[1].contains("40 €") && !texts[1].contains("Pénalités"), "{}", texts[1]);
}

#[tokio::test]
async fn who_sees_a_part_of_the_customers_sees_their_invoices_and_no_totals() {
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    let invoice = issued(&owner, &contact).await;
    let rights = ["contacts.read", "invoices.read", "invoices.write", "invoices.issue", "payments.write"];
    let seller = t.member_with(owner.tenant_id, &rights, "own").await;
    assert_eq!(seller.get("/invoices").await.expect(200)["items"], json!([]));
    let path = format!("/invoices/{}", invoice["id"].as_str().expect("id"));
    seller.get(&path).await.expect(404);
    seller.get(&format!("{path}/pdf")).await.expect(404);
    seller.post(&format!("{path}/payments"), &json!({ "method": "card", "amount_minor": 1 })).await.expect(404);
    seller.post(&format!("{path}/credit-notes"), &json!({ "reason": "x" })).await.expect(404);
    seller.get("/closings").await.expect(403);
    seller.get("/numbering-proof").await.expect(403);
}

#[tokio::test] // BA-09
async fn nobody_pays_more_than_a_thousand_euros_in_cash() {
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    let dear = json!([{ "label": "Boîte de vitesses", "quantity": "1", "unit_price": "2000", "vat_rate": "20" }]);
    let id =
        owner.post("/invoices", &json!({ "contact_id": contact, "lines": dear })).await.expect(201)["id"].as_str().expect("id").to_owned();
    owner.post(&format!("/invoices/{id}/issue"), &json!({})).await.expect(200);
    let path = format!("/invoices/{id}/payments");
    owner.post(&path, &json!({ "method": "cash", "amount_minor": 60_000 })).await.expect(201);
    owner.post(&path, &json!({ "method": "cash", "amount_minor": 40_001 })).await.expect(422);
    owner.post(&path, &json!({ "method": "cash", "amount_minor": 40_000 })).await.expect(201);
}

#[tokio::test] // IS-07
async fn a_closed_till_takes_no_entry_and_its_perpetual_total_only_grows() {
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    let invoice = issued(&owner, &contact).await;
    let path = format!("/invoices/{}/payments", invoice["id"].as_str().expect("id"));
    let paid = owner.post(&path, &json!({ "method": "card", "amount_minor": 5_000 })).await.expect(201);
    let today = paid["received_on"].as_str().expect("day").to_owned();
    let closings = owner.post("/closings", &json!({ "until": today })).await.expect(201);
    assert_eq!(
        (
            closings["items"][0]["total_minor"].as_i64(),
            closings["items"][0]["by_method"]["card"].as_i64(),
            closings["closed_until"].as_str()
        ),
        (Some(5_000), Some(5_000), Some(today.as_str()))
    );
    assert_eq!(owner.post(&path, &json!({ "method": "card", "amount_minor": 1 })).await.expect(409)["reason"], "closed");
    owner.post("/closings", &json!({ "until": today })).await.expect(409);
    owner.post("/closings", &json!({ "until": "2099-01-01" })).await.expect(422);
    // The money goes back the next day; the perpetual total counts that as well.
    t.advance(SignedDuration::from_hours(24));
    let owner = t.sign_in(owner.tenant_id, owner.user_id, "owner@example.com").await;
    owner
        .post(&format!("/payments/{}/reverse", paid["id"].as_str().expect("id")), &json!({ "reason": "Erreur de saisie" }))
        .await
        .expect(201);
    t.advance(SignedDuration::from_hours(24));
    let owner = t.sign_in(owner.tenant_id, owner.user_id, "owner@example.com").await;
    let closings = owner.post("/closings", &json!({})).await.expect(201);
    let last = &closings["items"][0];
    assert_eq!((last["total_minor"].as_i64(), last["perpetual_minor"].as_i64()), (Some(-5_000), Some(10_000)));
    // Months in which nothing came in are closed as well, each once, and the year after its December.
    t.advance(SignedDuration::from_hours(24 * 400));
    let owner = t.sign_in(owner.tenant_id, owner.user_id, "owner@example.com").await;
    owner.post("/closings", &json!({})).await.expect(201);
    let months = owner.get("/closings?period=month").await.expect(200);
    assert!((13..=14).contains(&months["items"].as_array().expect("items").len()), "{months}");
    let years = owner.get("/closings?period=year").await.expect(200);
    assert!((1..=2).contains(&years["items"].as_array().expect("items").len()), "{years}");
    t.advance(SignedDuration::from_hours(24));
    let owner = t.sign_in(owner.tenant_id, owner.user_id, "owner@example.com").await;
    owner.post("/closings", &json!({})).await.expect(201);
    assert_eq!(owner.get("/numbering-proof").await.expect(200)["valid"], true);
}

#[tokio::test] // QI-24
async fn two_hundred_issues_at_once_give_two_hundred_numbers_in_a_row() {
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    let one = json!([{ "label": "X", "quantity": "1", "unit_price": "1", "vat_rate": "20" }]);
    let mut ids = Vec::new();
    for _ in 0..200 {
        ids.push(
            owner.post("/invoices", &json!({ "contact_id": contact, "lines": one })).await.expect(201)["id"]
                .as_str()
                .expect("id")
                .to_owned(),
        );
    }
    // Every eighth transaction is rolled back after it has taken its number.
    let mut conn = direct(&t, "owner").await;
    sqlx::raw_sql(
        "CREATE FUNCTION fail_now_and_then() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           IF NEW.state = 'issued' AND OLD.state = 'draft' AND NEW.title IS NULL AND random() < 0.125 THEN RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END IF; RETURN NEW; END $$;
         CREATE TRIGGER fail_now_and_then BEFORE UPDATE ON invoices FOR EACH ROW EXECUTE FUNCTION fail_now_and_then()",
    )
    .execute(&mut conn)
    .await
    .expect("trigger");
    let mut left = ids;
    for _ in 0..40 {
        let paths: Vec<String> = left.iter().map(|id| format!("/invoices/{id}/issue")).collect();
        let answers = futures::future::join_all(paths.iter().map(|path| owner.post(path, &Value::Null))).await;
        let failed = left.into_iter().zip(answers).filter(|(_, answer)| answer.status.as_u16() != 200);
        left = failed
            .map(|(id, answer)| {
                assert!(matches!(answer.status.as_u16(), 503 | 429), "{} {}", answer.status, answer.json);
                id
            })
            .collect();
        if left.is_empty() {
            break;
        }
    }
    assert_eq!(left, Vec::<String>::new());
    let numbers: Vec<i64> = sqlx::query_scalar("SELECT right(number, 6)::bigint FROM invoices WHERE state = 'issued' ORDER BY chain_seq")
        .fetch_all(&mut conn)
        .await
        .expect("numbers");
    assert_eq!(numbers, (1..=200).collect::<Vec<i64>>());
    conn.close().await.expect("closed");
    assert_eq!(owner.get("/numbering-proof").await.expect(200)["valid"], true);
}

#[tokio::test] // IS-06
async fn the_first_record_that_somebody_touched_is_named() {
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    for _ in 0..5 {
        issued(&owner, &contact).await;
    }
    let mut conn = direct(&t, "owner").await;
    sqlx::raw_sql("ALTER TABLE invoices DISABLE TRIGGER keep_issued").execute(&mut conn).await.expect("trigger off");
    let cases = [
        ("UPDATE invoices SET gross_minor = gross_minor + 1 WHERE chain_seq = 3", 3, "row_altered"),
        (
            "UPDATE invoice_files SET pdf = pdf || '\\x00' WHERE invoice_id = (SELECT id FROM invoices WHERE chain_seq = 2)",
            2,
            "row_altered",
        ),
        ("DELETE FROM invoices WHERE chain_seq = 4", 4, "row_gone"),
        ("UPDATE sealed_records SET body = replace(body, 'Vidange', 'Vidanges') WHERE seq = 1", 1, "altered"),
        ("DELETE FROM sealed_records WHERE seq = 2", 2, "gap"),
        ("DELETE FROM sealed_records WHERE seq = 5", 5, "truncated"),
        ("UPDATE invoice_vat SET vat_minor = 0 WHERE invoice_id = (SELECT id FROM invoices WHERE chain_seq = 3)", 3, "row_altered"),
        (
            "ALTER TABLE invoice_items DISABLE TRIGGER keep_issued; UPDATE invoice_items SET label = 'x' WHERE invoice_id = (SELECT id FROM invoices WHERE chain_seq = 4); ALTER TABLE invoice_items ENABLE TRIGGER keep_issued",
            4,
            "row_altered",
        ),
        ("UPDATE invoice_series SET last_number = 7", 6, "number"),
        ("UPDATE sealed_records SET signature = decode(repeat('00', 64), 'hex') WHERE seq = 3", 3, "unsigned"),
        // Two records change places: the first of them does not follow its predecessor.
        (
            "UPDATE sealed_records SET seq = CASE seq WHEN 2 THEN 1003 ELSE 1002 END WHERE seq IN (2, 3); UPDATE sealed_records SET seq = seq - 1000 WHERE seq > 1000",
            2,
            "unlinked",
        ),
        (
            "INSERT INTO invoices SELECT (jsonb_populate_record(i, jsonb_build_object('id', gen_random_uuid(), 'number', 'F2026-9', 'chain_seq', 6))).* FROM invoices i WHERE chain_seq = 5",
            6,
            "unsealed",
        ),
    ];
    for (sql, at, fault) in cases {
        sqlx::raw_sql("CREATE TABLE kept_invoices AS TABLE invoices; CREATE TABLE kept_files AS TABLE invoice_files; CREATE TABLE kept_records AS TABLE sealed_records;
            CREATE TABLE kept_items AS TABLE invoice_items; CREATE TABLE kept_vat AS TABLE invoice_vat; CREATE TABLE kept_series AS TABLE invoice_series")
            .execute(&mut conn)
            .await
            .expect("kept");
        sqlx::raw_sql(sql).execute(&mut conn).await.expect(sql);
        let proof = owner.get("/numbering-proof").await.expect(200);
        assert_eq!(
            (proof["valid"].as_bool(), proof["chains"][0]["broken_at"].as_i64(), proof["chains"][0]["fault"].as_str()),
            (Some(false), Some(at), Some(fault)),
            "{sql}"
        );
        sqlx::raw_sql(
            "SET session_replication_role = replica; TRUNCATE invoices, invoice_files, sealed_records, invoice_items, invoice_vat CASCADE; INSERT INTO invoices TABLE kept_invoices;
             INSERT INTO invoice_files TABLE kept_files; INSERT INTO sealed_records TABLE kept_records; INSERT INTO invoice_items TABLE kept_items; INSERT INTO invoice_vat TABLE kept_vat;
             DELETE FROM invoice_series; INSERT INTO invoice_series TABLE kept_series;
             DROP TABLE kept_invoices, kept_files, kept_records, kept_items, kept_vat, kept_series; SET session_replication_role = DEFAULT",
        )
        .execute(&mut conn)
        .await
        .expect("restored");
        assert_eq!(owner.get("/numbering-proof").await.expect(200)["valid"], true, "{sql}");
    }
    conn.close().await.expect("closed");
}

#[tokio::test]
async fn lists_filter_search_and_page_within_the_company() {
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    let invoice = issued(&owner, &contact).await;
    draft(&owner, &contact).await;
    let (other, theirs) = ready(&t).await;
    let foreign = issued(&other, &theirs).await;
    let count = async |query: &str| owner.get(&format!("/invoices?{query}")).await.expect(200)["items"].as_array().map(Vec::len);
    assert_eq!(count("").await, Some(2));
    assert_eq!(count("status=draft").await, Some(1));
    assert_eq!(count("status=due").await, Some(1));
    assert_eq!(count("status=paid").await, Some(0));
    assert_eq!(count("q=leger").await, Some(2), "accents do not matter");
    assert_eq!(count("q=000001").await, Some(1));
    assert_eq!(count("q=%25").await, Some(0));
    assert_eq!(count(&format!("contact_id={theirs}")).await, Some(0));
    let page = owner.get("/invoices?limit=1").await.expect(200);
    let next = page["next_cursor"].as_str().expect("cursor");
    assert_eq!(owner.get(&format!("/invoices?limit=1&cursor={next}")).await.expect(200)["items"][0]["id"], invoice["id"]);
    // The other company has the same number, and nothing of it is ours to see.
    assert_eq!(foreign["number"], invoice["number"]);
    let path = format!("/invoices/{}", foreign["id"].as_str().expect("id"));
    for suffix in ["", "/pdf", "/xml"] {
        owner.get(&format!("{path}{suffix}")).await.expect(404);
    }
    owner.post(&format!("{path}/payments"), &json!({ "method": "card", "amount_minor": 1 })).await.expect(404);
    owner.post("/invoices", &json!({ "contact_id": theirs, "lines": [] })).await.expect(422);
}

#[tokio::test]
async fn the_catalogue_is_kept_and_a_package_is_made_of_items() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let item = |name: &str, reference: &str| json!({ "name": name, "reference": reference, "price": "12.5", "kind": "part" });
    let oil = owner.post("/catalog-items", &item("Huile", "H1")).await.expect(201);
    let filter = owner.post("/catalog-items", &item("Filtre à huile", "F1")).await.expect(201);
    owner.post("/catalog-items", &item("Autre", "h1")).await.expect(422);
    let parts = json!([{ "item_id": oil["id"], "quantity": "4.5" }, { "item_id": filter["id"], "quantity": "1" }]);
    let package = owner
        .post(
            "/catalog-items",
            &json!({ "name": "Forfait vidange", "kind": "package", "price": "89", "price_includes_vat": true, "components": parts }),
        )
        .await
        .expect(201);
    assert_eq!(package["components"][0], json!({ "item_id": oil["id"], "name": "Huile", "quantity": "4.5" }));
    owner
        .post(
            "/catalog-items",
            &json!({ "name": "X", "kind": "package", "price": "1", "components": [{ "item_id": package["id"], "quantity": "1" }] }),
        )
        .await
        .expect(422);
    let found = owner.get("/catalog-items?q=filtre%20huile").await.expect(200);
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
    let path = format!("/catalog-items/{}", oil["id"].as_str().expect("id"));
    owner.delete(&path).await.expect(409);
    owner.post(&format!("{path}/archive"), &json!({})).await.expect(200);
    owner.delete(&path).await.expect(409);
    owner.patch_if(&path, 99, &json!({ "price": "1" })).await.expect(412);
    owner.post(&format!("{path}/restore"), &json!({})).await.expect(200);
    let changed = owner.patch(&path, &json!({ "price": "13", "cost": null, "supplier": "Total" })).await.expect(200);
    assert_eq!((changed["price"].as_str(), changed["supplier"].as_str()), (Some("13"), Some("Total")));
}

//! Invoices that come again: once each, caught up once, never lost.

use crate::invoices::{issued, ready};
use jiff::{SignedDuration, civil::Date};
use serde_json::{Value, json};
use vision_server::wiring;
use vision_testkit::{Persona, TestApp};

async fn beat(t: &TestApp) {
    for beat in wiring::beats() {
        beat(&t.app).await.expect("beat");
    }
    t.run_jobs().await;
}

/// Moves to ten in the morning of a day of the company.
async fn at(t: &TestApp, who: &Persona, day: Date) -> Persona {
    let now = t.app.clock.now();
    let then = day.at(10, 0, 0, 0).in_tz("Europe/Paris").expect("zone").timestamp();
    t.advance(SignedDuration::from_secs(then.as_second() - now.as_second()));
    t.sign_in(who.tenant_id, who.user_id, &who.email).await
}

fn plus(day: Date, days: i64) -> Date {
    day.checked_add(jiff::Span::new().days(days)).expect("date")
}

fn today(invoice: &Value) -> Date {
    invoice["issue_date"].as_str().expect("day").parse().expect("date")
}

fn body(contact: &str, mode: &str, frequency: &str, starts_on: Date) -> Value {
    json!({ "contact_id": contact, "frequency": frequency, "starts_on": starts_on, "mode": mode,
        "content": { "title": "Entretien {mois} {annee}", "lines": [{ "label": "Forfait {mois}", "quantity": "1", "unit_price": "100", "vat_rate": "20" }] } })
}

async fn make(owner: &Persona, body: &Value) -> String {
    owner.post("/recurring-invoices", body).await.expect(201)["id"].as_str().expect("id").to_owned()
}

async fn runs(owner: &Persona, id: &str) -> Vec<(String, String)> {
    let shown = owner.get(&format!("/recurring-invoices/{id}")).await.expect(200);
    let text = |run: &Value, key: &str| run[key].as_str().unwrap_or_default().to_owned();
    shown["runs"].as_array().expect("runs").iter().map(|run| (text(run, "occurs_on"), text(run, "state"))).collect()
}

#[tokio::test]
async fn an_occurrence_is_issued_once_on_its_day_with_the_name_of_its_month() {
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    let start = plus(today(&issued(&owner, &contact).await), 10);
    let id = make(&owner, &body(&contact, "issue", "monthly", start)).await;
    let shown = owner.get(&format!("/recurring-invoices/{id}")).await.expect(200);
    assert_eq!((shown["next_dates"][0].as_str(), shown["gross_minor"].as_i64()), (Some(start.to_string().as_str()), Some(12_000)));
    let owner = at(&t, &owner, plus(start, -1)).await;
    beat(&t).await;
    assert_eq!(runs(&owner, &id).await, []);
    let owner = at(&t, &owner, start).await;
    beat(&t).await;
    beat(&t).await;
    assert_eq!(runs(&owner, &id).await, [(start.to_string(), "issued".to_owned())]);
    let shown = owner.get(&format!("/recurring-invoices/{id}")).await.expect(200);
    let invoice = owner.get(&format!("/invoices/{}", shown["runs"][0]["invoice_id"].as_str().expect("invoice"))).await.expect(200);
    assert_eq!((invoice["issue_date"].as_str(), invoice["status"].as_str()), (Some(start.to_string().as_str()), Some("due")));
    let title = invoice["title"].as_str().expect("title");
    assert!(title.ends_with(&start.year().to_string()) && !title.contains('{'), "{title}");
    assert_eq!(owner.get("/numbering-proof").await.expect(200)["valid"], true);
}

#[tokio::test]
async fn a_draft_comes_five_days_before_and_what_was_missed_comes_once_dated_today() {
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    let start = plus(today(&issued(&owner, &contact).await), 20);
    let drafted = make(&owner, &body(&contact, "draft", "monthly", start)).await;
    let weekly = make(&owner, &body(&contact, "issue", "weekly", start)).await;
    let owner = at(&t, &owner, plus(start, -6)).await;
    beat(&t).await;
    assert_eq!(runs(&owner, &drafted).await, []);
    let owner = at(&t, &owner, plus(start, -5)).await;
    beat(&t).await;
    assert_eq!(runs(&owner, &drafted).await, [(start.to_string(), "drafted".to_owned())]);
    assert_eq!(runs(&owner, &weekly).await, []);
    // The server was off for three weeks: one invoice, of today, and what was skipped is seen.
    let late = plus(start, 16);
    let owner = at(&t, &owner, late).await;
    beat(&t).await;
    beat(&t).await;
    let expected = [(14, "issued"), (7, "skipped"), (0, "skipped")].map(|(days, state)| (plus(start, days).to_string(), state.to_owned()));
    assert_eq!(runs(&owner, &weekly).await, expected);
    let shown = owner.get(&format!("/recurring-invoices/{weekly}")).await.expect(200);
    let invoice = owner.get(&format!("/invoices/{}", shown["runs"][0]["invoice_id"].as_str().expect("invoice"))).await.expect(200);
    assert_eq!(invoice["issue_date"], late.to_string());
    assert_eq!(shown["next_dates"][0], plus(start, 21).to_string());
}

#[tokio::test]
async fn what_cannot_be_issued_stays_as_a_draft_and_somebody_is_told() {
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    let start = plus(today(&issued(&owner, &contact).await), 1);
    let id = make(&owner, &body(&contact, "issue", "monthly", start)).await;
    owner.patch("/tenant", &json!({ "city": null })).await.expect(200);
    let owner = at(&t, &owner, start).await;
    beat(&t).await;
    beat(&t).await;
    let shown = owner.get(&format!("/recurring-invoices/{id}")).await.expect(200);
    assert_eq!(shown["runs"].as_array().map(Vec::len), Some(1));
    let run = &shown["runs"][0];
    assert_eq!(run["state"], "failed");
    assert!(shown["failure"].as_str().expect("why").contains("ville"), "{shown}");
    // The draft can be completed and issued by hand.
    let draft = run["invoice_id"].as_str().expect("draft");
    assert_eq!(owner.get(&format!("/invoices/{draft}")).await.expect(200)["status"], "draft");
    owner.patch("/tenant", &json!({ "city": "Lyon" })).await.expect(200);
    owner.post(&format!("/invoices/{draft}/issue"), &json!({})).await.expect(200);
    let told = owner.get("/notifications").await.expect(200);
    let told: Vec<&Value> = told["items"].as_array().expect("items").iter().filter(|item| item["kind"] == "invoicing_failed").collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["label"], "Entretien {mois} {annee}");
    assert_eq!(shown["next_dates"].as_array().map(Vec::len), Some(6), "it goes on");
}

#[tokio::test]
async fn a_template_is_taken_from_an_invoice_paused_counted_and_ended() {
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    let invoice = issued(&owner, &contact).await;
    let start = plus(today(&invoice), 1);
    let template = json!({ "from_invoice": invoice["id"], "frequency": "weekly", "starts_on": start, "mode": "issue", "max_count": 2, "name": "Abonnement" });
    let id = make(&owner, &template).await;
    let shown = owner.get(&format!("/recurring-invoices/{id}")).await.expect(200);
    assert_eq!((shown["content"]["lines"].as_array().map(Vec::len), shown["contact_id"].as_str()), (Some(3), Some(contact.as_str())));
    assert_eq!(shown["next_dates"].as_array().map(Vec::len), Some(2), "no more than the count");
    owner.post(&format!("/recurring-invoices/{id}/pause"), &json!({})).await.expect(200);
    let owner = at(&t, &owner, plus(start, 8)).await;
    beat(&t).await;
    assert_eq!(runs(&owner, &id).await, []);
    // What a pause held back does not come after it.
    let resumed = owner.post(&format!("/recurring-invoices/{id}/resume"), &json!({})).await.expect(200);
    assert_eq!(resumed["next_dates"][0], plus(start, 14).to_string());
    let owner = at(&t, &owner, plus(start, 14)).await;
    beat(&t).await;
    let owner = at(&t, &owner, plus(start, 40)).await;
    beat(&t).await;
    let ended = owner.get(&format!("/recurring-invoices/{id}")).await.expect(200);
    assert_eq!((ended["made_count"].as_i64(), ended["state"].as_str()), (Some(2), Some("ended")));
    owner.delete(&format!("/recurring-invoices/{id}")).await.expect(204);
    // Faults point at their fields; issuing by itself needs the right to issue.
    let bad = json!({ "frequency": "monthly", "starts_on": start, "ends_on": plus(start, -3), "mode": "draft", "anchor_day": 40, "content": { "lines": [] } });
    assert_eq!(
        owner.post("/recurring-invoices", &bad).await.pointers(),
        ["/contact_id", "/content/lines", "/anchor_day", "/ends_on", "/name"]
    );
    let writer = t.member_with(owner.tenant_id, &["invoices.write", "invoices.read"], "all").await;
    let template = body(&contact, "issue", "monthly", plus(start, 60));
    assert_eq!(writer.post("/recurring-invoices", &template).await.pointers(), ["/mode"]);
}

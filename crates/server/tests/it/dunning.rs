//! Reminders: what leaves, when, to whom, and what never does.

use crate::invoices::{customer, issued, ready};
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

/// Moves to ten in the morning of a day of the company, `days` after the first.
async fn at(t: &TestApp, who: &Persona, day: Date) -> Persona {
    let now = t.app.clock.now();
    let then = day.at(10, 0, 0, 0).in_tz("Europe/Paris").expect("zone").timestamp();
    t.advance(SignedDuration::from_secs(then.as_second() - now.as_second()));
    t.sign_in(who.tenant_id, who.user_id, &who.email).await
}

fn day(value: &Value) -> Date {
    value.as_str().expect("day").parse().expect("date")
}

fn plus(day: Date, days: i64) -> Date {
    day.checked_add(jiff::Span::new().days(days)).expect("date")
}

/// The first working day from a day on; no holiday is near the days that tests run on if it is not caught by asking the product itself.
async fn planned(owner: &Persona, id: &str, offset: i64) -> Date {
    let shown = owner.get(&format!("/invoices/{id}/reminders")).await.expect(200);
    let step = shown["upcoming"]
        .as_array()
        .expect("upcoming")
        .iter()
        .find(|step| step["offset_days"] == offset)
        .unwrap_or_else(|| panic!("{shown}"));
    day(&step["planned_on"])
}

async fn activate(owner: &Persona, audience: &str, more: &Value) -> Value {
    let mut body = json!({ "active": true });
    body.as_object_mut().expect("object").extend(more.as_object().cloned().unwrap_or_default());
    owner.patch(&format!("/dunning-plans/{audience}"), &body).await.expect(200)
}

fn id(invoice: &Value) -> String {
    invoice["id"].as_str().expect("id").to_owned()
}

async fn history(owner: &Persona, id: &str) -> Vec<Value> {
    owner.get(&format!("/invoices/{id}/reminders")).await.expect(200)["history"].as_array().expect("history").clone()
}

#[tokio::test]
async fn a_step_leaves_once_on_its_working_day_and_stops_when_it_is_paid() {
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    activate(&owner, "consumer", &json!({})).await;
    let invoice = issued(&owner, &contact).await;
    let id = id(&invoice);
    beat(&t).await;
    assert_eq!(history(&owner, &id).await.len(), 0, "due today: nothing is late");
    let first = planned(&owner, &id, 3).await;
    assert!(
        first >= plus(day(&invoice["due_date"]), 3)
            && !matches!(first.weekday(), jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday)
    );
    let owner = at(&t, &owner, first.yesterday().expect("date")).await;
    beat(&t).await;
    assert_eq!(history(&owner, &id).await.len(), 0, "not before its day");
    let owner = at(&t, &owner, first).await;
    beat(&t).await;
    beat(&t).await;
    let sent = history(&owner, &id).await;
    assert_eq!((sent.len(), sent[0]["state"].as_str(), sent[0]["offset_days"].as_i64()), (1, Some("sent"), Some(3)));
    let mails = t.mails("ana.b2c@exemple.fr").await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert!(mails[0].0.contains(invoice["number"].as_str().expect("number")) && mails[0].1.contains("157,09"), "{mails:?}");
    // QI-38: not a word of fees to a consumer.
    for word in ["40", "indemnité", "pénalité"] {
        assert!(!mails[0].1.contains(word), "{}", mails[0].1);
    }
    // Paid in the meantime: the queue may hold a job, nothing leaves.
    let second = planned(&owner, &id, 10).await;
    let owner = at(&t, &owner, second).await;
    for beat in wiring::beats() {
        beat(&t.app).await.expect("beat");
    }
    owner.post(&format!("/invoices/{id}/payments"), &json!({ "method": "card", "amount_minor": 15_709 })).await.expect(201);
    t.run_jobs().await;
    assert_eq!(history(&owner, &id).await.len(), 1);
    assert_eq!(t.mails("ana.b2c@exemple.fr").await.len(), 1);
    let timeline = owner.get(&format!("/contacts/{contact}/timeline")).await.expect(200);
    assert!(timeline["items"].as_array().expect("items").iter().any(|item| item["kind"] == "reminder.sent"));
}

#[tokio::test]
async fn older_invoices_are_reminded_of_only_when_that_was_asked_for() {
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    let id = id(&issued(&owner, &contact).await);
    let first = planned(&owner, &id, 3).await;
    let owner = at(&t, &owner, first).await;
    activate(&owner, "consumer", &json!({})).await;
    beat(&t).await;
    assert_eq!((history(&owner, &id).await.len(), owner.get("/reminders/upcoming").await.expect(200)), (0, json!([])));
    activate(&owner, "consumer", &json!({ "include_existing": true })).await;
    assert_eq!(owner.get("/reminders/upcoming").await.expect(200)[0]["offset_days"], 3, "the preview says it before it leaves");
    beat(&t).await;
    assert_eq!(history(&owner, &id).await.len(), 1);
}

#[tokio::test]
async fn pauses_hold_an_invoice_or_a_customer_back() {
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    activate(&owner, "consumer", &json!({})).await;
    let (first, second) = (id(&issued(&owner, &contact).await), id(&issued(&owner, &contact).await));
    owner.put(&format!("/invoices/{first}/reminder-pause"), &json!({ "paused": true, "reason": "Litige" })).await.expect(200);
    let on = planned(&owner, &second, 3).await;
    let owner = at(&t, &owner, on).await;
    beat(&t).await;
    assert_eq!((history(&owner, &first).await.len(), history(&owner, &second).await.len()), (0, 1));
    owner.put(&format!("/contacts/{contact}/reminder-pause"), &json!({ "paused": true })).await.expect(200);
    owner.put(&format!("/invoices/{first}/reminder-pause"), &json!({ "paused": false })).await.expect(200);
    let shown = owner.get(&format!("/invoices/{first}/reminders")).await.expect(200);
    assert_eq!((shown["pauses"].as_array().map(Vec::len), shown["pauses"][0]["contact"].as_bool()), (Some(1), Some(true)));
    let owner = at(&t, &owner, plus(on, 7)).await;
    beat(&t).await;
    assert_eq!(history(&owner, &first).await.len(), 0);
    owner.put(&format!("/contacts/{contact}/reminder-pause"), &json!({ "paused": false })).await.expect(200);
    let owner = at(&t, &owner, plus(on, 8)).await;
    let next = planned(&owner, &first, 10).await;
    let owner = at(&t, &owner, next).await;
    beat(&t).await;
    // The step that the pause held back is overtaken by the next one: one reminder, not two.
    assert_eq!(history(&owner, &first).await.iter().map(|row| row["offset_days"].clone()).collect::<Vec<_>>(), [json!(10)]);
}

#[tokio::test] // QI-37, QI-38
async fn a_business_is_told_what_lateness_costs_and_it_can_be_invoiced_without_vat() {
    let t = TestApp::new().await;
    let (owner, consumer) = ready(&t).await;
    owner.patch("/billing-profile", &json!({ "late_rate": "7.86", "payment_days": 0 })).await.expect(200);
    let contact = customer(&owner, "B2B_FR").await;
    let lines = json!([{ "label": "Forfait", "quantity": "1", "unit_price": "1000", "vat_rate": "20" }]);
    let made = owner.post("/invoices", &json!({ "contact_id": contact, "lines": lines })).await.expect(201);
    let invoice = owner.post(&format!("/invoices/{}/issue", id(&made)), &json!({})).await.expect(200);
    let plain = issued(&owner, &consumer).await;
    owner.post(&format!("/invoices/{}/late-fees", id(&invoice)), &json!({})).await.expect(409);
    let owner = at(&t, &owner, plus(day(&invoice["due_date"]), 30)).await;
    let shown = owner.get(&format!("/invoices/{}/reminders", id(&invoice))).await.expect(200);
    let fees = &shown["fees"];
    assert_eq!(
        (fees["days_late"].as_i64(), fees["penalty_minor"].as_i64(), fees["indemnity_minor"].as_i64()),
        (Some(30), Some(775), Some(4_000)),
        "{shown}"
    );
    let draft = owner.post(&format!("/invoices/{}/late-fees", id(&invoice)), &json!({})).await.expect(201);
    let draft = owner.get(&format!("/invoices/{}", draft["invoice_id"].as_str().expect("id"))).await.expect(200);
    assert_eq!((draft["gross_minor"].as_i64(), draft["vat_minor"].as_i64()), (Some(4_775), Some(0)));
    owner.post(&format!("/invoices/{}/issue", id(&draft)), &json!({})).await.expect(200);
    // Nothing of it to a consumer.
    let shown = owner.get(&format!("/invoices/{}/reminders", id(&plain))).await.expect(200);
    assert_eq!((shown["fees"]["penalty_minor"].as_i64(), shown["fees"]["indemnity_minor"].as_i64()), (Some(0), Some(0)));
    owner.post(&format!("/invoices/{}/late-fees", id(&plain)), &json!({})).await.expect(409);
    let step = |body: &str| json!({ "steps": [{ "offset_days": 3, "channel": "email", "subject": "Rappel", "body": body }] });
    for body in ["Indemnité de 40 €", "{penalites}", "Profitez de nos offres"] {
        assert_eq!(owner.patch("/dunning-plans/consumer", &step(body)).await.pointers(), ["/steps/0/body"], "{body}");
    }
    owner.patch("/dunning-plans/business", &step("Pénalités : {penalites}")).await.expect(200);
}

#[tokio::test]
async fn letters_wait_to_be_posted_and_who_has_no_address_is_seen() {
    let t = TestApp::new().await;
    let (owner, _) = ready(&t).await;
    let contact = customer(&owner, "B2B_FR").await;
    let invoice = issued(&owner, &contact).await;
    let id = id(&invoice);
    // By hand, though no plan is active: this customer has no mail.
    let failed = owner.post(&format!("/invoices/{id}/reminders"), &json!({ "offset_days": 3 })).await.expect(200);
    assert_eq!((failed["history"][0]["state"].as_str(), failed["history"][0]["failure"].as_str()), (Some("failed"), Some("no_email")));
    let letter = owner.post(&format!("/invoices/{id}/reminders"), &json!({ "offset_days": 30 })).await.expect(200);
    let row = &letter["history"][0];
    assert_eq!((row["state"].as_str(), row["channel"].as_str()), (Some("to_post"), Some("letter")));
    let reminder = row["id"].as_str().expect("id");
    let pdf = owner.get(&format!("/reminders/{reminder}/letter")).await;
    assert!(pdf.bytes.starts_with(b"%PDF"));
    assert_eq!(owner.get("/reminders?pending=true").await.expect(200)["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(owner.post(&format!("/reminders/{reminder}/posted"), &json!({})).await.expect(200)["state"], "posted");
    owner.post(&format!("/reminders/{reminder}/posted"), &json!({})).await.expect(409);
    owner.post(&format!("/invoices/{id}/reminders"), &json!({ "offset_days": 30 })).await.expect(409);
    // With an address the step that failed leaves after all.
    let version = owner.get(&format!("/contacts/{contact}")).await.expect(200)["version"].as_i64().expect("version");
    owner
        .patch_if(&format!("/contacts/{contact}"), version, &json!({ "emails": [{ "email": "compta@taxis.exemple.fr" }] }))
        .await
        .expect(200);
    owner.post(&format!("/invoices/{id}/reminders"), &json!({ "offset_days": 3 })).await.expect(200);
    assert_eq!(t.mails("compta@taxis.exemple.fr").await.len(), 1);
    // Who sees a part of the customers sees their reminders only.
    let part = t.member_with(owner.tenant_id, &["invoices.read"], "own").await;
    assert_eq!(part.get("/reminders").await.expect(200)["items"], json!([]));
    part.get(&format!("/invoices/{id}/reminders")).await.expect(404);
}

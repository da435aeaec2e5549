//! Invoices that are paid online: the round trip, and everything that can go wrong on it.

use crate::invoices::{issued, ready};
use axum::body::Body;
use axum::http::{Request, header};
use jiff::SignedDuration;
use serde_json::{Value, json};
use sqlx::{ConnectOptions, Connection};
use vision_platform::local_payments;
use vision_ports::payments::{local::Choice, signature};
use vision_testkit::{Answer, Persona, TestApp, http};

/// What an invoice of these tests comes to, in cents.
const GROSS: i64 = 15_709;

pub(crate) async fn form(t: &TestApp, path: &str, body: &str) -> Answer {
    let request =
        Request::post(path).header(header::HOST, "localhost:8080").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    http::send(&t.router, request.body(Body::from(body.to_owned())).expect("request")).await
}

pub(crate) async fn page(t: &TestApp, path: &str) -> Answer {
    t.fetch(path, &[("host", "localhost:8080")]).await
}

/// The path of an address of ours.
pub(crate) fn path(url: &str) -> String {
    url.strip_prefix("http://localhost:8080").expect("ours").to_owned()
}

fn location(answer: &Answer) -> String {
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.text);
    path_or(answer.headers[header::LOCATION].to_str().expect("text"))
}

fn path_or(url: &str) -> String {
    url.strip_prefix("http://localhost:8080").unwrap_or(url).to_owned()
}

/// A company that can be paid online, and a customer.
async fn connected(t: &TestApp) -> (Persona, String) {
    let (owner, contact) = ready(t).await;
    connect(t, &owner).await;
    (owner, contact)
}

pub(crate) async fn connect(t: &TestApp, owner: &Persona) -> String {
    let url = owner.post("/payment-account/connect", &json!({})).await.expect(200)["url"].as_str().expect("url").to_owned();
    form(t, &format!("{}/choisir", path(&url)), "choix=terminer").await;
    t.run_jobs().await;
    let account = owner.get("/payment-account").await.expect(200);
    assert_eq!((account["state"].as_str(), account["provider"].as_str()), (Some("ready"), Some("local")), "{account}");
    account["account_id"].as_str().expect("account").to_owned()
}

pub(crate) async fn link(owner: &Persona, invoice: &str, body: &Value) -> String {
    let made = owner.post(&format!("/invoices/{invoice}/pay-links"), body).await.expect(201);
    path(made["url"].as_str().expect("url"))
}

/// Presses the button; where the payer is sent.
pub(crate) async fn press(t: &TestApp, link: &str) -> String {
    location(&form(t, link, "").await)
}

pub(crate) async fn choose(t: &TestApp, place: &str, choice: &str) {
    let answer = form(t, &format!("{place}/choisir"), &format!("choix={choice}")).await;
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.text);
    t.run_jobs().await;
}

async fn invoice(owner: &Persona, id: &str) -> Value {
    owner.get(&format!("/invoices/{id}")).await.expect(200)
}

async fn payments(owner: &Persona, id: &str) -> Vec<Value> {
    owner.get(&format!("/payments?invoice_id={id}")).await.expect(200)["items"].as_array().expect("items").clone()
}

async fn whole(owner: &Persona) {
    let proof = owner.get("/numbering-proof").await.expect(200);
    assert_eq!(proof["valid"], true, "{proof}");
}

/// The webhook's door, as a provider knocks.
pub(crate) async fn knock(t: &TestApp, provider: &str, body: &[u8], signature: &str) -> Answer {
    let request = Request::post(format!("/webhooks/payments/{provider}")).header("stripe-signature", signature);
    http::send(&t.router, request.body(Body::from(body.to_vec())).expect("request")).await
}

/// A message as the local provider would sign it.
fn signed(t: &TestApp, name: &str, account: &str, object: &Value) -> (Vec<u8>, String) {
    let at = t.app.clock.now().as_second();
    let body = json!({ "id": format!("evt_{name}_{}", object["id"]), "type": name, "account": account, "livemode": false, "created": at, "data": { "object": object } });
    let body = body.to_string().into_bytes();
    let key: String = t.app.crypto.purpose_key("payments.local").iter().map(|byte| format!("{byte:02x}")).collect();
    let header = signature::sign(&format!("whsec_{key}"), at, &body);
    (body, header)
}

pub(crate) fn id_of(value: &Value) -> String {
    value["id"].as_str().expect("id").to_owned()
}

#[tokio::test] // BA-06, BA-09, EI-16, IS-04…IS-07
async fn an_invoice_is_sent_paid_online_and_receipted() {
    let t = TestApp::new().await;
    let (owner, contact) = connected(&t).await;
    let id = id_of(&issued(&owner, &contact).await);
    let sent = owner.post(&format!("/invoices/{id}/send"), &json!({})).await.expect(202);
    assert_eq!((sent["recipient"].as_str(), sent["pay_link"].as_bool()), (Some("ana.b2c@exemple.fr"), Some(true)));
    let mails = t.mails("ana.b2c@exemple.fr").await;
    let (subject, text) = mails.first().expect("a mail");
    assert!(subject.starts_with("Facture F"), "{subject}");
    let url = text.split_whitespace().find(|word| word.contains("/payer/")).expect("a link");
    let place = path(url);
    let mailbox = vision_platform::mailbox::TestMailbox::new(t.app.db.clone());
    let mail = mailbox.list(Some("ana.b2c@exemple.fr")).await.expect("list")[0].clone();
    let (name, kind, pdf) = mailbox.file(mail.id, 0).await.expect("read").expect("the PDF");
    assert!(name.starts_with('F') && kind == "application/pdf" && pdf == owner.get(&format!("/invoices/{id}/pdf")).await.bytes);
    assert!(mail.sender.starts_with("Garage Dupré <"), "{}", mail.sender);

    let shown = page(&t, &place).await;
    assert_eq!(shown.status.as_u16(), 200);
    assert!(
        shown.text.contains("157,09\u{a0}€") && shown.text.contains("Payer 157,09") && shown.text.contains("Garage Dupré"),
        "{}",
        shown.text
    );
    assert!(shown.text.contains("FR7630006000011234567890189") || shown.text.contains("FR76"), "a transfer is offered as well");
    assert_eq!(shown.headers["referrer-policy"], "no-referrer");
    assert_eq!(page(&t, &format!("{place}/facture.pdf")).await.bytes, pdf);

    let desk = press(&t, &place).await;
    assert!(desk.starts_with("/paiement-essai/cs_local_"), "{desk}");
    let before = payments(&owner, &id).await;
    assert_eq!(before.len(), 0);
    choose(&t, &desk, "pay").await;
    let after = invoice(&owner, &id).await;
    assert_eq!((after["status"].as_str(), after["paid_minor"].as_i64()), (Some("paid"), Some(GROSS)));
    let paid = payments(&owner, &id).await;
    let paid = paid.first().expect("a payment");
    assert_eq!(
        (paid["method"].as_str(), paid["till"].as_str(), paid["created_by"].as_str()),
        (Some("online"), Some("online"), Some("Paiement en ligne"))
    );
    assert_eq!(paid["receipt_number"], "RL-000001");
    // EI-16: the split is the invoice's own.
    let mut conn = t.db.urls.owner.connect().await.expect("owner");
    let rates: Vec<(String, i64)> = sqlx::query_as("SELECT trim_scale(rate)::text, amount_minor FROM payment_allocations ORDER BY rate")
        .fetch_all(&mut conn)
        .await
        .expect("rates");
    conn.close().await.expect("closed");
    assert_eq!(rates, [("5.5".to_owned(), 1_266), ("20".to_owned(), 14_443)]);
    // A chain of its own.
    let proof = owner.get("/numbering-proof").await.expect(200);
    assert!(
        proof["chains"].as_array().expect("chains").iter().any(|chain| chain["chain"] == "till:online" && chain["records"] == 1),
        "{proof}"
    );
    whole(&owner).await;

    let thanks = page(&t, &format!("{place}?retour=1")).await;
    assert!(thanks.text.contains("Payée") && thanks.text.contains("RL-000001") && !thanks.text.contains("<form"), "{}", thanks.text);
    let receipt = thanks.text.split('"').find(|part| part.contains("/recu/")).expect("a receipt").to_owned();
    let pdf = page(&t, &receipt).await;
    assert!(pdf.bytes.starts_with(b"%PDF-"), "{}", pdf.text);
    let staff = owner.get(&format!("/payments/{}/receipt", paid["id"].as_str().expect("id"))).await;
    assert_eq!(staff.bytes, pdf.bytes, "the same receipt for both");
    let mails = t.mails("ana.b2c@exemple.fr").await;
    assert_eq!(mails.iter().filter(|(subject, _)| subject.starts_with("Reçu")).count(), 1, "{mails:?}");
    let timeline = owner.get(&format!("/contacts/{contact}/timeline")).await.expect(200);
    for kind in ["invoice.sent", "payment.received"] {
        assert!(timeline["items"].as_array().expect("items").iter().any(|item| item["kind"] == kind), "{kind}");
    }
    // The day of the web's till is closed once it is over.
    let today = after["issue_date"].as_str().expect("day");
    assert_eq!(owner.post("/closings", &json!({ "till": "online", "until": today })).await.pointers(), ["/until"]);
    t.advance(SignedDuration::from_hours(24));
    let owner = t.sign_in(owner.tenant_id, owner.user_id, &owner.email).await;
    let closed = owner.post("/closings", &json!({ "till": "online", "until": today })).await.expect(201);
    assert_eq!(
        (closed["items"][0]["total_minor"].as_i64(), closed["items"][0]["by_method"]["online"].as_i64()),
        (Some(GROSS), Some(GROSS))
    );
    whole(&owner).await;
}

#[tokio::test]
async fn a_message_twice_late_or_forged_changes_nothing() {
    let t = TestApp::new().await;
    let (owner, contact) = connected(&t).await;
    let id = id_of(&issued(&owner, &contact).await);
    let place = link(&owner, &id, &json!({})).await;
    let desk = press(&t, &place).await;
    let session = desk.rsplit('/').next().expect("id").to_owned();
    let account = owner.get("/payment-account").await.expect(200)["account_id"].as_str().expect("id").to_owned();
    let local = local_payments::gateway(t.app.db.clone(), &t.app.crypto, "http://localhost:8080");

    // Nobody has paid: whoever says so with a good signature is not believed, the provider is asked.
    let (body, header) = signed(&t, "checkout.session.completed", &account, &json!({ "id": session }));
    assert_eq!(knock(&t, "local", &body, &header).await.status.as_u16(), 200);
    t.run_jobs().await;
    assert_eq!(invoice(&owner, &id).await["paid_minor"], 0);

    let sent = local.choose(&session, Choice::Pay, t.app.clock.now().as_second()).await.expect("paid");
    let (body, header) = sent.first().expect("a message").clone();
    // Forged: another secret, another body, no signature, another provider's door.
    let forged = signature::sign("whsec_x", t.app.clock.now().as_second(), &body);
    for (body, header) in
        [(body.as_slice(), forged.as_str()), (b"{}", header.as_str()), (body.as_slice(), ""), (body.as_slice(), "t=1,v1=00")]
    {
        assert_eq!(knock(&t, "local", body, header).await.status.as_u16(), 400);
    }
    assert_eq!(knock(&t, "stripe", &body, &header).await.status.as_u16(), 404);
    t.run_jobs().await;
    assert_eq!(invoice(&owner, &id).await["paid_minor"], 0);
    // Too old.
    t.advance(SignedDuration::from_secs(301));
    assert_eq!(knock(&t, "local", &body, &header).await.status.as_u16(), 400);
    let (body, header) = signed(&t, "checkout.session.completed", &account, &json!({ "id": session, "n": 2 }));
    // Believed, six times at once.
    let mut conn = t.db.urls.owner.connect().await.expect("owner");
    sqlx::query("DELETE FROM payment_events").execute(&mut conn).await.expect("clean");
    let answers = futures::future::join_all((0..6).map(|_| knock(&t, "local", &body, &header))).await;
    assert!(answers.iter().all(|answer| answer.status.as_u16() == 200));
    t.run_jobs().await;
    assert_eq!(payments(&owner, &id).await.len(), 1);
    assert_eq!(invoice(&owner, &id).await["paid_minor"], GROSS);
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM payment_events").fetch_one(&mut conn).await.expect("count");
    assert_eq!(kept, 1, "kept once");
    let raw: Vec<u8> = sqlx::query_scalar("SELECT body FROM payment_events").fetch_one(&mut conn).await.expect("body");
    assert_eq!(raw, body, "to the byte");
    // The same payment under other event ids, later and out of order.
    for (name, object) in [
        ("checkout.session.completed", json!({ "id": session, "n": 3 })),
        ("checkout.session.expired", json!({ "id": session, "n": 4 })),
        ("checkout.session.async_payment_failed", json!({ "id": session, "n": 5 })),
    ] {
        let (body, header) = signed(&t, name, &account, &object);
        assert_eq!(knock(&t, "local", &body, &header).await.status.as_u16(), 200);
        t.run_jobs().await;
    }
    assert_eq!(payments(&owner, &id).await.len(), 1);
    assert_eq!(invoice(&owner, &id).await["status"], "paid");
    let mails = t.mails("ana.b2c@exemple.fr").await;
    assert_eq!(mails.len(), 1, "one receipt: {mails:?}");
    whole(&owner).await;
    conn.close().await.expect("closed");
}

#[tokio::test]
async fn messages_about_nobody_and_other_companies_are_answered_and_forgotten() {
    let t = TestApp::new().await;
    let (ours, contact) = connected(&t).await;
    let (theirs, _) = connected(&t).await;
    let id = id_of(&issued(&ours, &contact).await);
    let session = press(&t, &link(&ours, &id, &json!({})).await).await.rsplit('/').next().expect("id").to_owned();
    let local = local_payments::gateway(t.app.db.clone(), &t.app.crypto, "http://localhost:8080");
    local.choose(&session, Choice::Pay, t.app.clock.now().as_second()).await.expect("paid");
    let their_account = theirs.get("/payment-account").await.expect(200)["account_id"].as_str().expect("id").to_owned();
    let checkout = ours.get(&format!("/invoices/{id}/online")).await.expect(200)["tries"][0]["id"].as_str().expect("id").to_owned();
    for (account, object) in [
        ("acct_unknown", json!({ "id": session })),
        // Another company's account that names our payment, by either id.
        (their_account.as_str(), json!({ "id": session })),
        (their_account.as_str(), json!({ "id": "cs_local_x", "client_reference_id": checkout })),
        (their_account.as_str(), json!({ "id": "cs_local_y", "client_reference_id": "nonsense" })),
    ] {
        let (body, header) = signed(&t, "checkout.session.completed", account, &object);
        assert_eq!(knock(&t, "local", &body, &header).await.status.as_u16(), 200);
    }
    // What nobody waits for, what is not for test money, what is no JSON.
    let (body, header) = signed(&t, "customer.created", &their_account, &json!({ "id": "cus_1" }));
    assert_eq!(knock(&t, "local", &body, &header).await.status.as_u16(), 200);
    t.run_jobs().await;
    assert_eq!(invoice(&ours, &id).await["paid_minor"], 0, "nothing came in by another company's messages");
    assert_eq!(theirs.get("/payments").await.expect(200)["items"], json!([]));
    // They wait for their payment a while and are then let go.
    t.advance(SignedDuration::from_mins(30));
    t.run_jobs().await;
    // The provider is asked by itself after half an hour of silence: nothing is lost with a message.
    for beat in vision_server::wiring::beats() {
        beat(&t.app).await.expect("beat");
    }
    t.advance(SignedDuration::from_mins(31));
    for beat in vision_server::wiring::beats() {
        beat(&t.app).await.expect("beat");
    }
    t.run_jobs().await;
    let ours = t.sign_in(ours.tenant_id, ours.user_id, &ours.email).await;
    let theirs = t.sign_in(theirs.tenant_id, theirs.user_id, &theirs.email).await;
    assert_eq!(invoice(&ours, &id).await["paid_minor"], GROSS);
    // Links, refunds and tries of another company.
    let mine = ours.get(&format!("/invoices/{id}/online")).await.expect(200);
    let link_id = mine["links"][0]["id"].as_str().expect("id");
    theirs.delete(&format!("/pay-links/{link_id}")).await.expect(404);
    theirs.get(&format!("/invoices/{id}/online")).await.expect(404);
    let payment = id_of(&payments(&ours, &id).await[0]);
    theirs.post(&format!("/payments/{payment}/refunds"), &json!({ "amount_minor": 1, "reason": "x" })).await.expect(404);
    theirs.get(&format!("/payments/{payment}/receipt")).await.expect(404);
    theirs.get(&format!("/contacts/{contact}/credit")).await.expect(404);
}

#[tokio::test] // BA-06
async fn two_tabs_pay_once_and_what_comes_twice_is_the_customers_credit() {
    let t = TestApp::new().await;
    let (owner, contact) = connected(&t).await;
    let id = id_of(&issued(&owner, &contact).await);
    let place = link(&owner, &id, &json!({})).await;
    let other = link(&owner, &id, &json!({})).await;
    // A double click, and another tab with another link.
    let presses = futures::future::join_all((0..4).map(|_| press(&t, &place))).await;
    assert!(presses.iter().all(|desk| *desk == presses[0]), "{presses:?}");
    assert_eq!(press(&t, &other).await, presses[0]);
    let desk = presses[0].clone();
    // Meanwhile half of it is paid at the counter: the open page is closed, because it asks for too much.
    owner.post(&format!("/invoices/{id}/payments"), &json!({ "method": "card", "amount_minor": 5_709 })).await.expect(201);
    t.run_jobs().await;
    assert!(page(&t, &desk).await.text.contains("n’est plus ouvert"));
    assert!(page(&t, &place).await.text.contains("Payer 100,00"));
    let desk = press(&t, &place).await;
    // And now the rest at the counter, while the payer pays before the page could be closed.
    let local = local_payments::gateway(t.app.db.clone(), &t.app.crypto, "http://localhost:8080");
    let session = desk.rsplit('/').next().expect("id");
    let sent = local.choose(session, Choice::Pay, t.app.clock.now().as_second()).await.expect("paid");
    owner.post(&format!("/invoices/{id}/payments"), &json!({ "method": "cash", "amount_minor": 10_000 })).await.expect(201);
    for (body, header) in sent {
        knock(&t, "local", &body, &header).await;
    }
    t.run_jobs().await;
    let shown = invoice(&owner, &id).await;
    assert_eq!((shown["status"].as_str(), shown["paid_minor"].as_i64()), (Some("paid"), Some(GROSS)), "no more than the invoice");
    let online: Vec<Value> = payments(&owner, &id).await.into_iter().filter(|one| one["till"] == "online").collect();
    assert_eq!((online.len(), online[0]["unallocated_minor"].as_i64()), (1, Some(10_000)));
    assert_eq!(owner.get(&format!("/contacts/{contact}/credit")).await.expect(200)["credit_minor"], 10_000);
    whole(&owner).await;

    // It pays another invoice, not more than there is, and not twice.
    let second = id_of(&issued(&owner, &contact).await);
    let pay = |amount: i64| json!({ "method": "credit", "amount_minor": amount });
    let refused = owner.post(&format!("/invoices/{second}/payments"), &pay(10_001)).await;
    assert_eq!((refused.status.as_u16(), refused.json["credit_minor"].as_i64()), (422, Some(10_000)));
    let (place, body) = (format!("/invoices/{second}/payments"), pay(6_000));
    let statuses: Vec<u16> = futures::future::join_all([owner.post(&place, &body), owner.post(&place, &body)])
        .await
        .iter()
        .map(|answer| answer.status.as_u16())
        .collect();
    assert!(statuses.contains(&201) && statuses.contains(&422), "{statuses:?}");
    assert_eq!(owner.get(&format!("/contacts/{contact}/credit")).await.expect(200)["credit_minor"], 4_000);
    assert_eq!(invoice(&owner, &second).await["paid_minor"], 6_000);
    // Taken back, it is credit again.
    let used = id_of(payments(&owner, &second).await.first().expect("the credit"));
    owner.post(&format!("/payments/{used}/reverse"), &json!({ "reason": "Erreur" })).await.expect(201);
    assert_eq!(owner.get(&format!("/contacts/{contact}/credit")).await.expect(200)["credit_minor"], 10_000);
    // Or it goes back to the payer: no credit note is needed for what was never owed.
    let payment = id_of(&online[0]);
    let refund = owner
        .post(&format!("/payments/{payment}/refunds"), &json!({ "amount_minor": 10_000, "reason": "Payé deux fois" }))
        .await
        .expect(201);
    assert_eq!((refund["state"].as_str(), refund["credit_note_id"].is_null()), (Some("pending"), true));
    // Reserved at once.
    assert_eq!(owner.get(&format!("/contacts/{contact}/credit")).await.expect(200)["credit_minor"], 0);
    owner.post(&format!("/payments/{payment}/refunds"), &json!({ "amount_minor": 1, "reason": "Encore" })).await.expect(422);
    t.run_jobs().await;
    let mine = owner.get(&format!("/invoices/{id}/online")).await.expect(200);
    assert_eq!(mine["refunds"][0]["state"], "succeeded", "{mine}");
    assert_eq!(owner.get(&format!("/contacts/{contact}/credit")).await.expect(200)["credit_minor"], 0);
    assert_eq!(invoice(&owner, &id).await["paid_minor"], GROSS);
    whole(&owner).await;
}

#[tokio::test] // BA-09
async fn a_refund_follows_a_credit_note_and_never_exceeds_what_was_paid() {
    let t = TestApp::new().await;
    let (owner, contact) = connected(&t).await;
    let id = id_of(&issued(&owner, &contact).await);
    let desk = press(&t, &link(&owner, &id, &json!({})).await).await;
    choose(&t, &desk, "pay").await;
    let payment = id_of(&payments(&owner, &id).await[0]);
    let ask = |amount: i64| json!({ "amount_minor": amount, "reason": "Pièce reprise" });
    let refused = owner.post(&format!("/payments/{payment}/refunds"), &ask(100)).await;
    assert_eq!((refused.status.as_u16(), refused.json["errors"][0]["code"].as_str()), (422, Some("credit_note")), "{}", refused.text);
    assert_eq!(owner.post(&format!("/payments/{payment}/reverse"), &json!({ "reason": "x" })).await.expect(409)["reason"], "online");

    // The book is taken back: 12 € and its VAT.
    let lines = json!([{ "label": "Livre d’entretien", "quantity": "1", "unit_price": "12", "vat_rate": "5.5", "nature": "goods" }]);
    let note = owner.post(&format!("/invoices/{id}/credit-notes"), &json!({ "reason": "Pièce reprise" })).await.expect(201);
    let note = id_of(&note);
    owner.patch(&format!("/invoices/{note}"), &json!({ "lines": lines })).await.expect(200);
    owner.post(&format!("/invoices/{note}/issue"), &json!({})).await.expect(200);
    let mine = owner.get(&format!("/invoices/{id}/online")).await.expect(200);
    assert_eq!((mine["overpaid_minor"].as_i64(), mine["refundable"][0]["invoice_minor"].as_i64()), (Some(1_266), Some(1_266)), "{mine}");
    assert_eq!(owner.post(&format!("/payments/{payment}/refunds"), &ask(1_267)).await.json["refundable_minor"], 1_266);
    // Two people at once: one refund.
    let (place, body) = (format!("/payments/{payment}/refunds"), ask(1_266));
    let answers = futures::future::join_all([owner.post(&place, &body), owner.post(&place, &body)]).await;
    assert_eq!(answers.iter().filter(|answer| answer.status.as_u16() == 201).count(), 1);
    t.run_jobs().await;
    t.run_jobs().await;
    let shown = invoice(&owner, &id).await;
    assert_eq!((shown["paid_minor"].as_i64(), shown["due_minor"].as_i64()), (Some(GROSS - 1_266), Some(0)));
    let entries = payments(&owner, &id).await;
    let back = entries.iter().find(|entry| entry["amount_minor"] == -1_266).expect("the entry");
    assert_eq!((back["reverses_id"].as_str(), back["till"].as_str()), (Some(payment.as_str()), Some("online")));
    let mine = owner.get(&format!("/invoices/{id}/online")).await.expect(200);
    assert_eq!(
        (mine["refunds"][0]["state"].as_str(), mine["refunds"][0]["credit_note_id"].as_str()),
        (Some("succeeded"), Some(note.as_str()))
    );
    // By the rate that the credit note is of.
    let mut conn = t.db.urls.owner.connect().await.expect("owner");
    let rates: Vec<(String, i64)> =
        sqlx::query_as("SELECT trim_scale(rate)::text, amount_minor FROM payment_allocations WHERE amount_minor < 0")
            .fetch_all(&mut conn)
            .await
            .expect("rates");
    conn.close().await.expect("closed");
    assert_eq!(rates, [("5.5".to_owned(), -1_266)]);
    whole(&owner).await;
    // Made again at the provider's with the same key, it is the same refund; made there by hand, it is entered, and the invoice is due again.
    let checkout = mine["tries"][0]["id"].as_str().expect("id").to_owned();
    let session = desk.rsplit('/').next().expect("id").to_owned();
    let account = owner.get("/payment-account").await.expect(200)["account_id"].as_str().expect("id").to_owned();
    let money = session.replacen("cs_", "pi_", 1);
    let by_hand = vision_ports::payments::NewRefund { reference: "by hand".into(), payment: money.clone(), amount_minor: 2_000 };
    t.app.payments.refund(&account, &by_hand, "by-hand").await.expect("made there");
    let (body, header) = signed(&t, "refund.created", &account, &json!({ "id": "re_x", "payment_intent": money, "checkout": checkout }));
    assert_eq!(knock(&t, "local", &body, &header).await.status.as_u16(), 200);
    t.run_jobs().await;
    let shown = invoice(&owner, &id).await;
    assert_eq!((shown["due_minor"].as_i64(), shown["paid_minor"].as_i64()), (Some(2_000), Some(GROSS - 1_266 - 2_000)));
    assert_eq!(owner.get(&format!("/invoices/{id}/online")).await.expect(200)["refunds"][1]["origin"], "provider");
    whole(&owner).await;
}

#[tokio::test]
async fn a_dispute_marks_the_invoice_and_lost_makes_it_due_again() {
    let t = TestApp::new().await;
    let (owner, contact) = connected(&t).await;
    for (verdict, status, paid) in [("win", "paid", GROSS), ("lose", "due", 0)] {
        let id = id_of(&issued(&owner, &contact).await);
        let place = link(&owner, &id, &json!({})).await;
        let desk = press(&t, &place).await;
        choose(&t, &desk, "pay").await;
        choose(&t, &desk, "dispute").await;
        assert_eq!(invoice(&owner, &id).await["disputed"], true);
        let mine = owner.get(&format!("/invoices/{id}/online")).await.expect(200);
        assert_eq!((mine["disputes"][0]["state"].as_str(), mine["disputed"].as_bool()), (Some("open"), Some(true)));
        assert!(page(&t, &place).await.text.contains("contesté"));
        choose(&t, &desk, verdict).await;
        let shown = invoice(&owner, &id).await;
        let status = if status == "due" && shown["status"] == "overdue" { "overdue" } else { status };
        assert_eq!(
            (shown["status"].as_str(), shown["paid_minor"].as_i64(), shown["disputed"].as_bool()),
            (Some(status), Some(paid), Some(false))
        );
        // A message that comes late does not open it again.
        let session = desk.rsplit('/').next().expect("id");
        let account = owner.get("/payment-account").await.expect(200)["account_id"].as_str().expect("id").to_owned();
        let object = json!({ "id": session.replacen("cs_", "dp_", 1), "payment_intent": session.replacen("cs_", "pi_", 1), "amount": GROSS, "state": "open" });
        let (body, header) = signed(&t, "charge.dispute.created", &account, &object);
        knock(&t, "local", &body, &header).await;
        t.run_jobs().await;
        assert_eq!(invoice(&owner, &id).await["disputed"], false);
        whole(&owner).await;
    }
}

#[tokio::test]
async fn parts_refusals_expiry_revocation_and_credit_notes_show_on_the_page() {
    let t = TestApp::new().await;
    let (owner, contact) = connected(&t).await;
    let id = id_of(&issued(&owner, &contact).await);
    for (body, pointer) in [
        (json!({ "amount_minor": 0 }), "/amount_minor"),
        (json!({ "amount_minor": GROSS + 1 }), "/amount_minor"),
        (json!({ "valid_days": 0 }), "/valid_days"),
        (json!({ "valid_days": 400 }), "/valid_days"),
    ] {
        assert_eq!(owner.post(&format!("/invoices/{id}/pay-links"), &body).await.pointers(), [pointer], "{body}");
    }
    let part = link(&owner, &id, &json!({ "amount_minor": 5_000 })).await;
    assert!(page(&t, &part).await.text.contains("Payer 50,00"));
    // The browser says no amount, whatever it says.
    let desk = location(&form(&t, &part, "amount_minor=1&amount=1").await);
    choose(&t, &desk, "pay").await;
    assert_eq!(invoice(&owner, &id).await["paid_minor"], 5_000);
    let shown = page(&t, &part).await;
    assert!(shown.text.contains("Il reste 107,09") && !shown.text.contains("<form"), "a part is paid once: {}", shown.text);
    assert_eq!(press(&t, &part).await, part, "nothing is asked for again");
    // Refused: nothing came in, and one may try again.
    let rest = link(&owner, &id, &json!({})).await;
    let desk = press(&t, &rest).await;
    choose(&t, &desk, "refuse").await;
    let shown = page(&t, &rest).await;
    assert!(shown.text.contains("a été refusé") && shown.text.contains("Payer 107,09"), "{}", shown.text);
    // Given up: the same.
    let again = press(&t, &rest).await;
    assert_ne!(again, desk);
    choose(&t, &again, "abandon").await;
    assert!(page(&t, &rest).await.text.contains("Payer 107,09"));
    assert_eq!(invoice(&owner, &id).await["paid_minor"], 5_000);
    // Withdrawn: its open page goes with it, and it opens nothing.
    let open = press(&t, &rest).await;
    let links = owner.get(&format!("/invoices/{id}/online")).await.expect(200)["links"].clone();
    assert!(links.as_array().expect("links").iter().all(|link| link["url"].is_null()), "told once");
    owner.delete(&format!("/pay-links/{}", links[0]["id"].as_str().expect("id"))).await.expect(204);
    owner.delete(&format!("/pay-links/{}", links[0]["id"].as_str().expect("id"))).await.expect(204);
    t.run_jobs().await;
    assert!(page(&t, &open).await.text.contains("n’est plus ouvert"));
    let gone = page(&t, &rest).await;
    assert_eq!(gone.status.as_u16(), 410);
    assert!(gone.text.contains("Lien expiré") && !gone.text.contains("157,09"), "{}", gone.text);
    assert_eq!(page(&t, &format!("{rest}/facture.pdf")).await.status.as_u16(), 404);
    assert_eq!(press(&t, &rest).await, rest);
    // Too late.
    let short = link(&owner, &id, &json!({ "valid_days": 1 })).await;
    t.advance(SignedDuration::from_hours(25));
    assert_eq!(page(&t, &short).await.status.as_u16(), 410);
    for nobody in ["/payer/x", "/payer/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(page(&t, nobody).await.status.as_u16(), 404, "{nobody}");
        assert_eq!(form(&t, nobody, "").await.status.as_u16(), if nobody == "/payer/x" { 404 } else { 303 }, "{nobody}");
    }
    // Taken back whole by a credit note: nothing to pay, and the open page is closed.
    let owner = t.sign_in(owner.tenant_id, owner.user_id, &owner.email).await;
    let other = id_of(&issued(&owner, &contact).await);
    let place = link(&owner, &other, &json!({})).await;
    let desk = press(&t, &place).await;
    let note = id_of(&owner.post(&format!("/invoices/{other}/credit-notes"), &json!({ "reason": "Annulée" })).await.expect(201));
    owner.post(&format!("/invoices/{note}/issue"), &json!({})).await.expect(200);
    t.run_jobs().await;
    assert!(page(&t, &place).await.text.contains("annulée par un avoir"));
    assert!(page(&t, &desk).await.text.contains("n’est plus ouvert"));
    owner.post(&format!("/invoices/{other}/pay-links"), &json!({})).await.expect(409);
    owner.post(&format!("/invoices/{note}/pay-links"), &json!({})).await.expect(409);
}

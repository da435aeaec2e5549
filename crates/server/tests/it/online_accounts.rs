//! The company's account at the provider of payments, and providers that are away or not for production.

use crate::invoices::{issued, ready};
use crate::online_payments::{choose, connect, form, id_of, knock, link, page, path, press};
use serde_json::json;
use sqlx::{ConnectOptions, Connection};
use vision_ports::payments::signature;
use vision_testkit::TestApp;

#[tokio::test]
async fn without_an_account_nobody_pays_online_and_the_page_says_how_else() {
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    let id = id_of(&issued(&owner, &contact).await);
    assert_eq!(owner.get("/payment-account").await.expect(200)["state"], "none");
    let place = link(&owner, &id, &json!({})).await;
    let shown = page(&t, &place).await;
    assert!(
        shown.text.contains("n’est pas disponible") && shown.text.contains("Payer par virement") && !shown.text.contains("<form"),
        "{}",
        shown.text
    );
    assert_eq!(press(&t, &place).await, place);
    let sent = owner.post(&format!("/invoices/{id}/send"), &json!({ "to": "compta@exemple.fr", "message": "Bonjour" })).await.expect(202);
    assert_eq!(sent["pay_link"], false);
    let mails = t.mails("compta@exemple.fr").await;
    assert!(mails[0].1.starts_with("Bonjour") && !mails[0].1.contains("/payer/"), "{mails:?}");
    assert_eq!(owner.get(&format!("/invoices/{id}/online")).await.expect(200)["sendings"][0]["state"], "sent");
    assert_eq!(owner.post(&format!("/invoices/{id}/send"), &json!({ "to": "pas une adresse" })).await.pointers(), ["/to"]);
    let draft = owner.post("/invoices", &json!({ "contact_id": contact })).await.expect(201);
    owner.post(&format!("/invoices/{}/send", id_of(&draft)), &json!({})).await.expect(409);
    // Half told: not ready; then ready; then cut at the provider's; then connected again.
    let url = owner.post("/payment-account/connect", &json!({})).await.expect(200)["url"].as_str().expect("url").to_owned();
    assert_eq!(owner.get("/payment-account").await.expect(200)["state"], "onboarding");
    form(&t, &format!("{}/choisir", path(&url)), "choix=terminer").await;
    t.run_jobs().await;
    assert_eq!(owner.get("/payment-account").await.expect(200)["state"], "ready");
    assert!(page(&t, &place).await.text.contains("Payer 157,09"));
    form(&t, &format!("{}/choisir", path(&url)), "choix=revoquer").await;
    t.run_jobs().await;
    assert_eq!(owner.get("/payment-account").await.expect(200)["state"], "disconnected");
    assert!(page(&t, &place).await.text.contains("n’est pas disponible"));
    connect(&t, &owner).await;
    assert_eq!(owner.delete("/payment-account").await.expect(200)["state"], "disconnected");
    let member = t.member(owner.tenant_id, "member").await;
    member.post("/payment-account/connect", &json!({})).await.expect(403);
}

#[tokio::test]
async fn the_local_provider_and_its_pages_are_not_for_production() {
    let t = TestApp::with(&[
        ("VISION_ENV", "production"),
        ("VISION_SMTP_URL", "smtp://127.0.0.1:9"),
        ("VISION_SECRET_KEYS", "1:0707070707070707070707070707070707070707070707070707070707070707"),
    ])
    .await;
    assert_eq!(t.app.payments.name(), "none");
    assert_ne!(page(&t, "/paiement-essai/cs_local_x").await.status.as_u16(), 409);
    let owner = t.owner().await;
    assert_eq!(owner.post("/payment-account/connect", &json!({})).await.expect(409)["reason"], "no_provider");
    assert_eq!(knock(&t, "local", b"{}", "t=1,v1=00").await.status.as_u16(), 404);
}

#[tokio::test]
async fn a_provider_that_is_away_costs_nothing() {
    let t = TestApp::with(&[
        ("VISION_STRIPE_SECRET_KEY", "sk_test_1"),
        ("VISION_STRIPE_WEBHOOK_SECRET", "whsec_1"),
        ("VISION_STRIPE_API_BASE", "http://127.0.0.1:9"),
    ])
    .await;
    let (owner, contact) = ready(&t).await;
    owner.post("/payment-account/connect", &json!({})).await.expect(503);
    let mut conn = t.db.urls.owner.connect().await.expect("owner");
    sqlx::query("INSERT INTO payment_accounts (tenant_id, provider, account_id, charges_enabled, payouts_enabled, created_at, updated_at) VALUES ($1, 'stripe', 'acct_1', true, true, now(), now())")
        .bind(owner.tenant_id)
        .execute(&mut conn)
        .await
        .expect("account");
    let id = id_of(&issued(&owner, &contact).await);
    let place = link(&owner, &id, &json!({})).await;
    let away = press(&t, &place).await;
    assert_eq!(away, format!("{place}?absent=1"));
    let shown = page(&t, &away).await;
    assert!(shown.text.contains("ne répond pas") && shown.text.contains("Payer 157,09"), "{}", shown.text);
    let policy = shown.headers["content-security-policy"].to_str().expect("text");
    assert!(policy.contains("form-action 'self' https://checkout.stripe.com"), "{policy}");
    // A real signature opens the door, and the job waits for the provider.
    let at = t.app.clock.now().as_second();
    let body = json!({ "id": "evt_1", "object": "event", "type": "checkout.session.completed", "account": "acct_1", "livemode": false, "data": { "object": { "id": "cs_1" } } }).to_string();
    assert_eq!(knock(&t, "stripe", body.as_bytes(), &signature::sign("whsec_1", at, body.as_bytes())).await.status.as_u16(), 200);
    let live = body.replace("\"livemode\":false", "\"livemode\":true").replace("evt_1", "evt_2");
    assert_eq!(knock(&t, "stripe", live.as_bytes(), &signature::sign("whsec_1", at, live.as_bytes())).await.status.as_u16(), 200);
    let kept: Vec<String> = sqlx::query_scalar("SELECT event_id FROM payment_events").fetch_all(&mut conn).await.expect("events");
    assert_eq!(kept, ["evt_1"], "real money does not reach a test key");
    conn.close().await.expect("closed");
}

#[tokio::test] // QI-31
async fn the_deposit_of_an_accepted_quote_is_paid_from_its_page() {
    let t = TestApp::new().await;
    let (owner, contact) = ready(&t).await;
    connect(&t, &owner).await;
    owner.patch("/order-settings", &json!({ "verification": "none" })).await.expect(200);
    let lines = json!([{ "label": "Freins", "quantity": "1", "unit_price": "300", "vat_rate": "20" }]);
    let order = id_of(&owner.post("/orders", &json!({ "contact_id": contact, "title": "Freins", "lines": lines })).await.expect(201));
    let url = owner.post(&format!("/orders/{order}/send"), &json!({})).await.expect(200)["url"].as_str().expect("url").to_owned();
    let quote = path(&url);
    let done = form(&t, &format!("{quote}/accepter"), "nom=Ana+L%C3%A9ger&mention=Bon+pour+accord&cgv=1&ligne=1").await;
    assert_eq!(done.status.as_u16(), 303, "{}", done.text);
    t.run_jobs().await;
    let pay = |html: &str| html.split('"').find(|part| part.contains("/payer/")).map(path);
    let shown = page(&t, &quote).await;
    let place = pay(&shown.text).expect("where the deposit is paid");
    // Looked at again, it is the same address: looking makes nothing.
    assert_eq!(pay(&page(&t, &quote).await.text), Some(place.clone()));
    let shown = page(&t, &place).await;
    assert!(shown.text.contains("Payer 108,00"), "{}", shown.text);
    let desk = press(&t, &place).await;
    choose(&t, &desk, "pay").await;
    assert!(page(&t, &place).await.text.contains("Payée"));
    assert_eq!(pay(&page(&t, &quote).await.text), None, "nothing is asked for any more");
    let mine = owner.get(&format!("/orders/{order}")).await.expect(200);
    assert_eq!(mine["invoices"][0]["paid_minor"], 10_800, "{mine}");
}

//! Quotes: sent, read, accepted line by line, refused, replaced, withdrawn; their proof, and the invoices that come of them.

use axum::body::Body;
use axum::http::{Method, Request};
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::{ConnectOptions, Connection, PgConnection};
use vision_testkit::http::{Answer, send};
use vision_testkit::{Persona, TestApp};

async fn ready(t: &TestApp) -> Persona {
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
    owner.patch("/billing-profile", &habits).await.expect(200);
    owner
}

async fn customer(owner: &Persona, kind: &str) -> String {
    let address = json!([{ "line1": "3 quai des Étroits", "postal_code": "69005", "city": "Lyon", "country": "FR" }]);
    let mut body = json!({ "first_name": "Ana", "last_name": "Léger", "emails": [{ "email": "ana@exemple.fr" }], "addresses": address });
    if kind == "B2B_FR" {
        body = json!({ "kind": "company", "company_name": "Taxis du Rhône", "customer_kind": kind, "siren": "552100554", "emails": [{ "email": "taxis@exemple.fr" }], "addresses": address });
    }
    owner.contact(&body).await
}

/// 100 + 200, and an option of 40.
async fn draft(owner: &Persona, contact: &str) -> String {
    let made = owner
        .post(
            "/orders",
            &json!({ "contact_id": contact, "title": "Freins", "lines": [
                { "section": "Avant", "label": "Plaquettes", "quantity": "2", "unit_price": "50", "vat_rate": "20", "nature": "goods" },
                { "label": "Disques", "quantity": "2", "unit_price": "100", "vat_rate": "20", "nature": "goods" },
                { "section": "Confort", "label": "Essuie-glaces", "quantity": "1", "unit_price": "40", "vat_rate": "20", "optional": true },
            ] }),
        )
        .await
        .expect(201);
    assert_eq!((&made["number"], made["state"].as_str(), made["gross_minor"].as_i64()), (&Value::Null, Some("draft"), Some(36_000)));
    made["id"].as_str().expect("id").to_owned()
}

async fn sent(owner: &Persona, id: &str) -> (Value, String) {
    let out = owner.post(&format!("/orders/{id}/send"), &json!({})).await.expect(200);
    let url = out["url"].as_str().expect("url");
    (out["order"].clone(), url[url.find("/proposition/").expect("a page")..].to_owned())
}

async fn page(t: &TestApp, path: &str) -> (u16, String) {
    let answer = t.fetch(path, &[("sec-fetch-mode", "navigate"), ("user-agent", "Testeur 1.0")]).await;
    (answer.status.as_u16(), String::from_utf8_lossy(&answer.bytes).into_owned())
}

async fn submit(t: &TestApp, path: &str, form: &str) -> Answer {
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("user-agent", "Testeur 1.0")
        .body(Body::from(form.to_owned()))
        .expect("request");
    send(&t.router, request).await
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.bytes).into_owned()
}

async fn code(t: &TestApp) -> String {
    t.run_jobs().await;
    let mails = t.mails("ana@exemple.fr").await;
    let (subject, _) = mails.iter().find(|(subject, _)| subject.contains("votre code")).expect("a code");
    subject[..6].to_owned()
}

async fn state(owner: &Persona, id: &str) -> Value {
    owner.get(&format!("/orders/{id}")).await.expect(200)
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test] // QI-04…QI-08, QI-10
async fn a_quote_is_accepted_line_by_line_with_a_code_and_its_proof_verifies() {
    let t = TestApp::new().await;
    let owner = ready(&t).await;
    owner.patch("/order-settings", &json!({ "terms": "Article 1. Tout est dit." })).await.expect(200);
    let contact = customer(&owner, "B2C").await;
    let id = draft(&owner, &contact).await;
    let (order, path) = sent(&owner, &id).await;
    let number = order["number"].as_str().expect("number").to_owned();
    assert!(number.starts_with('D') && number.ends_with("-000001"), "{number}");
    let (status, html) = page(&t, &path).await;
    assert_eq!(status, 200);
    for said in ["Plaquettes", "option", "360,00\u{a0}€", "Acompte de 30 %", "Article 1. Tout est dit.", "Continuer pour accepter"] {
        assert!(html.contains(said), "{said} in {html}");
    }
    assert_eq!(state(&owner, &id).await["state"], "viewed");

    // The paper that is shown is the paper that was sent.
    let shown = t.fetch(&format!("{path}/devis.pdf"), &[]).await;
    assert!(shown.bytes.starts_with(b"%PDF"));
    assert_eq!(owner.get(&format!("/orders/{id}/pdf")).await.bytes, shown.bytes);

    // Two of three: the discs and the option. The summary says the total; only a code from the right mailbox confirms.
    let answer = submit(&t, &format!("{path}/resume"), "ligne=2&ligne=3").await;
    assert!(text(&answer).contains("288,00\u{a0}€") && text(&answer).contains("Non retenu : Plaquettes"), "{}", text(&answer));
    let refused = submit(&t, &format!("{path}/code"), "ligne=2&ligne=3&nom=Ana").await;
    assert_eq!(refused.status.as_u16(), 422);
    assert!(text(&refused).contains("Acceptez les conditions générales"));
    let form = "ligne=2&ligne=3&nom=Ana+L%C3%A9ger&mention=Bon+pour+accord&cgv=1";
    let asked = submit(&t, &format!("{path}/code"), form).await;
    assert!(text(&asked).contains("a•••@exemple.fr") && text(&asked).contains("Commander avec obligation de paiement"), "{}", text(&asked));
    let code = code(&t).await;
    let wrong = submit(&t, &format!("{path}/accepter"), &format!("{form}&code=000000")).await;
    assert!(text(&wrong).contains("Ce code ne convient pas"), "{}", text(&wrong));
    // A code is for what was confirmed: another choice needs another.
    let other = submit(&t, &format!("{path}/accepter"), &format!("ligne=1&nom=Ana+L%C3%A9ger&cgv=1&code={code}")).await;
    assert!(text(&other).contains("Ce code ne convient pas"));
    let done = submit(&t, &format!("{path}/accepter"), &format!("{form}&code={code}")).await;
    assert_eq!((done.status.as_u16(), done.headers["location"].to_str().ok()), (303, Some(path.as_str())));
    // A second click changes nothing.
    assert_eq!(submit(&t, &format!("{path}/accepter"), &format!("{form}&code={code}")).await.status.as_u16(), 303);

    let accepted = state(&owner, &id).await;
    assert_eq!((accepted["state"].as_str(), accepted["accepted_minor"].as_i64()), (Some("partially_accepted"), Some(28_800)));
    let taken: Vec<Value> = accepted["lines"].as_array().expect("lines").iter().map(|line| line["accepted"].clone()).collect();
    assert_eq!(taken, [json!(false), json!(true), json!(true)]);
    let kinds: Vec<&str> = accepted["evidence"].as_array().expect("evidence").iter().filter_map(|row| row["kind"].as_str()).collect();
    assert_eq!(kinds, ["sent", "viewed", "code_sent", "code_failed", "code_failed", "code_verified", "accepted"]);
    assert_eq!(accepted["answer"]["method"], "remote_code");

    // The deposit that was asked is invoiced, and nothing more (L9).
    let invoices = accepted["invoices"].as_array().expect("invoices");
    assert_eq!((invoices.len(), invoices[0]["kind"].as_str(), invoices[0]["gross_minor"].as_i64()), (1, Some("deposit"), Some(8_640)));

    // The proof verifies; one flipped byte does not.
    t.run_jobs().await;
    let sealed = t.fetch(&format!("{path}/devis-signe.pdf"), &[]).await;
    assert!(sealed.bytes.starts_with(b"%PDF"));
    let hash = sha256(&sealed.bytes);
    assert_eq!(state(&owner, &id).await["answer"]["sealed_sha256"], hash.as_str());
    assert_eq!(state(&owner, &id).await["answer"]["timestamp_authority"], "Horodatage local");
    let (_, html) = page(&t, &format!("/verifier?empreinte={hash}")).await;
    assert!(html.contains("identique à l’original") && html.contains(&number), "{html}");
    let mut flipped = sealed.bytes.clone();
    flipped[1000] ^= 1;
    let (_, html) = page(&t, &format!("/verifier?empreinte={}", sha256(&flipped))).await;
    assert!(html.contains("Aucun original"), "{html}");
    let (_, html) = page(&t, &format!("/verifier?empreinte={}", sha256(&shown.bytes))).await;
    assert!(html.contains("Devis envoyé"), "{html}");

    // The record is inside the paper and was signed: its hash is the one that is kept.
    let record = t.fetch(&format!("{path}/preuve.json"), &[]).await;
    assert_eq!(state(&owner, &id).await["answer"]["evidence_sha256"], sha256(&record.bytes).as_str());
    let evidence: Value = serde_json::from_slice(&record.bytes).expect("json");
    assert_eq!(evidence["acceptance"]["consent"]["text"], "J’accepte ce devis et je commande avec obligation de paiement.");
    assert_eq!(evidence["quote"]["pdf_sha256"], sha256(&shown.bytes).as_str());
    assert_eq!(evidence["acceptance"]["terms"]["sha256"], sha256("Article 1. Tout est dit.".as_bytes()).as_str());

    // QI-10: the function stands there for fourteen days; it is confirmed on a page of its own, and acknowledged.
    let (_, html) = page(&t, &path).await;
    assert!(html.contains("Renoncer au contrat ici"), "{html}");
    let (_, html) = page(&t, &format!("{path}/retractation")).await;
    assert!(html.contains("Confirmer la rétractation"));
    assert_eq!(submit(&t, &format!("{path}/retractation"), "").await.status.as_u16(), 303);
    assert_eq!(state(&owner, &id).await["state"], "withdrawn");
    t.run_jobs().await;
    let mails = t.mails("ana@exemple.fr").await;
    assert!(mails.iter().any(|(subject, _)| subject.starts_with("Rétractation enregistrée")), "{mails:?}");
    let (_, html) = page(&t, &path).await;
    assert!(html.contains("Rétracté") && !html.contains("Renoncer au contrat ici"));
}

#[tokio::test] // QI-05, QI-06
async fn what_is_replaced_expired_cancelled_or_answered_takes_no_answer() {
    let t = TestApp::new().await;
    let owner = ready(&t).await;
    let contact = customer(&owner, "B2C").await;
    let confirm = "ligne=1&ligne=2&nom=Ana&code=123456";
    // Replaced: the old link says so, the new version has its own.
    let id = draft(&owner, &contact).await;
    let (_, first) = sent(&owner, &id).await;
    owner.post(&format!("/orders/{id}/revise"), &json!({})).await.expect(200);
    let (_, html) = page(&t, &first).await;
    assert!(html.contains("Remplacé") && !html.contains("Continuer"), "{html}");
    assert_eq!(submit(&t, &format!("{first}/accepter"), confirm).await.status.as_u16(), 303);
    assert_eq!(state(&owner, &id).await["state"], "draft");
    // Thrown away, the new version gives the old one back.
    owner.delete(&format!("/orders/{id}")).await.expect(204);
    assert_eq!(state(&owner, &id).await["state"], "sent");
    assert!(page(&t, &first).await.1.contains("Continuer pour accepter"));
    owner.post(&format!("/orders/{id}/revise"), &json!({})).await.expect(200);
    let (order, second) = sent(&owner, &id).await;
    assert_eq!((order["revision"].as_i64(), order["versions"].as_array().map(Vec::len)), (Some(2), Some(2)));
    assert!(page(&t, &second).await.1.contains("-v2"));
    // Refused, with a reason that the staff reads.
    let refused = submit(&t, &format!("{second}/refuser"), "nom=Ana&motif=Trop+cher+%3Cb%3E").await;
    assert_eq!(refused.status.as_u16(), 303);
    let after = state(&owner, &id).await;
    assert_eq!((after["state"].as_str(), after["reason"].as_str()), (Some("refused"), Some("Trop cher <b>")));
    assert!(page(&t, &second).await.1.contains("Trop cher &#60;b&#62;"));
    assert_eq!(
        owner.post(&format!("/orders/{id}/accept"), &json!({ "name": "Ana", "mention": "au téléphone" })).await.expect(409)["reason"],
        "answered"
    );
    // Expired: its last day counts to its end.
    let late = draft(&owner, &contact).await;
    let (_, path) = sent(&owner, &late).await;
    t.advance(SignedDuration::from_hours(24 * 32));
    let owner = t.sign_in(owner.tenant_id, owner.user_id, &owner.email).await;
    let (_, html) = page(&t, &path).await;
    assert!(html.contains("Expiré") && !html.contains("Continuer"), "{html}");
    assert_eq!(state(&owner, &late).await["state"], "expired");
    assert_eq!(
        owner.post(&format!("/orders/{late}/accept"), &json!({ "name": "Ana", "mention": "papier" })).await.expect(409)["reason"],
        "expired"
    );
    // Cancelled.
    let gone = draft(&owner, &contact).await;
    let (_, path) = sent(&owner, &gone).await;
    owner.post(&format!("/orders/{gone}/cancel"), &json!({ "by": "company", "reason": "Pièce introuvable" })).await.expect(200);
    assert!(page(&t, &path).await.1.contains("Annulé"));
    // Unknown links all look alike, whatever tenant they name.
    let (status, html) = page(&t, &format!("/proposition/{}", "A".repeat(64))).await;
    assert!(status == 404 && html.contains("Lien inconnu"));
    assert_eq!(page(&t, "/proposition/x").await.0, 404);
}

#[tokio::test] // QI-14, QI-31, QI-32, QI-34
async fn invoices_of_a_quote_never_exceed_it_and_the_balance_deducts_its_deposits() {
    let t = TestApp::new().await;
    let owner = ready(&t).await;
    let contact = customer(&owner, "B2B_FR").await;
    let id = draft(&owner, &contact).await;
    sent(&owner, &id).await;
    owner.post(&format!("/orders/{id}/invoices"), &json!({ "kind": "deposit" })).await.expect(409);
    owner.post(&format!("/orders/{id}/accept"), &json!({ "name": "M. Roux", "mention": "Devis papier signé" })).await.expect(200);
    let over = owner.post(&format!("/orders/{id}/invoices"), &json!({ "kind": "deposit", "amount_minor": 36_001 })).await;
    assert_eq!(over.expect(422)["left_minor"], 36_000);
    let begun = owner.post(&format!("/orders/{id}/invoices"), &json!({ "kind": "deposit" })).await.expect(201);
    let deposit = begun["invoice_id"].as_str().expect("id").to_owned();
    // A balance waits for the draft of a deposit.
    assert_eq!(owner.post(&format!("/orders/{id}/invoices"), &json!({ "kind": "balance" })).await.expect(409)["reason"], "draft");
    let issued = owner.post(&format!("/invoices/{deposit}/issue"), &json!({})).await.expect(200);
    assert_eq!((issued["kind"].as_str(), issued["gross_minor"].as_i64()), (Some("deposit"), Some(10_800)));
    let begun = owner.post(&format!("/orders/{id}/invoices"), &json!({ "kind": "balance" })).await.expect(201);
    let balance = begun["invoice_id"].as_str().expect("id").to_owned();
    // More than was agreed is refused where it would become final.
    let lines = owner.get(&format!("/invoices/{balance}")).await.expect(200)["lines"].clone();
    let mut more = lines.clone();
    more[0]["quantity"] = json!("3");
    owner.patch(&format!("/invoices/{balance}"), &json!({ "lines": more })).await.expect(200);
    let refused = owner.post(&format!("/invoices/{balance}/issue"), &json!({})).await.expect(422);
    assert_eq!(refused["errors"][0]["code"], "over_quote", "{refused}");
    owner.patch(&format!("/invoices/{balance}"), &json!({ "lines": lines })).await.expect(200);
    let issued = owner.post(&format!("/invoices/{balance}/issue"), &json!({})).await.expect(200);
    assert_eq!(
        (issued["gross_minor"].as_i64(), issued["deducted_minor"].as_i64(), issued["due_minor"].as_i64()),
        (Some(36_000), Some(10_800), Some(25_200))
    );
    let xml = String::from_utf8_lossy(&owner.get(&format!("/invoices/{balance}/xml")).await.bytes).into_owned();
    assert!(xml.contains("S4") || xml.contains("B4"), "BT-23 of a balance");
    assert!(xml.contains("252.00") && xml.contains("108.00"), "{xml}");
    // Paid in two parts, by rate, to the cent.
    owner.post(&format!("/invoices/{balance}/payments"), &json!({ "method": "transfer", "amount_minor": 25_200 })).await.expect(201);
    assert_eq!(owner.get(&format!("/invoices/{balance}")).await.expect(200)["status"], "paid");
    assert_eq!(owner.post(&format!("/orders/{id}/invoices"), &json!({ "kind": "balance" })).await.expect(409)["reason"], "invoiced");
    let order = state(&owner, &id).await;
    assert_eq!((order["invoiced_minor"].as_i64(), order["to_invoice_minor"].as_i64()), (Some(36_000), Some(0)));
    assert_eq!(owner.get("/numbering-proof").await.expect(200)["valid"], true);

    // Situations: cumulated progress, the last reaches the contract exactly.
    let works = owner
        .post("/orders", &json!({ "contact_id": contact, "deposit": {}, "lines": [{ "label": "Chantier", "quantity": "1", "unit_price": "333.33", "vat_rate": "20" }] }))
        .await
        .expect(201);
    let works = works["id"].as_str().expect("id").to_owned();
    sent(&owner, &works).await;
    owner.post(&format!("/orders/{works}/accept"), &json!({ "name": "M. Roux", "mention": "Papier" })).await.expect(200);
    let mut total = 0;
    for progress in ["33.33", "70", "100"] {
        let begun =
            owner.post(&format!("/orders/{works}/invoices"), &json!({ "kind": "situation", "progress": progress })).await.expect(201);
        let invoice = begun["invoice_id"].as_str().expect("id").to_owned();
        total += owner.post(&format!("/invoices/{invoice}/issue"), &json!({})).await.expect(200)["gross_minor"].as_i64().expect("gross");
    }
    assert_eq!(total, 40_000);
    owner.post(&format!("/orders/{works}/invoices"), &json!({ "kind": "situation", "progress": "100" })).await.expect(422);
}

#[tokio::test]
async fn two_people_answer_at_once_and_one_answer_stands() {
    let t = TestApp::new().await;
    let owner = ready(&t).await;
    let contact = customer(&owner, "B2C").await;
    let id = draft(&owner, &contact).await;
    owner.patch(&format!("/orders/{id}"), &json!({ "verification": "none" })).await.expect(200);
    let (_, path) = sent(&owner, &id).await;
    let (accept, refuse) = (format!("{path}/accepter"), format!("{path}/refuser"));
    let yes = "ligne=1&ligne=2&nom=Ana";
    let answers =
        tokio::join!(submit(&t, &accept, yes), submit(&t, &accept, yes), submit(&t, &refuse, "nom=Bob"), submit(&t, &refuse, "nom=Bob"));
    for answer in [&answers.0, &answers.1, &answers.2, &answers.3] {
        assert_eq!(answer.status.as_u16(), 303, "{}", text(answer));
    }
    let after = state(&owner, &id).await;
    let kinds = after["evidence"]
        .as_array()
        .expect("evidence")
        .iter()
        .filter(|row| matches!(row["kind"].as_str(), Some("accepted" | "refused")))
        .count();
    assert_eq!(kinds, 1, "{after}");
}

#[tokio::test]
async fn an_answer_stands_whatever_is_looked_at_or_called_off_afterwards() {
    let t = TestApp::new().await;
    let owner = ready(&t).await;
    let contact = customer(&owner, "B2C").await;
    let id = draft(&owner, &contact).await;
    owner.patch(&format!("/orders/{id}"), &json!({ "verification": "none" })).await.expect(200);
    let (_, path) = sent(&owner, &id).await;
    // Looked at while it is accepted: the look does not bring it back.
    let (yes, at) = (json!({ "name": "Ana", "mention": "Papier" }), format!("/orders/{id}/accept"));
    let (_, looked) = tokio::join!(owner.post(&at, &yes), page(&t, &path));
    assert_eq!(looked.0, 200);
    assert_eq!(state(&owner, &id).await["state"], "accepted");
    // An option on top of everything is no part of it.
    let other = draft(&owner, &contact).await;
    owner.patch(&format!("/orders/{other}"), &json!({ "verification": "none" })).await.expect(200);
    let (_, second) = sent(&owner, &other).await;
    let all = submit(&t, &format!("{second}/accepter"), "ligne=1&ligne=2&ligne=3&nom=Ana").await;
    assert_eq!(all.status.as_u16(), 303, "{}", text(&all));
    let accepted = state(&owner, &other).await;
    assert_eq!((accepted["state"].as_str(), accepted["accepted_minor"].as_i64()), (Some("accepted"), Some(40_800)));
    let deposit = accepted["invoices"][0]["id"].as_str().expect("deposit").to_owned();
    t.run_jobs().await;
    let told = owner.get("/notifications").await.expect(200);
    assert!(told["items"].as_array().expect("items").iter().any(|item| item["kind"] == "quote_answered"), "{told}");
    // Called off: nothing more is paid or withdrawn, and the deposit's credit note waits as a draft.
    owner.post(&format!("/orders/{other}/cancel"), &json!({ "by": "company", "reason": "Pièce introuvable" })).await.expect(200);
    let html = page(&t, &second).await.1;
    assert!(html.contains("Annulé") && !html.contains("Régler l’acompte") && !html.contains("Renoncer"), "{html}");
    assert_eq!(submit(&t, &format!("{second}/retractation"), "").await.status.as_u16(), 409);
    let corrections = owner.get(&format!("/invoices/{deposit}")).await.expect(200)["corrections"].clone();
    assert_eq!((corrections[0]["kind"].as_str(), &corrections[0]["number"]), (Some("credit_note"), &Value::Null));
    // What no eye sees signs nothing, and neither does a choice that leaves less than nothing to pay.
    let trade = owner
        .post(
            "/orders",
            &json!({ "contact_id": contact, "verification": "none", "deposit": {}, "lines": [
                { "label": "Pneus", "quantity": "4", "unit_price": "100", "vat_rate": "20" },
                { "label": "Reprise", "quantity": "-1", "unit_price": "60", "vat_rate": "20" },
            ] }),
        )
        .await
        .expect(201);
    let trade = trade["id"].as_str().expect("id").to_owned();
    let (_, third) = sent(&owner, &trade).await;
    for form in ["ligne=2&nom=Ana", "ligne=1&ligne=2&nom=%E2%80%8B%E2%80%AE"] {
        assert_eq!(submit(&t, &format!("{third}/accepter"), form).await.status.as_u16(), 422, "{form}");
    }
    assert_eq!(state(&owner, &trade).await["state"], "sent");
}

#[tokio::test] // QI-29, QI-32
async fn a_deposit_is_deducted_once_whatever_is_taken_back() {
    let t = TestApp::new().await;
    let owner = ready(&t).await;
    let contact = customer(&owner, "B2B_FR").await;
    let id = draft(&owner, &contact).await;
    sent(&owner, &id).await;
    owner.post(&format!("/orders/{id}/accept"), &json!({ "name": "M. Roux", "mention": "Papier" })).await.expect(200);
    let begin = async |kind: &str| {
        let begun = owner.post(&format!("/orders/{id}/invoices"), &json!({ "kind": kind })).await.expect(201);
        let invoice = begun["invoice_id"].as_str().expect("id").to_owned();
        owner.post(&format!("/invoices/{invoice}/issue"), &json!({})).await.expect(200)["id"].as_str().expect("id").to_owned()
    };
    let deposit = begin("deposit").await;
    let balance = begin("balance").await;
    // The deposit is part of the balance: it is not taken back before it.
    let refused = owner.post(&format!("/invoices/{deposit}/credit-notes"), &json!({ "reason": "Erreur" })).await;
    assert_eq!(refused.expect(409)["reason"], "deducted");
    // A balance is taken back for what it asked, not for its deposit.
    let note = owner.post(&format!("/invoices/{balance}/credit-notes"), &json!({ "reason": "Erreur" })).await.expect(201);
    assert_eq!(note["gross_minor"], 25_200);
    owner.post(&format!("/invoices/{}/issue", note["id"].as_str().expect("id")), &json!({})).await.expect(200);
    let again = begin("balance").await;
    let shown = owner.get(&format!("/invoices/{again}")).await.expect(200);
    assert_eq!((shown["deducted_minor"].as_i64(), shown["due_minor"].as_i64()), (Some(10_800), Some(25_200)));
    assert_eq!(state(&owner, &id).await["invoiced_minor"], 36_000);
    // Merged with another, the customer keeps what was agreed.
    assert_eq!(owner.get("/numbering-proof").await.expect(200)["valid"], true);
}

#[tokio::test]
async fn codes_are_few_and_short_lived_and_tries_are_counted() {
    let t = TestApp::new().await;
    let owner = ready(&t).await;
    let contact = customer(&owner, "B2C").await;
    let id = draft(&owner, &contact).await;
    let (_, path) = sent(&owner, &id).await;
    let form = "ligne=1&ligne=2&nom=Ana";
    submit(&t, &format!("{path}/code"), form).await;
    let right = code(&t).await;
    for _ in 0..5 {
        assert!(text(&submit(&t, &format!("{path}/accepter"), &format!("{form}&code=999999")).await).contains("ne convient pas"));
    }
    assert!(text(&submit(&t, &format!("{path}/accepter"), &format!("{form}&code={right}")).await).contains("plus valable"));
    submit(&t, &format!("{path}/code"), form).await;
    let again = code(&t).await;
    t.advance(SignedDuration::from_mins(16));
    assert!(text(&submit(&t, &format!("{path}/accepter"), &format!("{form}&code={again}")).await).contains("plus valable"));
    for _ in 0..3 {
        submit(&t, &format!("{path}/code"), form).await;
    }
    assert!(text(&submit(&t, &format!("{path}/code"), form).await).contains("Trop de codes"));
    // Without its code nothing is accepted.
    assert!(text(&submit(&t, &format!("{path}/accepter"), form).await).contains("Ce code ne convient pas"));
    assert_ne!(state(&owner, &id).await["state"], "accepted");
}

#[tokio::test]
async fn what_was_sent_and_answered_is_not_changed_by_the_application_role() {
    let t = TestApp::new().await;
    let owner = ready(&t).await;
    let contact = customer(&owner, "B2C").await;
    let id = draft(&owner, &contact).await;
    sent(&owner, &id).await;
    owner.patch(&format!("/orders/{id}"), &json!({ "title": "Autre" })).await.expect(409);
    owner.post(&format!("/orders/{id}/accept"), &json!({ "name": "Ana", "mention": "Papier" })).await.expect(200);
    t.run_jobs().await;
    let mut app: PgConnection = t.db.urls.app.connect().await.expect("connection");
    for sql in [
        "UPDATE order_versions SET pdf = ''",
        "UPDATE order_versions SET gross_minor = 1",
        "DELETE FROM order_versions",
        "UPDATE order_answers SET signer_name = 'x'",
        "UPDATE order_answers SET timestamp_token = '\\x00'",
        "DELETE FROM order_answers",
        "UPDATE order_evidence SET kind = 'sent'",
        "DELETE FROM order_evidence",
        "SELECT * FROM document_proofs",
    ] {
        let set = format!("BEGIN; SET LOCAL app.tenant_id = '{}'", owner.tenant_id);
        sqlx::raw_sql(sqlx::AssertSqlSafe(set)).execute(&mut app).await.expect("tenant");
        assert!(sqlx::raw_sql(sql).execute(&mut app).await.is_err(), "{sql}");
        sqlx::raw_sql("ROLLBACK").execute(&mut app).await.expect("rollback");
    }
    app.close().await.expect("closed");
    // Another company sees nothing of it, nor does a link of its own open it.
    let other = t.owner().await;
    other.get(&format!("/orders/{id}")).await.expect(404);
}

#[tokio::test]
async fn templates_begin_quotes_and_customers_are_reminded_twice() {
    let t = TestApp::new().await;
    let owner = ready(&t).await;
    let contact = customer(&owner, "B2C").await;
    let id = draft(&owner, &contact).await;
    let template = owner.post(&format!("/orders/{id}/duplicate"), &json!({ "template_name": "Freins avant" })).await.expect(201);
    assert_eq!((template["template_name"].as_str(), &template["contact"]), (Some("Freins avant"), &Value::Null));
    let template = template["id"].as_str().expect("id").to_owned();
    assert_eq!(owner.get("/orders").await.expect(200)["items"].as_array().map(Vec::len), Some(1), "templates are no quotes");
    assert_eq!(owner.get("/orders?templates=true").await.expect(200)["items"].as_array().map(Vec::len), Some(1));
    owner.post(&format!("/orders/{template}/send"), &json!({})).await.expect(409);
    let made = owner.post(&format!("/orders/{template}/duplicate"), &json!({ "contact_id": contact })).await.expect(201);
    assert_eq!((made["gross_minor"].as_i64(), &made["template_name"]), (Some(36_000), &Value::Null));
    let made = made["id"].as_str().expect("id").to_owned();
    sent(&owner, &made).await;
    let reminders = async |t: &TestApp| {
        vision_billing_beat(t).await;
        t.run_jobs().await;
        t.mails("ana@exemple.fr").await.iter().filter(|(subject, _)| subject.starts_with("Rappel")).count()
    };
    assert_eq!(reminders(&t).await, 0);
    let mut seen = Vec::new();
    // Nine days in steps of six hours: whatever the hour of the test, each day has one between nine and six.
    for _ in 0..36 {
        t.advance(SignedDuration::from_hours(6));
        seen.push(reminders(&t).await);
    }
    assert_eq!(seen.last(), Some(&2), "{seen:?}");
}

async fn vision_billing_beat(t: &TestApp) {
    for beat in vision_server::wiring::beats() {
        beat(&t.app).await.expect("beat");
    }
}

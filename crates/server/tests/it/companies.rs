//! Looking up companies.

use serde_json::{Value, json};
use vision_testkit::TestApp;

#[tokio::test] // QI-01, QI-02
async fn a_company_is_found_by_name_or_siren_and_its_vat_number_computed() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let found = owner.get("/company-lookup?q=vieux%20moulin").await.expect(200);
    let company = &found["items"][0];
    assert_eq!((found["register"].as_str(), company["name"].as_str()), (Some("offline"), Some("Garage du Vieux Moulin")));
    let siren = company["siren"].as_str().expect("siren");
    assert!(company["vat_number"].as_str().is_some_and(|vat| vat.starts_with("FR") && vat.ends_with(siren)));
    assert_eq!(owner.get(&format!("/company-lookup?q={siren}")).await.expect(200)["items"][0]["name"], company["name"]);
    assert!(owner.get("/company-lookup?q=lyon").await.expect(200)["items"].as_array().is_some_and(|items| items.len() <= 10));
    assert_eq!(owner.get("/company-lookup?q=732829321").await.pointers(), ["?q"]);
    assert_eq!(owner.get("/company-lookup").await.expect(200), json!({ "items": [], "register": "offline" }));
    // What it gives is what a contact takes.
    let body = json!({ "kind": "company", "company_name": company["name"], "siren": siren, "siret": company["siret"], "vat_number": company["vat_number"],
        "naf": company["naf"], "addresses": [{ "line1": company["line1"], "postal_code": company["postal_code"], "city": company["city"] }] });
    owner.contact(&body).await;
}

#[tokio::test]
async fn a_register_that_does_not_answer_says_so_and_none_is_empty() {
    let t = TestApp::with(&[("VISION_COMPANY_LOOKUP", "gouv"), ("VISION_COMPANY_LOOKUP_URL", "http://127.0.0.1:9")]).await;
    let owner = t.owner().await;
    let answer = owner.get("/company-lookup?q=garage").await;
    assert_eq!((answer.status.as_u16(), answer.code()), (503, "unavailable"));
    let t = TestApp::with(&[("VISION_COMPANY_LOOKUP", "none")]).await;
    let owner = t.owner().await;
    assert_eq!(owner.get("/company-lookup?q=garage").await.expect(200)["register"], Value::from("none"));
}

#[tokio::test]
async fn one_company_cannot_use_up_the_register_for_the_others() {
    let t = TestApp::new().await;
    let (owner, other) = (t.owner().await, t.owner().await);
    let colleague = t.member(owner.tenant_id, "member").await;
    for n in 0..60 {
        let who = if n % 2 == 0 { &owner } else { &colleague };
        who.get("/company-lookup?q=garage").await.expect(200);
    }
    let refused = colleague.get("/company-lookup?q=garage").await;
    assert_eq!((refused.status.as_u16(), refused.code()), (429, "rate_limited"));
    assert!(refused.headers.contains_key("retry-after") && refused.text.contains("annuaire"), "{}", refused.text);
    // What asks nobody is not counted: the form opens, and wrong numbers are told.
    owner.get("/company-lookup").await.expect(200);
    assert_eq!(owner.get("/company-lookup?q=732829321").await.pointers(), ["?q"]);
    other.get("/company-lookup?q=garage").await.expect(200);
    t.advance(jiff::SignedDuration::from_secs(61));
    owner.get("/company-lookup?q=garage").await.expect(200);
}

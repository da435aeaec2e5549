//! The adapter before a stub of the provider: the requests of the official SDK, the contract, refusals and retries.

use super::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use vision_ports::payments::{CheckoutState, DisputeState, EventKind, RefundState, contract};

const ACCOUNT: &str = "acct_1Nv0FGQ9RKHgCVdK";
const GOLDEN: &str = include_str!("fixtures/golden.json");

#[derive(Default)]
struct Service {
    /// What was asked, as the recorder of the fixtures writes it.
    asked: Vec<Value>,
    /// Objects by id, with the account that they are in.
    objects: BTreeMap<String, (String, Value)>,
    /// Ids and parameters by key.
    keys: BTreeMap<String, (String, Value)>,
    /// Answers to give before any other.
    faults: Vec<(u16, &'static str)>,
}

fn decoded(text: &str) -> Value {
    let mut pairs: Vec<(String, String)> = url::form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    pairs.sort();
    json!(pairs)
}

impl Service {
    fn made(&mut self, account: &str, key: &str, body: &Value, object: Value) -> (u16, Value) {
        let id = object["id"].as_str().unwrap_or_default().to_owned();
        let (known, params) = self.keys.entry(key.to_owned()).or_insert_with(|| (id.clone(), body.clone())).clone();
        if params != *body {
            return (
                400,
                json!({ "error": { "type": "idempotency_error", "message": "Keys for idempotent requests can only be used with the same parameters" } }),
            );
        }
        let (_, kept) = self.objects.entry(known).or_insert_with(|| (account.to_owned(), object));
        (200, kept.clone())
    }

    fn answer(&mut self, method: &str, path: &str, headers: &BTreeMap<String, String>, body: &Value) -> (u16, Value) {
        let account = headers.get("stripe-account").cloned().unwrap_or_default();
        let key = headers.get("idempotency-key").cloned().unwrap_or_default();
        let field = |name: &str| {
            let pairs = body.as_array().expect("pairs");
            pairs.iter().find(|pair| pair[0] == name).map_or(Value::Null, |pair| pair[1].clone())
        };
        let missing =
            || (404, json!({ "error": { "type": "invalid_request_error", "code": "resource_missing", "message": "No such thing" } }));
        let n = self.keys.len() + 1;
        let parts: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
        match (method, parts.as_slice()) {
            ("POST", ["checkout", "sessions"]) => {
                let amount = field("line_items[0][price_data][unit_amount]").as_str().and_then(|text| text.parse::<i64>().ok());
                let object = json!({ "id": format!("cs_test_{n}"), "object": "checkout.session", "status": "open", "payment_status": "unpaid", "amount_total": amount,
                    "currency": "eur", "url": format!("https://checkout.example/c/{n}"), "payment_intent": null, "client_reference_id": field("client_reference_id") });
                self.made(&account, &key, body, object)
            }
            ("POST", ["checkout", "sessions", id, "expire"]) => match self.objects.get_mut(*id) {
                Some((_, object)) if object["status"] == "open" => {
                    (object["status"], object["url"]) = (json!("expired"), Value::Null);
                    (200, object.clone())
                }
                _ => (
                    400,
                    json!({ "error": { "type": "invalid_request_error", "message": "Only Checkout Sessions with a status in [open] can be expired" } }),
                ),
            },
            ("POST", ["accounts"]) => {
                let object = json!({ "id": format!("acct_{n}"), "object": "account", "charges_enabled": false, "payouts_enabled": false, "details_submitted": false,
                    "requirements": { "currently_due": ["external_account"] } });
                self.made("", &key, body, object)
            }
            ("POST", ["account_links"]) => (200, json!({ "object": "account_link", "url": "https://connect.example/setup/s/1" })),
            ("GET", ["checkout", "sessions", id] | ["accounts", id]) => match self.objects.get(*id) {
                Some((of, object)) if *of == account => (200, object.clone()),
                _ => missing(),
            },
            _ => (400, json!({ "error": { "type": "invalid_request_error", "message": "No such payment_intent" } })),
        }
    }
}

fn serve(stream: &mut TcpStream, service: &Mutex<Service>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let mut body = vec![0; headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let body = decoded(&String::from_utf8_lossy(&body));
    let mut service = service.lock().ok()?;
    let kept = ["authorization", "stripe-version", "stripe-account", "idempotency-key", "content-type"];
    let shown: BTreeMap<&String, &String> = headers.iter().filter(|(name, _)| kept.contains(&name.as_str())).collect();
    service.asked.push(json!({ "method": method, "path": path, "query": decoded(query), "headers": shown, "body": body }));
    let fault = service.faults.pop();
    let (status, extra, answer) = if let Some((status, extra)) = fault {
        (status, extra, json!({ "error": { "message": "later" } }))
    } else {
        let (status, answer) = service.answer(&method, path, &headers, &body);
        (status, "", answer)
    };
    let status = format!("{status} X\r\n{extra}request-id: req_1");
    let answer = answer.to_string();
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", answer.len());
    stream.write_all(format!("{head}{answer}").as_bytes()).ok()
}

fn stub() -> (Stripe, Arc<Mutex<Service>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("port");
    let address = format!("http://{}", listener.local_addr().expect("address"));
    let service = Arc::new(Mutex::new(Service::default()));
    let shared = service.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            serve(&mut stream, &shared);
        }
    });
    let secrets = Secret::new(vec!["whsec_test".to_owned()]);
    (Stripe::new(&address, Secret::new("sk_test_1".to_owned()), secrets).expect("client"), service)
}

#[tokio::test]
async fn it_keeps_the_contract() {
    let (stripe, _) = stub();
    contract::checkouts(&stripe, ACCOUNT, "acct_2").await.expect("payments");
    contract::accounts(&stripe).await.expect("accounts");
}

#[tokio::test]
async fn requests_are_those_of_the_official_sdk() {
    let (stripe, service) = stub();
    let new = NewCheckout {
        reference: "0198a5c0-0000-7000-8000-000000000001".to_owned(),
        amount_minor: 15_709,
        currency: "EUR".to_owned(),
        label: "Facture F2026-000001 – Révision & vidange".to_owned(),
        email: Some("ana.leger@exemple.fr".to_owned()),
        success_url: "https://vision.example/payer/jeton?retour=1".to_owned(),
        cancel_url: "https://vision.example/payer/jeton".to_owned(),
    };
    let account = NewAccount {
        reference: "0198a5c0-0000-7000-8000-000000000003".to_owned(),
        name: "Garage Dupré & Fils".to_owned(),
        email: Some("bonjour@garage.example".to_owned()),
        country: "FR".to_owned(),
    };
    let refund =
        NewRefund { reference: "0198a5c0-0000-7000-8000-000000000002".to_owned(), payment: "pi_1".to_owned(), amount_minor: 4_000 };
    // What the stub answers does not matter here: the request does.
    drop(stripe.create_checkout(ACCOUNT, &new, "checkout-0198a5c0").await);
    drop(stripe.checkout(ACCOUNT, "cs_test_a1").await);
    drop(stripe.expire_checkout(ACCOUNT, "cs_test_a1", "expire-0198a5c0").await);
    drop(stripe.refund(ACCOUNT, &refund, "refund-0198a5c0").await);
    drop(stripe.refunds(ACCOUNT, "pi_1").await);
    drop(stripe.create_account(&account, "account-0198a5c0").await);
    drop(stripe.account(ACCOUNT).await);
    drop(stripe.onboarding_url(ACCOUNT, "https://vision.example/reglages/encaissement?retour=1", "link-0198a5c0").await);
    let golden: Value = serde_json::from_str(GOLDEN).expect("fixtures");
    let asked = service.lock().expect("service").asked.clone();
    let names = [
        "create_checkout",
        "retrieve_checkout",
        "expire_checkout",
        "create_refund",
        "list_refunds",
        "create_account",
        "retrieve_account",
        "create_account_link",
    ];
    assert_eq!(asked.len(), names.len());
    for (name, asked) in names.iter().zip(&asked) {
        assert_eq!(asked, &golden[name], "{name}");
    }
}

#[tokio::test]
async fn what_failed_on_the_way_is_asked_again_with_the_same_key() {
    let (stripe, service) = stub();
    service.lock().expect("service").faults = vec![(503, ""), (409, "")];
    stripe.create_checkout(ACCOUNT, &contract::intent("r"), "k").await.expect("the third time");
    let keys: Vec<Value> = service.lock().expect("service").asked.iter().map(|asked| asked["headers"]["idempotency-key"].clone()).collect();
    assert_eq!(keys, ["k", "k", "k"]);
    for fault in [(402, ""), (400, ""), (500, "stripe-should-retry: false\r\n")] {
        service.lock().expect("service").asked.clear();
        service.lock().expect("service").faults = vec![fault];
        let refused = stripe.create_checkout(ACCOUNT, &contract::intent("r"), "k2").await;
        assert_eq!(matches!(refused, Err(PaymentsError::Unavailable(_))), fault.0 == 500, "{refused:?}");
        assert_eq!(service.lock().expect("service").asked.len(), 1, "{fault:?}");
    }
    let nobody = Stripe::new("http://127.0.0.1:9", Secret::new("sk_test_1".to_owned()), Secret::new(Vec::new())).expect("client");
    assert!(matches!(nobody.checkout(ACCOUNT, "cs_1").await, Err(PaymentsError::Unavailable(_))));
    assert_eq!(stripe.checkout(ACCOUNT, "cs_1/../../accounts").await, Err(PaymentsError::NotFound), "an id is no path");
}

#[test]
fn answers_are_read_as_the_specification_has_them() {
    let session = |status: &str, paid: &str| {
        json!({ "id": "cs_1", "object": "checkout.session", "status": status, "payment_status": paid, "amount_total": 15_709, "currency": "eur",
            "url": null, "payment_intent": "pi_1", "client_reference_id": "r" })
    };
    for (status, paid, state) in [
        ("open", "unpaid", CheckoutState::Open),
        ("complete", "paid", CheckoutState::Paid),
        ("complete", "unpaid", CheckoutState::Processing),
        ("expired", "unpaid", CheckoutState::Expired),
        ("something new", "paid", CheckoutState::Processing),
        ("complete", "something new", CheckoutState::Processing),
    ] {
        let read = wire::checkout(session(status, paid).to_string().as_bytes()).expect("read");
        assert_eq!((read.state, read.amount_minor, read.currency.as_deref()), (state, Some(15_709), Some("EUR")), "{status} {paid}");
    }
    for (status, state) in [
        ("succeeded", RefundState::Succeeded),
        ("failed", RefundState::Failed),
        ("canceled", RefundState::Failed),
        ("pending", RefundState::Pending),
        ("requires_action", RefundState::Pending),
    ] {
        let refund = json!({ "id": "re_1", "object": "refund", "amount": 100, "currency": "eur", "created": 1, "status": status, "metadata": { "refund_id": "r" } });
        let read = wire::refund(refund.to_string().as_bytes()).expect("read");
        assert_eq!((read.state, read.reference.as_deref()), (state, Some("r")), "{status}");
    }
    assert!(wire::checkout(b"<html>").is_err());
}

#[test]
fn events_are_believed_when_they_are_signed() {
    let stripe = Stripe::new(ADDRESS, Secret::new("sk_live_1".to_owned()), Secret::new(vec!["whsec_test".to_owned()])).expect("client");
    assert!(stripe.live());
    let read = |name: &str, object: Value| {
        let body =
            json!({ "id": "evt_1", "object": "event", "type": name, "account": ACCOUNT, "livemode": true, "data": { "object": object } })
                .to_string();
        stripe.event(body.as_bytes(), &signature::sign("whsec_test", 1_000, body.as_bytes()), 1_010).expect("believed")
    };
    let event = read("checkout.session.async_payment_failed", json!({ "id": "cs_1", "client_reference_id": "r" }));
    assert_eq!((event.live, event.account.as_deref()), (true, Some(ACCOUNT)));
    assert_eq!(event.kind, EventKind::Checkout { checkout: "cs_1".into(), reference: Some("r".into()), failed: true });
    // The provider's own sample of a dispute, in the states that matter.
    for (status, state) in [
        ("warning_needs_response", DisputeState::Open),
        ("needs_response", DisputeState::Open),
        ("under_review", DisputeState::Open),
        ("won", DisputeState::Won),
        ("warning_closed", DisputeState::Won),
        ("lost", DisputeState::Lost),
    ] {
        let dispute = json!({ "id": "dp_1", "object": "dispute", "amount": 1000, "currency": "eur", "payment_intent": "pi_1", "reason": "general", "status": status,
            "evidence_details": { "due_by": 1_723_679_999, "has_evidence": false, "past_due": false, "submission_count": 0 } });
        let EventKind::Dispute(read) = read("charge.dispute.updated", dispute).kind else { unreachable!("a dispute") };
        assert_eq!((read.state, read.due_by, read.amount_minor), (state, Some(1_723_679_999), 1_000), "{status}");
    }
    assert_eq!(
        read("refund.updated", json!({ "id": "re_1", "payment_intent": "pi_1" })).kind,
        EventKind::Refunds { payment: "pi_1".into() }
    );
    assert_eq!(
        read("charge.refunded", json!({ "id": "ch_1", "payment_intent": "pi_1" })).kind,
        EventKind::Refunds { payment: "pi_1".into() }
    );
    assert_eq!(read("account.updated", json!({ "id": ACCOUNT })).kind, EventKind::Account);
    assert_eq!(read("account.application.deauthorized", json!({ "id": "ca_1" })).kind, EventKind::AccountGone);
    assert_eq!(read("customer.created", json!({ "id": "cus_1" })).kind, EventKind::Other);
    let forged = stripe.event(b"{}", &signature::sign("whsec_other", 1_000, b"{}"), 1_000);
    assert_eq!(forged, Err(WebhookError::Forged));
    assert_eq!(stripe.event(b"{}", &signature::sign("whsec_test", 1_000, b"{}"), 1_000), Err(WebhookError::Unreadable));
}

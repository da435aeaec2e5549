//! The document that clients are made from.

use serde_json::Value;

fn document() -> Value {
    serde_json::to_value(vision_server::wiring::openapi()).expect("document")
}

#[test]
fn the_committed_document_is_current() {
    let committed =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/api/openapi.json")).expect("docs/api/openapi.json");
    let committed: Value = serde_json::from_str(&committed).expect("json");
    assert!(committed == document(), "run `make openapi`");
}

#[test]
fn every_operation_has_an_id_a_tag_and_a_sentence() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = std::collections::BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("item") {
            let Some(id) = operation["operationId"].as_str() else { continue };
            assert!(ids.insert(id.to_owned()), "{id} occurs twice");
            assert!(
                operation["tags"][0].is_string() && operation["summary"].as_str().is_some_and(|text| text.len() > 5),
                "{method} {path}"
            );
        }
    }
}

#[test]
fn the_endpoints_of_the_requirements_are_there() {
    let document = document();
    for (method, path) in [
        ("post", "/auth/login"),
        ("post", "/auth/signup"),
        ("post", "/auth/refresh"),
        ("get", "/me"),
        ("patch", "/users/{id}"),
        ("get", "/contacts"),
        ("post", "/contacts"),
        ("get", "/contacts/{id}"),
        ("patch", "/contacts/{id}"),
        ("delete", "/contacts/{id}"),
        ("get", "/contacts/{id}/timeline"),
    ] {
        assert!(document["paths"][format!("/api/v1{path}")][method].is_object(), "{method} {path}");
    }
}

//! Conditions on vehicles and other things, and the views that keep them.
#![expect(clippy::too_many_lines, clippy::needless_pass_by_value, reason = "a table of cases reads best in one piece")]

use jiff::ToSpan;
use serde_json::{Value, json};
use sqlx::ConnectOptions;
use std::fmt::Write;
use uuid::Uuid;
use vision_testkit::{Persona, TestApp};

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        write!(out, "%{byte:02X}").expect("text");
        out
    })
}

fn leaf(field: &str, op: &str, value: Value) -> Value {
    json!({ "field": field, "op": op, "value": value })
}

/// Names of what meets a tree, in order; the count says the same.
async fn found(who: &Persona, tree: &Value) -> String {
    let tree = encoded(&tree.to_string());
    let list = who.get(&format!("/entities?tree={tree}&limit=100")).await.expect(200);
    let names: Vec<&str> = list["items"].as_array().expect("items").iter().map(|row| row["display_name"].as_str().expect("name")).collect();
    let count = who.get(&format!("/entities/count?tree={tree}")).await.expect(200);
    assert_eq!(count, json!({ "count": names.len(), "capped": false }), "{tree}");
    names.join(" ")
}

async fn field(who: &Persona, mut body: Value) -> Value {
    body["object"] = json!("entity");
    who.post("/custom-fields", &body).await.expect(201)
}

#[tokio::test]
async fn every_fact_and_every_field_of_a_thing_can_be_asked_for() {
    let t = TestApp::new().await;
    let (owner, stranger) = (t.owner().await, t.owner().await);
    let today = t.app.clock.now().to_zoned(jiff::tz::TimeZone::get("Europe/Paris").expect("zone")).date();
    let day = |days: i64| today.saturating_add(days.days()).to_string();
    let kind = owner.post("/entity-kinds", &json!({ "name": "Piano", "facts": ["make"] })).await.expect(201);
    let power = field(&owner, json!({ "label": "Puissance", "kind": "number" })).await;
    field(&owner, json!({ "label": "Révision", "kind": "date" })).await;
    field(&owner, json!({ "label": "Cote", "kind": "money" })).await;
    field(&owner, json!({ "label": "Pneus", "kind": "choice", "options": [{ "label": "Hiver" }, { "label": "Été" }] })).await;
    let contact = owner.contact(&json!({ "last_name": "Dupré" })).await;
    for body in [
        json!({ "name": "A", "plate": "AB-123-CD", "make": "Citroën", "model": "C3", "energy": "diesel", "mileage": 120_000, "contact_id": contact,
            "first_registration": "2019-04-02", "inspection_due": day(10), "custom": { "puissance": "7", "revision": day(-40), "cote": "4500", "pneus": "hiver" } }),
        json!({ "name": "B", "plate": "EF-456-GH", "make": "Peugeot", "energy": "electric", "mileage": 9_000, "inspection_due": day(-3),
            "custom": { "puissance": "12,5", "revision": day(5), "pneus": "ete" } }),
        json!({ "name": "C", "kind": "animal", "species": "Chien", "breed": "Épagneul" }),
        json!({ "name": "D", "kind": "custom", "kind_id": kind["id"], "make": "Pleyel", "contact_id": contact }),
    ] {
        owner.post("/entities", &body).await.expect(201);
    }
    let gone = owner.post("/entities", &json!({ "name": "Z", "make": "Citroën" })).await.expect(201);
    owner.post(&format!("/entities/{}/archive", gone["id"].as_str().expect("id")), &json!({})).await.expect(200);
    let next = |count: i64, unit: &str| json!({ "count": count, "unit": unit });
    let cases = [
        (leaf("kind", "is", json!(["vehicle"])), "A B"),
        (leaf("kind", "is", json!([kind["id"], "animal"])), "C D"),
        (leaf("kind", "is_not", json!("vehicle")), "C D"),
        (leaf("plate", "is", json!("ab 123 cd")), "A"),
        (leaf("plate", "contains", json!("456")), "B"),
        (leaf("plate", "starts_with", json!("EF-4")), "B"),
        (leaf("plate", "is_empty", Value::Null), "C D"),
        (leaf("make", "is", json!("CITROEN")), "A"),
        (leaf("make", "not_contains", json!("e")), "C"),
        (leaf("model", "is_set", Value::Null), "A"),
        (leaf("breed", "contains", json!("epagneul")), "C"),
        (leaf("name", "contains", json!("d")), "D"),
        (leaf("energy", "is", json!(["diesel", "petrol"])), "A"),
        (leaf("energy", "is_not", json!("diesel")), "B C D"),
        (leaf("mileage", "at_least", json!("100 000")), "A"),
        (leaf("mileage", "at_most", json!(9_000)), "B"),
        (leaf("mileage", "between", json!([0, 200_000])), "A B"),
        (leaf("mileage", "is_empty", Value::Null), "C D"),
        (leaf("first_registration", "until", json!("2019-04-02")), "A"),
        (leaf("first_registration", "from", json!("2019-04-03")), ""),
        (leaf("inspection", "next", next(10, "day")), "A"),
        (leaf("inspection", "next", next(9, "day")), ""),
        (leaf("inspection", "last", next(1, "week")), "B"),
        (leaf("inspection", "until", json!(day(30))), "A B"),
        (leaf("inspection", "from", json!(day(-30))), "A B"),
        (leaf("inspection", "is_empty", Value::Null), "C D"),
        (leaf("owner", "is_set", Value::Null), "A D"),
        (leaf("owner", "is_empty", Value::Null), "B C"),
        (leaf("archived", "is", json!(true)), "Z"),
        (leaf("archived", "is", json!(false)), "A B C D"),
        (json!({ "any": [leaf("archived", "is", json!(true)), leaf("make", "is", json!("Pleyel"))] }), "D Z"),
        (leaf("created", "this", json!("day")), "A B C D"),
        (leaf("created", "older_than", next(1, "day")), ""),
        (leaf("created", "older_than", next(9999, "year")), ""),
        (leaf("inspection", "older_than", next(9999, "year")), ""),
        (leaf("custom.revision", "older_than", next(9999, "year")), ""),
        (leaf("custom.puissance", "at_least", json!("7,5")), "B"),
        (leaf("custom.puissance", "between", json!(["5", "10"])), "A"),
        (leaf("custom.revision", "next", next(1, "week")), "B"),
        (leaf("custom.revision", "older_than", next(1, "month")), "A"),
        (leaf("custom.cote", "at_least", json!("4 500,00")), "A"),
        (leaf("custom.pneus", "is", json!(["hiver"])), "A"),
        (leaf("custom.pneus", "is_not", json!(["hiver"])), "B C D"),
        (leaf("custom.nope", "is_not", json!("x")), ""),
        (
            json!({ "all": [leaf("kind", "is", json!("vehicle")), { "any": [leaf("custom.pneus", "is", json!(["ete"])), leaf("mileage", "at_least", json!(100_000))] }] }),
            "A B",
        ),
    ];
    for indexed in [false, true] {
        if indexed {
            for one in owner.get("/custom-fields?object=entity").await.expect(200)["items"].as_array().expect("items") {
                owner.post(&format!("/custom-fields/{}/index", one["id"].as_str().expect("id")), &json!({})).await.expect(202);
            }
            t.run_jobs().await;
        }
        for (tree, names) in &cases {
            assert_eq!(found(&owner, tree).await, *names, "{tree}, indexed: {indexed}");
        }
    }
    // Every page of a tree in every order, and the export.
    let tree = encoded(&leaf("kind", "is_not", json!("animal")).to_string());
    for sort in ["name", "-plate", "inspection", "-updated", "created", "custom.puissance", "-custom.puissance"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = owner.get(&format!("/entities?tree={tree}&sort={sort}&limit=1&cursor={cursor}")).await.expect(200);
            seen.extend(page["items"].as_array().expect("items").iter().map(|row| row["display_name"].as_str().expect("name").to_owned()));
            match page["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, ["A", "B", "D"], "{sort}");
    }
    let filter = json!({ "tree": leaf("owner", "is_set", Value::Null) });
    let file = owner.post("/entities/export", &json!({ "filter": filter, "format": "csv", "columns": ["plate", "custom.pneus"] })).await;
    let lines: Vec<&str> = file.text.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines, ["Type;Nom;Immatriculation;Pays;Pneus", "Véhicule;A;AB-123-CD;FR;Hiver", "Piano;D;;;"]);
    // Who sees only some contacts counts only what these own; another company's kind is nobody's.
    let own = t.member_with(owner.tenant_id, &["contacts.read"], "own").await;
    assert_eq!(found(&own, &leaf("kind", "is_not", json!("animal"))).await, "");
    let foreign = stranger.post("/entity-kinds", &json!({ "name": "Orgue" })).await.expect(201);
    assert_eq!(found(&owner, &leaf("kind", "is", json!([foreign["id"]]))).await, "");
    assert_eq!(found(&stranger, &leaf("custom.puissance", "is_set", Value::Null)).await, "", "{power}");
    // What makes no sense is refused by its place; a fact of contacts is none of things.
    for (tree, pointer) in [
        (leaf("city", "is", json!("Lyon")), "?tree/field"),
        (json!({ "all": [leaf("mileage", "at_least", json!("peu"))] }), "?tree/all/0/value"),
        (leaf("owner", "is", json!("me")), "?tree/op"),
    ] {
        assert_eq!(owner.get(&format!("/entities?tree={}", encoded(&tree.to_string()))).await.pointers(), [pointer]);
    }
    let body = json!({ "filter": { "tree": leaf("nope", "is", json!("x")) }, "format": "csv" });
    assert_eq!(owner.post("/entities/export", &body).await.pointers(), ["/filter/tree/field"]);
    let late = encoded(&leaf("created", "older_than", next(9999, "year")).to_string());
    assert_eq!(owner.get(&format!("/contacts/count?tree={late}")).await.expect(200)["count"], 0, "nobody is that old");
}

fn path(view: &Value) -> String {
    format!("/views/{}", view["id"].as_str().expect("id"))
}

async fn names(who: &Persona, object: &str) -> Vec<String> {
    let list = who.get(&format!("/views?object={object}")).await.expect(200);
    list["items"].as_array().expect("items").iter().map(|view| view["name"].as_str().expect("name").to_owned()).collect()
}

#[tokio::test]
async fn views_of_things_are_kept_apart_from_those_of_contacts() {
    let t = TestApp::new().await;
    let (owner, stranger) = (t.owner().await, t.owner().await);
    let bob = t.member(owner.tenant_id, "member").await;
    let power = field(&owner, json!({ "label": "Puissance", "kind": "number" })).await;
    owner.post("/entities", &json!({ "name": "Forte", "custom": { "puissance": "12" } })).await.expect(201);
    owner.post("/entities", &json!({ "name": "Faible", "custom": { "puissance": "4" } })).await.expect(201);
    let filter = json!({ "kind": "vehicle", "tree": { "all": [leaf("custom.puissance", "at_least", json!("10"))] } });
    let body = json!({ "object": "entity", "name": "Puissantes", "filter": filter, "columns": ["plate", "custom.puissance"], "sort": "-inspection" });
    let view = owner.post("/views", &body).await.expect(201);
    assert_eq!((view["object"].as_str(), &view["filter"]), (Some("entity"), &filter));
    assert_eq!(owner.get(&format!("{}/count", path(&view))).await.expect(200), json!({ "count": 1, "capped": false }));
    assert_eq!(owner.post("/views", &body).await.pointers(), ["/name"]);
    owner.post("/views", &json!({ "name": "Puissantes" })).await.expect(201);
    assert_eq!((names(&owner, "entity").await, names(&owner, "contact").await), (vec!["Puissantes".into()], vec!["Puissantes".into()]));
    for (body, pointer) in [
        (json!({ "object": "entity", "name": "x", "columns": ["email"] }), "/columns"),
        (json!({ "object": "entity", "name": "x", "sort": "city" }), "/sort"),
        (json!({ "object": "entity", "name": "x", "filter": { "kind": "person" } }), "/filter"),
        (json!({ "object": "entity", "name": "x", "filter": { "tree": leaf("city", "is", json!("Lyon")) } }), "/filter/tree/field"),
    ] {
        assert_eq!(owner.post("/views", &body).await.pointers(), [pointer], "{body}");
    }

    // Private, shared, each list with a default of its own.
    assert_eq!(bob.get(&path(&view)).await.status, 404);
    assert_eq!(stranger.get(&path(&view)).await.status, 404);
    assert_eq!(stranger.get(&format!("{}/count", path(&view))).await.status, 404);
    owner.patch_if(&path(&view), 1, &json!({ "shared": true })).await.expect(200);
    assert_eq!(names(&bob, "entity").await, ["Puissantes"]);
    assert_eq!(bob.put("/me/default-view", &json!({ "object": "contact", "view_id": view["id"] })).await.pointers(), ["/view_id"]);
    bob.put("/me/default-view", &json!({ "object": "entity", "view_id": view["id"] })).await.expect(204);
    bob.put("/me/default-view", &json!({ "object": "contact", "view_id": null })).await.expect(204);
    assert_eq!(bob.get(&path(&view)).await.expect(200)["is_default"], true, "the other list's default is another matter");
    let copy = bob.post(&format!("{}/duplicate", path(&view)), &json!({})).await.expect(201);
    assert_eq!((copy["object"].as_str(), copy["name"].as_str(), &copy["filter"]), (Some("entity"), Some("Puissantes (copie)"), &filter));

    // What it is about changes, and goes.
    let kind = owner.post("/entity-kinds", &json!({ "name": "Piano" })).await.expect(201);
    let tree = json!({ "any": [leaf("kind", "is", json!([kind["id"]])), leaf("custom.puissance", "at_least", json!("1"))] });
    let change = json!({ "filter": { "kind_id": kind["id"], "tree": tree }, "sort": "custom.puissance" });
    assert_eq!(owner.patch(&path(&view), &change).await.expect(200)["problems"], json!([]));
    owner.delete(&format!("/entity-kinds/{}", kind["id"].as_str().expect("id"))).await.expect(204);
    owner.delete(&format!("/custom-fields/{}", power["id"].as_str().expect("id"))).await.expect(204);
    let view = owner.get(&path(&view)).await.expect(200);
    let mut problems: Vec<String> = view["problems"].as_array().expect("problems").iter().map(Value::to_string).collect();
    problems.sort_unstable();
    let expected = [
        json!({ "code": "field_gone", "pointer": "/filter/tree/any/1" }),
        json!({ "code": "field_gone", "pointer": "/sort" }),
        json!({ "code": "kind_gone", "pointer": "/filter/kind_id" }),
        json!({ "code": "kind_gone", "pointer": "/filter/tree/any/0" }),
    ];
    assert_eq!(problems, expected.map(|problem| problem.to_string()));
    assert_eq!(owner.get(&format!("{}/count", path(&view))).await.expect(200)["count"], 0);
    bob.delete(&path(&copy)).await.expect(204);
    owner.delete(&path(&view)).await.expect(204);
    assert!(names(&bob, "entity").await.is_empty());
}

#[tokio::test]
async fn filters_of_things_use_their_indexes_and_read_no_other_company() {
    let t = TestApp::new().await;
    let (big, other) = (t.owner().await, t.owner().await);
    let field = field(&big, json!({ "label": "Puissance", "kind": "number" })).await;
    let id = Uuid::try_parse(field["id"].as_str().expect("id")).expect("id");
    let mut conn = t.db.urls.owner.connect().await.expect("owner");
    sqlx::query(
        "INSERT INTO entities (tenant_id, id, kind, name, display_name, sort_name, inspection_due, created_at, updated_at, search)
         SELECT (ARRAY[$1, $2])[1 + n % 2], lpad(to_hex(n), 32, '0')::uuid, 'vehicle', 'Nom' || n, 'Nom' || n, 'nom' || n, date '2026-01-01' + n % 3000, now(), now(), 'nom' || n
         FROM generate_series(1, 40000) n",
    )
    .bind(big.tenant_id)
    .bind(other.tenant_id)
    .execute(&mut conn)
    .await
    .expect("entities");
    sqlx::query("INSERT INTO entity_values (tenant_id, field_id, entity_id, n) SELECT $1, $2, id, row_number() OVER () FROM entities WHERE tenant_id = $1")
        .bind(big.tenant_id)
        .bind(id)
        .execute(&mut conn)
        .await
        .expect("values");
    sqlx::query("ANALYZE").execute(&mut conn).await.expect("analysed");
    let cases = [
        ("what is due", json!({ "k": "day", "c": "inspection", "a": "2026-03-01", "b": "2026-03-08" }), "far", "entities_inspection_idx"),
        ("a value", json!({ "k": "value_number", "i": id, "a": "19990" }), "far", "entity_values_n_idx"),
        ("a make, near", json!({ "k": "in", "c": "make", "v": ["renault"] }), "near", "entities_name_idx"),
    ];
    for (name, tree, way, index) in cases {
        let filter = json!({ "tree": tree });
        let query: String = sqlx::query_scalar("SELECT entity_page_query($1, 'name', false, $2)")
            .bind(&filter)
            .bind(way)
            .fetch_one(&mut conn)
            .await
            .expect("query");
        let query =
            query.replace("$1", &format!("'{filter}'::jsonb")).replace("$2", &format!("'{}'::uuid", big.tenant_id)).replace("$5", "51");
        let plan: Value = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("EXPLAIN (ANALYZE, FORMAT JSON) {query}")))
            .fetch_one(&mut conn)
            .await
            .expect("plan");
        let text = plan.to_string();
        assert!(text.contains(index), "{name}: expected {index} in {plan:#}");
        assert!(!text.contains("\"Seq Scan\""), "{name}: {plan:#}");
    }
}

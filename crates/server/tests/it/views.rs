//! Views: private and shared, changed by two, about things that have gone; values indexed while people write.

use serde_json::{Value, json};
use sqlx::ConnectOptions;
use vision_testkit::{Persona, TestApp};

fn path(view: &Value) -> String {
    format!("/views/{}", view["id"].as_str().expect("id"))
}

async fn names(who: &Persona) -> Vec<String> {
    let list = who.get("/views").await.expect(200);
    list["items"].as_array().expect("items").iter().map(|view| view["name"].as_str().expect("name").to_owned()).collect()
}

#[tokio::test]
async fn a_view_is_kept_shared_changed_copied_and_deleted() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let bob = t.member(owner.tenant_id, "member").await;
    owner.contact(&json!({ "last_name": "Dupré", "addresses": [{ "city": "Lyon" }] })).await;
    owner.contact(&json!({ "last_name": "Martin" })).await;
    let filter = json!({ "status": "prospect", "tree": { "all": [{ "field": "city", "op": "is", "value": "Lyon" }] } });
    let body = json!({ "name": " Lyonnais ", "filter": filter, "columns": ["city", "custom.taille"], "sort": "-activity" });
    let view = owner.post("/views", &body).await.expect(201);
    assert_eq!((view["name"].as_str(), view["mine"].as_bool(), view["shared"].as_bool()), (Some("Lyonnais"), Some(true), Some(false)));
    assert_eq!(view["filter"], filter);
    assert_eq!(owner.get(&format!("{}/count", path(&view))).await.expect(200), json!({ "count": 1, "capped": false }));
    assert_eq!(owner.post("/views", &body).await.pointers(), ["/name"], "one name, one view");

    // Private: nobody else's, whatever their role.
    assert!(names(&bob).await.is_empty());
    for answer in [
        bob.get(&path(&view)).await,
        bob.patch(&path(&view), &json!({ "name": "x" })).await,
        bob.delete(&path(&view)).await,
        bob.get(&format!("{}/count", path(&view))).await,
        bob.post(&format!("{}/duplicate", path(&view)), &json!({})).await,
    ] {
        assert_eq!(answer.status, 404);
    }
    assert_eq!(bob.put("/me/default-view", &json!({ "view_id": view["id"] })).await.pointers(), ["/view_id"]);

    // Shared: everybody sees it, those with the right change it.
    let shared = owner.patch_if(&path(&view), 1, &json!({ "shared": true })).await.expect(200);
    assert_eq!(shared["version"], 2);
    assert_eq!(owner.patch_if(&path(&view), 1, &json!({ "name": "x" })).await.status, 412);
    assert_eq!(names(&bob).await, ["Lyonnais"]);
    assert_eq!(bob.patch(&path(&view), &json!({ "name": "x" })).await.status, 403);
    assert_eq!(bob.delete(&path(&view)).await.status, 403);
    assert_eq!(bob.post("/views", &json!({ "name": "Pour tous", "shared": true })).await.status, 403);
    let copy = bob.post(&format!("{}/duplicate", path(&view)), &json!({})).await.expect(201);
    assert_eq!((copy["name"].as_str(), copy["shared"].as_bool(), &copy["filter"]), (Some("Lyonnais (copie)"), Some(false), &filter));
    bob.put("/me/default-view", &json!({ "view_id": view["id"] })).await.expect(204);
    assert_eq!(bob.get(&path(&view)).await.expect(200)["is_default"], true);
    assert_eq!(owner.get(&path(&view)).await.expect(200)["is_default"], false, "a default is one's own");
    let manager = t.member(owner.tenant_id, "manager").await;
    assert_eq!(
        manager.patch(&path(&view), &json!({ "shared": false })).await.pointers(),
        ["/shared"],
        "it would vanish from its maker's team"
    );
    let renamed = manager.patch(&path(&view), &json!({ "name": "De Lyon", "columns": null, "sort": null })).await.expect(200);
    assert_eq!((renamed["name"].as_str(), &renamed["columns"], &renamed["sort"]), (Some("De Lyon"), &Value::Null, &Value::Null));

    // Private again: nobody else's default any more.
    owner.patch(&path(&view), &json!({ "shared": false })).await.expect(200);
    assert_eq!(names(&bob).await, ["Lyonnais (copie)"]);
    owner.patch(&path(&view), &json!({ "shared": true })).await.expect(200);
    assert_eq!(bob.get(&path(&view)).await.expect(200)["is_default"], false);
    owner.delete(&path(&view)).await.expect(204);
    assert_eq!(names(&owner).await, Vec::<String>::new());

    for (body, pointer) in [
        (json!({ "name": "  " }), "/name"),
        (json!({ "name": "x".repeat(61) }), "/name"),
        (json!({ "name": "x", "sort": "salary" }), "/sort"),
        (json!({ "name": "x", "columns": ["salary"] }), "/columns"),
        (json!({ "name": "x", "filter": { "tree": { "field": "city", "op": "is" } } }), "/filter/tree/value"),
    ] {
        assert_eq!(owner.post("/views", &body).await.pointers(), [pointer], "{body}");
    }
    // Another company knows nothing of it.
    let stranger = t.owner().await;
    assert_eq!(stranger.get(&path(&copy)).await.status, 404);
    assert!(names(&stranger).await.is_empty());
}

#[tokio::test]
async fn a_view_about_what_has_gone_says_so_and_matches_nobody() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let bob = t.member(owner.tenant_id, "member").await;
    let tag = owner.post("/tags", &json!({ "name": "VIP", "tone": "good" })).await.expect(201);
    let field = owner.post("/custom-fields", &json!({ "label": "Taille", "kind": "text" })).await.expect(201);
    let kind = owner.post("/entity-kinds", &json!({ "name": "Bateau", "facts": [] })).await.expect(201);
    owner.contact(&json!({ "last_name": "Dupré", "tags": ["VIP"], "owner_id": bob.user_id, "custom": { "taille": "L" } })).await;
    let leaf = |field: &str, op: &str, value: Value| json!({ "field": field, "op": op, "value": value });
    let tree = json!({ "any": [
        leaf("tag", "any", json!([tag["id"]])),
        leaf("custom.taille", "is_not", json!("M")),
        leaf("owner", "is", json!([bob.user_id])),
        leaf("entity", "has", json!([kind["id"]])),
    ] });
    let body = json!({ "name": "Ceux-là", "filter": { "tag": tag["id"], "tree": tree }, "sort": "custom.taille" });
    let view = owner.post("/views", &body).await.expect(201);
    assert_eq!(view["problems"], json!([]));
    let count = format!("{}/count", path(&view));
    assert_eq!(owner.get(&count).await.expect(200)["count"], 1);

    // Another kind: the comparison does not suit it any more.
    let id = field["id"].as_str().expect("id");
    owner.post(&format!("/custom-fields/{id}/convert"), &json!({ "kind": "number" })).await.expect(202);
    t.run_jobs().await;
    let problems = owner.get(&path(&view)).await.expect(200)["problems"].clone();
    assert_eq!(problems, json!([{ "pointer": "/filter/tree/any/1", "code": "field_changed" }]));

    owner.delete(&format!("/custom-fields/{id}")).await.expect(204);
    owner.delete(&format!("/tags/{}", tag["id"].as_str().expect("id"))).await.expect(204);
    owner.delete(&format!("/entity-kinds/{}", kind["id"].as_str().expect("id"))).await.expect(204);
    owner.post(&format!("/users/{}/deactivate", bob.user_id), &json!({})).await;
    t.run_jobs().await;
    let mut problems: Vec<String> = owner.get("/views").await.expect(200)["items"][0]["problems"]
        .as_array()
        .expect("problems")
        .iter()
        .map(|problem| format!("{} {}", problem["pointer"].as_str().expect("pointer"), problem["code"].as_str().expect("code")))
        .collect();
    problems.sort_unstable();
    assert_eq!(
        problems,
        [
            "/filter/tag tag_gone",
            "/filter/tree/any/0 tag_gone",
            "/filter/tree/any/1 field_gone",
            "/filter/tree/any/2 member_gone",
            "/filter/tree/any/3 kind_gone",
            "/sort field_gone"
        ]
    );
    assert_eq!(owner.get(&count).await.expect(200)["count"], 0);
    // It can still be renamed, and mended.
    owner.patch(&path(&view), &json!({ "name": "Anciens" })).await.expect(200);
    let mended = owner.patch(&path(&view), &json!({ "filter": {}, "sort": null })).await.expect(200);
    assert_eq!(mended["problems"], json!([]));
}

#[tokio::test]
async fn lists_are_sorted_by_a_field_whose_values_follow_every_write() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let field = owner.post("/custom-fields", &json!({ "label": "Taille", "kind": "number" })).await.expect(201);
    let id = field["id"].as_str().expect("id");
    for (name, size) in [("A", Some("10")), ("B", Some("9,5")), ("C", None), ("D", Some("-3")), ("E", None)] {
        owner.contact(&json!({ "last_name": name, "custom": { "taille": size } })).await;
    }
    let answer = owner.get("/contacts?sort=custom.taille").await;
    assert_eq!((answer.pointers(), answer.json["errors"][0]["code"].as_str()), (vec!["?sort"], Some("not_indexed")));
    owner.post(&format!("/custom-fields/{id}/index"), &json!({})).await.expect(202);
    assert_eq!(owner.post(&format!("/custom-fields/{id}/index"), &json!({})).await.status, 409, "once is enough");
    // Written while the copy is being prepared.
    owner.contact(&json!({ "last_name": "F", "custom": { "taille": "9,75" } })).await;
    t.run_jobs().await;
    let order = |sort: &'static str| {
        let owner = owner.clone();
        async move {
            let (mut names, mut cursor) = (String::new(), String::new());
            loop {
                let page = owner.get(&format!("/contacts?sort={sort}&limit=2&cursor={cursor}")).await.expect(200);
                for row in page["items"].as_array().expect("items") {
                    names.push_str(row["display_name"].as_str().expect("name"));
                }
                match page["next_cursor"].as_str() {
                    Some(next) => next.clone_into(&mut cursor),
                    None => return names,
                }
            }
        }
    };
    assert_eq!(order("custom.taille").await, "DBFACE", "without a value last");
    assert_eq!(order("-custom.taille").await, "AFBDCE", "both ways");
    // Every way of writing: a form, a merge, an undo, a deletion.
    let list = owner.get("/contacts").await.expect(200);
    let ids: Vec<&str> = list["items"].as_array().expect("items").iter().map(|row| row["id"].as_str().expect("id")).collect();
    owner.patch(&format!("/contacts/{}", ids[2]), &json!({ "custom": { "taille": "100" } })).await.expect(200);
    owner.patch(&format!("/contacts/{}", ids[3]), &json!({ "custom": { "taille": null } })).await.expect(200);
    assert_eq!(order("custom.taille").await, "BFACDE");
    let merge = owner.post(&format!("/contacts/{}/merge", ids[4]), &json!({ "other_id": ids[0], "take": [] })).await.expect(200);
    assert_eq!(order("custom.taille").await, "BFECD", "E took the value of A");
    owner.post(&format!("/merges/{}/undo", merge["id"].as_str().expect("id")), &json!({})).await.expect(200);
    assert_eq!(order("custom.taille").await, "BFACDE");
    // Another kind: the copies are made anew.
    owner.post(&format!("/custom-fields/{id}/convert"), &json!({ "kind": "text" })).await.expect(202);
    t.run_jobs().await;
    t.run_jobs().await;
    assert_eq!(order("custom.taille").await, "ACBFDE", "10, 100, 9,5, 9,75");
    // And given up.
    owner.delete(&format!("/custom-fields/{id}/index")).await.expect(204);
    t.run_jobs().await;
    assert_eq!(owner.get("/contacts?sort=custom.taille").await.pointers(), ["?sort"]);
    let mut conn = t.db.urls.owner.connect().await.expect("owner");
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM contact_values").fetch_one(&mut conn).await.expect("count");
    assert_eq!(left, 0);
    let long = owner.post("/custom-fields", &json!({ "label": "Roman", "kind": "long_text" })).await.expect(201);
    assert_eq!(owner.post(&format!("/custom-fields/{}/index", long["id"].as_str().expect("id")), &json!({})).await.status, 422);
}

//! Filters of any depth: every comparison against a plain reading of the same people, bad input, visibility, other companies.
#![expect(
    clippy::too_many_lines,
    clippy::type_complexity,
    clippy::needless_pass_by_value,
    clippy::ref_option,
    clippy::struct_excessive_bools,
    reason = "one long table of comparisons and what they mean"
)]

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};
use sqlx::ConnectOptions;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use vision_kernel::text::fold;
use vision_testkit::{Persona, TestApp};

/// Somebody as the test knows them.
#[derive(Debug, Clone, Default)]
struct Known {
    id: String,
    name: String,
    company: Option<String>,
    email: Option<String>,
    phone: bool,
    city: Option<String>,
    postcode: Option<String>,
    country: Option<String>,
    kind: &'static str,
    customer_kind: &'static str,
    language: &'static str,
    source: Option<&'static str>,
    owner: Option<Uuid>,
    tags: Vec<usize>,
    created: Option<Timestamp>,
    activity: Option<Timestamp>,
    invoiced: bool,
    size: Option<f64>,
    budget: Option<i64>,
    since: Option<Date>,
    seen: Option<Timestamp>,
    vip: Option<bool>,
    colour: Option<&'static str>,
    likes: Vec<&'static str>,
    nick: Option<&'static str>,
    events: Vec<(&'static str, Timestamp)>,
    task: bool,
    vehicle: bool,
}

/// Numbers without luck, so that a failure can be seen again.
struct Dice(Cell<u64>);

impl Dice {
    fn below(&self, n: u64) -> u64 {
        self.0.set(self.0.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
        (self.0.get() >> 33) % n
    }

    fn one_of<T: Copy>(&self, of: &[T]) -> T {
        let index = self.below(of.len() as u64);
        of[usize::try_from(index).expect("index")]
    }

    fn maybe<T>(&self, value: T) -> Option<T> {
        (self.below(3) > 0).then_some(value)
    }
}

type Leaf = (Value, Box<dyn Fn(&Known) -> bool>);

fn leaf(field: &str, op: &str, value: Value, holds: impl Fn(&Known) -> bool + 'static) -> Leaf {
    (json!({ "field": field, "op": op, "value": value }), Box::new(holds))
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::get("Europe/Paris").expect("zone")).date()
}

fn has(value: &Option<String>, part: &str) -> bool {
    value.as_deref().is_some_and(|value| fold(value).contains(part))
}

/// People of every sort, on the database.
async fn people(t: &TestApp, owner: &Persona, colleague: &Persona, tags: &[String], now: Timestamp) -> Vec<Known> {
    let dice = Dice(Cell::new(7));
    let mut all = Vec::new();
    let mut conn = t.db.urls.owner.connect().await.expect("owner");
    for n in 0..70_u64 {
        let company = n % 4 == 3;
        let ago = |dice: &Dice, days: u64| now - SignedDuration::from_hours(i64::try_from(dice.below(days * 24)).expect("hours"));
        let mut one = Known {
            kind: if company { "company" } else { "person" },
            company: if company { Some(format!("Société {n}")) } else { dice.maybe("Éts 100% Dupré_Fils".to_owned()) },
            email: dice.maybe(format!("u{n}@{}", dice.one_of(&["exemple.fr", "essai.fr"]))),
            phone: dice.below(2) == 0,
            customer_kind: dice.one_of(&["B2C", "B2B_FR", "B2G"]),
            language: dice.one_of(&["fr", "en"]),
            source: dice.maybe(dice.one_of(&["Salon de l’auto", "Bouche à oreille", "O'Neil \"; --"])),
            owner: dice.one_of(&[None, Some(owner.user_id), Some(colleague.user_id)]),
            invoiced: dice.below(2) == 0,
            size: dice.maybe(dice.one_of(&[-1.5, 0.0, 12.5, 40.0])),
            budget: dice.maybe(dice.one_of(&[0, 9_999, 10_000, 250_000])),
            since: dice.maybe(day(now).saturating_add(i64::try_from(dice.below(80)).expect("days").days()).saturating_sub(40.days())),
            vip: dice.maybe(dice.one_of(&[true, false])),
            colour: dice.maybe(dice.one_of(&["bleu_nuit", "rouge"])),
            nick: dice.maybe(dice.one_of(&["Zoé l’Été", "100%", "a_b", "\u{1f697} \u{5d0}"])),
            ..Known::default()
        };
        one.seen = dice.maybe(ago(&dice, 60)).map(|at| Timestamp::from_second(at.as_second()).expect("instant"));
        one.likes = ["foot", "the", "cafe"].into_iter().filter(|_| dice.below(2) == 0).collect();
        one.tags = (0..3).filter(|_| dice.below(2) == 0).collect();
        let lives = dice.below(4) > 0;
        if lives {
            one.city = dice.maybe(dice.one_of(&["Lyon", "Saint-Étienne", "L’Haÿ-les-Roses"]).to_owned());
            one.postcode = dice.maybe(dice.one_of(&["69003", "42000", "SW1A 1AA"]).to_owned());
            one.country = dice.maybe(dice.one_of(&["FR", "BE"]).to_owned());
        }
        let last = format!("{} {n}", dice.one_of(&["Dupré", "Martin", "Œuvrard"]));
        let mut body = json!({
            "kind": one.kind, "customer_kind": one.customer_kind, "language": one.language, "source": one.source, "owner_id": one.owner,
            "company_name": one.company, "tags": one.tags.iter().map(|tag| &tags[*tag]).collect::<Vec<_>>(),
            "custom": { "taille": one.size.map(|size| size.to_string()), "budget": one.budget, "depuis": one.since, "vu": one.seen,
                        "vip": one.vip, "couleur": one.colour, "gouts": one.likes, "surnom": one.nick },
        });
        if !company {
            body["last_name"] = json!(last);
            body["first_name"] = json!("Jean");
        }
        if let Some(email) = &one.email {
            body["emails"] = json!([{ "email": email }]);
        }
        if one.phone {
            body["phones"] = json!([{ "phone": format!("06123456{:02}", n) }]);
        }
        if lives {
            body["addresses"] = json!([{ "line1": "1 rue", "city": one.city, "postal_code": one.postcode, "country": one.country }]);
        }
        let made = owner.post("/contacts", &body).await.expect(201);
        one.id = made["id"].as_str().expect("id").to_owned();
        one.name = if company { one.company.clone().unwrap_or_default() } else { format!("Jean {last}") };
        one.country = lives.then(|| one.country.clone().unwrap_or_else(|| "FR".to_owned()));
        let (created, activity) = (ago(&dice, 400), ago(&dice, 1000));
        (one.created, one.activity) = (Some(created), Some(activity));
        one.events =
            (0..dice.below(4)).map(|_| (dice.one_of(&["note.added", "task.completed", "contact.updated"]), ago(&dice, 120))).collect();
        one.task = dice.below(3) == 0;
        one.vehicle = dice.below(3) == 0;
        if one.task {
            owner
                .post("/tasks", &json!({ "kind": "call", "title": "Rappeler", "subject": { "kind": "contact", "id": one.id } }))
                .await
                .expect(201);
        }
        if one.vehicle {
            owner.post("/entities", &json!({ "kind": "vehicle", "make": "Renault", "contact_id": one.id })).await.expect(201);
        }
        let id = Uuid::try_parse(&one.id).expect("id");
        sqlx::query("DELETE FROM timeline WHERE contact_id = $1").bind(id).execute(&mut conn).await.expect("emptied");
        for (kind, at) in &one.events {
            sqlx::query(
                "INSERT INTO timeline (tenant_id, contact_id, id, at, actor_kind, actor_id, actor_name, kind) VALUES ($1, $2, gen_random_uuid(), $3::text::timestamptz, 'user', $2, 'x', $4)",
            )
            .bind(owner.tenant_id)
            .bind(id)
            .bind(at.to_string())
            .bind(kind)
            .execute(&mut conn)
            .await
            .expect("event");
        }
        sqlx::query(
            "UPDATE contacts SET created_at = $2::text::timestamptz, updated_at = $2::text::timestamptz, last_activity_at = $3::text::timestamptz,
               first_invoiced_at = CASE WHEN $4 THEN now() END WHERE id = $1",
        )
        .bind(id)
        .bind(created.to_string())
        .bind(activity.to_string())
        .bind(one.invoiced)
        .execute(&mut conn)
        .await
        .expect("dated");
        all.push(one);
    }
    all
}

fn status(one: &Known, now: Timestamp) -> &'static str {
    let dormant = one.activity.is_some_and(|at| at < now - SignedDuration::from_hours(24 * 730));
    if dormant {
        "dormant"
    } else if one.invoiced {
        "client"
    } else {
        "prospect"
    }
}

/// Every field and comparison, with what it means.
fn leaves(me: Uuid, colleague: Uuid, tags: &[Uuid], now: Timestamp) -> Vec<Leaf> {
    let today = day(now);
    let in_days = move |at: Option<Timestamp>, from: i64, to: i64| {
        at.map(day).is_some_and(|day| day >= today.saturating_add(from.days()) && day <= today.saturating_add(to.days()))
    };
    let month = today.first_of_month();
    let texts = |text: &'static str| json!(text);
    let mut out = vec![
        leaf("name", "contains", texts("jean DUPRÉ"), |p| fold(&p.name).contains("dupre") && fold(&p.name).contains("jean")),
        leaf("name", "not_contains", texts("œuv"), |p| !fold(&p.name).contains("oeuv")),
        leaf("name", "starts_with", texts("Mart"), |p| format!(" {}", fold(&p.name)).contains(" mart")),
        leaf("company", "contains", texts("100%"), |p| has(&p.company, "100%")),
        leaf("company", "contains", texts("dupre_fils"), |p| has(&p.company, "dupre_fils")),
        leaf("company", "is_empty", Value::Null, |p| p.company.is_none()),
        leaf("email", "is_set", Value::Null, |p| p.email.is_some()),
        leaf("email", "is_empty", Value::Null, |p| p.email.is_none()),
        leaf("email", "contains", texts("@EXEMPLE"), |p| has(&p.email, "@exemple")),
        leaf("email", "not_contains", texts("@exemple"), |p| !has(&p.email, "@exemple")),
        leaf("phone", "is_set", Value::Null, |p| p.phone),
        leaf("city", "is", json!(["lyon", "SAINT ETIENNE", "saint-etienne"]), |p| {
            p.city.as_deref().is_some_and(|c| c != "L’Haÿ-les-Roses")
        }),
        leaf("city", "is_not", texts("Lyon"), |p| p.city.as_deref() != Some("Lyon")),
        leaf("city", "contains", texts("l'hay"), |p| has(&p.city, "l'hay")),
        leaf("city", "starts_with", texts("saint"), |p| has(&p.city, "saint")),
        leaf("city", "is_empty", Value::Null, |p| p.city.is_none()),
        leaf("postcode", "starts_with", json!(["69", "sw1a"]), |p| has(&p.postcode, "69003") || has(&p.postcode, "sw1a")),
        leaf("postcode", "is", texts("42000"), |p| p.postcode.as_deref() == Some("42000")),
        leaf("postcode", "is_set", Value::Null, |p| p.postcode.is_some()),
        leaf("country", "is", texts("FR"), |p| p.country.as_deref() == Some("FR")),
        leaf("country", "is_not", json!(["FR"]), |p| p.country.as_deref() != Some("FR")),
        leaf("kind", "is", texts("company"), |p| p.kind == "company"),
        leaf("customer_kind", "is", json!(["B2C", "B2G"]), |p| p.customer_kind != "B2B_FR"),
        leaf("customer_kind", "is_not", texts("B2C"), |p| p.customer_kind != "B2C"),
        leaf("language", "is", texts("en"), |p| p.language == "en"),
        leaf("status", "is", json!(["client", "dormant"]), move |p| status(p, now) != "prospect"),
        leaf("status", "is_not", texts("dormant"), move |p| status(p, now) != "dormant"),
        leaf("owner", "is", texts("me"), move |p| p.owner == Some(me)),
        leaf("owner", "is", json!(["none", colleague]), move |p| p.owner != Some(me)),
        leaf("owner", "is_not", texts("me"), move |p| p.owner != Some(me)),
        leaf("owner", "is_empty", Value::Null, |p| p.owner.is_none()),
        leaf("source", "is", texts("SALON DE L'AUTO"), |p| p.source == Some("Salon de l’auto")),
        leaf("source", "contains", texts("neil \"; --"), |p| p.source == Some("O'Neil \"; --")),
        leaf("source", "is_not", texts("salon de l’auto"), |p| p.source != Some("Salon de l’auto")),
        leaf("source", "is_empty", Value::Null, |p| p.source.is_none()),
        leaf("tag", "any", json!([tags[0], tags[1]]), |p| p.tags.contains(&0) || p.tags.contains(&1)),
        leaf("tag", "all", json!([tags[0], tags[2]]), |p| p.tags.contains(&0) && p.tags.contains(&2)),
        leaf("tag", "none", json!([tags[1]]), |p| !p.tags.contains(&1)),
        leaf("tag", "is_empty", Value::Null, |p| p.tags.is_empty()),
        leaf("created", "last", json!({ "count": 30, "unit": "day" }), move |p| in_days(p.created, -30, 0)),
        leaf("created", "this", texts("month"), move |p| p.created.map(day).is_some_and(|day| day >= month)),
        leaf("created", "from", json!(today.saturating_sub(100.days())), move |p| in_days(p.created, -100, 0)),
        leaf("created", "until", json!(today.saturating_sub(100.days())), move |p| !in_days(p.created, -99, 0)),
        leaf("created", "between", json!([today.saturating_sub(90.days()), today.saturating_sub(10.days())]), move |p| {
            in_days(p.created, -90, -10)
        }),
        leaf("updated", "on", json!(today.saturating_sub(3.days())), move |p| in_days(p.created, -3, -3)),
        leaf("activity", "older_than", json!({ "count": 6, "unit": "month" }), move |p| {
            p.activity.map(day).is_some_and(|day| day < today.saturating_sub(6.months()))
        }),
        leaf("activity", "last", json!({ "count": 2, "unit": "year" }), move |p| {
            p.activity.map(day).is_some_and(|day| day >= today.saturating_sub(2.years()))
        }),
        leaf("event", "has", json!({ "kinds": ["note.added", "task.completed"] }), |p| p.events.iter().any(|e| e.0 != "contact.updated")),
        leaf("event", "has", json!({ "kinds": ["note.added"], "op": "last", "value": { "count": 30, "unit": "day" } }), move |p| {
            p.events.iter().any(|e| e.0 == "note.added" && in_days(Some(e.1), -30, 0))
        }),
        leaf("event", "has_not", json!({ "kinds": ["note.added"], "op": "last", "value": { "count": 60, "unit": "day" } }), move |p| {
            !p.events.iter().any(|e| e.0 == "note.added" && in_days(Some(e.1), -60, 0))
        }),
        leaf("task", "has", Value::Null, |p| p.task),
        leaf("task", "has_not", Value::Null, |p| !p.task),
        leaf("entity", "has", texts("vehicle"), |p| p.vehicle),
        leaf("entity", "has_not", json!(["vehicle", "animal"]), |p| !p.vehicle),
        leaf("custom.taille", "at_least", json!("12,5"), |p| p.size.is_some_and(|size| size >= 12.5)),
        leaf("custom.taille", "at_most", json!(0), |p| p.size.is_some_and(|size| size <= 0.0)),
        leaf("custom.taille", "is_empty", Value::Null, |p| p.size.is_none()),
        leaf("custom.budget", "between", json!(["100", "2 500,00"]), |p| {
            p.budget.is_some_and(|budget| (10_000..=250_000).contains(&budget))
        }),
        leaf("custom.budget", "at_most", json!(9_999), |p| p.budget.is_some_and(|budget| budget <= 9_999)),
        leaf("custom.depuis", "next", json!({ "count": 7, "unit": "day" }), move |p| {
            p.since.is_some_and(|day| day >= today && day <= today.saturating_add(7.days()))
        }),
        leaf("custom.depuis", "previous", texts("month"), move |p| {
            p.since.is_some_and(|day| day < month && day >= month.saturating_sub(1.month()))
        }),
        leaf("custom.depuis", "between", json!([today.saturating_sub(5.days()), today]), move |p| {
            p.since.is_some_and(|day| day >= today.saturating_sub(5.days()) && day <= today)
        }),
        leaf("custom.vu", "last", json!({ "count": 2, "unit": "week" }), move |p| in_days(p.seen, -14, 0)),
        leaf("custom.vip", "is", json!(true), |p| p.vip == Some(true)),
        leaf("custom.vip", "is_not", json!(true), |p| p.vip != Some(true)),
        leaf("custom.couleur", "is", json!(["rouge"]), |p| p.colour == Some("rouge")),
        leaf("custom.couleur", "is_not", json!(["rouge"]), |p| p.colour != Some("rouge")),
        leaf("custom.gouts", "any", json!(["foot", "the"]), |p| p.likes.contains(&"foot") || p.likes.contains(&"the")),
        leaf("custom.gouts", "all", json!(["foot", "cafe"]), |p| p.likes.contains(&"foot") && p.likes.contains(&"cafe")),
        leaf("custom.gouts", "none", json!(["the"]), |p| !p.likes.contains(&"the")),
        leaf("custom.surnom", "contains", texts("ete"), |p| p.nick == Some("Zoé l’Été")),
        leaf("custom.surnom", "contains", texts("%"), |p| p.nick == Some("100%")),
        leaf("custom.surnom", "is", json!(["ZOE L'ETE", "A_B"]), |p| matches!(p.nick, Some("Zoé l’Été" | "a_b"))),
        leaf("custom.surnom", "is", texts("\u{1f697} \u{5d0}"), |p| p.nick == Some("\u{1f697} \u{5d0}")),
        leaf("custom.surnom", "not_contains", texts("a_b"), |p| p.nick != Some("a_b")),
        leaf("custom.surnom", "is_set", Value::Null, |p| p.nick.is_some()),
    ];
    for nasty in ["'; DROP TABLE contacts; --", "' OR 1=1 --", "\\", "%' OR '%'='", "{tree,n,0}", "$1", "\u{202e}x"] {
        for (field, op) in
            [("city", "is"), ("source", "contains"), ("custom.surnom", "is"), ("name", "starts_with"), ("custom.surnom", "contains")]
        {
            out.push(leaf(field, op, json!(nasty), |_| false));
        }
    }
    out
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn found(who: &Persona, tree: &Value) -> BTreeSet<String> {
    let encoded = encoded(&tree.to_string());
    let (mut ids, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let page = who.get(&format!("/contacts?limit=40&sort=-activity&tree={encoded}&cursor={cursor}")).await;
        assert_eq!(page.status, 200, "{tree}: {}", page.text);
        let page = page.json;
        for row in page["items"].as_array().expect("items") {
            assert!(ids.insert(row["id"].as_str().expect("id").to_owned()), "twice: {tree}");
        }
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    let count = who.get(&format!("/contacts/count?tree={encoded}")).await.expect(200)["count"].as_u64();
    assert_eq!(count, Some(ids.len() as u64), "count and list differ: {tree}");
    ids
}

fn expected(all: &[Known], holds: impl Fn(&Known) -> bool) -> BTreeSet<String> {
    all.iter().filter(|one| holds(one)).map(|one| one.id.clone()).collect()
}

/// A random tree over the leaves, and what it means.
fn grown<'a>(dice: &Dice, leaves: &'a [Leaf], depth: u64) -> (Value, Box<dyn Fn(&Known) -> bool + 'a>) {
    if depth == 0 || dice.below(3) == 0 {
        let (tree, holds) = &leaves[usize::try_from(dice.below(leaves.len() as u64)).expect("index")];
        return (tree.clone(), Box::new(holds));
    }
    let (trees, tests): (Vec<_>, Vec<_>) = (0..=dice.below(3)).map(|_| grown(dice, leaves, depth - 1)).unzip();
    if dice.below(2) == 0 {
        (json!({ "all": trees }), Box::new(move |p| tests.iter().all(|test| test(p))))
    } else {
        (json!({ "any": trees }), Box::new(move |p| tests.iter().any(|test| test(p))))
    }
}

#[tokio::test]
async fn every_comparison_finds_whom_a_plain_reading_finds_with_and_without_an_index() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let colleague = t.member(owner.tenant_id, "member").await;
    let mut tags = Vec::new();
    for name in ["Fidèle", "VIP", "'; --"] {
        tags.push(owner.post("/tags", &json!({ "name": name, "tone": "good" })).await.expect(201)["id"].as_str().expect("id").to_owned());
    }
    let mut fields = BTreeMap::new();
    let options = |names: &[&str]| names.iter().map(|label| json!({ "label": label })).collect::<Vec<_>>();
    for (label, kind, options) in [
        ("Taille", "number", vec![]),
        ("Budget", "money", vec![]),
        ("Depuis", "date", vec![]),
        ("Vu", "date_time", vec![]),
        ("VIP", "boolean", vec![]),
        ("Couleur", "choice", options(&["Bleu nuit", "Rouge"])),
        ("Goûts", "choices", options(&["Foot", "Thé", "Café"])),
        ("Surnom", "text", vec![]),
    ] {
        let field = owner.post("/custom-fields", &json!({ "label": label, "kind": kind, "options": options })).await.expect(201);
        fields.insert(field["key"].as_str().expect("key").to_owned(), field["id"].as_str().expect("id").to_owned());
    }
    let now = t.app.clock.now();
    let names: Vec<String> = ["Fidèle", "VIP", "'; --"].map(str::to_owned).into();
    let all = people(&t, &owner, &colleague, &names, now).await;
    let ids: Vec<Uuid> = tags.iter().map(|tag| Uuid::try_parse(tag).expect("id")).collect();
    let leaves = leaves(owner.user_id, colleague.user_id, &ids, now);
    for indexed in [false, true] {
        if indexed {
            for (key, id) in fields.iter().filter(|(key, _)| *key != "gouts") {
                owner.post(&format!("/custom-fields/{id}/index"), &json!({})).await.expect(202);
                t.run_jobs().await;
                let list = owner.get("/custom-fields").await.expect(200);
                let field = list["items"].as_array().expect("items").iter().find(|field| field["key"] == **key).cloned().expect("field");
                assert_eq!(field["index"]["state"], "ready", "{field}");
            }
        }
        for (tree, holds) in &leaves {
            assert_eq!(found(&owner, tree).await, expected(&all, holds), "{tree}, indexed: {indexed}");
        }
        let dice = Dice(Cell::new(42));
        for _ in 0..60 {
            let (tree, holds) = grown(&dice, &leaves, 4);
            assert_eq!(found(&owner, &tree).await, expected(&all, holds), "{tree}, indexed: {indexed}");
        }
    }
    // Work on all of them takes the same way: an export and a bulk action by the tree.
    let (tree, holds) = &leaves[12];
    let wanted = expected(&all, holds);
    let file = owner.post("/contacts/export", &json!({ "selection": { "filter": { "tree": tree } }, "format": "csv" })).await;
    assert_eq!(file.text.lines().count() - 1, wanted.len(), "{}", file.text);
    let action = json!({ "selection": { "filter": { "tree": tree } }, "action": { "type": "add_tags", "tags": ["Lot"] } });
    owner.post("/contacts/bulk", &action).await.expect(202);
    t.run_jobs().await;
    let list = owner.get("/tags").await.expect(200);
    let made = list["items"].as_array().expect("items").iter().find(|tag| tag["name"] == "Lot").cloned().expect("tag");
    assert_eq!(found(&owner, &json!({ "field": "tag", "op": "any", "value": [made["id"]] })).await, wanted);

    // Somebody who sees only their own counts only their own.
    let own = t.member_with(owner.tenant_id, &["contacts.read"], "own").await;
    assert_eq!(
        found(&own, &json!({ "any": [{ "field": "phone", "op": "is_set" }, { "field": "phone", "op": "is_empty" }] })).await.len(),
        0
    );
    // And another company's tag, or person, is nobody's.
    let stranger = t.owner().await;
    assert!(found(&stranger, &json!({ "field": "tag", "op": "any", "value": [tags[0]] })).await.is_empty());
    assert!(found(&owner, &json!({ "field": "owner", "op": "is", "value": [stranger.user_id] })).await.is_empty());
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_its_place() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let get = |tree: Value| {
        let encoded = encoded(&tree.to_string());
        let owner = owner.clone();
        async move { owner.get(&format!("/contacts/count?tree={encoded}")).await }
    };
    let answer =
        get(json!({ "all": [{ "field": "city", "op": "is", "value": "x" }, { "field": "city", "op": "<>", "value": "x" }] })).await;
    assert_eq!((answer.status.as_u16(), answer.pointers()), (422, vec!["?tree/all/1/op"]));
    let deep = (0..9).fold(json!({ "field": "email", "op": "is_set" }), |inner, _| json!({ "all": [inner] }));
    let answer = get(deep).await;
    assert_eq!((answer.status.as_u16(), answer.json["errors"][0]["code"].as_str()), (422, Some("too_deep")));
    let many: Vec<Value> = (0..41).map(|_| json!({ "field": "email", "op": "is_set" })).collect();
    assert_eq!(get(json!({ "any": many })).await.pointers(), ["?tree/any/40"]);
    assert_eq!(owner.get("/contacts?tree=%7B").await.pointers(), ["?tree"]);
    let body = json!({ "selection": { "filter": { "tree": { "field": "nope" } } }, "format": "csv" });
    assert_eq!(owner.post("/contacts/export", &body).await.pointers(), ["/selection/filter/tree/field"]);
    assert_eq!(owner.get("/contacts?sort=custom.nope").await.pointers(), ["?sort"]);
    // A field that nobody has, or that has gone, is met by nobody: nor is its opposite.
    for op in ["is", "is_not"] {
        owner.contact(&json!({ "last_name": "Dupré" })).await;
        assert!(found(&owner, &json!({ "field": "custom.nope", "op": op, "value": "x" })).await.is_empty());
    }
}

#[tokio::test]
async fn tests_use_their_indexes_and_read_no_other_company() {
    let t = TestApp::new().await;
    let (big, other) = (t.owner().await, t.owner().await);
    let field = big.post("/custom-fields", &json!({ "label": "Taille", "kind": "number" })).await.expect(201);
    let tag = big.post("/tags", &json!({ "name": "Rare", "tone": "good" })).await.expect(201);
    big.post("/tags", &json!({ "name": "Courante", "tone": "good" })).await.expect(201);
    let mut conn = t.db.urls.owner.connect().await.expect("owner");
    let fill = [
        "INSERT INTO contacts (tenant_id, id, kind, display_name, sort_name, last_name, city, city_sort, customer_kind, last_activity_at, created_at, updated_at, search)
         SELECT (ARRAY[$1, $2])[1 + n % 2], lpad(to_hex(n), 32, '0')::uuid, 'person', 'Nom' || n, 'nom' || n, 'Nom' || n, 'Ville' || n % 50, 'ville' || n % 50, 'B2C',
                now(), now(), now(), 'nom' || n FROM generate_series(1, 40000) n",
        "INSERT INTO timeline (tenant_id, contact_id, id, at, actor_kind, actor_id, actor_name, kind)
         SELECT tenant_id, id, gen_random_uuid(), now() - g * interval '50 day', 'user', id, 'x', CASE WHEN g % 2 = 0 THEN 'note.added' ELSE 'contact.updated' END
         FROM contacts, generate_series(1, 5) g WHERE $1 <> $2",
        "INSERT INTO contact_values (tenant_id, field_id, contact_id, n) SELECT $1, $3, id, row_number() OVER () FROM contacts WHERE tenant_id = $1 AND $1 <> $2",
        "INSERT INTO contact_tags (tenant_id, tag_id, contact_id) SELECT $1, t.id, c.id FROM tags t JOIN contacts c ON c.tenant_id = $1 WHERE t.tenant_id = $1 AND t.id <> $4 AND $1 <> $2 AND $3 = $3",
        "INSERT INTO contact_tags (tenant_id, tag_id, contact_id) SELECT $1, $4, id FROM contacts WHERE tenant_id = $1 AND $1 <> $2 ORDER BY id LIMIT 40",
    ];
    let ids = [&field, &tag].map(|one| Uuid::try_parse(one["id"].as_str().expect("id")).expect("id"));
    for statement in fill {
        let mut query = sqlx::query(statement).bind(big.tenant_id).bind(other.tenant_id);
        for (number, id) in ids.iter().enumerate() {
            if statement.contains(&format!("${}", number + 3)) || statement.contains("$4") {
                query = query.bind(id);
            }
        }
        query.execute(&mut conn).await.expect("filled");
    }
    sqlx::query("ANALYZE").execute(&mut conn).await.expect("analysed");
    let recent = (t.app.clock.now() - SignedDuration::from_hours(24 * 40)).to_string();
    let cases = [
        ("city", json!({ "k": "in", "c": "city", "v": ["ville7"] }), "near 300", "contacts_name_idx"),
        ("what happened lately", json!({ "k": "event", "v": ["note.added"], "a": recent }), "far", "timeline_kind_idx"),
        ("a value", json!({ "k": "value_number", "i": ids[0], "a": "19990" }), "far", "contact_values_n_idx"),
        ("a rare tag", json!({ "k": "tags", "v": [ids[1]] }), "far", "contact_tags_"),
    ];
    for (name, tree, way, index) in cases {
        let filter = json!({ "tree": tree });
        let query: String = sqlx::query_scalar("SELECT contact_page_query($1, 'name', false, $2)")
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
        assert!(!text.contains("Seq Scan"), "{name}: {plan:#}");
    }
}

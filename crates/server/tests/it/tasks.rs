//! Tasks: who sees them, when they are due, how they come back, and what can be taken back.

use jiff::SignedDuration;
use serde_json::{Value, json};
use vision_testkit::{Persona, TestApp};

fn titles(page: &Value) -> Vec<&str> {
    page["items"].as_array().expect("items").iter().map(|row| row["title"].as_str().expect("title")).collect()
}

async fn list(who: &Persona, query: &str) -> Vec<String> {
    titles(&who.get(&format!("/tasks?{query}")).await.expect(200)).into_iter().map(str::to_owned).collect()
}

async fn task(who: &Persona, body: &Value) -> Value {
    who.post("/tasks", body).await.expect(201)
}

fn id(value: &Value) -> &str {
    value["id"].as_str().expect("id")
}

/// The day at the company, so many days from now.
fn day(t: &TestApp, days: i64) -> String {
    let paris = jiff::tz::TimeZone::get("Europe/Paris").expect("zone");
    let today = t.app.clock.now().to_zoned(paris).date();
    today.checked_add(jiff::Span::new().days(days)).expect("day").to_string()
}

#[tokio::test]
async fn a_task_is_written_read_changed_and_its_history_stands_with_the_contact() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let contact = owner.contact(&json!({ "last_name": "Dupré" })).await;
    let body = json!({ "title": "  Rappeler  ", "kind": "call", "due_date": "2027-03-28", "due_time": "02:30", "reminder_minutes": 30,
        "priority": "high", "subject": { "kind": "contact", "id": contact } });
    let answer = owner.post("/tasks", &body).await;
    assert!(answer.headers["location"].to_str().expect("path").starts_with("/api/v1/tasks/"));
    let made = answer.expect(201);
    assert_eq!(
        (made["title"].as_str(), made["status"].as_str(), made["due_time"].as_str()),
        (Some("Rappeler"), Some("open"), Some("02:30"))
    );
    assert_eq!(made["due_at"], "2027-03-28T01:30:00Z", "the lost hour is the one after it");
    assert_eq!(
        (made["assignee"]["id"].as_str(), made["subject"]["label"].as_str()),
        (Some(owner.user_id.to_string().as_str()), Some("Dupré"))
    );
    let path = format!("/tasks/{}", id(&made));
    let october = owner.patch_if(&path, 1, &json!({ "due_date": "2026-10-25" })).await;
    assert_eq!(october.headers["etag"], "\"2\"");
    assert_eq!(october.expect(200)["due_at"], "2026-10-25T00:30:00Z", "of the doubled hour the first");
    assert_eq!(owner.patch_if(&path, 1, &json!({ "title": "x" })).await.code(), "stale_version");
    let done = owner
        .post(&format!("{path}/complete"), &json!({ "outcome": "reached", "result": "D’accord", "duration_minutes": 12 }))
        .await
        .expect(200);
    assert_eq!(
        (done["status"].as_str(), done["outcome"].as_str(), done["duration_minutes"].as_i64()),
        (Some("done"), Some("reached"), Some(12))
    );
    let history = owner.get(&format!("/contacts/{contact}/timeline")).await.expect(200);
    let kinds: Vec<&str> = history["items"].as_array().expect("items").iter().map(|item| item["kind"].as_str().expect("kind")).collect();
    assert_eq!(kinds, ["task.completed", "task.updated", "task.created", "contact.created"]);
    assert_eq!(history["items"][0]["data"]["excerpt"], "Rappeler");
    // A contact that goes for good takes its tasks along.
    owner.post(&format!("/contacts/{contact}/archive"), &json!({})).await.expect(200);
    owner.delete(&format!("/contacts/{contact}")).await.expect(204);
    owner.get(&path).await.expect(404);
}

#[tokio::test]
async fn wrong_values_are_refused_with_their_place() {
    let t = TestApp::new().await;
    let (owner, other) = (t.owner().await, t.owner().await);
    let foreign = other.contact(&json!({ "last_name": "Martin" })).await;
    for (body, pointer) in [
        (json!({}), "/title"),
        (json!({ "title": "x".repeat(201) }), "/title"),
        (json!({ "title": "x", "description": "x".repeat(5001) }), "/description"),
        (json!({ "title": "x", "due_date": "2026-02-31" }), "/due_date"),
        (json!({ "title": "x", "due_date": "2026-11-24", "due_time": "25:00" }), "/due_time"),
        (json!({ "title": "x", "due_date": "2026-11-24", "reminder_minutes": -1 }), "/reminder_minutes"),
        (json!({ "title": "x", "recurrence": { "unit": "day" } }), "/recurrence"),
        (json!({ "title": "x", "kind": "robot" }), "/kind"),
        (json!({ "title": "x", "assignee_id": other.user_id }), "/assignee_id"),
        (json!({ "title": "x", "subject": { "kind": "contact", "id": foreign } }), "/subject/id"),
    ] {
        let answer = owner.post("/tasks", &body).await;
        assert_eq!((answer.status.as_u16(), answer.pointers()), (422, vec![pointer]), "{body}: {}", answer.text);
    }
    let todo = task(&owner, &json!({ "title": "x" })).await;
    let complete = format!("/tasks/{}/complete", id(&todo));
    assert_eq!(
        owner.post(&complete, &json!({ "outcome": "reached", "duration_minutes": 5 })).await.pointers(),
        ["/outcome", "/duration_minutes"]
    );
    let none = json!({ "ids": [], "action": { "type": "complete" } });
    assert_eq!(owner.post("/tasks/bulk", &none).await.pointers(), ["/ids"]);
    let many = json!({ "ids": vec![todo["id"].clone(); 501], "action": { "type": "complete" } });
    assert_eq!(owner.post("/tasks/bulk", &many).await.pointers(), ["/ids"]);
    let snooze = json!({ "ids": [todo["id"]], "action": { "type": "snooze", "until": "moment", "due_date": "demain" } });
    assert_eq!(owner.post("/tasks/bulk", &snooze).await.pointers(), ["/action/due_date"]);
    for query in ["view=hier", "sort=hasard", "assignee=moi", "due_from=31/02", "cursor=zz", "sort=-done"] {
        assert!(matches!(owner.get(&format!("/tasks?{query}")).await.status.as_u16(), 400 | 422), "{query}");
    }
    // A cursor of another order is refused, not an error of the database.
    let priority = "sort=priority&cursor=00000000000000000000000000000000";
    assert_eq!(owner.get(&format!("/tasks?{priority}")).await.status.as_u16(), 422);
}

#[tokio::test]
async fn lists_part_the_tasks_by_when_they_are_due_and_pages_follow_each_other() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for (title, due) in [("Hier", Some(-1)), ("Aujourd’hui", Some(0)), ("Demain", Some(1)), ("Un jour", None)] {
        task(&owner, &json!({ "title": title, "due_date": due.map(|days| day(&t, days)), "priority": if title == "Un jour" { "high" } else { "normal" } })).await;
    }
    let finished = task(&owner, &json!({ "title": "Finie", "kind": "call", "description": "Éloïse" })).await;
    owner.post(&format!("/tasks/{}/complete", id(&finished)), &json!({})).await.expect(200);
    assert_eq!(list(&owner, "").await, ["Hier", "Aujourd’hui", "Demain", "Un jour"]);
    assert_eq!(list(&owner, "view=overdue").await, ["Hier"]);
    assert_eq!(list(&owner, "view=today").await, ["Aujourd’hui"]);
    assert_eq!(list(&owner, "view=due").await, ["Hier", "Aujourd’hui"]);
    assert_eq!(list(&owner, "view=upcoming").await, ["Demain", "Un jour"]);
    assert_eq!(list(&owner, "view=done&sort=-done").await, ["Finie"]);
    assert_eq!(list(&owner, "view=all&q=eloise").await, ["Finie"]);
    assert_eq!(list(&owner, "view=all&kind=call").await, ["Finie"]);
    assert_eq!(list(&owner, "q=%25").await, Vec::<String>::new());
    assert_eq!(list(&owner, "sort=-due").await, ["Un jour", "Demain", "Aujourd’hui", "Hier"]);
    assert_eq!(list(&owner, "sort=priority").await, ["Un jour", "Hier", "Aujourd’hui", "Demain"]);
    assert_eq!(list(&owner, &format!("due_from={0}&due_to={0}", day(&t, 1))).await, ["Demain"]);
    let counts = owner.get("/tasks/count?assignee=me").await.expect(200);
    assert_eq!(counts, json!({ "open": 4, "overdue": 1, "today": 1, "upcoming": 2, "capped": false }));
    let home = owner.get("/home").await.expect(200);
    assert_eq!(
        (home["tasks"].as_array().map(Vec::len), home["tasks_overdue"].as_i64(), home["tasks_today"].as_i64()),
        (Some(2), Some(1), Some(1))
    );
    for sort in ["due", "-due", "created", "-created", "priority"] {
        let whole = list(&owner, &format!("sort={sort}")).await;
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = owner.get(&format!("/tasks?sort={sort}&limit=1&cursor={cursor}")).await.expect(200);
            seen.extend(titles(&page).into_iter().map(str::to_owned));
            let Some(next) = page["next_cursor"].as_str() else { break };
            next.clone_into(&mut cursor);
        }
        assert_eq!(seen, whole, "{sort}");
    }
}

#[tokio::test]
async fn a_member_sees_the_tasks_of_their_scope_and_never_the_name_of_a_hidden_contact() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let bob = t.member_with(owner.tenant_id, &["contacts.read", "tasks.read", "tasks.write"], "own").await;
    let contact = owner.contact(&json!({ "last_name": "Secret" })).await;
    let hidden = task(&owner, &json!({ "title": "À moi" })).await;
    let given =
        task(&owner, &json!({ "title": "Pour Bob", "assignee_id": bob.user_id, "subject": { "kind": "contact", "id": contact } })).await;
    task(&bob, &json!({ "title": "De Bob", "assignee_id": null })).await;
    assert_eq!(list(&bob, "sort=created").await, ["Pour Bob", "De Bob"]);
    assert_eq!(list(&bob, "assignee=none").await, ["De Bob"]);
    assert_eq!(bob.get("/tasks/count").await.expect(200)["open"], 2);
    bob.get(&format!("/tasks/{}", id(&hidden))).await.expect(404);
    bob.post(&format!("/tasks/{}/complete", id(&hidden)), &json!({})).await.expect(404);
    let seen = bob.get(&format!("/tasks/{}", id(&given))).await.expect(200);
    assert_eq!((seen["subject"]["label"].clone(), seen["subject"]["id"].as_str()), (Value::Null, Some(contact.as_str())));
    let refused = bob.post("/tasks", &json!({ "title": "x", "subject": { "kind": "contact", "id": contact } })).await;
    assert_eq!(refused.pointers(), ["/subject/id"]);
    let bulk = json!({ "ids": [hidden["id"], given["id"]], "action": { "type": "delete" } });
    assert_eq!(bob.post("/tasks/bulk", &bulk).await.expect(200)["changed"], 1);
    assert_eq!(list(&owner, "").await, ["À moi", "De Bob"]);
}

#[tokio::test]
async fn who_sees_only_their_own_passes_a_task_on_and_takes_it_back() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let bob = t.member_with(owner.tenant_id, &["tasks.read", "tasks.write"], "own").await;
    let given = task(&owner, &json!({ "title": "Pour Bob", "assignee_id": bob.user_id })).await;
    let path = format!("/tasks/{}", id(&given));
    let passed = bob.patch_if(&path, 1, &json!({ "assignee_id": owner.user_id })).await.expect(200);
    assert_eq!((passed["assignee"]["id"].as_str(), passed["version"].as_i64()), (Some(owner.user_id.to_string().as_str()), Some(2)));
    bob.get(&path).await.expect(404);
    bob.patch(&path, &json!({ "title": "x" })).await.expect(404);
    owner.patch(&path, &json!({ "assignee_id": bob.user_id })).await.expect(200);
    assert_eq!(bob.patch(&path, &json!({ "assignee_id": null })).await.expect(200)["assignee"], Value::Null);
    owner.patch(&path, &json!({ "assignee_id": bob.user_id })).await.expect(200);
    for to in [json!(owner.user_id), Value::Null] {
        let act = json!({ "ids": [given["id"]], "action": { "type": "reassign", "assignee_id": to } });
        let done = bob.post("/tasks/bulk", &act).await.expect(200);
        assert_eq!((done["changed"].as_i64(), list(&bob, "").await.len()), (Some(1), 0));
        let back = bob.post(&format!("/tasks/bulk/{}/undo", done["undo_id"].as_str().expect("undo")), &json!({})).await.expect(200);
        assert_eq!((back["changed"].as_i64(), list(&bob, "").await), (Some(1), vec!["Pour Bob".to_owned()]));
    }
}

#[tokio::test]
async fn a_series_goes_on_when_its_reopening_is_taken_back() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let repeat = json!({ "title": "Ménage", "due_date": "2027-01-31", "recurrence": { "unit": "month", "every": 1 } });
    let first = task(&owner, &repeat).await;
    owner.post(&format!("/tasks/{}/complete", id(&first)), &json!({})).await.expect(200);
    let due = async || owner.get("/tasks?view=open").await.expect(200)["items"].as_array().expect("items").clone();
    assert_eq!(due().await.iter().map(|row| row["due_date"].as_str()).collect::<Vec<_>>(), [Some("2027-02-28")]);
    let reopen = json!({ "ids": [first["id"]], "action": { "type": "reopen" } });
    let done = owner.post("/tasks/bulk", &reopen).await.expect(200);
    assert_eq!(due().await.iter().map(|row| row["due_date"].as_str()).collect::<Vec<_>>(), [Some("2027-01-31")]);
    owner.post(&format!("/tasks/bulk/{}/undo", done["undo_id"].as_str().expect("undo")), &json!({})).await.expect(200);
    assert_eq!(due().await.iter().map(|row| row["due_date"].as_str()).collect::<Vec<_>>(), [Some("2027-02-28")]);
    assert_eq!(list(&owner, "view=done").await, ["Ménage"]);
}

#[tokio::test]
async fn a_repeated_task_comes_back_once_and_reopening_takes_the_next_one_away() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let first = task(
        &owner,
        &json!({ "title": "Ménage", "due_date": "2027-01-31", "recurrence": { "unit": "month", "every": 1, "until": "2027-03-31" } }),
    )
    .await;
    let complete = format!("/tasks/{}/complete", id(&first));
    let body = json!({});
    let both = futures::future::join_all((0..5).map(|_| owner.post(&complete, &body))).await;
    assert!(both.iter().all(|answer| answer.status.as_u16() == 200));
    let due = async || -> Vec<String> {
        let page = owner.get("/tasks?view=open").await.expect(200);
        page["items"].as_array().expect("items").iter().map(|row| row["due_date"].as_str().expect("day").to_owned()).collect()
    };
    assert_eq!(due().await, ["2027-02-28"], "once, and in a shorter month");
    owner.post(&format!("/tasks/{}/reopen", id(&first)), &json!({})).await.expect(200);
    assert_eq!(due().await, ["2027-01-31"]);
    owner.post(&complete, &json!({})).await.expect(200);
    let second = owner.get("/tasks").await.expect(200)["items"][0].clone();
    owner.patch(&format!("/tasks/{}", id(&second)), &json!({ "title": "Grand ménage" })).await.expect(200);
    owner.post(&format!("/tasks/{}/reopen", id(&first)), &json!({})).await.expect(200);
    assert_eq!(due().await, ["2027-01-31", "2027-02-28"], "the next one was touched: it stays");
    owner.post(&complete, &json!({})).await.expect(200);
    assert_eq!(due().await, ["2027-02-28"]);
    owner.post(&format!("/tasks/{}/complete", id(&second)), &json!({})).await.expect(200);
    assert_eq!(due().await, ["2027-03-31"], "the 31st again");
    let third = owner.get("/tasks").await.expect(200)["items"][0].clone();
    owner.post(&format!("/tasks/{}/complete", id(&third)), &json!({})).await.expect(200);
    assert!(due().await.is_empty(), "the rhythm has ended");
}

#[tokio::test]
async fn many_tasks_change_at_once_and_go_back_where_nobody_touched_them() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let bob = t.member(owner.tenant_id, "member").await;
    let mut ids = Vec::new();
    for n in 0..3 {
        ids.push(task(&owner, &json!({ "title": format!("T{n}"), "due_date": day(&t, -2) })).await["id"].clone());
    }
    let act = async |action: Value| owner.post("/tasks/bulk", &json!({ "ids": ids, "action": action })).await.expect(200);
    let undo = async |done: &Value| owner.post(&format!("/tasks/bulk/{}/undo", done["undo_id"].as_str().expect("undo")), &json!({})).await;
    let done = act(json!({ "type": "complete" })).await;
    assert_eq!((done["changed"].as_i64(), list(&owner, "view=done").await.len()), (Some(3), 3));
    assert_eq!(act(json!({ "type": "complete" })).await, json!({ "changed": 0, "undo_id": null }));
    assert_eq!(undo(&done).await.expect(200)["changed"], 3);
    undo(&done).await.expect(404);
    assert_eq!(list(&owner, "view=overdue").await.len(), 3);

    let put_off = act(json!({ "type": "snooze", "until": "tomorrow" })).await;
    let page = owner.get("/tasks?view=upcoming").await.expect(200);
    assert!(page["items"].as_array().expect("items").iter().all(|row| row["due_time"] == "09:00" && row["due_date"] == json!(day(&t, 1))));
    owner.patch(&format!("/tasks/{}", ids[0].as_str().expect("id")), &json!({ "title": "Changée" })).await.expect(200);
    let other = bob.post(&format!("/tasks/bulk/{}/undo", put_off["undo_id"].as_str().expect("undo")), &json!({})).await;
    assert_eq!(other.status.as_u16(), 404, "only the one who did it");
    assert_eq!(undo(&put_off).await.expect(200)["changed"], 2);
    assert_eq!(list(&owner, "view=upcoming").await, ["Changée"]);

    let given = act(json!({ "type": "reassign", "assignee_id": bob.user_id })).await;
    assert_eq!((given["changed"].as_i64(), list(&bob, "assignee=me").await.len()), (Some(3), 3));
    t.run_jobs().await;
    let told = bob.get("/notifications").await.expect(200);
    assert_eq!((told["items"].as_array().map(Vec::len), told["items"][0]["data"]["count"].as_i64()), (Some(1), Some(3)), "told once");

    let gone = act(json!({ "type": "delete" })).await;
    assert!(list(&owner, "view=all").await.is_empty());
    undo(&gone).await.expect(200);
    assert_eq!(list(&owner, "view=all").await.len(), 3);
    let path = format!("/tasks/{}", ids[0].as_str().expect("id"));
    owner.delete(&path).await.expect(204);
    owner.delete(&path).await.expect(404);
    owner.post(&format!("{path}/restore"), &json!({})).await.expect(200);
    owner.get(&path).await.expect(200);
    // After 30 days nothing brings it back.
    owner.delete(&path).await.expect(204);
    t.advance(SignedDuration::from_hours(24 * 31));
    vision_crm_beat(&t).await;
    let owner = t.sign_in(owner.tenant_id, owner.user_id, "").await;
    owner.post(&format!("{path}/restore"), &json!({})).await.expect(404);
}

/// What the clock does, and the jobs that it queues.
async fn vision_crm_beat(t: &TestApp) {
    for beat in vision_server::wiring::beats() {
        beat(&t.app).await.expect("beat");
    }
    t.run_jobs().await;
}

#[tokio::test]
async fn a_reminder_comes_once_at_its_time_and_again_only_for_another_time() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let soon = |minutes: i64| {
        let paris = jiff::tz::TimeZone::get("Europe/Paris").expect("zone");
        let at = (t.app.clock.now() + SignedDuration::from_mins(minutes)).to_zoned(paris).datetime();
        json!({ "title": "Appeler", "due_date": at.date().to_string(), "due_time": format!("{:02}:{:02}", at.hour(), at.minute()), "reminder_minutes": 30 })
    };
    let made = task(&owner, &soon(120)).await;
    let unread = async |who: &Persona| who.get("/notifications/count").await.expect(200)["unread"].as_i64().expect("count");
    vision_crm_beat(&t).await;
    assert_eq!(unread(&owner).await, 0, "an hour and a half too early");
    t.advance(SignedDuration::from_mins(91));
    let owner = t.sign_in(owner.tenant_id, owner.user_id, "").await;
    vision_crm_beat(&t).await;
    vision_crm_beat(&t).await;
    assert_eq!(unread(&owner).await, 1);
    let told = owner.get("/notifications").await.expect(200)["items"][0].clone();
    assert_eq!(
        (told["kind"].as_str(), told["label"].as_str(), told["subject_id"].clone()),
        (Some("task_reminder"), Some("Appeler"), made["id"].clone())
    );
    // Another title is no other time; another hour is.
    owner.patch(&format!("/tasks/{}", id(&made)), &json!({ "title": "Rappeler" })).await.expect(200);
    vision_crm_beat(&t).await;
    assert_eq!(unread(&owner).await, 1);
    owner.patch(&format!("/tasks/{}", id(&made)), &soon(20)).await.expect(200);
    vision_crm_beat(&t).await;
    assert_eq!(unread(&owner).await, 2);
    // What is done is not recalled.
    let done = task(&owner, &soon(60)).await;
    owner.post(&format!("/tasks/{}/complete", id(&done)), &json!({})).await.expect(200);
    t.advance(SignedDuration::from_mins(40));
    vision_crm_beat(&t).await;
    assert_eq!(unread(&owner).await, 2);
}

#[tokio::test]
async fn nine_o_clock_stays_nine_o_clock_when_the_company_moves() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let made = task(&owner, &json!({ "title": "Ouvrir", "due_date": "2027-06-01", "due_time": "09:00", "reminder_minutes": 10 })).await;
    assert_eq!(made["due_at"], "2027-06-01T07:00:00Z");
    owner.patch("/tenant", &json!({ "time_zone": "Indian/Reunion" })).await.expect(200);
    t.run_jobs().await;
    let moved = owner.get(&format!("/tasks/{}", id(&made))).await.expect(200);
    assert_eq!(
        (moved["due_at"].as_str(), moved["due_time"].as_str(), moved["version"].as_i64()),
        (Some("2027-06-01T05:00:00Z"), Some("09:00"), Some(1))
    );
    // What was done before the move follows when it is open again, and so does what an undo opens.
    let body = json!({ "title": "Fermer", "due_date": "2027-06-01", "due_time": "19:00", "reminder_minutes": 10 });
    let (one, two) = (task(&owner, &body).await, task(&owner, &body).await);
    assert_eq!(one["due_at"], "2027-06-01T15:00:00Z");
    owner.post(&format!("/tasks/{}/complete", id(&one)), &json!({})).await.expect(200);
    let act = json!({ "ids": [two["id"]], "action": { "type": "complete" } });
    let done = owner.post("/tasks/bulk", &act).await.expect(200);
    owner.patch("/tenant", &json!({ "time_zone": "Europe/Paris" })).await.expect(200);
    t.run_jobs().await;
    let open = owner.post(&format!("/tasks/{}/reopen", id(&one)), &json!({})).await.expect(200);
    assert_eq!((open["due_at"].as_str(), open["due_time"].as_str()), (Some("2027-06-01T17:00:00Z"), Some("19:00")));
    owner.post(&format!("/tasks/bulk/{}/undo", done["undo_id"].as_str().expect("undo")), &json!({})).await.expect(200);
    assert_eq!(owner.get(&format!("/tasks/{}", id(&two))).await.expect(200)["due_at"], "2027-06-01T17:00:00Z");
    // The zone that they were worked out in is known: the next move moves them too.
    owner.patch("/tenant", &json!({ "time_zone": "Indian/Reunion" })).await.expect(200);
    t.run_jobs().await;
    for made in [&one, &two] {
        assert_eq!(owner.get(&format!("/tasks/{}", id(made))).await.expect(200)["due_at"], "2027-06-01T15:00:00Z");
    }
}

#[tokio::test] // GA-14
async fn a_task_about_a_thing_stands_with_the_thing_and_with_its_owner() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let contact = owner.contact(&json!({ "last_name": "Quoibet" })).await;
    let car = owner.post("/entities", &json!({ "plate": "AB-123-CD", "make": "Fiat", "contact_id": contact })).await.expect(201);
    let about = json!({ "kind": "entity", "id": car["id"] });
    let call = task(&owner, &json!({ "title": "Rappeler Quoibet", "kind": "call", "subject": about })).await;
    assert_eq!(call["subject"], json!({ "kind": "entity", "id": car["id"], "label": "Fiat · AB-123-CD" }));
    task(&owner, &json!({ "title": "Sans lien" })).await;
    assert_eq!(list(&owner, &format!("subject_kind=entity&subject_id={}", id(&car))).await, ["Rappeler Quoibet"]);
    assert_eq!(list(&owner, &format!("contact={contact}")).await, ["Rappeler Quoibet"]);
    assert_eq!(owner.get(&format!("/tasks/count?contact={contact}")).await.expect(200)["open"], 1);
    owner.post(&format!("/tasks/{}/complete", id(&call)), &json!({ "outcome": "reached" })).await.expect(200);
    let timeline = owner.get(&format!("/contacts/{contact}/timeline")).await.expect(200).to_string();
    assert!(timeline.contains("task.created") && timeline.contains("task.completed"), "{timeline}");
    // Who may not see the owner may not see the thing, nor tie a task to it.
    let member = t.member_with(owner.tenant_id, &["contacts.read", "tasks.read", "tasks.write"], "own").await;
    assert_eq!(member.post("/tasks", &json!({ "title": "x", "subject": about })).await.pointers(), ["/subject/id"]);
    let given = task(&owner, &json!({ "title": "Pour vous", "assignee_id": member.user_id, "subject": about })).await;
    assert_eq!(member.get(&format!("/tasks/{}", id(&given))).await.expect(200)["subject"]["label"], Value::Null);
    let stranger = t.owner().await;
    assert_eq!(stranger.post("/tasks", &json!({ "title": "x", "subject": about })).await.pointers(), ["/subject/id"]);
    // A merge takes the thing along, and its tasks with it.
    let kept = owner.contact(&json!({ "last_name": "Quoibet" })).await;
    owner.post(&format!("/contacts/{kept}/merge"), &json!({ "other_id": contact })).await;
    t.run_jobs().await;
    let owned = owner.get(&format!("/entities/{}", id(&car))).await.expect(200)["contact"]["id"].clone();
    assert_eq!(list(&owner, &format!("view=all&contact={}", owned.as_str().expect("owner"))).await.len(), 2);
    // The person's file has them, and an erasure takes those of their time: a later owner's stay.
    let path = format!("/entities/{}", id(&car));
    let next = owner.contact(&json!({ "last_name": "Suivante" })).await;
    t.advance(SignedDuration::from_hours(72));
    let owner = t.sign_in(owner.tenant_id, owner.user_id, &owner.email).await;
    owner.post(&format!("{path}/owner"), &json!({ "contact_id": next })).await.expect(200);
    t.advance(SignedDuration::from_hours(72));
    let owner = t.sign_in(owner.tenant_id, owner.user_id, &owner.email).await;
    task(&owner, &json!({ "title": "Après la vente", "subject": about })).await;
    let former = owned.as_str().expect("owner");
    let name = owner.get(&format!("/contacts/{former}")).await.expect(200)["display_name"].clone();
    let preview = owner.get(&format!("/contacts/{former}/erasure")).await.expect(200).to_string();
    assert!(preview.contains("open_tasks"), "{preview}");
    owner.post(&format!("/contacts/{former}/erasure"), &json!({ "confirm": name })).await.expect(202);
    t.run_jobs().await;
    assert_eq!(list(&owner, &format!("view=all&subject_kind=entity&subject_id={}", id(&car))).await, ["Après la vente"]);
    // The thing goes, and they go with it.
    owner.post(&format!("{path}/archive"), &json!({})).await.expect(200);
    owner.delete(&path).await;
    assert_eq!(list(&owner, "view=all").await, ["Sans lien"]);
}

#[tokio::test]
async fn tasks_are_exported_as_they_are_filtered_and_seen_and_come_back() {
    let t = TestApp::new().await;
    let (owner, other) = (t.owner().await, t.owner().await);
    let contact = owner.contact(&json!({ "first_name": "Éloïse", "last_name": "Dupré" })).await;
    let car = owner.post("/entities", &json!({ "plate": "AB-123-CD", "make": "Fiat", "contact_id": contact })).await.expect(201);
    let about = json!({ "kind": "entity", "id": car["id"] });
    let call = task(
        &owner,
        &json!({ "title": "=Rappeler; vite", "kind": "call", "due_date": "2027-03-28", "due_time": "14:30",
        "priority": "high", "description": "Deux\nlignes", "subject": about }),
    )
    .await;
    let done = json!({ "outcome": "left_message", "result": "Répondeur", "duration_minutes": 3 });
    owner.post(&format!("/tasks/{}/complete", id(&call)), &done).await.expect(200);
    task(&owner, &json!({ "title": "Visite", "kind": "meeting", "subject": { "kind": "contact", "id": contact } })).await;
    let export = async |who: &Persona, filter: Value| who.post("/tasks/export", &json!({ "filter": filter, "format": "csv" })).await;
    let open = export(&owner, json!({})).await;
    assert!(open.headers["content-disposition"].to_str().expect("name").contains("taches-"));
    assert!(open.text.contains("Visite") && !open.text.contains("Rappeler"), "open ones by default: {}", open.text);
    let all = export(&owner, json!({ "view": "all" })).await.text;
    assert!(all.contains("28/03/2027;14:30;Haute;") && all.contains(";Éloïse Dupré;Fiat;AB-123-CD;Terminé;"), "{all}");
    assert!(!all.contains(";=Rappeler") && !all.contains(";\"=Rappeler"), "no formula: {all}");
    assert_eq!(
        export(&owner, json!({ "view": "all", "kind": "call" })).await.text.lines().filter(|line| line.contains("Visite")).count(),
        0
    );
    let audit = owner.get("/audit-log?limit=100").await.expect(200).to_string();
    assert!(audit.contains("tasks.exported"), "{audit}");
    // Rights: exporting is one of its own, and tasks are another; what one may not see is not in the file.
    let reader = t.member_with(owner.tenant_id, &["tasks.read", "contacts.read"], "all").await;
    assert_eq!(export(&reader, json!({})).await.status.as_u16(), 403);
    let exporter = t.member_with(owner.tenant_id, &["contacts.export", "contacts.read"], "all").await;
    assert_eq!(export(&exporter, json!({})).await.json["permission"], "tasks.read");
    let blind = t.member_with(owner.tenant_id, &["contacts.export", "tasks.read"], "all").await;
    let hidden = export(&blind, json!({ "view": "all" })).await.text;
    assert!(hidden.contains("Visite") && !hidden.contains("Dupré") && !hidden.contains("AB-123-CD"), "{hidden}");
    let own = t.member_with(owner.tenant_id, &["contacts.export", "contacts.read", "tasks.read"], "own").await;
    assert_eq!(export(&own, json!({ "view": "all" })).await.text.lines().count(), 1, "only headers");
    assert_eq!(owner.post("/tasks/export", &json!({ "filter": { "assignee": "x" }, "format": "csv" })).await.status.as_u16(), 422);
    assert_eq!(&owner.post("/tasks/export", &json!({ "format": "xlsx" })).await.bytes[..2], b"PK");
    // Another company with the same people reads the file as it is.
    let contact = other.contact(&json!({ "first_name": "Éloïse", "last_name": "Dupré" })).await;
    other.post("/entities", &json!({ "plate": "AB-123-CD", "contact_id": contact })).await.expect(201);
    let import = other.upload("/imports?filename=a.csv&target=tasks", all.into_bytes()).await.expect(201);
    other.post(&format!("/imports/{}/start", id(&import)), &json!({})).await;
    t.run_jobs().await;
    let back = other.get("/tasks?view=all&sort=created").await.expect(200);
    assert_eq!(titles(&back).len(), 2, "{back}");
    let call = &back["items"][0];
    assert_eq!(
        (call["subject"]["kind"].as_str(), call["outcome"].as_str(), call["due_time"].as_str()),
        (Some("entity"), Some("left_message"), Some("14:30"))
    );
    // More than 5,000 are a job.
    let many: String = (0..5001).map(|n| format!("Série {n}\n")).collect();
    let import = owner.upload("/imports?filename=b.csv&target=tasks", format!("Titre\n{many}").into_bytes()).await.expect(201);
    owner.post(&format!("/imports/{}/start", id(&import)), &json!({})).await;
    t.run_jobs().await;
    let job = export(&owner, json!({ "view": "all" })).await.expect(202);
    t.run_jobs().await;
    let file = owner.get(&format!("/jobs/{}/file", id(&job))).await;
    assert_eq!(file.text.matches("Série ").count(), 5001);
}

//! Use cases of views.

use super::filter::{self, ViewFilter};
use super::store::{self, ViewRow};
use crate::contacts::events::ContactsEvent;
use crate::contacts::filter::ContactFilter;
use crate::contacts::store as contacts;
use crate::custom_fields::{self, model::RecordObject};
use crate::filters;
use crate::filters::compile::{Broken, Surroundings};
use crate::filters::model::{Member, Node, Test};
use jiff_sqlx::ToSqlx;
use serde_json::Value;
use uuid::Uuid;
use vision_kernel::{Patch, Permission, Problem, ProblemKind, text};
use vision_platform::{Failure, OnUnique, Tx};

/// Most views of one list that a person keeps.
const MAX_OWN: i64 = 100;
/// Most shared views of one list.
const MAX_SHARED: i64 = 200;
/// Most views that one reader may have before them.
const MAX_LISTED: i64 = MAX_OWN + MAX_SHARED;
/// Most columns of a view.
const MAX_COLUMNS: usize = 40;

/// What somebody wants to keep.
pub(crate) struct NewView {
    pub(crate) object: RecordObject,
    pub(crate) name: String,
    pub(crate) shared: bool,
    pub(crate) filter: Value,
    pub(crate) columns: Option<Vec<String>>,
    pub(crate) sort: Option<String>,
}

/// A change of a view; absent keeps.
pub(crate) struct ViewChange {
    pub(crate) name: Option<String>,
    pub(crate) shared: Option<bool>,
    pub(crate) filter: Option<Value>,
    pub(crate) columns: Patch<Vec<String>>,
    pub(crate) sort: Patch<String>,
}

fn valid_name(name: &str) -> Result<String, Problem> {
    text::clean(name, false)
        .filter(|name| name.chars().count() <= 60)
        .ok_or_else(|| Problem::field("/name", "invalid", "Un nom de 1 à 60 caractères."))
}

fn valid_columns(object: RecordObject, columns: Option<Vec<String>>) -> Result<Option<Vec<String>>, Problem> {
    let Some(columns) = columns else { return Ok(None) };
    let known = |column: &String| filter::columns(object).contains(&column.as_str()) || column.strip_prefix("custom.").is_some_and(is_key);
    if columns.len() > MAX_COLUMNS || !columns.iter().all(known) {
        return Err(Problem::field("/columns", "invalid", "Ces colonnes n’existent pas."));
    }
    Ok(Some(columns))
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.len() <= 60 && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn valid_sort(object: RecordObject, sort: Option<String>) -> Result<Option<String>, Problem> {
    match sort {
        Some(sort)
            if filter::sorts(object).contains(&sort.as_str())
                || sort.trim_start_matches('-').strip_prefix("custom.").is_some_and(is_key) =>
        {
            Ok(Some(sort))
        }
        None => Ok(None),
        Some(_) => Err(Problem::field("/sort", "invalid", "Ce tri n’existe pas.")),
    }
}

fn taken() -> Problem {
    Problem::field("/name", "taken", "Vous avez déjà une vue de ce nom.")
}

fn may_share(tx: &Tx) -> Result<(), Problem> {
    if tx.actor().may(Permission::ViewsShare) { Ok(()) } else { Err(Problem::new(ProblemKind::Forbidden)) }
}

fn event(name: &'static str, row: &ViewRow) -> ContactsEvent {
    ContactsEvent { name, kind: "view", id: row.id, label: row.name.clone(), count: 0 }
}

/// The views of a list that the actor may see.
pub(crate) async fn list(tx: &mut Tx, object: RecordObject) -> Result<Vec<ViewRow>, Failure> {
    Ok(store::list(tx, object, MAX_LISTED).await?)
}

/// A view, or 404: also when it is somebody else's.
pub(crate) async fn get(tx: &mut Tx, id: Uuid, lock: bool) -> Result<ViewRow, Failure> {
    store::get(tx, id, lock).await?.ok_or_else(|| Problem::not_found().into())
}

/// Keeps a view.
pub(crate) async fn create(tx: &mut Tx, new: NewView) -> Result<ViewRow, Failure> {
    if new.shared {
        may_share(tx)?;
    }
    let (own, shared) = store::counts(tx, new.object).await?;
    if own >= MAX_OWN || (new.shared && shared >= MAX_SHARED) {
        return Err(Problem::conflict("100 vues à vous et 200 vues partagées au plus. Supprimez-en une d’abord.").into());
    }
    // Judged as it will be run.
    let filter = ViewFilter::read(new.object, new.filter)?;
    filter.conditions(tx, "/filter/").await?;
    let now = tx.now().to_sqlx();
    let row = ViewRow {
        id: tx.new_id(),
        object: new.object.as_str().to_owned(),
        name: valid_name(&new.name)?,
        shared: new.shared,
        owner_id: tx.actor().id,
        owner_name: None,
        filter: serde_json::to_value(filter)?,
        columns: valid_columns(new.object, new.columns)?,
        sort: valid_sort(new.object, new.sort)?,
        is_default: false,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    save(tx, &row).await?;
    tx.emit(&event("view.created", &row));
    get(tx, row.id, false).await
}

async fn save(tx: &mut Tx, row: &ViewRow) -> Result<(), Failure> {
    store::save(tx, row, &text::fold(&row.name)).await.on_unique("views_tenant_id_object_owner_id_name_norm_key", taken)
}

/// Changes a view: one's own, or a shared one with the right to share.
pub(crate) async fn update(tx: &mut Tx, id: Uuid, expected: Option<i32>, change: ViewChange) -> Result<ViewRow, Failure> {
    let mut row = get(tx, id, true).await?;
    let was_shared = row.shared;
    if was_shared || change.shared == Some(true) {
        may_share(tx)?;
    }
    if expected.is_some_and(|version| version != row.version) {
        return Err(Problem::new(ProblemKind::StaleVersion).with("version", row.version).into());
    }
    if let Some(name) = change.name {
        row.name = valid_name(&name)?;
    }
    if let Some(filter) = change.filter {
        let filter = ViewFilter::read(row.object(), filter)?;
        filter.conditions(tx, "/filter/").await?;
        row.filter = serde_json::to_value(filter)?;
    }
    row.columns = valid_columns(row.object(), change.columns.apply(row.columns.take()))?;
    row.sort = valid_sort(row.object(), change.sort.apply(row.sort.take()))?;
    row.shared = change.shared.unwrap_or(row.shared);
    if row.shared && !was_shared && store::counts(tx, row.object()).await?.1 >= MAX_SHARED {
        return Err(Problem::conflict("200 vues partagées au plus. Supprimez-en une d’abord.").into());
    }
    if was_shared && !row.shared {
        if row.owner_id != tx.actor().id {
            return Err(Problem::field("/shared", "not_yours", "Seule la personne qui a créé cette vue peut la rendre privée.").into());
        }
        store::forget_defaults_of_others(tx, id, row.owner_id).await?;
    }
    save(tx, &row).await?;
    tx.emit(&event("view.updated", &row));
    get(tx, id, false).await
}

/// A private copy.
pub(crate) async fn duplicate(tx: &mut Tx, id: Uuid) -> Result<ViewRow, Failure> {
    let row = get(tx, id, false).await?;
    let me = tx.actor().id;
    let names = store::names(tx, row.object(), me).await?;
    let free = (1..=MAX_LISTED + 1).map(|number| {
        let suffix = if number == 1 { " (copie)".to_owned() } else { format!(" (copie {number})") };
        let kept: String = row.name.chars().take(60 - suffix.chars().count()).collect();
        format!("{}{suffix}", kept.trim_end())
    });
    let name = free.into_iter().find(|name| !names.contains(&text::fold(name))).unwrap_or_else(|| row.name.clone());
    let copy = NewView { object: row.object(), name, shared: false, filter: row.filter, columns: row.columns, sort: row.sort };
    create(tx, copy).await
}

/// Deletes a view: one's own, or a shared one with the right to share.
pub(crate) async fn delete(tx: &mut Tx, id: Uuid) -> Result<(), Failure> {
    let row = get(tx, id, true).await?;
    if row.shared {
        may_share(tx)?;
    }
    store::delete(tx, id).await?;
    tx.emit(&event("view.deleted", &row));
    Ok(())
}

/// Opens a list of the actor's with a view from now on, or with none.
pub(crate) async fn set_default(tx: &mut Tx, object: RecordObject, view: Option<Uuid>) -> Result<(), Failure> {
    if let Some(id) = view
        && store::get(tx, id, false).await?.is_none_or(|row| row.object() != object)
    {
        return Err(Problem::field("/view_id", "unknown", "Cette vue n’existe pas.").into());
    }
    store::set_default(tx, object, view).await?;
    Ok(())
}

/// Every test of a filter.
fn tests<'a>(node: &'a Node, out: &mut Vec<(&'a str, &'a Test)>) {
    match node {
        Node::All(nodes) | Node::Any(nodes) => nodes.iter().for_each(|node| tests(node, out)),
        Node::Test(condition) => out.push((&condition.pointer, &condition.test)),
    }
}

/// The own fields that the conditions and the order of these views are about, with the clock that they are read by.
async fn surroundings(tx: &mut Tx, object: RecordObject, rows: &[&ViewRow], nodes: &[&Node]) -> Result<Surroundings, Failure> {
    let mut around = filters::surroundings(tx, object, nodes).await?;
    if around.fields.is_empty() && rows.iter().any(|row| row.sort.as_deref().is_some_and(|sort| sort.contains("custom."))) {
        around.fields = custom_fields::store::definitions(tx, object).await?;
    }
    Ok(around)
}

/// What in these views of one list does not hold any more, because a field, a tag, a member or a kind has gone. In step with `rows`.
pub(crate) async fn broken(tx: &mut Tx, rows: &[ViewRow]) -> Result<Vec<Vec<Broken>>, Failure> {
    let Some(object) = rows.first().map(ViewRow::object) else { return Ok(Vec::new()) };
    let filters: Vec<ViewFilter> = rows.iter().map(|row| ViewFilter::read(object, row.filter.clone())).collect::<Result<_, _>>()?;
    let nodes: Vec<Option<Node>> =
        filters.iter().map(|filter| filter.tree().and_then(|tree| tree.read(object, "/filter/tree").ok())).collect();
    let around = surroundings(tx, object, &rows.iter().collect::<Vec<_>>(), &nodes.iter().flatten().collect::<Vec<_>>()).await?;
    // (view, place, id, what is said when it has gone)
    let mut wanted: Vec<(usize, String, Uuid, &'static str)> = Vec::new();
    let mut out: Vec<Vec<Broken>> = Vec::new();
    for (index, ((row, filter), node)) in rows.iter().zip(&filters).zip(&nodes).enumerate() {
        let mut broken = Vec::new();
        let mut want = |pointer: &str, id: Uuid, code: &'static str| wanted.push((index, pointer.to_owned(), id, code));
        match filter {
            ViewFilter::Contact(filter) => {
                if let Some(tag) = filter.tag {
                    want("/filter/tag", tag, "tag_gone");
                }
                if let Some(owner) = filter.owner.as_deref().and_then(|owner| Uuid::try_parse(owner).ok()) {
                    want("/filter/owner", owner, "member_gone");
                }
            }
            ViewFilter::Entity(filter) => {
                if let Some(kind) = filter.kind_id {
                    want("/filter/kind_id", kind, "kind_gone");
                }
            }
        }
        if let Some(node) = node {
            filters::compile(node, &around, &mut broken);
            let mut all = Vec::new();
            tests(node, &mut all);
            for (pointer, test) in all {
                match test {
                    Test::TagsAny(ids) | Test::TagsAll(ids) => ids.iter().for_each(|id| want(pointer, *id, "tag_gone")),
                    Test::Entity(_, own) | Test::Kind(_, own) => own.iter().for_each(|id| want(pointer, *id, "kind_gone")),
                    Test::Owner(members) => members.iter().for_each(|member| {
                        if let Member::One(id) = member {
                            want(pointer, *id, "member_gone");
                        }
                    }),
                    _ => {}
                }
            }
        }
        if let Some(key) = row.sort.as_deref().and_then(|sort| sort.trim_start_matches('-').strip_prefix("custom."))
            && !around.fields.iter().any(|field| field.key == key)
        {
            broken.push(Broken { pointer: "/sort".to_owned(), code: "field_gone" });
        }
        out.push(broken);
    }
    let of = |code: &str| wanted.iter().filter(|(.., wanted)| *wanted == code).map(|(_, _, id, _)| *id).collect::<Vec<_>>();
    if !wanted.is_empty() {
        let known = store::known(tx, &of("tag_gone"), &of("member_gone"), &of("kind_gone")).await?;
        for (index, pointer, id, code) in wanted {
            let said = out.get_mut(index).filter(|_| !known.contains(&id));
            if let Some(said) = said.filter(|said| !said.iter().any(|broken| broken.pointer == pointer && broken.code == code)) {
                said.push(Broken { pointer, code });
            }
        }
    }
    Ok(out)
}

/// The filter of a view that the actor may see.
pub(crate) async fn filter_of_view(tx: &mut Tx, view: Uuid) -> Result<ViewFilter, Failure> {
    let row = get(tx, view, false).await?;
    Ok(ViewFilter::read(row.object(), row.filter)?)
}

/// The contacts of a view that the actor may see: for campaigns, reports and whatever else works on a segment. A view of another list is none.
pub async fn filter_of(tx: &mut Tx, view: Uuid) -> Result<ContactFilter, Failure> {
    match filter_of_view(tx, view).await? {
        ViewFilter::Contact(filter) => Ok(filter),
        ViewFilter::Entity(_) => Err(Problem::not_found().into()),
    }
}

/// The next contacts of a filter after `after`, in order of creation: for work on all of them, page by page. At most a thousand at once.
pub async fn contact_ids(tx: &mut Tx, filter: &ContactFilter, after: Option<Uuid>, limit: u16) -> Result<Vec<Uuid>, Failure> {
    let conditions = filter.conditions(tx, "/filter/").await?;
    Ok(contacts::ids_after(tx, &conditions, after, i32::from(limit.min(1000))).await?)
}

//! Rows of an archive on their way in: what belongs to the place that they come from is translated or left, what nobody could have written
//! here is refused.

use super::read::is_plain;
use super::restore::{Stop, parse};
use super::store::{self, Shape};
use super::tables::KEYS;
use crate::consents::oppositions::OppositionKey;
use crate::custom_fields::model::web_address;
use crate::files::{kinds, names};
use crate::notes::doc::Doc;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;
use vision_platform::{JobContext, Tx, crypto::Crypto};

/// Why an archive is refused, in French.
#[derive(Debug)]
pub(super) struct Refused(pub(super) String);

/// An archive on its way in.
pub(super) struct Incoming {
    tenant: Uuid,
    user: Uuid,
    own_email: Option<String>,
    shapes: BTreeMap<String, Shape>,
    crypto: Crypto,
    has_scanner: bool,
    now: Timestamp,
    /// Ids that are others here: built-in roles, and whoever brings the archive if they come from there.
    ids: Vec<(String, String)>,
    roles: BTreeMap<String, Uuid>,
    /// What each file is, by its path; `None`: a program.
    kinds: BTreeMap<String, Option<&'static str>>,
    /// Keys of the company's own fields that hold addresses of pages.
    urls: Vec<(String, String)>,
}

fn text<'a>(row: &'a Map<String, Value>, column: &str) -> &'a str {
    row.get(column).and_then(Value::as_str).unwrap_or_default()
}

impl Incoming {
    pub(super) fn new(ctx: &JobContext, shapes: BTreeMap<String, Shape>, own_email: Option<String>) -> Self {
        Self {
            tenant: ctx.actor.tenant_id,
            user: ctx.actor.id,
            own_email,
            shapes,
            crypto: ctx.app.crypto.clone(),
            has_scanner: ctx.app.scanner.is_some(),
            now: ctx.app.clock.now(),
            ids: Vec::new(),
            roles: BTreeMap::new(),
            kinds: BTreeMap::new(),
            urls: Vec::new(),
        }
    }

    /// A file has arrived.
    pub(super) fn file(&mut self, path: String, head: &[u8]) {
        let kind = kinds::sniff(head, "");
        self.kinds.insert(path, kind);
    }

    /// Writes lines of a table.
    pub(super) async fn write(&mut self, tx: &mut Tx, table: &str, lines: &[String]) -> Result<(), Stop> {
        let mut rows = Vec::with_capacity(lines.len());
        for line in lines {
            let known = self.ids.iter().filter(|(from, _)| line.contains(from.as_str()));
            let line = known.fold(std::borrow::Cow::Borrowed(line.as_str()), |line, (from, to)| line.replace(from, to).into());
            let mut row = parse(&line)?;
            if let Some(fields) = row.as_object_mut() {
                self.arrive(table, fields)?;
            }
            match table {
                "tenants" => store::restore_profile(tx, &row).await?,
                "roles" => self.role(tx, &row).await?,
                "memberships" => self.member(tx, &row).await?,
                _ => rows.push(row),
            }
        }
        let Some(shape) = self.shapes.get(table) else { return Err(Refused(format!("Table inconnue : {table}.")).into()) };
        Ok(store::insert(tx, table, shape, rows).await?)
    }

    async fn role(&mut self, tx: &mut Tx, row: &Value) -> Result<(), Stop> {
        let Some(id) = row.get("id").and_then(Value::as_str).map(str::to_owned) else {
            return Err(Refused("Un rôle de l’archive n’a pas d’identifiant.".to_owned()).into());
        };
        let here = store::restore_role(tx, row).await?;
        if here.to_string() != id {
            self.ids.push((id.clone(), here.to_string()));
        }
        self.roles.insert(here.to_string(), here);
        Ok(())
    }

    async fn member(&mut self, tx: &mut Tx, row: &Value) -> Result<(), Stop> {
        let of = |column: &str| row.get(column).and_then(Value::as_str).unwrap_or_default();
        let role = self.roles.get(of("role_id")).copied();
        let Some(role) = role else { return Err(Refused("Un membre de l’archive a un rôle inconnu.".to_owned()).into()) };
        let is_own = self.own_email.as_deref() == Some(of("email").to_lowercase().as_str());
        if is_own || of("user_id") == self.user.to_string() {
            if of("user_id") != self.user.to_string() {
                self.ids.push((of("user_id").to_owned(), self.user.to_string()));
            }
            return Ok(());
        }
        Ok(store::restore_member(tx, row, role).await?)
    }

    /// Makes a row one of this company's.
    fn arrive(&mut self, table: &str, row: &mut Map<String, Value>) -> Result<(), Refused> {
        let prefix = format!("{}/", self.tenant);
        let path = text(row, "object_key").to_owned();
        for (_, column) in KEYS.iter().filter(|(of, _)| *of == table) {
            if let Some(value) = row.get_mut(*column) {
                with_prefix(value, &prefix)?;
            }
        }
        match table {
            "tenants" => profile(row),
            "custom_fields" => self.own_field(row),
            "contacts" => self.contact(row),
            "entities" => self.own_values("entity", row),
            "imports" if matches!(text(row, "status"), "uploaded" | "analysing" | "analysed" | "running" | "undoing") => {
                row.insert("status".to_owned(), json!("cancelled"));
            }
            "privacy_requests" if text(row, "status") == "running" => {
                row.insert("status".to_owned(), json!("open"));
                row.insert("job_id".to_owned(), Value::Null);
            }
            "notes" | "note_versions" => note(row)?,
            "opposition_keys" => {
                let plain: Option<Vec<u8>> = row.get("sealed").and_then(|sealed| serde_json::from_value(sealed.clone()).ok());
                let Some(plain) = plain.and_then(|plain| <[u8; 32]>::try_from(plain).ok()) else {
                    return Err(Refused("La clé de la liste d’opposition n’est pas lisible.".to_owned()));
                };
                let sealed = OppositionKey::seal(self.tenant, &self.crypto, &plain);
                let sealed: String = sealed.iter().map(|byte| format!("{byte:02x}")).collect();
                row.insert("sealed".to_owned(), json!(format!("\\x{sealed}")));
            }
            "files" => self.attached(row, &path),
            _ => {}
        }
        Ok(())
    }

    /// What a file is, is seen here and not taken from the archive; what would start a program is set apart.
    fn attached(&self, row: &mut Map<String, Value>, path: &str) {
        let name = names::safe(text(row, "name"));
        if let Some(kind) = self.kinds.get(path) {
            if let Some(kind) = kind.filter(|_| !kinds::starts(&name)) {
                row.insert("media_type".to_owned(), json!(kind));
            } else {
                row.insert("status".to_owned(), json!("quarantined"));
                row.insert("threat".to_owned(), json!("programme"));
            }
        }
        row.insert("name".to_owned(), json!(name));
        if self.has_scanner && text(row, "status") == "ready" {
            row.insert("status".to_owned(), json!("checking"));
            row.insert("next_check_at".to_owned(), json!(self.now));
        }
    }

    /// Work on a field that had not ended has no job here.
    fn own_field(&mut self, row: &mut Map<String, Value>) {
        row.insert("converting".to_owned(), Value::Bool(false));
        if matches!(text(row, "index_state"), "building" | "dropping") {
            row.insert("index_state".to_owned(), json!("none"));
        }
        row.insert("index_job".to_owned(), Value::Null);
        if text(row, "kind") == "url" {
            self.urls.push((text(row, "object").to_owned(), text(row, "key").to_owned()));
        }
    }

    /// Addresses of pages are followed by a click: only those of the web come in.
    fn contact(&self, row: &mut Map<String, Value>) {
        if row.get("website").is_some_and(|website| !website.is_null() && !is_web(website)) {
            row.insert("website".to_owned(), Value::Null);
        }
        self.own_values("contact", row);
    }

    /// The same for the values of the company's own fields.
    fn own_values(&self, object: &str, row: &mut Map<String, Value>) {
        let is_url = |key: &str| self.urls.iter().any(|(of, known)| of == object && known == key);
        if let Some(Value::Object(custom)) = row.get_mut("custom") {
            custom.retain(|key, value| !is_url(key) || is_web(value));
        }
    }
}

/// True for the address of a page of the web, in full.
fn is_web(value: &Value) -> bool {
    value.as_str().is_some_and(|value| web_address(value).as_deref() == Some(value))
}

/// What is drawn with or computed with must be what it seems.
fn profile(row: &mut Map<String, Value>) {
    let colour = text(row, "accent_color");
    if !(colour.len() == 7 && colour.starts_with('#') && colour.chars().skip(1).all(|c| c.is_ascii_hexdigit())) {
        row.insert("accent_color".to_owned(), Value::Null);
    }
    if jiff::tz::TimeZone::get(text(row, "time_zone")).is_err() {
        row.insert("time_zone".to_owned(), json!("Europe/Paris"));
    }
    let website = text(row, "website").to_owned();
    if web_address(&website).as_deref() != Some(website.as_str()) {
        row.insert("website".to_owned(), Value::Null);
    }
}

/// A note's structure is drawn by browsers: it must be one that the editor could have made.
fn note(row: &Map<String, Value>) -> Result<(), Refused> {
    let refused = || Refused("Une note de l’archive a une forme inconnue. Rien n’a été importé.".to_owned());
    match row.get("doc") {
        None | Some(Value::Null) => Ok(()),
        Some(doc) => {
            let mut doc: Doc = serde_json::from_value(doc.clone()).map_err(|_| refused())?;
            doc.check().map(|_| ()).map_err(|_| refused())
        }
    }
}

/// Keys of the store get this company's prefix.
fn with_prefix(value: &mut Value, prefix: &str) -> Result<(), Refused> {
    match value {
        Value::String(key) if key.is_empty() => Ok(()),
        Value::String(key) if is_plain(key) => {
            key.insert_str(0, prefix);
            Ok(())
        }
        Value::Array(items) => items.iter_mut().try_for_each(|item| with_prefix(item, prefix)),
        Value::Null => Ok(()),
        _ => Err(Refused("Un fichier de l’archive est nommé d’une façon inconnue. Rien n’a été importé.".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_cannot_lead_to_another_company() {
        let mut keys = json!(["files/a/original", ""]);
        with_prefix(&mut keys, "t/").expect("plain");
        assert_eq!(keys, json!(["t/files/a/original", ""]));
        for bad in [json!("../other/files/x"), json!(["a/b", "/x"]), json!(3)] {
            assert!(with_prefix(&mut bad.clone(), "t/").is_err(), "{bad}");
        }
    }

    #[test]
    fn a_note_that_the_editor_could_not_make_is_refused() {
        let row = |doc: Value| Map::from_iter([("doc".to_owned(), doc)]);
        assert!(note(&row(Value::Null)).is_ok());
        assert!(note(&row(json!({ "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": "Bonjour" }] }] }))).is_ok());
        assert!(note(&row(json!({ "content": [{ "type": "script" }] }))).is_err());
    }
}

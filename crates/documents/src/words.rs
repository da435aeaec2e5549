//! What actions and fields are called in French: the catalogues of the staff app, so that a file reads like the screen.

use std::collections::BTreeMap;
use std::sync::LazyLock;

type Words = BTreeMap<String, String>;

static ACTIONS: LazyLock<Words> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../web/app/src/words/actions.fr.json")).unwrap_or_default());
static FIELDS: LazyLock<Words> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../web/app/src/words/fields.fr.json")).unwrap_or_default());

/// An event, such as `contact.updated`.
pub fn action(name: &str) -> Option<&'static str> {
    ACTIONS.get(name).map(String::as_str)
}

/// A field of a record, such as `last_name`.
pub fn field(name: &str) -> Option<&'static str> {
    FIELDS.get(name).map(String::as_str)
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_catalogues_are_read() {
        assert_eq!(super::action("user.signed_in"), Some("Connexion"));
        assert_eq!(super::field("last_name"), Some("Nom"));
        assert_eq!(super::field("no such field"), None);
    }
}

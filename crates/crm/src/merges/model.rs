//! One contact of two: which value wins, and how that is taken back.

use crate::contacts::Draft;
use serde_json::Value;
use std::collections::BTreeSet;
use vision_kernel::{FieldError, Problem};

/// Most e-mails, phones or addresses of one contact.
const MAX_ENTRIES: usize = 20;

macro_rules! single_fields {
    ($apply:ident) => {
        $apply!(civility first_name last_name company_name job_title siren siret vat_number naf birthday website source description owner_id)
    };
}

/// The contact that two become. What only one of them has is kept; of two different values the kept contact's wins unless the field is
/// in `take` (`custom.<key>` for custom fields). E-mails, phones and addresses of both are kept, the kept contact's first.
pub(crate) fn merged(kept: &Draft, other: &Draft, take: &BTreeSet<String>) -> Result<Draft, Problem> {
    let mut out = kept.clone();
    macro_rules! pick {
        ($($field:ident)+) => {
            [$((stringify!($field), {
                if (take.contains(stringify!($field)) && other.$field.is_some()) || out.$field.is_none() {
                    out.$field.clone_from(&other.$field);
                }
            })),+].map(|(name, ())| name)
        };
    }
    let known = single_fields!(pick);
    if take.contains("customer_kind") {
        out.customer_kind.clone_from(&other.customer_kind);
    }
    if take.contains("language") {
        out.language.clone_from(&other.language);
    }
    let listed = |name: &str| known.contains(&name) || matches!(name, "customer_kind" | "language" | "emails" | "phones" | "addresses");
    let mut errors: Vec<FieldError> = take
        .iter()
        .filter(|name| !listed(name) && !name.strip_prefix("custom.").is_some_and(|key| other.custom.contains_key(key)))
        .map(|name| FieldError::new("/take", "unknown", format!("Le champ {name} ne peut pas être choisi.")))
        .collect();
    // The primary one is the first.
    join(&mut out.emails, &other.emails, take.contains("emails"), |entry| entry.email.to_lowercase());
    join(&mut out.phones, &other.phones, take.contains("phones"), |entry| entry.phone.clone());
    join(&mut out.addresses, &other.addresses, take.contains("addresses"), |address| {
        let parts = [&address.line1, &address.line2, &address.postal_code, &address.city, &address.country];
        parts.map(|part| vision_kernel::text::fold(part.as_deref().unwrap_or_default())).join("|")
    });
    for (pointer, count) in [("/emails", out.emails.len()), ("/phones", out.phones.len()), ("/addresses", out.addresses.len())] {
        if count > MAX_ENTRIES {
            errors.push(FieldError::new(pointer, "too_many", format!("{count} à deux : {MAX_ENTRIES} au plus. Retirez-en d’abord.")));
        }
    }
    for (key, value) in &other.custom {
        if take.contains(&format!("custom.{key}")) || !out.custom.contains_key(key) {
            out.custom.insert(key.clone(), value.clone());
        }
    }
    if errors.is_empty() { Ok(out) } else { Err(Problem::validation(errors)) }
}

fn join<T: Clone>(kept: &mut Vec<T>, other: &[T], other_first: bool, identity: impl Fn(&T) -> String) {
    let (first, second) = if other_first { (other.to_vec(), kept.clone()) } else { (kept.clone(), other.to_vec()) };
    let mut seen = BTreeSet::new();
    *kept = first.into_iter().chain(second).filter(|entry| seen.insert(identity(entry))).collect();
}

/// The kept contact without the merge: every field that still is as the merge left it goes back, what was changed since stays.
pub(crate) fn unmerged(current: Draft, before: Draft, after: &Draft) -> Draft {
    let mut out = current;
    macro_rules! restore {
        ($($field:ident)+) => { $( if out.$field == after.$field { out.$field = before.$field; } )+ };
    }
    restore!(kind civility first_name last_name company_name job_title emails phones addresses siren siret vat_number naf customer_kind language
             birthday website source description owner_id);
    let keys: BTreeSet<String> = before.custom.keys().chain(after.custom.keys()).cloned().collect();
    for key in keys {
        if out.custom.get(&key) == after.custom.get(&key) {
            match before.custom.get(&key) {
                Some(value) => out.custom.insert(key, value.clone()),
                None => out.custom.remove(&key),
            };
        }
    }
    out
}

/// Reads a stored draft.
pub(crate) fn draft(value: Option<Value>) -> Option<Draft> {
    value.and_then(|value| serde_json::from_value(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn draft(value: Value) -> Draft {
        Draft::empty().apply(serde_json::from_value(value).expect("input")).expect("valid")
    }

    fn take(fields: &[&str]) -> BTreeSet<String> {
        fields.iter().map(|field| (*field).to_owned()).collect()
    }

    #[test]
    fn nothing_that_only_one_of_them_has_is_lost_and_a_choice_is_honoured() {
        let kept = draft(json!({ "last_name": "Dupré", "emails": [{ "email": "a@x.fr" }], "phones": [{ "phone": "0612345678" }] }));
        let other = draft(
            json!({ "first_name": "Ana", "last_name": "Dupre", "emails": [{ "email": "A@X.fr" }, { "email": "b@x.fr" }], "source": "Salon" }),
        );
        let one = merged(&kept, &other, &take(&[])).expect("merged");
        assert_eq!(
            (one.first_name.as_deref(), one.last_name.as_deref(), one.source.as_deref()),
            (Some("Ana"), Some("Dupré"), Some("Salon"))
        );
        assert_eq!(one.emails.iter().map(|entry| entry.email.as_str()).collect::<Vec<_>>(), ["a@x.fr", "b@x.fr"]);
        let chosen = merged(&kept, &other, &take(&["last_name", "emails"])).expect("merged");
        assert_eq!((chosen.last_name.as_deref(), chosen.emails[0].email.as_str()), (Some("Dupre"), "A@X.fr"));
        assert!(merged(&kept, &other, &take(&["version"])).is_err());
    }

    #[test]
    fn an_undo_restores_what_the_merge_changed_and_keeps_what_people_changed_since() {
        let before = draft(json!({ "last_name": "Dupré" }));
        let other = draft(json!({ "first_name": "Ana", "last_name": "D", "source": "Salon", "emails": [{ "email": "b@x.fr" }] }));
        let after = merged(&before, &other, &take(&[])).expect("merged");
        assert_eq!(unmerged(after.clone(), before.clone(), &after), before);
        let since = after.clone().apply(serde_json::from_value(json!({ "source": "Téléphone" })).expect("input")).expect("valid");
        let undone = unmerged(since, before, &after);
        assert_eq!((undone.source.as_deref(), undone.first_name, undone.emails.len()), (Some("Téléphone"), None, 0));
    }
}

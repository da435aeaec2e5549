//! The accounts that sales and receipts are booked on (FE-05). Each use has a usual account; a company changes what it likes.

use rust_decimal::Decimal;
use serde_json::{Map, Value};
use vision_kernel::{FieldError, Problem};

/// Uses and their usual accounts. `sales.goods`, `sales.service` and `vat` may be followed by a rate: `vat.20`.
const USUAL: &[(&str, &str)] = &[
    ("customers", "411000"),
    ("deposits", "419100"),
    ("sales.goods", "707000"),
    ("sales.service", "706000"),
    ("vat", "445710"),
    ("money.cash", "530000"),
    ("money.cheque", "511200"),
    ("money.card", "511500"),
    ("money.transfer", "512000"),
    ("money.direct_debit", "512000"),
    ("money.online", "511600"),
    ("journal.sales", "VE"),
    ("journal.bank", "BQ"),
    ("journal.cash", "CA"),
];

/// Uses that may have an account by rate.
const BY_RATE: &[&str] = &["sales.goods", "sales.service", "vat"];

/// Accounts by use.
#[derive(Debug, Clone, Default)]
pub(crate) struct Accounts(Map<String, Value>);

/// Three digits of the general chart first (FE-04), then digits or letters.
fn is_account(text: &str) -> bool {
    (3..=12).contains(&text.len())
        && text.bytes().take(3).all(|byte| byte.is_ascii_digit())
        && text.bytes().next().is_some_and(|first| (b'1'..=b'7').contains(&first))
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

fn is_journal(text: &str) -> bool {
    (1..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

fn is_use(key: &str) -> bool {
    let by_rate = BY_RATE.iter().any(|one| {
        let rate = key.strip_prefix(one).and_then(|rest| rest.strip_prefix('.'));
        rate.is_some_and(|rate| {
            rate.len() <= 6 && rate.parse::<Decimal>().is_ok_and(|rate| rate.normalize().to_string() == key_rate(key, one))
        })
    });
    by_rate || USUAL.iter().any(|(known, _)| *known == key)
}

fn key_rate(key: &str, prefix: &str) -> String {
    key.get(prefix.len() + 1..).unwrap_or_default().to_owned()
}

impl Accounts {
    /// As stored.
    pub(crate) fn stored(value: &Value) -> Self {
        Self(value.as_object().cloned().unwrap_or_default())
    }

    /// What a client wrote: every fault at once. Empty texts fall back on the usual account.
    pub(crate) fn parse(input: Map<String, Value>) -> Result<Map<String, Value>, Problem> {
        let (mut kept, mut errors) = (Map::new(), Vec::new());
        for (key, value) in input.into_iter().take(200) {
            let text = value.as_str().map(|text| text.trim().to_uppercase()).unwrap_or_default();
            let fits = if key.starts_with("journal.") { is_journal(&text) } else { is_account(&text) };
            if !is_use(&key) {
                errors.push(FieldError::new(format!("/accounts/{key}"), "unknown", "Cet usage n’existe pas."));
            } else if text.is_empty() {
            } else if fits {
                kept.insert(key, Value::String(text));
            } else if key.starts_with("journal.") {
                errors.push(FieldError::new(format!("/accounts/{key}"), "invalid", "De 1 à 6 lettres ou chiffres."));
            } else {
                errors.push(FieldError::new(
                    format!("/accounts/{key}"),
                    "invalid",
                    "Un compte commence par trois chiffres du plan comptable, 12 signes au plus.",
                ));
            }
        }
        if errors.is_empty() { Ok(kept) } else { Err(Problem::validation(errors)) }
    }

    /// The account of a use.
    pub(crate) fn of(&self, key: &str) -> String {
        let own = self.0.get(key).and_then(Value::as_str);
        own.or_else(|| USUAL.iter().find(|(known, _)| *known == key).map(|(_, account)| *account)).unwrap_or("471000").to_owned()
    }

    /// The account of a use at a rate: its own, else that of the use.
    pub(crate) fn at(&self, key: &str, rate: Decimal) -> String {
        let own = self.0.get(&format!("{key}.{}", rate.normalize())).and_then(Value::as_str);
        own.map_or_else(|| self.of(key), str::to_owned)
    }

    /// Every use with its account, own ones included.
    pub(crate) fn all(&self) -> Map<String, Value> {
        let mut all: Map<String, Value> =
            USUAL.iter().map(|(key, account)| ((*key).to_owned(), Value::String((*account).to_owned()))).collect();
        all.extend(self.0.clone());
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test] // FE-04, FE-05
    fn accounts_begin_with_the_chart_and_rates_have_their_own() {
        let own = json!({ "vat.20": "445712", "sales.service": "706100", "journal.sales": "ve2", "customers": "" });
        let kept = Accounts::parse(own.as_object().cloned().expect("object")).expect("valid");
        let accounts = Accounts::stored(&Value::Object(kept));
        assert_eq!(accounts.at("vat", Decimal::from(20)), "445712");
        assert_eq!(accounts.at("vat", Decimal::new(55, 1)), "445710");
        assert_eq!(accounts.at("sales.service", Decimal::from(10)), "706100");
        assert_eq!((accounts.of("journal.sales"), accounts.of("customers")), ("VE2".to_owned(), "411000".to_owned()));
        for (key, value) in [
            ("vat", "44"),
            ("vat", "ABC"),
            ("vat.x", "445710"),
            ("vat.20.0", "445710"),
            ("other", "411000"),
            ("journal.sales", "VE-1"),
            ("vat", "945710"),
        ] {
            let bad = json!({ key: value });
            assert!(Accounts::parse(bad.as_object().cloned().expect("object")).is_err(), "{key} {value}");
        }
    }
}

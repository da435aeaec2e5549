//! When a recurring invoice comes, and what it says.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RecurringFrequency {
    /// Every seven days.
    Weekly,
    /// Every month.
    Monthly,
    /// Every three months.
    Quarterly,
    /// Every year.
    Yearly,
}

impl RecurringFrequency {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Quarterly => "quarterly",
            Self::Yearly => "yearly",
        }
    }

    pub(super) fn from_word(word: &str) -> Self {
        match word {
            "weekly" => Self::Weekly,
            "quarterly" => Self::Quarterly,
            "yearly" => Self::Yearly,
            _ => Self::Monthly,
        }
    }
}

/// What becomes of an occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RecurringMode {
    /// A draft, five days before, for somebody to look at.
    Draft,
    /// Issued on the day.
    Issue,
}

impl RecurringMode {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Issue => "issue",
        }
    }
}

/// Days by which a draft comes earlier.
pub(super) const LEAD: i32 = 5;

/// The occurrences of a rhythm.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rhythm {
    pub frequency: RecurringFrequency,
    /// The day of the month that is meant; a shorter month gives its last.
    pub anchor: i8,
    pub ends_on: Option<Date>,
}

impl Rhythm {
    /// The occurrence after one.
    pub(super) fn after(self, day: Date) -> Option<Date> {
        let months: i32 = match self.frequency {
            RecurringFrequency::Weekly => return day.checked_add(jiff::Span::new().days(7)).ok().filter(|next| self.allows(*next)),
            RecurringFrequency::Monthly => 1,
            RecurringFrequency::Quarterly => 3,
            RecurringFrequency::Yearly => 12,
        };
        let month = day.first_of_month().checked_add(jiff::Span::new().months(months)).ok()?;
        let next = Date::new(month.year(), month.month(), self.anchor.min(month.last_of_month().day())).ok()?;
        Some(next).filter(|next| self.allows(*next))
    }

    fn allows(self, day: Date) -> bool {
        self.ends_on.is_none_or(|end| day <= end)
    }

    /// The first occurrence from a day on, beginning with `day`.
    pub(super) fn from(self, day: Date, not_before: Date) -> Option<Date> {
        let mut next = Some(day).filter(|day| self.allows(*day));
        // Four hundred years of weeks: whatever was typed, this ends.
        for _ in 0..21_000 {
            match next {
                Some(day) if day < not_before => next = self.after(day),
                other => return other,
            }
        }
        None
    }

    /// The next occurrences, beginning with `day`.
    pub(super) fn next(self, day: Option<Date>, most: usize) -> Vec<Date> {
        std::iter::successors(day, |day| self.after(*day)).take(most).collect()
    }
}

const MONTHS: [&str; 12] =
    ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"];

/// Fills `{mois}`, `{annee}` and `{trimestre}` in every text of a content.
pub(super) fn dated(content: &mut Value, on: Date) {
    match content {
        Value::String(text) if text.contains('{') => {
            let month = usize::try_from(on.month() - 1).ok().and_then(|index| MONTHS.get(index)).copied().unwrap_or_default();
            let quarter = (on.month() - 1) / 3 + 1;
            *text = text.replace("{mois}", month).replace("{annee}", &on.year().to_string()).replace("{trimestre}", &format!("T{quarter}"));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| dated(item, on)),
        Value::Object(fields) => fields.values_mut().for_each(|value| dated(value, on)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use serde_json::json;

    fn days(frequency: RecurringFrequency, start: Date, anchor: i8, most: usize) -> Vec<Date> {
        Rhythm { frequency, anchor, ends_on: None }.next(Some(start), most)
    }

    #[test]
    fn the_thirty_first_is_the_last_day_of_shorter_months_and_comes_back() {
        let found = days(RecurringFrequency::Monthly, date(2027, 12, 31), 31, 4);
        assert_eq!(found, [date(2027, 12, 31), date(2028, 1, 31), date(2028, 2, 29), date(2028, 3, 31)]);
        assert_eq!(
            days(RecurringFrequency::Quarterly, date(2026, 11, 30), 31, 3),
            [date(2026, 11, 30), date(2027, 2, 28), date(2027, 5, 31)]
        );
        assert_eq!(days(RecurringFrequency::Yearly, date(2028, 2, 29), 29, 2), [date(2028, 2, 29), date(2029, 2, 28)]);
        assert_eq!(days(RecurringFrequency::Weekly, date(2026, 12, 28), 28, 2), [date(2026, 12, 28), date(2027, 1, 4)]);
    }

    #[test]
    fn a_rhythm_ends() {
        let rhythm = Rhythm { frequency: RecurringFrequency::Monthly, anchor: 1, ends_on: Some(date(2026, 3, 1)) };
        assert_eq!(rhythm.next(Some(date(2026, 1, 1)), 9).len(), 3);
        assert_eq!(rhythm.from(date(2026, 1, 1), date(2026, 2, 2)), Some(date(2026, 3, 1)));
        assert_eq!(rhythm.from(date(2026, 1, 1), date(2026, 3, 2)), None);
    }

    #[test]
    fn texts_name_their_month() {
        let mut content = json!({ "title": "Entretien {mois} {annee}", "lines": [{ "label": "Forfait {trimestre}", "quantity": "1" }] });
        dated(&mut content, date(2026, 8, 1));
        assert_eq!(content, json!({ "title": "Entretien août 2026", "lines": [{ "label": "Forfait T3", "quantity": "1" }] }));
    }
}

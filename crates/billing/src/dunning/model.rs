//! Plans: parsing, what a plan may say, and which step is next.

use super::texts;
use crate::calendar::working;
use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vision_kernel::{FieldError, Problem, text};

/// Whom a plan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Audience {
    /// People.
    Consumer,
    /// Companies and public bodies.
    Business,
}

impl Audience {
    pub(super) const ALL: [Self; 2] = [Self::Consumer, Self::Business];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Consumer => "consumer",
            Self::Business => "business",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|audience| audience.word() == word)
    }

    /// Of the kind under which an invoice was issued.
    pub(super) fn of(customer_kind: Option<&str>) -> Self {
        if customer_kind == Some("B2C") { Self::Consumer } else { Self::Business }
    }
}

/// How a step leaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReminderChannel {
    /// By mail.
    #[default]
    Email,
    /// On paper: a PDF to print and post.
    Letter,
}

impl ReminderChannel {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Letter => "letter",
        }
    }
}

/// A step of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct DunningStep {
    /// Days after the due date; negative before it.
    pub offset_days: i32,
    /// How.
    #[serde(default)]
    pub channel: ReminderChannel,
    /// Subject, with variables in braces.
    pub subject: String,
    /// Text, with variables in braces.
    pub body: String,
}

/// Most steps of a plan.
const MOST: usize = 8;

/// Steps as somebody wrote them: every fault at once.
pub(super) fn checked(steps: Vec<DunningStep>, audience: Audience) -> Result<Vec<DunningStep>, Problem> {
    let mut errors = Vec::new();
    if steps.len() > MOST {
        return Err(Problem::field("/steps", "too_many", "8 étapes au plus."));
    }
    let mut kept: Vec<DunningStep> = Vec::new();
    for (index, step) in steps.into_iter().enumerate() {
        let at = |field: &str| format!("/steps/{index}/{field}");
        if !(-30..=180).contains(&step.offset_days) {
            errors.push(FieldError::new(at("offset_days"), "range", "De 30 jours avant à 180 jours après l’échéance."));
        } else if kept.iter().any(|other| other.offset_days == step.offset_days) {
            errors.push(FieldError::new(at("offset_days"), "taken", "Deux étapes tombent le même jour."));
        }
        let subject = text::clean(&step.subject, false).unwrap_or_default();
        let body = text::clean(&step.body, true).unwrap_or_default();
        for (field, value, most) in [("subject", &subject, 200), ("body", &body, 5_000)] {
            if value.is_empty() {
                errors.push(FieldError::new(at(field), "required", "À remplir."));
            } else if value.chars().count() > most {
                errors.push(FieldError::new(at(field), "too_long", format!("{most} caractères au plus.")));
            } else if let Some(fault) = texts::fault(value, audience) {
                errors.push(FieldError::new(at(field), "unlawful", fault));
            }
        }
        kept.push(DunningStep { subject, body, ..step });
    }
    kept.sort_by_key(|step| step.offset_days);
    if errors.is_empty() { Ok(kept) } else { Err(Problem::validation(errors)) }
}

/// The working day on which a step is sent.
pub(super) fn planned(due: Date, offset_days: i32) -> Date {
    working(due.checked_add(Span::new().days(offset_days)).unwrap_or(due))
}

/// What decides over an invoice's reminders.
pub(super) struct Case<'a> {
    pub issued: Date,
    pub due: Date,
    pub today: Date,
    /// Days of the steps that have left.
    pub sent: &'a [i32],
}

impl Case<'_> {
    /// True for a step that still makes sense: not written before the invoice was, not "soon due" once it is late, not overtaken by a later one.
    fn open(&self, step: &DunningStep) -> bool {
        let on = planned(self.due, step.offset_days);
        let soon = step.offset_days >= 0 || (self.today <= self.due && on > self.issued);
        soon && !self.sent.contains(&step.offset_days) && self.sent.iter().all(|sent| *sent < step.offset_days)
    }

    /// The step that is to be sent today: the last one whose day has come. Those that it overtakes are never sent.
    pub(super) fn due_step<'s>(&self, steps: &'s [DunningStep]) -> Option<&'s DunningStep> {
        let come = steps
            .iter()
            .rfind(|step| planned(self.due, step.offset_days) <= self.today && (step.offset_days >= 0 || self.today <= self.due))?;
        self.open(come).then_some(come)
    }

    /// What is still to come, with its day: a day that has passed is the next working one.
    pub(super) fn upcoming<'s>(&self, steps: &'s [DunningStep]) -> Vec<(Date, &'s DunningStep)> {
        let now = self.due_step(steps);
        let later = steps.iter().filter(|step| self.open(step) && planned(self.due, step.offset_days) > self.today);
        now.map(|step| (working(self.today), step))
            .into_iter()
            .chain(later.map(|step| (planned(self.due, step.offset_days), step)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn step(offset_days: i32) -> DunningStep {
        DunningStep { offset_days, channel: ReminderChannel::Email, subject: "a".into(), body: "b".into() }
    }

    #[test]
    fn the_last_step_whose_day_has_come_is_sent_and_none_that_it_overtakes() {
        let steps = [step(-3), step(3), step(10), step(30)];
        let case = |today, sent| Case { issued: date(2026, 10, 1), due: date(2026, 10, 30), today, sent };
        let next = |today, sent| case(today, sent).due_step(&steps).map(|step| step.offset_days);
        assert_eq!(next(date(2026, 10, 26), &[]), None);
        // The 27th is three days before.
        assert_eq!(next(date(2026, 10, 27), &[]), Some(-3));
        assert_eq!(next(date(2026, 10, 28), &[-3]), None);
        assert_eq!(next(date(2026, 10, 31), &[]), None, "late: no word of soon");
        // 2 November 2026 is a Monday.
        assert_eq!(next(date(2026, 11, 2), &[]), Some(3));
        assert_eq!(next(date(2026, 11, 20), &[]), Some(10));
        assert_eq!(next(date(2026, 12, 20), &[30]), None);
        let days: Vec<_> = case(date(2026, 11, 20), &[3]).upcoming(&steps).iter().map(|(day, step)| (*day, step.offset_days)).collect();
        assert_eq!(days, [(date(2026, 11, 20), 10), (date(2026, 11, 30), 30)], "the 29th is a Sunday");
    }

    #[test] // QI-38
    fn consumers_are_told_of_no_fees_and_nobody_is_sold_anything() {
        let wrong = |body: &str, audience| checked(vec![DunningStep { body: body.into(), ..step(3) }], audience).is_err();
        for body in ["Plus {penalites}", "Une indemnité de 40 €", "une indemnite forfaitaire", "des pénalités de retard"] {
            assert!(wrong(body, Audience::Consumer), "{body}");
            assert!(!wrong(body, Audience::Business), "{body}");
        }
        assert!(wrong("Profitez de notre promotion", Audience::Business) && wrong("{inconnu}", Audience::Business));
        for audience in Audience::ALL {
            assert!(checked(texts::usual(audience), audience).is_ok(), "the usual texts are lawful");
        }
    }
}

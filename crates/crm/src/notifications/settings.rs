//! What a person wants to hear of, how, and when not.

use super::NotificationKind;
use crate::tasks::model::{parse_hour, shown_hour};
use crate::zone::Zone;
use jiff::civil::Time;
use jiff::{Timestamp, ToSpan};
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;
use vision_kernel::{FieldError, Patch, Problem};
use vision_platform::Tx;

/// Whether, and when, a mail is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mail {
    /// No mail.
    Never,
    /// At once, outside the quiet hours.
    Once,
    /// With the others, once a day.
    Digest,
}

/// How a person wants to hear of one kind of thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NotificationChoice {
    pub(crate) kind: NotificationKind,
    /// Shown in the product.
    pub(crate) in_app: bool,
    pub(crate) email: Mail,
}

impl NotificationChoice {
    /// What holds until a person chooses: everything in the product, and mail for what a colleague expects of them.
    fn usual(kind: NotificationKind) -> Self {
        let email = match kind {
            NotificationKind::TaskAssigned
            | NotificationKind::Mention
            | NotificationKind::PrivacyDue
            | NotificationKind::InvoicingFailed
            | NotificationKind::QuoteAnswered => Mail::Once,
            NotificationKind::TaskReminder => Mail::Digest,
            NotificationKind::ImportFinished | NotificationKind::ExportReady => Mail::Never,
        };
        Self { kind, in_app: true, email }
    }
}

/// A person's settings, whole: a kind that they never chose for has its usual choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    pub choices: Vec<NotificationChoice>,
    pub quiet: Option<(Time, Time)>,
    pub digest_hour: i8,
    pub version: i32,
}

/// Settings as stored; all but the member is absent until they choose.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct SettingsRow {
    pub user_id: Uuid,
    choices: Option<Value>,
    quiet_from: Option<jiff_sqlx::Time>,
    quiet_to: Option<jiff_sqlx::Time>,
    digest_hour: Option<i16>,
    version: Option<i32>,
}

impl SettingsRow {
    pub(crate) fn settings(&self) -> Settings {
        // A kind that has gone from the product is left out, not an error.
        let stored: Vec<NotificationChoice> = self
            .choices
            .as_ref()
            .and_then(Value::as_array)
            .map(|list| list.iter().filter_map(|choice| serde_json::from_value(choice.clone()).ok()).collect())
            .unwrap_or_default();
        let choices = NotificationKind::ALL
            .into_iter()
            .map(|kind| stored.iter().find(|choice| choice.kind == kind).cloned().unwrap_or_else(|| NotificationChoice::usual(kind)))
            .collect();
        let quiet = if self.version.is_none() {
            Some((Time::constant(20, 0, 0, 0), Time::constant(7, 0, 0, 0)))
        } else {
            self.quiet_from.zip(self.quiet_to).map(|(from, to)| (from.to_jiff(), to.to_jiff()))
        };
        Settings {
            choices,
            quiet,
            digest_hour: self.digest_hour.and_then(|hour| i8::try_from(hour).ok()).unwrap_or(8),
            version: self.version.unwrap_or(0),
        }
    }
}

impl Settings {
    pub(crate) fn choice(&self, kind: NotificationKind) -> NotificationChoice {
        self.choices.iter().find(|choice| choice.kind == kind).cloned().unwrap_or_else(|| NotificationChoice::usual(kind))
    }

    /// The first moment from `at` on that is not in the quiet hours.
    fn awake(&self, zone: &Zone, at: Timestamp) -> Timestamp {
        let Some((from, to)) = self.quiet else { return at };
        let wall = zone.wall(at);
        let (day, hour) = (wall.date(), wall.time());
        let quiet = if from <= to { from <= hour && hour < to } else { hour >= from || hour < to };
        if !quiet {
            return at;
        }
        let end = if hour < to { day } else { day.tomorrow().unwrap_or(day) };
        // On the day of the doubled hour the clock may show the end before it comes.
        zone.at(end, to).max(at)
    }

    /// The next digest after `at`.
    pub(crate) fn next_digest(&self, zone: &Zone, at: Timestamp) -> Timestamp {
        let hour = Time::new(self.digest_hour, 0, 0, 0).unwrap_or(Time::midnight());
        let today = zone.wall(at).date();
        let first = zone.at(today, hour);
        let next = if first > at { first } else { zone.at(today.saturating_add(1.day()), hour) };
        self.awake(zone, next)
    }

    /// When the mail of something that happens at `at` may leave.
    pub(crate) fn mail_at(&self, mail: Mail, zone: &Zone, at: Timestamp) -> Option<Timestamp> {
        match mail {
            Mail::Never => None,
            Mail::Once => Some(self.awake(zone, at)),
            Mail::Digest => Some(self.next_digest(zone, at)),
        }
    }
}

const ROWS: &str = "SELECT m.user_id, s.choices, s.quiet_from, s.quiet_to, s.digest_hour, s.version FROM memberships m
    LEFT JOIN notification_settings s ON s.tenant_id = m.tenant_id AND s.user_id = m.user_id
    WHERE m.tenant_id = $1 AND m.user_id = ANY ($2) AND m.deactivated_at IS NULL";

/// The settings of active members.
pub(crate) async fn of_members(tx: &mut Tx, users: &[Uuid]) -> sqlx::Result<Vec<SettingsRow>> {
    let tenant = tx.tenant();
    sqlx::query_as(ROWS).bind(tenant).bind(users).fetch_all(tx.conn()).await
}

/// Writes a person's settings; `false` when somebody wrote others meanwhile.
pub(crate) async fn save(tx: &mut Tx, user: Uuid, settings: &Settings) -> sqlx::Result<bool> {
    let (tenant, now) = (tx.tenant(), tx.now().to_sqlx());
    let done = sqlx::query(
        "INSERT INTO notification_settings (tenant_id, user_id, choices, quiet_from, quiet_to, digest_hour, updated_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, 1)
         ON CONFLICT (tenant_id, user_id) DO UPDATE SET choices = $3, quiet_from = $4, quiet_to = $5, digest_hour = $6, updated_at = $7,
           version = notification_settings.version + 1 WHERE notification_settings.version = $8",
    )
    .bind(tenant)
    .bind(user)
    .bind(serde_json::to_value(&settings.choices).unwrap_or_default())
    .bind(settings.quiet.map(|(from, _)| from.to_sqlx()))
    .bind(settings.quiet.map(|(_, to)| to.to_sqlx()))
    .bind(i16::from(settings.digest_hour))
    .bind(now)
    .bind(settings.version)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Hours without mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct QuietHours {
    /// `HH:MM` on the company's clock.
    from: String,
    /// `HH:MM`; earlier than `from` means the next morning.
    to: String,
}

impl QuietHours {
    pub(crate) fn shown((from, to): (Time, Time)) -> Self {
        Self { from: shown_hour(from), to: shown_hour(to) }
    }
}

/// A change of one's notification settings.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct NotificationSettingsIn {
    /// The kinds to change; the others stay.
    choices: Option<Vec<NotificationChoice>>,
    #[serde(default)]
    #[schema(value_type = Option<QuietHours>)]
    quiet_hours: Patch<QuietHours>,
    /// 0 to 23, on the company's clock.
    digest_hour: Option<i8>,
}

impl Settings {
    /// The settings after a change, or every field that is wrong.
    pub(crate) fn apply(mut self, input: NotificationSettingsIn) -> Result<Self, Problem> {
        let mut errors = Vec::new();
        let chosen = input.choices.unwrap_or_default();
        if chosen.len() > NotificationKind::ALL.len() {
            errors.push(FieldError::new("/choices", "too_long", "Un choix par sorte de notification."));
        }
        for choice in &mut self.choices {
            if let Some(new) = chosen.iter().find(|new| new.kind == choice.kind) {
                *choice = new.clone();
            }
        }
        match input.quiet_hours {
            Patch::Keep => {}
            Patch::Clear => self.quiet = None,
            Patch::Set(hours) => match (parse_hour(&hours.from, "/quiet_hours/from"), parse_hour(&hours.to, "/quiet_hours/to")) {
                (Ok(from), Ok(to)) if from == to => {
                    errors.push(FieldError::new("/quiet_hours/to", "mismatch", "Le début et la fin doivent différer."));
                }
                (Ok(from), Ok(to)) => self.quiet = Some((from, to)),
                (from, to) => errors.extend([from.err(), to.err()].into_iter().flatten()),
            },
        }
        if let Some(hour) = input.digest_hour {
            if (0..=23).contains(&hour) {
                self.digest_hour = hour;
            } else {
                errors.push(FieldError::new("/digest_hour", "invalid", "De 0 à 23 heures."));
            }
        }
        if errors.is_empty() { Ok(self) } else { Err(Problem::validation(errors)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::time;

    fn settings(quiet: Option<(Time, Time)>, digest_hour: i8) -> Settings {
        Settings { choices: Vec::new(), quiet, digest_hour, version: 1 }
    }

    #[test]
    fn mail_waits_for_the_end_of_the_quiet_hours() {
        let paris = Zone::new("Europe/Paris");
        let night = settings(Some((time(20, 0, 0, 0), time(7, 0, 0, 0))), 8);
        let when = |at: &str| night.mail_at(Mail::Once, &paris, at.parse().expect("instant")).map(|at| at.to_string()).expect("a moment");
        assert_eq!(when("2026-11-24T12:00:00Z"), "2026-11-24T12:00:00Z");
        assert_eq!(when("2026-11-24T19:30:00Z"), "2026-11-25T06:00:00Z", "20:30 in Paris");
        assert_eq!(when("2026-11-25T02:00:00Z"), "2026-11-25T06:00:00Z", "3:00 in Paris");
        assert_eq!(when("2026-11-25T06:00:00Z"), "2026-11-25T06:00:00Z", "7:00 in Paris");
        let lunch = settings(Some((time(12, 0, 0, 0), time(14, 0, 0, 0))), 13);
        let at = "2026-11-24T11:30:00Z".parse().expect("instant");
        assert_eq!(lunch.mail_at(Mail::Once, &paris, at).map(|at| at.to_string()).as_deref(), Some("2026-11-24T13:00:00Z"));
        assert_eq!(
            lunch.mail_at(Mail::Digest, &paris, at).map(|at| at.to_string()).as_deref(),
            Some("2026-11-24T13:00:00Z"),
            "13:00 is quiet"
        );
        assert_eq!(lunch.mail_at(Mail::Never, &paris, at), None);
    }

    #[test]
    fn the_digest_comes_at_its_hour_also_when_clocks_change() {
        let paris = Zone::new("Europe/Paris");
        let two = settings(None, 2);
        // 29 March 2026 has no 2:00: the digest comes at 3:00.
        let next = two.next_digest(&paris, "2026-03-28T20:00:00Z".parse().expect("instant"));
        assert_eq!(next.to_string(), "2026-03-29T01:00:00Z");
        // 25 October 2026 has 2:00 twice: the digest comes at the first, and next the day after.
        let first = two.next_digest(&paris, "2026-10-24T20:00:00Z".parse().expect("instant"));
        assert_eq!(first.to_string(), "2026-10-25T00:00:00Z");
        assert_eq!(two.next_digest(&paris, first).to_string(), "2026-10-26T01:00:00Z");
    }
}

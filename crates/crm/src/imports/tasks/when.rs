//! Days and hours as files of tasks have them.

use super::super::engine::read_date;
use crate::zone::Zone;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use vision_kernel::text::fold;

/// A moment of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// On the company's clock.
    Wall(Date, Option<Time>),
    /// With the offset of a clock of its own.
    Instant(Timestamp),
}

impl Moment {
    /// What the company's clock shows then.
    pub(super) fn wall(self, zone: &Zone) -> (Date, Option<Time>) {
        match self {
            Self::Wall(day, hour) => (day, hour),
            Self::Instant(at) => {
                let wall = zone.wall(at);
                (wall.date(), Time::new(wall.hour(), wall.minute(), 0, 0).ok())
            }
        }
    }
}

/// What a cell with a moment says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    /// The file's way of saying "none".
    Nothing,
    /// A moment; `odd`: what stands after the day is no hour.
    Moment {
        moment: Moment,
        odd: bool,
    },
    Invalid,
}

/// Reads `24/11/2026`, `24/11/26 14h30`, `2026-11-24T14:30`, `2026-11-24T13:30:00Z`, `24 novembre 2026`. Days of this century.
pub(super) fn read(text: &str) -> Read {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        let shown = at.to_string();
        // Calendars write a day without an hour as midnight of no place in particular.
        return match shown.split_once("T00:00:00Z").and_then(|(day, _)| day.parse().ok()) {
            Some(day) => this_century(Moment::Wall(day, None), false),
            None => this_century(Moment::Instant(at), false),
        };
    }
    // The T of ISO 8601 stands after a digit; the one of "Tue" begins a word.
    let end = text.char_indices().zip(text.chars().skip(1)).find(|((_, before), c)| *c == ' ' || *c == 'T' && before.is_ascii_digit());
    let end = end.map_or(text.len(), |((at, before), _)| at + before.len_utf8());
    let (first, rest) = text.split_at(end);
    match read_date(&with_century(first)) {
        None => return Read::Nothing,
        Some(Some(day)) => return with_hour(day, rest.trim_start_matches('T')),
        Some(None) => {}
    }
    written_out(text).map_or(Read::Invalid, |(day, rest)| with_hour(day, &rest))
}

fn this_century(moment: Moment, odd: bool) -> Read {
    let year = match moment {
        Moment::Wall(day, _) => day.year(),
        Moment::Instant(at) => Zone::new("UTC").wall(at).year(),
    };
    if (2000..=2100).contains(&year) { Read::Moment { moment, odd } } else { Read::Invalid }
}

fn with_hour(day: Date, rest: &str) -> Read {
    let rest = rest.trim().trim_start_matches(['à', ',']).trim();
    // A spreadsheet's day has midnight after it.
    let time = hour(rest).filter(|time| *time != Time::midnight());
    this_century(Moment::Wall(day, time), !rest.is_empty() && hour(rest).is_none())
}

/// `24/11/26` is of this century.
fn with_century(text: &str) -> String {
    let parts: Vec<&str> = text.split(['/', '.']).collect();
    match parts.as_slice() {
        [day, month, year] if year.len() == 2 && day.len() <= 2 && *year != "00" => format!("{day}/{month}/20{year}"),
        _ => text.to_owned(),
    }
}

/// `mardi 24 novembre 2026`, `Nov 24, 2026`: the day, and what stands after it.
fn written_out(text: &str) -> Option<(Date, String)> {
    let folded = fold(text);
    let tokens: Vec<&str> = folded.split([' ', ',']).filter(|token| !token.is_empty()).collect();
    let year_at = tokens.iter().position(|token| token.len() == 4 && token.bytes().all(|byte| byte.is_ascii_digit()))?;
    let (before, after) = tokens.split_at(year_at);
    let (year, rest) = after.split_first()?;
    let month = before.iter().rev().find_map(|token| month(token))?;
    let day = before.iter().find_map(|token| token.trim_end_matches("er").parse::<i8>().ok())?;
    Some((Date::new(year.parse().ok()?, month, day).ok()?, rest.join(" ")))
}

fn month(token: &str) -> Option<i8> {
    const MONTHS: [(&str, i8); 14] = [
        ("jan", 1),
        ("fev", 2),
        ("feb", 2),
        ("mar", 3),
        ("avr", 4),
        ("apr", 4),
        ("mai", 5),
        ("may", 5),
        ("aou", 8),
        ("aug", 8),
        ("sep", 9),
        ("oct", 10),
        ("nov", 11),
        ("dec", 12),
    ];
    match token {
        "mardi" => None,
        _ if token.starts_with("juil") || token.starts_with("jul") => Some(7),
        _ if token.starts_with("jui") || token.starts_with("jun") => Some(6),
        _ => MONTHS.iter().find(|(start, _)| token.starts_with(start)).map(|(_, month)| *month),
    }
}

/// `14:30`, `14h30`, `9 h`, `2:30 PM`, `14:30:00`.
pub(super) fn hour(text: &str) -> Option<Time> {
    let folded = fold(text).replace(' ', "").replace('h', ":");
    let (clock, add) = match (folded.strip_suffix("pm"), folded.strip_suffix("am")) {
        (Some(clock), _) => (clock, Some(12)),
        (_, Some(clock)) => (clock, Some(0)),
        _ => (folded.as_str(), None),
    };
    if clock == "midi" {
        return Time::new(12, 0, 0, 0).ok();
    }
    let (hour, rest) = clock.split_once(':').or_else(|| add.map(|_| (clock, "")))?;
    let minute = rest.split([':', '.']).next().unwrap_or_default();
    let hour: i8 = hour.parse().ok()?;
    let minute: i8 = if minute.is_empty() { 0 } else { minute.parse().ok()? };
    match add {
        Some(add) if (1..=12).contains(&hour) => Time::new(hour % 12 + add, minute, 0, 0).ok(),
        Some(_) => None,
        None => Time::new(hour, minute, 0, 0).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};

    #[test]
    fn moments_are_read_in_every_usual_shape() {
        let day = date(2026, 11, 24);
        let wall = |hour| Read::Moment { moment: Moment::Wall(day, hour), odd: false };
        for text in ["24/11/2026", "24.11.26", "2026-11-24", "2026-11-24T00:00:00", "24/11/2026 00:00", "2026-11-24T00:00:00.000Z"] {
            assert_eq!(read(text), wall(None), "{text}");
        }
        for text in ["mardi 24 novembre 2026", "24 nov. 2026", "Nov 24, 2026", "Tue Nov 24 2026"] {
            assert_eq!(read(text), wall(None), "{text}");
        }
        let half_past_two = Some(time(14, 30, 0, 0));
        for text in ["24/11/2026 14:30", "24/11/26 14h30", "24/11/2026 à 14 h 30", "2026-11-24T14:30:00", "Nov 24, 2026 2:30 PM"] {
            assert_eq!(read(text), wall(half_past_two), "{text}");
        }
        for text in ["31/02/2026", "1/1/1999", "demain", "24/11/9999", "é/é/éééé", "chaque lundi", "3 2026"] {
            assert_eq!(read(text), Read::Invalid, "{text}");
        }
        assert_eq!(read("0/0/00"), Read::Nothing);
        assert_eq!(read("24/11/2026 tôt"), Read::Moment { moment: Moment::Wall(day, None), odd: true });
        let Read::Moment { moment, .. } = read("2026-11-24T23:30:00Z") else { panic!("an instant") };
        assert_eq!(moment.wall(&Zone::new("Europe/Paris")), (date(2026, 11, 25), Some(time(0, 30, 0, 0))), "on the company's clock");
        assert_eq!(month("mars").zip(month("juin")).zip(month("juillet")), Some(((3, 6), 7)));
        assert_eq!((hour("9h"), hour("12 AM"), hour("25:00"), hour("14")), (time(9, 0, 0, 0).into(), Some(Time::midnight()), None, None));
    }
}

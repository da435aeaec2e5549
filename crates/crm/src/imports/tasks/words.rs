//! The words of files for what tasks are: kinds, priorities, whether they are done, how they ended.

use crate::tasks::model::{TaskKind, TaskOutcome, TaskPriority};
use vision_kernel::text::fold;

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowKind {
    Task(TaskKind),
    /// Todoist puts headings and comments between tasks.
    NoTask,
}

pub(super) fn kind_of(text: &str) -> Option<RowKind> {
    let folded = fold(text);
    Some(match folded.replace(['-', '.'], " ").trim() {
        "tache" | "taches" | "a faire" | "task" | "todo" | "to do" | "autre" | "rappel" | "reminder" => RowKind::Task(TaskKind::Todo),
        "appel" | "appels" | "appeler" | "appel telephonique" | "rappeler" | "telephone" | "tel" | "telephoner" | "coup de fil"
        | "call" | "phone call" | "phone" => RowKind::Task(TaskKind::Call),
        "rendez vous" | "rdv" | "r d v" | "reunion" | "visite" | "entretien" | "meeting" | "appointment" => {
            RowKind::Task(TaskKind::Meeting)
        }
        "section" | "note" | "meta" => RowKind::NoTask,
        _ => return None,
    })
}

/// Todoist and others have four steps of which the last is the usual one: only the ends of a scale say something for sure.
pub(super) fn priority_of(text: &str) -> Option<TaskPriority> {
    Some(match fold(text).as_str() {
        "haute" | "elevee" | "eleve" | "haut" | "forte" | "urgent" | "urgente" | "important" | "importante" | "critique" | "high"
        | "highest" | "critical" | "p1" | "1" | "a" | "oui" => TaskPriority::High,
        "normale" | "normal" | "moyenne" | "moyen" | "medium" | "p2" | "p3" | "p4" | "0" | "2" | "3" | "4" | "b" | "aucune" | "none"
        | "non" => TaskPriority::Normal,
        "basse" | "faible" | "bas" | "low" | "lowest" | "5" | "c" => TaskPriority::Low,
        _ => return None,
    })
}

/// Whether a task is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Open,
    Done,
    /// It will not be done: there is nothing left to do.
    CalledOff,
}

/// Whether a share is the whole: `100`, `100 %`, and `1` unless it is one of a hundred; `None` for what is no share.
fn all_of_it(text: &str) -> Option<bool> {
    let number = text.trim_end_matches('%').trim().replace(',', ".");
    let (whole, part) = number.split_once('.').unwrap_or((&number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) {
        return None;
    }
    let whole: u32 = whole.parse().ok().filter(|whole| *whole <= 100)?;
    Some(whole == 100 || (whole == 1 && !text.ends_with('%') && part.bytes().all(|byte| byte == b'0')))
}

pub(super) fn status_of(text: &str) -> Option<Status> {
    let folded = fold(text);
    if let Some(done) = all_of_it(&folded) {
        return Some(if done { Status::Done } else { Status::Open });
    }
    Some(match folded.as_str() {
        "termine" | "terminee" | "fait" | "faite" | "acheve" | "achevee" | "realise" | "realisee" | "clos" | "close" | "cloture"
        | "cloturee" | "ferme" | "fermee" | "ok" | "oui" | "x" | "vrai" | "done" | "completed" | "complete" | "closed" | "finished"
        | "yes" | "true" => Status::Done,
        "annule" | "annulee" | "abandonne" | "abandonnee" | "cancelled" | "canceled" => Status::CalledOff,
        "non commence"
        | "non commencee"
        | "pas commence"
        | "a faire"
        | "en cours"
        | "ouvert"
        | "ouverte"
        | "en attente"
        | "differe"
        | "differee"
        | "reporte"
        | "reportee"
        | "en attente de quelqu'un d'autre"
        | "attente de quelqu'un d'autre"
        | "en attente d'une autre personne"
        | "non"
        | "faux"
        | "open"
        | "todo"
        | "to do"
        | "not started"
        | "in progress"
        | "pending"
        | "waiting"
        | "waiting on someone else"
        | "deferred"
        | "needsaction"
        | "needs-action"
        | "needs action"
        | "incomplete"
        | "no"
        | "false" => Status::Open,
        _ => return None,
    })
}

/// How a call or a meeting ended; the same word may say another thing of the other kind.
pub(super) fn outcome_of(text: &str, kind: TaskKind) -> Option<TaskOutcome> {
    let outcome = match (fold(text).as_str(), kind) {
        ("joint" | "jointe" | "repondu" | "a repondu" | "reussi" | "personne jointe" | "reached" | "answered", _) => TaskOutcome::Reached,
        ("pas de reponse" | "sans reponse" | "n'a pas repondu" | "non joint" | "pas repondu" | "no answer" | "no_answer", _)
        | ("absent" | "absente", TaskKind::Call) => TaskOutcome::NoAnswer,
        ("message laisse" | "message" | "repondeur" | "messagerie" | "left message" | "left_message" | "voicemail", _) => {
            TaskOutcome::LeftMessage
        }
        ("mauvais numero" | "faux numero" | "numero errone" | "wrong number" | "wrong_number", _) => TaskOutcome::WrongNumber,
        ("a eu lieu" | "eu lieu" | "tenu" | "honore" | "effectue" | "held", _) => TaskOutcome::Held,
        ("non venu" | "pas venu" | "n'est pas venu" | "non honore" | "lapin" | "no show" | "no-show" | "no_show", _)
        | ("absent" | "absente", TaskKind::Meeting) => TaskOutcome::NoShow,
        ("annule" | "cancelled" | "canceled", _) => TaskOutcome::Cancelled,
        _ => return None,
    };
    kind.outcomes().contains(&outcome).then_some(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_files_have_them() {
        assert_eq!(kind_of("Rendez-vous"), Some(RowKind::Task(TaskKind::Meeting)));
        assert_eq!(kind_of("RDV"), kind_of("r.d.v."));
        assert_eq!(kind_of("APPEL"), Some(RowKind::Task(TaskKind::Call)));
        assert_eq!((kind_of("section"), kind_of("planète")), (Some(RowKind::NoTask), None));
        assert_eq!(
            (priority_of("Élevée"), priority_of("4"), priority_of("?")),
            (Some(TaskPriority::High), Some(TaskPriority::Normal), None)
        );
        for text in ["Terminée", "100 %", "100%", "1", "100", "x"] {
            assert_eq!(status_of(text), Some(Status::Done), "{text}");
        }
        for text in ["Non commencée", "1 %", "50%", "0", "0,5", "needsAction"] {
            assert_eq!(status_of(text), Some(Status::Open), "{text}");
        }
        assert_eq!((status_of("Annulée"), status_of("peut-être"), status_of("-1")), (Some(Status::CalledOff), None, None));
        assert_eq!(outcome_of("absent", TaskKind::Call), Some(TaskOutcome::NoAnswer));
        assert_eq!(outcome_of("Absent", TaskKind::Meeting), Some(TaskOutcome::NoShow));
        assert_eq!(outcome_of("absent", TaskKind::Todo), None);
    }
}

//! What reminders say, and what they may not say.

use super::model::{Audience, DunningStep, ReminderChannel};
use vision_kernel::text;

/// Variables of every plan.
pub(super) const VARIABLES: &[&str] =
    &["client", "numero", "date_facture", "echeance", "montant", "reste_du", "jours_retard", "entreprise", "telephone", "email", "iban"];
/// Those that only a business is written (QI-38).
pub(super) const FEES: &[&str] = &["penalites", "indemnite", "taux", "total_avec_frais"];

/// Words that make a message an advertisement (MK-10).
const SELLING: &[&str] = &["promo", "soldes", "offre speciale", "profitez", "bon plan", "nouveaute", "decouvrez", "parrain"];
/// Words of fees.
const FEE_WORDS: &[&str] = &["indemnite", "penalite", "40 €", "40€", "40 eur", "frais de recouvrement"];

/// What is wrong with a text, if anything.
pub(super) fn fault(value: &str, audience: Audience) -> Option<&'static str> {
    let folded = text::fold(value).replace(['\u{a0}', '\u{202f}'], " ");
    if SELLING.iter().any(|word| folded.contains(word)) {
        return Some("Une relance ne contient rien de commercial.");
    }
    if audience == Audience::Consumer
        && (FEE_WORDS.iter().any(|word| folded.contains(word)) || FEES.iter().any(|name| value.contains(&format!("{{{name}}}"))))
    {
        return Some("Ni pénalités ni indemnité de 40 € à un particulier (C. com. L441-10).");
    }
    let mut rest = value;
    while let Some((_, after)) = rest.split_once('{') {
        let (name, following) = after.split_once('}').unwrap_or((after, ""));
        if !VARIABLES.contains(&name) && !FEES.contains(&name) {
            return Some("Cette variable n’existe pas.");
        }
        rest = following;
    }
    None
}

/// A text with its variables filled in.
pub(super) fn filled(value: &str, of: &dyn Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (name, following) = after.split_once('}').unwrap_or((after, ""));
        out.push_str(&of(name));
        rest = following;
    }
    out.push_str(rest);
    out
}

fn step(offset_days: i32, channel: ReminderChannel, subject: &str, body: &str) -> DunningStep {
    DunningStep { offset_days, channel, subject: subject.to_owned(), body: body.to_owned() }
}

const SOON: &str = "Bonjour,\n\nPour mémoire, la facture {numero} du {date_facture}, d’un montant de {montant}, arrive à échéance le {echeance}. Il reste {reste_du} à régler.\n\nSi votre règlement est déjà parti, ne tenez pas compte de ce message.\n\nBien à vous,\n{entreprise}\n{telephone}";
const FIRST: &str = "Bonjour,\n\nSauf erreur de notre part, la facture {numero} du {date_facture}, échue le {echeance}, n’est pas entièrement réglée : il reste {reste_du}.\n\nPouvez-vous procéder au règlement, ou nous dire ce qui l’empêche ? Si votre règlement est déjà parti, ne tenez pas compte de ce message.\n\nBien à vous,\n{entreprise}\n{telephone}";
const SECOND: &str = "Bonjour,\n\nMalgré notre précédent message, la facture {numero} du {date_facture}, échue depuis {jours_retard} jours, reste impayée à hauteur de {reste_du}.\n\nNous vous remercions de la régler sous huit jours, ou de nous appeler pour convenir d’une solution.\n\nBien à vous,\n{entreprise}\n{telephone}";
const SECOND_BUSINESS: &str = "Bonjour,\n\nMalgré notre précédent message, la facture {numero} du {date_facture}, échue depuis {jours_retard} jours, reste impayée à hauteur de {reste_du}.\n\nNous vous remercions de la régler sous huit jours. Nous vous rappelons qu’un retard rend exigibles, de plein droit, des pénalités ({penalites} à ce jour) et une indemnité forfaitaire de {indemnite} pour frais de recouvrement (C. com. L441-10).\n\nBien à vous,\n{entreprise}\n{telephone}";
const NOTICE: &str = "Madame, Monsieur,\n\nMalgré nos relances, la facture {numero} du {date_facture}, échue le {echeance}, reste impayée à hauteur de {reste_du}.\n\nNous vous mettons en demeure de régler cette somme sous huit jours à compter de la réception de la présente. À défaut, nous nous réservons la possibilité de saisir la juridiction compétente.\n\nSi vous contestez cette facture ou rencontrez une difficulté, appelez-nous : nous chercherons une solution.\n\nVeuillez agréer, Madame, Monsieur, nos salutations distinguées.\n\n{entreprise}";
const NOTICE_BUSINESS: &str = "Madame, Monsieur,\n\nMalgré nos relances, la facture {numero} du {date_facture}, échue le {echeance}, reste impayée à hauteur de {reste_du}.\n\nNous vous mettons en demeure de régler sous huit jours à compter de la réception de la présente la somme de {total_avec_frais}, qui comprend les pénalités de retard ({penalites} à ce jour) et l’indemnité forfaitaire de {indemnite} pour frais de recouvrement (C. com. L441-10). À défaut, nous nous réservons la possibilité de saisir la juridiction compétente.\n\nVeuillez agréer, Madame, Monsieur, nos salutations distinguées.\n\n{entreprise}";

/// The steps that a plan begins with.
pub(super) fn usual(audience: Audience) -> Vec<DunningStep> {
    let business = audience == Audience::Business;
    vec![
        step(-3, ReminderChannel::Email, "Facture {numero} : échéance le {echeance}", SOON),
        step(3, ReminderChannel::Email, "Facture {numero} : {reste_du} restent à régler", FIRST),
        step(10, ReminderChannel::Email, "Facture {numero} impayée : deuxième rappel", if business { SECOND_BUSINESS } else { SECOND }),
        step(30, ReminderChannel::Letter, "Mise en demeure de payer la facture {numero}", if business { NOTICE_BUSINESS } else { NOTICE }),
    ]
}

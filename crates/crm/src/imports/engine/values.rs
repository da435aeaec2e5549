//! Small values that are checked and given one form: activity codes, web addresses, the kind of a contact.

use vision_kernel::text::fold;

use super::candidate::Kind;

/// `45.20A` and `4520 a` are `4520A`.
pub(super) fn naf(text: &str) -> Option<String> {
    let code: String = text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
    let shape = code.len() == 5
        && code.bytes().enumerate().all(|(at, byte)| if at < 4 { byte.is_ascii_digit() } else { byte.is_ascii_uppercase() });
    shape.then_some(code)
}

/// An address on the web, with its scheme; nothing that a browser would run.
pub(super) fn website(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let full = match lower.split_once("://") {
        Some(("http" | "https", _)) => text.to_owned(),
        Some(_) => return None,
        None => format!("https://{text}"),
    };
    let (_, rest) = full.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let plausible =
        host.contains('.') && !host.starts_with('.') && !host.ends_with('.') && !full.contains(char::is_whitespace) && !host.contains('@');
    plausible.then_some(full)
}

/// What a column named "type" says of a contact.
pub(super) fn kind(text: &str) -> Option<Kind> {
    match fold(text).as_str() {
        "person" | "personne" | "particulier" | "individual" | "individu" | "contact" | "personne physique" | "prive" => Some(Kind::Person),
        "company" | "entreprise" | "societe" | "organization" | "organisation" | "professionnel" | "pro" | "personne morale"
        | "association" | "business" | "etablissement" => Some(Kind::Company),
        _ => None,
    }
}

//! The words of consent, and what a decision must say to count.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use vision_kernel::{FieldError, Problem, text};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// All of them, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// As stored.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            pub(crate) fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.word() == word)
            }
        }
    };
}

words! {
    /// How a person is reached.
    Channel {
        /// E-mail.
        Email = "email",
        /// Text message.
        Sms = "sms",
        /// WhatsApp.
        Whatsapp = "whatsapp",
        /// A voice call (MK-12).
        Call = "call",
    }
}

words! {
    /// What for. Messages that carry out a contract need no consent and are no purpose here.
    Purpose {
        /// Offers and news.
        Offers = "offers",
        /// Reminders that bring the customer back: service, inspection, anniversary of a stay.
        Reminders = "reminders",
        /// Reviews and satisfaction.
        Surveys = "surveys",
    }
}

words! {
    /// Where a decision comes from.
    ConsentSource {
        /// A form on a web site.
        WebForm = "web_form",
        /// A signed paper.
        Paper = "paper",
        /// Said on the telephone.
        Phone = "phone",
        /// Said face to face.
        InPerson = "in_person",
        /// Written in an e-mail.
        Email = "email",
        /// The customer's portal.
        Portal = "portal",
        /// A reply such as STOP, or the link in a message.
        Message = "message",
        /// Something else; the reference says what.
        Other = "other",
    }
}

impl Purpose {
    /// The first version of the wording, until the company writes its own.
    pub(crate) const fn default_wording(self) -> &'static str {
        match self {
            Self::Offers => {
                "J’accepte de recevoir les offres et les actualités de l’entreprise par le moyen choisi. Je peux retirer mon accord à tout moment."
            }
            Self::Reminders => {
                "J’accepte de recevoir des rappels (entretien, échéance, prochain rendez-vous conseillé) par le moyen choisi. Je peux retirer mon accord à tout moment."
            }
            Self::Surveys => {
                "J’accepte d’être interrogé sur ma satisfaction par le moyen choisi. Je peux retirer mon accord à tout moment."
            }
        }
    }
}

impl Channel {
    /// Whether the channel's address is an e-mail; else it is a telephone number.
    pub(crate) const fn is_email(self) -> bool {
        matches!(self, Self::Email)
    }
}

/// A decision to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
pub struct ConsentIn {
    /// At least one.
    pub channels: Vec<Channel>,
    /// At least one.
    pub purposes: Vec<Purpose>,
    /// True: agrees; false: withdraws, or objects without ever having agreed.
    pub granted: bool,
    /// Where the decision comes from.
    pub source: ConsentSource,
    /// What lets somebody find the proof: the form, the page, the folder of the paper. Needed where `source` is `paper` or `other` and
    /// somebody agrees (MK-16). Up to 200 characters.
    pub reference: Option<String>,
    /// When the person said so; now by default, never in the future.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub given_at: Option<Timestamp>,
    /// When a second message confirmed it (double opt-in).
    #[schema(value_type = Option<String>, format = DateTime)]
    pub confirmed_at: Option<Timestamp>,
    /// The person objected before and has asked again, of their own accord: without this, agreeing is refused with 409.
    #[serde(default)]
    pub after_opposition: bool,
}

/// Nobody agreed by a means that did not exist: the year of the first French web pages.
const EARLIEST: i64 = 662_688_000;

impl ConsentIn {
    /// The decision, cleaned, or all that is wrong with it.
    pub(crate) fn checked(mut self, now: Timestamp) -> Result<Self, Problem> {
        let mut errors = Vec::new();
        self.channels.sort_unstable();
        self.channels.dedup();
        self.purposes.sort_unstable();
        self.purposes.dedup();
        if self.channels.is_empty() {
            errors.push(FieldError::new("/channels", "required", "Choisissez au moins un moyen de contact."));
        }
        if self.purposes.is_empty() {
            errors.push(FieldError::new("/purposes", "required", "Choisissez au moins une finalité."));
        }
        self.reference = self.reference.as_deref().and_then(|value| text::clean(value, false));
        if self.reference.as_ref().is_some_and(|value| value.chars().count() > 200) {
            errors.push(FieldError::new("/reference", "too_long", "200 caractères au plus."));
        }
        // MK-16: an agreement that nobody can prove is none.
        if self.granted && self.reference.is_none() && matches!(self.source, ConsentSource::Paper | ConsentSource::Other) {
            errors.push(FieldError::new("/reference", "required", "Indiquez où se trouve la preuve."));
        }
        // A minute of patience for clocks that differ.
        let latest = now.as_second() + 60;
        for (pointer, at) in [("/given_at", self.given_at), ("/confirmed_at", self.confirmed_at)] {
            if at.is_some_and(|at| at.as_second() > latest || at.as_second() < EARLIEST) {
                errors.push(FieldError::new(pointer, "out_of_range", "Indiquez une date passée."));
            }
        }
        if let (Some(given), Some(confirmed)) = (self.given_at, self.confirmed_at)
            && confirmed < given
        {
            errors.push(FieldError::new("/confirmed_at", "out_of_range", "La confirmation ne peut pas précéder l’accord."));
        }
        if errors.is_empty() { Ok(self) } else { Err(Problem::validation(errors)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(json: serde_json::Value) -> Result<ConsentIn, Problem> {
        serde_json::from_value::<ConsentIn>(json).expect("a decision").checked(Timestamp::from_second(1_800_000_000).expect("now"))
    }

    #[test] // MK-16
    fn an_agreement_on_paper_says_where_the_paper_is() {
        let paper = serde_json::json!({ "channels": ["sms", "email", "sms"], "purposes": ["offers"], "granted": true, "source": "paper" });
        assert_eq!(decision(paper.clone()).expect_err("no proof").errors[0].pointer, "/reference");
        let mut proven = paper;
        proven["reference"] = " classeur 2026 ".into();
        let proven = decision(proven).expect("proven");
        assert_eq!((proven.channels, proven.reference.as_deref()), (vec![Channel::Email, Channel::Sms], Some("classeur 2026")));
    }

    #[test]
    fn nobody_agrees_tomorrow_or_to_nothing() {
        let problem = decision(
            serde_json::json!({ "channels": [], "purposes": [], "granted": false, "source": "phone", "given_at": "2100-01-01T00:00:00Z" }),
        );
        let pointers: Vec<String> = problem.expect_err("wrong").errors.into_iter().map(|error| error.pointer).collect();
        assert_eq!(pointers, ["/channels", "/purposes", "/given_at"]);
    }
}

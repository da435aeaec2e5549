//! The mails of accounts: content once, rendered as HTML and as text. French, or English for people who chose it.

use crate::events;
use uuid::Uuid;
use vision_platform::App;
use vision_platform::mailbox::SendMail;
use vision_ports::MailMessage;

/// The language of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// French, the source language.
    Fr,
    /// English.
    En,
}

impl Lang {
    /// From a person's setting; French when it is another.
    pub fn from_stored(locale: &str) -> Self {
        if locale == "en" { Self::En } else { Self::Fr }
    }

    fn tag(self) -> &'static str {
        self.pick("fr", "en")
    }

    fn pick<T>(self, fr: T, en: T) -> T {
        match self {
            Self::Fr => fr,
            Self::En => en,
        }
    }
}

/// A mail before it is rendered.
pub struct Letter<'a> {
    /// Language of the content.
    pub lang: Lang,
    /// Subject line.
    pub subject: String,
    /// Paragraphs.
    pub paragraphs: Vec<String>,
    /// A button: label and address.
    pub button: Option<(&'a str, String)>,
    /// A code to type, shown large.
    pub code: Option<&'a str>,
    /// Small print.
    pub footer: String,
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

impl Letter<'_> {
    /// Renders the letter for `to`.
    pub fn to(self, app: &App, id: Uuid, to: &str) -> SendMail {
        let mut html = format!(
            "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"></head>\
             <body style=\"margin:0;background:#f4f5f7;font-family:Arial,Helvetica,sans-serif;color:#1b1f24\">\
             <div style=\"max-width:560px;margin:0 auto;padding:24px\"><p style=\"font-weight:bold;font-size:18px\">Vision CRM</p>\
             <div style=\"background:#fff;border:1px solid #dfe3e8;border-radius:8px;padding:24px;font-size:15px;line-height:1.5\">",
            self.lang.tag()
        );
        let mut text = String::new();
        for paragraph in &self.paragraphs {
            html.push_str(&format!("<p style=\"margin:0 0 16px\">{}</p>", escape(paragraph)));
            text.push_str(paragraph);
            text.push_str("\n\n");
        }
        if let Some((label, address)) = &self.button {
            html.push_str(&format!(
                "<p style=\"margin:0 0 16px\"><a href=\"{}\" style=\"display:inline-block;background:#1f5fbf;color:#fff;text-decoration:none;padding:12px 20px;border-radius:8px;font-weight:bold\">{}</a></p>",
                escape(address),
                escape(label)
            ));
            text.push_str(&format!("{label}{}\n{address}\n\n", self.lang.pick("\u{a0}:", ":")));
        }
        if let Some(code) = self.code {
            html.push_str(&format!("<p style=\"margin:0 0 16px;font-size:28px;letter-spacing:6px;font-weight:bold\">{}</p>", escape(code)));
            text.push_str(&format!("{code}\n\n"));
        }
        html.push_str(&format!(
            "</div><p style=\"color:#5a616b;font-size:12px;line-height:1.5\">{}</p></div></body></html>",
            escape(&self.footer)
        ));
        text.push_str(&self.footer);
        text.push('\n');
        let message = MailMessage {
            id,
            to: to.to_owned(),
            from: app.config.mail_from.clone(),
            subject: self.subject,
            html,
            text,
            reply_to: None,
            files: Vec::new(),
        };
        SendMail { message }
    }
}

/// Confirms an address after sign-up.
pub fn verify_email<'a>(app: &App, lang: Lang, token: &str, code: &'a str) -> Letter<'a> {
    Letter {
        lang,
        subject: lang
            .pick(format!("{code} est votre code de vérification Vision CRM"), format!("{code} is your Vision CRM verification code")),
        paragraphs: vec![
            lang.pick(
                "Bienvenue ! Confirmez votre adresse pour ouvrir votre espace Vision CRM.",
                "Welcome! Confirm your address to open your Vision CRM workspace.",
            )
            .into(),
            lang.pick(
                "Cliquez sur le bouton, ou saisissez ce code dans la page restée ouverte. Il est valable 24 heures.",
                "Click the button, or type this code into the page that you left open. It is valid for 24 hours.",
            )
            .into(),
        ],
        button: Some((
            lang.pick("Confirmer mon adresse", "Confirm my address"),
            format!("{}/verifier-email?token={token}", app.config.public_url),
        )),
        code: Some(code),
        footer: lang
            .pick(
                "Vous n’avez pas demandé ce compte ? Ignorez ce message : rien ne sera créé à votre nom.",
                "You did not ask for this account? Ignore this message: nothing will be created in your name.",
            )
            .into(),
    }
}

/// Somebody signed up with an address that has an account already.
pub fn account_exists(app: &App, lang: Lang) -> Letter<'static> {
    Letter {
        lang,
        subject: lang.pick("Vous avez déjà un compte Vision CRM", "You already have a Vision CRM account").into(),
        paragraphs: vec![
            lang.pick(
                "Quelqu’un, sans doute vous, vient de demander la création d’un compte avec cette adresse. Un compte existe déjà : connectez-vous, ou choisissez un nouveau mot de passe si vous l’avez oublié.",
                "Somebody, probably you, has just asked for an account with this address. There is one already: sign in, or choose a new password if you forgot it.",
            )
            .into(),
        ],
        button: Some((lang.pick("Se connecter", "Sign in"), format!("{}/connexion", app.config.public_url))),
        code: None,
        footer: lang
            .pick(
                "Si ce n’était pas vous, ignorez ce message : rien n’a changé.",
                "If it was not you, ignore this message: nothing has changed.",
            )
            .into(),
    }
}

/// A link to choose a new password.
pub fn reset_password(app: &App, lang: Lang, token: &str) -> Letter<'static> {
    Letter {
        lang,
        subject: lang.pick("Choisir un nouveau mot de passe", "Choose a new password").into(),
        paragraphs: vec![
            lang.pick(
                "Vous avez demandé à changer votre mot de passe Vision CRM. Ce lien est valable une heure et ne sert qu’une fois.",
                "You asked to change your Vision CRM password. This link is valid for one hour and works once.",
            )
            .into(),
        ],
        button: Some((
            lang.pick("Choisir un nouveau mot de passe", "Choose a new password"),
            format!("{}/reinitialiser?token={token}", app.config.public_url),
        )),
        code: None,
        footer: lang
            .pick(
                "Si ce n’était pas vous, ignorez ce message : votre mot de passe reste le même.",
                "If it was not you, ignore this message: your password stays as it is.",
            )
            .into(),
    }
}

/// An invitation to join a company, in the language of the one who invites.
pub fn invitation(app: &App, lang: Lang, token: &str, company: &str, inviter: &str) -> Letter<'static> {
    Letter {
        lang,
        subject: lang.pick(
            format!("{inviter} vous invite à rejoindre {company} sur Vision CRM"),
            format!("{inviter} invites you to join {company} on Vision CRM"),
        ),
        paragraphs: vec![lang.pick(
            format!("{inviter} vous invite à travailler avec l’équipe de {company} dans Vision CRM. L’invitation est valable 7 jours."),
            format!("{inviter} invites you to work with the team of {company} in Vision CRM. The invitation is valid for 7 days."),
        )],
        button: Some((lang.pick("Rejoindre l’équipe", "Join the team"), format!("{}/invitation/{token}", app.config.public_url))),
        code: None,
        footer: lang
            .pick("Vous ne connaissez pas cette entreprise ? Ignorez ce message.", "You do not know this company? Ignore this message.")
            .into(),
    }
}

/// Something sensitive changed on the account: `event` is one of the names in [`events`].
pub fn security_notice(app: &App, lang: Lang, event: &str) -> Letter<'static> {
    let what = match event {
        events::SIGNED_IN => lang.pick(
            "Une connexion à votre compte vient d’avoir lieu depuis un appareil ou un navigateur inconnu.",
            "Somebody has just signed in to your account from an unknown device or browser.",
        ),
        events::PASSWORD_CHANGED => {
            lang.pick("Le mot de passe de votre compte vient d’être changé.", "The password of your account has just been changed.")
        }
        events::TOTP_ENABLED => lang.pick("La double authentification vient d’être activée.", "Two-step sign-in has just been turned on."),
        events::TOTP_DISABLED => {
            lang.pick("La double authentification vient d’être désactivée.", "Two-step sign-in has just been turned off.")
        }
        events::PASSKEY_ADDED => {
            lang.pick("Une clé d’accès vient d’être ajoutée à votre compte.", "A passkey has just been added to your account.")
        }
        events::PASSKEY_REMOVED => {
            lang.pick("Une clé d’accès vient d’être retirée de votre compte.", "A passkey has just been removed from your account.")
        }
        _ => lang.pick("Un réglage de sécurité de votre compte vient de changer.", "A security setting of your account has just changed."),
    };
    Letter {
        lang,
        subject: lang.pick("Sécurité de votre compte Vision CRM", "Security of your Vision CRM account").into(),
        paragraphs: vec![
            what.to_owned(),
            lang.pick(
                "Si c’était vous, il n’y a rien à faire. Sinon, changez votre mot de passe et fermez les autres sessions.",
                "If it was you, there is nothing to do. If not, change your password and close the other sessions.",
            )
            .into(),
        ],
        button: Some((lang.pick("Vérifier mes sessions", "Check my sessions"), format!("{}/parametres/sessions", app.config.public_url))),
        code: None,
        footer: lang
            .pick(
                "Ce message est envoyé à chaque changement sensible ; il ne contient jamais de mot de passe.",
                "This message is sent at each sensitive change; it never contains a password.",
            )
            .into(),
    }
}

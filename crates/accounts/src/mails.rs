//! The mails of accounts: content once, rendered as HTML and as text. French, or English for people who chose it.

use uuid::Uuid;
use vision_platform::App;
use vision_platform::mailbox::SendMail;
use vision_ports::MailMessage;

/// A mail before it is rendered.
pub struct Letter<'a> {
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
        let mut html = String::from(
            "<!doctype html><html lang=\"fr\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"></head>\
             <body style=\"margin:0;background:#f4f5f7;font-family:Arial,Helvetica,sans-serif;color:#1b1f24\">\
             <div style=\"max-width:560px;margin:0 auto;padding:24px\"><p style=\"font-weight:bold;font-size:18px\">Vision CRM</p>\
             <div style=\"background:#fff;border:1px solid #dfe3e8;border-radius:8px;padding:24px;font-size:15px;line-height:1.5\">",
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
            text.push_str(&format!("{label} :\n{address}\n\n"));
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
        SendMail { message: MailMessage { id, to: to.to_owned(), from: app.config.mail_from.clone(), subject: self.subject, html, text } }
    }
}

/// Confirms an address after sign-up.
pub fn verify_email<'a>(app: &App, token: &str, code: &'a str) -> Letter<'a> {
    Letter {
        subject: format!("{code} est votre code de vérification Vision CRM"),
        paragraphs: vec![
            "Bienvenue ! Confirmez votre adresse pour ouvrir votre espace Vision CRM.".into(),
            "Cliquez sur le bouton, ou saisissez ce code dans la page restée ouverte. Il est valable 24 heures.".into(),
        ],
        button: Some(("Confirmer mon adresse", format!("{}/verifier-email?token={token}", app.config.public_url))),
        code: Some(code),
        footer: "Vous n’avez pas demandé ce compte ? Ignorez ce message : rien ne sera créé à votre nom.".into(),
    }
}

/// Somebody signed up with an address that has an account already.
pub fn account_exists(app: &App) -> Letter<'static> {
    Letter {
        subject: "Vous avez déjà un compte Vision CRM".into(),
        paragraphs: vec![
            "Quelqu’un, sans doute vous, vient de demander la création d’un compte avec cette adresse. Un compte existe déjà : connectez-vous, ou choisissez un nouveau mot de passe si vous l’avez oublié.".into(),
        ],
        button: Some(("Se connecter", format!("{}/connexion", app.config.public_url))),
        code: None,
        footer: "Si ce n’était pas vous, ignorez ce message : rien n’a changé.".into(),
    }
}

/// A link to choose a new password.
pub fn reset_password(app: &App, token: &str) -> Letter<'static> {
    Letter {
        subject: "Choisir un nouveau mot de passe".into(),
        paragraphs: vec![
            "Vous avez demandé à changer votre mot de passe Vision CRM. Ce lien est valable une heure et ne sert qu’une fois.".into(),
        ],
        button: Some(("Choisir un nouveau mot de passe", format!("{}/reinitialiser?token={token}", app.config.public_url))),
        code: None,
        footer: "Si ce n’était pas vous, ignorez ce message : votre mot de passe reste le même.".into(),
    }
}

/// An invitation to join a company.
pub fn invitation(app: &App, token: &str, company: &str, inviter: &str) -> Letter<'static> {
    Letter {
        subject: format!("{inviter} vous invite à rejoindre {company} sur Vision CRM"),
        paragraphs: vec![format!(
            "{inviter} vous invite à travailler avec l’équipe de {company} dans Vision CRM. L’invitation est valable 7 jours."
        )],
        button: Some(("Rejoindre l’équipe", format!("{}/invitation/{token}", app.config.public_url))),
        code: None,
        footer: "Vous ne connaissez pas cette entreprise ? Ignorez ce message.".into(),
    }
}

/// Something sensitive changed on the account.
pub fn security_notice(app: &App, what: &str) -> Letter<'static> {
    Letter {
        subject: "Sécurité de votre compte Vision CRM".into(),
        paragraphs: vec![
            what.to_owned(),
            "Si c’était vous, il n’y a rien à faire. Sinon, changez votre mot de passe et fermez les autres sessions.".into(),
        ],
        button: Some(("Vérifier mes sessions", format!("{}/parametres/sessions", app.config.public_url))),
        code: None,
        footer: "Ce message est envoyé à chaque changement sensible ; il ne contient jamais de mot de passe.".into(),
    }
}

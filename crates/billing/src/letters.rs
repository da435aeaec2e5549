//! Mails in a company's name to its customers: content once, rendered as HTML and as text.

use crate::profiles::Seller;
use uuid::Uuid;
use vision_documents::commercial::readable_colour;
use vision_platform::App;
use vision_platform::mailbox::SendMail;
use vision_ports::MailMessage;

/// A mail before it is rendered.
pub(crate) struct Letter {
    /// Subject line.
    pub subject: String,
    /// Paragraphs.
    pub paragraphs: Vec<String>,
    /// A button: label and address.
    pub button: Option<(String, String)>,
    /// A code to type, shown large.
    pub code: Option<String>,
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A name that can stand before an address in a header.
fn display_name(name: &str) -> String {
    name.chars().filter(|c| !c.is_control() && !matches!(c, '"' | '<' | '>' | '\\' | '@' | ',' | ';' | ':')).take(60).collect()
}

impl Letter {
    /// Renders the letter for `to`: the company's name stands before the instance's address.
    pub(crate) fn to(self, app: &App, seller: &Seller, id: Uuid, to: &str) -> SendMail {
        let accent = readable_colour(seller.accent_color.as_deref().unwrap_or_default());
        let mut html = format!(
            "<!doctype html><html lang=\"fr\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"></head>\
             <body style=\"margin:0;background:#f4f5f7;font-family:Arial,Helvetica,sans-serif;color:#1b1f24\">\
             <div style=\"max-width:560px;margin:0 auto;padding:24px\"><p style=\"font-weight:bold;font-size:18px\">{}</p>\
             <div style=\"background:#fff;border:1px solid #dfe3e8;border-top:4px solid {accent};border-radius:8px;padding:24px;font-size:15px;line-height:1.5\">",
            escape(&seller.name)
        );
        let mut text = String::new();
        for paragraph in &self.paragraphs {
            html.push_str(&format!("<p style=\"margin:0 0 16px\">{}</p>", escape(paragraph).replace('\n', "<br>")));
            text.push_str(paragraph);
            text.push_str("\n\n");
        }
        if let Some((label, address)) = &self.button {
            html.push_str(&format!(
                "<p style=\"margin:0 0 16px\"><a href=\"{}\" style=\"display:inline-block;background:{accent};color:#fff;text-decoration:none;padding:12px 20px;border-radius:8px;font-weight:bold\">{}</a></p>",
                escape(address),
                escape(label)
            ));
            text.push_str(&format!("{label}\u{a0}:\n{address}\n\n"));
        }
        if let Some(code) = &self.code {
            html.push_str(&format!("<p style=\"margin:0 0 16px;font-size:28px;letter-spacing:6px;font-weight:bold\">{}</p>", escape(code)));
            text.push_str(&format!("{code}\n\n"));
        }
        let contact = [seller.phone.as_deref(), seller.email.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" · ");
        let footer = format!("{}{}{contact}", seller.name, if contact.is_empty() { "" } else { " · " });
        html.push_str(&format!(
            "</div><p style=\"color:#5a616b;font-size:12px;line-height:1.5\">{}</p></div></body></html>",
            escape(&footer)
        ));
        text.push_str(&footer);
        text.push('\n');
        let address = app.config.mail_from.rsplit_once('<').map_or(app.config.mail_from.as_str(), |(_, rest)| rest.trim_end_matches('>'));
        let from = format!("{} <{address}>", display_name(&seller.name));
        SendMail { message: MailMessage { id, to: to.to_owned(), from, subject: self.subject, html, text } }
    }
}

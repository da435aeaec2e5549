//! E-mail over SMTP, through lettre. Works with any relay, Brevo's included.

use lettre::message::{Mailbox, MultiPart, header::MessageId};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use vision_ports::{MailError, MailMessage, MailSender};

/// A pooled connection to one SMTP server.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    domain: String,
}

impl Smtp {
    /// Connects lazily. `url` is `smtp://user:password@host:port?tls=required`, `smtps://…`, or `smtp://host:port` without TLS for a local relay.
    pub fn new(url: &str, domain: &str) -> Result<Self, MailError> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|error| MailError::Permanent(format!("the SMTP address is not usable: {error}")))?
            .build();
        Ok(Self { transport, domain: domain.to_owned() })
    }
}

#[async_trait::async_trait]
impl MailSender for Smtp {
    async fn send(&self, message: &MailMessage) -> Result<(), MailError> {
        let mailbox = |text: &str| text.parse::<Mailbox>().map_err(|error| MailError::Permanent(format!("address: {error}")));
        let mail = Message::builder()
            .from(mailbox(&message.from)?)
            .to(mailbox(&message.to)?)
            .subject(&message.subject)
            // The same id on a retry lets the receiving side recognise the duplicate.
            .header(MessageId::from(format!("<{}@{}>", message.id, self.domain)))
            .multipart(MultiPart::alternative_plain_html(message.text.clone(), message.html.clone()))
            .map_err(|error| MailError::Permanent(error.to_string()))?;
        match self.transport.send(mail).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(MailError::Permanent(error.to_string())),
            Err(error) => Err(MailError::Temporary(error.to_string())),
        }
    }

    fn name(&self) -> &'static str {
        "smtp"
    }
}

//! E-mail over SMTP, through lettre. Works with any relay, Brevo's included.

use lettre::message::header::{ContentType, MessageId};
use lettre::message::{Attachment, Mailbox, MultiPart};
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
        let mut builder = Message::builder()
            .from(mailbox(&message.from)?)
            .to(mailbox(&message.to)?)
            .subject(&message.subject)
            // The same id on a retry lets the receiving side recognise the duplicate.
            .header(MessageId::from(format!("<{}@{}>", message.id, self.domain)));
        if let Some(address) = &message.reply_to {
            builder = builder.reply_to(mailbox(address)?);
        }
        let content = MultiPart::alternative_plain_html(message.text.clone(), message.html.clone());
        let content = if message.files.is_empty() {
            content
        } else {
            let mut mixed = MultiPart::mixed().multipart(content);
            for file in &message.files {
                let kind = ContentType::parse(&file.kind).map_err(|error| MailError::Permanent(error.to_string()))?;
                mixed = mixed.singlepart(Attachment::new(file.name.clone()).body(file.content.clone(), kind));
            }
            mixed
        };
        let mail = builder.multipart(content).map_err(|error| MailError::Permanent(error.to_string()))?;
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

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the relay lives as long as its test")]
mod tests {
    use super::Smtp;
    use std::time::Duration;
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    use tokio::net::TcpListener;
    use tokio::task::JoinHandle;
    use vision_ports::{MailError, MailFile, MailMessage, MailSender};

    /// A relay for one session, as RFC 5321 has it; `refusal` answers RCPT. Gives its address and, at the end, what it was told.
    async fn relay(refusal: Option<&'static str>) -> (String, JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("smtp://{}", listener.local_addr().expect("an address"));
        let session = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a client");
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            let (mut told, mut in_data) = (Vec::new(), false);
            write.write_all(b"220 relay.example\r\n").await.expect("greeting");
            while let Ok(Some(line)) = lines.next_line().await {
                let answer = if in_data {
                    in_data = line != ".";
                    if in_data { "" } else { "250 2.0.0 queued\r\n" }
                } else {
                    match line.split(' ').next().unwrap_or_default() {
                        "EHLO" => "250-relay.example\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
                        "RCPT" => refusal.unwrap_or("250 2.1.5 ok\r\n"),
                        "DATA" => {
                            in_data = true;
                            "354 go ahead\r\n"
                        }
                        "QUIT" => "221 bye\r\n",
                        _ => "250 ok\r\n",
                    }
                };
                told.push(line);
                write.write_all(answer.as_bytes()).await.expect("answer");
                if told.last().is_some_and(|line| line == "QUIT") {
                    break;
                }
            }
            told
        });
        (address, session)
    }

    fn mail() -> MailMessage {
        MailMessage {
            id: uuid::Uuid::from_u128(7),
            to: "Ana Dupré <ana@table.example>".to_owned(),
            from: "Vision CRM <bonjour@vision.example>".to_owned(),
            subject: "Votre réservation à « L’Été » — 24 €".to_owned(),
            html: "<p>À bientôt</p>\r\n<p>.</p>".to_owned(),
            text: "À bientôt\n.\nSuite".to_owned(),
            reply_to: Some("bonjour@garage.example".to_owned()),
            files: vec![MailFile {
                name: "F2026-000001.pdf".to_owned(),
                kind: "application/pdf".to_owned(),
                content: b"%PDF-1.7\n\xe2\xe3".to_vec(),
            }],
        }
    }

    #[tokio::test]
    async fn a_mail_reaches_the_relay_whole() {
        let (address, session) = relay(None).await;
        let smtp = Smtp::new(&address, "vision.example").expect("an address");
        smtp.send(&mail()).await.expect("accepted");
        drop(smtp);
        let told = tokio::time::timeout(Duration::from_secs(20), session).await.expect("the session ends with the pool").expect("session");
        let text = told.join("\n");
        for part in [
            "MAIL FROM:<bonjour@vision.example>",
            "RCPT TO:<ana@table.example>",
            "Message-ID: <00000000-0000-0000-0000-000000000007@vision.example>",
            "Subject: Votre =?utf-8?b?",
            "multipart/alternative",
            "text/plain",
            "text/html",
            "Reply-To: bonjour@garage.example",
            "multipart/mixed",
            "Content-Disposition: attachment; filename=\"F2026-000001.pdf\"",
            "JVBERi0xLjcK4uM=",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[tokio::test]
    async fn a_refusal_is_told_from_a_delay() {
        for (answer, permanent) in [("550 5.1.1 no such user\r\n", true), ("451 4.3.0 try later\r\n", false)] {
            let (address, _session) = relay(Some(answer)).await;
            let refused = Smtp::new(&address, "vision.example").expect("an address").send(&mail()).await;
            match refused {
                Err(MailError::Permanent(_)) => assert!(permanent, "{answer}"),
                Err(MailError::Temporary(_)) => assert!(!permanent, "{answer}"),
                Ok(()) => panic!("{answer}"),
            }
        }
    }

    #[tokio::test]
    async fn a_relay_that_is_away_is_tried_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("smtp://{}", listener.local_addr().expect("an address"));
        drop(listener);
        let sent = Smtp::new(&address, "vision.example").expect("an address").send(&mail()).await;
        assert!(matches!(sent, Err(MailError::Temporary(_))), "{sent:?}");
    }
}

//! Notices by e-mail: one SMTP submission a notice (RFC 6409), over TLS under named roots.
//!
//! Promises that nothing is said to a relay before it has proved its name, unless it has an
//! address of this machine; and that a letter carries the notice, its id as its own, and nothing
//! else. Deliberately does not know: when a letter is tried again.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use time::PrimitiveDateTime;
use zeroize::Zeroizing;

use crate::calendar::Calendar;
use crate::directory::{Contact, Way};

use super::notice::{Letter, written};
use super::{NotifyError, Why};

/// Port of submission (RFC 6409 section 3.1).
pub const SUBMISSION_PORT: u16 = 587;
/// Port of submission in TLS from the first byte (RFC 8314 section 3.3).
pub const SUBMISSIONS_PORT: u16 = 465;
/// Time for each answer of a relay; the whole submission is bounded by who calls.
const ANSWER_TIME: Duration = Duration::from_secs(10);

/// The way to the relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailOptions {
    /// Who takes letters, and how.
    pub relay: Relay,
    /// The address letters come from.
    pub sender: Contact,
    /// The file of the user name and password; `None`: the relay asks for none.
    pub credentials: Option<PathBuf>,
}

/// Who takes letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relay {
    /// One on this machine, without TLS.
    Here {
        /// Its address: a loopback address.
        address: IpAddr,
        /// Its port.
        port: u16,
    },
    /// One anywhere, over TLS.
    There {
        /// The name in its certificate, and where it is.
        host: String,
        /// Its port.
        port: u16,
        /// Whether TLS begins with the first byte. Otherwise STARTTLS is demanded.
        implicit: bool,
        /// Roots under which its certificate is issued. PEM.
        authorities: PathBuf,
    },
}

/// What the relay asks for.
pub struct MailCredentials {
    /// User name.
    pub user: Zeroizing<String>,
    /// Password.
    pub password: Zeroizing<String>,
}

impl fmt::Debug for MailCredentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MailCredentials(..)")
    }
}

/// A relay that letters can be handed to.
pub(super) struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    sender: Mailbox,
    domain: String,
}

impl Mail {
    /// Reads the roots. Connects to nobody.
    pub(super) fn open(
        options: &MailOptions,
        credentials: Option<MailCredentials>,
    ) -> Result<Self, NotifyError> {
        let Way::Mail { domain } = options.sender.way() else { return Err(NotifyError::Sender) };
        let sender = mailbox(&options.sender).ok_or(NotifyError::Sender)?;
        let (host, port, tls) = match &options.relay {
            Relay::Here { address, port } => (address.to_string(), *port, Tls::None),
            Relay::There { host, port, implicit, authorities } => {
                let parameters = parameters(host, authorities)?;
                let tls =
                    if *implicit { Tls::Wrapper(parameters) } else { Tls::Required(parameters) };
                (host.clone(), *port, tls)
            }
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port)
            .tls(tls)
            .timeout(Some(ANSWER_TIME))
            .hello_name(ClientId::Domain(domain.clone()));
        if let Some(MailCredentials { user, password }) = credentials {
            builder = builder.credentials(Credentials::new(user.to_string(), password.to_string()));
        }
        Ok(Self { transport: builder.build(), sender, domain: domain.clone() })
    }

    /// Hands a letter over.
    ///
    /// # Errors
    /// The relay has not taken it, or not said so.
    pub(super) async fn carry(
        &self,
        contact: &Contact,
        letter: &Letter,
        calendar: &Calendar,
    ) -> Result<(), Why> {
        let message = self.message(contact, letter, calendar).ok_or(Why::NoAddress)?;
        match self.transport.send(message).await {
            Ok(answer) if answer.is_positive() => Ok(()),
            Ok(_) => Err(Why::Refused),
            Err(error) => Err(why(&error)),
        }
    }

    fn message(&self, contact: &Contact, letter: &Letter, calendar: &Calendar) -> Option<Message> {
        let (notice, id) = (&letter.notice, letter.id());
        let subject = format!("Pyramid: {} ({})", notice.code.name(), notice.place.name());
        // Nobody's absence is to answer it (RFC 3834 section 5).
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        Message::builder()
            .from(self.sender.clone())
            .to(mailbox(contact)?)
            .subject(subject)
            .date(notice.raised_at.into())
            .message_id(Some(format!("<{id}@{}>", self.domain)))
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .header(ContentType::TEXT_PLAIN)
            .body(body(letter, calendar))
            .ok()
    }
}

fn parameters(host: &str, authorities: &Path) -> Result<TlsParameters, NotifyError> {
    let unusable = || NotifyError::MailAuthorities;
    let pem = std::fs::read(authorities).map_err(|_| unusable())?;
    let roots = Certificate::from_pem(&pem).map_err(|_| unusable())?;
    // A file without a single root would be taken, and then nobody would be trusted.
    if !String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----") {
        return Err(unusable());
    }
    TlsParameters::builder(host.to_owned())
        .certificate_store(CertificateStore::None)
        .add_root_certificate(roots)
        .build_rustls()
        .map_err(|_| unusable())
}

fn mailbox(contact: &Contact) -> Option<Mailbox> {
    let address: Address = contact.as_str().parse().ok()?;
    Some(Mailbox::new(None, address))
}

/// Why a relay has not taken a letter. Its own words stay out of the log.
fn why(error: &lettre::transport::smtp::Error) -> Why {
    if error.is_permanent() || error.is_transient() {
        Why::Refused
    } else if error.is_timeout() {
        Why::Timeout
    } else if error.is_tls() || is_handshake(error) {
        Why::Tls
    } else {
        Why::Connection
    }
}

/// Whether a connection failed because the other end did not prove its name: what rustls refuses
/// reaches us as data that is invalid.
fn is_handshake(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| {
        let io = error.downcast_ref::<std::io::Error>();
        io.is_some_and(|error| error.kind() == std::io::ErrorKind::InvalidData)
    })
}

/// What somebody reads who is woken by it: the sentence first.
fn body(letter: &Letter, calendar: &Calendar) -> String {
    let notice = &letter.notice;
    let local = |moment| calendar.local(moment).map(shown).unwrap_or_default();
    let mut lines = vec![
        notice.code.sentence().to_owned(),
        String::new(),
        format!("What:      {}", notice.code.name()),
        format!("Where:     {}", notice.place.name()),
        format!("Raised:    {} ({})", written(notice.raised_at), local(notice.raised_at)),
    ];
    if let Some(deadline) = notice.deadline {
        lines.push(format!("Deadline:  {} ({})", written(deadline), local(deadline)));
    }
    lines.push(format!("Reference: {}", notice.reference));
    lines.push(String::new());
    lines.push("Ask the broker for more: no details ever leave it by mail.".to_owned());
    lines.push("Nobody reads answers to this address.".to_owned());
    lines.push(String::new());
    lines.join("\r\n")
}

/// A clock in London: `Monday 2 March, 06:00 local time`.
fn shown(local: PrimitiveDateTime) -> String {
    let (hour, minute) = (local.hour(), local.minute());
    let (weekday, day, month) = (local.weekday(), local.day(), local.month());
    format!("{weekday} {day} {month}, {hour:02}:{minute:02} local time")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use time::macros::datetime;
    use uuid::uuid;

    use super::super::notice::{Addressee, Code, Notice, Place};
    use super::*;

    fn letter() -> Letter {
        let notice = Notice {
            code: Code::ActionOverdue,
            place: Place::again(Some("gmp"), Some("stockport")).unwrap(),
            reference: uuid!("018f0000-0000-7000-8000-000000000001"),
            deadline: Some(datetime!(2026-07-01 05:00 UTC)),
            raised_at: datetime!(2026-07-01 05:01:30 UTC),
        };
        Letter { notice, to: Addressee::Operators }
    }

    fn mail() -> Mail {
        let options = MailOptions {
            relay: Relay::Here { address: [127, 0, 0, 1].into(), port: 25 },
            sender: Contact::read("broker@pyramid.example").unwrap(),
            credentials: None,
        };
        Mail::open(&options, None).unwrap()
    }

    #[test]
    fn a_letter_says_what_the_notice_says_and_nothing_else() {
        let calendar = Calendar::england_and_wales(BTreeSet::new()).unwrap();
        let contact = Contact::read("duty@operations.example").unwrap();
        let message = mail().message(&contact, &letter(), &calendar).unwrap();
        let id = letter().id();
        let expected = format!(
            "From: broker@pyramid.example\r\n\
             To: duty@operations.example\r\n\
             Subject: Pyramid: action-overdue (gmp/stockport)\r\n\
             Date: Wed, 01 Jul 2026 05:01:30 +0000\r\n\
             Message-ID: <{id}@pyramid.example>\r\n\
             Auto-Submitted: auto-generated\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: 7bit\r\n\
             \r\n\
             Something that was to be done by a deadline has not been confirmed.\r\n\
             \r\n\
             What:      action-overdue\r\n\
             Where:     gmp/stockport\r\n\
             Raised:    2026-07-01T05:01:30Z (Wednesday 1 July, 06:01 local time)\r\n\
             Deadline:  2026-07-01T05:00:00Z (Wednesday 1 July, 06:00 local time)\r\n\
             Reference: 018f0000-0000-7000-8000-000000000001\r\n\
             \r\n\
             Ask the broker for more: no details ever leave it by mail.\r\n\
             Nobody reads answers to this address.\r\n"
        );
        assert_eq!(String::from_utf8(message.formatted()).unwrap(), expected);
    }

    #[test]
    fn every_address_the_directory_takes_is_one() {
        for text in ["duty@force.example", "o'brien+desk.2@mail.force.example", "a/b=c&d@e.example"]
        {
            assert!(mailbox(&Contact::read(text).unwrap()).is_some(), "{text}");
        }
    }

    #[test]
    fn roots_that_are_none_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roots.pem");
        for content in ["", "nothing of the sort"] {
            std::fs::write(&path, content).unwrap();
            assert!(parameters("relay.example", &path).is_err(), "{content:?}");
        }
        assert!(parameters("relay.example", &folder.path().join("absent.pem")).is_err());
    }
}

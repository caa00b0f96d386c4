//! Where people are reached outside the broker: an e-mail address, or a web address that takes
//! notices.
//!
//! Promises that what was read once can be put into a letter's head or a request as it stands:
//! ASCII, no white space, no user name, no query, and nothing to hide a second address in.
//! Deliberately does not know: what is sent, and whether anybody is there.

use std::fmt;

use http::Uri;

/// Characters of a contact. RFC 5321 section 4.5.3.1.3 gives a mailbox 254.
pub const CONTACT_CHARACTERS_MAX: usize = 254;
/// Characters before the `@` (RFC 5321 section 4.5.3.1.1).
const LOCAL_CHARACTERS_MAX: usize = 64;
/// Characters of one name of a domain (RFC 1035 section 2.3.4).
const LABEL_CHARACTERS_MAX: usize = 63;
/// Port of HTTPS.
const HTTPS_PORT: u16 = 443;

/// What a contact must be, for whoever wrote another.
pub const CONTACT_RULE: &str = "is an e-mail address, or https:// with a host, and no query";

/// One way to reach people.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Contact {
    text: String,
    way: Way,
}

/// Which way that is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// By e-mail.
    Mail {
        /// The domain behind the `@`.
        domain: String,
    },
    /// By webhook.
    Web {
        /// Host, as it stands in the other end's certificate; an IPv6 address without brackets.
        host: String,
        /// Port.
        port: u16,
    },
}

impl Contact {
    /// Reads one. `None`: see [`CONTACT_RULE`].
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > CONTACT_CHARACTERS_MAX || !text.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return None;
        }
        let way = if text.contains("://") { web(text)? } else { mail(text)? };
        Some(Self { text: text.to_owned(), way })
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Which way it is.
    #[must_use]
    pub const fn way(&self) -> &Way {
        &self.way
    }
}

/// An address may name whoever is on duty: it says nothing of itself.
impl fmt::Debug for Contact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.way {
            Way::Mail { .. } => "Contact(mail)",
            Way::Web { .. } => "Contact(web)",
        })
    }
}

/// The part of RFC 5321 that is in use: no quotes, no comments, no address literals.
fn mail(text: &str) -> Option<Way> {
    const SIGNS: &[u8] = b"'+-_&=/";
    let (local, domain) = text.split_once('@')?;
    let good = |byte: u8| byte.is_ascii_alphanumeric() || SIGNS.contains(&byte);
    let atoms_good = local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(good));
    let named = domain.contains('.') && is_host_name(domain);
    (local.len() <= LOCAL_CHARACTERS_MAX && atoms_good && named)
        .then(|| Way::Mail { domain: domain.to_owned() })
}

fn web(text: &str) -> Option<Way> {
    let uri: Uri = text.parse().ok()?;
    let authority = uri.authority().filter(|it| !it.as_str().contains('@'))?;
    let host = authority.host();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let named = is_host_name(bare) || bare.parse::<std::net::IpAddr>().is_ok();
    let port = match authority.port_u16() {
        Some(port) => port,
        // A colon without a port that exists is a slip.
        None if authority.as_str().len() > host.len() => return None,
        None => HTTPS_PORT,
    };
    let https = uri.scheme_str() == Some("https");
    // A fragment would be left out on the way without a word.
    let whole = uri.query().is_none() && !text.contains('#');
    (https && named && whole && port != 0).then(|| Way::Web { host: bare.to_owned(), port })
}

fn is_host_name(text: &str) -> bool {
    text.split('.').all(|label| {
        (1..=LABEL_CHARACTERS_MAX).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::document;

    #[test]
    fn an_address_people_use_is_read() {
        let rows = [
            ("duty@force.example", Way::Mail { domain: "force.example".into() }),
            (
                "o'brien+desk.2@mail.force.example",
                Way::Mail { domain: "mail.force.example".into() },
            ),
            ("https://notices.example", web_at("notices.example", 443)),
            ("https://notices.example/desk/duty", web_at("notices.example", 443)),
            ("https://localhost:8443/", web_at("localhost", 8_443)),
            ("https://192.0.2.7:443/x", web_at("192.0.2.7", 443)),
            ("https://[2001:db8::7]:8443/x", web_at("2001:db8::7", 8_443)),
        ];
        for (text, way) in rows {
            let contact = Contact::read(text).unwrap_or_else(|| panic!("{text}"));
            assert!(*contact.way() == way, "{text}");
            assert_eq!(contact.as_str(), text);
        }
    }

    fn web_at(host: &str, port: u16) -> Way {
        Way::Web { host: host.into(), port }
    }

    #[test]
    fn what_could_hide_something_is_not() {
        let long = format!("{}@force.example", "a".repeat(65));
        let rows = [
            "",
            "duty",
            "duty@",
            "@force.example",
            "duty@localhost",
            "duty@force..example",
            "duty@-force.example",
            "du..ty@force.example",
            "duty@force.example,other@force.example",
            "duty@force.example\r\nBcc: other@force.example",
            "Duty Desk <duty@force.example>",
            "\"duty\"@force.example",
            "duty@[192.0.2.7]",
            "d\u{fc}ty@force.example",
            "duty@force@example.org",
            "http://notices.example",
            "https://",
            "https://user:secret@notices.example",
            "https://notices.example?token=1",
            "https://notices.example/#part",
            "https://notices.example:/x",
            "https://notices.example:0/x",
            "https://notices.example:99999/x",
            "https://not_a_host/x",
            "ftp://notices.example",
            &long,
        ];
        for text in rows {
            assert!(Contact::read(text).is_none(), "{text:?}");
        }
    }

    /// A directory whose desk and agency, and the agency's data-protection officer, are reached by these.
    fn text(duty: &str, lead: &str, protection: &str) -> String {
        format!(
            r#"
            trust_domain = "pyramid.example"
            [[agency]]
            id = "force"
            name = "Invented force"
            kind = "police"
            dpo_contact = "{protection}"
            lead_contact = "{lead}"
            [[agency.desk]]
            id = "duty"
            name = "Duty desk"
            function = "intelligence"
            regime = "part3"
            duty_contact = "{duty}"
            "#
        )
    }

    #[test]
    fn a_contact_of_the_directory_may_be_absent_and_never_faulty() {
        let read = |duty, lead, protection| document::read(&text(duty, lead, protection));
        let directory = read("https://notices.example/duty", "", "dpo@force.example").unwrap();
        let desk = directory.desk(directory.desk_index("force", "duty").unwrap()).unwrap();
        assert_eq!(desk.duty_contact, Contact::read("https://notices.example/duty"));
        assert_eq!(directory.agency("force").unwrap().lead_contact, None);
        let faulty = read("telephone", "0161 496 0160", "by letter");
        let Err(document::DocumentError::Faulty(faults)) = faulty else {
            panic!("each is a fault");
        };
        let faults: Vec<_> = faults.iter().map(|fault| (&*fault.path, fault.rule)).collect();
        let expected = [
            ("agency[0].dpo_contact", CONTACT_RULE),
            ("agency[0].lead_contact", CONTACT_RULE),
            ("agency[0].desk[0].duty_contact", CONTACT_RULE),
        ];
        assert_eq!(faults, expected);
    }

    #[test]
    fn a_directory_in_which_only_a_contact_differs_is_another() {
        let of = |duty, lead| document::read(&text(duty, lead, "dpo@force.example")).unwrap();
        let first = of("duty@force.example", "lead@force.example");
        let rows = [
            (of("duty@force.example", "lead@force.example"), vec![]),
            (of("night@force.example", "lead@force.example"), vec!["desk force/duty"]),
            (of("duty@force.example", ""), vec!["agency force"]),
        ];
        for (after, expected) in rows {
            assert_eq!(document::changes(&first, &after).0, expected);
        }
    }

    #[test]
    fn it_does_not_show_itself() {
        let contact = Contact::read("jane.invented@force.example").unwrap();
        assert_eq!(format!("{contact:?}"), "Contact(mail)");
    }
}

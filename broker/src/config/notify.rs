//! `[notify]`: how alarms leave the broker for people.
//!
//! Promises that nothing leaves this machine without TLS, and nothing over TLS without roots that
//! are named; that no password stands in the document; and that whoever is to be told can be, by
//! a way that is configured. Without the section nothing leaves. Opens none of the files it names.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::uri::Authority;

use crate::directory::{CONTACT_RULE, Contact, Way};
use crate::notify::chain::{AGENCY_LEAD_AFTER_DEFAULT, Chain, DUTY_OFFICER_AFTER_DEFAULT};
use crate::notify::{
    MailCredentials, MailOptions, NotifyOptions, NotifySecrets, Relay, SUBMISSION_PORT,
    SUBMISSIONS_PORT, WebKey, WebOptions,
};

use super::fault::{ConfigError, Faults};
use super::key_file;
use super::section::Section;

/// A week: whoever is told later is not told in time.
const MINUTES_MAX: u64 = 7 * 24 * 60;
/// Port of a relay on this machine.
const LOCAL_PORT: u16 = 25;
/// Addresses of those who run the broker.
const OPERATORS_MAX: usize = 8;
/// Characters of a host, or of an address.
const NAME_CHARACTERS_MAX: usize = 254;
/// The folder beside the store where notices wait.
const FOLDER: &str = "notices";

const HOST: &str = "smtp_host";
const PORT: &str = "smtp_port";
const TLS: &str = "smtp_tls";
const MAIL_AUTHORITIES: &str = "smtp_authorities";
const CREDENTIALS: &str = "smtp_credentials";
const SENDER: &str = "sender";
const URL: &str = "webhook_url";
const WEB_AUTHORITIES: &str = "webhook_authorities";
const WEB_KEY: &str = "webhook_key";
const OPERATORS: &str = "operators";

/// Reads the section. Notices wait in a folder beside the store.
pub(super) fn read(
    mut section: Section<'_>,
    store: Option<&Path>,
    faults: &mut Faults,
) -> Option<NotifyOptions> {
    let mail = mail(&mut section, faults);
    let web = web(&mut section, faults);
    let operators = operators(&mut section, faults);
    let chain = chain(&mut section, faults);
    let operators_path = section.path(OPERATORS);
    let host_path = section.path(HOST);
    section.finish(faults);
    let (mail, web, operators) = (mail?, web?, operators?);
    if mail.is_none() && web.is_none() {
        faults.add(host_path, "is missing, and so is webhook_key: nothing could leave");
    }
    let reached = |contact: &Contact| match contact.way() {
        Way::Mail { .. } => mail.is_some(),
        Way::Web { .. } => web.is_some(),
    };
    if operators.is_empty() {
        faults.add(operators_path, "is missing: somebody must be told");
    } else if !operators.iter().all(reached) {
        faults.add(operators_path, "has an address of a way that is not configured");
    }
    Some(NotifyOptions { mail, web, operators, folder: store?.join(FOLDER), chain: chain? })
}

fn mail(section: &mut Section<'_>, faults: &mut Faults) -> Option<Option<MailOptions>> {
    if !section.has(HOST) {
        let without = [PORT, TLS, MAIL_AUTHORITIES, CREDENTIALS, SENDER];
        return alone(section, &without, "does nothing without smtp_host", faults);
    }
    let host = host(section, faults);
    let way = tls(section, faults);
    let port = section.whole(PORT, way.map_or(0, Tls::port).into(), 1..=65_535, faults);
    let roots_named = section.has(MAIL_AUTHORITIES);
    let authorities = if roots_named { section.file(MAIL_AUTHORITIES, faults) } else { None };
    let credentials = match section.has(CREDENTIALS) {
        true => section.file(CREDENTIALS, faults).map(Some),
        false => Some(None),
    };
    let sender = sender(section, faults);
    let (host, way) = (host?, way?);
    let port = u16::try_from(port?).ok()?;
    let relay = match way {
        Tls::None => {
            if roots_named {
                faults.add(section.path(MAIL_AUTHORITIES), "belongs to TLS, and smtp_tls is none");
            }
            let address = host.parse().ok().filter(IpAddr::is_loopback);
            if address.is_none() {
                let rule = "is a loopback address such as 127.0.0.1, for smtp_tls is none";
                faults.add(section.path(HOST), rule);
            }
            Relay::Here { address: address?, port }
        }
        Tls::Starttls | Tls::Implicit => {
            if !roots_named {
                faults.add(section.path(MAIL_AUTHORITIES), "is missing: TLS needs a file of roots");
            }
            let implicit = way == Tls::Implicit;
            Relay::There { host, port, implicit, authorities: authorities? }
        }
    };
    Some(Some(MailOptions { relay, sender: sender?, credentials: credentials? }))
}

/// A way that is not configured: none of its keys stands there either.
fn alone<T>(
    section: &mut Section<'_>,
    keys: &[&str],
    rule: &'static str,
    faults: &mut Faults,
) -> Option<Option<T>> {
    let refused = keys.iter().filter(|key| section.refuse(key, rule, faults)).count();
    (refused == 0).then_some(None)
}

/// How TLS begins, as it is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tls {
    Starttls,
    Implicit,
    None,
}

impl Tls {
    const fn port(self) -> u16 {
        match self {
            Self::Starttls => SUBMISSION_PORT,
            Self::Implicit => SUBMISSIONS_PORT,
            Self::None => LOCAL_PORT,
        }
    }
}

fn tls(section: &mut Section<'_>, faults: &mut Faults) -> Option<Tls> {
    if !section.has(TLS) {
        return Some(Tls::Starttls);
    }
    match section.text(TLS, NAME_CHARACTERS_MAX, faults)?.as_str() {
        "starttls" => Some(Tls::Starttls),
        "implicit" => Some(Tls::Implicit),
        "none" => Some(Tls::None),
        _ => {
            faults.add(section.path(TLS), "is starttls, implicit or none");
            None
        }
    }
}

fn host(section: &mut Section<'_>, faults: &mut Faults) -> Option<String> {
    let host = section.text(HOST, NAME_CHARACTERS_MAX, faults)?;
    let is_address = host.parse::<IpAddr>().is_ok();
    let bare = |authority: Authority| authority.host() == host && authority.port().is_none();
    if is_address || host.parse().is_ok_and(bare) {
        return Some(host);
    }
    faults.add(section.path(HOST), "is the name in the relay's certificate, and nothing more");
    None
}

fn sender(section: &mut Section<'_>, faults: &mut Faults) -> Option<Contact> {
    let text = section.text(SENDER, NAME_CHARACTERS_MAX, faults)?;
    let by_mail = |contact: &Contact| matches!(contact.way(), Way::Mail { .. });
    let sender = Contact::read(&text).filter(by_mail);
    if sender.is_none() {
        faults.add(section.path(SENDER), "is an e-mail address");
    }
    sender
}

fn web(section: &mut Section<'_>, faults: &mut Faults) -> Option<Option<WebOptions>> {
    if !section.has(WEB_KEY) {
        let without = [URL, WEB_AUTHORITIES];
        return alone(section, &without, "does nothing without webhook_key", faults);
    }
    let key = section.file(WEB_KEY, faults);
    let authorities = section.file(WEB_AUTHORITIES, faults);
    Some(Some(WebOptions { authorities: authorities?, key: key? }))
}

/// Addresses, with the web address that is the operators' own.
fn operators(section: &mut Section<'_>, faults: &mut Faults) -> Option<Vec<Contact>> {
    let texts = section.texts(OPERATORS, OPERATORS_MAX, NAME_CHARACTERS_MAX, faults);
    let url = match section.has(URL) {
        true => section.text(URL, NAME_CHARACTERS_MAX, faults).map(Some),
        false => Some(None),
    };
    let mut operators = Vec::new();
    let mut good = true;
    for text in texts.iter().flatten() {
        match Contact::read(text) {
            Some(contact) => operators.push(contact),
            None => {
                faults.add(section.path(OPERATORS), format!("each {CONTACT_RULE}"));
                good = false;
                break;
            }
        }
    }
    if let Some(text) = url? {
        let by_web = |contact: &Contact| matches!(contact.way(), Way::Web { .. });
        match Contact::read(&text).filter(by_web) {
            Some(contact) => operators.push(contact),
            None => {
                faults.add(section.path(URL), "is https:// with a host, and no query");
                good = false;
            }
        }
    }
    (good && texts.is_some()).then_some(operators)
}

fn chain(section: &mut Section<'_>, faults: &mut Faults) -> Option<Chain> {
    const OFFICER: &str = "duty_officer_minutes";
    const LEAD: &str = "agency_lead_minutes";
    let range = 1..=MINUTES_MAX;
    let default = |delay: Duration| delay.as_secs() / 60;
    let officer = default(DUTY_OFFICER_AFTER_DEFAULT);
    let officer = section.whole(OFFICER, officer, range.clone(), faults);
    let lead = section.whole(LEAD, default(AGENCY_LEAD_AFTER_DEFAULT), range, faults);
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    let chain = Chain::new(minutes(officer?), minutes(lead?)).ok();
    if chain.is_none() {
        faults.add(section.path(LEAD), "is no less than duty_officer_minutes");
    }
    chain
}

/// Reads the files that hold secrets.
pub(super) fn read_secrets(options: &NotifyOptions) -> Result<NotifySecrets, ConfigError> {
    let mut faults = Faults::default();
    let path = options.mail.as_ref().and_then(|mail| mail.credentials.as_ref());
    let mut secrets = NotifySecrets::default();
    if let Some(path) = path {
        match key_file::two_lines(path) {
            Ok((user, password)) => secrets.mail = Some(MailCredentials { user, password }),
            Err(fault) => faults.add("notify.smtp_credentials", fault.to_string()),
        }
    }
    if let Some(web) = &options.web {
        match key_file::key(&web.key) {
            Ok(key) => secrets.web = Some(WebKey(key)),
            Err(fault) => faults.add("notify.webhook_key", fault.to_string()),
        }
    }
    if faults.is_empty() { Ok(secrets) } else { Err(faults.into_error()) }
}

/// The paths the section names, with their keys.
pub(super) fn paths(options: &NotifyOptions) -> Vec<(&'static str, &PathBuf)> {
    let mut paths = Vec::new();
    if let Some(mail) = &options.mail {
        if let Relay::There { authorities, .. } = &mail.relay {
            paths.push(("notify.smtp_authorities", authorities));
        }
        if let Some(credentials) = &mail.credentials {
            paths.push(("notify.smtp_credentials", credentials));
        }
    }
    if let Some(web) = &options.web {
        paths.push(("notify.webhook_authorities", &web.authorities));
        paths.push(("notify.webhook_key", &web.key));
    }
    paths
}

#[cfg(test)]
mod tests;

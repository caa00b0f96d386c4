//! What a notice says: words of a fixed table, ids of the directory, a reference and moments.
//!
//! Promises that a [`Notice`] has no place for a text of anybody's choosing, so that nothing about
//! a person can leave by it; and that the same alarm for the same people is the same notice, by
//! its id, however often it is raised.
//! Deliberately does not know: what the reference refers to. Whoever may know asks the broker.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::directory::document::is_directory_id;
use crate::directory::{Agency, Desk, Directory};

/// Who is told of a fixed table of things.
macro_rules! codes {
    ($($code:ident: $name:literal, $sentence:literal;)+) => {
        /// What is the matter.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $sentence] $code,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Code] = &[$(Self::$code),+];

            /// Its written name, as in the log and in a notice.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)+
                }
            }

            /// What the people who are told are to know and to do.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self {
                    $(Self::$code => $sentence,)+
                }
            }
        }
    };
}

codes! {
    ImmediateUnheard: "immediate-unheard",
        "An immediate message reaches nobody. Telephone the desk that sent it now.";
    ImmediateUnread: "immediate-unread",
        "An immediate message has not been read in time. Telephone the desk it was sent to.";
    ActionOverdue: "action-overdue",
        "Something that was to be done by a deadline has not been confirmed.";
    CorrectionOverdue: "correction-overdue",
        "A correction has not been confirmed by an agency that holds the original.";
    RuleFailed: "rule-failed",
        "A rule fails, so that a desk is told of a correction and not what it says. Mend the rule.";
    ObligationOverdue: "obligation-overdue",
        "A duty that came with information, to delete or to return it, has not been discharged.";
    AgreementReview: "agreement-review",
        "An agreement to share is to be reviewed by its parties. It stays in force until it ends.";
    AgreementEnding: "agreement-ending",
        "An agreement to share ends soon. From then on nothing is shared under it.";
    AgreementEnded: "agreement-ended",
        "An agreement to share has ended. Nothing is shared under it any more.";
    FeedSilent: "feed-silent",
        "Information that is expected by a fixed hour has not come.";
    FeedShort: "feed-short",
        "Information that is expected by a fixed hour came, and is suspiciously short.";
    BreakGlass: "break-glass",
        "Somebody used emergency access. It must be reviewed by somebody else.";
    ReviewOverdue: "review-overdue",
        "The review of an emergency access is still open past its time.";
}

impl Code {
    /// The code with this written name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }
}

/// A desk, an agency, or the broker itself: nothing but ids that the directory gave.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    agency: Option<Arc<str>>,
    desk: Option<Arc<str>>,
}

impl Place {
    /// The broker.
    pub const BROKER: Self = Self { agency: None, desk: None };

    /// A desk.
    #[must_use]
    pub fn desk(desk: &Desk) -> Self {
        Self { agency: Some(Arc::clone(&desk.agency)), desk: Some(Arc::clone(&desk.id)) }
    }

    /// An agency.
    #[must_use]
    pub fn agency(agency: &Agency) -> Self {
        Self { agency: Some(Arc::clone(&agency.id)), desk: None }
    }

    /// A desk by its ids; the broker, if the directory has no such desk.
    #[must_use]
    pub fn find(directory: &Directory, agency: &str, desk: &str) -> Self {
        let found = directory.desk_index(agency, desk).and_then(|place| directory.desk(place));
        found.map_or(Self::BROKER, Self::desk)
    }

    /// As it was written before. `None`: these are no ids.
    pub(super) fn again(agency: Option<&str>, desk: Option<&str>) -> Option<Self> {
        let good = agency.iter().chain(desk.iter()).all(|id| is_directory_id(id));
        let whole = desk.is_none() || agency.is_some();
        (good && whole).then(|| Self { agency: agency.map(Arc::from), desk: desk.map(Arc::from) })
    }

    /// Id of the agency; `None` for the broker.
    #[must_use]
    pub fn agency_id(&self) -> Option<&str> {
        self.agency.as_deref()
    }

    /// Id of the desk inside the agency; `None` for the broker or an agency as a whole.
    #[must_use]
    pub fn desk_id(&self) -> Option<&str> {
        self.desk.as_deref()
    }

    /// Its name: `gmp/stockport`, `gmp` or `broker`.
    #[must_use]
    pub fn name(&self) -> String {
        match (&self.agency, &self.desk) {
            (Some(agency), Some(desk)) => format!("{agency}/{desk}"),
            (Some(agency), None) => agency.to_string(),
            (None, _) => "broker".to_owned(),
        }
    }
}

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Addressee {
    /// Those who run the broker, and its duty desk.
    Operators,
    /// The duty officer of a desk: `duty_contact`.
    DutyOfficer(Place),
    /// The lead of an agency: `lead_contact`.
    AgencyLead(Place),
    /// The data-protection officer of an agency: `dpo_contact`.
    DataProtection(Place),
    /// A person of an agency: their `contact`.
    Person {
        /// The agency.
        place: Place,
        /// Opaque id.
        id: Uuid,
    },
}

impl Addressee {
    /// Its written name, without whose.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Operators => "operators",
            Self::DutyOfficer(_) => "duty_officer",
            Self::AgencyLead(_) => "agency_lead",
            Self::DataProtection(_) => "data_protection",
            Self::Person { .. } => "person",
        }
    }

    /// Whose; the broker's for operators.
    #[must_use]
    pub const fn place(&self) -> &Place {
        match self {
            Self::Operators => &Place::BROKER,
            Self::DutyOfficer(place)
            | Self::AgencyLead(place)
            | Self::DataProtection(place)
            | Self::Person { place, .. } => place,
        }
    }

    /// Opaque id of the person, where it is one.
    #[must_use]
    pub const fn person(&self) -> Option<Uuid> {
        match self {
            Self::Person { id, .. } => Some(*id),
            Self::Operators
            | Self::DutyOfficer(_)
            | Self::AgencyLead(_)
            | Self::DataProtection(_) => None,
        }
    }

    pub(super) fn again(name: &str, place: Place, person: Option<Uuid>) -> Option<Self> {
        match name {
            "person" => person.map(|id| Self::Person { place, id }),
            "operators" => Some(Self::Operators),
            "duty_officer" => Some(Self::DutyOfficer(place)),
            "agency_lead" => Some(Self::AgencyLead(place)),
            "data_protection" => Some(Self::DataProtection(place)),
            _ => None,
        }
    }
}

/// What leaves the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What is the matter.
    pub code: Code,
    /// Where: the desk or agency it is about, which need not be the one that is told.
    pub place: Place,
    /// What it refers to, for whoever may look it up in the broker. The same code, reference and
    /// deadline for the same people is one notice: an alarm that recurs needs another reference.
    pub reference: Uuid,
    /// By when something was to happen; `None` where nothing was.
    pub deadline: Option<OffsetDateTime>,
    /// When the alarm was raised.
    pub raised_at: OffsetDateTime,
}

/// A notice and who is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The notice.
    pub notice: Notice,
    /// Who is told.
    pub to: Addressee,
}

impl Letter {
    /// Its id: the same for the same alarm and the same people, also after a restart, so that
    /// whoever gets it twice can tell (RFC 9562 section 5.8).
    #[must_use]
    pub fn id(&self) -> Uuid {
        let deadline = self.notice.deadline.map(OffsetDateTime::unix_timestamp);
        let deadline = deadline.map(|seconds| seconds.to_string()).unwrap_or_default();
        // No part holds a line end.
        let person = self.to.person().map(|id| format!("\n{id}")).unwrap_or_default();
        let parts = format!(
            "pyramid-notice-1\n{}\n{}\n{}\n{deadline}\n{}\n{}{person}",
            self.notice.code.name(),
            self.notice.place.name(),
            self.notice.reference,
            self.to.name(),
            self.to.place().name(),
        );
        let hash = digest(&SHA256, parts.as_bytes());
        let mut bytes = [0; 16];
        for (byte, from) in bytes.iter_mut().zip(hash.as_ref()) {
            *byte = *from;
        }
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}

/// A moment as a notice writes it: UTC, to the second.
pub(super) fn written(moment: OffsetDateTime) -> String {
    let moment = moment.to_offset(time::UtcOffset::UTC);
    moment.replace_nanosecond(0).unwrap_or(moment).format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::uuid;

    use super::*;

    fn letter() -> Letter {
        let place = Place::again(Some("gmp"), Some("stockport")).unwrap();
        let notice = Notice {
            code: Code::ActionOverdue,
            place: place.clone(),
            reference: uuid!("018f0000-0000-7000-8000-000000000001"),
            deadline: Some(datetime!(2026-03-02 12:00 UTC)),
            raised_at: datetime!(2026-03-02 12:05 UTC),
        };
        Letter { notice, to: Addressee::DutyOfficer(place) }
    }

    #[test]
    fn a_notice_is_the_same_until_something_but_the_moment_of_the_alarm_differs() {
        let first = letter();
        let mut again = letter();
        again.notice.raised_at = datetime!(2026-03-02 13:00 UTC);
        assert_eq!(first.id(), again.id());
        assert_eq!(first.id().get_version_num(), 8);
        let changes: [fn(&mut Letter); 5] = [
            |letter| letter.notice.code = Code::CorrectionOverdue,
            |letter| letter.notice.place = Place::BROKER,
            |letter| letter.notice.reference = uuid!("018f0000-0000-7000-8000-000000000002"),
            |letter| letter.notice.deadline = None,
            |letter| letter.to = Addressee::AgencyLead(letter.to.place().clone()),
        ];
        for change in changes {
            let mut other = letter();
            change(&mut other);
            assert_ne!(first.id(), other.id());
        }
    }

    #[test]
    fn a_code_is_one_word_and_its_sentence_names_nobody() {
        for code in Code::ALL {
            assert_eq!(Code::from_name(code.name()), Some(*code));
            assert!(code.name().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
            assert!(code.sentence().is_ascii() && code.sentence().ends_with('.'));
        }
        assert_eq!(Code::from_name("other"), None);
    }

    #[test]
    fn the_page_of_operations_has_the_same_table() {
        let page = include_str!("../../../docs/operations.md");
        let rows: Vec<_> = page
            .lines()
            .filter(|line| line.starts_with("| `") && line.ends_with(". |"))
            .map(|line| line.trim_matches(['|', ' ']).split(" | ").collect::<Vec<_>>())
            .filter(|cells| cells.len() == 2)
            .filter(|cells| !cells[0].starts_with("`pyramid_") && !cells[0].contains(' '))
            .map(|cells| (cells[0].trim_matches('`'), cells[1]))
            .collect();
        let codes: Vec<_> = Code::ALL.iter().map(|code| (code.name(), code.sentence())).collect();
        assert_eq!(rows, codes);
    }

    #[test]
    fn what_is_no_id_makes_no_place() {
        assert!(Place::again(Some("Jane Invented"), None).is_none());
        assert!(Place::again(Some("gmp"), Some("Jane Invented")).is_none());
        assert!(Place::again(None, Some("stockport")).is_none());
        assert_eq!(Place::again(None, None), Some(Place::BROKER));
        assert_eq!(Place::find(&Directory::default(), "gmp", "stockport"), Place::BROKER);
    }

    #[test]
    fn moments_are_written_in_utc() {
        assert_eq!(written(datetime!(2026-07-01 07:00:00.5 +01:00)), "2026-07-01T06:00:00Z");
    }
}

//! What is published under load: messages of three kinds about a thousand invented people.
//!
//! Owns the people, the desks that are named, and the share of each sort of outcome: of five
//! agencies named, each gets every message; of all deliveries 30 in 100 have a field withheld,
//! and of all candidates 10 in 100 are refused. Promises that a message depends on its sequence
//! alone, so that a repeated one is the same. Deliberately does not know sockets or clocks.

use agency_client::compose::{self, ComposeError, Draft, Grade, Grounds, MappaChange, Person};
use prost::Message as _;
use proto::exchange::v1 as wire;
use proto::exchange::v1::{
    AreaRole, CustodyCertainty, Field, FlagKind, Footing, Gateway, GradingScheme, IdentifierType,
    IntelligenceTopic, LawfulBasis, LimitedAccess, MappaStep, Purpose, SensitiveCondition,
    SubjectCategory,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::draws::mixed;

/// People written about; the fewest that a policy cache must tell apart.
pub const PEOPLE_MIN: u64 = 1_000;
/// Agencies that can be named.
pub const AGENCIES_MAX: usize = 5;
/// The time to act by is the sequence after a multiple of so many seconds: one that lies ahead,
/// and before any that a policy sets, so that it reaches every recipient as it was sent.
const STAMP_SECONDS: i64 = 10_000;
const NANOS: u64 = 1_000_000_000;
/// An area that no desk of the shipped directory serves (Hartlepool), so that routing by place
/// adds nobody to those named.
const ELSEWHERE: &str = "E06000001";
/// Desks that are named in custody news and always refused.
const REFUSED_CUSTODY: [(&str, &str); 2] =
    [("loto-stockport", "mentors"), ("nhs-greater-manchester", "forensic-mental-health")];
/// Desks that are named in intelligence and always refused.
const REFUSED_INTELLIGENCE: [(&str, &str); 2] =
    [("hmpps-prisons", "manchester"), ("hmpps-prisons", "styal")];

/// A desk that receives, and the node it receives by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Desk {
    /// Node.
    pub node: &'static str,
    /// Desk.
    pub desk: &'static str,
}

const fn desk(node: &'static str, desk: &'static str) -> Desk {
    Desk { node, desk }
}

/// An agency that is named, and which of its desks for each kind.
#[derive(Clone, Copy, Debug)]
pub struct Recipient {
    /// Agency.
    pub agency: &'static str,
    /// Desk for custody news.
    pub custody: Desk,
    /// Desk for intelligence.
    pub intelligence: Desk,
    /// Desk for MAPPA steps.
    pub mappa: Desk,
}

impl Recipient {
    /// Its desks, each once.
    #[must_use]
    pub fn desks(&self) -> Vec<Desk> {
        let mut desks = vec![self.custody];
        for other in [self.intelligence, self.mappa] {
            if !desks.contains(&other) {
                desks.push(other);
            }
        }
        desks
    }
}

/// Who is named, in this order; the first is the owner of every flag.
pub const RECIPIENTS: [Recipient; AGENCIES_MAX] = [
    Recipient {
        agency: "gmp",
        custody: desk("records", "stockport"),
        intelligence: desk("records", "stockport"),
        mappa: desk("records", "stockport"),
    },
    Recipient {
        agency: "merseyside-police",
        custody: desk("records", "wirral"),
        intelligence: desk("records", "wirral"),
        mappa: desk("intelligence", "public-protection"),
    },
    Recipient {
        agency: "cheshire-police",
        custody: desk("records", "cheshire-east"),
        intelligence: desk("intelligence", "force-intelligence"),
        mappa: desk("intelligence", "public-protection"),
    },
    Recipient {
        agency: "probation-greater-manchester",
        custody: desk("records", "stockport"),
        intelligence: desk("records", "stockport"),
        mappa: desk("records", "public-protection"),
    },
    Recipient {
        agency: "stockport-council",
        custody: desk("housing", "housing"),
        intelligence: desk("community-safety", "community-safety"),
        mappa: desk("housing", "housing"),
    },
];

/// Who publishes: agency and node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The prisons: custody news and MAPPA steps.
    Prisons,
    /// A force's intelligence bureau: intelligence and MAPPA steps.
    Bureau,
}

impl Sender {
    /// The sender of a connection: they take turns.
    #[must_use]
    pub const fn of_connection(connection: usize) -> Self {
        if connection.is_multiple_of(2) { Self::Prisons } else { Self::Bureau }
    }

    /// Agency and node.
    #[must_use]
    pub const fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::Prisons => ("hmpps-prisons", "records"),
            Self::Bureau => ("merseyside-police", "intelligence"),
        }
    }
}

/// What is made of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Custody,
    Intelligence,
    Mappa,
}

impl Sort {
    /// Chosen by the sequence alone, so that the shares hold whatever each sender's rate is.
    ///
    /// Of custody news and of intelligence the council is told least: one delivery in five lacks
    /// a field. Of a MAPPA step the division that owns the flag is not told the narrative
    /// either: two in five.
    const fn of(sequence: u64, sender: Sender) -> Self {
        match (mixed(sequence) & 1, sender) {
            (0, Sender::Prisons) => Self::Custody,
            (0, Sender::Bureau) => Self::Intelligence,
            (_, Sender::Prisons | Sender::Bureau) => Self::Mappa,
        }
    }
}

/// The desks that a message names beside its recipients and that are refused. One or two of
/// custody news and intelligence, which are half of all, none of a MAPPA step: five in nine
/// messages, which with five permitted of each makes one candidate in ten.
fn refused(sequence: u64, sort: Sort) -> impl Iterator<Item = (&'static str, &'static str)> {
    let desks: &[_] = match sort {
        Sort::Custody => &REFUSED_CUSTODY,
        Sort::Intelligence => &REFUSED_INTELLIGENCE,
        Sort::Mappa => &[],
    };
    let count = if (mixed(sequence) >> 20).is_multiple_of(9) { 2 } else { 1 };
    desks.iter().take(count).copied()
}

const RELEASE: Grounds = Grounds {
    purpose: Purpose::OffenderManagement,
    gateway: Gateway::Oma2007S14,
    lawful_basis: LawfulBasis::Dpa2018S35Task,
    sensitive_condition: Some(SensitiveCondition::Sch8Statutory),
};
const CRIME: Grounds = Grounds {
    purpose: Purpose::CrimePrevention,
    gateway: Gateway::Cda1998S115,
    lawful_basis: LawfulBasis::Dpa2018S35Task,
    sensitive_condition: Some(SensitiveCondition::Sch8Statutory),
};
/// On what footing MAPPA steps are shared.
pub const PROTECTION: Grounds = Grounds {
    purpose: Purpose::PublicProtection,
    gateway: Gateway::Cja2003S325,
    lawful_basis: LawfulBasis::Dpa2018S35Task,
    sensitive_condition: Some(SensitiveCondition::Sch8Statutory),
};

/// The messages of one run.
#[derive(Clone, Debug)]
pub struct Mix {
    run: u64,
    agencies: usize,
    people: u64,
    message_bytes: usize,
    custody_only: bool,
    occurred_at: OffsetDateTime,
}

impl Mix {
    /// Messages of `message_bytes` encoded bytes each, to the first `agencies` recipients.
    /// `run` makes ids differ from those of another run on the same store.
    #[must_use]
    pub const fn new(
        run: u64,
        agencies: usize,
        people: u64,
        message_bytes: usize,
        occurred_at: OffsetDateTime,
    ) -> Self {
        Self { run, agencies, people, message_bytes, custody_only: false, occurred_at }
    }

    /// The same, of custody news only: all that one desk can be sent.
    #[must_use]
    pub const fn custody_only(self) -> Self {
        Self { custody_only: true, ..self }
    }

    /// Who is named.
    pub fn recipients(&self) -> impl Iterator<Item = &'static Recipient> {
        RECIPIENTS.iter().take(self.agencies)
    }

    /// The id of a message.
    #[must_use]
    pub const fn id(&self, sequence: u64) -> Uuid {
        Uuid::from_u64_pair(self.run, mixed(sequence))
    }

    /// The message of a sequence, as its sender publishes it.
    ///
    /// # Errors
    /// The message is not complete, which would be a fault of this module.
    pub fn message(&self, sequence: u64, sender: Sender) -> Result<wire::Message, ComposeError> {
        let sort = if self.custody_only { Sort::Custody } else { Sort::of(sequence, sender) };
        let (draft, desk_of): (Draft, fn(&Recipient) -> Desk) = match sort {
            Sort::Custody => (self.custody(sequence), |r| r.custody),
            Sort::Intelligence => (self.intelligence(sequence), |r| r.intelligence),
            Sort::Mappa => (self.mappa(sequence), |r| r.mappa),
        };
        let named = self.recipients().map(|r| (r.agency, desk_of(r).desk));
        let draft = named
            .chain(refused(sequence, sort))
            .fold(draft, |draft, (agency, desk)| draft.addressee(agency, desk));
        let mut message = draft.build()?;
        message.act_by = Some(stamp(self.occurred_at, sequence));
        self.fill(&mut message);
        Ok(message)
    }

    /// Every person's flag, raised before anything is measured.
    ///
    /// # Errors
    /// As [`Mix::message`].
    pub fn flags(&self) -> Result<Vec<wire::Message>, ComposeError> {
        let raise = |number| {
            let id = Uuid::from_u64_pair(!self.run, mixed(number));
            let person = self.person(number);
            let grounds =
                Grounds { sensitive_condition: None, gateway: Gateway::Cda1998S115, ..RELEASE };
            compose::flag_raise(id, grounds, person, FlagKind::Ppo, "2099-11-01", id).build()
        };
        (0..self.people).map(raise).collect()
    }

    fn custody(&self, sequence: u64) -> Draft {
        let draft = compose::custody_release(
            self.id(sequence),
            RELEASE,
            self.person(sequence),
            CustodyCertainty::Confirmed,
            "FBI",
            self.occurred_at,
        );
        draft.area(ELSEWHERE, AreaRole::Release)
    }

    fn intelligence(&self, sequence: u64) -> Draft {
        let grade = Grade {
            scheme: GradingScheme::ThreeFiveTwo,
            written: "2BP".to_owned(),
            conditions: Vec::new(),
        };
        let topic = IntelligenceTopic::default();
        let draft = compose::intelligence(self.id(sequence), CRIME, grade, topic, "");
        draft.person(self.person(sequence))
    }

    fn mappa(&self, sequence: u64) -> Draft {
        let change = MappaChange {
            step: MappaStep::Notification,
            category: 2,
            level: 2,
            previous_level: 0,
            referral: None,
            panel_decision: None,
        };
        compose::mappa(self.id(sequence), PROTECTION, self.person(sequence), &change)
    }

    /// An invented adult with a prison number.
    fn person(&self, sequence: u64) -> Person {
        let number = sequence.checked_rem(self.people).unwrap_or(0);
        Person::new(SubjectCategory::Managed)
            .identifier(IdentifierType::Noms, &format!("A{:04}ZZ", number % 10_000))
            .name(&format!("Invented {}", letters(number)))
            .birth_date("1988-04-12")
            .limited_access(LimitedAccess::No)
    }

    /// Brings a message to its size with text that only those entitled to narrative see.
    fn fill(&self, message: &mut wire::Message) {
        message.statements.push(wire::Statement {
            field: Field::Narrative.into(),
            footing: Footing::Fact.into(),
            subjects: vec![0],
            text: String::from("Invented."),
        });
        let missing = self.message_bytes.saturating_sub(message.encoded_len());
        if let Some(statement) = message.statements.last_mut() {
            // A longer text needs up to three bytes more for its own and its statement's length.
            statement.text.extend(std::iter::repeat_n('x', missing.saturating_sub(3)));
        }
    }
}

/// Five letters for a number.
pub(super) fn letters(mut number: u64) -> String {
    let mut text = String::from("Person");
    for _ in 0..5 {
        let letter = u8::try_from(number % 26).unwrap_or(0);
        text.push(char::from(b'a' + letter));
        number /= 26;
    }
    text
}

/// The sequence as a time to act by, some hours after another.
fn stamp(after: OffsetDateTime, sequence: u64) -> prost_types::Timestamp {
    let base = (after.unix_timestamp() / STAMP_SECONDS + 2) * STAMP_SECONDS;
    let seconds = i64::try_from(sequence / NANOS).unwrap_or(0);
    let nanos = i32::try_from(sequence % NANOS).unwrap_or(0);
    prost_types::Timestamp { seconds: base + seconds, nanos }
}

/// The sequence of a released message; `None` for one that is not of a mix.
#[must_use]
pub fn sequence_of(message: &wire::ReleasedMessage) -> Option<u64> {
    let act_by = message.act_by?;
    let seconds = u64::try_from(act_by.seconds.checked_rem(STAMP_SECONDS)?).ok()?;
    seconds.checked_mul(NANOS)?.checked_add(u64::try_from(act_by.nanos).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mix() -> Mix {
        Mix::new(1, AGENCIES_MAX, PEOPLE_MIN, 1_024, OffsetDateTime::UNIX_EPOCH)
    }

    #[test]
    fn a_repeated_message_is_the_same_and_of_the_size_asked_for() {
        for sequence in 0..200 {
            for sender in [Sender::Prisons, Sender::Bureau] {
                let message = mix().message(sequence, sender).unwrap();
                assert_eq!(message, mix().message(sequence, sender).unwrap());
                assert!((1_018..=1_024).contains(&message.encoded_len()));
            }
        }
    }

    #[test]
    fn a_sequence_survives_the_way_to_its_recipient() {
        for sequence in [0, 1, 999_999_999, 1_000_000_000, 2_500_000_001] {
            let act_by = Some(stamp(OffsetDateTime::UNIX_EPOCH, sequence));
            let released = wire::ReleasedMessage { act_by, ..wire::ReleasedMessage::default() };
            assert_eq!(sequence_of(&released), Some(sequence));
        }
        assert_eq!(sequence_of(&wire::ReleasedMessage::default()), None);
    }

    #[test]
    fn a_thousand_people_have_a_thousand_names_and_numbers() {
        let flags = mix().flags().unwrap();
        let people = flags
            .iter()
            .map(|flag| (&flag.subjects[0].name, &flag.subjects[0].identifiers[0].value));
        let (names, numbers): (std::collections::BTreeSet<_>, std::collections::BTreeSet<_>) =
            people.unzip();
        assert_eq!((names.len(), numbers.len()), (1_000, 1_000));
    }

    #[test]
    fn of_ten_candidates_one_is_refused_and_of_ten_deliveries_three_lack_a_field() {
        let (mut candidates, mut out, mut withheld) = (0, 0, 0_u32);
        for sequence in 0..100_000 {
            let sender = Sender::of_connection(usize::from(sequence % 3 == 0));
            let sort = Sort::of(sequence, sender);
            let refused = refused(sequence, sort).count();
            candidates += 5 + refused;
            out += refused;
            withheld += match sort {
                Sort::Custody | Sort::Intelligence => 1,
                Sort::Mappa => 2,
            };
        }
        assert!((0.095..0.105).contains(&(out as f64 / candidates as f64)));
        assert!((0.295..0.305).contains(&(f64::from(withheld) / 500_000.0)));
    }
}

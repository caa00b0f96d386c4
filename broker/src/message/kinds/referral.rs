//! Referrals: who was asked and agreed, and nobody who was harmed named before.
//!
//! What a programme asks of age, place, parties and level is the directory's, and is checked
//! where the directory is known.

use std::collections::BTreeSet;

use proto::exchange::v1 as wire;
use proto::exchange::v1::{Consent, Field, PartyRole, ReferralStep, SubjectCategory};
use proto::limits;

use super::{About, Citation, KindRules, Reach};
use crate::directory::{MessageKind, document};
use crate::message::check::Check;
use crate::message::people;

const SETTLES: &str = "referral.settles_message_id";
/// A street disposal: restorative justice that is over when it is recorded.
const STREET_DISPOSAL: u32 = 1;

impl KindRules for wire::Referral {
    fn kind(&self) -> MessageKind {
        MessageKind::Referral
    }

    fn check(&mut self, about: &About<'_>, check: &mut Check) {
        check.require(
            document::is_directory_id(&self.programme),
            "referral.programme",
            "must be a programme's id",
        );
        super::known::<ReferralStep>(self.step, "referral.step", check);
        super::check_report(&mut self.settles_message_id, SETTLES, about, check);
        check_level(self, check);
        check_earlier(self, about, check);
        if self.step() == ReferralStep::NotProceeding {
            check_silence(self, about, check);
        } else {
            check_parties(self, about, check);
        }
        check_harmed(self, about, check);
    }

    fn fields(&self) -> BTreeSet<Field> {
        let mut fields = BTreeSet::from([Field::ReferralProgramme]);
        if !self.parties.is_empty() {
            fields.insert(Field::Consent);
        }
        fields
    }

    fn redact(&mut self, hidden: &BTreeSet<Field>) {
        self.settles_message_id.clear();
        if hidden.contains(&Field::ReferralProgramme) {
            self.programme.clear();
            self.restorative_level = 0;
        }
        // Positions are those of the sender's own list of subjects, which a recipient may not
        // have whole; and who agreed is for the provider that asks each of them.
        self.parties.clear();
    }

    fn cites(&self) -> Option<Citation<'_>> {
        let reach = if self.step() == ReferralStep::NotProceeding {
            Reach::HoldersOnly
        } else {
            Reach::HoldersToo
        };
        Citation::of(SETTLES, &self.settles_message_id, reach)
    }

    fn may_answer(&self) -> bool {
        true
    }
}

fn check_level(referral: &wire::Referral, check: &mut Check) {
    let field = "referral.restorative_level";
    check.require(referral.restorative_level <= 3, field, "is 1 to 3, or 0 for other programmes");
    check.require(
        referral.restorative_level != STREET_DISPOSAL
            || [ReferralStep::Completed, ReferralStep::Unspecified].contains(&referral.step()),
        field,
        "level 1 is recorded as completed and never referred",
    );
}

/// What is made follows nothing, nor does a street disposal; all else follows a referral.
fn check_earlier(referral: &wire::Referral, about: &About<'_>, check: &mut Check) {
    let follows = super::follows(&referral.settles_message_id, about);
    let disposal = referral.restorative_level == STREET_DISPOSAL;
    match referral.step() {
        ReferralStep::Made => {
            check.require(!follows, SETTLES, "a referral that is made follows none");
        }
        ReferralStep::Completed if disposal => {
            check.require(!follows, SETTLES, "level 1 is never referred, so it follows nothing");
        }
        ReferralStep::Accepted
        | ReferralStep::Declined
        | ReferralStep::Started
        | ReferralStep::Completed
        | ReferralStep::NotProceeding => check.require(
            follows,
            SETTLES,
            "is required, or in_reply_to: the referral that this follows",
        ),
        ReferralStep::Unspecified => {}
    }
}

/// Whoever hears that it does not proceed hears no more than that.
fn check_silence(referral: &wire::Referral, about: &About<'_>, check: &mut Check) {
    let rule = "nobody is told who withdrew, or when: give neither parties nor statements";
    check.require(referral.parties.is_empty(), "referral.parties", rule);
    check.require(about.message.statements.is_empty(), "statements", rule);
}

fn check_parties(referral: &wire::Referral, about: &About<'_>, check: &mut Check) {
    check.require(
        referral.parties.len() <= limits::SUBJECTS_MAX,
        "referral.parties",
        "are at most 16",
    );
    let mut seen = BTreeSet::new();
    for (position, party) in referral.parties.iter().enumerate() {
        let at = |name: &str| format!("referral.parties[{position}].{name}");
        check.require(
            (party.subject as usize) < about.message.subjects.len() && seen.insert(party.subject),
            &at("subject"),
            "must be a subject of this message, each once",
        );
        super::known::<PartyRole>(party.role, &at("role"), check);
        super::known::<Consent>(party.consent, &at("consent"), check);
        check.require(
            was_asked(party.consent()) != party.recorded_on.is_empty(),
            &at("recorded_on"),
            "is given exactly when somebody was asked",
        );
        if let Some(day) = check.day(&party.recorded_on, &at("recorded_on")) {
            check.require_likely(
                |now| people::is_reached(&day, now),
                &at("recorded_on"),
                "must not be after the day of acceptance",
            );
        }
        check.require(
            party.role() != PartyRole::Harmed || party.consent() == Consent::Given,
            &at("consent"),
            "whoever was harmed is named only once they have agreed",
        );
    }
}

const fn was_asked(consent: Consent) -> bool {
    match consent {
        Consent::Given | Consent::Refused | Consent::Withdrawn => true,
        Consent::NotAsked | Consent::Unspecified => false,
    }
}

/// A victim who is no party would be named without having been asked.
fn check_harmed(referral: &wire::Referral, about: &About<'_>, check: &mut Check) {
    for (position, subject) in about.message.subjects.iter().enumerate() {
        let takes_part = referral.parties.iter().any(|party| {
            party.role() == PartyRole::Harmed && u32::try_from(position) == Ok(party.subject)
        });
        check.require(
            takes_part || subject.category() != SubjectCategory::Victim,
            &format!("subjects[{position}]"),
            "a victim is named only as a harmed party who has agreed",
        );
    }
}

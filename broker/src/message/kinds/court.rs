//! Court: hearings ahead or behind, and a result that fits the person's standing.

use std::collections::BTreeSet;

use proto::exchange::v1 as wire;
use proto::exchange::v1::{AreaRole, CourtOrder, CourtStep, Field, SubjectCategory};
use time::OffsetDateTime;

use super::days::{Age, british_day};
use super::{About, Citation, KindRules, Reach};
use crate::directory::MessageKind;
use crate::message::LIFE_MAX;
use crate::message::check::Check;

impl KindRules for wire::Court {
    fn kind(&self) -> MessageKind {
        MessageKind::Court
    }

    fn check(&mut self, about: &About<'_>, check: &mut Check) {
        super::known::<CourtStep>(self.step, "court.step", check);
        super::known_if_given::<CourtOrder>(self.order, "court.order", check);
        check.require(
            is_unit_code(&self.court),
            "court.court",
            "is a court's seven-character organisation unit code",
        );
        let ordered = matches!(self.step(), CourtStep::Sentenced | CourtStep::Review);
        check.require(
            ordered == (self.order() != CourtOrder::Unspecified),
            "court.order",
            "is given for sentenced and review, and for nothing else",
        );
        check.uuid(&mut self.settles_message_id, "court.settles_message_id");
        check.require(self.hearing_at.is_some(), "court.hearing_at", "is required");
        if let Some(hearing) = check.time(self.hearing_at.as_ref(), "court.hearing_at") {
            check_hearing(self.step(), hearing, check);
            check_remand(self.step(), hearing, about, check);
        }
        check_standing(self.step(), about, check);
    }

    fn fields(&self) -> BTreeSet<Field> {
        [Field::CourtDetail].into()
    }

    fn redact(&mut self, hidden: &BTreeSet<Field>) {
        self.settles_message_id.clear();
        if hidden.contains(&Field::CourtDetail) {
            *self = Self { hearing_at: self.hearing_at, ..Self::default() };
        }
    }

    fn cites(&self) -> Option<Citation<'_>> {
        Citation::of("court.settles_message_id", &self.settles_message_id, Reach::HoldersToo)
    }
}

/// Top level letter, two characters each of the second, third and bottom levels.
fn is_unit_code(code: &str) -> bool {
    let mut letters = code.bytes();
    letters.next().is_some_and(|first| first.is_ascii_uppercase())
        && code.len() == 7
        && letters.all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// By whole days in Britain: of a list only the day is certain, and what is heard today may be
/// over before its hour or begin after it.
fn check_hearing(step: CourtStep, hearing: OffsetDateTime, check: &mut Check) {
    let field = "court.hearing_at";
    let day = british_day(hearing);
    match step {
        CourtStep::Listed | CourtStep::Adjourned => {
            check.require_likely(
                |now| day >= british_day(now),
                field,
                "is today or ahead: it is listed or adjourned to",
            );
            check.require_likely(
                |now| hearing <= now + LIFE_MAX,
                field,
                "is at most 366 days ahead",
            );
        }
        CourtStep::Bailed
        | CourtStep::Remanded
        | CourtStep::Warrant
        | CourtStep::Convicted
        | CourtStep::Acquitted
        | CourtStep::Sentenced
        | CourtStep::Review => check.require_likely(
            |now| day <= british_day(now),
            field,
            "must not be after today: it says what the court did",
        ),
        CourtStep::Unspecified => {}
    }
}

/// LASPO 2012 s.104: a child who is remanded is looked after from then on, by the authority that
/// the court designates. An age nobody knows holds up no news of a remand.
fn check_remand(step: CourtStep, hearing: OffsetDateTime, about: &About<'_>, check: &mut Check) {
    let subject = about.message.subjects.first();
    let age = subject.and_then(|subject| Age::on(british_day(hearing), subject));
    let of_a_child = step == CourtStep::Remanded && age.is_some_and(Age::is_child);
    check.require(
        !of_a_child || super::has_area(about, AreaRole::Designated),
        "areas",
        "a child's remand names the area of the designated authority (LASPO 2012 s.104)",
    );
}

/// DPA 2018 s.38(3): whoever is convicted or sentenced is no mere suspect.
fn check_standing(step: CourtStep, about: &About<'_>, check: &mut Check) {
    let decided = matches!(step, CourtStep::Convicted | CourtStep::Sentenced | CourtStep::Review);
    let category = about.message.subjects.first().map(wire::Subject::category);
    if decided && category == Some(SubjectCategory::Suspect) {
        check.fail(
            "subjects[0].category",
            "whom a court convicts or sentences is convicted or managed",
        );
    }
    super::check_concerns_managed(
        about,
        "a court hears a suspect, a convicted or a managed person",
        check,
    );
}

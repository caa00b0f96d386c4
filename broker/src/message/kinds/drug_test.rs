//! Drug tests: lawful by age and point in the case, and for a closed list of uses.

use std::collections::BTreeSet;

use proto::exchange::v1 as wire;
use proto::exchange::v1::{
    DrugTestResult, DrugTestStage, DrugTestSubstance, DrugTestUse, Field, Purpose,
};
use time::{Duration, OffsetDateTime};

use super::days::{Age, british_day};
use super::{About, KindRules};
use crate::directory::MessageKind;
use crate::message::check::Check;

/// An older result says nothing of today.
const AGE_MAX: Duration = Duration::days(366);
/// From this age a test is lawful after charge (PACE s.63B(3)).
const CHARGED_FROM: u16 = 14;

impl KindRules for wire::DrugTest {
    fn kind(&self) -> MessageKind {
        MessageKind::DrugTest
    }

    fn check(&mut self, about: &About<'_>, check: &mut Check) {
        super::known::<DrugTestStage>(self.stage, "drug_test.stage", check);
        super::known::<DrugTestResult>(self.result, "drug_test.result", check);
        check_use(self, about, check);
        check_substances(self, check);
        check.require(
            about.message.subjects.len() <= 1,
            "subjects",
            "a drug test is of one person",
        );
        super::check_concerns_managed(
            about,
            "a suspect, a convicted or a managed person is tested",
            check,
        );
        let field = "drug_test.tested_at";
        if let Some(tested) = super::check_happened(self.tested_at.as_ref(), field, check) {
            check.require_likely(|now| tested >= now - AGE_MAX, field, "is at most 366 days back");
            check_age(self, tested, about, check);
        }
    }

    fn fields(&self) -> BTreeSet<Field> {
        [Field::DrugTestResult].into()
    }

    fn redact(&mut self, hidden: &BTreeSet<Field>) {
        if hidden.contains(&Field::DrugTestResult) {
            self.result = 0;
            self.substances.clear();
        }
    }
}

/// PACE s.63B(7): a closed list, and general intelligence is not on it.
fn check_use(test: &wire::DrugTest, about: &About<'_>, check: &mut Check) {
    check.require(
        test.r#use() != DrugTestUse::Unspecified,
        "drug_test.use",
        "is required: a result may be used for bail, sentence, supervision, release, or advice \
         and treatment, and for nothing else (PACE s.63B(7))",
    );
    check.require(
        about.message.purpose() != Purpose::CrimePrevention,
        "purpose",
        "a drug test's result is not for preventing crime at large (PACE s.63B(7))",
    );
}

fn check_substances(test: &mut wire::DrugTest, check: &mut Check) {
    let field = "drug_test.substances";
    let known = |value| value != 0 && DrugTestSubstance::try_from(value).is_ok();
    let each_once = super::in_order_each_once(&mut test.substances, known);
    check.require(each_once, field, "are known, each once");
    let positive = test.result() == DrugTestResult::Positive;
    check.require(
        positive != test.substances.is_empty(),
        field,
        "a positive result names them, and no other does",
    );
}

/// PACE s.63B(3) and (5A), by the age on the day of the test: from 18 after arrest, from 14 after
/// charge, with an appropriate adult for a child. An age nobody knows makes no test lawful.
fn check_age(test: &wire::DrugTest, tested: OffsetDateTime, about: &About<'_>, check: &mut Check) {
    let Some(subject) = about.message.subjects.first() else { return };
    let Some(age) = Age::on(british_day(tested), subject) else { return };
    let field = "drug_test.stage";
    match test.stage() {
        DrugTestStage::Arrest => check.require(
            age.is_adult(),
            field,
            "after arrest a test is lawful from 18 only (PACE s.63B(3)); an unknown age is no 18",
        ),
        DrugTestStage::Supervision => check.require(
            age.is_adult(),
            field,
            "under an order or a licence a test is lawful from 18 only; an unknown age is no 18",
        ),
        DrugTestStage::Charge => {
            check.require(
                age.is_adult() || age.years().is_some_and(|years| years >= CHARGED_FROM),
                field,
                "after charge a test is lawful from 14 only (PACE s.63B(3)): a birth date must \
                 show it",
            );
            check.require(
                age.is_adult() || test.appropriate_adult,
                "drug_test.appropriate_adult",
                "must be there when a child is tested (PACE s.63B(5A))",
            );
        }
        DrugTestStage::Unspecified => {}
    }
}

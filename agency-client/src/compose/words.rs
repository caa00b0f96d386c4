//! The rules that a draft is held to before it is sent, in the broker's own words.
//!
//! Owns: the words. Promises: each stands in the broker's rules of messages, so that nobody learns
//! two names for one rule; a test holds them to it.
//! Deliberately does not know: when a rule applies.

pub(super) const REQUIRED: &str = "is required";
pub(super) const AGREED_BY_WITH_DATE: &str =
    "is given with panel_date, and only with it: the agencies that decided together";
pub(super) const AGREED_BY: &str = "are at most 16 agency ids, each once";
pub(super) const COHORT: &str =
    "fixed, flex and free are cohorts of integrated offender management only";
pub(super) const RATING_BLUE: &str = "blue means in custody: the flag is then suspended";
pub(super) const FLAG_EXIT: &str = "is why a flag is taken off: give it on de-select only";
pub(super) const NOT_TO_MOST: &str = "are at most 16";
pub(super) const NOT_TO_ADDRESSEE: &str = "is an addressee as well";
pub(super) const TEST_USE: &str = "is required: a result may be used for bail, sentence, \
     supervision, release, or advice and treatment, and for nothing else (PACE s.63B(7))";
pub(super) const TEST_PURPOSE: &str =
    "a drug test's result is not for preventing crime at large (PACE s.63B(7))";
pub(super) const SUBSTANCES_KNOWN: &str = "are known, each once";
pub(super) const SUBSTANCES_POSITIVE: &str = "a positive result names them, and no other does";
pub(super) const TEST_ONE_PERSON: &str = "a drug test is of one person";
pub(super) const TEST_WHOM: &str = "a suspect, a convicted or a managed person is tested";
pub(super) const TEST_ARREST: &str =
    "after arrest a test is lawful from 18 only (PACE s.63B(3)); an unknown age is no 18";
pub(super) const TEST_SUPERVISION: &str =
    "under an order or a licence a test is lawful from 18 only; an unknown age is no 18";
pub(super) const TEST_CHARGE: &str =
    "after charge a test is lawful from 14 only (PACE s.63B(3)): a birth date must show it";
pub(super) const TEST_ADULT: &str = "must be there when a child is tested (PACE s.63B(5A))";
pub(super) const RECALL_MATTER: &str = "only a licence ends in recall";
pub(super) const RECALL_PROVED: &str = "a recall that is considered is not proved";
pub(super) const RECALL_DISPROVED: &str =
    "a recall that is considered is not disproved: it is withdrawn";
pub(super) const ENFORCED_CONSENT: &str =
    "consent is never the ground of enforcement: it can be withdrawn";
pub(super) const ENFORCED_WHOM: &str =
    "only a suspect, a convicted or a managed person is enforced against";
pub(super) const COURT_CODE: &str = "is a court's seven-character organisation unit code";
pub(super) const COURT_ORDER: &str = "is given for sentenced and review, and for nothing else";
pub(super) const COURT_CONVICTED: &str =
    "whom a court convicts or sentences is convicted or managed";
pub(super) const COURT_WHOM: &str = "a court hears a suspect, a convicted or a managed person";
pub(super) const ACTION_OWNER: &str = "is required: who is to do it";
pub(super) const PLANNED_EMERGENCY: &str =
    "what is planned beforehand is no emergency: its notice follows";
pub(super) const PLACED_WHOM: &str = "a suspect, a convicted or a managed person is placed so";
pub(super) const CHILD_REMAND: &str =
    "a child's remand names the area of the designated authority (LASPO 2012 s.104)";
pub(super) const PLACEMENT_ENDS: &str = "is required when a placement ends";
pub(super) const LEVEL: &str = "is 1 to 3, or 0 for other programmes";
pub(super) const LEVEL_ONE: &str = "level 1 is recorded as completed and never referred";
pub(super) const LEVEL_ONE_FOLLOWS: &str = "level 1 is never referred, so it follows nothing";
pub(super) const VICTIM: &str = "a victim is named only as a harmed party who has agreed";
pub(super) const PARTIES: &str = "are at most 16";
pub(super) const NOT_PROCEEDING: &str =
    "nobody is told who withdrew, or when: give neither parties nor statements";
pub(super) const RECORDED_ON: &str = "is given exactly when somebody was asked";
pub(super) const REQUEST_FIELDS: &str = "are fields of statements, at least one, each once";
pub(super) const REQUEST_WHOM: &str =
    "ask named agencies, or whoever holds something, and not both";
pub(super) const ASKED_ABOUT: &str = "a suspect, a convicted or a managed person is asked about";
pub(super) const DECLINE_REASON: &str = "is given for declined, and for nothing else";
pub(super) const ANSWER_STATEMENTS: &str = "only an answer says something";
pub(super) const ANSWER_SAYS: &str = "an answer says something";
pub(super) const ANSWER_TO: &str = "a response goes to whoever asked, and to nobody else";
pub(super) const CORRECTION_SAYS: &str = "say what is put right or added";
pub(super) const CORRECTION_SILENT: &str =
    "only a rectification or a supplement says something new";
pub(super) const IDENTITY_SILENT: &str = "a merge or unmerge says nothing but the numbers";
pub(super) const MERGE: &str =
    "a merge names one person with two numbers of one register, the leading one first";
pub(super) const UNMERGE: &str =
    "an unmerge names two persons with one number of one register each";

/// Of emergency access.
pub(super) const SECOND_PERSON: &str = "must be somebody else than the acting person";
pub(super) const BREAK_GLASS_END: &str =
    "must be at most 4 hours ahead: emergency access ends by itself";
pub(super) const BREAK_GLASS_DESKS: &str =
    "are required: emergency access reaches the desks it names and nobody else";
pub(super) const BREAK_GLASS_DESK: &str =
    "is required: emergency access is for a desk and not for an agency";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    /// The source without line breaks inside texts, so that a long text reads as it is said.
    fn joined(source: &str) -> String {
        let mut lines = source.split("\\\n");
        let first = lines.next().unwrap_or_default().to_owned();
        lines.fold(first, |text, line| text + line.trim_start())
    }

    fn sources(folder: &Path) -> String {
        let mut text = String::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                text += &sources(&path);
            } else {
                text += &joined(&std::fs::read_to_string(path).unwrap());
            }
        }
        text
    }

    #[test]
    fn every_rule_is_worded_as_the_broker_words_it() {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let broker = sources(&top.join("broker/src/message"));
        let rules = joined(include_str!("words.rs"));
        let rules = rules.split("#[cfg(test)]").next().unwrap();
        let ours: BTreeSet<&str> = rules.split('"').skip(1).step_by(2).collect();
        assert!(ours.len() > 30, "no rules were read");
        for rule in ours {
            assert!(broker.contains(&format!("\"{rule}\"")), "the broker does not say: {rule}");
        }
    }
}

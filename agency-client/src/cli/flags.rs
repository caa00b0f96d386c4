//! The verb `flags`: a desk's list of its own flags.
//!
//! Owns: its order and its words. Promises: all that the broker answers is said, and a review that was not
//! held is marked. Deliberately does not know: who owns what.

use super::args::Look;
use super::briefing::{day, person, plain};
use super::error::CliError;
use super::output::{Output, complain, time_text, word};
use super::receive::desk_or_first;
use super::released_json;
use crate::connection::Connection;
use crate::settings::Settings;
use proto::exchange::v1 as wire;
use proto::exchange::v1::FlagStage;
use serde_json::{Value, json};
use std::path::Path;

/// Stages in the order in which a panel reads them.
const STAGES: [(FlagStage, &str); 5] = [
    (FlagStage::Nominated, "BEFORE THE PANEL"),
    (FlagStage::Proposed, "PROPOSED"),
    (FlagStage::Selected, "SELECTED"),
    (FlagStage::Suspended, "SUSPENDED, IN CUSTODY"),
    (FlagStage::ExitPlanned, "EXIT PLANNED"),
];

/// `agency flags`.
pub(super) async fn flags(settings: &Path, look: &Look, out: &Output) -> Result<(), CliError> {
    let settings = Settings::load(settings)?;
    let desk = desk_or_first(look.desk.clone(), &settings)?;
    let connection = Connection::connect(&settings).await?;
    let request = wire::ListFlagsRequest {
        desk: desk.clone(),
        acting_person: look.person.clone(),
        purpose: look.purpose.into(),
    };
    let answer = connection.exchange().await?.list_flags(request).await?.into_inner();
    if answer.more {
        complain("there are more than these");
    }
    if !out.is_json {
        return out.text(&sheet(&desk, &answer));
    }
    for flag in &answer.flags {
        out.record(|| json_of(flag), String::new)?;
    }
    Ok(())
}

/// The list as it is read.
fn sheet(desk: &str, answer: &wire::ListFlagsResponse) -> String {
    let overdue = answer.flags.iter().filter(|flag| flag.review_overdue).count();
    let mut lines = vec![
        "OFFICIAL-SENSITIVE".to_owned(),
        String::new(),
        format!("Flags of desk {desk} as of {}", time_text(answer.as_of.as_ref())),
        format!("{} in all; reviews overdue: {overdue}", answer.flags.len()),
    ];
    for (stage, title) in STAGES {
        let of_stage: Vec<_> = answer.flags.iter().filter(|flag| flag.stage() == stage).collect();
        lines.extend([String::new(), format!("{title} ({})", of_stage.len())]);
        for flag in of_stage {
            lines.extend(entry(flag));
        }
    }
    lines.extend([String::new(), "OFFICIAL-SENSITIVE".to_owned()]);
    lines.join("\n")
}

/// A flag in a few lines.
fn entry(flag: &wire::OwnFlag) -> Vec<String> {
    let of = flag.subject.as_ref().map_or_else(
        || match flag.reference.is_empty() {
            true => "(no longer kept here: your own record has it)".to_owned(),
            false => format!("(see what you were given: {})", hex::encode(&flag.reference)),
        },
        person,
    );
    let kind = word::<wire::FlagKind>(flag.flag_kind).to_uppercase().replace('_', " ");
    let overdue = if flag.review_overdue { "  REVIEW OVERDUE" } else { "" };
    let given = |text: &str, shown: &dyn Fn(&str) -> String| {
        if text.is_empty() { "none given".to_owned() } else { shown(text) }
    };
    let mut lines = vec![
        format!("  {kind}: {of}{overdue}"),
        format!(
            "     review {}; panel {}; manager {}",
            given(&flag.review_date, &day),
            given(&flag.panel_date, &day),
            given(&flag.manager, &str::to_owned),
        ),
    ];
    let managed = [
        (flag.cohort != 0).then(|| plain(&word::<wire::FlagCohort>(flag.cohort))),
        (flag.rating != 0).then(|| plain(&word::<wire::FlagRating>(flag.rating))),
        (!flag.suspended_on.is_empty()).then(|| format!("since {}", day(&flag.suspended_on))),
        (!flag.message_id.is_empty()).then(|| format!("last message {}", flag.message_id)),
    ];
    lines.push(format!("     {}", managed.into_iter().flatten().collect::<Vec<_>>().join("; ")));
    lines.retain(|line| !line.trim().is_empty());
    lines
}

fn json_of(flag: &wire::OwnFlag) -> Value {
    json!({
        "flag_kind": word::<wire::FlagKind>(flag.flag_kind),
        "stage": word::<FlagStage>(flag.stage),
        "message_id": flag.message_id,
        "reference": hex::encode(&flag.reference),
        "subject": flag.subject.as_ref().map(released_json::subject),
        "panel_date": flag.panel_date,
        "review_date": flag.review_date,
        "review_overdue": flag.review_overdue,
        "manager": flag.manager,
        "cohort": (flag.cohort != 0).then(|| word::<wire::FlagCohort>(flag.cohort)),
        "rating": (flag.rating != 0).then(|| word::<wire::FlagRating>(flag.rating)),
        "suspended_on": flag.suspended_on,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Somebody (invented) on a list.
    fn flag(stage: FlagStage, name: &str, review_overdue: bool) -> wire::OwnFlag {
        let subject = wire::Subject {
            name: name.to_owned(),
            category: wire::SubjectCategory::Managed.into(),
            ..wire::Subject::default()
        };
        wire::OwnFlag {
            flag_kind: wire::FlagKind::Ppo.into(),
            stage: stage.into(),
            subject: Some(subject),
            review_date: "2026-12-15".to_owned(),
            review_overdue,
            ..wire::OwnFlag::default()
        }
    }

    #[test]
    fn each_stage_has_its_own_and_what_is_overdue_is_marked() {
        let answer = wire::ListFlagsResponse {
            flags: vec![
                flag(FlagStage::Selected, "Invented Brook", true),
                flag(FlagStage::Suspended, "Invented Ash", false),
            ],
            ..wire::ListFlagsResponse::default()
        };
        let text = sheet("stockport", &answer);
        let place = |what: &str| text.find(what).unwrap();
        assert!(place("SELECTED (1)") < place("Invented Brook"));
        assert!(place("Invented Brook") < place("SUSPENDED, IN CUSTODY (1)"));
        assert!(place("SUSPENDED, IN CUSTODY (1)") < place("Invented Ash"));
        let marked: Vec<_> = text.lines().filter(|line| line.contains("REVIEW OVERDUE")).collect();
        assert_eq!(marked, ["  PPO: Invented Brook, managed  REVIEW OVERDUE"]);
        assert!(text.contains("PROPOSED (0)"));
    }

    #[test]
    fn what_another_agency_changed_is_told_by_reference() {
        let mut given = flag(FlagStage::Selected, "", false);
        (given.subject, given.reference) = (None, vec![0xAB; 16].into());
        assert!(entry(&given).join("\n").contains("see what you were given: abab"));
    }
}

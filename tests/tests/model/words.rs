//! Messages of these tests as a reader of a failure needs them: with what they say.
//!
//! The protocol's own `Debug` says nothing of anybody, as it must; everybody here is invented.

use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::released_message::Kind as Shown;
use proto::text::Named as _;

fn person(one: &wire::Subject) -> String {
    let numbers: Vec<&str> = one.identifiers.iter().map(|number| number.value.as_str()).collect();
    format!(
        "    {} {numbers:?} {:?} born {:?} {:?} limited {:?}",
        one.category().name(),
        one.name,
        one.birth_date,
        one.age(),
        one.limited_access()
    )
}

fn said(one: &wire::Statement) -> String {
    format!("    {} of {:?}: {:?}", one.field().name(), one.subjects, one.text)
}

fn places(areas: &[wire::Area]) -> String {
    let codes: Vec<&str> = areas.iter().map(|area| area.code.as_str()).collect();
    format!("    areas {codes:?}")
}

fn lines(
    people: &[wire::Subject],
    statements: &[wire::Statement],
    areas: &[wire::Area],
) -> Vec<String> {
    let people = people.iter().map(person);
    people.chain(statements.iter().map(said)).chain([places(areas)]).collect()
}

/// What a desk was to receive, or received.
pub fn view(view: &wire::ReleasedMessage) -> String {
    let fields = view.withheld.iter().filter_map(|one| wire::Field::try_from(*one).ok());
    let withheld: Vec<String> = fields.map(|field| field.name()).collect();
    let mut text = lines(&view.subjects, &view.statements, &view.areas);
    text.push(format!(
        "    from {}/{} on {:?} {:?} held to {:?}, withheld {withheld:?}, notice {}, case {:?}, at {:?}",
        view.sending_agency,
        view.sending_desk,
        view.purpose(),
        view.gateway(),
        view.handling_conditions,
        view.notice_only,
        view.correlation_id,
        view.accepted_at,
    ));
    text.push(format!("    {}", view.kind.as_ref().map(shown).unwrap_or_default()));
    text.join("\n")
}

fn shown(kind: &Shown) -> String {
    let kind = match kind {
        Shown::Task(task) => return format!("task {:?}", task.task_kind()),
        Shown::Intelligence(one) => Kind::Intelligence(one.clone()),
        Shown::Mappa(one) => Kind::Mappa(one.clone()),
        Shown::Custody(one) => Kind::Custody(one.clone()),
        Shown::Flag(one) => Kind::Flag(one.clone()),
        Shown::Correction(one) => Kind::Correction(one.clone()),
        Shown::DrugTest(one) => Kind::DrugTest(one.clone()),
        Shown::Enforcement(one) => Kind::Enforcement(one.clone()),
        Shown::Action(one) => Kind::Action(one.clone()),
        Shown::Placement(one) => Kind::Placement(one.clone()),
        Shown::Referral(one) => Kind::Referral(one.clone()),
        Shown::Court(one) => Kind::Court(one.clone()),
        Shown::Request(one) => Kind::Request(one.clone()),
        Shown::Response(one) => Kind::Response(*one),
    };
    self::kind(&kind)
}

fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Intelligence(one) => {
            format!(
                "intelligence {:?} {:?} {:?}",
                one.grade, one.conditions, one.originator_reference
            )
        }
        Kind::Custody(one) => format!(
            "custody {:?} {:?} {:?} {:?} {:?}",
            one.event(),
            one.certainty(),
            one.prison,
            one.movement_reason,
            one.occurred_at
        ),
        Kind::Flag(one) => format!(
            "flag {:?} {:?} owner {:?} review {:?}",
            one.flag_kind(),
            one.action(),
            one.owner.as_ref().map(|owner| owner.desk.clone()),
            one.review_date
        ),
        Kind::Correction(one) => format!("correction {:?} {:?}", one.action(), one.reason),
        Kind::DrugTest(one) => {
            format!("drug test {:?} {:?} {:?}", one.result(), one.r#use(), one.substances)
        }
        Kind::Enforcement(one) => format!(
            "enforcement {:?} {:?} {:?} {:?}",
            one.matter(),
            one.step(),
            one.outcome(),
            one.occurred_at
        ),
        Kind::Action(one) => format!(
            "action {:?} {:?} owner {:?}",
            one.step(),
            one.pathway(),
            one.owner.as_ref().map(|owner| owner.desk.clone())
        ),
        Kind::Placement(one) => {
            format!("placement {:?} {:?} {:?}", one.sort(), one.step(), one.starts_on)
        }
        Kind::Referral(one) => {
            format!("referral {:?} {:?} parties {}", one.programme, one.step(), one.parties.len())
        }
        Kind::Mappa(_) | Kind::Court(_) | Kind::Request(_) | Kind::Response(_) => {
            "no kind of these tests".to_owned()
        }
    }
}

/// A message as its sender says it.
pub fn message(message: &wire::Message) -> String {
    let mut text = lines(&message.subjects, &message.statements, &message.areas);
    let to: Vec<String> =
        message.addressees.iter().map(|one| format!("{}/{}", one.agency, one.desk)).collect();
    text.push(format!(
        "    on {:?} {:?} {:?}, condition {:?}, held to {:?}, to {to:?}, not to {:?}, from {:?} until {:?}",
        message.purpose(),
        message.gateway(),
        message.lawful_basis(),
        message.sensitive_condition(),
        message.handling_conditions,
        message.not_to,
        message.not_before,
        message.expires_at,
    ));
    text.push(format!("    {}", message.kind.as_ref().map(kind).unwrap_or_default()));
    text.join("\n")
}

/// The fields in which two messages are not the same.
pub fn differing(one: &wire::ReleasedMessage, other: &wire::ReleasedMessage) -> Vec<&'static str> {
    macro_rules! fields {
        ($($field:ident)*) => {
            [$((stringify!($field), one.$field == other.$field)),*]
        };
    }
    let fields = fields! {
        sending_agency sending_desk purpose gateway marking handling_conditions subjects statements
        areas urgency accepted_at act_by delete_by withheld correlation_id flag_review_overdue
        answers_message_id notice_only break_glass sections kind
    };
    fields.into_iter().filter(|(_, same)| !same).map(|(field, _)| field).collect()
}

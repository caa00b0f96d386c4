//! How a briefing reads: on a terminal, and on the page that is printed.

use std::collections::BTreeSet;

use agency_client::cli::briefing::{About, Nominal, Sheet, of_desk, pack};
use proto::exchange::v1::WorklistReason as Reason;
use proto::exchange::v1::released_message::Kind;

use super::*;

/// Monday, seven in the morning; clocks in Stockport show the same.
const SEVEN: OffsetDateTime = datetime!(2026-11-23 07:00 UTC);

fn about() -> About {
    About {
        agency: "gmp".to_owned(),
        desk: "stockport".to_owned(),
        person: OFFICER.to_owned(),
        purpose: "offender management".to_owned(),
        drawn_at: SEVEN,
    }
}

/// An item that was given at ten at night, numbered.
fn item(number: u8, reasons: &[Reason], message: wire::ReleasedMessage) -> wire::WorklistItem {
    wire::WorklistItem {
        delivery_id: vec![number; 16].into(),
        release_id: vec![number; 16].into(),
        reference: vec![0xa0 + number; 16].into(),
        given_at: Some(compose::timestamp(datetime!(2026-11-22 22:00 UTC))),
        reasons: reasons.iter().map(|reason| i32::from(*reason)).collect(),
        body: message.encode_to_vec().into(),
        ..wire::WorklistItem::default()
    }
}

fn message(sender: (&str, &str), name: &str, kind: Kind) -> wire::ReleasedMessage {
    wire::ReleasedMessage {
        sending_agency: sender.0.to_owned(),
        sending_desk: sender.1.to_owned(),
        purpose: wire::Purpose::OffenderManagement.into(),
        gateway: wire::Gateway::Oma2007S14.into(),
        marking: wire::Marking::OfficialSensitive.into(),
        subjects: vec![wire::Subject {
            category: wire::SubjectCategory::Managed.into(),
            name: name.to_owned(),
            ..wire::Subject::default()
        }],
        kind: Some(kind),
        ..wire::ReleasedMessage::default()
    }
}

fn release(name: &str, at: OffsetDateTime) -> wire::ReleasedMessage {
    let custody = wire::Custody {
        event: wire::CustodyEvent::Release.into(),
        certainty: wire::CustodyCertainty::Confirmed.into(),
        prison: "FBI".to_owned(),
        occurred_at: Some(compose::timestamp(at)),
        ..wire::Custody::default()
    };
    message(("hmpps-prisons", "movements"), name, Kind::Custody(custody))
}

fn intelligence(text: &str) -> wire::ReleasedMessage {
    let graded = wire::Intelligence {
        scheme: wire::GradingScheme::ThreeFiveTwo.into(),
        grade: "2CC".to_owned(),
        conditions: vec![wire::IntelligenceCondition::S2.into()],
        originator_reference: "REF/77".to_owned(),
        topic: wire::IntelligenceTopic::Wanted.into(),
    };
    let statement = wire::Statement {
        field: wire::Field::Sighting.into(),
        footing: wire::Footing::Fact.into(),
        subjects: vec![0],
        text: text.to_owned(),
    };
    wire::ReleasedMessage {
        urgency: wire::Urgency::Immediate.into(),
        handling_conditions: vec![
            wire::HandlingCondition::NoOnward.into(),
            wire::HandlingCondition::NotToSubject.into(),
        ],
        statements: vec![statement],
        withheld: vec![wire::Field::Address.into()],
        ..message(("merseyside-police", ""), "Invented Archer", Kind::Intelligence(graded))
    }
}

fn due(owed: wire::Attestation, at: OffsetDateTime, overdue: bool) -> wire::WorklistDuty {
    wire::WorklistDuty { owed: owed.into(), due: Some(compose::timestamp(at)), overdue }
}

/// One item of each sort, the last given first.
fn a_night() -> Vec<wire::WorklistItem> {
    let task =
        wire::Task { task_kind: wire::TaskKind::PossibleMatch.into(), ..wire::Task::default() };
    let flag = wire::Flag {
        flag_kind: wire::FlagKind::Ppo.into(),
        action: wire::FlagAction::Suspend.into(),
        ..wire::Flag::default()
    };
    let correction = wire::Correction {
        action: wire::CorrectionAction::Withdraw.into(),
        ..wire::Correction::default()
    };
    let action = wire::Action {
        step: wire::ActionStep::Set.into(),
        pathway: wire::Pathway::Control.into(),
        owner: Some(wire::Addressee { agency: "gmp".to_owned(), desk: "stockport".to_owned() }),
        ..wire::Action::default()
    };
    let prisons = ("hmpps-prisons", "movements");
    let probation = ("probation-greater-manchester", "stockport");
    let acted = wire::Attestation::Acted;
    let mut night = vec![
        item(
            1,
            &[Reason::New, Reason::Flag],
            message(probation, "Invented Dale", Kind::Flag(flag)),
        ),
        item(
            2,
            &[Reason::New, Reason::Match],
            message(prisons, "Invented Ember", Kind::Task(task)),
        ),
        item(
            3,
            &[Reason::New, Reason::Correction],
            message(prisons, "", Kind::Correction(correction)),
        ),
        item(4, &[Reason::Action], message(probation, "Invented Flint", Kind::Action(action))),
        item(5, &[Reason::Release], release("Invented Gale", datetime!(2026-11-27 09:00 UTC))),
        item(6, &[Reason::Release], release("Invented Heath", datetime!(2026-11-24 09:00 UTC))),
        item(
            7,
            &[Reason::New, Reason::Release, Reason::Action],
            release("Invented Brook", datetime!(2026-11-23 09:30 UTC)),
        ),
        item(8, &[Reason::New], intelligence("Seen at the market. Invented.")),
    ];
    night[2].settles_reference = vec![0xb0; 16].into();
    night[2].duties =
        vec![due(wire::Attestation::Corrected, datetime!(2026-11-27 22:00 UTC), false)];
    night[3].duties = vec![due(acted, datetime!(2026-11-25 17:00 UTC), false)];
    night[6].duties = vec![due(acted, datetime!(2026-11-23 06:00 UTC), true)];
    // Its body is no longer kept.
    let gone = wire::WorklistItem {
        body: Vec::new().into(),
        ..item(9, &[Reason::New], release("", SEVEN))
    };
    night.push(gone);
    night
}

fn sheet(items: Vec<wire::WorklistItem>) -> Sheet {
    let worklist = Worklist { as_of: SEVEN, items, more: false };
    of_desk(about(), SEVEN - time::Duration::days(1), None, &worklist)
}

#[test]
fn a_briefing_reads_in_the_order_in_which_officers_need_it() {
    let text = sheet(a_night()).text();
    assert_eq!(text, include_str!("../../expected/briefing.txt").trim_end(), "\n{text}");
}

#[test]
fn a_section_with_nothing_in_it_says_so() {
    let text = sheet(Vec::new()).text();
    assert_eq!(text.matches("  Nothing.").count(), 10);
}

/// Every tag that a page may hold: none fetches, runs or leads anywhere.
const TAGS: &[&str] = &[
    "html", "head", "meta", "title", "style", "body", "table", "thead", "tbody", "tfoot", "tr",
    "td", "th", "div", "h1", "h2", "h3", "p", "span", "dl", "dt", "dd",
];

/// The tags of a page, and its text without them. Whatever opens is closed, in order.
fn parsed(page: &str) -> (BTreeSet<String>, String) {
    let (mut tags, mut text, mut open) = (BTreeSet::new(), String::new(), Vec::new());
    let page = page.strip_prefix("<!DOCTYPE html>").unwrap();
    for part in page.split('<').skip(1) {
        let (tag, rest) = part.split_once('>').expect("a tag is closed");
        text.push_str(rest);
        let name = tag.trim_start_matches('/').split(' ').next().unwrap().to_owned();
        assert!(TAGS.contains(&name.as_str()), "<{tag}>");
        for bad in ["src=", "href=", " on", "url("] {
            assert!(!tag.contains(bad), "<{tag}>");
        }
        match tag.starts_with('/') {
            true => assert_eq!(open.pop(), Some(name.clone()), "closed in order"),
            false if name == "meta" => {}
            false => open.push(name.clone()),
        }
        tags.insert(name);
    }
    assert_eq!(open, Vec::<String>::new());
    (tags, text)
}

#[test]
fn no_text_of_a_sender_becomes_part_of_the_page() {
    let hostile = "</dd><script>alert(1)</script><img src=x onerror=alert(2)>\" ' & \u{202e}evil";
    let mut night = a_night();
    night[7] = item(8, &[Reason::New], {
        let mut said = intelligence(hostile);
        said.subjects[0].name = "<b>Invented</b> &amp; \"Archer\"".to_owned();
        said.sending_agency = "<style>".to_owned();
        said
    });
    let page = sheet(night).html();
    let (tags, text) = parsed(&page);
    assert!(!tags.contains("script") && !tags.contains("img") && !tags.contains("b"), "{tags:?}");
    let shown = "&lt;/dd&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x \
                 onerror=alert(2)&gt;&quot; &#39; &amp; \\u{202e}evil";
    assert!(text.contains(shown), "{text}");
    assert!(text.contains("&lt;b&gt;Invented&lt;/b&gt; &amp;amp; &quot;Archer&quot;"), "{text}");
    assert!(page.contains("default-src 'none'"), "a browser is told to fetch and run nothing");
    assert!(!page.contains("@import") && !page.contains("http:") && !page.contains("https:"));
}

#[test]
fn every_page_of_a_pack_bears_desk_reader_time_marking_and_what_was_searched() {
    let of = |name: &str| Nominal { name: name.to_owned(), ..Nominal::default() };
    let (one, other) = (of("Invented Archer"), of("Invented Brook"));
    let with = |items| Worklist { as_of: SEVEN, items, more: true };
    let (first, second) = (with(a_night()), with(Vec::new()));
    let page = pack(about(), [(&one, &first), (&other, &second)]).html();
    let (_, text) = parsed(&page);
    let head = format!("Desk gmp/stockport, drawn by {OFFICER} on Monday 23 November 2026, 07:00");
    for (words, times) in [
        (head.as_str(), 2),
        ("Searched: What was given to this desk about", 2),
        // Above and below on both, in the title, and beside eight items.
        ("OFFICIAL-SENSITIVE", 13),
        ("There is more, given earlier, than is shown here.", 2),
    ] {
        assert_eq!(text.matches(words).count(), times, "{words}");
    }
    for rule in [
        "size: A4",
        "table.part + table.part { break-before: page; }",
        "table-header-group",
        "table-footer-group",
    ] {
        assert!(page.contains(rule), "{rule}");
    }
}

//! A small town: its agencies, what they agreed, and what they say to each other.

use agency_client::compose::{
    self, FlagChange, Grounds, Hearing, HearingStep, Person, Remedy, Said,
};
use agency_client::{Incoming, PublishError, Subscription};
use demo::stage::{Script, Term};
use proto::exchange::v1 as wire;
use proto::exchange::v1::FlagAction;
use proto::exchange::v1::released_message::Kind;
use proto::refusal::Refusal;
use tests::world::{FLAG_GROUNDS, World, adult, id, next, now, review_date};
use time::Duration;
use uuid::Uuid;

/// A desk: agency and desk. Its node bears the desk's name.
pub type Desk = (&'static str, &'static str);

pub const DIVISION: Desk = ("gmp", "division");
pub const EAST: Desk = ("gmp", "east");
pub const WIRRAL: Desk = ("wirral-police", "wirral");
pub const SUPERVISION: Desk = ("probation-greater-manchester", "supervision");
pub const PRISONS: Desk = ("hmpps-prisons", "movements");
pub const CHILDREN: Desk = ("town-council", "children");
pub const HOUSING: Desk = ("town-homes", "housing");
pub const HOME: Desk = ("home-care", "care");

/// Where the town's desks have a part; east is the second police desk's.
pub const NORTH: &str = "north";

/// Everybody who may receive under the agreement of the town.
pub const ALL: &[&str] = &[
    "gmp",
    "wirral-police",
    "probation-greater-manchester",
    "town-council",
    "town-homes",
    "home-care",
];

pub const NOMS: &str = "A9601AA";
pub const NAME: &str = "Invented Townsman";
pub const ADDRESS: &str = "1 Invented Row";
pub const GROUNDS: Grounds = FLAG_GROUNDS;
/// Those of an agency outside Part 3.
pub const CARE_GROUNDS: Grounds =
    Grounds { lawful_basis: wire::LawfulBasis::Gdpr61E, ..FLAG_GROUNDS };

/// Every kind of message there is.
pub const KINDS: &str = r#""intelligence", "mappa", "custody", "flag", "correction", "task", "drug_test", "enforcement", "action", "placement", "referral", "court", "request", "response""#;

/// Agency, kind, and its desks with function, regime and areas.
type Office = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str, &'static str, &'static str)],
);

const OFFICES: &[Office] = &[
    (
        "gmp",
        "police",
        &[
            ("division", "offender_management", "part3", "\"north\""),
            ("east", "offender_management", "part3", "\"east\""),
        ],
    ),
    ("wirral-police", "police", &[("wirral", "offender_management", "part3", "\"south\"")]),
    (
        "probation-greater-manchester",
        "probation",
        &[("supervision", "offender_management", "part3", "\"north\"")],
    ),
    ("hmpps-prisons", "prison", &[("movements", "custody", "part3", "")]),
    ("town-council", "council", &[("children", "childrens_services", "uk_gdpr", "\"north\"")]),
    ("town-homes", "council", &[("housing", "housing", "uk_gdpr", "\"north\"")]),
    ("home-care", "council", &[("care", "childrens_services", "uk_gdpr", "")]),
];

/// The people who run the broker: two who approve rules, and an operator.
const PEOPLE: &[(&str, &str, &str)] = &[
    ("gmp", "00000001-0000-4000-8000-000000000002", "approver"),
    ("gmp", "00000001-0000-4000-8000-000000000004", "broker_auditor"),
    ("probation-greater-manchester", "00000004-0000-4000-8000-000000000002", "approver"),
];

/// One agency of a directory document.
pub fn office(agency: &str, kind: &str, desks: &[(&str, &str, &str, &str)]) -> String {
    let mut text = format!(
        "[[agency]]\nid = \"{agency}\"\nname = \"{agency} (invented)\"\nkind = \"{kind}\"\n\
         dpo_contact = \"data-protection@{agency}.example\"\n"
    );
    for (desk, function, regime, areas) in desks {
        text.push_str(&format!(
            "[[agency.desk]]\nid = \"{desk}\"\nname = \"{desk}\"\nfunction = \"{function}\"\n\
             regime = \"{regime}\"\nareas = [{areas}]\nkinds = [{KINDS}]\n\
             attributes = [\"children\"]\n[[agency.node]]\nname = \"{desk}\"\ndesks = [\"{desk}\"]\n"
        ));
    }
    for (of, person, role) in PEOPLE.iter().filter(|(of, ..)| *of == agency) {
        assert!(!of.is_empty(), "a person belongs to an agency");
        text.push_str(&format!("[[agency.person]]\nid = \"{person}\"\nroles = [\"{role}\"]\n"));
    }
    text
}

/// What every directory of these tests begins with: areas, lists, and who runs the broker.
pub fn foundation() -> String {
    let mut text = "trust_domain = \"pyramid.example\"\n".to_owned();
    for area in ["north", "east", "south"] {
        text.push_str(&format!("[[area]]\ncode = \"{area}\"\nname = \"{area} (invented)\"\n"));
    }
    for list in ["ppo", "iom"] {
        text.push_str(&format!(
            "[[flag]]\nkind = \"{list}\"\nraised_by = [\"police\", \"probation\"]\n"
        ));
    }
    text.push_str(
        "[[agency]]\nid = \"pyramid-operations\"\nname = \"Operations (invented)\"\n\
         kind = \"operator\"\ndpo_contact = \"data-protection@pyramid-operations.example\"\n\
         [[agency.desk]]\nid = \"duty\"\nname = \"Duty\"\nfunction = \"broker_operations\"\n\
         regime = \"part3\"\n[[agency.node]]\nname = \"watch\"\ndesks = [\"duty\"]\n\
         [[agency.person]]\nid = \"00000016-0000-4000-8000-000000000005\"\nroles = [\"operator\"]\n",
    );
    text
}

/// An agreement of the town: everybody may send, and those named in `to` may receive.
pub struct Agreed<'a> {
    pub to: &'a [&'a str],
    /// Lines added to the permit.
    pub more: &'a str,
}

impl Agreed<'_> {
    /// As [`Self::script`], and it names corrections as well.
    pub fn with_corrections(&self) -> Script {
        let mut script = self.script();
        for (_, text) in &mut script.bundle {
            *text = text.replacen("kinds = [", "kinds = [\"correction\", ", 1);
        }
        script
    }

    /// The town, its rules these.
    pub fn script(&self) -> Script {
        let parties = OFFICES.iter().map(|(agency, kind, _)| (*agency, *kind)).collect::<Vec<_>>();
        let mut directory = foundation();
        for (agency, kind, desks) in OFFICES {
            directory.push_str(&office(agency, kind, desks));
        }
        directory.push_str(PROGRAMME);
        let bundle = vec![("agreements/town.toml".to_owned(), self.text(&parties))];
        Script { directory, bundle, checkpoint_seconds: 1 }
    }

    /// The agreement between these parties, each with its kind.
    pub fn text(&self, parties: &[(&str, &str)]) -> String {
        let term = Term::around(now());
        let mut text = format!(
            "id = \"town\"\ntitle = \"Town (invented)\"\nstart = \"{}\"\nreview = \"{}\"\n\
             expiry = \"{}\"\npurposes = [\"offender_management\"]\n\
             gateways = [{{ gateway = \"cda1998_s115\", basis = [\"dpa2018_s35_task\", \
             \"gdpr_6_1_e\"] }}]\n",
            term.start, term.review, term.expiry
        );
        for (agency, _) in parties {
            text.push_str(&format!(
                "[[party]]\nagency = \"{agency}\"\ndpo_contact = \
                 \"data-protection@{agency}.example\"\nrecipient_basis = \"gdpr_6_1_e\"\n"
            ));
        }
        let quoted = |words: Vec<&str>| {
            words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
        };
        let mut kinds: Vec<&str> = parties
            .iter()
            .filter(|(agency, _)| self.to.contains(agency))
            .map(|(_, kind)| *kind)
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        let kinds_without_tasks = KINDS.replace("\"task\", ", "").replace("\"correction\", ", "");
        text.push_str(&format!(
            "[[permit]]\nid = \"all\"\nkinds = [{kinds_without_tasks}]\n\
             from = {{ agencies = [{}] }}\nto = {{ kinds = [{}], functions = \
             [\"offender_management\", \"childrens_services\", \"housing\"], agencies = [{}] }}\n\
             categories = [\"suspect\", \"convicted\", \"managed\"]\n\
             stake = [\"addressed\", \"flag_owner\", \"in_area\", \"holder\"]\n{}\n",
            quoted(parties.iter().map(|(agency, _)| *agency).collect()),
            quoted(kinds),
            quoted(self.to.to_vec()),
            self.more
        ));
        text
    }
}

/// A programme that the home-care provider gives.
const PROGRAMME: &str = "[[programme]]\nid = \"befriending\"\nname = \"Befriending (invented)\"\n\
    theme = \"resettlement\"\nprovider = \"home-care/care\"\nage_from = 18\nareas = [\"north\"]\n\
    consent = \"participant\"\ncategories = [\"managed\"]\n\
    fields = [\"subject_name\", \"referral_programme\", \"address\"]\n";

/// The town with everybody entitled.
pub async fn town() -> World {
    World::with(Agreed { to: ALL, more: "" }.script()).await
}

/// From now on nothing but what the law gives goes to an agency.
pub async fn ends_for(world: &World, agency: &str) {
    let to: Vec<&str> = ALL.iter().copied().filter(|one| *one != agency).collect();
    world.stage.approve(&Agreed { to: &to, more: "" }.script()).await.unwrap();
}

/// The invented man of these tests.
pub fn man() -> Person {
    adult(NOMS, NAME)
}

/// News of a hearing of his, with where he lives.
pub fn hearing(message: Uuid) -> compose::Draft {
    hearing_of(message, man())
}

/// News of a hearing of somebody, with where he lives.
pub fn hearing_of(message: Uuid, person: Person) -> compose::Draft {
    let hearing = Hearing {
        step: HearingStep::Listed,
        court: "B06MK00".to_owned(),
        hearing_at: now() + Duration::days(3),
        earlier: None,
    };
    compose::court(message, GROUNDS, person, hearing).statement(
        wire::Field::Address,
        wire::Footing::Fact,
        &[0],
        ADDRESS,
    )
}

/// A correction of a message about him.
pub fn correction(of: Uuid, remedy: Remedy) -> compose::Draft {
    compose::correction(id(), GROUNDS, man(), of, "the street was wrong", remedy)
}

/// That he lives somewhere else.
pub fn lives_at(address: &str) -> Vec<Said> {
    vec![Said {
        field: wire::Field::Address,
        footing: wire::Footing::Fact,
        text: address.to_owned(),
    }]
}

/// A message is sent and accepted.
pub async fn send(world: &World, (agency, desk): Desk, draft: compose::Draft) -> Uuid {
    let message = draft.build().unwrap();
    let message_id = Uuid::try_parse(&message.message_id).unwrap();
    world.publisher(agency, desk).await.publish(message).await.unwrap();
    message_id
}

/// A message is sent and refused as if what it cites were not there. What is said of its fields
/// depends on nothing else.
pub async fn is_not_found(
    world: &World,
    (agency, desk): Desk,
    draft: compose::Draft,
) -> Vec<(String, String)> {
    let answer = world.publisher(agency, desk).await.publish(draft.build().unwrap()).await;
    let Err(PublishError::Refused(refused)) = answer else { panic!("it must be refused") };
    assert_eq!(refused.refusal, Some(Refusal::NotFound));
    assert_eq!(refused.sentence, Refusal::NotFound.sentence());
    assert_eq!(refused.retry_after, None);
    refused.violations.into_iter().map(|fault| (fault.field, fault.rule)).collect()
}

/// A desk's mailbox.
pub async fn open(world: &World, (agency, desk): Desk) -> Subscription {
    world.mailbox(agency, desk, desk).await
}

/// The next delivery, confirmed.
pub async fn taken(desk: &mut Subscription) -> Incoming {
    let came = next(desk).await;
    came.acknowledge().await.unwrap();
    came
}

/// A desk comes on duty, takes one delivery and goes.
pub async fn takes(world: &World, desk: Desk) -> Incoming {
    let mut mailbox = open(world, desk).await;
    let came = taken(&mut mailbox).await;
    mailbox.close().await.unwrap();
    came
}

/// Nothing is kept for these desks.
pub async fn nothing_for(world: &World, desks: &[Desk]) {
    for desk in desks {
        let mut mailbox = open(world, *desk).await;
        assert_eq!(mailbox.waiting(), 0, "nothing waits for {desk:?}");
        tests::world::nothing(&mut mailbox).await;
        mailbox.close().await.unwrap();
    }
}

/// It is about what was given as `original`, and says where he lives now.
pub fn says(came: &Incoming, original: &Incoming, address: &str) {
    assert_eq!(came.delivery.settles_reference, original.delivery.reference);
    assert!(!came.message.notice_only);
    let texts: Vec<&str> = came.message.statements.iter().map(|said| said.text.as_str()).collect();
    assert_eq!(texts, [address]);
}

/// It is about what was given as `original`, and says no more than that something came of it.
pub fn is_bare(came: &Incoming, original: &Incoming) {
    assert_eq!(came.delivery.settles_reference, original.delivery.reference);
    let message = &came.message;
    assert!(message.notice_only, "it says so itself");
    assert_eq!(message.subjects, [], "about nobody");
    assert_eq!(message.statements, []);
    assert_eq!(message.areas, []);
    assert_eq!(message.withheld, [0; 0], "nor of what sort the rest is");
    assert_eq!(message.correlation_id, "");
}

/// What it is asked to do with what it was given.
pub fn action_of(came: &Incoming) -> wire::CorrectionAction {
    let Some(Kind::Correction(correction)) = &came.message.kind else { panic!("a correction") };
    assert_eq!(correction.message_id, "", "the sender's own ids stay with the sender");
    correction.action()
}

/// What is done to the division's own flag on the man, to be reviewed in a year.
pub fn flag(action: FlagAction) -> compose::Draft {
    let change = FlagChange {
        kind: wire::FlagKind::Ppo,
        action,
        owner: None,
        review_date: if action == FlagAction::Deselect { String::new() } else { review_date() },
        panel_decision: Some(id()),
    };
    compose::flag(id(), GROUNDS, man(), change)
}

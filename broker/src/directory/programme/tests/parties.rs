//! Who takes part in a programme, and who has to have agreed. All people are invented.

use super::*;

#[test]
fn people_take_part_only_in_the_roles_of_the_programme() {
    let people = [aged(15, SubjectCategory::Convicted), aged(40, SubjectCategory::Other)];
    let parent = Party { subject: 1, role: PartyRole::Parent, consent: Consent::Given };
    let with =
        |programme, parties: &[Party]| faults(&Referral { parties, ..made(programme, &people) });
    assert_eq!(with("peace-at-home", &[AGREED, parent]), []);
    assert_eq!(with("peace-at-home", &[AGREED]), []);
    let harmed = Party { role: PartyRole::Harmed, ..parent };
    let rule = "is no role in this programme: nobody takes part in it so";
    assert_eq!(with("peace-at-home", &[AGREED, harmed]), fault("referral.parties[1].role", rule));
    // Nobody mediates with one party.
    let neighbours = [aged(40, SubjectCategory::Other), aged(50, SubjectCategory::Other)];
    let alone = made("over-the-fence", &neighbours);
    let rule = "must name somebody in the role `other`";
    assert_eq!(faults(&alone), fault("referral.parties", rule));
    let other = Party { role: PartyRole::Other, ..parent };
    assert_eq!(faults(&Referral { parties: &[AGREED, other], ..alone }), []);
}

#[test]
fn a_parent_has_a_standing_of_their_own() {
    let parent = Party { subject: 1, role: PartyRole::Parent, consent: Consent::Given };
    let people = [aged(15, SubjectCategory::Convicted), aged(40, SubjectCategory::Convicted)];
    let referral = Referral { parties: &[AGREED, parent], ..made("peace-at-home", &people) };
    let rule = "must be other for the role `parent` in this programme";
    assert_eq!(faults(&referral), fault("subjects[1].category", rule));
    let people = [aged(15, SubjectCategory::Suspect), aged(40, SubjectCategory::Other)];
    let referral = Referral { parties: &[AGREED, parent], ..made("peace-at-home", &people) };
    let rule = "must be convicted for the role `participant` in this programme";
    assert_eq!(faults(&referral), fault("subjects[0].category", rule));
    let people = [aged(30, SubjectCategory::Suspect)];
    let rule = "must be convicted or managed for the role `participant` in this programme";
    assert_eq!(faults(&made("autumn", &people)), fault("subjects[0].category", rule));
}

#[test]
fn the_participant_is_who_is_named_so_and_else_the_first() {
    // The young person stands second; the first is a parent and far too old for the course.
    let people = [aged(40, SubjectCategory::Other), aged(15, SubjectCategory::Convicted)];
    let parties = [
        Party { subject: 0, role: PartyRole::Parent, consent: Consent::Given },
        Party { subject: 1, ..AGREED },
    ];
    let referral = Referral { parties: &parties, ..made("peace-at-home", &people) };
    assert_eq!(faults(&referral), []);
    // Two are referred together, and one of them is too old.
    let people = [aged(20, SubjectCategory::Convicted), aged(30, SubjectCategory::Convicted)];
    let both = [AGREED, Party { subject: 1, ..AGREED }];
    let referral = Referral { parties: &both, ..made("spring", &people) };
    let rule = "takes people under 25; for this person in Northborough the provider is Autumn \
                House (autumn)";
    assert_eq!(faults(&referral), fault("referral.programme", rule));
    // A place that the message does not have is the fault of another rule.
    let parties = [Party { subject: 7, ..AGREED }];
    let referral = Referral { parties: &parties, ..made("spring", &people) };
    assert_eq!(faults(&referral), []);
}

#[test]
fn nobody_is_referred_unasked_unless_an_order_says_so() {
    let people = [aged(15, SubjectCategory::Convicted), aged(40, SubjectCategory::Other)];
    let grown = [aged(30, SubjectCategory::Convicted)];
    let each = "must be given: the programme needs the agreement of each party";
    let own = "must be given: the programme needs the participant's agreement";
    let named = fault("referral.parties", "must name the participant and what they agreed to");
    let parent = Party { subject: 1, role: PartyRole::Parent, consent: Consent::NotAsked };
    let asked = |consent| Party { consent, ..AGREED };
    for consent in [Consent::NotAsked, Consent::Refused, Consent::Withdrawn, Consent::Unspecified] {
        let parties = [asked(consent)];
        let referral = Referral { parties: &parties, ..made("autumn", &grown) };
        assert_eq!(faults(&referral), fault("referral.parties[0].consent", own), "{consent:?}");
    }
    let parties = [AGREED, parent];
    let referral = Referral { parties: &parties, ..made("peace-at-home", &people) };
    assert_eq!(faults(&referral), fault("referral.parties[1].consent", each));
    // Where the participant alone decides, the others are not asked for theirs.
    let programmes = PROGRAMMES.replace("\"peace-at-home\"", "\"at-home\"");
    let (before, row) = programmes.split_once("\"at-home\"").unwrap();
    let row = row.replacen("\"each_party\"", "\"participant\"", 1);
    let town = document::read(&format!("{TOWN}{before}\"at-home\"{row}")).unwrap();
    let referral = Referral { parties: &parties, ..made("at-home", &people) };
    assert_eq!(faults_in(&town, &referral), []);
    let referral = Referral { parties: &[], ..made("autumn", &grown) };
    assert_eq!(faults(&referral), named);
    let referral = Referral { parties: &[], ..made("watchful", &grown) };
    assert_eq!(faults(&referral), []);
}

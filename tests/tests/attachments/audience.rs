//! Whose a document is: its audience, within what the agreements permit.

use agency_client::compose;
use agency_client::documents;
use proto::exchange::v1 as wire;
use proto::exchange::v1::Field;
use tests::world::{World, id, next};

use crate::town::{
    CHAIR, CHILDREN, Files, POLICE, PRISON, absent, bytes, fetched, for_agencies, man, meeting,
    minutes, number, only, put, refused, sound,
};

#[tokio::test]
async fn each_recipient_has_its_own_sections_and_a_third_learns_of_none() {
    let mut world = World::shipped().await;
    let mut police = world.mailbox(POLICE.0, POLICE.1, POLICE.2).await;
    let mut children = world.mailbox(CHILDREN.0, CHILDREN.1, CHILDREN.2).await;
    let mut prison = world.mailbox(PRISON.0, PRISON.1, PRISON.2).await;
    let (whole, summary) = (bytes(600_000, 1), bytes(70_000, 2));
    let whole_section = put(&world, CHAIR, &whole, &minutes(for_agencies(&["gmp"]))).await.unwrap();
    let for_councils = wire::SectionAudience {
        agency_kind: "council".to_owned(),
        function: "childrens_services".to_owned(),
        ..wire::SectionAudience::default()
    };
    let summary_section = put(&world, CHAIR, &summary, &minutes(vec![for_councils])).await.unwrap();
    let nobodys = put(&world, CHAIR, &bytes(9, 3), &minutes(Vec::new())).await.unwrap();

    let message = meeting(id())
        .document(whole_section.clone())
        .document(summary_section.clone())
        .document(nobodys.clone());
    let chair = world.publisher(CHAIR.0, CHAIR.1).await;
    chair.publish(message.build().unwrap()).await.unwrap();
    let (to_police, to_children, to_prison) =
        (next(&mut police).await, next(&mut children).await, next(&mut prison).await);

    assert_eq!(only(&world, POLICE, &to_police).await, whole);
    assert_eq!(only(&world, CHILDREN, &to_children).await, summary);
    assert!(to_prison.message.sections.is_empty());
    // Who was meant to have none is not told that there is any: its copy says nothing that the same
    // message without documents would not.
    assert!(!to_prison.message.withheld().any(|field| field == Field::Attachments));
    assert!(!to_police.message.withheld().any(|field| field == Field::Attachments));
    // Neither the sender's ids nor another's sections are in anybody's bytes.
    for came in [&to_police, &to_children, &to_prison] {
        for section in [&whole_section, &summary_section, &nobodys] {
            let own = came.message.sections.iter().any(|shown| shown.digest == section.digest);
            let body = &came.delivery.body;
            let has = |bytes: &[u8]| body.windows(bytes.len()).any(|window| window == bytes);
            assert_eq!(has(&section.digest), own);
            assert!(!has(section.attachment_id.as_bytes()));
        }
    }
    // Another's section is answered as one that nobody has.
    let theirs = &to_police.message.sections[0].section;
    let council = (CHILDREN.0, CHILDREN.1);
    let release = &to_children.delivery.release_id;
    let others = fetched(&world, council, release, theirs, 0).await.unwrap_err();
    let unknown = fetched(&world, council, release, &[7; 32], 0).await.unwrap_err();
    let stolen =
        fetched(&world, council, &to_police.delivery.release_id, theirs, 0).await.unwrap_err();
    let no_release = fetched(&world, council, &[7; 16], theirs, 0).await.unwrap_err();
    for status in [others, unknown, stolen, no_release] {
        assert!(absent(&status), "{status:?}");
    }
    world.stop().await;
    sound(&world);
}

#[tokio::test]
async fn an_agreement_that_does_not_name_documents_withholds_them_and_says_so() {
    let world = World::shipped().await;
    let mut housing = world.mailbox("stockport-council", "housing", "housing").await;
    let section =
        put(&world, CHAIR, &bytes(10, 1), &minutes(for_agencies(&["stockport-council"]))).await;
    let message = compose::mappa_notification(
        id(),
        compose::Grounds {
            purpose: wire::Purpose::PublicProtection,
            gateway: wire::Gateway::Cja2003S325,
            lawful_basis: wire::LawfulBasis::Dpa2018S35Task,
            sensitive_condition: Some(wire::SensitiveCondition::Sch8Statutory),
        },
        man(),
        2,
        2,
    );
    let message = message.addressee("stockport-council", "housing").document(section.unwrap());
    let chair = world.publisher(CHAIR.0, CHAIR.1).await;
    chair.publish(message.build().unwrap()).await.unwrap();
    let came = next(&mut housing).await;
    assert!(came.message.sections.is_empty());
    assert!(came.message.withheld().any(|field| field == Field::Attachments));
}

#[tokio::test]
async fn a_fetch_is_in_the_ledger_before_its_first_byte_and_tells_no_document() {
    let world = World::shipped().await;
    let mut police = world.mailbox(POLICE.0, POLICE.1, POLICE.2).await;
    let content = bytes(300_000, 1);
    let section = put(&world, CHAIR, &content, &minutes(for_agencies(&["gmp"]))).await.unwrap();
    let message_id = id();
    let message = meeting(message_id).document(section.clone()).build().unwrap();
    world.publisher(CHAIR.0, CHAIR.1).await.publish(message).await.unwrap();
    let came = next(&mut police).await;
    assert_eq!(world.records("fetch").len(), 0);
    let name = hex::encode(&came.message.sections[0].section);
    let mut frames = crate::town::service(&world, POLICE.0, POLICE.1)
        .await
        .get_attachment(crate::town::asking(
            &came.delivery.release_id,
            &came.message.sections[0].section,
            262_144,
        ))
        .await
        .unwrap()
        .into_inner();
    frames.message().await.unwrap().unwrap();
    let fetches = world.records("fetch");
    assert_eq!(fetches.len(), 1, "it stands there once the first bytes are here");
    assert_eq!(fetches[0]["party"], "gmp");
    assert_eq!(fetches[0]["actor"], "intelligence");
    assert_eq!(fetches[0]["desk"], "public-protection");
    assert_eq!(fetches[0]["offset"], 262_144);
    assert_eq!(fetches[0]["section"], name.as_str());
    let told = world.records("fetched");
    assert_eq!((told.len(), &told[0]["party"]), (1, &CHAIR.0.into()));
    assert_eq!(told[0]["message"], message_id.to_string());
    // The acceptance and the release name it by its commitment; its digest stands nowhere.
    let accepted = world.records("accepted");
    let named = accepted.iter().find(|record| record["message"] == message_id.to_string()).unwrap();
    assert_eq!(named["sections"][0], name.as_str());
    let all: Vec<String> = ["accepted", "decided", "release", "disclosed", "fetch", "fetched"]
        .iter()
        .flat_map(|kind| world.records(kind))
        .map(|record| record.to_string())
        .collect();
    let digest = hex::encode(&section.digest);
    assert!(all.iter().all(|record| !record.contains(&digest)));
    assert!(all.iter().any(|record| record.contains("\"release\"") && record.contains(&name)));
    // What is refused is not recorded as if it had left.
    let refused = fetched(&world, (POLICE.0, POLICE.1), &[7; 16], &[7; 32], 0).await.unwrap_err();
    assert!(absent(&refused));
    assert_eq!(world.records("fetch").len(), 1);
}

#[tokio::test]
async fn only_a_whole_document_of_the_sender_that_no_message_has_can_be_named() {
    let world = World::shipped().await;
    let audience = || minutes(for_agencies(&["gmp"]));
    let section = put(&world, CHAIR, &bytes(10, 1), &audience()).await.unwrap();
    let naming = |section: &wire::Section| meeting(id()).document(section.clone()).build().unwrap();
    let absent = (4020, vec!["attachments".to_owned()]);
    // Another agency's, one that nobody has, and one of other bytes are refused alike.
    let theirs = put(&world, ("gmp", "intelligence"), &bytes(11, 1), &audience()).await.unwrap();
    assert_eq!(refused(&world, CHAIR, naming(&theirs)).await, absent);
    let unknown = wire::Section { attachment_id: id().to_string(), ..section.clone() };
    assert_eq!(refused(&world, CHAIR, naming(&unknown)).await, absent);
    let others = wire::Section { digest: theirs.digest.clone(), ..section.clone() };
    assert_eq!(refused(&world, CHAIR, naming(&others)).await, absent);
    let longer = wire::Section { size_bytes: 11, ..section.clone() };
    assert_eq!(refused(&world, CHAIR, naming(&longer)).await, absent);
    // None of that used it up. It is one message's from then on; a retry of that one is no other.
    let first = naming(&section);
    let chair = world.publisher(CHAIR.0, CHAIR.1).await;
    chair.publish(first.clone()).await.unwrap();
    assert!(chair.publish(first).await.unwrap().repeated_submission);
    assert_eq!(refused(&world, CHAIR, naming(&section)).await, absent);
}

/// Makes a good section a bad one.
type Spoil = fn(&mut wire::Section);

fn part(agency: &str, kind: &str, function: &str) -> wire::SectionAudience {
    wire::SectionAudience {
        agency: agency.to_owned(),
        agency_kind: kind.to_owned(),
        function: function.to_owned(),
    }
}

#[tokio::test]
async fn what_is_said_of_a_document_is_checked_field_by_field() {
    let world = World::shipped().await;
    let good = put(&world, CHAIR, &bytes(10, 1), &minutes(for_agencies(&["gmp"]))).await.unwrap();
    let bad: [(&str, Spoil); 9] = [
        ("kind", |section| section.kind = 99),
        ("media_type", |section| section.media_type = 0),
        ("size_bytes", |section| section.size_bytes = 20 * 1024 * 1024 + 1),
        ("digest", |section| section.digest = vec![1; 31].into()),
        ("salt", |section| section.salt = vec![1; 32].into()),
        ("audience[0]", |section| section.audience = vec![part("", "", "")]),
        ("audience[0]", |s| s.audience = vec![part("gmp", "police", "")]),
        ("audience[0].function", |s| s.audience = vec![part("gmp", "", "chair")]),
        ("onward", |section| section.onward = vec!["gmp".into(), "gmp".into()]),
    ];
    for (field, spoil) in bad {
        let mut section = good.clone();
        spoil(&mut section);
        let message = meeting(id()).document(section).build().unwrap();
        let expected = (2001, vec![format!("attachments[0].{field}")]);
        assert_eq!(refused(&world, CHAIR, message).await, expected);
    }
    // News of custody says all there is to say by itself.
    let recall = tests::world::recall(id(), "A9311AA").document(good).build().unwrap();
    let expected = (2001, vec!["attachments".to_owned()]);
    assert_eq!(refused(&world, ("hmpps-prisons", "records"), recall).await, expected);
}

#[tokio::test]
async fn the_library_fetches_checks_and_goes_on_where_it_broke_off() {
    let world = World::shipped().await;
    let mut police = world.mailbox(POLICE.0, POLICE.1, POLICE.2).await;
    let content = bytes(700_000, 5);
    let section = put(&world, CHAIR, &content, &minutes(for_agencies(&["gmp"]))).await.unwrap();
    let message = meeting(id()).document(section).build().unwrap();
    world.publisher(CHAIR.0, CHAIR.1).await.publish(message).await.unwrap();
    let came = next(&mut police).await;
    let (section, release) = (&came.message.sections[0], &came.delivery.release_id);
    let connection = world.node(POLICE.0, POLICE.1).await;
    let files = Files::new();
    // A transfer broke off in the middle of a piece.
    files.with("minutes.unfinished", &content[..300_001]);
    let to = files.path("minutes");
    documents::fetch(&connection, release, section, &to).await.unwrap();
    assert_eq!(std::fs::read(&to).unwrap(), content);
    assert_eq!(world.records("fetch")[0]["offset"], 300_001);
    assert!(!files.path("minutes.unfinished").exists());
    // What was here before was of another document: nothing of it passes for this one.
    files.with("again.unfinished", &[9; 300_001]);
    let error = documents::fetch(&connection, release, section, &files.path("again")).await;
    assert!(matches!(error, Err(documents::DocumentError::OtherBytes)));
    assert!(!files.path("again").exists() && !files.path("again.unfinished").exists());
    // Past the end there is nothing.
    let at = (POLICE.0, POLICE.1);
    let past = fetched(&world, at, release, &section.section, 700_000).await.unwrap_err();
    assert_eq!(number(&past), 4001);
}

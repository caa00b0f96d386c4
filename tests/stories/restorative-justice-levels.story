# Everybody is invented. How to read and write a story: docs/stories.md.
Story: Restorative justice, from the street to after the sentence
From the seeds: Level 1 is a street disposal, level 2 a community's lasting trouble, level 3 follows a serious sentence. It stands beside any penalty and takes its place nowhere.
From the seeds: Level 1 is recorded and never referred. Whoever was harmed is named only once they have agreed, to the one agency that is in touch with them, and may withdraw without saying why.

Day 1: Monday 5 October 2026

Person Stone: suspect; born 3 March 1991; pnc 2014/0009102F; access no; age adult
Person Crane: convicted; born 2 February 1994; noms A2402AB; access no; age adult
Person Hope: victim; born 9 June 1970; access no; age adult

At 16:00 on day 1: gmp (records) sends street-disposal
  Because: Settled on the street. It is on record, and nobody is told.
  grounds: crime_prevention under consent by dpa2018_s35_consent
  about: Stone
  areas: resident Stockport
  referral: programme restorative-justice, step completed, restorative_level 1, parties [{subject person Stone, role participant, consent given, recorded_on day 1}]
  Refused: nobody
  Nothing: everybody else

At 16:10 on day 1: gmp (records) sends level-1-referred
  Because: Level 1 is over when it is recorded.
  grounds: crime_prevention under consent by dpa2018_s35_consent
  about: Stone
  areas: resident Stockport
  referral: programme restorative-justice, step made, restorative_level 1, parties [{subject person Stone, role participant, consent given, recorded_on day 1}]
  Refused at the door: invalid message, at referral.restorative_level

At 10:00 on day 3: gmp (records) sends not-agreed
  Because: Hope has not been asked, so nobody may be told that she was harmed.
  grounds: crime_prevention under consent by dpa2018_s35_consent
  about: Stone; Hope
  areas: resident Stockport
  referral: programme restorative-justice, step made, restorative_level 2, parties [{subject person Stone, role participant, consent given, recorded_on day 3}, {subject person Hope, role harmed, consent not_asked}]
  Refused at the door: invalid message, at referral.parties[1].consent

At 10:00 on day 8: gmp (records) sends level-2
  Because: Both agreed. The service reads who they are and what happened; no number, no date of birth, and nothing of what police know besides.
  grounds: crime_prevention under consent by dpa2018_s35_consent with sch8_justice
  about: Stone; Hope
  areas: resident Stockport
  referral: programme restorative-justice, step made, restorative_level 2, parties [{subject person Stone, role participant, consent given, recorded_on day 3}, {subject person Hope, role harmed, consent given, recorded_on day 7}]
  say: offence_class of Stone, fact, "criminal damage"
  say: narrative of Stone, fact, "Broke the same window three times. Invented."
  say: address of Hope, fact, "The house with the window. Invented."
  say: housing_need of Hope, fact, "Wishes to move. Invented."
  say: responsible_officer of Hope, fact, "A witness care unit. Invented."
  say: housing_need of Stone, fact, "Sleeps in a car. Invented."
  Told: stockport-restorative-service/restorative-justice, without subject_birth_date, police_identifiers, consent, address, housing_need, responsible_officer
    Does not show: "move"
    Does not show: "witness care"
    Does not show: "car"
    Shows: subjects.1.name "Invented Hope"
    Shows: referral.restorative_level 2
    Does not show: "1970"
    Does not show: "The house"
  Refused: nobody
  Nothing: everybody else

At 10:20 on day 8: gmp (records) sends level-2-to-both-desks
  Because: Police name the service's other desk besides. It works with neighbours and gives no part of this programme, so what it reads is what the agreement lets it.
  grounds: crime_prevention under consent by dpa2018_s35_consent with sch8_justice
  about: Stone; Hope
  areas: resident Stockport
  to: stockport-restorative-service/sort-it
  referral: programme restorative-justice, step made, restorative_level 2, parties [{subject person Stone, role participant, consent given, recorded_on day 3}, {subject person Hope, role harmed, consent given, recorded_on day 7}]
  say: housing_need of Hope, fact, "Wishes to move. Invented."
  say: responsible_officer of Hope, fact, "A witness care unit. Invented."
  say: housing_need of Stone, fact, "Sleeps in a car. Invented."
  Told: stockport-restorative-service/restorative-justice; stockport-restorative-service/sort-it, without subject_birth_date, police_identifiers, consent, housing_need, responsible_officer
    Does not show: "move"
    Does not show: "witness care"
    Does not show: "car"
  Refused: nobody
  Nothing: everybody else

At 11:00 on day 10: stockport-restorative-service (restorative-justice) sends taken-on
  Because: The answer goes to the desk that referred, and says nothing of Hope.
  grounds: crime_prevention under consent by gdpr_6_1_a
  about: Stone without numbers and born
  areas: resident Stockport
  in reply to: level-2
  referral: programme restorative-justice, step accepted, restorative_level 2
  Told: gmp/stockport
    Shows: referral.step accepted
    Does not show: "Hope"
  Refused: nobody

At 11:00 on day 40: probation-greater-manchester (records) sends level-3
  Because: After the sentence. Crane is supervised by probation, and asked to meet her.
  grounds: offender_management under consent by dpa2018_s35_consent with sch8_justice
  about: Crane; Hope
  areas: resident Stockport
  referral: programme restorative-justice, step made, restorative_level 3, parties [{subject person Crane, role participant, consent given, recorded_on day 30}, {subject person Hope, role harmed, consent given, recorded_on day 35}]
  say: offence_class of Crane, fact, "burglary (dwelling)"
  say: risk of Crane, opinion, "Medium. Invented."
  Told: stockport-restorative-service/restorative-justice, without subject_birth_date, hmpps_identifiers, consent, risk
  Refused: nobody
  Nothing: gmp/stockport

At 09:00 on day 50: probation-greater-manchester (records) sends not-proceeding
  Because: Somebody withdrew. Who and when is told to nobody, and the message has no place for it.
  grounds: offender_management under consent by dpa2018_s35_consent
  about: Crane
  areas: resident Stockport
  referral: programme restorative-justice, step not_proceeding, restorative_level 3, settles_message_id message level-3
  Told: stockport-restorative-service/restorative-justice, without subject_birth_date, hmpps_identifiers
    Shows: referral.step not_proceeding
    Does not show: "Hope"
  Refused: nobody
  Nothing: everybody else

Ledger:
  accepted: gmp 3, stockport-restorative-service 1, probation-greater-manchester 2
  decided: permitted 6
  release: stockport-restorative-service 5, gmp 1
  disclosed: gmp 3, stockport-restorative-service 1, probation-greater-manchester 2
  receipt: stockport-restorative-service 5, gmp 1
  received: gmp 3, stockport-restorative-service 1, probation-greater-manchester 2

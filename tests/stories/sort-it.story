# Everybody is invented. How to read and write a story: docs/stories.md.
Story: SoRT-IT: neighbours talk it through, until one of them will not
From the seeds: All parties agree. It decides no guilt, no punishment and no money; front-line staff refer, and volunteers sit with the neighbours.
From the seeds: Its parties are on no list because of it, and nobody who keeps a list hears of it, though one of them is on one.

Day 1: Monday 12 October 2026

Person Ash: managed; born 4 April 1984; noms A2501AA; pnc 2015/0009101V; access no; age adult
Person Birch: other; born 12 December 1966; access no; age adult

At 09:00 on day 1: gmp (records) sends ash-selected
  Because: Ash is on Stockport's list of priority offenders. That has nothing to do with his neighbour.
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Ash
  flag: flag_kind ppo, action raise, review_date day 200, panel_decision_id id panel
  Refused: nobody

At 14:00 on day 2: stockport-council (housing) sends one-has-not-agreed
  grounds: crime_prevention under consent by gdpr_6_1_a
  about: Ash as other without numbers; Birch
  areas: resident Stockport
  referral: programme sort-it, step made, parties [{subject person Ash, role participant, consent given, recorded_on day 2}, {subject person Birch, role other, consent not_asked}]
  Refused at the door: invalid message, at referral.parties[1].consent

At 14:00 on day 4: stockport-council (housing) sends neighbours
  Because: Both agreed. The mediators read who they are, where they live and what troubles them.
  grounds: resettlement under consent by gdpr_6_1_a with art9_a_consent
  about: Ash as other without numbers; Birch
  areas: resident Stockport
  referral: programme sort-it, step made, parties [{subject person Ash, role participant, consent given, recorded_on day 2}, {subject person Birch, role other, consent given, recorded_on day 4}]
  say: narrative of Ash and Birch, fact, "Music at night, and words over the fence. Invented."
  say: address of Ash and Birch, fact, "Next door to each other. Invented."
  Told: stockport-restorative-service/sort-it, without subject_birth_date, consent
    Shows: subjects.1.name "Invented Birch"
    Shows: statements.0.text "Music at night, and words over the fence. Invented."
    Does not show: "1984"
  Refused: nobody
  # The owner of Ash's flag, the chair of the tasking group, and the same service's other desk.
  Nothing: gmp/stockport; stockport-council/community-safety; stockport-restorative-service/restorative-justice

At 10:00 on day 20: stockport-council (housing) sends one-withdraws
  Because: One of them will not go on. The message says that it does not proceed, of both alike.
  grounds: resettlement under consent by gdpr_6_1_a
  about: Ash as other without numbers; Birch
  areas: resident Stockport
  referral: programme sort-it, step not_proceeding, settles_message_id message neighbours
  Told: stockport-restorative-service/sort-it, without subject_birth_date
    Shows: referral.step not_proceeding
    Does not show: "withdrawn"
  Refused: nobody
  Nothing: everybody else

Ledger:
  accepted: gmp 1, stockport-council 2
  decided: permitted 2
  release: stockport-restorative-service 2
  disclosed: stockport-council 2
  receipt: stockport-restorative-service 2
  received: stockport-council 2

# Everybody is invented. How to read and write a story: docs/stories.md.
Story: A charity is suspended
From the seeds: LOTO's peer mentors meet people at the gate. Volunteers are told the least there is, and only by the person's consent.
From the seeds: When a mentor's computer is stolen the agency is suspended: nothing new goes there, and what it holds can still be taken back.

Day 1: Monday 8 June 2026

Person Lane: convicted; born 19 August 1998; noms A2101AA; access no
Person Moss: convicted; born 1 December 1997; noms A2102AB; access no

At 10:00 on day 1: hmpps-prisons sends lane-leaves
  Because: Lane asked for a mentor. LOTO learns his name, the day and the gate, and that he needs a roof.
  grounds: resettlement under consent by dpa2018_s35_consent
  about: Lane
  to: loto-stockport/mentors
  custody: event release, certainty confirmed, prison FBI, occurred_at 08:30 on day 2
  say: housing_need of Lane, fact, "Nowhere to stay. Invented."
  say: offence_class of Lane, fact, "theft"
  Told: loto-stockport/mentors, without subject_birth_date, hmpps_identifiers, custody_reason, offence_class
    Shows: subjects.0.name "Invented Lane"
    Shows: statements.0.text "Nowhere to stay. Invented."
    Does not show: "A2101AA"
  Tracked: loto-stockport acknowledged

At 12:00 on day 1: loto-stockport/mentors goes offline

At 12:30 on day 1: hmpps-prisons sends moss-leaves
  grounds: resettlement under consent by dpa2018_s35_consent
  about: Moss
  to: loto-stockport/mentors
  custody: event release, certainty confirmed, prison FBI, occurred_at 08:30 on day 2
  Waits: loto-stockport/mentors
  Tracked: loto-stockport waiting

At 13:00 on day 1: the operators suspend loto-stockport

At 13:05 on day 1: loto-stockport sends from-the-thief
  Because: Whoever has the computer can send nothing either.
  grounds: resettlement under consent by gdpr_6_1_a
  about: Lane
  to: hmpps-prisons/forest-bank
  custody: event release, certainty confirmed, prison FBI, occurred_at 08:30 on day 2
  Refused at the door: suspended

At 14:00 on day 1: hmpps-prisons sends lane-changed
  Because: The sender learns no more than that it was not shared.
  grounds: resettlement under consent by dpa2018_s35_consent
  about: Lane
  to: loto-stockport/mentors
  custody: event release, certainty confirmed, prison FBI, occurred_at 08:30 on day 2
  Refused: loto-stockport/mentors because recipient not in standing
  Tracked: loto-stockport not_shared

At 15:00 on day 1: hmpps-prisons sends lane-taken-back
  Because: Lane is not released after all. LOTO was told that he is, so it is owed this; it waits.
  grounds: resettlement under consent by dpa2018_s35_consent
  about: Lane
  correction: message_id message lane-leaves
  Waits: loto-stockport/mentors
  Refused: nobody

At 09:00 on day 3: the operators reinstate loto-stockport

At 09:05 on day 3: loto-stockport/mentors comes back
  Because: First what waited before the suspension, which is still permitted; then what is taken back.
  Told of moss-leaves: loto-stockport/mentors, without subject_birth_date, hmpps_identifiers, custody_reason
  Told of lane-taken-back: loto-stockport/mentors, without subject_name, subject_birth_date, hmpps_identifiers

Ledger:
  accepted: hmpps-prisons 4
  decided: permitted 3, refused 1
  release: loto-stockport 3
  disclosed: hmpps-prisons 3
  receipt: loto-stockport 3
  received: hmpps-prisons 3
  change: pyramid-operations 2

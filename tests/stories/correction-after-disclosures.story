# Everybody is invented. How to read and write a story: docs/stories.md.
Story: A release that never was, and who must hear that
From the seeds: Data that is wrong is put right with everybody who was given it, and with nobody else.
From the seeds: The prison named the wrong man. Those who were told hear that it is taken back; what still waits is never read; nobody learns of it who did not know; and no other agency can take it back.

Day 1: Monday 9 November 2026

Person Brook: managed; born 21 July 1990; noms A2001AA; pnc 2015/0009101V; access no

At 09:00 on day 1: gmp (records) sends brook-selected
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Brook
  areas: resident Stockport
  flag: flag_kind ppo, action raise, review_date day 100, panel_decision_id id panel
  Told: probation-greater-manchester/stockport
  Told: stockport-council/community-safety, without subject_birth_date, police_identifiers, hmpps_identifiers

At 17:00 on day 1: stockport-council/housing goes offline

At 06:10 on day 2: hmpps-prisons sends wrong-man
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Brook by noms
  areas: release Stockport
  to: probation-greater-manchester/stockport
  custody: event release, certainty confirmed, prison FBI, occurred_at 06:00 on day 2, movement_reason CR
  Told: gmp/stockport; probation-greater-manchester/stockport
  Waits: stockport-council/housing
  Tracked: probation-greater-manchester acknowledged

At 09:00 on day 2: gmp (records) sends not-its-own
  Because: Police cannot take back what the prison said. To them the message does not exist.
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Brook
  correction: message_id message wrong-man
  Refused at the door: not found, at correction.message_id

At 09:30 on day 2: hmpps-prisons sends taken-back
  Because: Exactly those who were told hear it. They hold his data already and are given none again; why it is taken back is written freely, and no agreement shows it.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Brook by noms
  correction: message_id message wrong-man, reason "The wrong man of two with one name. Invented."
  Told: gmp/stockport; probation-greater-manchester/stockport, without subject_name, subject_birth_date, hmpps_identifiers, narrative
    Does not show: "one name"
    Does not show: "A2001AA"
  Ended of wrong-man: stockport-council/housing as withdrawn
  Refused: nobody
  Nothing: everybody else

At 10:00 on day 2: stockport-council/housing comes back
  Because: It never heard of the release, so it does not hear that there was none.
  Nothing: stockport-council/housing

At 10:10 on day 2: hmpps-prisons looks at wrong-man
  Because: That it was received stays true; that it is taken back has a receipt of its own.
  Tracked: probation-greater-manchester acknowledged

Ledger:
  accepted: gmp 1, hmpps-prisons 2
  decided: permitted 7, refused 14
  release: gmp 2, probation-greater-manchester 3, stockport-council 1
  disclosed: gmp 2, hmpps-prisons 4
  receipt: gmp 2, probation-greater-manchester 3, stockport-council 1
  received: gmp 2, hmpps-prisons 4
  ended: withdrawn 1

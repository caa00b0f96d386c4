# Everybody is invented. How to read and write a story: docs/stories.md.
Story: Spotlight: proposed, selected, taken off
From the seeds: About 150 people are managed under Spotlight. A panel of the agencies selects them, and the same panel takes them off.
From the seeds: A proposal alone changes nothing that anybody else receives. What the panel decides does, in both directions.

Day 1: Monday 1 June 2026

Person Dunn: managed; born 17 January 1996; noms A1501AA; pnc 2017/0009105E; access no

At 09:00 on day 1: gmp (records) sends proposed
  Because: The division proposes Dunn, to the desk that prepares the panel and to the two that sit on it.
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task with sch8_justice
  about: Dunn
  areas: resident Stockport
  to: gmp/stockport-selection, probation-greater-manchester/stockport
  flag: flag_kind iom, action propose
  say: narrative of Dunn, opinion, "Steals to pay for drugs. Invented."
  Told: gmp/stockport-selection; probation-greater-manchester/stockport
    Shows: flag.action propose
  Told: stockport-council/community-safety, without subject_birth_date, police_identifiers, hmpps_identifiers, narrative
  Refused: gmp/public-protection; probation-greater-manchester/public-protection
  Refused: stockport-yot/youth-justice; stockport-council/childrens-services; cps-north-west/magistrates
  Tracked: gmp acknowledged; probation-greater-manchester acknowledged

At 06:10 on day 3: hmpps-prisons sends released-too-early
  Because: He is released before the panel meets. A proposal is no list: the selection desk hears of him as of anybody on none.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Dunn by noms
  areas: release Stockport
  custody: event release, certainty confirmed, prison FBI, occurred_at 08:30 on day 3, movement_reason CR
  say: offence_class of Dunn, fact, "theft"
  Told: gmp/stockport-selection
  Nothing: gmp/stockport; probation-greater-manchester/stockport; stockport-council/housing

At 15:00 on day 10: gmp (records) sends selected
  Because: The panel selects him. The release a week ago was refused to the division then, so it is not told now.
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Dunn
  areas: resident Stockport
  flag: flag_kind iom, action raise, review_date day 190, panel_decision_id id june-panel
  Told: probation-greater-manchester/stockport
    Shows: flag.review_date 2026-12-07
  # It was given the proposal, so it hears what becomes of it.
  Told: gmp/stockport-selection
  Told: stockport-council/community-safety, without subject_birth_date, police_identifiers, hmpps_identifiers
  Nothing: gmp/stockport; stockport-council/housing

At 06:10 on day 60: hmpps-prisons sends recalled
  Because: Recalled, and no place is given: the flag's owner hears of it.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Dunn by noms
  custody: event recall, certainty confirmed, prison FBI, occurred_at 05:00 on day 60, movement_reason "24"
  Told: gmp/stockport
    Shows: custody.movement_reason 24
  Refused: nobody

At 15:00 on day 150: gmp (records) sends taken-off
  Because: All agencies agree that he needs it no longer. Everybody where he lives who read that he is on the list reads that he is off it.
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Dunn
  areas: resident Stockport
  flag: flag_kind iom, action deselect, exit reduced_risk, panel_decision_id id october-panel
  Told: probation-greater-manchester/stockport; gmp/stockport-selection
    Shows: flag.action deselect
    Shows: flag.exit reduced_risk
  Told: stockport-council/community-safety, without subject_birth_date, police_identifiers, hmpps_identifiers

At 06:10 on day 160: hmpps-prisons sends released-again
  Because: On no list any more: the selection desk may think of him again, and no partner hears.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Dunn by noms
  areas: release Stockport
  custody: event release, certainty confirmed, prison FBI, occurred_at 08:30 on day 160, movement_reason CR
  say: offence_class of Dunn, fact, "theft"
  Told: gmp/stockport-selection
  Nothing: gmp/stockport; probation-greater-manchester/stockport; stockport-council/housing

Ledger:
  accepted: gmp 3, hmpps-prisons 3
  decided: permitted 12, refused 39
  release: gmp 6, probation-greater-manchester 3, stockport-council 3
  disclosed: gmp 9, hmpps-prisons 3
  receipt: gmp 6, probation-greater-manchester 3, stockport-council 3
  received: gmp 9, hmpps-prisons 3

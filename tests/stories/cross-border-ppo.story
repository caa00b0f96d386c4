# Everybody is invented. How to read and write a story: docs/stories.md.
Story: A priority offender crosses the border
From the seeds: The daily check also looks for priority offenders of another area who are released into Stockport.
From the seeds: Archer is on Wirral's list and goes to Stockport. The prisons' first news says neither where to, nor how old he is; the list of releases says so later. Whoever owns the flag hears of it each time.

Day 1: Monday 2 March 2026

Person Archer: managed; born 12 April 1988; noms A1101AA; pnc 2014/0009102F; access no

At 10:00 on day 1: merseyside-police (records) sends archer-selected
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Archer
  areas: home Wirral
  flag: flag_kind ppo, action raise, review_date day 300, panel_decision_id id wirral-panel
  Told: probation-north-west/wirral
  Refused: merseyside-police/public-protection; probation-north-west/public-protection because no permit
  Refused: wirral-yot/youth-justice; wirral-council/childrens-services because no permit
  # Nothing crosses the border yet: Stockport has no stake in somebody of Wirral.
  Nothing: gmp/stockport; probation-greater-manchester/stockport

At 05:20 on day 4: hmpps-prisons sends archer-provisional
  Because: The search index says released. It may still be reversed, so police and probation alone may hear of it. Nobody said whether his record is limited, so even they see the numbers and the prison and no more.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Archer by noms without born and access
  custody: event release, certainty provisional, prison FBI, occurred_at 05:15 on day 4, movement_reason CR
  Told: merseyside-police/wirral, without subject_name
    Shows: custody.certainty provisional
    Shows: subjects.0.identifiers.0.value A1101AA
    Does not show: "Archer"
  Asked: merseyside-police/wirral to settle area_unknown, without subject_name, custody_reason
  Refused: nobody
  Nothing: everybody else

At 06:05 on day 4: hmpps-prisons sends archer-confirmed
  Because: Confirmed three quarters of an hour later, and it settles the first news. Still without an area.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Archer by noms without born and access
  custody: event release, certainty confirmed, prison FBI, occurred_at 05:15 on day 4, movement_reason CR, settles_message_id message archer-provisional
  Told: merseyside-police/wirral, without subject_name
    Shows: custody.certainty confirmed
  Asked: merseyside-police/wirral to settle area_unknown, without subject_name, custody_reason
  Refused: nobody
  Nothing: everybody else

At 06:30 on day 4: hmpps-prisons sends archer-listed
  Because: The list of releases knows his age, that his record is not limited, and that he goes to Stockport.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Archer by noms
  areas: release Stockport
  urgency: immediate
  custody: event release, certainty confirmed, prison FBI, occurred_at 05:15 on day 4, movement_reason CR
  say: offence_class of Archer, fact, "burglary (dwelling)"
  Told: merseyside-police/wirral; gmp/stockport; probation-greater-manchester/stockport
    Shows: subjects.0.name "Invented Archer"
    Shows: urgency immediate
  Told: stockport-council/housing, without hmpps_identifiers, custody_prison, custody_reason, offence_class
  Refused: gmp/public-protection; probation-greater-manchester/public-protection
  Refused: stockport-yot/youth-justice; stockport-council/childrens-services
  Refused: cps-north-west/magistrates; hmcts/stockport-magistrates
  Refused: stockport-drug-and-alcohol-service/criminal-justice; nhs-greater-manchester/forensic-mental-health; loto-stockport/mentors
  # Wirral's probation unit has nothing to do with somebody who goes elsewhere.
  Nothing: probation-north-west/wirral; wirral-council/housing

Ledger:
  accepted: merseyside-police 1, hmpps-prisons 3
  decided: permitted 9, refused 13
  release: merseyside-police 5, probation-north-west 1, gmp 1, probation-greater-manchester 1, stockport-council 1
  disclosed: merseyside-police 1, hmpps-prisons 8
  receipt: merseyside-police 5, probation-north-west 1, gmp 1, probation-greater-manchester 1, stockport-council 1
  received: merseyside-police 1, hmpps-prisons 8

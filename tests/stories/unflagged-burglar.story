# Everybody is invented. How to read and write a story: docs/stories.md.
Story: A burglar whom nobody has on a list
From the seeds: The daily check also looks for people who are not yet on a list: an unflagged burglar released to Stockport goes to that police desk's selection list and to no partner.
From the seeds: When a list takes him on later, its owner hears of a release that is still news, unless it was refused that news before.

Day 1: Monday 2 March 2026

Person Ember: convicted; born 9 September 1992; noms A1201AA; access no

At 06:10 on day 1: hmpps-prisons sends ember-released
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Ember
  areas: release Stockport
  custody: event release, certainty confirmed, prison FBI, occurred_at 08:30 on day 1, movement_reason CR
  say: offence_class of Ember, fact, "burglary (dwelling)"
  say: housing_need of Ember, fact, "Wants a room. Invented."
  say: address of Ember, fact, "With a cousin. Invented."
  # It weighs the offence. It needs neither where he will live nor what he needs.
  Told: gmp/stockport-selection, without address, housing_need
    Shows: statements.0.text "burglary (dwelling)"
    Does not show: "cousin"
  Refused: gmp/stockport; gmp/public-protection because no permit
  Refused: probation-greater-manchester/stockport; probation-greater-manchester/public-protection because no permit
  Refused: stockport-yot/youth-justice; stockport-council/housing; stockport-council/childrens-services because no permit
  Refused: cps-north-west/magistrates; hmcts/stockport-magistrates because platform/reach-oma2007-s14
  Refused: stockport-drug-and-alcohol-service/criminal-justice; nhs-greater-manchester/forensic-mental-health; loto-stockport/mentors
  Nothing: everybody else

At 15:00 on day 3: gmp (records) sends ember-selected
  Because: The panel met, and Ember is on Stockport's list from now on. The release is still news, but what was refused once is never released by a change of rules or lists: whoever is to hear of it now is sent it anew.
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Ember
  areas: resident Stockport
  flag: flag_kind ppo, action raise, review_date day 300, panel_decision_id id march-panel
  Told: probation-greater-manchester/stockport
  Told: stockport-council/community-safety, without subject_birth_date, hmpps_identifiers
  Refused: gmp/public-protection; probation-greater-manchester/public-protection
  Refused: stockport-yot/youth-justice; stockport-council/childrens-services; cps-north-west/magistrates
  Nothing: gmp/stockport; gmp/stockport-selection; stockport-council/housing

At 16:00 on day 4: merseyside-police (records) sends ember-in-wirral
  Because: Ember is Wirral's as well, which Stockport hears as the owner of a flag of its own. Wirral's desk had no stake in the release when it came, and has one now: it hears of it, whole, although he went to Stockport.
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Ember
  areas: home Wirral
  flag: flag_kind ppo, action raise, review_date day 300, panel_decision_id id wirral-panel
  Told: probation-north-west/wirral; gmp/stockport
  Told of ember-released: merseyside-police/wirral
    Shows: statements.0.field offence_class
  Refused: merseyside-police/public-protection; probation-north-west/public-protection
  Refused: wirral-yot/youth-justice; wirral-council/childrens-services

At 06:10 on day 20: hmpps-prisons sends ember-again
  Because: Inside again and out again: now he is on two lists, both owners hear, and the selection desk need not look.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Ember
  areas: release Stockport
  custody: event release, certainty confirmed, prison FBI, occurred_at 08:30 on day 20, movement_reason CR
  say: offence_class of Ember, fact, "burglary (dwelling)"
  Told: gmp/stockport; merseyside-police/wirral; probation-greater-manchester/stockport
  Told: stockport-council/housing, without hmpps_identifiers, custody_prison, custody_reason, offence_class
  Nothing: gmp/stockport-selection; probation-north-west/wirral

Ledger:
  accepted: hmpps-prisons 2, gmp 1, merseyside-police 1
  decided: permitted 10, refused 30
  release: gmp 3, merseyside-police 2, probation-greater-manchester 2, probation-north-west 1, stockport-council 2
  disclosed: hmpps-prisons 6, gmp 2, merseyside-police 2
  receipt: gmp 3, merseyside-police 2, probation-greater-manchester 2, probation-north-west 1, stockport-council 2
  received: hmpps-prisons 6, gmp 2, merseyside-police 2

# Everybody is invented. How to read and write a story: docs/stories.md.
Story: The daily release check
From the seeds: Administrators check every prison release each day, for those who come to the Stockport division and for priority offenders of other areas.
From the seeds: A release of somebody on Stockport's list must reach the division, the probation unit and the housing desk, each with its part of the news, and nobody else.

Day 1: Monday 2 March 2026

Person Brook: managed; born 21 July 1990; noms A1001AA; pnc 2015/0009101V; access no
Person Grove: managed; born 3 May 1985; noms A1002AB; access no
Person Heath: managed; born 30 October 1979; noms A1003AC; access no

At 14:00 on day 1: gmp (records) sends brook-selected
  Because: The tasking group put Brook on Stockport's list of priority offenders.
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task with sch8_justice
  about: Brook
  areas: resident Stockport
  flag: flag_kind ppo, action raise, review_date day 300, panel_decision_id id march-panel
  say: offence_class of Brook, fact, "burglary (dwelling)"
  say: narrative of Brook, opinion, "Takes tools from sheds before a burglary. Invented."
  Told: probation-greater-manchester/stockport
    Shows: flag.flag_kind ppo
  # The council's community safety manager chairs the panel: who and what sort of offence, no
  # numbers, no narrative, and of the birth date only that there is one.
  Told: stockport-council/community-safety, without subject_birth_date, police_identifiers, hmpps_identifiers, narrative
    Shows: subjects.0.name "Invented Brook"
    Does not show: "1990"
    Does not show: "A1001AA"
    Does not show: "sheds"
  Refused: gmp/public-protection; probation-greater-manchester/public-protection because no permit
  Refused: stockport-yot/youth-justice; stockport-council/childrens-services because no permit
  Refused: cps-north-west/magistrates because platform/reach-cda1998-s115
  Nothing: everybody else

At 06:10 on day 2: hmpps-prisons sends brook-released
  Because: The morning's list of releases: Brook goes from Forest Bank to Stockport.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Brook by noms
  areas: release Stockport
  custody: event release, certainty confirmed, prison FBI, occurred_at 08:30 on day 2, movement_reason CR, dates {licence_ends_on day 200, sentence_ends_on day 200, supervision_ends_on day 366}
  say: offence_class of Brook, fact, "burglary (dwelling)"
  say: housing_need of Brook, fact, "Nowhere to stay from tonight. Invented."
  say: address of Brook, fact, "A hostel in Stockport. Invented."
  Told: gmp/stockport; probation-greater-manchester/stockport
    Shows: custody.prison FBI
    Shows: custody.event release
    Shows: custody.dates.licence_ends_on "2026-09-17"
  # Housing finds a roof: that he comes, and what he needs. Neither his offence nor his numbers,
  # nor from which prison, nor where he was going to stay, nor until when he is bound.
  Told: stockport-council/housing, without hmpps_identifiers, custody_prison, custody_reason, offence_class, address, sentence_dates
    Does not show: "FBI"
    Does not show: "burglary"
    Does not show: "hostel"
  Refused: gmp/public-protection; probation-greater-manchester/public-protection because no permit
  Refused: stockport-yot/youth-justice; stockport-council/childrens-services because no permit
  Refused: cps-north-west/magistrates; hmcts/stockport-magistrates because platform/reach-oma2007-s14
  Refused: stockport-drug-and-alcohol-service/criminal-justice; nhs-greater-manchester/forensic-mental-health; loto-stockport/mentors
  # He is on a list, so nobody need look whether he should be.
  Nothing: gmp/stockport-selection
  Nothing: merseyside-police/wirral
  Tracked: nobody

At 06:10 on day 2: hmpps-prisons sends grove-released
  Because: Grove is on no list and nobody says for what he was inside: there is nothing to weigh.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Grove
  areas: release Stockport
  custody: event release, certainty confirmed, prison FBI, occurred_at 08:30 on day 2, movement_reason CR
  Refused: gmp/stockport; gmp/public-protection because no permit
  Refused: probation-greater-manchester/stockport; probation-greater-manchester/public-protection
  Refused: stockport-yot/youth-justice; stockport-council/childrens-services; stockport-council/housing
  Refused: cps-north-west/magistrates; hmcts/stockport-magistrates
  Refused: stockport-drug-and-alcohol-service/criminal-justice; nhs-greater-manchester/forensic-mental-health; loto-stockport/mentors
  Nothing: everybody else

At 06:15 on day 2: hmpps-prisons sends heath-released
  Because: The probation unit that supervises Heath is named, so it is told of him, list or no list. It is told of his licence in full.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task with sch8_justice
  about: Heath
  to: probation-greater-manchester/stockport
  custody: event release, certainty confirmed, prison MRI, occurred_at 09:00 on day 2, movement_reason CR
  areas: supervising Stockport
  say: licence_condition_text of Heath, fact, "Not to go to one street. Invented."
  Told: probation-greater-manchester/stockport
    Shows: statements.0.text "Not to go to one street. Invented."
  Refused: gmp/stockport; gmp/public-protection; probation-greater-manchester/public-protection
  Refused: stockport-yot/youth-justice; stockport-council/childrens-services; stockport-council/housing
  Refused: cps-north-west/magistrates; hmcts/stockport-magistrates
  Refused: stockport-drug-and-alcohol-service/criminal-justice; nhs-greater-manchester/forensic-mental-health; loto-stockport/mentors
  Nothing: everybody else
  Tracked: probation-greater-manchester acknowledged

At 13:00 on day 9: hmpps-prisons sends brook-absent
  Because: A temporary absence is called a release by the prisons' systems. It is none, so housing hears nothing.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Brook by noms
  areas: resident Stockport
  custody: event temporary_absence, certainty confirmed, prison FBI, occurred_at 12:30 on day 9
  Told: gmp/stockport; probation-greater-manchester/stockport
    Shows: custody.event temporary_absence
  Nothing: stockport-council/housing

Ledger:
  accepted: gmp 1, hmpps-prisons 4
  decided: permitted 8, refused 47
  release: gmp 2, probation-greater-manchester 4, stockport-council 2
  disclosed: gmp 2, hmpps-prisons 6
  receipt: gmp 2, probation-greater-manchester 4, stockport-council 2
  received: gmp 2, hmpps-prisons 6

# Everybody is invented. How to read and write a story: docs/stories.md.
Story: The designated authority changes after a move
From the seeds: A child who is remanded becomes looked after, and the court designates the authority (LASPO 2012 s.102 and s.104). The family moves, and the court designates another.
From the seeds: What prisons say of the child names no place. It goes to the authority of that day.

Day 1: Monday 7 September 2026

Person Garth: managed; born 11 July 2010; noms A1603AA; access no

At 09:00 on day 1: wirral-yot sends flagged
  grounds: offender_management under cda1998_s37_39 by dpa2018_s35_task with sch8_safeguarding
  about: Garth
  areas: home Wirral
  flag: flag_kind high_risk_youth, action raise, review_date day 190, panel_decision_id id youth-panel
  Told: merseyside-police/wirral; wirral-council/childrens-services

At 15:00 on day 2: hmcts sends remanded
  Because: The court names those that are to act, and the area of the authority it designates.
  grounds: justice under statutory_duty by dpa2018_s35_task
  about: Garth
  areas: designated Wirral
  to: wirral-council/childrens-services
  court: step remanded, court B06MK00, hearing_at 14:00 on day 2
  Told: wirral-council/childrens-services
  Told: wirral-yot/youth-justice

At 18:00 on day 2: hmpps-prisons sends received
  Because: No place is given. The authority that the court designated hears where the child is.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Garth
  custody: event reception, certainty confirmed, prison WYI, occurred_at 17:00 on day 2
  Told: wirral-yot/youth-justice; wirral-council/childrens-services
  Refused: nobody
  Nothing: stockport-council/childrens-services

At 15:00 on day 30: hmcts sends remanded-again
  Because: The family lives in Stockport now. From this hearing on it is Stockport's.
  grounds: justice under statutory_duty by dpa2018_s35_task
  about: Garth
  areas: designated Stockport
  to: stockport-council/childrens-services
  court: step remanded, court B06MK00, hearing_at 14:00 on day 30
  Told: stockport-council/childrens-services
  Told: wirral-yot/youth-justice

At 18:00 on day 31: hmpps-prisons sends transferred
  Because: Stockport's authority and its team hear; Wirral's services for children do no longer. Wirral's team owns the flag.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Garth
  custody: event transfer, certainty confirmed, prison WYI, occurred_at 17:00 on day 31
  Told: wirral-yot/youth-justice; stockport-yot/youth-justice; stockport-council/childrens-services
  Refused: nobody
  Nothing: wirral-council/childrens-services

Ledger:
  accepted: wirral-yot 1, hmcts 2, hmpps-prisons 2
  decided: permitted 11, refused 10
  release: merseyside-police 1, stockport-council 2, stockport-yot 1, wirral-council 3, wirral-yot 4
  disclosed: wirral-yot 2, hmcts 4, hmpps-prisons 5
  receipt: merseyside-police 1, stockport-council 2, stockport-yot 1, wirral-council 3, wirral-yot 4
  received: wirral-yot 2, hmcts 4, hmpps-prisons 5

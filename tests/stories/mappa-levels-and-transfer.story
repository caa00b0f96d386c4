# Everybody is invented. How to read and write a story: docs/stories.md.
Story: MAPPA: level 2 to 3 and back, and a move to another area
From the seeds: Police, probation and prisons are jointly responsible for the arrangements; others co-operate.
From the seeds: The responsible authority hears of a case in its area. Whoever co-operates hears of it when it is invited, with what it needs. A move up cites the referral, a move down the panel.

Day 1: Monday 6 July 2026

Person Hill: managed; born 5 November 1979; noms A1601AA; pnc 2010/0009106Z; access no

At 09:00 on day 1: probation-greater-manchester (records) sends notified
  grounds: public_protection under cja2003_s325 by dpa2018_s35_task with sch8_statutory
  about: Hill
  areas: resident Stockport
  mappa: step notification, category 2, level 2
  say: risk of Hill, opinion, "High risk of serious harm to a known adult. Invented."
  Told: gmp/public-protection; probation-greater-manchester/public-protection
    Shows: mappa.level 2
    Shows: mappa.category 2
  # In the area, and not invited: refused.
  Refused: stockport-yot/youth-justice; stockport-council/childrens-services; stockport-council/housing because no permit
  Refused: nhs-greater-manchester/forensic-mental-health; loto-stockport/mentors
  Nothing: everybody else

At 10:00 on day 30: probation-greater-manchester (records) sends raised-without-referral
  Because: A move up without the referral it follows from cannot be sent.
  grounds: public_protection under cja2003_s325 by dpa2018_s35_task
  about: Hill
  areas: resident Stockport
  mappa: step level_change, category 2, level 3, previous_level 2
  Refused at the door: invalid message, at mappa.referral_id

At 10:05 on day 30: probation-greater-manchester (records) sends raised
  Because: Level 3. Health, housing, prisons and a charity are named; each hears what its part needs, and a charity none of it.
  grounds: public_protection under cja2003_s325 by dpa2018_s35_task with sch8_statutory
  about: Hill
  areas: resident Stockport
  to: nhs-greater-manchester/forensic-mental-health, stockport-council/housing, hmpps-prisons/public-protection, loto-stockport/mentors, jobcentre-stockport/notices
  mappa: step level_change, category 2, level 3, previous_level 2, referral_id id july-referral
  say: risk of Hill, opinion, "Very high risk of serious harm. Invented."
  say: health of Hill, fact, "Under the care of a team. Invented."
  say: housing_need of Hill, fact, "Needs a flat by himself. Invented."
  Told: gmp/public-protection; probation-greater-manchester/public-protection, without health
    Shows: mappa.level 3
  Told: hmpps-prisons/public-protection, without health
  Told: nhs-greater-manchester/forensic-mental-health, without police_identifiers
    Shows: mappa.level 3
  Told: stockport-council/housing, without police_identifiers, hmpps_identifiers, mappa_category, mappa_level, health, risk
    Shows: statements.0.text "Needs a flat by himself. Invented."
    Does not show: "serious harm"
  Refused: stockport-yot/youth-justice; stockport-council/childrens-services because no permit
  Refused: loto-stockport/mentors
  # Named by mistake: a Jobcentre hears of restrictions, and never of a level.
  Refused: jobcentre-stockport/notices because platform/jobcentre
  Tracked: nhs-greater-manchester acknowledged; stockport-council acknowledged; hmpps-prisons acknowledged; loto-stockport not_shared; jobcentre-stockport not_shared

At 09:00 on day 40: probation-greater-manchester (records) sends notice-with-too-much
  Because: A notice to a Jobcentre says what bears on its services. His risk does not.
  grounds: public_protection under cja2003_s325 by dpa2018_s35_task
  about: Hill
  areas: resident Stockport
  to: jobcentre-stockport/notices
  mappa: step jobcentre_notice, category 2, level 3
  say: employment of Hill, fact, "No work with vulnerable adults. Invented."
  say: risk of Hill, opinion, "Very high risk of serious harm. Invented."
  Refused at the door: invalid message, at statements[1].field

At 09:05 on day 40: probation-greater-manchester (records) sends notice
  Because: The Jobcentre hears who he is and which work he may not have: neither that he is at level 3, nor why. The responsible authority hears that it was told.
  grounds: public_protection under cja2003_s325 by dpa2018_s35_task
  about: Hill
  areas: resident Stockport
  to: jobcentre-stockport/notices
  mappa: step jobcentre_notice, category 2, level 3
  say: employment of Hill, fact, "No work with vulnerable adults. Invented."
  say: responsible_officer of Hill, fact, "Ring the public protection unit. Invented."
  Told: jobcentre-stockport/notices, without police_identifiers, hmpps_identifiers, mappa_category, mappa_level
    Shows: mappa.step jobcentre_notice
    Shows: statements.0.text "No work with vulnerable adults. Invented."
    Does not show: "mappa.level"
    Does not show: "2010/0009106Z"
  Told: gmp/public-protection; probation-greater-manchester/public-protection
    Shows: mappa.level 3
  Refused: stockport-yot/youth-justice; stockport-council/childrens-services; stockport-council/housing
  Refused: nhs-greater-manchester/forensic-mental-health; loto-stockport/mentors
  Tracked: jobcentre-stockport acknowledged

At 11:00 on day 90: probation-greater-manchester (records) sends lowered
  Because: Back to level 2, by the panel. Whoever was invited to level 3 only is not invited any more.
  grounds: public_protection under cja2003_s325 by dpa2018_s35_task
  about: Hill
  areas: resident Stockport
  mappa: step level_change, category 2, level 2, previous_level 3, panel_decision_id id october-panel
  Told: gmp/public-protection; probation-greater-manchester/public-protection
    Shows: mappa.previous_level 3
  Refused: stockport-yot/youth-justice; stockport-council/childrens-services; stockport-council/housing
  Refused: nhs-greater-manchester/forensic-mental-health; loto-stockport/mentors

At 14:00 on day 100: probation-greater-manchester (records) sends transferred
  Because: Hill moves to Wirral. The public protection desks of both sides hear of it, and the receiving area's other desks do not.
  grounds: public_protection under cja2003_s325 by dpa2018_s35_task
  about: Hill
  areas: resident Wirral, supervising Stockport
  mappa: step transfer, category 2, level 2
  Told: gmp/public-protection; probation-greater-manchester/public-protection
  Told: merseyside-police/public-protection; probation-north-west/public-protection
    Shows: mappa.step transfer
  Refused: stockport-yot/youth-justice; stockport-council/childrens-services; stockport-council/housing
  Refused: nhs-greater-manchester/forensic-mental-health; loto-stockport/mentors
  Refused: wirral-yot/youth-justice; wirral-council/childrens-services; wirral-council/housing

At 15:00 on day 120: probation-north-west (records) sends category-3-at-level-1
  Because: Category 3 is never at level 1: leaving level 2 is an exit.
  grounds: public_protection under cja2003_s325 by dpa2018_s35_task
  about: Hill
  areas: resident Wirral
  mappa: step level_change, category 3, level 1, previous_level 2, panel_decision_id id wirral-panel
  Refused at the door: invalid message, at mappa.level

At 15:05 on day 120: probation-north-west (records) sends left
  grounds: public_protection under cja2003_s325 by dpa2018_s35_task
  about: Hill
  areas: resident Wirral
  mappa: step exit, category 3, previous_level 2, panel_decision_id id wirral-panel
  Told: merseyside-police/public-protection; probation-north-west/public-protection
    Shows: mappa.step exit
  Refused: wirral-yot/youth-justice; wirral-council/childrens-services; wirral-council/housing
  # Where he came from has no part in it any more.
  Nothing: gmp/public-protection; probation-greater-manchester/public-protection

Ledger:
  accepted: probation-greater-manchester 5, probation-north-west 1
  decided: permitted 18, refused 30
  release: gmp 5, probation-greater-manchester 5, jobcentre-stockport 1, hmpps-prisons 1, nhs-greater-manchester 1, stockport-council 1, merseyside-police 2, probation-north-west 2
  disclosed: probation-greater-manchester 16, probation-north-west 2
  receipt: gmp 5, probation-greater-manchester 5, jobcentre-stockport 1, hmpps-prisons 1, nhs-greater-manchester 1, stockport-council 1, merseyside-police 2, probation-north-west 2
  received: probation-greater-manchester 16, probation-north-west 2

# Everybody is invented. How to read and write a story: docs/stories.md.
Story: A youth order is breached, and proved
From the seeds: Youth offending teams supervise orders, warn, and go back to court.
From the seeds: A warning is for those who work with the child. What is laid before the court is another message, on the power that reaches a court. What is proved is told to those who heard it alleged.

Day 1: Monday 2 November 2026

Person Teal: convicted; born 3 March 2010; access no; pnc 2014/0009102F

At 10:00 on day 1: stockport-yot sends warned
  grounds: offender_management under cda1998_s37_39 by dpa2018_s35_task
  about: Teal
  areas: resident Stockport
  enforcement: matter youth_order, step warning, outcome alleged, occurred_at 09:00 on day 1
  say: attendance of Teal, fact, "One appointment missed. Invented."
  Told: gmp/stockport
  Told: stockport-council/childrens-services, without police_identifiers, attendance
  Refused: gmp/public-protection; probation-greater-manchester/public-protection
  Refused: probation-greater-manchester/stockport
  Refused: cps-north-west/magistrates; hmcts/stockport-magistrates

At 10:00 on day 15: stockport-yot sends laid-before-the-court
  Because: To the court that made the order, and to nobody because of a place.
  grounds: justice under statutory_duty by dpa2018_s35_task
  about: Teal
  to: hmcts/stockport-magistrates
  enforcement: matter youth_order, step breach, outcome alleged, occurred_at 09:00 on day 14
  say: attendance of Teal, fact, "Three appointments missed. Invented."
  Told: hmcts/stockport-magistrates
    Shows: enforcement.step breach
    Shows: statements.0.text "Three appointments missed. Invented."
  Refused: nobody
  Nothing: everybody else
  Tracked: hmcts acknowledged

At 16:00 on day 30: hmcts sends proved-in-court
  Because: The court tells the team what it did.
  grounds: justice under statutory_duty by dpa2018_s35_task
  about: Teal
  to: stockport-yot/youth-justice
  court: step sentenced, court B06MK00, hearing_at 15:00 on day 30, order youth
  Told: stockport-yot/youth-justice
    Shows: court.order youth
  Refused: nobody

At 09:00 on day 31: stockport-yot sends proved
  Because: The same to those who heard of the breach, and here that is the court alone.
  grounds: justice under statutory_duty by dpa2018_s35_task
  about: Teal
  enforcement: matter youth_order, step breach, outcome proved, occurred_at 15:00 on day 30, settles_message_id message laid-before-the-court
  Told: hmcts/stockport-magistrates
    Shows: enforcement.outcome proved
  Refused: nobody
  Nothing: everybody else

Ledger:
  accepted: stockport-yot 3, hmcts 1
  decided: permitted 5, refused 5
  release: gmp 1, hmcts 2, stockport-council 1, stockport-yot 1
  disclosed: stockport-yot 4, hmcts 1
  receipt: gmp 1, hmcts 2, stockport-council 1, stockport-yot 1
  received: stockport-yot 4, hmcts 1

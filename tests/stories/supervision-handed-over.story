# Everybody is invented. How to read and write a story: docs/stories.md.
Story: Supervision goes to another unit on a day
From the seeds: Whoever supervises a priority offender hears of him wherever he is, also where nobody says a place.
From the seeds: Stockport's probation unit says that it supervises Hale, and later that Wirral's does from the 31st of March on. On that day news goes the other way, with no message in between. The news of the transfer is then taken back, and is as if it had never been.

# Clocks go forward on 29 March 2026, so that day 30 begins in Britain at 23:00 UTC on day 29.
Day 1: Monday 2 March 2026

Person Hale: managed; born 3 May 1990; noms A1601AA; access no

At 10:00 on day 1: gmp (records) sends selected
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Hale
  areas: resident Stockport
  flag: flag_kind ppo, action raise, review_date day 300, panel_decision_id id march-panel
  Told: probation-greater-manchester/stockport
  Told: stockport-council/community-safety, without subject_birth_date, hmpps_identifiers

At 09:00 on day 2: probation-greater-manchester (records) sends supervised
  Because: The unit says that it supervises him, with the first thing that the division is to do.
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Hale
  areas: supervising Stockport at probation-greater-manchester/stockport
  act by: 12:00 on day 9
  action: step set, pathway control, owner gmp/stockport
  Told: gmp/stockport
    Shows: areas.0.desk.desk stockport

At 09:00 on day 3: merseyside-police (records) sends said-by-police
  Because: Police do not say who supervises. What they write of a place brings this one message there, and is kept of nobody.
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Hale
  areas: supervising Wirral
  enforcement: matter licence, step breach, outcome alleged, occurred_at 08:00 on day 3
  Told: gmp/stockport
  # Named by the message for once; the agreement tells nobody of an alleged breach because of a place.
  Refused: merseyside-police/public-protection; probation-north-west/public-protection; wirral-yot/youth-justice; wirral-council/childrens-services
  Refused: probation-north-west/wirral; probation-greater-manchester/stockport because no permit

At 06:10 on day 10: hmpps-prisons sends out-for-a-day
  Because: No place is given. The division owns the flag, and the unit supervises him: it hears of him as if its area had been named.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Hale by noms
  custody: event temporary_absence, certainty confirmed, prison FBI, occurred_at 05:30 on day 10
  Told: gmp/stockport; probation-greater-manchester/stockport
  Refused: nobody
  Nothing: everybody else

At 09:00 on day 20: probation-greater-manchester (records) sends handed-over
  Because: He moves at the end of the month. Wirral's unit is asked to take him over, and until then nothing changes.
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Hale
  areas: supervising Wirral from day 30 at probation-north-west/wirral
  act by: 09:00 on day 30
  action: step set, pathway control, owner probation-north-west/wirral
  Told: probation-north-west/wirral
    Shows: areas.0.from_day 2026-03-31
  Told: gmp/stockport

At 22:30 on day 29: hmpps-prisons sends back-late
  Because: Half past eleven in the evening of the last day: Stockport's unit still supervises him.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Hale by noms
  custody: event temporary_absence_return, certainty confirmed, prison FBI, occurred_at 22:00 on day 29
  Told: gmp/stockport; probation-greater-manchester/stockport
  Refused: nobody
  Nothing: probation-north-west/wirral

At 23:30 on day 29: hmpps-prisons sends moved-on
  Because: Half past midnight: Wirral's does. Nobody has said anything in between.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Hale by noms
  custody: event transfer, certainty confirmed, prison FBI, occurred_at 23:10 on day 29
  Told: gmp/stockport; probation-north-west/wirral
  Refused: nobody
  Nothing: probation-greater-manchester/stockport

At 09:00 on day 40: probation-greater-manchester (records) sends not-handed-over
  Because: The transfer is off. Whoever was told of it hears that, and what it said of who supervises holds no more.
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Hale
  action: step cancelled, pathway control, settles_message_id message handed-over
  Told: gmp/stockport; probation-north-west/wirral
    Shows: action.step cancelled

At 06:10 on day 41: hmpps-prisons sends out-again
  Because: As if it had never been: Stockport's unit hears.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Hale by noms
  custody: event temporary_absence, certainty confirmed, prison FBI, occurred_at 05:30 on day 41
  Told: gmp/stockport; probation-greater-manchester/stockport
  Refused: nobody
  Nothing: probation-north-west/wirral

Ledger:
  accepted: gmp 1, probation-greater-manchester 3, merseyside-police 1, hmpps-prisons 4
  decided: permitted 16, refused 21
  release: gmp 8, probation-greater-manchester 4, probation-north-west 3, stockport-council 1
  disclosed: gmp 2, probation-greater-manchester 5, merseyside-police 1, hmpps-prisons 8
  receipt: gmp 8, probation-greater-manchester 4, probation-north-west 3, stockport-council 1
  received: gmp 2, probation-greater-manchester 5, merseyside-police 1, hmpps-prisons 8

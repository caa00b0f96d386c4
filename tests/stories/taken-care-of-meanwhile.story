# Everybody is invented. How to read and write a story: docs/stories.md.
Story: Another team takes care of a child meanwhile
From the seeds: Wirral's youth offending team supervises Finch, who stays with an aunt in Stockport for two weeks. Stockport's team watches over him for Wirral's.
From the seeds: While it does, it hears what is said of him without a place. From the day after, it hears no more.

Day 1: Monday 7 September 2026

Person Finch: managed; born 2 October 2010; noms A1602AA; access no

At 09:00 on day 1: wirral-yot sends asked
  Because: From the 11th to the 24th. The request itself names Stockport's team.
  grounds: offender_management under cda1998_s37_39 by dpa2018_s35_task with sch8_safeguarding
  about: Finch
  areas: supervising Wirral at wirral-yot/youth-justice, caretaking Stockport from day 5 to day 18 at stockport-yot/youth-justice
  act by: 09:00 on day 5
  action: step set, pathway control, owner stockport-yot/youth-justice
  Told: stockport-yot/youth-justice
    Shows: areas.1.to_day 2026-09-24

At 10:00 on day 4: wirral-yot sends too-early
  Because: The day before. Stockport's team has no part in his case yet.
  grounds: offender_management under cda1998_s37_39 by dpa2018_s35_task with sch8_safeguarding
  about: Finch
  enforcement: matter youth_order, step warning, outcome alleged, occurred_at 09:00 on day 4
  Refused: nobody
  Nothing: everybody else

At 10:00 on day 5: wirral-yot sends missed
  Because: From this day on it has. No place is given.
  grounds: offender_management under cda1998_s37_39 by dpa2018_s35_task with sch8_safeguarding
  about: Finch
  enforcement: matter youth_order, step breach, outcome alleged, occurred_at 09:00 on day 5
  say: attendance of Finch, fact, "One appointment missed. Invented."
  Told: stockport-yot/youth-justice
  Refused: nobody
  Nothing: everybody else

At 10:00 on day 18: stockport-yot sends missed-again
  Because: The other way round: Wirral's team supervises him, and hears what Stockport's saw.
  grounds: offender_management under cda1998_s37_39 by dpa2018_s35_task with sch8_safeguarding
  about: Finch
  enforcement: matter youth_order, step breach, outcome alleged, occurred_at 09:00 on day 18
  Told: wirral-yot/youth-justice
  Refused: nobody
  Nothing: everybody else

At 10:00 on day 19: wirral-yot sends back-home
  Because: The day after the last. Stockport's team has no part in it any more.
  grounds: offender_management under cda1998_s37_39 by dpa2018_s35_task with sch8_safeguarding
  about: Finch
  enforcement: matter youth_order, step breach, outcome alleged, occurred_at 09:00 on day 19
  Refused: nobody
  Nothing: everybody else

Ledger:
  accepted: wirral-yot 4, stockport-yot 1
  decided: permitted 3, refused 11
  release: stockport-yot 2, wirral-yot 1
  disclosed: wirral-yot 2, stockport-yot 1
  receipt: stockport-yot 2, wirral-yot 1
  received: wirral-yot 2, stockport-yot 1

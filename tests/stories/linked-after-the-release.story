# Everybody is invented. How to read and write a story: docs/stories.md.
Story: Two numbers turn out to be one person's
From the seeds: Police know somebody by one number and the prisons by another. The check of releases must find him all the same.
From the seeds: A link routes only once the authorities for both numbers have stated it. Then the owner of the flag hears of a release that is still news; and what a desk did not confirm comes again, though the broker was stopped in between.

Day 1: Monday 16 March 2026

Person Archer: managed; born 12 April 1988; noms A3501AA; pnc 2014/0009102F; access no

At 09:00 on day 1: merseyside-police (records) sends archer-selected
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Archer by pnc
  areas: home Wirral
  flag: flag_kind ppo, action raise, review_date day 300, panel_decision_id id wirral-panel
  Told: probation-north-west/wirral

At 06:10 on day 2: hmpps-prisons sends released
  Because: The prison knows its own number alone, so nobody has a flag on this man.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Archer by noms without name
  areas: release Stockport
  custody: event release, certainty confirmed, prison FBI, occurred_at 08:30 on day 2
  Nothing: everybody else

At 09:00 on day 2: hmpps-prisons states that noms and pnc of Archer are one person's
  Because: One authority's word alone routes nothing.
  Nothing: everybody else

At 09:30 on day 2: merseyside-police/wirral stops acknowledging

At 10:00 on day 2: merseyside-police (records) states that pnc and noms of Archer are one person's
  Because: Both have said so, and the release is a day old: the owner of the flag hears of it.
  Told of released: merseyside-police/wirral
    Shows: subjects.0.identifiers.0.value A3501AA
    Does not show: "2014/0009102F"

At 10:05 on day 2: the broker stops

At 11:00 on day 2: the broker starts
  Because: Nobody confirmed it, so it comes again.
  Told of released: merseyside-police/wirral

At 11:05 on day 2: merseyside-police/wirral acknowledges again

At 12:00 on day 3: merseyside-police (records) states that pnc and noms of Archer are one person's
  Because: Said again it changes nothing, and nothing that was confirmed comes again.
  Nothing: merseyside-police/wirral

At 13:00 on day 3: merseyside-police (records) no longer states that pnc and noms of Archer are one person's

At 06:10 on day 5: hmpps-prisons sends absent
  Because: One of the two no longer says so, and the link routes nothing more. The two disagree, so the owner of the flag is asked to settle that; and as name and birth date are those of the man on his list, whether it is he. He is told the least that such a question needs, and not what happened.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Archer by noms
  custody: event temporary_absence, certainty confirmed, prison FBI, occurred_at 06:00 on day 5
  Asked: merseyside-police/wirral to settle link_disputed, without custody_reason
  Asked: merseyside-police/wirral to settle possible_match, without custody_reason
    Shows: subjects.0.name "Invented Archer"
    Does not show: "temporary_absence"
  Refused: nobody
  Nothing: everybody else

Ledger:
  accepted: merseyside-police 1, hmpps-prisons 2
  decided: permitted 4, refused 16
  release: probation-north-west 1, merseyside-police 4
  disclosed: merseyside-police 1, hmpps-prisons 4
  receipt: probation-north-west 1, merseyside-police 3
  received: merseyside-police 1, hmpps-prisons 3
  # The broker writes down which revocation lists it works with when it starts.
  change: hmpps-prisons 1, merseyside-police 3, broker 1

# Everybody is invented. How to read and write a story: docs/stories.md.
Story: Two records are merged, and it was the wrong man
From the seeds: One person has several numbers, and a merge changes the leading one. Sometimes it is the wrong person's.
From the seeds: The prisons say whose a prison number is, and nobody else does. Everybody who was given news under either number hears of a merge, and of its end; nobody who was not.

Day 1: Monday 14 September 2026

# Two records of what is thought to be one person.
Person Reed: managed; born 2 July 1990; noms A2901AA; access no; age adult
Person Rowe: managed; born 7 February 1991; noms A2902AB; access no; age adult
Person Both: managed; noms A2901AA; noms A2902AB; access no; age adult

At 09:00 on day 1: gmp (records) sends reed-selected
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Reed
  flag: flag_kind ppo, action raise, review_date day 200, panel_decision_id id panel
  Refused: nobody

At 10:00 on day 1: hmpps-prisons sends rowe-received
  Because: Rowe is on no list; the unit that supervises him is named.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Rowe
  to: probation-north-west/wirral
  custody: event reception, certainty confirmed, prison ACI, occurred_at 09:30 on day 1
  Told: probation-north-west/wirral
  Refused: nobody

At 09:00 on day 3: gmp (records) sends not-theirs
  Because: Police do not say whose a prison number is.
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Both without name
  correction: action merge
  Refused at the door: invalid message, at correction.action

At 09:30 on day 3: hmpps-prisons sends merged
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Both without name
  correction: action merge
  Because: Whoever holds news under one number is told that it is under review, and is given no number that it did not have. And from now on Rowe's news is news of somebody on a list: its owner hears what is still alive of it, and of the merge that brought it.
  Told: probation-north-west/wirral; gmp/stockport, without hmpps_identifiers
    Shows: correction.action merge
    Does not show: "A2901AA"
  Told of rowe-received: gmp/stockport
  Refused: nobody

At 09:30 on day 6: hmpps-prisons sends parted
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Reed without name and born; Rowe without name and born
  correction: action unmerge
  Because: Rowe is not Reed. Everybody who was given news under either number hears it, and so does the desk that was told of Rowe by mistake.
  Told: probation-north-west/wirral; gmp/stockport, without hmpps_identifiers
    Shows: correction.action unmerge
    Does not show: "A2901AA"
  Refused: nobody

At 10:00 on day 8: hmpps-prisons sends rowe-released
  Because: Two men again: the flag of the one brings nobody news of the other.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Rowe
  to: probation-north-west/wirral
  custody: event transfer, certainty confirmed, prison LPI, occurred_at 09:30 on day 8
  Told: probation-north-west/wirral
  Refused: nobody
  Nothing: gmp/stockport

Ledger:
  accepted: gmp 1, hmpps-prisons 4
  decided: permitted 7
  release: gmp 3, probation-north-west 4
  disclosed: hmpps-prisons 7
  receipt: gmp 3, probation-north-west 4
  received: hmpps-prisons 7

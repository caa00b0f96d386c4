# Everybody is invented. How to read and write a story: docs/stories.md.
Story: Refused, and allowed after all
From the seeds: Sharing may be refused, and whoever is asked again may decide otherwise.
From the seeds: A refusal never turns into a release. What is allowed later is a new message on grounds of its own that cites the first, and the first stays refused.

Day 1: Monday 13 July 2026

Person Lane: convicted; born 19 August 1998; age adult; noms A2701AA; access no

At 10:00 on day 1: hmpps-prisons sends first
  Because: The prison names the mentors under the Offender Management Act, which does not reach a charity.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Lane
  to: loto-stockport/mentors
  custody: event release, certainty confirmed, prison FBI, occurred_at 08:30 on day 2
  Refused: loto-stockport/mentors because platform/reach-oma2007-s14
  Nothing: everybody else
  Tracked: loto-stockport not_shared

At 15:00 on day 1: hmpps-prisons sends second
  Because: Lane was asked, and agreed. The mentors are not told that anything went before.
  grounds: resettlement under consent by dpa2018_s35_consent
  about: Lane
  to: loto-stockport/mentors
  because of: first
  custody: event release, certainty confirmed, prison FBI, occurred_at 08:30 on day 2
  Told: loto-stockport/mentors, without subject_birth_date, hmpps_identifiers, custody_reason
    Does not show: "causation"
    Does not show: "offender_management"
  Refused: nobody
  Tracked: loto-stockport acknowledged

At 15:05 on day 1: hmpps-prisons looks at first
  Tracked: loto-stockport not_shared

Ledger:
  accepted: hmpps-prisons 2
  decided: permitted 1, refused 1
  release: loto-stockport 1
  disclosed: hmpps-prisons 1
  receipt: loto-stockport 1
  received: hmpps-prisons 1

# Everybody is invented. How to read and write a story: docs/stories.md.
Story: The list of releases does not come, and at two in the night nobody looks
From the seeds: Every morning Stockport looks through the list of those who are released. A morning without a list looks like a morning without a release, unless somebody says so.
From the seeds: An urgent message in the middle of the night is of use only if somebody opens it. Where nobody does, whoever sent it must know, and somebody's telephone must ring.

Day 1: Thursday 24 December 2020

Person Brook: managed; born 21 July 1990; noms A3101AA; access no
Person Ember: convicted; born 9 September 1992; noms A3102AA; access no

Feed release-list: custody from hmpps-prisons by 06:00, at least 2, for gmp/stockport-selection

At 05:00 on day 1: hmpps-prisons sends ember-released
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Ember
  areas: release Stockport
  custody: event release, certainty confirmed, prison FBI, occurred_at 04:30 on day 1
  say: offence_class of Ember, fact, "burglary (dwelling)"
  Told: gmp/stockport-selection

At 06:00 on day 1: time passes
  Because: One name where there are never fewer than two. Nothing is said of whom the list names.
  Advised: gmp/stockport-selection of feed_absent
    Shows: task.agency hmpps-prisons
    Shows: task.feed release-list
    Shows: task.short true
    Does not show: "Ember"
  Rung: operators of feed-short

At 09:00 on day 1: time passes
  Because: Nobody has opened it: its duty officer has heard since half past six, and its lead since eight.
  Rung: duty_officer gmp/stockport-selection of feed-short; agency_lead gmp/stockport-selection of feed-short

At 07:00 on day 2: time passes
  Because: Christmas Day. Nobody waits for a list.
  Nothing: everybody else

At 02:00 on day 5: hmpps-prisons sends at-large
  Because: He must be found. Police are told at once, and their system takes it: that is no reader.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Brook
  to: gmp/stockport
  urgency: immediate
  custody: event unlawfully_at_large, certainty confirmed, prison FBI, occurred_at 01:45 on day 5
  Told: gmp/stockport
  Tracked: gmp acknowledged

At 02:15 on day 5: time passes
  Because: A quarter of an hour later the prison hears that nobody at the police, whom it named, has opened it.
  Advised: hmpps-prisons/movements of not_opened
    Shows: task.agency gmp
    Does not show: "Brook"

At 02:45 on day 5: time passes
  Rung: duty_officer gmp/stockport of immediate-unread

At 02:50 on day 5: gmp/stockport opens at-large
  Because: The telephone rang. From here on nobody else's does.

At 07:00 on day 5: time passes
  Because: Monday is a holiday in the place of Boxing Day, which was a Saturday.
  Nothing: everybody else

At 06:00 on day 6: time passes
  Because: The first working day after Christmas, and no list at all.
  Advised: gmp/stockport-selection of feed_absent
    Shows: task.feed release-list
  Rung: operators of feed-silent

At 06:10 on day 6: the broker stops
At 06:11 on day 6: the broker starts
  Because: It was told.
  Nothing: everybody else

Ledger:
  accepted: broker 3, hmpps-prisons 2
  decided: permitted 5, refused 12
  release: gmp 4, hmpps-prisons 1
  disclosed: broker 3, hmpps-prisons 2
  receipt: gmp 4, hmpps-prisons 1
  received: broker 3, hmpps-prisons 2
  attested: gmp 1, hmpps-prisons 1
  change: broker 1

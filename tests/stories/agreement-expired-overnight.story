# Everybody is invented. How to read and write a story: docs/stories.md.
Story: An agreement ends at midnight, and at two somebody escapes
From the seeds: Whatever is shared is shared under an agreement with an end.
From the seeds: Failing closed must not fall on a victim: the message is refused, the sender is given the duty telephone, and operators are alarmed at once.

Day 1: Wednesday 30 September 2026

Person Brook: managed; born 21 July 1990; noms A1901AA; pnc 2015/0009101V; access no

Agreement release-alerts: does not stand from day 2

At 20:00 on day 1: gmp (records) sends brook-selected
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Brook
  flag: flag_kind ppo, action raise, review_date day 300, panel_decision_id id panel
  Refused: nobody

At 23:50 on day 1: hmpps-prisons sends absent
  Because: Ten minutes before midnight the agreement stands.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Brook
  to: gmp/stockport
  urgency: immediate
  custody: event temporary_absence, certainty confirmed, prison FBI, occurred_at 23:40 on day 1
  Told: gmp/stockport
  Tracked: gmp acknowledged

At 23:55 on day 1: gmp/stockport goes offline

At 23:58 on day 1: hmpps-prisons sends late
  Because: Permitted when it is accepted, and nobody is there to take it.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Brook
  to: gmp/stockport
  custody: event temporary_absence, certainty confirmed, prison FBI, occurred_at 23:50 on day 1
  Waits: gmp/stockport
  Tracked: gmp waiting

At 01:00 on day 2: gmp/stockport comes back
  Because: What waits is decided again when it is to be released, and the agreement is over. Nobody has opened the urgent news of ten to twelve, and its sender has heard so since five past.
  Ended of late: gmp/stockport as no permit
  Nothing: gmp/stockport
  Advised: hmpps-prisons/movements of not_opened
    Shows: task.agency gmp

At 02:00 on day 2: hmpps-prisons sends at-large
  Because: He did not come back. Nothing permits the news, so it is told to nobody. The answer gives the duty telephone, as every immediate answer does, and operators are alarmed.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Brook
  to: gmp/stockport
  urgency: immediate
  custody: event unlawfully_at_large, certainty confirmed, prison FBI, occurred_at 01:45 on day 2
  Refused: gmp/stockport because no permit
  Nothing: everybody else
  Alarm: nobody is told
  Tracked: gmp not_shared

At 02:10 on day 2: hmpps-prisons sends at-large-minimum
  Because: The platform's own permit stands without any agreement: where nobody said whether a record is limited, police hear the least that lets an officer find it.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Brook by noms without access
  to: gmp/stockport
  urgency: immediate
  custody: event unlawfully_at_large, certainty confirmed, prison FBI, occurred_at 01:45 on day 2
  Told: gmp/stockport, without subject_name, subject_birth_date
    Shows: custody.event unlawfully_at_large
    Shows: subjects.0.identifiers.0.value A1901AA
  Tracked: gmp acknowledged

Ledger:
  accepted: broker 1, gmp 1, hmpps-prisons 4
  decided: permitted 4, refused 1
  release: gmp 2, hmpps-prisons 1
  disclosed: broker 1, hmpps-prisons 2
  receipt: gmp 2, hmpps-prisons 1
  received: broker 1, hmpps-prisons 2
  ended: no permit 1

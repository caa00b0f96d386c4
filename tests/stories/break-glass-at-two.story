# Everybody is invented. How to read and write a story: docs/stories.md.
Story: An agreement ended at midnight, and at two somebody is in danger
From the seeds: Failing closed must not fall on a victim, and an exception must not become a habit.
From the seeds: Emergency access reaches the one desk that is named, overrides nothing that forbids, is told to a second person, and is reviewed by a third.

Day 1: Wednesday 30 September 2026

Person Rowan: managed; born 21 July 1990; noms A1911AA; access no
Person Wren: managed; born 3 May 1991; noms A1912AA; access yes

Agreement release-alerts: does not stand from day 2

At 20:00 on day 1: gmp (records) sends rowan-selected
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Rowan
  flag: flag_kind ppo, action raise, review_date day 300, panel_decision_id id panel
  Refused: nobody

At 02:00 on day 2: hmpps-prisons sends at-large
  Because: He did not come back from temporary absence, and no agreement stands. Nobody is told, and operators are alarmed.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Rowan
  areas: release Stockport
  to: gmp/stockport
  urgency: immediate
  custody: event unlawfully_at_large, certainty confirmed, prison FBI, occurred_at 01:45 on day 2
  Alarm: nobody is told
  Tracked: gmp not_shared

At 02:05 on day 2: hmpps-prisons sends too-long
  Because: Emergency access ends by itself within four hours.
  grounds: public_protection under vital by dpa2018_s35_task with sch8_vital
  about: Rowan
  to: gmp/stockport
  urgency: immediate
  expires: 08:00 on day 2
  acting person: 00000006-0000-4000-8000-000000000006
  break_glass: reason "He has threatened somebody. Invented.", second_person "00000006-0000-4000-8000-000000000007"
  custody: event unlawfully_at_large, certainty confirmed, prison FBI, occurred_at 01:45 on day 2
  Refused at the door: invalid message, at expires_at

At 02:06 on day 2: hmpps-prisons sends by-strangers
  Because: Who uses it, and who is told of it, are persons of the agency that sends. The second is an auditor of the police.
  grounds: public_protection under vital by dpa2018_s35_task with sch8_vital
  about: Rowan
  to: gmp/stockport
  urgency: immediate
  expires: 06:00 on day 2
  acting person: 00000006-0000-4000-8000-000000000006
  break_glass: reason "He has threatened somebody. Invented.", second_person "00000001-0000-4000-8000-000000000001"
  custody: event unlawfully_at_large, certainty confirmed, prison FBI, occurred_at 01:45 on day 2
  Refused at the door: invalid message, at break_glass.second_person

At 02:07 on day 2: gmp (intelligence) sends intelligence
  Because: Intelligence is never shared so: it stays with those who are cleared for it.
  grounds: public_protection under vital by dpa2018_s35_task with sch8_vital
  about: Rowan
  to: merseyside-police/force-intelligence
  urgency: immediate
  expires: 06:00 on day 2
  acting person: 00000001-0000-4000-8000-000000000001
  break_glass: reason "He has threatened somebody. Invented.", second_person "00000001-0000-4000-8000-000000000002"
  intelligence: scheme three_five_two, grade "2BP", originator_reference "INVENTED/1", topic wanted
  Refused at the door: invalid message, at break_glass

At 02:08 on day 2: hmpps-prisons sends marked-secret
  Because: Nor is anything above OFFICIAL-SENSITIVE, and nothing of it is kept.
  grounds: public_protection under vital by dpa2018_s35_task with sch8_vital
  about: Rowan
  to: gmp/stockport
  marking: secret
  urgency: immediate
  expires: 06:00 on day 2
  acting person: 00000006-0000-4000-8000-000000000006
  break_glass: reason "He has threatened somebody. Invented.", second_person "00000006-0000-4000-8000-000000000007"
  custody: event unlawfully_at_large, certainty confirmed, prison FBI, occurred_at 01:45 on day 2
  Refused at the door: marking not carried

At 02:10 on day 2: hmpps-prisons sends emergency
  Because: A new message on grounds of its own, which names the refused one as its cause. It reaches the desk it names and nobody who has another stake: neither who serves the place nor who keeps a list.
  grounds: public_protection under vital by dpa2018_s35_task with sch8_vital
  about: Rowan
  areas: release Stockport
  to: gmp/stockport
  urgency: immediate
  expires: 06:00 on day 2
  because of: at-large
  acting person: 00000006-0000-4000-8000-000000000006
  break_glass: reason "He has threatened somebody. Invented.", second_person "00000006-0000-4000-8000-000000000007"
  custody: event unlawfully_at_large, certainty confirmed, prison FBI, occurred_at 01:45 on day 2
  say: risk of Rowan, opinion, "May go to a former partner. Invented."
  say: narrative of Rowan, opinion, "Told on the wing. Invented."
  Told: gmp/stockport, without narrative
    Shows: break_glass true
    Shows: handling_conditions no_onward
    Does not show: "threatened"
    Does not show: "00000006"
    Does not show: "causation"
  Refused: nobody
  Nothing: everybody else
  Tracked: gmp acknowledged

At 02:20 on day 2: hmpps-prisons sends limited
  Because: Emergency access overrides nothing that forbids: this record is limited, and the desk is not cleared for such.
  grounds: public_protection under vital by dpa2018_s35_task with sch8_vital
  about: Wren
  to: gmp/stockport
  urgency: immediate
  expires: 06:00 on day 2
  acting person: 00000006-0000-4000-8000-000000000006
  break_glass: reason "He has threatened somebody. Invented.", second_person "00000006-0000-4000-8000-000000000007"
  custody: event unlawfully_at_large, certainty confirmed, prison FBI, occurred_at 01:45 on day 2
  Refused: gmp/stockport because platform/limited-access
  Alarm: nobody is told
  Tracked: gmp not_shared

At 09:00 on day 2: person 00000006-0000-4000-8000-000000000003 of hmpps-prisons closes the review of emergency as justified
  Because: Who is no auditor does not review. Meanwhile nobody at the desk has opened the emergency, and the prisons were told so.
  Advised: hmpps-prisons/movements of not_opened
  Refused at the door: not allowed

At 09:05 on day 2: person 00000001-0000-4000-8000-000000000001 of gmp closes the review of emergency as justified
  Because: To every other agency there is no such review, though it was given the message.
  Refused at the door: not found

At 09:10 on day 2: person 00000006-0000-4000-8000-000000000001 of hmpps-prisons closes the review of emergency as justified
  Because: The prisons' auditor, who neither used it nor was named with it.

At 09:20 on day 2: person 00000006-0000-4000-8000-000000000001 of hmpps-prisons closes the review of limited as not_justified
  Because: What was shared with nobody is reviewed all the same.

Ledger:
  accepted: gmp 1, hmpps-prisons 3, broker 1
  decided: permitted 2, refused 13
  release: gmp 1, hmpps-prisons 1
  disclosed: hmpps-prisons 1, broker 1
  receipt: gmp 1, hmpps-prisons 1
  received: hmpps-prisons 1, broker 1
  consultation: gmp 1
  reviewed: hmpps-prisons 2

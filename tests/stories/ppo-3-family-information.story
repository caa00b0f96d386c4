# Everybody is invented. How to read and write a story: docs/stories.md.
Story: The third priority offender: what his mother said
From the seeds: His mother's information became intelligence, and that led to his arrest.
From the seeds: What only one relative could know leads back to her. It is graded C, with S2: ask the originator first. It goes to the bureau that is named and to nobody else, whatever stake they have; what others read is written anew by a second person.

Day 1: Monday 4 May 2026

Person Crane: managed; born 2 February 1994; noms A1401AA; pnc 2016/0009104N; access no

At 09:00 on day 1: gmp (records) sends crane-selected
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Crane
  flag: flag_kind ppo, action raise, review_date day 300, panel_decision_id id may-panel
  Refused: nobody

At 17:00 on day 2: probation-greater-manchester (records) sends not-graded
  Because: Handling code C without a condition cannot be written at all.
  grounds: crime_prevention under cda1998_s115 by dpa2018_s35_task with sch8_justice
  about: Crane
  to: gmp/force-intelligence
  intelligence: scheme three_five_two, grade 2BC
  say: narrative of Crane, fact, "Keeps what he takes in a lock-up. Invented."
  Refused at the door: invalid message, at intelligence.conditions

At 17:05 on day 2: probation-greater-manchester (records) sends from-the-family
  Because: An officer was told in confidence. There is no field for who told, and the desk that sends is not shown.
  grounds: crime_prevention under cda1998_s115 by dpa2018_s35_task with sch8_justice
  about: Crane
  areas: resident Stockport
  to: gmp/force-intelligence
  handling: not_to_subject
  acting person: 00000004-0000-4000-8000-000000000003
  intelligence: scheme three_five_two, grade 2BC, conditions [s2], originator_reference "INVENTED/3003"
  say: narrative of Crane, fact, "Keeps what he takes in a lock-up. Invented."
  Told: gmp/force-intelligence
    Shows: sending_agency probation-greater-manchester
    Shows: intelligence.conditions s2
    Shows: accepted_at 2026-05-05T17:00:00Z
    Does not show: "sending_desk"
    Does not show: "00000004-0000"
  # The flag's owner has a stake, and is refused all the same.
  Refused: gmp/stockport; gmp/public-protection because platform/consult-originator
  Refused: probation-greater-manchester/public-protection because platform/consult-originator
  Refused: stockport-yot/youth-justice; stockport-council/childrens-services; stockport-council/community-safety because platform/consult-originator
  Tracked: gmp acknowledged

At 10:00 on day 3: gmp (intelligence) sends sanitised
  Because: A second person has written it anew, without what only the family could know.
  grounds: crime_prevention under police_common_law by dpa2018_s35_task with sch8_justice
  about: Crane
  areas: incident Stockport
  intelligence: scheme three_five_two, grade 2CP, originator_reference "INVENTED/3004"
  say: narrative of Crane, opinion, "May use storage in the town centre. Invented."
  Told: gmp/stockport; gmp/public-protection, without originator_reference
    Does not show: "lock-up"
    Does not show: "INVENTED/3003"
  Refused: probation-greater-manchester/stockport; probation-greater-manchester/public-protection
  Refused: stockport-yot/youth-justice; stockport-council/childrens-services; stockport-council/community-safety

At 11:00 on day 4: hmpps-prisons sends remanded
  Because: He was arrested and remanded. The probation unit that supervises him is named.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Crane by noms
  to: probation-greater-manchester/stockport
  custody: event reception, certainty confirmed, prison MRI, occurred_at 10:40 on day 4, movement_reason R1
  Told: gmp/stockport; probation-greater-manchester/stockport
  Refused: nobody
  Tracked: probation-greater-manchester acknowledged

Ledger:
  accepted: gmp 2, probation-greater-manchester 1, hmpps-prisons 1
  decided: permitted 5, refused 11
  release: gmp 4, probation-greater-manchester 1
  disclosed: probation-greater-manchester 1, gmp 2, hmpps-prisons 2
  receipt: gmp 4, probation-greater-manchester 1
  received: probation-greater-manchester 1, gmp 2, hmpps-prisons 2

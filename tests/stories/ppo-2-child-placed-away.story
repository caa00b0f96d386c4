# Everybody is invented. How to read and write a story: docs/stories.md.
Story: The second priority offender: a child of Wirral in a Stockport home
From the seeds: A looked-after child from Wirral is placed in a home in Stockport. Stockport's youth offending team watches him for Wirral's. He is said to have breached his supervision.
From the seeds: Two authorities have duties at once. What is said to be a breach and is not proved is taken back from everybody who heard it. At eighteen the desks for children hear of him no more.

Day 1: Monday 7 September 2026

# Eighteen on 15 February 2027, which is day 162.
Person Dale: managed; born 15 February 2009; noms A3101AA; access no

At 09:00 on day 1: wirral-council (childrens-services) sends placed
  Because: Written notice beforehand, to the authority of the place, and to the teams of both.
  grounds: child_safeguarding under statutory_duty by gdpr_6_1_c
  about: Dale
  areas: home Wirral, host Stockport
  placement: sort looked_after, step planned, starts_on day 3
  Told: stockport-council/childrens-services
  Told: stockport-yot/youth-justice; wirral-yot/youth-justice
  Refused: probation-greater-manchester/stockport; probation-north-west/wirral; nhs-greater-manchester/forensic-mental-health because platform/child-placement
  Refused: stockport-council/housing; wirral-council/housing because platform/child-placement
  Refused: gmp/public-protection; merseyside-police/public-protection
  Refused: probation-greater-manchester/public-protection; probation-north-west/public-protection
  # He is on no list yet, so police have no part in it unless they are named.
  Refused: gmp/stockport; merseyside-police/wirral because no permit

At 10:00 on day 4: wirral-yot sends flagged
  Because: Wirral's team flags him. Both boroughs' desks for children hear of it, and no desk for adults.
  grounds: offender_management under cda1998_s37_39 by dpa2018_s35_task with sch8_safeguarding
  about: Dale
  areas: home Wirral, resident Stockport
  flag: flag_kind high_risk_youth, action raise, review_date day 190, panel_decision_id id youth-panel
  Told: gmp/stockport; merseyside-police/wirral
  Told: stockport-yot/youth-justice; stockport-council/childrens-services; wirral-council/childrens-services
  Nothing: probation-greater-manchester/stockport; probation-north-west/wirral

At 16:00 on day 20: stockport-yot sends concern
  Because: Stockport's team is told that he is not safe in the home. Children's services of both authorities and Wirral's team hear of it. Whoever gave the care is named as who must not, and police divisions have no part in the inquiry.
  grounds: child_safeguarding under ca2004_s10_11 by dpa2018_s35_task with sch8_safeguarding
  about: Dale
  areas: home Wirral, host Stockport
  not to: stockport-next-step
  placement: sort looked_after, step concern, starts_on day 3
  say: child_concern of Dale, opinion, "Locked out at night. Invented."
  Told: stockport-council/childrens-services; wirral-council/childrens-services; wirral-yot/youth-justice
    Shows: placement.step concern
    Does not show: "stockport-next-step"
  Nothing: gmp/stockport; merseyside-police/wirral; stockport-next-step/mentors

At 11:00 on day 40: stockport-yot sends breach-alleged
  Because: He missed three appointments of his intensive supervision. It is alleged, and nothing else.
  grounds: offender_management under cda1998_s37_39 by dpa2018_s35_task
  about: Dale
  areas: home Wirral, resident Stockport
  enforcement: matter intensive_supervision, step breach, outcome alleged, occurred_at 10:00 on day 40
  say: attendance of Dale, fact, "Three appointments missed. Invented."
  Told: wirral-yot/youth-justice; gmp/stockport; merseyside-police/wirral
    Shows: enforcement.outcome alleged
  Told: stockport-council/childrens-services; wirral-council/childrens-services, without attendance
    Shows: enforcement.outcome alleged
  Nothing: hmcts/stockport-magistrates; cps-north-west/magistrates

At 15:00 on day 60: stockport-yot sends breach-not-proved
  Because: He had been in hospital. Exactly those who heard the allegation hear that it was not proved.
  grounds: offender_management under cda1998_s37_39 by dpa2018_s35_task
  about: Dale
  enforcement: matter intensive_supervision, step breach, outcome not_proved, occurred_at 14:00 on day 60, settles_message_id message breach-alleged
  Told: wirral-yot/youth-justice; gmp/stockport; merseyside-police/wirral
    Shows: enforcement.outcome not_proved
  Told: stockport-council/childrens-services; wirral-council/childrens-services
    Shows: enforcement.outcome not_proved
  Refused: nobody
  Nothing: everybody else

At 16:00 on day 100: hmcts sends convicted
  Because: He offends in Stockport. The court names the team that wrote the report; the team that owns his flag hears of it wherever he is tried.
  grounds: justice under statutory_duty by dpa2018_s35_task
  about: Dale as convicted
  to: stockport-yot/youth-justice
  court: step convicted, court B06MK00, hearing_at 15:00 on day 100
  say: offence_class of Dale, fact, "burglary (other)"
  Told: stockport-yot/youth-justice; wirral-yot/youth-justice
    Shows: court.step convicted
  # The court names no place. Both authorities are on record by the placement, and so are asked about; no agreement brings them a conviction.
  Refused: stockport-council/childrens-services; wirral-council/childrens-services because no permit
  Nothing: gmp/stockport
  Tracked: stockport-yot acknowledged

At 00:00 on day 134: time passes
  Because: Four weeks before he is eighteen. The team that owns his flag gave his birth date: it is told, and nobody else.
  Advised: wirral-yot/youth-justice of turning_adult
    Does not show: "Dale"
  Nothing: everybody else

At 12:00 on day 150: wirral-council (childrens-services) sends placement-ended
  Because: The placement ends, and everybody who was told that it began is told. Police of both places are told by now, because he is on a list.
  grounds: child_safeguarding under statutory_duty by gdpr_6_1_c
  about: Dale
  areas: home Wirral, host Stockport
  placement: sort looked_after, step ended, starts_on day 3, ends_on day 150, settles_message_id message placed
  Told: stockport-council/childrens-services
  Told: stockport-yot/youth-justice; wirral-yot/youth-justice
    Shows: placement.step ended
  Told: gmp/stockport; merseyside-police/wirral

At 06:10 on day 165: hmpps-prisons sends released-at-18
  Because: Three days after his birthday. The flag of his youth still stands, so the division and the probation unit hear of his release; the teams and desks for children hear no more.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Dale
  areas: release Stockport
  custody: event release, certainty confirmed, prison FBI, occurred_at 08:30 on day 165
  Told: gmp/stockport; probation-greater-manchester/stockport
  Nothing: stockport-yot/youth-justice; wirral-yot/youth-justice; stockport-council/childrens-services; wirral-council/childrens-services

Ledger:
  accepted: broker 1, wirral-council 2, wirral-yot 1, stockport-yot 3, hmcts 1, hmpps-prisons 1
  decided: permitted 31, refused 60
  release: gmp 5, merseyside-police 4, probation-greater-manchester 1, stockport-council 6, stockport-yot 4, wirral-council 4, wirral-yot 7
  disclosed: broker 1, wirral-council 8, wirral-yot 5, stockport-yot 13, hmcts 2, hmpps-prisons 2
  receipt: gmp 5, merseyside-police 4, probation-greater-manchester 1, stockport-council 6, stockport-yot 4, wirral-council 4, wirral-yot 7
  received: broker 1, wirral-council 8, wirral-yot 5, stockport-yot 13, hmcts 2, hmpps-prisons 2

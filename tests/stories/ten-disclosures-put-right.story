# Everybody is invented. How to read and write a story: docs/stories.md.
Story: Ten desks are told something wrong
From the seeds: Whoever was given data that is wrong is told what is right, and must do the same.
From the seeds: Ten police divisions look for a man, from a description that is another's. All ten hear what is right: one that was away, and one whose agency is suspended meanwhile, as soon as they are back. A desk that was refused hears nothing.

Day 1: Monday 17 August 2026

Person Finch: convicted; born 11 November 1986; noms A2801AA; access no; age adult

At 14:00 on day 1: hmpps-prisons sends at-large
  Because: He must be found, list or no list, by the police of every place he may be in.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task with sch8_justice
  about: Finch
  areas: home Stockport, incident Manchester, incident Salford, incident Tameside, incident Trafford
  areas: incident Wirral, incident Liverpool, incident Cheshire East, incident Cheshire West and Chester, incident Halton
  urgency: immediate
  custody: event unlawfully_at_large, certainty confirmed, prison TCI, occurred_at 13:20 on day 1
  say: narrative of Finch, fact, "Has a scar on the left hand. Invented."
  Told: gmp/stockport; gmp/manchester; gmp/salford; gmp/tameside; gmp/trafford
  Told: merseyside-police/wirral; merseyside-police/liverpool
  Told: cheshire-police/cheshire-east; cheshire-police/cheshire-west; cheshire-police/warrington-halton
    Shows: statements.0.text "Has a scar on the left hand. Invented."
  Nothing: stockport-council/housing; probation-greater-manchester/stockport

At 15:00 on day 1: gmp/salford goes offline

At 15:30 on day 1: the operators suspend cheshire-police

At 16:00 on day 1: hmpps-prisons sends put-right
  Because: The scar is another man's. What is right is told to those who hold the message, under the same agreement as the message was.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task with sch8_justice
  about: Finch
  urgency: immediate
  correction: action rectify, message_id message at-large, reason "Two records were mixed up. Invented."
  say: narrative of Finch, fact, "Has no scar. Invented."
  Told: gmp/stockport; gmp/manchester; gmp/tameside; gmp/trafford; merseyside-police/wirral; merseyside-police/liverpool
    Shows: correction.action rectify
    Shows: statements.0.text "Has no scar. Invented."
    Does not show: "left hand"
  Waits: gmp/salford; cheshire-police/cheshire-east; cheshire-police/cheshire-west; cheshire-police/warrington-halton
  Refused: nobody
  Nothing: everybody else

At 08:00 on day 2: gmp/salford comes back
  Told of put-right: gmp/salford

At 09:00 on day 3: the operators reinstate cheshire-police
  Told of put-right: cheshire-police/cheshire-east; cheshire-police/cheshire-west; cheshire-police/warrington-halton

At 10:00 on day 10: hmpps-prisons sends erased
  Because: Found, and no part of it is needed any more: all ten are to erase it. Of him they are given nothing again.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Finch
  correction: action erase, message_id message at-large
  Told: gmp/stockport; gmp/manchester; gmp/salford; gmp/tameside; gmp/trafford; merseyside-police/wirral; merseyside-police/liverpool, without subject_name, subject_birth_date, hmpps_identifiers
    Shows: correction.action erase
  Told: cheshire-police/cheshire-east; cheshire-police/cheshire-west; cheshire-police/warrington-halton, without subject_name, subject_birth_date, hmpps_identifiers
    Does not show: "Finch"
  Refused: nobody
  Nothing: everybody else

Ledger:
  accepted: hmpps-prisons 3
  decided: permitted 30, refused 22
  release: gmp 15, merseyside-police 6, cheshire-police 9
  disclosed: hmpps-prisons 30
  receipt: gmp 15, merseyside-police 6, cheshire-police 9
  received: hmpps-prisons 30
  change: pyramid-operations 2

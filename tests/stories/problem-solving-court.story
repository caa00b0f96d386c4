# Everybody is invented. How to read and write a story: docs/stories.md.
Story: A problem-solving court
From the seeds: The court orders treatment instead of prison and sees the person again and again.
From the seeds: The court names who supervises and who treats. The provider hears of the hearing and the need, and of nothing that he did; the others of what he did and not of the need; whoever owns a flag on him hears as well.

Day 1: Monday 5 October 2026

Person Sorrel: convicted; born 9 June 1989; noms A3301AA; pnc 2015/0009101V; access no

At 09:00 on day 1: gmp (records) sends sorrel-selected
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Sorrel
  flag: flag_kind ppo, action raise, review_date day 300, panel_decision_id id panel
  Refused: nobody

At 16:00 on day 3: hmcts sends ordered
  grounds: justice under statutory_duty by dpa2018_s35_task with sch8_justice
  about: Sorrel
  to: probation-greater-manchester/stockport, stockport-drug-and-alcohol-service/criminal-justice
  court: step sentenced, court B06MK00, hearing_at 15:00 on day 3, order problem_solving
  say: offence_class of Sorrel, fact, "theft"
  say: treatment_need of Sorrel, fact, "Heroin. Invented."
  Told: probation-greater-manchester/stockport; gmp/stockport, without treatment_need
    Shows: court.order problem_solving
    Shows: statements.0.text theft
    Does not show: "Heroin"
  Told: stockport-drug-and-alcohol-service/criminal-justice, without police_identifiers, hmpps_identifiers, offence_class
    Shows: court.order problem_solving
    Does not show: "theft"
  Refused: nobody
  Tracked: probation-greater-manchester acknowledged; stockport-drug-and-alcohol-service acknowledged

At 16:00 on day 31: hmcts sends review
  grounds: justice under statutory_duty by dpa2018_s35_task
  about: Sorrel
  court: step review, court B06MK00, hearing_at 15:00 on day 31, order problem_solving, settles_message_id message ordered
  Because: It follows the order, so it reaches those who were given that.
  Told: probation-greater-manchester/stockport; gmp/stockport
    Shows: court.step review
  Told: stockport-drug-and-alcohol-service/criminal-justice, without police_identifiers, hmpps_identifiers
  Refused: nobody

At 10:00 on day 45: probation-greater-manchester (records) sends breach
  Because: He stays away. The court that made the order is told, on the power that reaches it; the provider is not.
  grounds: justice under statutory_duty by dpa2018_s35_task
  about: Sorrel
  to: hmcts/stockport-magistrates
  enforcement: matter community_order, step breach, outcome alleged, occurred_at 09:00 on day 45
  say: attendance of Sorrel, fact, "Twice absent. Invented."
  Told: hmcts/stockport-magistrates
  # The owner of his flag has a stake, and this is for the court.
  Refused: gmp/stockport because no permit
  Nothing: stockport-drug-and-alcohol-service/criminal-justice
  Tracked: hmcts acknowledged

At 16:00 on day 60: hmcts sends warrant
  Because: He does not come to court. Those who must find him hear of it, and the provider does not.
  grounds: justice under statutory_duty by dpa2018_s35_task
  about: Sorrel
  court: step warrant, court B06MK00, hearing_at 15:00 on day 60
  Told: gmp/stockport
    Shows: court.step warrant
  Refused: nobody
  Nothing: stockport-drug-and-alcohol-service/criminal-justice

Ledger:
  accepted: gmp 1, hmcts 3, probation-greater-manchester 1
  decided: permitted 8, refused 1
  release: gmp 3, hmcts 1, probation-greater-manchester 2, stockport-drug-and-alcohol-service 2
  disclosed: hmcts 7, probation-greater-manchester 1
  receipt: gmp 3, hmcts 1, probation-greater-manchester 2, stockport-drug-and-alcohol-service 2
  received: hmcts 7, probation-greater-manchester 1

# Everybody is invented. How to read and write a story: docs/stories.md.
Story: A sole carer goes to prison
From the seeds: Pathways include children and families. Somebody who alone cares for children is received into prison, and a school gate is left unattended at half past three.
From the seeds: Children's services are told who is left behind, and not what the carer did. Nobody else is told of the children at all.

Day 1: Thursday 10 September 2026

Person Lark: convicted; born 8 June 1993; age adult; noms A2601AA; pnc 2014/0009102F; access no

At 11:00 on day 1: hmpps-prisons sends carer-received
  Because: Urgent, to the one desk whose duty it is; the probation unit is named as well, and this purpose carries nothing there.
  grounds: child_safeguarding under ca1989_s17_47 by dpa2018_s35_task
  about: Lark
  to: stockport-council/childrens-services, probation-greater-manchester/stockport
  urgency: immediate
  custody: event reception, certainty confirmed, prison STI, occurred_at 10:40 on day 1, movement_reason R1
  say: sole_carer of Lark, fact, "Two children are at school until 15:30. Nobody else. Invented."
  say: offence_class of Lark, fact, "theft"
  say: licence_condition_code of Lark, fact, "Curfew. Invented."
  say: housing_need of Lark, fact, "Keeps her tenancy. Invented."
  say: employment of Lark, fact, "A kitchen. Invented."
  Told: stockport-council/childrens-services, without police_identifiers, hmpps_identifiers, custody_reason, offence_class, licence_condition_code, housing_need, employment
    Shows: custody.prison STI
    Shows: statements.0.text "Two children are at school until 15:30. Nobody else. Invented."
    Does not show: "theft"
  Refused: probation-greater-manchester/stockport because platform/reach-ca1989-s17-47
  Nothing: everybody else
  Tracked: stockport-council acknowledged; probation-greater-manchester not_shared

At 11:30 on day 1: hmpps-prisons sends received
  Because: Whoever supervises her hears that she is inside. That she has children is not for them, though the prison wrote it down here too.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Lark by noms
  to: probation-greater-manchester/stockport
  custody: event reception, certainty confirmed, prison STI, occurred_at 10:40 on day 1, movement_reason R1
  say: sole_carer of Lark, fact, "Two children. Invented."
  Told: probation-greater-manchester/stockport, without sole_carer
    Does not show: "children"
  Because: Nobody of children's services has opened the urgent news in a quarter of an hour: the prison hears so, and telephones.
  Advised: hmpps-prisons/movements of not_opened
    Shows: task.agency stockport-council
  Refused: nobody
  Nothing: everybody else

At 11:40 on day 1: hmpps-prisons sends received-without-a-word
  Because: A reception as such tells children's services nothing: they have no stake in who goes to prison.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Lark by noms
  areas: home Stockport
  custody: event reception, certainty confirmed, prison STI, occurred_at 10:40 on day 1, movement_reason R1
  Refused: gmp/stockport; gmp/public-protection; probation-greater-manchester/stockport; probation-greater-manchester/public-protection
  Refused: stockport-yot/youth-justice; stockport-council/housing; stockport-council/childrens-services because no permit
  Refused: cps-north-west/magistrates; hmcts/stockport-magistrates
  Refused: stockport-drug-and-alcohol-service/criminal-justice; nhs-greater-manchester/forensic-mental-health; loto-stockport/mentors
  Nothing: everybody else

At 15:00 on day 8: hmcts sends carer-remanded
  Because: She is sent back from the dock. What the order says, and how she lives and works, is not what children's services need.
  grounds: child_safeguarding under ca1989_s17_47 by dpa2018_s35_task
  about: Lark by noms
  to: stockport-council/childrens-services
  court: step remanded, court B06MK00, hearing_at 14:30 on day 8
  say: sole_carer of Lark, fact, "The same two children. Invented."
  say: licence_condition_code of Lark, fact, "Curfew. Invented."
  say: housing_need of Lark, fact, "Keeps her tenancy. Invented."
  say: employment of Lark, fact, "A kitchen. Invented."
  Told: stockport-council/childrens-services, without hmpps_identifiers, licence_condition_code, housing_need, employment, court_detail
    Does not show: "kitchen"
  Refused: nobody
  Nothing: everybody else

Ledger:
  accepted: broker 1, hmpps-prisons 3, hmcts 1
  decided: permitted 4, refused 13
  release: hmpps-prisons 1, stockport-council 2, probation-greater-manchester 1
  disclosed: broker 1, hmpps-prisons 2, hmcts 1
  receipt: hmpps-prisons 1, stockport-council 2, probation-greater-manchester 1
  received: broker 1, hmpps-prisons 2, hmcts 1

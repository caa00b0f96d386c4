# Everybody is invented. How to read and write a story: docs/stories.md.
Story: An adult and a child who offend together
From the seeds: Probation leads on adults, youth offending teams on those under 18.
From the seeds: One message names both. Police see both, probation the adult, the youth offending teams the child; whoever is removed is removed with every word about him.

Day 1: Monday 7 September 2026

Person Brook: managed; born 21 July 1990; noms A1701AA; pnc 2015/0009101V; access no
# Sixteen until the next February.
Person Dale: managed; born 20 February 2010; noms A1702AB; access no

At 09:00 on day 1: gmp (records) sends brook-selected
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Brook
  flag: flag_kind ppo, action raise, review_date day 180, panel_decision_id id panel
  Refused: nobody

At 09:30 on day 1: wirral-yot sends dale-flagged
  Because: Wirral is Dale's home, and he is placed in a home in Stockport. Both boroughs' desks for children hear of it, and no desk for adults.
  grounds: offender_management under cda1998_s37_39 by dpa2018_s35_task with sch8_safeguarding
  about: Dale
  areas: home Wirral, resident Stockport
  flag: flag_kind high_risk_youth, action raise, review_date day 120, panel_decision_id id youth-panel
  say: child_concern of Dale, opinion, "Goes missing at weekends. Invented."
  Told: gmp/stockport; merseyside-police/wirral, without child_concern
  Told: stockport-yot/youth-justice; stockport-council/childrens-services; wirral-council/childrens-services
  Refused: gmp/public-protection; merseyside-police/public-protection because no permit
  Refused: probation-greater-manchester/stockport; probation-north-west/wirral because platform/children
  Refused: probation-greater-manchester/public-protection; probation-north-west/public-protection
  Refused: stockport-council/community-safety because platform/children
  Refused: cps-north-west/magistrates because platform/reach-cda1998-s37-39

At 23:00 on day 3: gmp (intelligence) sends seen-together
  grounds: crime_prevention under cda1998_s115 by dpa2018_s35_task with sch8_justice
  about: Brook; Dale
  areas: incident stockport-central
  intelligence: scheme three_five_two, grade 2BP, topic sighting, originator_reference "INVENTED/4001"
  say: sighting of Brook and Dale, fact, "Near the bus station at 22:40. Invented."
  say: narrative of Brook, fact, "Carried a bag of tools. Invented."
  say: narrative of Dale, fact, "Wore a school coat. Invented."
  Told: gmp/stockport; gmp/public-protection, of Brook and Dale, without originator_reference
  Told: probation-greater-manchester/stockport; probation-greater-manchester/public-protection, of Brook, without originator_reference
    Does not show: "Dale"
    Does not show: "school"
    Does not show: "bus station"
    Does not show: "2010-02-20"
  Told: stockport-yot/youth-justice; wirral-yot/youth-justice, of Dale, without originator_reference, narrative
    Does not show: "Brook"
    Does not show: "tools"
    Does not show: "bus station"
  Refused: stockport-council/childrens-services; stockport-council/community-safety
  # Where Dale belongs is not where he was seen.
  Nothing: merseyside-police/wirral; wirral-council/childrens-services

At 16:00 on day 5: hmpps-prisons sends dale-remanded
  Because: A child who is remanded becomes looked after: the authority the court designated is named, and told.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Dale
  to: wirral-council/childrens-services
  custody: event reception, certainty confirmed, prison WYI, occurred_at 15:30 on day 5, movement_reason R1
  say: offence_class of Dale, fact, "burglary (other)"
  Told: wirral-yot/youth-justice
  Told: wirral-council/childrens-services, without offence_class
  Refused: nobody
  Tracked: wirral-council acknowledged

Ledger:
  accepted: gmp 2, wirral-yot 1, hmpps-prisons 1
  decided: permitted 13, refused 10
  release: gmp 3, merseyside-police 1, stockport-yot 2, wirral-yot 2, stockport-council 1, wirral-council 2, probation-greater-manchester 2
  disclosed: wirral-yot 5, gmp 6, hmpps-prisons 2
  receipt: gmp 3, merseyside-police 1, stockport-yot 2, wirral-yot 2, stockport-council 1, wirral-council 2, probation-greater-manchester 2
  received: wirral-yot 5, gmp 6, hmpps-prisons 2

# Everybody is invented. How to read and write a story: docs/stories.md.
Story: A priority offender becomes a victim
From the seeds: Somebody may be an offender in one matter and a victim in another.
From the seeds: Archer is on Wirral's list. When he is hurt himself, nobody who watches him as an offender hears of it for that: a victim makes nobody a recipient, and is taken out of what others read.

Day 1: Monday 5 October 2026

Person Archer: managed; born 12 April 1988; noms A1801AA; pnc 2014/0009102F; access no
Person Stone: suspect; born 3 March 1991; noms A1802AB; access no

At 09:00 on day 1: gmp (records) sends archer-selected
  Because: Archer is on Stockport's list.
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Archer
  flag: flag_kind ppo, action raise, review_date day 300, panel_decision_id id panel
  Refused: nobody

At 21:30 on day 2: merseyside-police (intelligence) sends assault
  Because: Archer was assaulted in Wirral, and Stone is suspected. Stockport's desk, which owns Archer's flag, hears nothing.
  grounds: crime_prevention under police_common_law by dpa2018_s35_task with sch8_justice
  about: Stone; Archer as victim by pnc
  areas: incident Wirral
  intelligence: scheme three_five_two, grade 1AP
  say: sighting of Stone, fact, "Ran towards the ferry. Invented."
  say: narrative of Archer, fact, "Taken to hospital. Invented."
  say: narrative of Stone, fact, "Had waited for Invented Archer. Invented."
  Told: merseyside-police/wirral; merseyside-police/public-protection, of Stone, without narrative
    Does not show: "Archer"
    Does not show: "hospital"
    Does not show: "2014/0009102F"
  Refused: probation-north-west/wirral; probation-north-west/public-protection
  Refused: wirral-yot/youth-justice; wirral-council/childrens-services
  Nothing: gmp/stockport; gmp/force-intelligence

At 10:00 on day 4: merseyside-police (records) sends victim-on-a-list
  Because: Nobody is put on a list as a victim.
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Archer as victim
  areas: home Wirral
  flag: flag_kind ppo, action raise, review_date day 300, panel_decision_id id wirral-panel
  Refused at the door: invalid message, at subjects[0].category

At 06:10 on day 30: hmpps-prisons sends stone-released
  Because: The unit that keeps in touch with victims is named and hears that Stone is out. Archer is in the message as a victim, and nobody reads of him.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Stone as managed; Archer as victim by noms
  areas: release Wirral
  to: probation-north-west/victim-liaison
  custody: event release, certainty confirmed, prison ACI, occurred_at 08:30 on day 30, movement_reason CR
  say: address of Stone, fact, "With a friend. Invented."
  Told: probation-north-west/victim-liaison, of Stone, without custody_reason, address
    Does not show: "Archer"
    Does not show: "A1801AA"
    Does not show: "friend"
    Shows: handling_conditions "no_onward not_to_subject"
  Refused: merseyside-police/wirral; merseyside-police/public-protection
  Refused: probation-north-west/wirral; probation-north-west/public-protection
  Refused: wirral-yot/youth-justice; wirral-council/childrens-services; wirral-council/housing
  Nothing: gmp/stockport
  Tracked: probation-north-west acknowledged

Ledger:
  accepted: gmp 1, merseyside-police 1, hmpps-prisons 1
  decided: permitted 3, refused 11
  release: merseyside-police 2, probation-north-west 1
  disclosed: merseyside-police 2, hmpps-prisons 1
  receipt: merseyside-police 2, probation-north-west 1
  received: merseyside-police 2, hmpps-prisons 1

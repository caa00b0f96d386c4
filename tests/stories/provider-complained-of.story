# Everybody is invented. How to read and write a story: docs/stories.md.
Story: A concern about whoever gives the care
From the seeds: A looked-after child is not safe where he was placed. Children's services of home and host authority hear of the concern, and the provider complained of does not.
From the seeds: Here the home is the host authority's own, so that it would hear of everything about the child if nothing kept it from it.

Day 1: Monday 7 September 2026

Person Merlin: managed; born 15 May 2011; noms A3190AA; access no

At 09:00 on day 1: wirral-council (childrens-services) sends placed
  Because: Stockport's own home takes him. Stockport's children's services hear of it as host.
  grounds: child_safeguarding under statutory_duty by gdpr_6_1_c
  about: Merlin
  areas: home Wirral, host Stockport
  placement: sort looked_after, step planned, starts_on day 3
  Told: stockport-council/childrens-services
  Told: stockport-yot/youth-justice; wirral-yot/youth-justice
  Nothing: everybody else

At 16:00 on day 20: stockport-yot sends concern-about-another
  Because: A concern in which nobody is complained of: the host authority hears of it, as it must.
  grounds: child_safeguarding under ca2004_s10_11 by dpa2018_s35_task with sch8_safeguarding
  about: Merlin
  areas: home Wirral, host Stockport
  placement: sort looked_after, step concern, starts_on day 3
  say: child_concern of Merlin, opinion, "Older boys wait for him at the bus stop. Invented."
  Told: stockport-council/childrens-services; wirral-council/childrens-services; wirral-yot/youth-justice
    Shows: placement.step concern

At 16:00 on day 30: stockport-yot sends concern-about-the-home
  Because: Now it is the home that is complained of, and Stockport runs it. It was told of the placement and of the first concern, and hears nothing of this one: not even that there is one.
  grounds: child_safeguarding under ca2004_s10_11 by dpa2018_s35_task with sch8_safeguarding
  about: Merlin
  areas: home Wirral, host Stockport
  not to: stockport-council
  placement: sort looked_after, step concern, starts_on day 3
  say: child_concern of Merlin, opinion, "Locked out at night. Invented."
  Told: wirral-council/childrens-services; wirral-yot/youth-justice
    Shows: placement.step concern
    Does not show: "stockport-council"
  Nothing: stockport-council/childrens-services

Ledger:
  accepted: wirral-council 1, stockport-yot 2
  decided: permitted 8, refused 32
  release: stockport-council 2, stockport-yot 1, wirral-council 2, wirral-yot 3
  disclosed: wirral-council 3, stockport-yot 5
  receipt: stockport-council 2, stockport-yot 1, wirral-council 2, wirral-yot 3
  received: wirral-council 3, stockport-yot 5

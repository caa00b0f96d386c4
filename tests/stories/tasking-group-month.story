# Everybody is invented. How to read and write a story: docs/stories.md.
Story: A month of the tasking group
From the seeds: Once a month the tasking group meets, chaired by a police sergeant and the community safety manager. Each priority offender has a plan along pathways: housing, work, drugs, money, family, health, community.
From the seeds: An action goes to the desk that is to do it and to whoever leads; what came of it reaches whoever set it and all who were given it. Housing hears of a roof and of nothing else.

Day 1: Tuesday 6 October 2026

Person Brook: managed; born 21 July 1990; noms A3401AA; pnc 2015/0009101V; access no; age adult

At 16:00 on day 1: gmp (records) sends selected
  Because: Four agencies decided it together.
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Brook
  areas: resident Stockport
  flag: flag_kind ppo, action raise, review_date day 60, panel_decision_id id october-panel, panel_date day 1, agreed_by [gmp, probation-greater-manchester, stockport-council, hmpps-prisons]
  Told: probation-greater-manchester/stockport
    Shows: flag.agreed_by "gmp probation-greater-manchester stockport-council hmpps-prisons"
  Told: stockport-council/community-safety, without subject_birth_date, police_identifiers, hmpps_identifiers

At 16:30 on day 1: probation-greater-manchester (records) sends a-roof
  Because: Probation leads on adults and sets the action. The desk that is to find a roof hears of it, and the division that owns the flag.
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Brook
  act by: 12:00 on day 15
  action: step set, pathway accommodation, owner stockport-council/housing
  say: housing_need of Brook, fact, "A room by himself from the 20th. Invented."
  say: offence_class of Brook, fact, "burglary (dwelling)"
  Told: gmp/stockport
    Shows: action.pathway accommodation
  Told: stockport-council/housing, without police_identifiers, hmpps_identifiers, offence_class
    Shows: statements.0.text "A room by himself from the 20th. Invented."
    Does not show: "burglary"
  Refused: nobody
  Nothing: stockport-council/community-safety

At 16:40 on day 1: gmp (records) sends control
  Because: To look for him at night is enforcement: nobody outside police and probation is set it.
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Brook
  act by: 12:00 on day 20
  action: step set, pathway control, owner stockport-council/community-safety
  Refused: stockport-council/community-safety because platform/control-actions
  Nothing: everybody else

At 10:00 on day 12: stockport-council (housing) sends a-room
  Because: The report goes to the desk that set it, and to the division, which was given the action: it need look for no roof.
  grounds: offender_management under cda1998_s115 by gdpr_6_1_e
  about: Brook without numbers
  in reply to: a-roof
  action: step done, pathway accommodation
  say: housing_need of Brook, fact, "A room is kept for him. Invented."
  Told: probation-greater-manchester/stockport; gmp/stockport
    Shows: action.step done
  Refused: nobody
  Nothing: stockport-council/community-safety

At 11:00 on day 12: probation-greater-manchester (records) sends not-needed
  Because: He goes to his sister. Whoever held the action hears that it is off.
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Brook
  action: step cancelled, pathway accommodation, settles_message_id message a-roof
  Told: gmp/stockport
  Told: stockport-council/housing, without police_identifiers, hmpps_identifiers
    Shows: action.step cancelled
  Refused: nobody

At 11:30 on day 12: probation-greater-manchester (records) sends work-in-the-park
  Because: The chair's own desk is to find him unpaid work with others. The division hears of this as well.
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Brook
  act by: 12:00 on day 20
  action: step set, pathway community, owner stockport-council/community-safety
  Told: gmp/stockport
  Told: stockport-council/community-safety, without subject_birth_date, police_identifiers, hmpps_identifiers
  Refused: nobody
  Nothing: stockport-council/housing

At 09:00 on day 13: stockport-council (community-safety) sends taken-up
  Because: That it was taken up is between the two of them.
  grounds: offender_management under cda1998_s115 by gdpr_6_1_e
  about: Brook without numbers
  in reply to: work-in-the-park
  action: step accepted, pathway community
  Told: probation-greater-manchester/stockport
    Shows: action.step accepted
  Refused: nobody
  Nothing: everybody else

At 10:00 on day 21: stockport-council (community-safety) sends no-place
  Because: The day is past and there was no place. Everybody who counted on it learns so before the group meets.
  grounds: offender_management under cda1998_s115 by gdpr_6_1_e
  about: Brook without numbers
  in reply to: work-in-the-park
  action: step not_done, pathway community
  say: attendance of Brook, fact, "No place in the park before June. Invented."
  Told: probation-greater-manchester/stockport; gmp/stockport
    Shows: action.step not_done
    Shows: statements.0.text "No place in the park before June. Invented."
  Refused: nobody
  Nothing: stockport-council/housing

At 16:00 on day 29: gmp (records) sends leaving
  Because: The next meeting plans how it is to end. Until it does, the flag still routes.
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Brook
  areas: resident Stockport
  flag: flag_kind ppo, action plan_exit, panel_decision_id id november-panel
  Told: probation-greater-manchester/stockport
  Told: stockport-council/community-safety, without subject_birth_date, police_identifiers, hmpps_identifiers

Ledger:
  accepted: gmp 3, probation-greater-manchester 3, stockport-council 3
  decided: permitted 15, refused 11
  release: gmp 5, probation-greater-manchester 5, stockport-council 5
  disclosed: gmp 4, probation-greater-manchester 6, stockport-council 5
  receipt: gmp 5, probation-greater-manchester 5, stockport-council 5
  received: gmp 4, probation-greater-manchester 6, stockport-council 5

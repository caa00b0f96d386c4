# Everybody is invented. How to read and write a story: docs/stories.md.
Story: The daily cross-check of drugs and priority lists
From the seeds: Co-ordinators compare the lists every day, to find priority offenders who are not engaged in treatment.
From the seeds: Nobody is shown anybody's list. Somebody on the priority list tests positive and is on no drug list: whoever owns his flag and whoever co-ordinates drug interventions are asked to see to it. Whether he is in treatment is not known here, and never said.

Day 1: Monday 1 June 2026

Person Brook: suspect; born 21 July 1990; noms A3001AA; pnc 2015/0009101V; access no
Person Quill: suspect; born 14 May 1999; pnc 2014/0009102F; access no
Person Rook: suspect; born 2 December 2009; pnc 2010/0009106Z; access no

At 09:00 on day 1: gmp (records) sends brook-selected
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Brook as managed
  flag: flag_kind ppo, action raise, review_date day 300, panel_decision_id id june-panel
  Refused: nobody

At 20:00 on day 2: gmp (records) sends quill-tested
  Because: Quill is on no list. His result goes to whoever assesses him, and raises no question. Those who decide on bail or supervise are told of a test for that use, and this is for another.
  grounds: resettlement under statutory_duty by dpa2018_s35_task with sch8_statutory
  about: Quill
  areas: resident Stockport
  drug_test: stage arrest, result positive, substances [opiates, cocaine], tested_at 19:30 on day 2, use advice_and_treatment
  Told: stockport-drug-and-alcohol-service/criminal-justice, without police_identifiers
    Shows: drug_test.result positive
    Shows: drug_test.substances "opiates cocaine"
  Refused: probation-greater-manchester/stockport; hmcts/stockport-magistrates because platform/drug-test-treatment
  Refused: stockport-yot/youth-justice; cps-north-west/magistrates because platform/drug-test-treatment
  Refused: stockport-council/community-safety because platform/drug-test-treatment
  Nothing: everybody else

At 21:00 on day 2: gmp (records) sends brook-tested
  Because: Brook is on the priority list and on no drug list. The division that owns his flag tested him itself, and is asked all the same to see to it.
  grounds: resettlement under statutory_duty by dpa2018_s35_task with sch8_statutory
  about: Brook
  areas: resident Stockport
  drug_test: stage arrest, result positive, substances [opiates], tested_at 20:30 on day 2, use advice_and_treatment
  Told: stockport-drug-and-alcohol-service/criminal-justice, without police_identifiers, hmpps_identifiers
  Asked: gmp/stockport to settle treatment_gap, without drug_test_result
    Shows: task.task_kind treatment_gap
    Does not show: "opiates"
  # The co-ordinator of drug interventions is asked as well. She finds him by name; that he is to be
  # seen to is all she is told.
  Asked: stockport-council/community-safety to settle treatment_gap, without police_identifiers, hmpps_identifiers, drug_test_result
    Shows: subjects.0.name "Invented Brook"
    Does not show: "opiates"

At 22:00 on day 2: gmp (records) sends brook-for-bail
  Because: The same result for the decision on bail is another message, to the court. It raises no question: a result may not be used for what it was not shared for.
  grounds: justice under statutory_duty by dpa2018_s35_task with sch8_statutory
  about: Brook
  to: hmcts/stockport-magistrates
  drug_test: stage arrest, result positive, substances [opiates], tested_at 20:30 on day 2, use bail
  Told: hmcts/stockport-magistrates, without hmpps_identifiers
  Refused: nobody
  Tracked: hmcts acknowledged

At 22:10 on day 2: gmp (records) sends for-intelligence
  Because: What a test showed is no intelligence.
  grounds: crime_prevention under statutory_duty by dpa2018_s35_task with sch8_statutory
  about: Brook
  drug_test: stage arrest, result positive, substances [opiates], tested_at 20:30 on day 2, use supervision
  Refused at the door: invalid message, at purpose

At 22:20 on day 2: gmp (records) sends rook-tested
  Because: Rook is sixteen. After arrest a test is lawful from eighteen.
  grounds: resettlement under statutory_duty by dpa2018_s35_task with sch8_statutory
  about: Rook
  drug_test: stage arrest, result negative, tested_at 22:00 on day 2, use advice_and_treatment
  Refused at the door: invalid message, at drug_test.stage

At 10:00 on day 5: stockport-council (community-safety) sends brook-on-dip
  Because: The co-ordinator of drug interventions takes Brook on her list. The owner of his other flag reads that.
  grounds: offender_management under cda1998_s115 by gdpr_6_1_e
  about: Brook as managed
  flag: flag_kind dip, action raise, review_date day 200, panel_decision_id id drugs-panel
  Told: gmp/stockport
    Shows: flag.flag_kind dip

At 21:00 on day 30: gmp (records) sends brook-tested-again
  Because: Now he is on both lists: there is nothing to ask.
  grounds: resettlement under statutory_duty by dpa2018_s35_task with sch8_statutory
  about: Brook
  areas: resident Stockport
  drug_test: stage arrest, result positive, substances [opiates], tested_at 20:30 on day 30, use advice_and_treatment
  Told: stockport-drug-and-alcohol-service/criminal-justice, without police_identifiers, hmpps_identifiers
  # The co-ordinator owns a flag on him now, and is still not told what the test showed.
  Refused: stockport-council/community-safety; probation-greater-manchester/stockport; hmcts/stockport-magistrates
  Refused: stockport-yot/youth-justice; cps-north-west/magistrates
  Nothing: gmp/stockport

Ledger:
  accepted: gmp 5, stockport-council 1
  decided: permitted 7, refused 15
  release: gmp 2, hmcts 1, stockport-drug-and-alcohol-service 3, stockport-council 1
  disclosed: gmp 6, stockport-council 1
  receipt: gmp 2, hmcts 1, stockport-drug-and-alcohol-service 3, stockport-council 1
  received: gmp 6, stockport-council 1

# Everybody is invented. How to read and write a story: docs/stories.md.
Story: START, and treatment that changes hands at twenty-five
From the seeds: Whoever wants treatment is seen by START first. Those under twenty-five go to MOSAIC, those of twenty-five and over to the Community Drugs Team.
From the seeds: A referral to the wrong one of the two is an error that names the right one.

Day 1: Tuesday 1 September 2026

# Twenty-five on 20 October 2026, which is day 50.
Person Moss: suspect; born 20 October 2001; noms A2301AA; pnc 2018/0009108Y; access no

At 15:00 on day 1: gmp (records) sends to-start
  Because: In the custody suite Moss agrees to be seen. START reads what it needs to make an appointment: neither his police number nor what he is suspected of.
  grounds: resettlement under consent by dpa2018_s35_consent with sch8_justice
  about: Moss
  areas: resident Stockport
  referral: programme start, step made, parties [{subject person Moss, role participant, consent given, recorded_on day 1}]
  say: treatment_need of Moss, opinion, "Heroin, daily. Invented."
  say: offence_class of Moss, fact, "theft"
  Told: stockport-council/treatment-access, without police_identifiers, hmpps_identifiers, consent, offence_class
    Shows: statements.0.text "Heroin, daily. Invented."
    Does not show: "theft"
  Refused: nobody
  Nothing: stockport-council/community-safety; stockport-council/housing

At 10:00 on day 8: stockport-council (treatment-access) sends too-young
  Because: He is twenty-four.
  grounds: resettlement under consent by gdpr_6_1_a with art9_a_consent
  about: Moss without numbers
  areas: resident Stockport
  referral: programme community-drugs-team, step made, parties [{subject person Moss, role participant, consent given, recorded_on day 8}]
  Refused at the door: invalid message, at referral.programme
    Says: "for this person in Stockport the provider is MOSAIC"

At 10:05 on day 8: stockport-council (treatment-access) sends to-mosaic
  grounds: resettlement under consent by gdpr_6_1_a with art9_a_consent
  about: Moss without numbers
  areas: resident Stockport
  referral: programme mosaic, step made, parties [{subject person Moss, role participant, consent given, recorded_on day 8}]
  say: treatment_need of Moss, opinion, "Heroin, daily. Invented."
  Told: mosaic-stockport/young-people, without consent
    Shows: referral.programme mosaic
  Refused: nobody

At 10:00 on day 50: mosaic-stockport sends too-old
  Because: It is his twenty-fifth birthday.
  grounds: resettlement under consent by gdpr_6_1_a with art9_a_consent
  about: Moss without numbers
  areas: resident Stockport
  referral: programme mosaic, step made, parties [{subject person Moss, role participant, consent given, recorded_on day 50}]
  Refused at the door: invalid message, at referral.programme
    Says: "for this person in Stockport the provider is Community Drugs Team"

At 10:05 on day 50: mosaic-stockport sends to-the-drugs-team
  grounds: resettlement under consent by gdpr_6_1_a with art9_a_consent
  about: Moss without numbers
  areas: resident Stockport
  referral: programme community-drugs-team, step made, parties [{subject person Moss, role participant, consent given, recorded_on day 50}]
  say: treatment_need of Moss, opinion, "On a prescription. Invented."
  Told: stockport-drug-and-alcohol-service/community-drugs-team, without consent
  Refused: nobody
  # Another desk of the same service, and police who referred him first: neither hears.
  Nothing: stockport-drug-and-alcohol-service/criminal-justice; gmp/stockport

At 09:00 on day 60: stockport-drug-and-alcohol-service sends taken-on
  Because: Whether he is taken on is told to whoever referred him there, and how he fares to nobody.
  grounds: resettlement under consent by gdpr_6_1_a
  about: Moss without numbers
  areas: resident Stockport
  in reply to: to-the-drugs-team
  referral: programme community-drugs-team, step accepted
  Told: mosaic-stockport/young-people
  Refused: nobody

At 10:00 on day 61: probation-greater-manchester (records) sends appointments
  Because: Convicted by now, he has agreed that the provider says whether he comes.
  grounds: resettlement under consent by dpa2018_s35_consent
  about: Moss as convicted
  act by: 12:00 on day 80
  action: step set, pathway drugs_and_alcohol, owner stockport-drug-and-alcohol-service/criminal-justice
  Told: stockport-drug-and-alcohol-service/criminal-justice, without police_identifiers, hmpps_identifiers
  Refused: nobody
  Nothing: everybody else

At 10:00 on day 79: stockport-drug-and-alcohol-service sends comes
  Because: The provider answers what was asked. Where he sleeps and works was said to it in confidence.
  grounds: resettlement under consent by gdpr_6_1_a
  about: Moss as convicted without numbers
  in reply to: appointments
  action: step done, pathway drugs_and_alcohol
  say: attendance of Moss, fact, "Came each week. Invented."
  say: housing_need of Moss, fact, "Sleeps at a friend's. Invented."
  say: employment of Moss, fact, "A car wash. Invented."
  Told: probation-greater-manchester/stockport, without housing_need, employment
    Shows: statements.0.text "Came each week. Invented."
  Refused: nobody
  Nothing: everybody else

Ledger:
  accepted: gmp 1, stockport-council 1, mosaic-stockport 1, stockport-drug-and-alcohol-service 2, probation-greater-manchester 1
  decided: permitted 6
  release: stockport-council 1, mosaic-stockport 2, stockport-drug-and-alcohol-service 2, probation-greater-manchester 1
  disclosed: gmp 1, stockport-council 1, mosaic-stockport 1, stockport-drug-and-alcohol-service 2, probation-greater-manchester 1
  receipt: stockport-council 1, mosaic-stockport 2, stockport-drug-and-alcohol-service 2, probation-greater-manchester 1
  received: gmp 1, stockport-council 1, mosaic-stockport 1, stockport-drug-and-alcohol-service 2, probation-greater-manchester 1

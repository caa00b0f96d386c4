# Everybody is invented. How to read and write a story: docs/stories.md.
Story: LOTO: a mentor at the gate, as long as it is wanted
From the seeds: Volunteers and peer mentors meet people who leave prison after short sentences. Whoever wants a mentor says so himself.
From the seeds: A referral goes to the one desk that provides the programme, by the person's consent and with the least there is; its answer goes back to whoever referred; a withdrawal says that it does not proceed, and no more.

Day 1: Monday 8 June 2026

Person Lane: convicted; born 19 August 1998; age adult; noms A2201AA; access no
Person Wren: convicted; born 1 May 2009; noms A2202AB; access no

At 09:00 on day 1: hmpps-prisons sends not-asked
  Because: Nobody is referred who was not asked.
  grounds: resettlement under consent by dpa2018_s35_consent
  about: Lane
  areas: release Stockport
  referral: programme loto, step made, parties [{subject person Lane, role participant, consent not_asked}]
  Refused at the door: invalid message, at referral.parties[0].consent

At 09:10 on day 1: hmpps-prisons sends too-young
  Because: LOTO takes people from eighteen.
  grounds: resettlement under consent by dpa2018_s35_consent
  about: Wren
  areas: release Stockport
  referral: programme loto, step made, parties [{subject person Wren, role participant, consent given, recorded_on day 0}]
  Refused at the door: invalid message, at referral.programme

At 10:00 on day 1: hmpps-prisons sends lane-asked
  grounds: resettlement under consent by dpa2018_s35_consent
  about: Lane
  areas: release Stockport
  referral: programme loto, step made, parties [{subject person Lane, role participant, consent given, recorded_on day 0}]
  say: housing_need of Lane, fact, "Nowhere to stay. Invented."
  say: offence_class of Lane, fact, "theft"
  Told: loto-stockport/mentors, without subject_birth_date, hmpps_identifiers, consent, offence_class
    Shows: subjects.0.name "Invented Lane"
    Shows: referral.programme loto
    Shows: statements.0.text "Nowhere to stay. Invented."
    Does not show: "theft"
    Does not show: "A2201AA"
  # He comes to Stockport, and none of its desks hears of it by this.
  Refused: nobody
  Nothing: everybody else

At 12:00 on day 1: loto-stockport sends lane-taken-on
  Because: The answer goes to the desk that referred him.
  grounds: resettlement under consent by gdpr_6_1_a
  about: Lane without numbers and born
  areas: release Stockport
  in reply to: lane-asked
  referral: programme loto, step accepted
  Told: hmpps-prisons/movements
    Shows: referral.step accepted
  Refused: nobody
  Nothing: everybody else

At 09:00 on day 5: hmpps-prisons sends lane-says-why
  Because: Whoever withdraws owes nobody a reason, and none can be sent.
  grounds: resettlement under consent by dpa2018_s35_consent
  about: Lane
  areas: release Stockport
  referral: programme loto, step not_proceeding, settles_message_id message lane-asked
  say: housing_need of Lane, fact, "Found a room. Invented."
  Refused at the door: invalid message, at statements

At 09:05 on day 5: hmpps-prisons sends lane-withdraws
  grounds: resettlement under consent by dpa2018_s35_consent
  about: Lane
  areas: release Stockport
  referral: programme loto, step not_proceeding, settles_message_id message lane-asked
  Told: loto-stockport/mentors, without subject_birth_date, hmpps_identifiers
    Shows: referral.step not_proceeding
  Refused: nobody
  Nothing: everybody else

Ledger:
  accepted: hmpps-prisons 2, loto-stockport 1
  decided: permitted 3
  release: loto-stockport 2, hmpps-prisons 1
  disclosed: hmpps-prisons 2, loto-stockport 1
  receipt: loto-stockport 2, hmpps-prisons 1
  received: hmpps-prisons 2, loto-stockport 1

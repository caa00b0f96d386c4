# Everybody is invented. How to read and write a story: docs/stories.md.
Story: The first priority offender of the scheme: wanted, seen, arrested
From the seeds: He was in breach of his bail. Officers looked for him at addresses he was known to use, he was seen, and he was arrested.
From the seeds: What says that somebody is wanted has a short life: once he is arrested it must be taken back from everybody who holds it.

Day 1: Tuesday 7 April 2026

Person Brook: managed; born 21 July 1990; noms A1301AA; pnc 2015/0009101V; access no

At 09:00 on day 1: gmp (records) sends brook-selected
  grounds: offender_management under cda1998_s115 by dpa2018_s35_task
  about: Brook
  flag: flag_kind ppo, action raise, review_date day 300, panel_decision_id id april-panel
  Because: The flag names no place, so it is told to nobody; from here on its owner hears of him.
  Refused: nobody
  Nothing: everybody else

At 10:00 on day 1: gmp/public-protection goes offline

At 10:30 on day 1: gmp (intelligence) sends wanted
  Because: Breach of bail. Police alone: the common-law power carries it no further.
  grounds: crime_prevention under police_common_law by dpa2018_s35_task with sch8_justice
  about: Brook
  areas: incident Stockport
  urgency: immediate
  intelligence: scheme three_five_two, grade 1AP, topic wanted, originator_reference "INVENTED/1001"
  say: narrative of Brook, fact, "Wanted for breach of bail. Known to use two addresses. Invented."
  Told: gmp/stockport, without originator_reference
    Shows: intelligence.topic wanted
    Shows: handling_conditions "no_onward"
  Waits: gmp/public-protection
  Refused: probation-greater-manchester/stockport; probation-greater-manchester/public-protection because no permit
  Refused: stockport-yot/youth-justice; stockport-council/childrens-services; stockport-council/community-safety

At 22:40 on day 2: merseyside-police (intelligence) sends sighting
  Because: Seen across the border. The flag's owner hears of it wherever it is, and Manchester's bureau because it is named. Wirral's probation unit hears of somebody on a list in its area, under section 115.
  grounds: crime_prevention under cda1998_s115 by dpa2018_s35_task with sch8_justice
  about: Brook
  areas: incident Wirral
  to: gmp/force-intelligence
  intelligence: scheme three_five_two, grade 2BP, topic sighting, originator_reference "INVENTED/2002"
  say: sighting of Brook, fact, "Near the ferry at 22:05, on foot. Invented."
  Told: gmp/force-intelligence
    Shows: intelligence.originator_reference "INVENTED/2002"
  Told: gmp/stockport; merseyside-police/wirral; merseyside-police/public-protection, without originator_reference
    Does not show: "INVENTED/2002"
  Told: probation-north-west/wirral; probation-north-west/public-protection, without originator_reference
    Shows: handling_conditions "no_onward not_to_subject"
  Refused: wirral-yot/youth-justice; wirral-council/childrens-services because no permit
  Tracked: gmp acknowledged

At 07:30 on day 3: gmp (intelligence) sends arrested
  Because: Arrested. Exactly those who were told that he is wanted are told that he no longer is. What still waited for the desk that was away ends unread.
  grounds: crime_prevention under police_common_law by dpa2018_s35_task with sch8_justice
  about: Brook
  correction: message_id message wanted, reason "Arrested at 06:10. Invented."
  Told: gmp/stockport, without subject_name, subject_birth_date, police_identifiers, hmpps_identifiers, narrative
    Does not show: "Arrested"
  Ended of wanted: gmp/public-protection as withdrawn
  Refused: nobody
  Nothing: everybody else

At 08:00 on day 3: gmp/public-protection comes back
  Because: It hears of neither.
  Nothing: gmp/public-protection

At 11:00 on day 3: hmpps-prisons sends remanded
  Because: Received into prison. A reception is no release, so nobody is asked where he goes.
  grounds: offender_management under oma2007_s14 by dpa2018_s35_task
  about: Brook by noms
  custody: event reception, certainty confirmed, prison MRI, occurred_at 10:40 on day 3, movement_reason R1
  Told: gmp/stockport
  Refused: nobody

Ledger:
  accepted: gmp 3, merseyside-police 1, hmpps-prisons 1
  decided: permitted 10, refused 7
  release: gmp 5, merseyside-police 2, probation-north-west 2
  disclosed: gmp 2, merseyside-police 6, hmpps-prisons 1
  receipt: gmp 5, merseyside-police 2, probation-north-west 2
  received: gmp 2, merseyside-police 6, hmpps-prisons 1
  ended: withdrawn 1

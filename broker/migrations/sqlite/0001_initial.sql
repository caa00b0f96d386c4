-- The ledger and everything that hangs on it. Times are microseconds since 1970, UTC.
-- Bodies, decisions, the register and reasons are sealed; everything else is of the listed
-- header: ids, enums, area codes and times.

CREATE TABLE head (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  size INTEGER NOT NULL,
  frontier BLOB NOT NULL,
  last_time INTEGER NOT NULL,
  epoch_policy INTEGER NOT NULL,
  epoch_directory INTEGER NOT NULL,
  epoch_register INTEGER NOT NULL,
  last_message INTEGER NOT NULL,
  last_delivery INTEGER NOT NULL,
  last_subscription INTEGER NOT NULL
);
CREATE TABLE entry (idx INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE tile (
  level INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  hashes BLOB NOT NULL,
  PRIMARY KEY (level, idx)
);
CREATE TABLE message (
  id INTEGER PRIMARY KEY,
  agency TEXT NOT NULL,
  uuid BLOB NOT NULL,
  digest BLOB NOT NULL,
  entry INTEGER NOT NULL,
  kind TEXT NOT NULL,
  node TEXT NOT NULL,
  desk TEXT NOT NULL,
  accepted_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  not_before INTEGER,
  wrapped_key BLOB NOT NULL,
  body BLOB NOT NULL,
  decision BLOB NOT NULL,
  tokens BLOB NOT NULL,
  settles INTEGER,
  withdraws INTEGER
);
CREATE UNIQUE INDEX message_key ON message (agency, uuid);
-- What is expected by a fixed hour is counted over a few hours.
CREATE INDEX message_accepted ON message (accepted_at);
-- Whom a message is about: custody news is matched against flags that are raised later, and a
-- merge of numbers finds everything that was said under either.
CREATE TABLE subject (
  token BLOB NOT NULL,
  message INTEGER NOT NULL,
  routes INTEGER NOT NULL
);
CREATE INDEX subject_token ON subject (token, message);
CREATE INDEX message_withdraws ON message (withdraws) WHERE withdraws IS NOT NULL;
CREATE TABLE subscription (
  id INTEGER PRIMARY KEY,
  agency TEXT NOT NULL,
  desk TEXT NOT NULL,
  name TEXT NOT NULL,
  last_number INTEGER NOT NULL
);
CREATE UNIQUE INDEX subscription_key ON subscription (agency, desk, name);
CREATE TABLE delivery (
  id INTEGER PRIMARY KEY,
  delivery_id BLOB NOT NULL,
  message INTEGER NOT NULL,
  subscription INTEGER NOT NULL,
  task INTEGER NOT NULL,
  -- Whether its sender named the desk: of no other delivery is a sender given evidence.
  named INTEGER NOT NULL,
  entry INTEGER NOT NULL,
  immediate INTEGER NOT NULL,
  state INTEGER NOT NULL,
  number INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  due INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  -- Its message's, so that what has run out is found without every message that waits.
  expires_at INTEGER NOT NULL,
  -- The entry that says why it ended, or that it was received, where one does.
  ended INTEGER,
  -- By when its recipient must have acted, put right what was corrected, and deleted it; null
  -- where nothing is owed, or no more.
  act_by INTEGER,
  correct_by INTEGER,
  delete_by INTEGER,
  -- By when somebody there must have opened it, and when it is to be reminded of a date in it.
  open_by INTEGER,
  remind_at INTEGER,
  -- Steps of the chains that were taken about these: see ledger::owed::Told.
  told INTEGER NOT NULL DEFAULT 0,
  -- When to look whether somebody is to be told next: null where nothing is owed.
  look_at INTEGER
);
CREATE INDEX delivery_message ON delivery (message);
-- One small index for each state that is asked for: what is settled costs none. Queries must
-- name the state as a literal, or SQLite does not see that the index serves them.
CREATE INDEX delivery_waiting ON delivery (subscription, immediate DESC, id) WHERE state = 0;
CREATE INDEX delivery_expiry ON delivery (expires_at) WHERE state = 0;
CREATE INDEX delivery_released ON delivery (subscription, id) WHERE state = 1;
CREATE INDEX delivery_owed ON delivery (subscription, look_at) WHERE look_at IS NOT NULL;
CREATE INDEX delivery_dead ON delivery (subscription, id) WHERE state = 3;
CREATE TABLE release (
  release_id BLOB NOT NULL,
  delivery INTEGER NOT NULL,
  entry INTEGER NOT NULL,
  at INTEGER NOT NULL,
  node TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  voided INTEGER NOT NULL,
  -- What it showed: a bit for each subject of the message, and for each field withheld.
  subjects INTEGER NOT NULL,
  withheld INTEGER NOT NULL
);
CREATE UNIQUE INDEX release_key ON release (release_id);
CREATE INDEX release_delivery ON release (delivery);
-- The blocks of 1,024 releases in which an agency sent or was given any: its disclosures are
-- read without everybody else's. An index by agency would cost each release two rows.
CREATE TABLE release_party (agency TEXT NOT NULL, block INTEGER NOT NULL);
CREATE UNIQUE INDEX release_party_key ON release_party (agency, block);
-- What recipients say they did with what they were given: the first word on each counts.
CREATE TABLE attested (
  delivery INTEGER NOT NULL,
  attestation INTEGER NOT NULL,
  entry INTEGER NOT NULL,
  at INTEGER NOT NULL
);
CREATE UNIQUE INDEX attested_key ON attested (delivery, attestation);
-- Documents, in pieces. One that no message names yet is its agency's own, and goes again.
CREATE TABLE attachment (
  id INTEGER PRIMARY KEY,
  agency TEXT NOT NULL,
  uuid BLOB NOT NULL,
  size INTEGER NOT NULL,
  -- Keyed digest of its digest: by this a document is known again that was given to its sender.
  mark BLOB NOT NULL,
  -- Empty once it was erased.
  wrapped_key BLOB NOT NULL,
  whole INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  -- The message that names it, and its name there.
  message INTEGER,
  section BLOB
);
CREATE UNIQUE INDEX attachment_key ON attachment (agency, uuid);
CREATE INDEX attachment_mark ON attachment (mark);
CREATE INDEX attachment_message ON attachment (message) WHERE message IS NOT NULL;
CREATE INDEX attachment_staged ON attachment (agency, changed_at) WHERE message IS NULL;
CREATE TABLE piece (attachment INTEGER NOT NULL, place INTEGER NOT NULL, sealed BLOB NOT NULL);
CREATE UNIQUE INDEX piece_key ON piece (attachment, place);
-- Which documents may be fetched with a release.
CREATE TABLE release_section (release_id BLOB NOT NULL, attachment INTEGER NOT NULL);
CREATE UNIQUE INDEX release_section_key ON release_section (release_id, attachment);
CREATE INDEX release_section_attachment ON release_section (attachment);
-- Numbers that a message merged, parted or asks about, and how often whoever was given something
-- about them was to be told: once by that message, and once by each later release. What was not done
-- is open. Numbers of what corrects a merge or a parting stand here too, so that it counts for none;
-- nobody was to be told because of that.
CREATE TABLE chase (
  message INTEGER NOT NULL,
  token BLOB NOT NULL,
  -- What it says of the number: ledger::chase::Word.
  word INTEGER NOT NULL,
  wanted INTEGER NOT NULL,
  done INTEGER NOT NULL
);
CREATE UNIQUE INDEX chase_key ON chase (message, token);
CREATE INDEX chase_token ON chase (token, message);
CREATE INDEX chase_open ON chase (message) WHERE wanted > done;
-- Emergency accesses, by message, and their reviews. Persons are opaque ids of the directory.
CREATE TABLE review (
  message INTEGER PRIMARY KEY,
  entry INTEGER NOT NULL,
  acting BLOB NOT NULL,
  second BLOB NOT NULL,
  opened_at INTEGER NOT NULL,
  -- The entry that closed it, by whom, with what finding and when; null while it is open.
  closed INTEGER,
  closed_by BLOB,
  finding INTEGER,
  closed_at INTEGER,
  -- Steps that were taken to tell people, and when to look again.
  told INTEGER NOT NULL DEFAULT 0,
  look_at INTEGER
);
CREATE INDEX review_to_tell ON review (look_at) WHERE look_at IS NOT NULL;
-- Changes in the order of the ledger, each with the time of its commit in seconds.
CREATE TABLE register (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, sealed BLOB NOT NULL);
CREATE TABLE document (name TEXT PRIMARY KEY, content BLOB NOT NULL);
CREATE TABLE reason (entry INTEGER PRIMARY KEY, sealed BLOB NOT NULL);

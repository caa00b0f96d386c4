//! Every bound on the wire, its unit in its name, and how the bounds relate.
//!
//! Both sides check the same numbers. The relations between them are proved when this
//! crate is compiled.

/// Messages in one publish frame.
pub const PUBLISH_FRAME_MESSAGES_MAX: usize = 64;
/// Encoded size of one message, bytes.
pub const MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// Encoded size of one gRPC frame, bytes.
pub const FRAME_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Documents of one message.
pub const ATTACHMENTS_MAX: usize = 8;
/// Bytes of one document.
pub const ATTACHMENT_BYTES_MAX: u32 = 20 * 1024 * 1024;
/// Bytes of one frame of a document; every frame that is put but the last has as many.
pub const ATTACHMENT_CHUNK_BYTES: u32 = 256 * 1024;
/// Parts of the audience of one document.
pub const SECTION_AUDIENCE_MAX: usize = 16;
/// Agencies that have leave to send one document on.
pub const SECTION_ONWARD_MAX: usize = 16;
/// Bytes of a SHA-256 digest, and of a salt.
pub const DIGEST_BYTES: usize = 32;
/// Subjects of one message.
pub const SUBJECTS_MAX: usize = 16;
/// Identifiers of one subject.
pub const IDENTIFIERS_MAX: usize = 16;
/// Characters of an identifier as written.
pub const IDENTIFIER_CHARACTERS_MAX: usize = 32;
/// Characters of a name.
pub const NAME_CHARACTERS_MAX: usize = 200;
/// Statements of one message.
pub const STATEMENTS_MAX: usize = 64;
/// Characters of one statement.
pub const STATEMENT_CHARACTERS_MAX: usize = 8_000;
/// Areas of one message.
pub const AREAS_MAX: usize = 16;
/// Addressees of one message.
pub const ADDRESSEES_MAX: usize = 64;
/// Agencies that one message is kept from.
pub const NOT_TO_MAX: usize = 16;
/// Agencies that decided together on a flag.
pub const AGREED_BY_MAX: usize = 16;
/// Handling conditions of one message.
pub const HANDLING_CONDITIONS_MAX: usize = 8;
/// Characters of an originator's reference.
pub const ORIGINATOR_REFERENCE_CHARACTERS_MAX: usize = 64;
/// Characters of a reason given by a person.
pub const REASON_CHARACTERS_MAX: usize = 500;
/// Longest life of a message that is shared by emergency access, hours.
pub const BREAK_GLASS_HOURS_MAX: i64 = 4;
/// Characters of a movement reason code.
pub const MOVEMENT_REASON_CHARACTERS_MAX: usize = 12;
/// Characters of an id of the directory (agency, desk, node, area).
pub const DIRECTORY_ID_CHARACTERS_MAX: usize = 40;
/// Characters of a subscription's name.
pub const SUBSCRIPTION_NAME_CHARACTERS_MAX: usize = 32;
/// Deliveries a subscriber may be ready for at once.
pub const CREDIT_DELIVERIES_MAX: u32 = 4_096;
/// Deliveries in one frame.
pub const DELIVERY_FRAME_DELIVERIES_MAX: usize = 256;
/// Bytes of bodies in one delivery frame.
pub const DELIVERY_FRAME_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Settlements of one sort in one frame.
pub const SETTLE_FRAME_RELEASES_MAX: usize = 1_024;
/// Releases of one attestation.
pub const ATTESTED_RELEASES_MAX: usize = 256;
/// Items of one worklist.
pub const WORKLIST_ITEMS_MAX: usize = 2_000;
/// Flags of one desk's list. With 3 KiB each, which is more than the longest name and numbers take,
/// they fit a frame.
pub const LISTED_FLAGS_MAX: usize = 1_000;
const _: () = assert!(LISTED_FLAGS_MAX * 3 * 1024 < FRAME_BYTES_MAX);
/// Longest wait a recipient may ask for before the next attempt, seconds.
pub const NACK_DELAY_SECONDS_MAX: u64 = 24 * 60 * 60;
/// Rows of one page of an audit answer.
pub const AUDIT_PAGE_ROWS_MAX: u32 = 500;
/// Bytes of a delivery, release or reference id.
pub const OPAQUE_ID_BYTES: usize = 16;
/// Files of a policy bundle.
pub const BUNDLE_FILES_MAX: usize = 512;
/// Bytes of one file of a policy bundle.
pub const BUNDLE_FILE_BYTES_MAX: usize = 256 * 1024;
/// Bytes of a directory document.
pub const DIRECTORY_DOCUMENT_BYTES_MAX: usize = 1024 * 1024;

// The text of a full message fits the message: 4 bytes is the most a character takes.
const _: () = assert!(STATEMENT_CHARACTERS_MAX * 4 < MESSAGE_BYTES_MAX);
const _: () = assert!(
    SUBJECTS_MAX * (NAME_CHARACTERS_MAX * 4 + IDENTIFIERS_MAX * IDENTIFIER_CHARACTERS_MAX * 4)
        < MESSAGE_BYTES_MAX
);
// A document's frame fits a gRPC frame many times, and the documents of a message say little.
const _: () = assert!(4 * ATTACHMENT_CHUNK_BYTES as usize <= FRAME_BYTES_MAX);
const _: () = assert!(
    ATTACHMENTS_MAX * (SECTION_AUDIENCE_MAX + SECTION_ONWARD_MAX) * 4 * DIRECTORY_ID_CHARACTERS_MAX
        < MESSAGE_BYTES_MAX
);
// A released body adds at most the withheld list to what was sent, so one always fits a
// delivery frame, and a delivery frame with its ids and salts fits a gRPC frame.
const _: () = assert!(2 * MESSAGE_BYTES_MAX <= DELIVERY_FRAME_BYTES_MAX);
const _: () =
    assert!(DELIVERY_FRAME_BYTES_MAX + DELIVERY_FRAME_DELIVERIES_MAX * 1024 < FRAME_BYTES_MAX);
// Whatever credit allows can be settled in a bounded number of frames.
const _: () = assert!(CREDIT_DELIVERIES_MAX as usize <= 4 * SETTLE_FRAME_RELEASES_MAX);

//! The numbered refusals. A number is never used twice; a retired one stays reserved.
//!
//! A code says what the caller may know and nothing else: what a caller may not learn
//! exists is refused with the code for what is absent. `docs/refusals.md` lists them for
//! readers and a test holds the two together.

/// A refusal, by its number on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u16)]
pub enum Refusal {
    /// The certificate has ended, or names no registered caller.
    NotRegistered = 1001,
    /// The caller's agency is suspended.
    Suspended = 1002,
    /// The caller's role may not call this.
    NotAllowed = 1003,
    /// The caller's own quota is used up.
    QuotaExceeded = 1004,
    /// Too many connections of this agency, or in all.
    TooManyConnections = 1005,
    /// The message has faulty fields; each is named.
    InvalidMessage = 2001,
    /// SECRET or above is not carried.
    MarkingNotCarried = 2002,
    /// The id was used for a different message.
    MessageIdReused = 2003,
    /// The frame breaks a bound of the protocol.
    FrameOutOfBounds = 2004,
    /// A request's own fields are faulty; each is named.
    InvalidRequest = 2005,
    /// The bytes of a document are not those announced under its id.
    AttachmentDiffers = 2010,
    /// The agency has too many documents that no message names yet, or too many on their way.
    AttachmentsFull = 2011,
    /// A frame of a document does not begin where the bytes kept end.
    AttachmentOutOfTurn = 2012,
    /// A document was given to the sender without leave to send it on.
    OnwardNotAllowed = 2013,
    /// What answers a message that was given without leave to pass it on names somebody else.
    AnswerNotOnward = 2014,
    /// A report is asked of a month that has not ended.
    MonthNotEnded = 2040,
    /// The store has reached its disk floor; publishing pauses, releases go on.
    DiskFloor = 3001,
    /// The store cannot be written. The outcome may be unknown: retry the same id.
    StoreUnavailable = 3002,
    /// The broker is draining.
    ShuttingDown = 3003,
    /// The broker's clock is not believed, and whether the message is good turns on the time.
    ClockUnsure = 3004,
    /// No such thing for this caller.
    NotFound = 4001,
    /// The subscription is held by another node.
    SubscriptionBusy = 4002,
    /// Recorded, and no signed checkpoint covers it yet.
    NotSignedYet = 4003,
    /// A newer connection of the same node receives on the subscription.
    TakenOver = 4004,
    /// Whoever used emergency access, or was named with it, does not review it.
    OwnReview = 4010,
    /// No document by that id is whole and waits for a message of this agency.
    AttachmentAbsent = 4020,
    /// What a desk was given cannot be read just now.
    WorklistHeld = 4030,
    /// No desk of the caller's agency serves the area, or there is no such area.
    AreaNotServed = 4040,
    /// The policy bundle is faulty.
    InvalidBundle = 5001,
    /// The directory document is faulty.
    InvalidDirectory = 5002,
    /// The same person has approved already.
    SameApprover = 5003,
    /// No permit covers this recipient and subject.
    NoPermit = 6001,
    /// A rule forbids it.
    Forbidden = 6002,
    /// A rule could not be evaluated; everything was refused.
    PolicyError = 6003,
    /// What would remain could identify a person who had to be removed.
    WouldIdentify = 6004,
    /// The recipient was suspended or left the directory before release.
    RecipientNotInStanding = 6005,
    /// Past its end before it could be released.
    Expired = 6006,
    /// Withdrawn by its sender before release.
    Withdrawn = 6007,
}

impl Refusal {
    /// Every refusal.
    pub const ALL: &'static [Refusal] = &[
        Self::NotRegistered,
        Self::Suspended,
        Self::NotAllowed,
        Self::QuotaExceeded,
        Self::TooManyConnections,
        Self::InvalidMessage,
        Self::MarkingNotCarried,
        Self::MessageIdReused,
        Self::FrameOutOfBounds,
        Self::InvalidRequest,
        Self::AttachmentDiffers,
        Self::AttachmentsFull,
        Self::AttachmentOutOfTurn,
        Self::OnwardNotAllowed,
        Self::AnswerNotOnward,
        Self::MonthNotEnded,
        Self::DiskFloor,
        Self::StoreUnavailable,
        Self::ShuttingDown,
        Self::ClockUnsure,
        Self::NotFound,
        Self::SubscriptionBusy,
        Self::NotSignedYet,
        Self::TakenOver,
        Self::OwnReview,
        Self::AttachmentAbsent,
        Self::WorklistHeld,
        Self::AreaNotServed,
        Self::InvalidBundle,
        Self::InvalidDirectory,
        Self::SameApprover,
        Self::NoPermit,
        Self::Forbidden,
        Self::PolicyError,
        Self::WouldIdentify,
        Self::RecipientNotInStanding,
        Self::Expired,
        Self::Withdrawn,
    ];

    /// Numbers that were used once and never will be again.
    pub const RETIRED: &'static [u16] = &[];

    /// The number on the wire.
    #[must_use]
    pub const fn code(self) -> u32 {
        self as u32
    }

    /// The refusal with this number; `None` for one this version does not know.
    #[must_use]
    pub fn from_code(code: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|refusal| refusal.code() == code)
    }

    /// A sentence a duty officer understands.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NotRegistered => {
                "This system's certificate has run out, or is no longer registered with the broker; renew it, or ask the broker's operators to register it."
            }
            Self::Suspended => "Your agency's access is suspended; ring the broker's operators.",
            Self::NotAllowed => "Your role does not allow this; ask your agency's lead.",
            Self::QuotaExceeded => {
                "Your agency is sending faster than agreed; the system will try again after the time given."
            }
            Self::TooManyConnections => {
                "Your agency has too many connections open; close some and try again."
            }
            Self::InvalidMessage => {
                "The message has mistakes; each is listed with the field and the rule."
            }
            Self::MarkingNotCarried => {
                "Nothing above OFFICIAL-SENSITIVE may be sent here; use the system for that tier. Nothing was kept."
            }
            Self::MessageIdReused => {
                "This message id was already used for a different message; send it with a new id."
            }
            Self::FrameOutOfBounds => {
                "The request is larger than the protocol allows; send it in parts."
            }
            Self::InvalidRequest => {
                "The request has mistakes; each is listed with the field and the rule."
            }
            Self::AttachmentDiffers => sentences::ATTACHMENT_DIFFERS,
            Self::AttachmentsFull => sentences::ATTACHMENTS_FULL,
            Self::AttachmentOutOfTurn => sentences::ATTACHMENT_OUT_OF_TURN,
            Self::OnwardNotAllowed => sentences::ONWARD_NOT_ALLOWED,
            Self::AnswerNotOnward => sentences::ANSWER_NOT_ONWARD,
            Self::MonthNotEnded => "That month has not ended; ask on the first of the next.",
            Self::DiskFloor => {
                "The broker is short of disk and takes no new messages; what it holds still goes out. If this is urgent, use the telephone."
            }
            Self::StoreUnavailable => {
                "The broker could not say whether this was recorded; send the same message again with the same id. If this is urgent, use the telephone."
            }
            Self::ShuttingDown => "The broker is restarting; the system will try again.",
            Self::ClockUnsure => {
                "The broker is not sure of the time, and this message turns on it; the system will try again. If this is urgent, use the telephone."
            }
            Self::NotFound => "Nothing by that id is here for you.",
            Self::SubscriptionBusy => "Another system of your agency holds this subscription.",
            Self::NotSignedYet => {
                "This is recorded; its proof can be had once the next checkpoint is signed, in a few seconds."
            }
            Self::TakenOver => {
                "A newer connection of this same system has taken over this subscription; see that only one copy of the system runs."
            }
            Self::OwnReview => sentences::OWN_REVIEW,
            Self::AttachmentAbsent => sentences::ATTACHMENT_ABSENT,
            Self::WorklistHeld => "This cannot be read just now; try again in a minute.",
            Self::AreaNotServed => "No desk of your agency serves an area of that code.",
            Self::InvalidBundle => sentences::INVALID_BUNDLE,
            Self::InvalidDirectory => sentences::INVALID_DIRECTORY,
            Self::SameApprover => sentences::SAME_APPROVER,
            Self::NoPermit => "No agreement permits sharing this with that recipient.",
            Self::Forbidden => "A rule forbids sharing this with that recipient.",
            Self::PolicyError => sentences::POLICY_ERROR,
            Self::WouldIdentify => sentences::WOULD_IDENTIFY,
            Self::RecipientNotInStanding => {
                "The recipient was not in good standing when it should have been released."
            }
            Self::Expired => "The message ran out before it could be released.",
            Self::Withdrawn => "The sender withdrew the message before it was released.",
        }
    }
}

/// Sentences that are too long for a line of the table.
mod sentences {
    pub(super) const OWN_REVIEW: &str =
        "Somebody else must review this: you used it or were named in it.";
    pub(super) const ATTACHMENT_DIFFERS: &str =
        "The document's bytes are not those that were announced; send it again under a new id.";
    pub(super) const ATTACHMENTS_FULL: &str = "Your agency has as many documents waiting here as it may; send the messages that name them, or try again later.";
    pub(super) const ATTACHMENT_OUT_OF_TURN: &str = "The document did not go on where it broke off; ask how much of it is kept and go on from there.";
    pub(super) const ANSWER_NOT_ONWARD: &str = "What this answers was given to your agency without leave to pass it on; send the answer to its sender alone, and ask the sender before you tell anybody else.";
    pub(super) const ONWARD_NOT_ALLOWED: &str = "This document was given to your agency without leave to pass it on; ask the agency that gave it to you.";
    pub(super) const ATTACHMENT_ABSENT: &str = "A document that the message names is not here whole, or another message has it already; send the document first.";
    pub(super) const INVALID_BUNDLE: &str =
        "The policy bundle has mistakes; each is listed. The bundle in force is unchanged.";
    pub(super) const INVALID_DIRECTORY: &str =
        "The directory document has mistakes; each is listed. The directory is unchanged.";
    pub(super) const SAME_APPROVER: &str =
        "You have approved this already; a different approver must do so too.";
    pub(super) const POLICY_ERROR: &str =
        "A sharing rule could not be read, so nothing was shared; the operators are told.";
    pub(super) const WOULD_IDENTIFY: &str =
        "What would be left could still identify a person who must not be named.";
}

#[cfg(test)]
mod tests {
    use super::Refusal;

    #[test]
    fn every_number_is_used_once_and_no_retired_number_is_used() {
        let mut seen = std::collections::BTreeSet::new();
        for refusal in Refusal::ALL {
            assert!(seen.insert(refusal.code()), "{refusal:?} shares its number");
            assert!(!Refusal::RETIRED.contains(&(*refusal as u16)), "{refusal:?} is retired");
            assert_eq!(Refusal::from_code(refusal.code()), Some(*refusal));
        }
    }
}

//! What the tests of both followers are made of: a profile, an event, and a broker's answers.

use proto::exchange::v1::publish_result::Outcome;
use proto::exchange::v1::{Accepted, Message, PublishResponse, PublishResult, Refused};
use proto::refusal::Refusal;

/// The release of an invented person.
pub(super) const RELEASE: &str =
    include_str!("../../../../tests/data/hmpps/release-curfew-bare.json");
/// The key of ids.
pub(super) const KEY: [u8; 32] = [42; 32];
/// A profile under which that event is for sharing.
pub(super) const PROFILE: &str = "purpose = \"resettlement\"\ngateway = \"oma2007_s14\"\n\
    lawful_basis = \"dpa2018_s35_task\"\nmarking = \"official_sensitive\"\n\
    acting_person = \"11111111-1111-4111-8111-111111111111\"\nid_key_file = \"unused\"\n";

/// The answer to a message: that it is accepted, or refused for good.
pub(super) fn answer(message: Message, is_accepted: bool) -> PublishResponse {
    let outcome = if is_accepted {
        Outcome::Accepted(Accepted::default())
    } else {
        let code = Refusal::InvalidMessage.code();
        Outcome::Refused(Refused { code, ..Refused::default() })
    };
    let results = vec![PublishResult { message_id: message.message_id, outcome: Some(outcome) }];
    PublishResponse { results }
}

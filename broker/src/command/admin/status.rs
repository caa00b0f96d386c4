//! `broker admin status`: how a running broker stands.

use proto::admin::v1::{GetStatusRequest, GetStatusResponse};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::command::connector::Reach;
use crate::command::failure::Failure;
use crate::command::say;

/// Asks and prints.
pub(super) async fn show(reach: &Reach) -> Result<(), Failure> {
    let mut client = reach.admin().await?;
    let answer = client.get_status(GetStatusRequest {}).await?.into_inner();
    for line in lines(&answer) {
        say(line)?;
    }
    Ok(())
}

const PAUSED: &str = "publishing: paused, the disk is at its floor (refusal 3001); make room, and \
                      it opens by itself. Releases go on";
const UNSURE: &str = "nothing expires, no embargo ends, and a message whose dates fail by it is \
                      put off (3004). `broker admin ... clock confirm TIME` if it is right";

fn lines(answer: &GetStatusResponse) -> Vec<String> {
    let ends = answer.revocation_list_ends.as_ref();
    let ends = ends.and_then(|ends| OffsetDateTime::from_unix_timestamp(ends.seconds).ok());
    let ends = ends.and_then(|ends| ends.format(&Rfc3339).ok());
    let bundle = match answer.bundle.as_str() {
        "" => "none: messages are recorded and shared with nobody, now or later",
        hash => hash,
    };
    vec![
        format!("ledger entries: {}", answer.ledger_size),
        format!("signed entries: {}", answer.signed_size),
        format!("bundle in force: {bundle}"),
        format!("deliveries waiting: {}", answer.waiting),
        format!("dead letters: {}", answer.dead_letters),
        format!("connections: {}", answer.connections),
        format!("revocation lists run out: {}", ends.as_deref().unwrap_or("not known")),
        if answer.publishing_paused { PAUSED.to_owned() } else { "publishing: open".to_owned() },
        match (answer.clock_held, answer.clock_moved_seconds) {
            (false, _) => "clock: believed".to_owned(),
            (true, moved) => format!("clock: moved by {moved} s; {UNSURE}"),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_held_up_says_what_that_means() {
        let answer = GetStatusResponse {
            ledger_size: 12,
            signed_size: 10,
            bundle: String::new(),
            waiting: 3,
            dead_letters: 1,
            connections: 2,
            revocation_list_ends: Some(prost_types::Timestamp { seconds: 1_772_452_800, nanos: 0 }),
            clock_moved_seconds: 7_200,
            clock_held: true,
            publishing_paused: true,
        };
        let expected = [
            "ledger entries: 12",
            "signed entries: 10",
            "bundle in force: none: messages are recorded and shared with nobody, now or later",
            "deliveries waiting: 3",
            "dead letters: 1",
            "connections: 2",
            "revocation lists run out: 2026-03-02T12:00:00Z",
            "publishing: paused, the disk is at its floor (refusal 3001); make room, and it opens by \
             itself. Releases go on",
            "clock: moved by 7200 s; nothing expires, no embargo ends, and a message whose dates \
             fail by it is put off (3004). `broker admin ... clock confirm TIME` if it is right",
        ];
        assert_eq!(lines(&answer), expected);
        let open = GetStatusResponse { publishing_paused: false, clock_held: false, ..answer };
        assert!(lines(&open).ends_with(&["publishing: open".into(), "clock: believed".into()]));
    }
}

//! `broker admin clock`: saying that a clock which has moved is right.
//!
//! Knows nothing of how far is too far: the broker does.

use proto::admin::v1::{ConfirmClockRequest, ConfirmClockResponse};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::command::connector::Reach;
use crate::command::failure::Failure;
use crate::command::say;

/// Confirms the broker's clock by a time the operator read elsewhere.
pub(super) async fn confirm(reach: &Reach, time: &str) -> Result<(), Failure> {
    let believed = read(time)?;
    let mut client = reach.admin().await?;
    let request = ConfirmClockRequest { believed: Some(believed) };
    say(line(&client.confirm_clock(request).await?.into_inner()))
}

fn read(time: &str) -> Result<prost_types::Timestamp, Failure> {
    let rule = "is a time such as 2026-03-02T12:00:00Z";
    let wrong = |_| Failure::Argument { argument: "the time", rule };
    let time = OffsetDateTime::parse(time, &Rfc3339).map_err(wrong)?;
    Ok(prost_types::Timestamp { seconds: time.unix_timestamp(), nanos: 0 })
}

fn line(answer: &ConfirmClockResponse) -> String {
    let seconds = answer.moved_seconds;
    format!("the clock is believed; it had moved by {seconds} s since it last was")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_names_its_zone() {
        for (text, seconds) in [
            ("2026-03-02T12:00:00Z", Some(1_772_452_800)),
            ("2026-03-02T13:00:00+01:00", Some(1_772_452_800)),
            ("2026-03-02T12:00:00", None),
            ("noon", None),
        ] {
            assert_eq!(read(text).ok().map(|time| time.seconds), seconds, "{text}");
        }
    }
}

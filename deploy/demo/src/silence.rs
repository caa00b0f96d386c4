//! What a desk that was refused can see, beside what a desk without any stake can see.

use agency_client::Connection;
use agency_client::errors::CallError;
use proto::audit::v1::GetProofRequest;
use proto::audit::v1::get_proof_request::Of;
use proto::exchange::v1::{ListDeadLettersRequest, TrackRequest};

use crate::cast::{Heard, Seat};
use crate::stage::StageError;

/// Everything a desk's system can find out about a message, line by line.
///
/// # Errors
/// There is no connection.
pub(crate) async fn transcript(
    connection: &Connection,
    seat: &Seat,
    message_id: &str,
    heard: &[Heard],
) -> Result<Vec<String>, StageError> {
    let came = heard.iter().filter(|heard| heard.seat == seat).count();
    let mut lines = vec![format!("its mailbox: {came} deliveries")];
    let request = ListDeadLettersRequest { desk: seat.desk.to_owned() };
    let letters = connection.exchange().await?.list_dead_letters(request).await;
    lines.push(match letters {
        Ok(answer) => format!("its dead letters: {}", answer.into_inner().letters.len()),
        Err(status) => format!("its dead letters: {}", CallError::from(&status)),
    });
    let request = TrackRequest { message_id: message_id.to_owned() };
    let outcomes = connection.exchange().await?.track(request).await;
    lines.push(match outcomes {
        Ok(answer) => format!("tracking the id: {} rows", answer.into_inner().outcomes.len()),
        Err(status) => format!("tracking the id: {}", CallError::from(&status)),
    });
    let request = GetProofRequest { of: Some(Of::MessageId(message_id.to_owned())) };
    lines.push(match connection.audit().await?.get_proof(request).await {
        Ok(_) => "a proof of it: given".to_owned(),
        Err(status) => format!("a proof of it: {}", CallError::from(&status)),
    });
    Ok(lines)
}

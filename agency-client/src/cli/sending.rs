//! Messages on their way to the broker, and their answers as they come.
//!
//! Owns: the answers that are still owed. Promises: each answer is told as soon as it is there, also
//! while the next message waits for room, so that what is said never lags behind what happened.
//! Deliberately does not know: what an answer means, and how it is told.

use super::error::CliError;
use crate::publisher::{PublishOutcome, Publisher};
use proto::exchange::v1::Message;
use tokio::task::{JoinError, JoinSet};

/// The id of a message, and what became of it.
type Answered = (String, PublishOutcome);

/// A publisher, and the answers it owes.
pub(super) struct Sending {
    publisher: Publisher,
    owed: JoinSet<Answered>,
}

impl Sending {
    /// Sends by this publisher.
    pub(super) fn by(publisher: Publisher) -> Self {
        Self { publisher, owed: JoinSet::new() }
    }

    /// Hands a message over, and tells of whatever is answered until there is room for it.
    pub(super) async fn send(
        &mut self,
        message: Message,
        mut tell: impl FnMut(&str, &PublishOutcome) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        let Self { publisher, owed } = self;
        let id = message.message_id.clone();
        let sending = publisher.send(message);
        tokio::pin!(sending);
        let sent = loop {
            tokio::select! {
                biased;
                Some(answered) = owed.join_next() => pass_on(answered, &mut tell)?,
                sent = &mut sending => break sent,
            }
        };
        match sent {
            Ok(answer) => {
                owed.spawn(async move { (id, answer.await) });
                Ok(())
            }
            Err(error) => tell(&id, &Err(error)),
        }
    }

    /// Tells of every answer that is owed, in the order in which they come.
    pub(super) async fn settle(
        &mut self,
        mut tell: impl FnMut(&str, &PublishOutcome) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        while let Some(answered) = self.owed.join_next().await {
            pass_on(answered, &mut tell)?;
        }
        Ok(())
    }

    /// Ends the publisher, once nothing is owed.
    pub(super) async fn close(self) {
        self.publisher.close().await;
    }
}

fn pass_on(
    answered: Result<Answered, JoinError>,
    tell: &mut impl FnMut(&str, &PublishOutcome) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let (id, outcome) = answered?;
    tell(&id, &outcome)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publisher::PublisherOptions;
    use crate::stub::{Stub, next};
    use proto::exchange::v1::publish_result::Outcome;
    use proto::exchange::v1::{Accepted, PublishResponse, PublishResult};
    use std::cell::RefCell;

    fn message(last: u8) -> Message {
        let message_id = format!("00000000-0000-8000-8000-{last:012}");
        Message { message_id, ..Message::default() }
    }

    fn accepted(message: &Message) -> PublishResponse {
        let outcome = Some(Outcome::Accepted(Accepted::default()));
        let message_id = message.message_id.clone();
        PublishResponse { results: vec![PublishResult { message_id, outcome }] }
    }

    #[tokio::test]
    async fn what_is_answered_is_told_while_the_next_message_waits_for_room() {
        let mut stub = Stub::start().await;
        let options = PublisherOptions { flight_messages: 2, ..PublisherOptions::default() };
        let mut sending = Sending::by(Publisher::new(&stub.connection(), options));
        let told = RefCell::new(Vec::new());
        let mut tell = |id: &str, _: &PublishOutcome| {
            told.borrow_mut().push(id.to_owned());
            Ok(())
        };
        let [first, second, third] = [1, 2, 3].map(message);
        sending.send(first.clone(), &mut tell).await.unwrap();
        sending.send(second.clone(), &mut tell).await.unwrap();
        let mut call = next(&mut stub.publishing).await;
        call.hear().await;
        assert!(told.borrow().is_empty());
        // The second is answered first, and makes room for the third.
        call.say(accepted(&second));
        sending.send(third.clone(), &mut tell).await.unwrap();
        let now_told: Vec<String> = told.borrow().clone();
        call.say(accepted(&third));
        call.say(accepted(&first));
        sending.settle(&mut tell).await.unwrap();
        assert_eq!(now_told, std::slice::from_ref(&second.message_id));
        assert_eq!(*told.borrow(), [second, third, first].map(|message| message.message_id));
        sending.close().await;
    }
}

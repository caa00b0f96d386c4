//! What each work is told once its batch is durable.

use std::collections::HashMap;

use proto::refusal::Refusal;
use uuid::Uuid;

use crate::ledger::journal::{Known as KnownMessage, StoreError};
use crate::ledger::review::Review;
use crate::message::MessageKey;

use super::draft::Finished;
use super::{CommittedHead, PublishOutcome, PublishSink, ReleaseRefused, Work};

/// What a work will be told once its batch is durable.
pub(super) enum Answer {
    Published(PublishOutcome),
    Released(Result<(), ReleaseRefused>),
    Subscribed(u64),
    Attested(u32),
    Fetched(Result<(), ReleaseRefused>),
    Reviewed(Box<Result<Review, Refusal>>),
    Done(bool),
}

/// Tells every work what became of it, each publisher's stream once.
pub(super) fn answer(
    works: Vec<Work>,
    answers: Vec<Answer>,
    mut finished: Finished,
    head: CommittedHead,
) {
    let mut sinks: Vec<(PublishSink, Vec<(Uuid, PublishOutcome)>)> = Vec::new();
    for (place, (work, answer)) in works.into_iter().zip(answers).enumerate() {
        match (work, answer) {
            (Work::Publish(prepared, sink), Answer::Published(outcome)) => {
                let told = (prepared.admitted.key.id, outcome);
                match sinks.iter_mut().find(|(known, _)| known.same_channel(&sink)) {
                    Some((_, all)) => all.push(told),
                    None => sinks.push((sink, vec![told])),
                }
            }
            (Work::Release(release), Answer::Released(outcome)) => {
                let released = finished.by_work.remove(&place).unwrap_or_default();
                let _ = release.reply.send(outcome.map(|()| released));
            }
            (Work::Settle(settle), Answer::Done(done)) => {
                let _ = settle.reply.send(done);
            }
            (Work::Subscribe(subscribe), Answer::Subscribed(row)) => {
                let _ = subscribe.reply.send(Ok(row));
            }
            (Work::Change(change), _) => {
                let _ = change.reply.send(Ok(()));
            }
            (Work::Consult(consult), _) => {
                let _ = consult.reply.send(Ok(head.size));
            }
            (Work::Redrive(redrive), Answer::Done(done)) => {
                let _ = redrive.reply.send(done);
            }
            (Work::Chase(chase), Answer::Done(done)) => {
                let _ = chase.reply.send(done);
            }
            (Work::Attest(attest), Answer::Attested(recorded)) => {
                let _ = attest.reply.send(Some(recorded));
            }
            (Work::Attach(attach), _) => {
                let _ = attach.reply.send(Ok(()));
            }
            (Work::Fetch(fetch), Answer::Fetched(outcome)) => {
                let _ = fetch.reply.send(outcome);
            }
            (Work::CloseReview(work), Answer::Reviewed(outcome)) => {
                let _ = work.reply.send(Ok(*outcome));
            }
            (Work::Advise(advise), Answer::Done(done)) => {
                let _ = advise.reply.send(done);
            }
            (Work::Tick { reply, .. }, _) => {
                let _ = reply.send(Ok(head));
            }
            (Work::Keep { reply, .. }, _) => {
                let _ = reply.send(Ok(()));
            }
            (_, _) => {}
        }
    }
    for (sink, all) in sinks {
        let _ = sink.send(all);
    }
}

/// Tells every work of a batch that failed. A publish whose message is on disk after all is
/// answered by that.
pub(super) fn fail(works: Vec<Work>, known: &HashMap<MessageKey, KnownMessage>, refusal: Refusal) {
    for work in works {
        match work {
            Work::Publish(prepared, sink) => {
                let admitted = &prepared.admitted;
                let outcome = match known.get(&admitted.key) {
                    Some(first) if first.digest == admitted.digest => {
                        PublishOutcome::Accepted { at: first.accepted_at, repeated: true }
                    }
                    Some(_) | None => PublishOutcome::Refused(refusal),
                };
                let _ = sink.send(vec![(admitted.key.id, outcome)]);
            }
            Work::Release(release) => {
                let _ = release.reply.send(Err(ReleaseRefused::Store));
            }
            Work::Settle(settle) => {
                let _ = settle.reply.send(false);
            }
            Work::Subscribe(subscribe) => {
                let _ = subscribe.reply.send(Err(unknown()));
            }
            Work::Change(change) => {
                let _ = change.reply.send(Err(unknown()));
            }
            Work::Consult(consult) => {
                let _ = consult.reply.send(Err(unknown()));
            }
            Work::Redrive(redrive) => {
                let _ = redrive.reply.send(false);
            }
            Work::Attest(attest) => {
                let _ = attest.reply.send(None);
            }
            Work::Attach(attach) => {
                let full = refusal == Refusal::DiskFloor;
                let _ = attach.reply.send(Err(if full { StoreError::Full } else { unknown() }));
            }
            Work::Fetch(fetch) => {
                let _ = fetch.reply.send(Err(ReleaseRefused::Store));
            }
            Work::Chase(chase) => {
                let _ = chase.reply.send(false);
            }
            Work::CloseReview(work) => {
                let _ = work.reply.send(Err(unknown()));
            }
            Work::Advise(advise) => {
                let _ = advise.reply.send(false);
            }
            Work::Tick { reply, .. } => {
                let _ = reply.send(Err(unknown()));
            }
            Work::Keep { reply, .. } => {
                let _ = reply.send(Err(unknown()));
            }
            // Nobody waits for these; dropping a reply tells its owner.
            Work::End(_)
            | Work::Refusals(_)
            | Work::Told(_)
            | Work::ReviewsTold(_)
            | Work::Stop(_) => {}
        }
    }
}

fn unknown() -> StoreError {
    StoreError::Unavailable("the outcome is unknown".into())
}

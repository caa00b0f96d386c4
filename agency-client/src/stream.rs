//! The answering half of a bidirectional call.
//!
//! Owns: waiting for the call's headers and its frames in one place.
//! Promises: `next` may be dropped and asked again without losing a frame.
//! Deliberately does not know: what the frames mean.

use std::future::Future;
use std::pin::Pin;
use tonic::{Response, Status, Streaming};

type Opening<T> = Pin<Box<dyn Future<Output = Result<Response<Streaming<T>>, Status>> + Send>>;

/// Frames of one call, from before it was answered.
pub(crate) enum Inbound<T> {
    /// The call is made; its headers have not come. A broker may hold them back until it has
    /// something to say, so requests are sent meanwhile.
    Opening(Opening<T>),
    /// Frames may come.
    Open(Box<Streaming<T>>),
}

impl<T> Inbound<T> {
    /// Takes a call that has not been awaited yet.
    pub(crate) fn new(
        call: impl Future<Output = Result<Response<Streaming<T>>, Status>> + Send + 'static,
    ) -> Self {
        Self::Opening(Box::pin(call))
    }

    /// Whether the broker took the call up: its headers have come.
    pub(crate) fn is_taken_up(&self) -> bool {
        matches!(self, Self::Open(_))
    }

    /// The next frame; `None` when the broker ended the call in good order.
    pub(crate) async fn next(&mut self) -> Result<Option<T>, Status> {
        loop {
            match self {
                Self::Opening(call) => {
                    let frames = call.as_mut().await?.into_inner();
                    *self = Self::Open(Box::new(frames));
                }
                Self::Open(frames) => return frames.message().await,
            }
        }
    }
}

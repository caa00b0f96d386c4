//! Calls any RPC by its path alone, with frames of plain octets.
//!
//! Promises that one empty frame is sent, which every request of the protocol can be read from,
//! and that the answer is told as one of four. Deliberately does not know: any message type, so
//! that an RPC added to the protocol is walked without a line changed here.

use std::time::Duration;

use agency_client::errors::CallError;
use prost::bytes::{Buf as _, BufMut as _};
use proto::refusal::Refusal;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

/// How long one call may take.
const CALL_TIME: Duration = Duration::from_secs(10);

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A handler took it and found nothing wrong.
    Done,
    /// Refused with a number.
    Refused(Code, Refusal),
    /// No answer of the broker's own: the connection broke.
    Broken(Code),
    /// Nothing came in time.
    Silence,
}

impl Answer {
    /// Whether the gate turned it away, and not a handler.
    pub const fn is_of_the_gate(self) -> bool {
        matches!(
            self,
            Self::Refused(_, Refusal::NotRegistered | Refusal::Suspended | Refusal::NotAllowed)
        )
    }
}

/// Calls a path with one frame of these octets and waits for the end of the answer.
pub async fn call(channel: Channel, path: &'static str, frame: Vec<u8>) -> Answer {
    match tokio::time::timeout(CALL_TIME, try_call(channel, path, frame)).await {
        Ok(Ok(())) => Answer::Done,
        Ok(Err(status)) => match CallError::from(&status) {
            CallError::Refused(refused) => {
                refused.refusal.map_or(Answer::Broken(status.code()), |known| {
                    Answer::Refused(status.code(), known)
                })
            }
            CallError::Failed(code) => Answer::Broken(code),
        },
        Err(_) => Answer::Silence,
    }
}

async fn try_call(channel: Channel, path: &'static str, frame: Vec<u8>) -> Result<(), Status> {
    let mut client = Grpc::new(channel);
    client.ready().await.map_err(|_| Status::unavailable("no connection"))?;
    let path = PathAndQuery::from_static(path);
    let request = Request::new(tokio_stream::once(frame));
    let mut answers = client.streaming(request, path, Octets).await?.into_inner();
    while answers.message().await?.is_some() {}
    Ok(())
}

/// Frames as they are.
#[derive(Clone, Copy)]
struct Octets;

impl Codec for Octets {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Octets {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, frame: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&frame);
        Ok(())
    }
}

impl Decoder for Octets {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut frame = vec![0; buffer.remaining()];
        buffer.copy_to_slice(&mut frame);
        Ok(Some(frame))
    }
}

//! One open connection, as the server reads and writes it.
//!
//! Owns the socket and its place in the table of connections. Promises that from the moment it
//! is closed by the table every read and write fails, also those already waiting, and that its
//! place is given back when it is dropped. A connection that was not let in, and is there to be
//! told so and nothing else, has no place in the table and says so to whoever takes a request
//! off it. Deliberately does not know: why it is closed.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;

use proto::refusal::Refusal;

use crate::identity::PeerCertificate;

use super::calls::{CallAtWork, Calls};
use super::connections::Registration;

/// What a handler finds in a request's extensions about the connection it came on.
#[derive(Clone)]
pub struct ConnectionInfo {
    /// Number of the connection, never used twice by one process.
    pub id: u64,
    /// The peer's certificate. Good when the connection was opened: verify it again against the
    /// directory of the moment.
    pub certificate: Arc<PeerCertificate>,
    /// Set where nobody was let in: the answer to every call on this connection.
    pub refused: Option<Refusal>,
    calls: Calls,
}

impl ConnectionInfo {
    /// A call begins on this connection. What is given back is dropped when its answer begins:
    /// until then a broker that stops leaves the connection open.
    #[must_use]
    pub fn begin_call(&self) -> CallAtWork {
        self.calls.begin()
    }
}

/// Where a connection stands, given back when it is dropped.
enum Place {
    /// In the table.
    Registered(Registration),
    /// Beside it, to hear why: one of few, and not for long.
    Refused(Arc<Closing>, #[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit),
}

/// An open connection of a peer who was let in.
pub struct Connection<S = TlsStream<TcpStream>> {
    stream: S,
    info: ConnectionInfo,
    place: Place,
}

impl<S> Connection<S> {
    pub(super) fn new(
        stream: S,
        certificate: Arc<PeerCertificate>,
        registration: Registration,
    ) -> Self {
        let calls = registration.calls().clone();
        let info = ConnectionInfo { id: registration.id(), certificate, refused: None, calls };
        Self { stream, info, place: Place::Registered(registration) }
    }

    /// A connection on which every call is answered with one refusal, until it is closed.
    pub(super) fn refused(
        stream: S,
        certificate: Arc<PeerCertificate>,
        id: u64,
        refusal: Refusal,
        closing: Arc<Closing>,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        let calls = Calls::default();
        let info = ConnectionInfo { id, certificate, refused: Some(refusal), calls };
        Self { stream, info, place: Place::Refused(closing, permit) }
    }

    fn closing(&self) -> &Closing {
        match &self.place {
            Place::Registered(registration) => registration.closing(),
            Place::Refused(closing, _) => closing,
        }
    }
}

impl<S> Connected for Connection<S> {
    type ConnectInfo = ConnectionInfo;

    fn connect_info(&self) -> ConnectionInfo {
        self.info.clone()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Connection<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.closing().is_closed() {
            return Poll::Ready(Err(closed()));
        }
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.closing().guard(polled, Side::Reader, context)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Connection<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.closing().is_closed() {
            return Poll::Ready(Err(closed()));
        }
        let polled = Pin::new(&mut self.stream).poll_write(context, octets);
        self.closing().guard(polled, Side::Writer, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.closing().is_closed() {
            return Poll::Ready(Err(closed()));
        }
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.closing().guard(polled, Side::Writer, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.closing().is_closed() {
            return Poll::Ready(Err(closed()));
        }
        let polled = Pin::new(&mut self.stream).poll_flush(context);
        self.closing().guard(polled, Side::Writer, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // What is still buffered must not leave on a closed connection either.
        if self.closing().is_closed() {
            return Poll::Ready(Ok(()));
        }
        let polled = Pin::new(&mut self.stream).poll_shutdown(context);
        self.closing().guard(polled, Side::Writer, context)
    }
}

fn closed() -> io::Error {
    io::Error::from(io::ErrorKind::ConnectionAborted)
}

/// Which half of a connection waits.
#[derive(Clone, Copy)]
enum Side {
    Reader,
    Writer,
}

/// The switch that closes a connection, shared by the connection and the table.
#[derive(Default)]
pub(super) struct Closing {
    closed: AtomicBool,
    reader: Mutex<Option<Waker>>,
    writer: Mutex<Option<Waker>>,
}

impl Closing {
    /// Closes and wakes whoever waits.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        for half in [&self.reader, &self.writer] {
            let waiting = half.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(waker) = waiting {
                waker.wake();
            }
        }
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Passes on what the stream answered; if it waits, it waits for being closed as well.
    fn guard<T>(
        &self,
        polled: Poll<io::Result<T>>,
        side: Side,
        context: &Context<'_>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            return polled;
        }
        let half = match side {
            Side::Reader => &self.reader,
            Side::Writer => &self.writer,
        };
        let mut waiting = half.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *waiting {
            Some(waker) => waker.clone_from(context.waker()),
            None => *waiting = Some(context.waker().clone()),
        }
        drop(waiting);
        // Asked after the waker is in place: a close before that found nobody to wake.
        if self.is_closed() { Poll::Ready(Err(closed())) } else { Poll::Pending }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    async fn wait(closing: Arc<Closing>, side: Side) -> io::ErrorKind {
        let waiting =
            poll_fn(|context| closing.guard(Poll::<io::Result<()>>::Pending, side, context));
        waiting.await.unwrap_err().kind()
    }

    #[tokio::test]
    async fn closing_ends_a_waiting_read_and_a_waiting_write() {
        let closing = Arc::new(Closing::default());
        let reader = tokio::spawn(wait(Arc::clone(&closing), Side::Reader));
        let writer = tokio::spawn(wait(Arc::clone(&closing), Side::Writer));
        tokio::task::yield_now().await;
        assert!(!reader.is_finished() && !writer.is_finished());
        closing.close();
        assert_eq!(reader.await.unwrap(), io::ErrorKind::ConnectionAborted);
        assert_eq!(writer.await.unwrap(), io::ErrorKind::ConnectionAborted);
    }

    #[tokio::test]
    async fn what_begins_to_wait_after_closing_fails_at_once() {
        let closing = Arc::new(Closing::default());
        closing.close();
        let kind = wait(Arc::clone(&closing), Side::Reader).await;
        assert_eq!(kind, io::ErrorKind::ConnectionAborted);
    }

    #[tokio::test]
    async fn the_last_to_wait_is_the_one_woken() {
        let closing = Arc::new(Closing::default());
        let first = tokio::spawn(wait(Arc::clone(&closing), Side::Reader));
        tokio::task::yield_now().await;
        let second = tokio::spawn(wait(Arc::clone(&closing), Side::Reader));
        tokio::task::yield_now().await;
        closing.close();
        assert_eq!(second.await.unwrap(), io::ErrorKind::ConnectionAborted);
        first.abort();
    }
}

//! The bytes under a channel, watched for their end.
//!
//! Owns: the knowledge that a connection is over, and the TLS alert it ended with.
//! Promises: `stands` is false from the moment HTTP/2 let go of the bytes.
//! Deliberately does not know: what travels over them.

use rustls::AlertDescription;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What became of a connection.
#[derive(Debug, Default)]
pub(crate) struct Fate {
    ended: AtomicBool,
    alert: OnceLock<AlertDescription>,
}

impl Fate {
    /// Whether the connection still stands.
    pub(crate) fn stands(&self) -> bool {
        !self.ended.load(Ordering::Acquire)
    }

    /// The alert the broker ended it with. In TLS 1.3 a certificate is refused only after the
    /// client believes itself connected (RFC 8446 section 4.4.2.4), so it is seen here first.
    pub(crate) fn alert(&self) -> Option<AlertDescription> {
        self.alert.get().copied()
    }

    fn note(&self, error: &io::Error) {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(rustls::Error::AlertReceived(alert)) = inner {
            // Only the first alert says why; later ones follow from it.
            let _ = self.alert.set(*alert);
        }
    }
}

/// A byte stream that tells its [`Fate`].
pub(crate) struct Watched<S> {
    stream: S,
    fate: Arc<Fate>,
}

impl<S> Watched<S> {
    /// Watches a stream.
    pub(crate) fn new(stream: S) -> (Self, Arc<Fate>) {
        let fate = Arc::new(Fate::default());
        (Self { stream, fate: Arc::clone(&fate) }, fate)
    }
}

impl<S> Drop for Watched<S> {
    fn drop(&mut self) {
        self.fate.ended.store(true, Ordering::Release);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_read(context, buffer);
        if let Poll::Ready(Err(error)) = &result {
            self.fate.note(error);
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

//! The bytes under a channel, watched for their end.
//!
//! Owns: the knowledge that a connection is over, the TLS alert it ended with, and whether the
//! broker took leave before it said anything.
//! Promises: `stands` is false from the moment HTTP/2 let go of the bytes. Where writing fails before
//! anything was heard, what the broker said is read first, for that is why it failed.
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
    /// Something was read.
    heard: AtomicBool,
    /// The broker closed TLS in good order (RFC 8446 section 6.1) and had said nothing.
    dismissed: AtomicBool,
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

    /// Whether the broker took leave, in good order, before it said anything. One that takes a
    /// connection on speaks first (RFC 9113 section 3.4), and one that fails takes no leave: so this
    /// is a broker that saw the certificate and wants no more of it.
    pub(crate) fn is_dismissed(&self) -> bool {
        self.dismissed.load(Ordering::Acquire)
    }

    /// Notes what a read came to that had room for something.
    fn note_read(&self, result: &io::Result<()>, bytes: usize) {
        match result {
            Ok(()) if bytes > 0 => self.heard.store(true, Ordering::Release),
            Ok(()) if !self.heard.load(Ordering::Acquire) => {
                self.dismissed.store(true, Ordering::Release);
            }
            Ok(()) => {}
            Err(error) => self.note(error),
        }
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
    /// Why writing failed, until what the broker said is read.
    failed: Option<io::Error>,
}

impl<S> Watched<S> {
    /// Watches a stream.
    pub(crate) fn new(stream: S) -> (Self, Arc<Fate>) {
        let fate = Arc::new(Fate::default());
        (Self { stream, fate: Arc::clone(&fate), failed: None }, fate)
    }
}

impl<S: AsyncRead + Unpin> Watched<S> {
    /// Reads, and notes what became of it.
    fn read_noting(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (before, has_room) = (buffer.filled().len(), buffer.remaining() > 0);
        let result = Pin::new(&mut self.stream).poll_read(context, buffer);
        if let (Poll::Ready(read), true) = (&result, has_room) {
            self.fate.note_read(read, buffer.filled().len() - before);
        }
        result
    }

    /// Passes on what writing came to, unless it failed and nothing was heard: nobody reads any
    /// more after that, so what there is to read comes first.
    fn pass_on<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        match written {
            Poll::Ready(Err(error)) if !self.fate.heard.load(Ordering::Acquire) => {
                self.failed = Some(error);
                self.fail(context)
            }
            Poll::Ready(_) | Poll::Pending => written,
        }
    }

    /// Fails as writing did, once there was something to read: that the connection is over is there
    /// to be read too. The time limits of connecting bound the wait.
    fn fail<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        let mut room = [0; 1];
        match self.read_noting(context, &mut ReadBuf::new(&mut room)) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(_) => {
                let error = self.failed.take();
                Poll::Ready(Err(error.unwrap_or_else(|| io::ErrorKind::BrokenPipe.into())))
            }
        }
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
        self.read_noting(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.failed.is_some() {
            return self.fail(context);
        }
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.pass_on(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.failed.is_some() {
            return self.fail(context);
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.pass_on(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.failed.is_some() {
            return self.fail(context);
        }
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.pass_on(flushed, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt as _;

    /// A connection that was reset, of which the reader is told a moment after the writer.
    struct Reset {
        reads: u32,
    }

    impl AsyncRead for Reset {
        fn poll_read(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            self.reads += 1;
            if self.reads == 1 {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let alert = rustls::Error::AlertReceived(AlertDescription::CertificateExpired);
            Poll::Ready(Err(io::Error::other(alert)))
        }
    }

    impl AsyncWrite for Reset {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn a_write_that_fails_first_does_not_hide_what_the_broker_said() {
        let (mut watched, fate) = Watched::new(Reset { reads: 0 });
        let error = watched.write_all(b"PRI").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(fate.alert(), Some(AlertDescription::CertificateExpired));
    }
}

//! Which connections still have a call that is being worked on.
//!
//! Promises that a call counts from its beginning until its answer begins, however it ends, and
//! that a connection is called idle only some time after the last of them. What streams after
//! that is not counted: whoever opened it may never read it to its end. Deliberately does not
//! know: what is done with an idle connection.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The calls of one connection.
#[derive(Clone, Default)]
pub(super) struct Calls(Arc<Mutex<Counted>>);

#[derive(Default)]
struct Counted {
    at_work: usize,
    /// When the last answer began.
    last: Option<Instant>,
}

impl Calls {
    /// A call begins.
    pub(super) fn begin(&self) -> CallAtWork {
        self.with(|counted| counted.at_work = counted.at_work.saturating_add(1));
        CallAtWork(self.clone())
    }

    /// Whether no call is at work and none was for so long.
    pub(super) fn idle_for(&self, time: Duration) -> bool {
        self.with(|counted| {
            counted.at_work == 0 && counted.last.is_none_or(|last| last.elapsed() >= time)
        })
    }

    fn with<T>(&self, look: impl FnOnce(&mut Counted) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A call that is being worked on; dropped when its answer begins.
pub struct CallAtWork(Calls);

impl Drop for CallAtWork {
    fn drop(&mut self) {
        self.0.with(|counted| {
            counted.at_work = counted.at_work.saturating_sub(1);
            counted.last = Some(Instant::now());
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_is_idle_some_time_after_its_last_call() {
        let (calls, moment) = (Calls::default(), Duration::from_millis(20));
        assert!(calls.idle_for(moment), "no call yet");
        let (one, other) = (calls.begin(), calls.begin());
        drop(one);
        tokio::time::sleep(moment).await;
        assert!(!calls.idle_for(moment), "one is still at work");
        drop(other);
        assert!(!calls.idle_for(Duration::from_secs(60)), "its answer has only begun");
        tokio::time::sleep(moment).await;
        assert!(calls.idle_for(moment));
    }
}

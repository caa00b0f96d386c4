//! A question to something that may hang, asked once at a time and never waited for too long.
//!
//! Promises that however often it is asked, at most one question is under way, so that a hung
//! disk costs one thread; and that an answer is never older than the asking.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// The question under way, if there is one.
pub(super) struct Look<T> {
    under_way: Mutex<Option<JoinHandle<T>>>,
}

impl<T> Default for Look<T> {
    fn default() -> Self {
        Self { under_way: Mutex::new(None) }
    }
}

impl<T> Look<T> {
    /// Asks, or waits for the question that is under way. `None`: no answer in time.
    pub(super) async fn ask(
        &self,
        bound: Duration,
        begin: impl FnOnce() -> JoinHandle<T>,
    ) -> Option<T> {
        let answered = tokio::time::timeout(bound, async {
            let mut under_way = self.under_way.lock().await;
            // What ended while nobody waited answered an earlier asking.
            let kept = under_way.take().filter(|task| !task.is_finished());
            let task = under_way.insert(kept.unwrap_or_else(begin));
            let answer = task.await;
            *under_way = None;
            answer.ok()
        });
        answered.await.ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Notify;

    use super::*;

    const SHORT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn a_silent_source_is_asked_once_and_never_answers_for_later() {
        let (look, asked, go) =
            (Look::default(), Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
        let begin = || {
            let (number, go) = (asked.fetch_add(1, Ordering::Relaxed) + 1, Arc::clone(&go));
            tokio::spawn(async move {
                if number == 1 {
                    go.notified().await;
                }
                number
            })
        };
        assert_eq!(look.ask(SHORT, begin).await, None);
        assert_eq!(look.ask(SHORT, begin).await, None);
        assert_eq!(asked.load(Ordering::Relaxed), 1, "the hung question is not repeated");
        go.notify_one();
        tokio::time::sleep(SHORT).await;
        assert_eq!(look.ask(LONG, begin).await, Some(2), "a late answer is not passed off as new");
    }

    #[tokio::test]
    async fn a_question_that_fails_is_no_answer() {
        let look: Look<u32> = Look::default();
        let aborted = || {
            let task = tokio::spawn(std::future::pending());
            task.abort();
            task
        };
        assert_eq!(look.ask(LONG, aborted).await, None);
        assert_eq!(look.ask(LONG, || tokio::spawn(async { 7 })).await, Some(7));
    }
}

//! What the appender's thread does next: takes works, hands a draft over, or waits.

use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::commit::{Drafted, Failed};
use super::sharing::{Sharing, sharing, weight};
use super::{Appender, BATCH_BYTES_MAX, BATCH_ITEMS_MAX, Work};

/// How long receipts may wait for something that is worth a commit of its own.
const LINGER: Duration = Duration::from_millis(2);
/// Works looked up and drafted at once.
const CHUNK: usize = 32;
/// A draft of so few works is written here: waking another thread would take longer.
const SMALL: usize = 4;

/// What woke the appender.
enum Event {
    Work(Work),
    Written(Result<Box<Drafted>, Failed>),
    Lingered,
    /// Nobody can send works any more.
    Closed,
}

impl Appender {
    /// Works until the queue is closed and empty.
    pub(super) fn run(mut self, runtime: &Runtime, mut queue: mpsc::Receiver<Work>) {
        loop {
            match self.next(runtime, &mut queue) {
                Event::Work(first) => self.gather(first, &mut queue),
                Event::Written(written) => self.written(written),
                Event::Lingered => self.write_here(),
                Event::Closed => break,
            }
            if self.stopping.is_some() {
                queue.close();
            }
            self.hand_over(&queue);
        }
        self.finish_all();
        if let Some(reply) = self.stopping.take() {
            let _ = reply.send(());
        }
    }

    fn next(&mut self, runtime: &Runtime, queue: &mut mpsc::Receiver<Work>) -> Event {
        // A longer draft costs less a message than one more commit: what waits is taken first.
        let full = self.open.as_ref().is_some_and(|open| !open.has_room());
        if !full && let Ok(work) = queue.try_recv() {
            return Event::Work(work);
        }
        let flying = self.flying.is_some();
        // With nothing being written, only what lingers is still here.
        let lingers = self.open.as_ref().filter(|_| !flying).map(|open| open.since + LINGER);
        let written = &mut self.writer.written;
        runtime.block_on(async {
            tokio::select! {
                biased;
                Some(written) = written.recv(), if flying => Event::Written(written),
                work = queue.recv(), if !full => work.map_or(Event::Closed, Event::Work),
                () = tokio::time::sleep_until(lingers.unwrap_or_else(Instant::now)),
                    if lingers.is_some() => Event::Lingered,
                else => Event::Lingered,
            }
        })
    }

    /// Takes what is queued, as much as is looked up at once.
    fn gather(&mut self, first: Work, queue: &mut mpsc::Receiver<Work>) {
        let (mut chunk, mut bytes) = (Vec::new(), 0);
        let (held_works, held_bytes) =
            self.open.as_ref().map_or((0, 0), |open| (open.works.len(), open.bytes));
        let mut next = Some(first);
        while let Some(work) = next.take() {
            bytes += weight(&work);
            match work {
                Work::Stop(reply) => self.stopping = Some(reply),
                work if sharing(&work) == Sharing::Alone => {
                    // What rests on the old rules is committed before they change.
                    self.draft(std::mem::take(&mut chunk));
                    self.alone(work);
                    return;
                }
                work => chunk.push(work),
            }
            let room =
                held_works + chunk.len() < BATCH_ITEMS_MAX && held_bytes + bytes < BATCH_BYTES_MAX;
            if room && chunk.len() < CHUNK {
                next = queue.try_recv().ok();
            }
        }
        self.draft(chunk);
    }

    /// Gives the open draft to the writer, if it is free and the draft is worth it.
    fn hand_over(&mut self, queue: &mpsc::Receiver<Work>) {
        self.take_up();
        let Some(open) = self.open.as_ref().filter(|_| self.flying.is_none()) else { return };
        if !open.urgent && open.has_room() && open.since.elapsed() < LINGER {
            return;
        }
        if open.works.len() <= SMALL && queue.is_empty() {
            self.write_here();
        } else {
            self.write_beside();
        }
        // Or they would wait until somebody else sends a work.
        self.take_up();
    }

    /// Begins a draft with the works that were put aside, if none is open.
    fn take_up(&mut self) {
        if self.open.is_none() && !self.later.is_empty() {
            self.draft(Vec::new());
        }
    }
}

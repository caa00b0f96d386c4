//! Where events come from as they arrive: a folder that they are dropped into, or a queue.
//!
//! Owns: the two sources and their errors. Promises: an event is offered until it is said to be
//! dealt with, across crashes; so it may be offered twice, and whoever publishes it relies on the
//! ids that the same event always gets. Deliberately does not know: what is in an event, and what
//! becomes of it.

mod folder;
mod queue;

pub use folder::{FolderSource, UnreadFile, is_event_file};
pub use queue::{
    QueueCredentials, QueueError, QueueFault, QueueSettings, QueueSource, QueuedEvent,
    VISIBILITY_SECONDS_MAX, VISIBILITY_SECONDS_MIN,
};

/// Why a source could not be followed. Paths are the operator's own and are not repeated here.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The folder or one of its files cannot be read.
    #[error("the folder or a file in it cannot be read")]
    Read(#[source] std::io::Error),
    /// The saved position cannot be read or written. Nothing was marked done.
    #[error("the saved position cannot be read or written")]
    State(#[source] std::io::Error),
    /// The memory of the import cannot be read or written, or another program has it open. Nothing
    /// that rests on it is sent.
    #[error("the memory of the import cannot be read or written, or another program has it open")]
    Memory(#[source] std::io::Error),
    /// The quarantine folder cannot be read or written. The payload is still where it was.
    #[error("the quarantine folder cannot be read or written")]
    Quarantine(#[source] std::io::Error),
    /// The quarantine folder holds no payload of that name.
    #[error("nothing is held under that name")]
    NotHeld,
    /// What was said of the queue cannot be used. Nothing was connected to.
    #[error(transparent)]
    QueueFault(#[from] QueueFault),
    /// The queue did not do what was asked. What was received and not deleted is still on it.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

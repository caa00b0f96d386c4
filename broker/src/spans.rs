//! What the broker tells of its own work, once for each call, commit and set of TLS files.
//!
//! Owns: the kinds of span there are and the fields of each. Promises that a span holds words of
//! this program, ids of the directory and numbers, and nothing that a caller wrote; and that one
//! costs next to nothing while nobody listens. Deliberately does not know: who listens.

use std::time::Duration;

/// The target of every span, by which a listener knows them and a log leaves them out.
pub const TARGET: &str = "broker::spans";
/// Kind of the span of a call.
pub const CALL: &str = "call";
/// Kind of the span of a commit.
pub const COMMIT: &str = "commit";
/// Kind of the span of TLS files taken up.
pub const RELOAD: &str = "reload";

/// A call that ended.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// Path of the RPC as this program knows it, never as the caller wrote it.
    pub method: &'static str,
    /// The caller's agency; `None` if the caller was not let in.
    pub agency: Option<&'a str>,
    /// The caller's node; `None` for a person, who is not told of, or if not let in.
    pub node: Option<&'a str>,
    /// Code of the outcome (gRPC core, status codes).
    pub status: u16,
    /// From the call to the end of its answer; for a stream that is its whole life.
    pub took: Duration,
}

/// Tells of a call.
pub fn call(call: Call<'_>) {
    let Call { method, agency, node, status, took } = call;
    let micros = micros(took);
    tracing::info!(target: TARGET, kind = CALL, method, agency, node, status, micros);
}

/// Tells of a commit: how many items it took, how many entries it added, and how long it took.
pub fn commit(items: usize, entries: u64, micros: u64) {
    tracing::info!(target: TARGET, kind = COMMIT, items, entries, micros);
}

/// Tells that TLS files were taken up, and as which set since the start.
pub fn reload(generation: u64) {
    tracing::info!(target: TARGET, kind = RELOAD, generation);
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

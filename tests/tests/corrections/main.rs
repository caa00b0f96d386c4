//! Corrections chase copies (P8): whoever was given a message hears what became of it, each in
//! the way that fits what it may have now, and nobody else learns that there was anything.
//!
//! DPA 2018 ss.46 to 48 and UK GDPR arts 16 to 19. Every agency here but in name is invented, and
//! so is everybody who is told of. What may be shared with whom is agreed in `town` and nowhere
//! else.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop here"
)]

mod answers;
mod fifty;
mod follow;
mod identity;
mod imported;
mod kept_out;
mod late;
mod onward;
mod order;
mod outcomes;
mod own;
mod questions;
mod town;

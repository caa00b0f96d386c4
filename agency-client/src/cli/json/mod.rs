//! Reading JSON strictly, and saying where it is wrong.
//!
//! Owns: the tree of a JSON text in which no key may stand twice, and the reader that names every
//! faulty field by its path.
//! Promises: an unknown key, a key given twice and a value of the wrong type are all refused, all
//! at once; no fault says a value.
//! Deliberately does not know: what the fields mean.

mod node;
mod reader;

pub(crate) use node::Node;
pub(crate) use reader::{Faults, ObjectReader};

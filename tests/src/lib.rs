//! What tests of the whole share: a broker on a stage, scripted agencies, and the words in
//! which rules are written.

pub mod world;

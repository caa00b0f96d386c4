//! What tests of the whole share: a broker on a stage, scripted agencies, and the words in
//! which rules are written.

pub mod draws;

pub mod process;

pub mod agency;

pub mod receiver;

pub mod load;

pub mod fuzz;

pub mod world;

pub mod operator;

pub mod collector;

//! The appender on a real store that can be held and made to fail at any commit.

mod asked;
mod dice;
mod durable;
mod ended;
mod faults;
mod gate;
mod line;
mod moved;
mod signing;
mod streams;
mod world;

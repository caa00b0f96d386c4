//! `tests::fuzz::hmpps_event` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::fuzz::hmpps_event(bytes));

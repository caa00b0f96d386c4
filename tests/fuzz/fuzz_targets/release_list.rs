//! `tests::fuzz::release_list` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::fuzz::release_list(bytes));

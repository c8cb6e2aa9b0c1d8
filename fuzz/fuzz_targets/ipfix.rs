#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mailscope_fuzzed::exports::ipfix(data));

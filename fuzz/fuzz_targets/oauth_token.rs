#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| smartid_fuzz::oauth::oauth_token(data));

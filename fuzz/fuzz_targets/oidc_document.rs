#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| smartid_fuzz::oidc::oidc_document(data));

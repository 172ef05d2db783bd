//! PKCS #10 certification requests.

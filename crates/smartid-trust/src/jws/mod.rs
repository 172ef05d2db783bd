//! JWS in compact form.

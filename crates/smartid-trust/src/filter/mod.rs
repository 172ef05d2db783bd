//! The certificate filter of Digital Access and Smart ID Messaging.

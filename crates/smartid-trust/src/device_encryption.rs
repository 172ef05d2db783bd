//! Who issues the device-encryption certificate.

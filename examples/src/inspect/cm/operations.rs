//! The operations that requests can be of, as the dialect makes them.

use std::cmp::Reverse;

use ::http::Method;
use smartid::CmDialect;
use smartid::cm::dialect::{ReadCall, WriteCall};

/// What is known of an operation's requests.
pub(super) struct Operation {
    /// The table of the dialect.
    pub(super) table: &'static str,
    pub(super) what: &'static str,
    /// Verb, path below the base, and encoding of the fields, as the dialect has them.
    pub(super) call: fn(&CmDialect) -> Known<'_>,
    /// Fields or parameters that it is known to have.
    pub(super) fields: &'static [&'static str],
}

/// The part of the dialect that an operation's requests are made by.
pub(super) enum Known<'d> {
    Read(&'d ReadCall),
    Write(&'d WriteCall),
}

impl Known<'_> {
    fn verb(&self) -> Method {
        match self {
            Self::Read(call) => call.verb.method(),
            Self::Write(call) => call.verb.method(),
        }
    }

    fn path(&self) -> String {
        match self {
            Self::Read(call) => call.path.to_string(),
            Self::Write(call) => call.path.to_string(),
        }
    }
}

const ISSUING: &[&str] = &["pkcs10", "procname", "validfrom", "validto", "signature"];

/// The first one is issuing.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        table: "issue",
        what: "issue a certificate for a request",
        call: |dialect| Known::Write(&dialect.issue),
        fields: ISSUING,
    },
    Operation {
        table: "revoke",
        what: "revoke certificates, or put them on hold",
        call: |dialect| Known::Write(&dialect.revoke),
        fields: &["certid", "certId", "reason", "signature"],
    },
    Operation {
        table: "reinstate",
        what: "take certificates off hold",
        call: |dialect| Known::Write(&dialect.reinstate),
        fields: &["certid", "certId", "signature"],
    },
    Operation {
        table: "attribute_certificate",
        what: "issue an attribute certificate",
        call: |dialect| Known::Write(&dialect.attribute_certificate),
        fields: ISSUING,
    },
    Operation {
        table: "soft_token",
        what: "issue a soft token",
        call: |dialect| Known::Write(&dialect.soft_token),
        // And attributes, by any name.
        fields: &[],
    },
    Operation {
        table: "import",
        what: "import certificates of others",
        call: |dialect| Known::Write(&dialect.import),
        fields: &["procname", "importdata", "signature"],
    },
    Operation {
        table: "remove",
        what: "remove certificates from the database",
        call: |dialect| Known::Write(&dialect.remove),
        fields: &["certid", "certId", "cleanAuditLog", "signature"],
    },
    Operation {
        table: "signing_authority",
        what: "have a hash signed",
        call: |dialect| Known::Write(&dialect.signing_authority),
        fields: &[],
    },
    Operation {
        table: "details",
        what: "the details of a certificate",
        call: |dialect| Known::Read(&dialect.details),
        fields: &[],
    },
    Operation {
        table: "download",
        what: "download a certificate",
        call: |dialect| Known::Read(&dialect.download),
        fields: &[],
    },
    Operation {
        table: "issuers",
        what: "list the issuers",
        call: |dialect| Known::Read(&dialect.issuers),
        fields: &["searchLimit", "searchOffset"],
    },
    Operation {
        table: "register",
        what: "register something that will ask for a certificate",
        call: |dialect| Known::Write(&dialect.register),
        fields: &[
            "fqdn",
            "realm",
            "username",
            "password",
            "status",
            "validity",
            "hmackey",
            "keyid",
            "alloweddomains",
            "signature",
        ],
    },
    Operation {
        table: "registrations",
        what: "list registrations",
        call: |dialect| Known::Read(&dialect.registrations),
        fields: &[],
    },
    Operation {
        table: "procedures",
        what: "list procedures",
        call: |dialect| Known::Read(&dialect.procedures),
        fields: &["mediaType"],
    },
    Operation {
        table: "search",
        what: "search certificates",
        call: |dialect| Known::Read(&dialect.search),
        fields: SEARCH,
    },
];

/// The parameters of the search (the first ones documented, the others seen in public third-party code).
const SEARCH: &[&str] = &[
    "searchLimit",
    "searchOffset",
    "orderBy",
    "orderDescending",
    "cardSerialNumber",
    "certificateSerialNumber",
    "revocationTimeFrom",
    "revocationTimeTo",
    "revocationReason",
    "isNotRevoked",
    "subjectCommonName",
    "subjectGivenName",
    "subjectSurName",
    "subjectOrganisationName",
    "subjectOrganisationUnit",
    "subjectSerialNumber",
    "subjectCountry",
    "publicationAllowed",
    "publicationTimeFrom",
    "publicationTimeTo",
    "ocspActivationTimeFrom",
    "ocspActivationTimeTo",
    "validFromTimeFrom",
    "validFromTimeTo",
    "validToTimeFrom",
    "validToTimeTo",
    "isNotYetValid",
    "isExpired",
    "field1",
    "field2",
    "field3",
    "field4",
    "field5",
    "field6",
    "authorityKeyIdentifier",
    "subjectKeyIdentifier",
    "subjectType",
    "issuer",
];

/// Where in the path an operation stands: the segments before it, those behind it.
pub(super) type Place<'a> = (&'a [&'a str], &'a [&'a str]);

/// The operation whose path this is. What stands before it is the base; behind it one segment may stand that an administrator chose.
pub(super) fn find<'a>(
    method: &str,
    segments: &'a [&'a str],
    dialect: &CmDialect,
) -> Option<(&'static Operation, Place<'a>)> {
    let is_any = |segment: &str| segment.starts_with('{');
    let of = |operation: &'static Operation| {
        let known = (operation.call)(dialect);
        let path = known.path();
        let wanted: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        if known.verb().as_str() != method || wanted.is_empty() {
            return None;
        }
        let last = segments.len().checked_sub(wanted.len())?;
        let (before, behind) = (0..=last).rev().find_map(|at| {
            let (before, rest) = segments.split_at_checked(at)?;
            let (middle, behind) = rest.split_at_checked(wanted.len())?;
            let fits = middle
                .iter()
                .zip(&wanted)
                .all(|(segment, wanted)| is_any(wanted) || segment == wanted);
            (fits && behind.len() <= 1).then_some((before, behind))
        })?;
        let fixed = wanted.iter().filter(|segment| !is_any(segment)).count();
        Some((Reverse(behind.len()), fixed, operation, (before, behind)))
    };
    // With nothing behind it, and the more of it that is not just any segment, the better.
    let best = OPERATIONS
        .iter()
        .filter_map(of)
        .max_by_key(|(behind, fixed, ..)| (*behind, *fixed));
    best.map(|(_, _, operation, place)| (operation, place))
}

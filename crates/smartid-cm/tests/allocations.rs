//! How much writing a request costs, in allocations: a read stays within six, which is the budget of an operation; a search has one more for
//! each parameter, a write one or two more for each field.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test")]

use smartid_cm::ast::{AstRequest, AttributeHeaders};
use smartid_cm::operations::{Details, Download, Procedures, Reinstate, RevocationReason, Revoke, Search};
use smartid_cm::{Attribute, Call, CertId, CmDialect};
use smartid_core::Endpoint;

fn allocations<E: Endpoint<Dialect = CmDialect>>(endpoint: &E) -> u64 {
    let dialect = CmDialect::default();
    let mut request = None;
    let counted = allocation_counter::measure(|| request = endpoint.request(&dialect).ok());
    assert!(request.is_some());
    counted.count_total
}

fn certid() -> CertId {
    CertId::new("4711").unwrap()
}

#[test]
fn a_read_is_written_with_few_allocations() {
    for count in [
        allocations(&Details::new(certid())),
        allocations(&Download::new(certid())),
        allocations(&Procedures::all()),
    ] {
        assert!(count <= 6, "{count}");
    }
    let search = Search::new().subject_common_name("x").limit(5);
    let (two, three) = (allocations(&search), allocations(&search.clone().offset(500)));
    assert!(two <= 12 && three <= two + 2, "{two}, {three}");
}

#[test]
fn a_write_costs_its_fields() {
    let revoke = allocations(&Call::new(&Revoke::new(certid(), RevocationReason::Superseded)));
    let reinstate = allocations(&Call::new(&Reinstate::new(certid())));
    assert!(revoke <= 16 && reinstate <= 16, "{revoke}, {reinstate}");
}

/// One for each value, the form in one piece, and none for the password alone.
#[test]
fn a_request_of_ast_costs_its_values() {
    let none = AstRequest::new("secret");
    let one = none.clone().attribute(Attribute::COUNTRY_NAME, "SE");
    let headers = AttributeHeaders::new()
        .with(Attribute::COMMON_NAME, "x-cn")
        .and_then(|headers| headers.with(Attribute::UPN, "x-upn"))
        .unwrap();
    let three = one
        .clone()
        .headers(headers)
        .attribute(Attribute::COMMON_NAME, "Alice Example")
        .attribute(Attribute::UPN, "alice");
    let counts = (allocations(&none), allocations(&one), allocations(&three));
    assert!(
        counts.0 <= 6 && counts.1 <= counts.0 + 3 && counts.2 <= counts.1 + 4,
        "{counts:?}"
    );
}

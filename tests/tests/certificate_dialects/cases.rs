//! Installations that differ: the dialect of the client, and the simulator set the same way.

use super::run::Op;

/// A difference between installations.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) op: Op,
    /// The client's dialect.
    pub(crate) dialect: String,
    /// The simulator, set the same way.
    pub(crate) sim: String,
    /// The default is understood as well, because the simulator cannot tell the difference.
    pub(crate) optional: bool,
}

impl Case {
    pub(crate) fn new(op: Op, dialect: impl Into<String>, sim: impl Into<String>) -> Self {
        Self {
            op,
            dialect: dialect.into(),
            sim: sim.into(),
            optional: false,
        }
    }
}

/// An operation with the names that dialect and simulator have for it.
struct Call {
    op: Op,
    key: &'static str,
    /// Its path with one segment changed.
    path: &'static str,
    /// A field or parameter that it sends, if there is one.
    field: &'static str,
    /// A member that its answer needs, of the only step or of the first one.
    member: &'static str,
    /// The encoding of a write, and the one that is played instead.
    encoding: Option<(&'static str, &'static str)>,
}

const fn read(
    op: Op,
    key: &'static str,
    path: &'static str,
    field: &'static str,
    member: &'static str,
) -> Call {
    Call {
        op,
        key,
        path,
        field,
        member,
        encoding: None,
    }
}

const fn write(op: Op, key: &'static str, path: &'static str, field: &'static str, json: bool) -> Call {
    let encoding = if json {
        ("json", "multipart")
    } else {
        ("multipart", "form")
    };
    Call {
        op,
        key,
        path,
        field,
        member: "dataToSign",
        encoding: Some(encoding),
    }
}

const CALLS: &[Call] = &[
    read(Op::Search, "search", "certs", "subjectCommonName", "searchHits"),
    read(Op::Details, "details", "certs/{certid}/record", "", "certificate"),
    read(Op::Download, "download", "certs/{certid}/bytes", "", ""),
    read(
        Op::Procedures,
        "procedures",
        "tokenprocedures",
        "mediaType",
        "procedures",
    ),
    read(
        Op::Registrations,
        "registrations",
        "preregistrations/{account}/of/{type}",
        "",
        "",
    ),
    read(Op::Issuers, "issuers", "authorities", "", "searchHits"),
    write(Op::Issue, "issue", "certs/csr", "pkcs10", false),
    write(Op::Revoke, "revoke", "certs/withdraw", "reason", false),
    write(Op::Reinstate, "reinstate", "certs/giveback", "certid", false),
    write(
        Op::Register,
        "register",
        "preregistrations/{account}/of/{type}",
        "fqdn",
        true,
    ),
    write(Op::Import, "import", "certs/import", "importdata", true),
    write(Op::Remove, "remove", "certs/forget", "cleanAuditLog", true),
    write(
        Op::AttributeCertificate,
        "attribute_certificate",
        "certs/attributes",
        "procname",
        false,
    ),
    write(
        Op::SigningAuthority,
        "signing_authority",
        "authority/sign",
        "hash",
        true,
    ),
    write(
        Op::SoftToken,
        "soft_token",
        "certs/softtoken",
        "commonname",
        false,
    ),
];

fn sim_key(key: &str) -> String {
    match key {
        "soft_token" => "pkcs12".to_owned(),
        key => key.replace('_', "-"),
    }
}

/// What every operation can have otherwise.
pub(crate) fn calls() -> Vec<Case> {
    let mut cases = Vec::new();
    for call in CALLS {
        let Call {
            op,
            key,
            path,
            field,
            member,
            encoding,
        } = call;
        let sim = sim_key(key);
        let mut add = |dialect: String, sim: String| cases.push(Case::new(*op, dialect, sim));
        let verb = if encoding.is_some() { "PUT" } else { "POST" };
        add(
            format!("{key}.verb = '{verb}'"),
            format!("cm.wire.methods.{sim} = '{verb}'"),
        );
        add(
            format!("{key}.path = '{path}'"),
            format!("cm.paths.{sim} = '{path}'"),
        );
        add(
            format!("{key}.constants = {{tenant = 't1'}}"),
            "cm.wire.constants = {tenant = 't1'}".to_owned(),
        );
        if field.is_empty() {
            // It sends nothing but constants.
            add(
                format!("{key}.constants = {{tenant = 't1'}}\n{key}.rename = {{tenant = 'customer'}}"),
                "cm.wire.constants = {customer = 't1'}".to_owned(),
            );
        } else {
            add(
                format!("{key}.rename = {{{field} = 'otherName'}}"),
                match *field {
                    "certid" => "cm.decode.certid_names = ['otherName']".to_owned(),
                    field => format!("cm.wire.names = {{{field} = 'otherName'}}"),
                },
            );
        }
        if !member.is_empty() {
            add(
                format!("{key}.response = [{{move = '/deep/{member}', to = '/{member}'}}]"),
                format!("cm.wire.answer_moves = [{{from = '/{member}', to = '/deep/{member}'}}]"),
            );
        }
        if let Some((usual, other)) = encoding {
            let off = match *usual {
                "multipart" => "cm.decode.multipart = false\ncm.decode.multipart_files = false",
                _ => "cm.decode.json = false",
            };
            add(format!("{key}.encoding = '{other}'"), off.to_owned());
            add(
                format!(
                    "{key}.encoding = 'json'\n{key}.request = [{{move = '/{field}', to = '/deep/{field}'}}]"
                ),
                format!(
                    "cm.decode.multipart = false\ncm.decode.multipart_files = false\n\
                     cm.wire.request_moves = [{{from = '/deep/{field}', to = '/{field}'}}, {{from = '/deep'}}]"
                ),
            );
        }
    }
    cases
}

const NO_FORMS: [&str; 4] = ["pkcs10_der", "pkcs10_base64", "pkcs10_wrapped", "pkcs10_pem"];

/// Only this form of a certification request.
fn only(form: &str) -> String {
    let off = NO_FORMS.iter().filter(|other| **other != form);
    off.map(|other| format!("cm.decode.{other} = false\n")).collect()
}

/// What the operations have in common, and the servlet `dp`.
pub(crate) fn others() -> Vec<Case> {
    let moved = |from: &str, to: &str| format!("cm.wire.answer_moves = [{{from = '{from}', to = '{to}'}}]");
    let mut cases = vec![
        Case::new(
            Op::Issue,
            "requests.path_suffix = 'verification/now'",
            "cm.suffix = 'verification/now'",
        ),
        Case::new(Op::Issue, "requests.csr = 'base64'", only("pkcs10_base64")),
        Case::new(Op::Issue, "requests.csr = 'pem'", only("pkcs10_pem")),
        Case::new(Op::Issue, "requests.csr = 'der'", only("pkcs10_der")),
        Case::new(
            Op::Issue,
            "requests.file_parts = false",
            "cm.decode.multipart_files = false",
        ),
        Case::new(
            Op::Issue,
            "requests.csr_type = 'application/pkcs10; charset=utf-8'",
            "cm.wire.part_types = {pkcs10 = 'application/pkcs10; charset=utf-8'}",
        ),
        Case::new(
            Op::Issue,
            "requests.csr_type = ''\nrequests.binary_type = ''",
            "cm.wire.part_types = {pkcs10 = '', signature = ''}",
        ),
        Case::new(
            Op::Issue,
            "requests.binary_type = 'application/pkcs7-mime'",
            "cm.wire.part_types = {signature = 'application/pkcs7-mime'}",
        ),
        Case::new(
            Op::Issue,
            "requests.binary_lines = false",
            "cm.signing.line_breaks = false",
        ),
        Case::new(
            Op::Revoke,
            "requests.lists = 'joined'",
            "cm.decode.lists_repeated = false",
        ),
        Case::new(
            Op::Revoke,
            "requests.certid_in_forms = 'certificateId'",
            "cm.decode.certid_names = ['certificateId']",
        ),
        Case::new(
            Op::Remove,
            "requests.certid_in_json = 'certificateId'",
            "cm.decode.certid_names = ['certificateId']",
        ),
        Case::new(
            Op::RefusedDownload,
            "answers.code = '/status/code'",
            moved("/error", "/status/code"),
        ),
        Case::new(
            Op::RefusedDownload,
            "answers.message = '/text'",
            moved("/msg", "/text"),
        ),
        Case::new(
            Op::RefusedDownload,
            "download.response = [{move = '/code', to = '/error'}]",
            moved("/error", "/code"),
        ),
        Case::new(
            Op::Issue,
            "answers.data_to_sign = '/sign/this'",
            moved("/dataToSign", "/sign/this"),
        ),
        Case::new(
            Op::Registrations,
            "registrations.response = [{move = '/data/rows', to = '/registrations'}]",
            "cm.registrations.list_style = 'envelope'\ncm.wire.answer_moves = [{from = '/registrations', to = '/data/rows'}]",
        ),
        Case::new(
            Op::PartlyRevoke,
            "answers.items = '/failures'",
            moved("/errors", "/failures"),
        ),
        Case::new(
            Op::PartlyImport,
            "answers.first_index = 1",
            "cm.wire.first_index = 1",
        ),
        Case::new(
            Op::Search,
            "answers.serial_radix = 'decimal'",
            "cm.answers.serial_style = 'decimal'",
        ),
        Case::new(
            Op::Download,
            "answers.certid_header = 'X-Certificate'",
            "cm.wire.certid_header_name = 'X-Certificate'",
        ),
        Case::new(
            Op::CaCertificate,
            "ca_certificate.path = 'authorities/{name}'\nca_certificate.suffix = '.crt'",
            "cm.dp.ca_path = 'authorities/{name}.crt'",
        ),
        Case::new(
            Op::RevocationList,
            "revocation_list.path = 'lists/{name}'\nrevocation_list.suffix = ''",
            "cm.dp.crl_path = 'lists/{name}'",
        ),
    ];
    // The simulator takes either form; `heard` in this test looks at the bytes.
    for (op, dialect) in [
        (Op::Issue, "requests.dates = 'fraction'"),
        (Op::Search, "requests.dates = 'fraction'"),
        (Op::Register, "requests.registration_days = 'number'"),
        (Op::PartlyRevoke, "answers.unlisted = 'done'"),
    ] {
        let mut case = Case::new(op, dialect, "");
        case.optional = true;
        cases.push(case);
    }
    cases
}

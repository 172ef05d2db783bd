//! How we know the default of each setting.

use smartid_core::{Evidence, Tag};

const REST: &str = "vendor page: Certificate Manager (CM) REST API";
const DATES: &str = "vendor page: Certificate Manager (CM) REST API, by its example; public third-party code (Keyfactor/nexus-certificate-manager-caplugin) sends fractions";
const UPG: &str = "vendor page: Upgrade Protocol Gateway, which lists the handlers' patterns; verb from vendor page: Certificate Manager (CM) REST API";
const KF: &str = "seen in public third-party code: Keyfactor/nexus-certificate-manager-caplugin";
const CURL: &str = "seen in a public curl example of the vendor's: Example script for calling the CM REST API endpoints using curl";
const CURLT: &str = "what curl says of a file whose kind it does not know, in a public example of the vendor's; another public client says application/pkcs10, so nobody seems to look";
const MON: &str = "seen in a public monitoring script, which calls certificates/pkcs10/verification; vendor page: Upgrade Protocol Gateway says that an administrator chooses the paths";
const DEV: &str = "seen in public third-party code: device-registration scripts for a hosted service";
const LISTS: &str = "a form was only seen with one value; a Java servlet reads a repeated field as a list";
const INDEX: &str = "the member is called arrayindex in public third-party code (Keyfactor/nexus-certificate-manager-caplugin); arrays begin with 0 in every language that is involved";
const UNLISTED: &str = "what is known is a list of those that failed beside a code; what a code says about the others is not published";
const SERIAL: &str =
    "a text of unknown form in public third-party code; the vendor's own clients show hexadecimal";
const AS_REVOKE: &str = "never seen; as revoking";
const AS_ISSUE: &str = "multipart is what most public clients send for issuing; revoking was seen as a form (Keyfactor/nexus-certificate-manager-caplugin), which can be set";
const GUESS: &str = "the operation is known from a model in public third-party code (Keyfactor/nexus-certificate-manager-caplugin); its path is not published";
const SA: &str = "vendor page: Officers and roles in Certificate Manager names the role; names of hashes and formats in public third-party code; the rest is not published";
const SOFT: &str = "vendor page: AST support in Certificate Manager says that the REST API does the same as AST; by the name of certificates/pkcs10 and of the media type pkcs12";
const SOFT_FIELDS: &str = "procname, validfrom and validto as in issuing; attributes by the names that AST has (vendor page: AST support in Certificate Manager); password is the name of the field in AST";
const EUI: &str =
    "seen in public scripts that use pgwy/eui; vendor page: EUI support in Certificate Manager is not public";
const EUI_ELEMENT: &str = "public scripts that use pgwy/eui look for a quoted string that begins so; that it is the name or id of an element is inferred";
const EUI_TOKEN: &str = "vendor page: AST support in Certificate Manager says that AST works in the same way as EUI; the rest is not published";
const PUSH: &str = "vendor page: Push certificates from Certificate Manager to Identity Manager";
const PUSHED: &str = "vendor page: Push certificates from Certificate Manager to Identity Manager. No status is told; HTTP's own meaning";
const CRL: &str = "that the servlet which serves CA certificates serves revocation lists too is inferred; their path is not published";
const AST: &str = "vendor page: AST support in Certificate Manager";
const BESIDE: &str =
    "by analogy with the paths of the servlets eui and est; the path of AST is not published";
const HEADERS: &str = "what the service makes of octets beyond ASCII in a header is not published; a Java servlet reads ISO-8859-1";
const EMPTY: &str = "what the service makes of an empty header is not published";
const PASSWORDS: &str = "in which encoding the service reads a form is not published, and a password that it reads otherwise opens nothing";
const NONE: &str = "a way to say what is different; nothing is known to be";

/// One row for each setting of [`CmDialect`](super::CmDialect).
pub const EVIDENCE: &[Evidence] = &[
    Evidence::new(
        "requests.path_suffix",
        Tag::Observed,
        MON,
        "what stands behind the path of every operation, such as verification; empty for nothing",
    ),
    Evidence::new(
        "requests.csr",
        Tag::Observed,
        CURL,
        "how a certification request is written: base64, base64-lines (lines in multipart only), pem, der",
    ),
    Evidence::new(
        "requests.file_parts",
        Tag::Observed,
        CURL,
        "whether certification requests and signatures are multipart parts with a file name",
    ),
    Evidence::new(
        "requests.csr_type",
        Tag::Observed,
        CURLT,
        "content type of the multipart part of a certification request; empty for none",
    ),
    Evidence::new(
        "requests.binary_type",
        Tag::Observed,
        CURLT,
        "content type of the multipart part of a signature; empty for none",
    ),
    Evidence::new(
        "requests.binary_lines",
        Tag::Observed,
        CURL,
        "whether base64 of a signature has lines of 64 letters in multipart; in forms and JSON it has one",
    ),
    Evidence::new(
        "requests.lists",
        Tag::Inferred,
        LISTS,
        "how several values of one field are written in multipart and forms: repeated or joined",
    ),
    Evidence::new(
        "requests.dates",
        Tag::Documented,
        DATES,
        "how dates are written: seconds (2021-12-20T08:01:30Z) or fraction (with seven digits behind the seconds)",
    ),
    Evidence::new(
        "requests.registration_days",
        Tag::Observed,
        DEV,
        "how the validity of a registration is written in JSON: text (\"7\") or number (7)",
    ),
    Evidence::new(
        "requests.certid_in_forms",
        Tag::Observed,
        KF,
        "name of the field certid in multipart and forms",
    ),
    Evidence::new(
        "requests.certid_in_json",
        Tag::Observed,
        KF,
        "name of the member certid in JSON",
    ),
    Evidence::new(
        "answers.code",
        Tag::Observed,
        KF,
        "where an envelope has its code, as a JSON pointer",
    ),
    Evidence::new(
        "answers.message",
        Tag::Observed,
        KF,
        "where an envelope has its text",
    ),
    Evidence::new(
        "answers.data_to_sign",
        Tag::Documented,
        REST,
        "where an envelope has the data to be signed",
    ),
    Evidence::new(
        "answers.items",
        Tag::Observed,
        KF,
        "where an envelope has what went wrong with single certificates or elements",
    ),
    Evidence::new(
        "answers.first_index",
        Tag::Inferred,
        INDEX,
        "number of the first element of a list, where errors name elements by number: 0 or 1",
    ),
    Evidence::new(
        "answers.unlisted",
        Tag::Inferred,
        UNLISTED,
        "what became of a certificate that a partly failed call with a code does not name: unclear or done",
    ),
    Evidence::new(
        "answers.serial_radix",
        Tag::Inferred,
        SERIAL,
        "how serial numbers are written, in answers and in the search: hex or decimal",
    ),
    Evidence::new(
        "answers.certid_header",
        Tag::Observed,
        KF,
        "header that tells the id of an issued or downloaded certificate",
    ),
    Evidence::new("search.verb", Tag::Documented, REST, "verb of the search"),
    Evidence::new("search.path", Tag::Documented, REST, "path of the search"),
    Evidence::new(
        "search.rename",
        Tag::Inferred,
        NONE,
        "query parameters of the search that have another name, by the name in this library",
    ),
    Evidence::new(
        "search.constants",
        Tag::Inferred,
        NONE,
        "query parameters that the search always has, unless the call gives another value",
    ),
    Evidence::new(
        "search.response",
        Tag::Inferred,
        NONE,
        "changes of the answer to the search before it is read",
    ),
    Evidence::new(
        "details.verb",
        Tag::Documented,
        UPG,
        "verb of the details of one certificate",
    ),
    Evidence::new(
        "details.path",
        Tag::Documented,
        UPG,
        "path of the details of one certificate; {certid} is its id",
    ),
    Evidence::new(
        "details.rename",
        Tag::Inferred,
        NONE,
        "query parameters of the details of one certificate that have another name, by the name in this library",
    ),
    Evidence::new(
        "details.constants",
        Tag::Inferred,
        NONE,
        "query parameters that the details of one certificate always has, unless the call gives another value",
    ),
    Evidence::new(
        "details.response",
        Tag::Inferred,
        NONE,
        "changes of the answer to the details of one certificate before it is read",
    ),
    Evidence::new(
        "download.verb",
        Tag::Documented,
        UPG,
        "verb of the download of one certificate",
    ),
    Evidence::new(
        "download.path",
        Tag::Documented,
        UPG,
        "path of the download of one certificate; {certid} is its id",
    ),
    Evidence::new(
        "download.rename",
        Tag::Inferred,
        NONE,
        "query parameters of the download of one certificate that have another name, by the name in this library",
    ),
    Evidence::new(
        "download.constants",
        Tag::Inferred,
        NONE,
        "query parameters that the download of one certificate always has, unless the call gives another value",
    ),
    Evidence::new(
        "download.response",
        Tag::Inferred,
        NONE,
        "changes of the answer to the download of one certificate before it is read",
    ),
    Evidence::new(
        "procedures.verb",
        Tag::Observed,
        KF,
        "verb of the list of token procedures",
    ),
    Evidence::new(
        "procedures.path",
        Tag::Observed,
        KF,
        "path of the list of token procedures",
    ),
    Evidence::new(
        "procedures.rename",
        Tag::Inferred,
        NONE,
        "query parameters of the list of token procedures that have another name, by the name in this library",
    ),
    Evidence::new(
        "procedures.constants",
        Tag::Inferred,
        NONE,
        "query parameters that the list of token procedures always has, unless the call gives another value",
    ),
    Evidence::new(
        "procedures.response",
        Tag::Inferred,
        NONE,
        "changes of the answer to the list of token procedures before it is read",
    ),
    Evidence::new(
        "registrations.verb",
        Tag::Observed,
        DEV,
        "verb of the list of registrations",
    ),
    Evidence::new(
        "registrations.path",
        Tag::Observed,
        DEV,
        "path of the list of registrations; {account} and {type} are the account and the kind",
    ),
    Evidence::new(
        "registrations.rename",
        Tag::Inferred,
        NONE,
        "query parameters of the list of registrations that have another name, by the name in this library",
    ),
    Evidence::new(
        "registrations.constants",
        Tag::Inferred,
        NONE,
        "query parameters that the list of registrations always has, unless the call gives another value",
    ),
    Evidence::new(
        "registrations.response",
        Tag::Inferred,
        NONE,
        "changes of the answer to the list of registrations before it is read",
    ),
    Evidence::new(
        "issuers.verb",
        Tag::Inferred,
        GUESS,
        "verb of the list of issuers (experimental)",
    ),
    Evidence::new(
        "issuers.path",
        Tag::Inferred,
        GUESS,
        "path of the list of issuers (experimental)",
    ),
    Evidence::new(
        "issuers.rename",
        Tag::Inferred,
        NONE,
        "query parameters of the list of issuers (experimental) that have another name, by the name in this library",
    ),
    Evidence::new(
        "issuers.constants",
        Tag::Inferred,
        NONE,
        "query parameters that the list of issuers (experimental) always has, unless the call gives another value",
    ),
    Evidence::new(
        "issuers.response",
        Tag::Inferred,
        NONE,
        "changes of the answer to the list of issuers (experimental) before it is read",
    ),
    Evidence::new(
        "ca_certificate.path",
        Tag::Observed,
        CURL,
        "path of the download of a CA certificate, below the address of the servlet dp; {name} is its file name",
    ),
    Evidence::new(
        "ca_certificate.suffix",
        Tag::Observed,
        CURL,
        "what the file name of a CA certificate ends with",
    ),
    Evidence::new(
        "revocation_list.path",
        Tag::Unknown,
        CRL,
        "path of the download of a revocation list (experimental), below the address of the servlet dp; {name} is its file name",
    ),
    Evidence::new(
        "revocation_list.suffix",
        Tag::Unknown,
        CRL,
        "what the file name of a revocation list ends with",
    ),
    Evidence::new(
        "ast.path",
        Tag::Inferred,
        BESIDE,
        "path of asking for a soft token over AST, below the address of Protocol Gateway, where no handler is named",
    ),
    Evidence::new(
        "ast.handler_path",
        Tag::Inferred,
        BESIDE,
        "the same path with a handler; {handler} is its name",
    ),
    Evidence::new(
        "ast.password",
        Tag::Documented,
        AST,
        "name of the field that carries the password of a soft token over AST",
    ),
    Evidence::new(
        "ast.constants",
        Tag::Inferred,
        NONE,
        "fields that a request for a soft token over AST always has beside the password",
    ),
    Evidence::new(
        "ast.non_ascii",
        Tag::Unknown,
        HEADERS,
        "how values beyond ASCII go into the headers of AST: refuse, utf-8, iso-8859-1 or percent",
    ),
    Evidence::new(
        "ast.empty_values",
        Tag::Unknown,
        EMPTY,
        "whether an attribute may be empty over AST: its header then goes out with nothing in it",
    ),
    Evidence::new(
        "ast.non_ascii_passwords",
        Tag::Unknown,
        PASSWORDS,
        "whether a password may hold characters beyond ASCII over AST",
    ),
    Evidence::new(
        "push.path",
        Tag::Documented,
        PUSH,
        "what stands before template and process in the path that certificates are pushed to",
    ),
    Evidence::new(
        "push.tenant",
        Tag::Documented,
        PUSH,
        "query parameter that tells the tenant of a pushed certificate",
    ),
    Evidence::new(
        "push.content_types",
        Tag::Documented,
        PUSH,
        "content types of a pushed certificate that are taken",
    ),
    Evidence::new(
        "push.success",
        Tag::Unknown,
        PUSHED,
        "status that answers a pushed certificate which was stored",
    ),
    Evidence::new(
        "issue.verb",
        Tag::Documented,
        REST,
        "verb of issuing from a PKCS #10 request",
    ),
    Evidence::new(
        "issue.path",
        Tag::Documented,
        REST,
        "path of issuing from a PKCS #10 request",
    ),
    Evidence::new(
        "issue.encoding",
        Tag::Documented,
        REST,
        "how the fields of issuing from a PKCS #10 request are sent: multipart, form or json",
    ),
    Evidence::new(
        "issue.rename",
        Tag::Inferred,
        NONE,
        "fields of issuing from a PKCS #10 request that have another name, by the name in this library",
    ),
    Evidence::new(
        "issue.constants",
        Tag::Inferred,
        NONE,
        "fields that issuing from a PKCS #10 request always has, in both steps, unless the call gives another value",
    ),
    Evidence::new(
        "issue.request",
        Tag::Inferred,
        NONE,
        "changes of the body of issuing from a PKCS #10 request before it is sent, where it is JSON",
    ),
    Evidence::new(
        "issue.response",
        Tag::Inferred,
        NONE,
        "changes of the answer to issuing from a PKCS #10 request before it is read",
    ),
    Evidence::new(
        "revoke.verb",
        Tag::Documented,
        UPG,
        "verb of revoking and putting on hold",
    ),
    Evidence::new(
        "revoke.path",
        Tag::Documented,
        UPG,
        "path of revoking and putting on hold",
    ),
    Evidence::new(
        "revoke.encoding",
        Tag::Inferred,
        AS_ISSUE,
        "how the fields of revoking and putting on hold are sent: multipart, form or json",
    ),
    Evidence::new(
        "revoke.rename",
        Tag::Inferred,
        NONE,
        "fields of revoking and putting on hold that have another name, by the name in this library",
    ),
    Evidence::new(
        "revoke.constants",
        Tag::Inferred,
        NONE,
        "fields that revoking and putting on hold always has, in both steps, unless the call gives another value",
    ),
    Evidence::new(
        "revoke.request",
        Tag::Inferred,
        NONE,
        "changes of the body of revoking and putting on hold before it is sent, where it is JSON",
    ),
    Evidence::new(
        "revoke.response",
        Tag::Inferred,
        NONE,
        "changes of the answer to revoking and putting on hold before it is read",
    ),
    Evidence::new("reinstate.verb", Tag::Documented, UPG, "verb of taking off hold"),
    Evidence::new("reinstate.path", Tag::Documented, UPG, "path of taking off hold"),
    Evidence::new(
        "reinstate.encoding",
        Tag::Inferred,
        AS_REVOKE,
        "how the fields of taking off hold are sent: multipart, form or json",
    ),
    Evidence::new(
        "reinstate.rename",
        Tag::Inferred,
        NONE,
        "fields of taking off hold that have another name, by the name in this library",
    ),
    Evidence::new(
        "reinstate.constants",
        Tag::Inferred,
        NONE,
        "fields that taking off hold always has, in both steps, unless the call gives another value",
    ),
    Evidence::new(
        "reinstate.request",
        Tag::Inferred,
        NONE,
        "changes of the body of taking off hold before it is sent, where it is JSON",
    ),
    Evidence::new(
        "reinstate.response",
        Tag::Inferred,
        NONE,
        "changes of the answer to taking off hold before it is read",
    ),
    Evidence::new("register.verb", Tag::Observed, DEV, "verb of a new registration"),
    Evidence::new("register.path", Tag::Observed, DEV, "path of a new registration"),
    Evidence::new(
        "register.encoding",
        Tag::Observed,
        DEV,
        "how the fields of a new registration are sent: multipart, form or json",
    ),
    Evidence::new(
        "register.rename",
        Tag::Inferred,
        NONE,
        "fields of a new registration that have another name, by the name in this library",
    ),
    Evidence::new(
        "register.constants",
        Tag::Inferred,
        NONE,
        "fields that a new registration always has, in both steps, unless the call gives another value",
    ),
    Evidence::new(
        "register.request",
        Tag::Inferred,
        NONE,
        "changes of the body of a new registration before it is sent, where it is JSON",
    ),
    Evidence::new(
        "register.response",
        Tag::Inferred,
        NONE,
        "changes of the answer to a new registration before it is read",
    ),
    Evidence::new(
        "import.verb",
        Tag::Inferred,
        GUESS,
        "verb of importing certificates (experimental)",
    ),
    Evidence::new(
        "import.path",
        Tag::Inferred,
        GUESS,
        "path of importing certificates (experimental)",
    ),
    Evidence::new(
        "import.encoding",
        Tag::Inferred,
        GUESS,
        "how the fields of importing certificates (experimental) are sent: multipart, form or json",
    ),
    Evidence::new(
        "import.rename",
        Tag::Inferred,
        NONE,
        "fields of importing certificates (experimental) that have another name, by the name in this library",
    ),
    Evidence::new(
        "import.constants",
        Tag::Inferred,
        NONE,
        "fields that importing certificates (experimental) always has, in both steps, unless the call gives another value",
    ),
    Evidence::new(
        "import.request",
        Tag::Inferred,
        NONE,
        "changes of the body of importing certificates (experimental) before it is sent, where it is JSON",
    ),
    Evidence::new(
        "import.response",
        Tag::Inferred,
        NONE,
        "changes of the answer to importing certificates (experimental) before it is read",
    ),
    Evidence::new(
        "remove.verb",
        Tag::Inferred,
        GUESS,
        "verb of removing certificates (experimental)",
    ),
    Evidence::new(
        "remove.path",
        Tag::Inferred,
        GUESS,
        "path of removing certificates (experimental)",
    ),
    Evidence::new(
        "remove.encoding",
        Tag::Inferred,
        GUESS,
        "how the fields of removing certificates (experimental) are sent: multipart, form or json",
    ),
    Evidence::new(
        "remove.rename",
        Tag::Inferred,
        NONE,
        "fields of removing certificates (experimental) that have another name, by the name in this library",
    ),
    Evidence::new(
        "remove.constants",
        Tag::Inferred,
        NONE,
        "fields that removing certificates (experimental) always has, in both steps, unless the call gives another value",
    ),
    Evidence::new(
        "remove.request",
        Tag::Inferred,
        NONE,
        "changes of the body of removing certificates (experimental) before it is sent, where it is JSON",
    ),
    Evidence::new(
        "remove.response",
        Tag::Inferred,
        NONE,
        "changes of the answer to removing certificates (experimental) before it is read",
    ),
    Evidence::new(
        "attribute_certificate.verb",
        Tag::Inferred,
        GUESS,
        "verb of issuing an attribute certificate (experimental)",
    ),
    Evidence::new(
        "attribute_certificate.path",
        Tag::Inferred,
        GUESS,
        "path of issuing an attribute certificate (experimental)",
    ),
    Evidence::new(
        "attribute_certificate.encoding",
        Tag::Inferred,
        GUESS,
        "how the fields of issuing an attribute certificate (experimental) are sent: multipart, form or json",
    ),
    Evidence::new(
        "attribute_certificate.rename",
        Tag::Inferred,
        NONE,
        "fields of issuing an attribute certificate (experimental) that have another name, by the name in this library",
    ),
    Evidence::new(
        "attribute_certificate.constants",
        Tag::Inferred,
        NONE,
        "fields that issuing an attribute certificate (experimental) always has, in both steps, unless the call gives another value",
    ),
    Evidence::new(
        "attribute_certificate.request",
        Tag::Inferred,
        NONE,
        "changes of the body of issuing an attribute certificate (experimental) before it is sent, where it is JSON",
    ),
    Evidence::new(
        "attribute_certificate.response",
        Tag::Inferred,
        NONE,
        "changes of the answer to issuing an attribute certificate (experimental) before it is read",
    ),
    Evidence::new(
        "signing_authority.verb",
        Tag::Unknown,
        SA,
        "verb of signing a hash (experimental)",
    ),
    Evidence::new(
        "signing_authority.path",
        Tag::Unknown,
        SA,
        "path of signing a hash (experimental)",
    ),
    Evidence::new(
        "signing_authority.encoding",
        Tag::Unknown,
        SA,
        "how the fields of signing a hash (experimental) are sent: multipart, form or json",
    ),
    Evidence::new(
        "signing_authority.rename",
        Tag::Inferred,
        NONE,
        "fields of signing a hash (experimental) that have another name, by the name in this library",
    ),
    Evidence::new(
        "signing_authority.constants",
        Tag::Inferred,
        NONE,
        "fields that signing a hash (experimental) always has, in both steps, unless the call gives another value",
    ),
    Evidence::new(
        "signing_authority.request",
        Tag::Inferred,
        NONE,
        "changes of the body of signing a hash (experimental) before it is sent, where it is JSON",
    ),
    Evidence::new(
        "signing_authority.response",
        Tag::Inferred,
        NONE,
        "changes of the answer to signing a hash (experimental) before it is read",
    ),
    Evidence::new(
        "soft_token.verb",
        Tag::Inferred,
        SOFT,
        "verb of asking for a soft token (experimental)",
    ),
    Evidence::new(
        "soft_token.path",
        Tag::Inferred,
        SOFT,
        "path of asking for a soft token (experimental)",
    ),
    Evidence::new(
        "soft_token.encoding",
        Tag::Inferred,
        AS_ISSUE,
        "how the fields of asking for a soft token (experimental) are sent: multipart, form or json",
    ),
    Evidence::new(
        "soft_token.rename",
        Tag::Inferred,
        SOFT_FIELDS,
        "fields of asking for a soft token (experimental) that have another name, by the name in this library: procname, password, validfrom, validto, signature, and each attribute of the subject",
    ),
    Evidence::new(
        "soft_token.constants",
        Tag::Inferred,
        NONE,
        "fields that asking for a soft token (experimental) always has, in both steps, unless the call gives another value",
    ),
    Evidence::new(
        "soft_token.request",
        Tag::Inferred,
        NONE,
        "changes of the body of asking for a soft token (experimental) before it is sent, where it is JSON",
    ),
    Evidence::new(
        "soft_token.response",
        Tag::Inferred,
        NONE,
        "changes of the answer to asking for a soft token (experimental) before it is read; a container in JSON is read as base64 at /pkcs12",
    ),
    Evidence::new(
        "eui.certificate.verb",
        Tag::Observed,
        EUI,
        "verb of asking EUI for a certificate",
    ),
    Evidence::new(
        "eui.certificate.path",
        Tag::Observed,
        EUI,
        "path of asking EUI for a certificate, below the address of Protocol Gateway",
    ),
    Evidence::new(
        "eui.certificate.encoding",
        Tag::Observed,
        EUI,
        "how the fields of asking EUI for a certificate are sent: form, multipart or json",
    ),
    Evidence::new(
        "eui.certificate.rename",
        Tag::Inferred,
        NONE,
        "fields of asking EUI for a certificate that have another name, by the name in this library: certencoding and pkcs10, and those of the call",
    ),
    Evidence::new(
        "eui.certificate.constants",
        Tag::Inferred,
        NONE,
        "fields that asking EUI for a certificate always has, unless the call gives another value",
    ),
    Evidence::new(
        "eui.certificate.request",
        Tag::Inferred,
        NONE,
        "changes of the body of asking EUI for a certificate before it is sent, where it is JSON",
    ),
    Evidence::new(
        "eui.certificate.response",
        Tag::Inferred,
        NONE,
        "changes of the answer to asking EUI for a certificate before it is read, where it is JSON",
    ),
    Evidence::new(
        "eui.certificate_encoding",
        Tag::Observed,
        EUI,
        "value of the field certencoding; which others there are is unknown",
    ),
    Evidence::new(
        "eui.soft_token.verb",
        Tag::Unknown,
        EUI_TOKEN,
        "verb of asking EUI for a soft token (experimental)",
    ),
    Evidence::new(
        "eui.soft_token.path",
        Tag::Unknown,
        EUI_TOKEN,
        "path of asking EUI for a soft token (experimental), below the address of Protocol Gateway",
    ),
    Evidence::new(
        "eui.soft_token.encoding",
        Tag::Unknown,
        EUI_TOKEN,
        "how the fields of asking EUI for a soft token (experimental) are sent: form, multipart or json",
    ),
    Evidence::new(
        "eui.soft_token.rename",
        Tag::Unknown,
        EUI_TOKEN,
        "fields of asking EUI for a soft token (experimental) that have another name, by the name in this library: password, and those of the call",
    ),
    Evidence::new(
        "eui.soft_token.constants",
        Tag::Inferred,
        NONE,
        "fields that asking EUI for a soft token (experimental) always has, unless the call gives another value",
    ),
    Evidence::new(
        "eui.soft_token.request",
        Tag::Inferred,
        NONE,
        "changes of the body of asking EUI for a soft token (experimental) before it is sent, where it is JSON",
    ),
    Evidence::new(
        "eui.soft_token.response",
        Tag::Inferred,
        NONE,
        "changes of the answer to asking EUI for a soft token (experimental) before it is read, where it is JSON",
    ),
    Evidence::new(
        "eui.path_without_handler",
        Tag::Unknown,
        EUI,
        "path of both requests when no handler is named",
    ),
    Evidence::new(
        "eui.element",
        Tag::Inferred,
        EUI_ELEMENT,
        "how the name or id of the element begins that has the answer, in any letter case",
    ),
];

//! The program `p12` as a person or a script runs it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use smartid::SecretString;
use smartid::trust::pkcs12::{Pkcs12, Pkcs12Policy};
use smartid::trust::{Certificate, MemorySigner, OfficerSigner as _};

const PASSWORD: &str = "test-Passw0rd";

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("smartid-p12-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> String {
        fs::write(self.0.join(name), contents).unwrap();
        self.path(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join(name)).unwrap()
    }

    fn has(&self, name: &str) -> bool {
        self.0.join(name).exists()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

fn fixture(name: &str) -> String {
    format!(
        "{}/../crates/smartid-trust/tests/{name}",
        env!("CARGO_MANIFEST_DIR")
    )
}

/// The exit status, and what was said on both channels.
struct Ran(i32, String);

/// Runs it with a password in the environment variable `OLD`, and `input` on standard input.
fn run(input: &str, arguments: &[&str]) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_p12"))
        .args(arguments)
        .env("OLD", PASSWORD)
        .env("NEW", "another-Passw0rd")
        .env("EMPTY", "")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that refuses its arguments reads nothing.
    let _gone = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    Ran(output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

impl Ran {
    #[track_caller]
    fn ended(self, status: i32, text: &str) -> String {
        assert!(self.0 == status && self.1.contains(text), "{} {}", self.0, self.1);
        assert!(
            !self.1.contains(PASSWORD) && !self.1.contains("another-Passw0rd"),
            "{}",
            self.1
        );
        self.1
    }
}

fn words(text: &str) -> Vec<&str> {
    text.split(' ').collect()
}

#[test]
fn a_container_is_looked_into_with_and_without_its_password() {
    let file = fixture("fixtures/pkcs12/openssl-rsa-legacy.p12");
    let closed = run("", &["inspect", &file]).ended(0, "pbeWithSHAAnd40BitRC2-CBC");
    assert!(
        closed.contains("it was not opened") && !closed.contains("CN=Officer One"),
        "{closed}"
    );
    let open = run("", &["inspect", &file, "--password-env", "OLD"]).ended(0, "CN=Officer One");
    assert!(open.contains("old algorithms"), "{open}");
    run(
        &format!("{PASSWORD}\r\n"),
        &["inspect", &file, "--password-stdin"],
    )
    .ended(0, "CN=Officer One");
    run("", &["inspect", &file, "--password-env", "NEW"]).ended(1, "wrong-password");
    run("", &["inspect", &file, "--password-env", "NOT_SET"]).ended(2, "NOT_SET is not set");
    // No option takes the password itself; what was tried is in clap's complaint.
    let on_the_line = run("", &["inspect", &file, "--password", PASSWORD]);
    assert_eq!(on_the_line.0, 2);
    run(
        "",
        &["inspect", &file, "--password-env", "OLD", "--at", "4000000000"],
    )
    .ended(1, "expired");
    run("", &["inspect", &fixture("fixtures/certs/root.der")]).ended(1, "not-pkcs12");
    run("", &["inspect", "/does/not/exist"]).ended(2, "exist");
    let json = run("", &["inspect", &file, "--password-env", "OLD", "--json"]).ended(0, "verdict");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json["kind"], &json["verdict"]),
        (&"PKCS #12 container".into(), &true.into())
    );
}

#[test]
fn a_container_is_written_anew_and_its_password_goes_another_way() {
    let folder = Folder::new("generate");
    let (out, password) = (folder.path("new.p12"), folder.path("password"));
    let file = fixture("fixtures/pkcs12/bc-default.p12");
    let command = [
        "rewrap",
        &file,
        "--password-env",
        "OLD",
        "--out",
        &out,
        "--generate-password",
    ];
    run("", &command).ended(2, "--password-out");
    let same = [&command[..], &["--password-out", &out]].concat();
    run("", &same).ended(2, "two secrets");
    let command = [&command[..], &["--password-out", &password]].concat();
    let text = run("", &command).ended(0, "116 bits");
    let made = String::from_utf8(folder.read("password")).unwrap();
    let made = made.strip_suffix('\n').unwrap();
    assert!(made.len() == 20 && !text.contains(made), "{text}");
    let octets = folder.read("new.p12");
    let opened = Pkcs12::open(&octets, &SecretString::new(made), &Pkcs12Policy::default()).unwrap();
    assert_eq!(opened.signer().unwrap().chain().len(), 3);
    #[cfg(unix)]
    for file in [&out, &password] {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(
            fs::metadata(file).unwrap().permissions().mode() & 0o777,
            0o600,
            "{file}"
        );
    }
    // Nothing is written over; the password never, even if told to.
    run("", &command).ended(2, "there is a file already");
    fs::remove_file(&password).unwrap();
    run("", &command).ended(2, "there is a file already");
    assert!(
        !folder.has("password"),
        "nothing is made before both can be written"
    );
    fs::write(&password, "of another").unwrap();
    let forced = [&command[..], &["--force"]].concat();
    run("", &forced).ended(2, "there is a file already");
    fs::remove_file(&password).unwrap();
    run("", &forced).ended(0, "rewrapped");
    assert_ne!(folder.read("new.p12"), octets);
}

#[test]
fn profiles_iterations_and_given_passwords() {
    let folder = Folder::new("given");
    let out = folder.path("new.p12");
    let file = fixture("fixtures/pkcs12/openssl-p256.p12");
    let run = |more: &str| {
        let command = format!("rewrap {file} --password-env OLD --out {out} --force {more}");
        run("", &words(command.trim_end()))
    };
    run("--new-password-env NEW --profile compatible --iterations 2000 --json").ended(0, "\"compatible\"");
    let looked = crate::run("", &["inspect", &out, "--password-env", "NEW"])
        .ended(0, "pbeWithSHAAnd3-KeyTripleDES-CBC, 2000");
    assert!(looked.contains("HMAC with SHA-1, 2000 iterations"), "{looked}");
    let given = folder.write("given", "pässwörd\nnot this line\n");
    let text = run(&format!("--new-password-file {given} --iterations 1000")).ended(0, "rewrapped");
    assert!(text.contains("warning") && text.contains("Java"), "{text}");
    crate::run("", &["inspect", &out, "--password-file", &given]).ended(0, "P256");
    run("--new-password-env NEW --iterations 999").ended(1, "iterations-out-of-range");
    run("--new-password-env EMPTY").ended(2, "is empty");
    run("").ended(2, "--new-password");
    run("--new-password-env NEW --profile ancient").ended(2, "ancient");
    run("--new-password-env NEW --length 12").ended(2, "--generate-password");
}

#[test]
fn what_cannot_be_opened_is_not_written() {
    let folder = Folder::new("refused");
    let out = folder.path("new.p12");
    let rewrap = |file: &str, more: &[&str]| {
        let file = fixture(file);
        run(
            "",
            &[
                &["rewrap", &file, "--out", &out, "--new-password-env", "NEW"],
                more,
            ]
            .concat(),
        )
    };
    let old = ["--password-env", "OLD"];
    rewrap("fixtures/pkcs12/openssl-p256.p12", &["--password-env", "NEW"]).ended(1, "wrong-password");
    rewrap("fixtures/pkcs12/bad-truncated.p12", &old).ended(1, "container-truncated");
    rewrap("fixtures/certs/root.der", &old).ended(1, "not-pkcs12");
    rewrap("fixtures/pkcs12/openssl-p256-nomac.p12", &old).ended(1, "no-mac");
    rewrap("fixtures/pkcs12/openssl-p256.p12", &[]).ended(2, "setting --password: is missing");
    rewrap("fixtures/pkcs12/nowhere.p12", &old).ended(2, "nowhere.p12");
    assert!(!folder.has("new.p12"));
    rewrap(
        "fixtures/pkcs12/openssl-p256-nomac.p12",
        &["--password-env", "OLD", "--accept-without-mac"],
    )
    .ended(0, "rewrapped");
    // As base64, as an answer may have it.
    let base64 =
        smartid::core::base64::encode(smartid::core::base64::Flavour::Standard, &folder.read("new.p12"));
    let text = folder.write("new.txt", base64);
    let again = folder.path("again.p12");
    let command = format!("rewrap {text} --password-env NEW --out {again} --new-password-env OLD");
    run("", &words(&command)).ended(0, "rewrapped");
}

#[test]
fn key_and_certificates_are_taken_out() {
    let folder = Folder::new("extract");
    let file = fixture("fixtures/pkcs12/openssl-p256.p12");
    let extract = |out: &str, more: &str| {
        let out = folder.path(out);
        let more = format!("extract {file} --password-env OLD --out {out} {more}");
        run("", &words(more.trim_end()))
    };
    let read = |name: &str| String::from_utf8(folder.read(name)).unwrap();
    extract("all", "").ended(0, "whoever has the file has the key");
    let officer = MemorySigner::from_pem(&[&read("all")], None).unwrap();
    assert_eq!(officer.chain().len(), 3);
    extract("all", "").ended(2, "there is a file already");
    extract("certificates", "--what certificates").ended(0, "extracted");
    assert_eq!(
        Certificate::list_from_pem(&read("certificates")).unwrap(),
        officer.chain()
    );
    assert!(!read("certificates").contains("PRIVATE"));
    extract("key", "--what key --encrypt-key --new-password-env NEW").ended(0, "extracted");
    let key = read("key");
    assert!(
        key.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----") && !key.contains("CERTIFICATE"),
        "{key}"
    );
    let password = SecretString::new("another-Passw0rd");
    MemorySigner::from_pem(&[&key, &read("certificates")], Some(&password)).unwrap();
    extract("x", "--new-password-env NEW").ended(2, "--encrypt-key is missing");
    extract("x", "--what certificates --encrypt-key --new-password-env NEW")
        .ended(2, "certificates are no secret");
    extract("x", "--key nobody").ended(1, "no key is called");

    let two = fixture("pkcs12-corpus/good/keytool-two-keys.p12");
    let out = folder.path("two");
    run("", &["extract", &two, "--password-env", "OLD", "--out", &out]).ended(1, "several-keys");
    let names = run("", &["extract", &two, "--password-env", "OLD", "--out", &out]).1;
    let name = names.split('"').nth(1).unwrap();
    run(
        "",
        &[
            "extract",
            &two,
            "--password-env",
            "OLD",
            "--out",
            &out,
            "--key",
            name,
        ],
    )
    .ended(0, "extracted");
    assert!(!folder.has("x"));
}

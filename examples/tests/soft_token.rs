//! The program as a person or a script meets it: what it prints, what it writes, and how it ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use smartid::SecretString;
use smartid::soft_token::{OpenedToken, Pkcs12Policy, SoftToken};

/// A folder that is gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("smartid-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.file(name), text).unwrap();
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn run(&self, words: &[&str]) -> Ended {
        let output = Command::new(env!("CARGO_BIN_EXE_soft-token"))
            .args(words)
            .current_dir(&self.0)
            .env_remove("NO_COLOR")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Ended {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            error: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

struct Ended {
    code: i32,
    out: String,
    error: String,
}

impl Ended {
    /// The object of an event.
    #[track_caller]
    fn event(&self, name: &str) -> Value {
        let lines = self
            .out
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut found = lines.filter(|line| line["event"] == name);
        found
            .next()
            .unwrap_or_else(|| panic!("no {name}: {} {}", self.out, self.error))
    }

    #[track_caller]
    fn ended(&self, name: &str, code: i32) -> Value {
        let end = self.event("end");
        assert_eq!(
            (end["name"].as_str(), self.code),
            (Some(name), code),
            "{}",
            self.out
        );
        end
    }

    fn all(&self) -> String {
        format!("{}{}", self.out, self.error)
    }
}

fn open(container: &Path, password: &Path) -> (OpenedToken, String) {
    let password = std::fs::read_to_string(password).unwrap().trim_end().to_owned();
    let token = SoftToken::new(std::fs::read(container).unwrap());
    let opened = token.open(&SecretString::new(password.as_str()), &Pkcs12Policy::default());
    (opened.unwrap(), password)
}

#[cfg(unix)]
fn mode(file: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file).unwrap().permissions().mode() & 0o777
}

#[test]
fn either_way_ends_with_a_container_and_a_password_that_opens_it() {
    let folder = Folder::new("token-ways");
    let whom = ["-a", "countryname=SE", "-a", "commonname=Somebody Else"];
    for (via, header) in [("rest", &[][..]), ("ast", &["--header", "commonname=x-name"])] {
        let (container, password) = (
            folder.file(&format!("{via}.p12")),
            folder.file(&format!("{via}.pw")),
        );
        let files = [
            "--out",
            container.to_str().unwrap(),
            "--password-out",
            password.to_str().unwrap(),
        ];
        let ended = folder.run(&[&["--via", via, "--json"], header, &whom, &files].concat());
        let end = ended.ended("issued", 0);
        let (opened, secret) = open(&container, &password);
        let certificate = opened.the_one_key().unwrap().certificate().unwrap().clone();
        let issued = ended.event("issued");
        assert_eq!(
            issued["opened"]["keys"][0]["chain"][0]["pem"],
            certificate.to_pem()
        );
        assert_eq!(issued["opened"]["keys"][0]["chain"].as_array().unwrap().len(), 3);
        assert_eq!(certificate.subject().to_string(), "CN=Somebody Else,C=SE");
        assert_eq!(end["facts"]["container in"].as_str(), container.to_str());
        // The cookie is AST's, and the certid REST's.
        assert_eq!(issued["downloaded"].is_string(), via == "ast");
        assert_eq!(issued["certid"].is_string(), via == "rest");
        assert!(!ended.all().contains(&secret), "the password is shown");
        #[cfg(unix)]
        assert_eq!((mode(&container), mode(&password)), (0o600, 0o600));
    }
    assert_eq!(
        folder.names(),
        ["ast.p12", "ast.pw", "rest.p12", "rest.pw"],
        "and nothing else"
    );
}

#[test]
fn people_read_lines_without_colours_and_quiet_is_the_end_alone() {
    let folder = Folder::new("token-lines");
    let ended = folder.run(&["--valid-days", "30"]);
    assert_eq!(ended.code, 0, "{}", ended.all());
    for part in [
        "over the REST API",
        "Alice Example, EC P256",
        "subject        CN=Alice Example,C=SE",
        "\nissued\n",
    ] {
        assert!(ended.out.contains(part), "{part}: {}", ended.out);
    }
    assert_eq!(ended.out.matches("chain  ").count(), 2);
    assert!(!ended.all().contains('\x1b'), "no terminal, no colours");
    let quiet = folder.run(&["-q"]);
    assert!(
        quiet.out.starts_with("issued\n") && quiet.error.is_empty(),
        "{}",
        quiet.all()
    );
    assert!(folder.names().is_empty(), "{:?}", folder.names());
}

#[test]
fn one_file_configures_both_sides() {
    let folder = Folder::new("token-properties");
    folder.write(
        "ast.properties",
        "handler.4.formatFields.4 = ast.valuetarget.countryname.value =\n\
         handler.4.formatFields.5 = ast.valuetarget.localityname.value = myheader\n",
    );
    let ast = [
        "--json",
        "--via",
        "ast",
        "--properties",
        "ast.properties",
        "--handler",
        "staff",
    ];
    let ended = folder.run(&[&ast[..], &["-a", "localityname=Kista"]].concat());
    let end = ended.ended("issued", 0);
    assert_eq!(end["facts"]["subject"], "CN=Soft token,L=Kista");
    let off = folder.run(&[&ast[..], &["-a", "countryname=SE"]].concat());
    assert_eq!(off.code, 2);
    assert!(off.error.contains("countryname is switched off"), "{}", off.error);
}

#[test]
fn what_is_beyond_ascii_arrives_in_the_chosen_encoding() {
    let folder = Folder::new("token-encodings");
    let ast = [
        "--json",
        "--via",
        "ast",
        "--header",
        "commonname=x-name",
        "-a",
        "commonname=Jürgen Größe",
    ];
    let refused = folder.run(&ast);
    assert_eq!(refused.code, 2);
    assert!(
        refused.error.contains("--non-ascii") && !refused.error.contains("Jürgen"),
        "{}",
        refused.error
    );
    for encoding in ["utf-8", "iso-8859-1", "percent"] {
        let ended = folder.run(&[&ast[..], &["--non-ascii", encoding]].concat());
        let end = ended.ended("issued", 0);
        assert_eq!(end["facts"]["subject"], "CN=Jürgen Größe", "{encoding}");
    }
}

#[test]
fn no_token_leaves_no_file_and_says_whose_turn_it_is() {
    let folder = Folder::new("token-refused");
    let trust = |word: &str| format!("[cm.ast.trust]\nuntrusted = \"{word}\"\n");
    folder.write("page.toml", &trust("ok-page"));
    folder.write("login.toml", &trust("login"));
    folder.write("forbidden.toml", &trust("forbidden"));
    let lost = "[[faults]]\non = { path = \"*/certificates/pkcs12\", method = \"POST\" }\nskip = 1\nfault = { kind = \"lost-reply\" }\n";
    folder.write("lost.toml", lost);
    let before = folder.names();
    let ast = ["--via", "ast", "--as", "no-officer", "--simulator"];
    for (words, name, said) in [
        (
            [&ast[..], &["page.toml"]].concat(),
            "perhaps-issued",
            "it is a web page",
        ),
        (
            [&ast[..], &["login.toml"]].concat(),
            "perhaps-issued",
            "sent to /wa/auth",
        ),
        (
            [&ast[..], &["forbidden.toml"]].concat(),
            "call-failed",
            "no officer",
        ),
        (vec!["--as", "reader"], "call-failed", "-15"),
        (vec!["--procedure", "none of that name"], "call-failed", "-14"),
        (vec!["--simulator", "lost.toml"], "perhaps-issued", "perhaps done"),
    ] {
        let ended = folder.run(
            &[
                &words[..],
                &["--json", "--out", "t.p12", "--password-out", "t.pw"],
            ]
            .concat(),
        );
        let end = ended.ended(name, 1);
        let what = end["facts"]["what happened"].as_str().unwrap();
        assert!(what.contains(said), "{words:?}: {what}");
        assert!(end["turn"].is_string() && end["check"].is_string(), "{end}");
        assert_eq!(folder.names(), before, "{words:?}");
        if said == "perhaps done" {
            let looking = end["facts"]["looking"].as_str().unwrap();
            assert!(
                looking.contains("issued to this common name within a day: 0000"),
                "{looking}"
            );
        }
    }
}

#[test]
fn a_container_that_does_not_open_is_kept_and_the_reason_told() {
    let folder = Folder::new("token-flaws");
    for (flaw, said) in [
        ("flaw = \"other-password\"", "the password does not open it"),
        ("flaw = \"no-key\"", "there is no private key"),
        (
            "flaw = \"other-key\"",
            "no certificate belongs to the private key",
        ),
        ("mac = \"none\"", "no checksum"),
    ] {
        folder.write("flaw.toml", &format!("[cm.soft_tokens]\n{flaw}\n"));
        let ended = folder.run(&[
            "--json",
            "--simulator",
            "flaw.toml",
            "--out",
            "t.p12",
            "--force",
            "--password-out",
            "t.pw",
        ]);
        let end = ended.ended("not-opened", 1);
        let what = end["facts"]["what happened"].as_str().unwrap();
        assert!(what.contains(said) && !what.contains("; check"), "{what}");
        assert!(
            end["check"].is_string() && end["facts"]["certid"].is_string(),
            "{end}"
        );
        assert!(std::fs::metadata(folder.file("t.p12")).unwrap().len() > 1000);
        std::fs::remove_file(folder.file("t.pw")).unwrap();
    }
    let lenient = folder.run(&["-q", "--simulator", "flaw.toml", "--accept-without-mac"]);
    assert_eq!(lenient.code, 0, "{}", lenient.all());
}

#[test]
fn mistakes_are_named_and_cost_nothing() {
    let folder = Folder::new("token-mistakes");
    folder.write("there.p12", "something of somebody's");
    folder.write("password", "canary 77\n");
    let before = folder.names();
    for (words, said) in [
        (&["--via", "carrier-pigeon"][..], "rest, ast"),
        (&["--handler", "staff"], "--via ast"),
        (
            &["--via", "ast", "--valid-days", "3"],
            "AST has no place for the validity",
        ),
        (
            &["--via", "ast", "-a", "title=Dr."],
            "no header is configured for title",
        ),
        (
            &["--via", "ast", "--header", "title=Cookie"],
            "a meaning of its own",
        ),
        (&["-a", "commonname=a", "-a", "CommonName=b"], "more than once"),
        (&["-a", "commonname"], "no equals sign"),
        (&["--out", "there.p12"], "--force writes over it"),
        (&["--out", "nowhere/t.p12"], "there is no folder"),
        (&["--out", ".", "--force"], "is a folder"),
        (&["--force"], "--out"),
        (
            &["--out", "t", "--password-out", "t"],
            "is the file of the container",
        ),
        (&["--password-out", "there.p12"], "is not written over"),
        (&["--show-password"], "no terminal"),
        (&["--ask-password"], "no terminal"),
        (&["--length", "4"], "bits of entropy"),
        (
            &["--gateway-url", "https://pgwy.example.com/pgwy", "--via", "ast"],
            "--url or --config",
        ),
        (
            &["--url", "https://127.0.0.1:1/pgwy/api"],
            "--officer: is missing",
        ),
    ] {
        let ended = folder.run(words);
        assert_eq!(ended.code, 2, "{words:?}: {}", ended.all());
        assert!(ended.error.contains(said), "{words:?}: {}", ended.error);
        assert_eq!(folder.names(), before, "{words:?}");
    }
    let kept = std::fs::read_to_string(folder.file("there.p12")).unwrap();
    assert_eq!(kept, "something of somebody's");
    let over = folder.run(&[
        "--json",
        "--out",
        "there.p12",
        "--force",
        "--password-file",
        "password",
    ]);
    over.ended("issued", 0);
    assert!(!over.all().contains("canary"));
    open(&folder.file("there.p12"), &folder.file("password"));
}

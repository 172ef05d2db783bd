//! Opening a container beside OpenSSL's library call on the same file, in one run.
//!
//! `opening/openssl.c` calls `PKCS12_parse`; it is compiled with `cc` against the headers of the system (Debian: libssl-dev). Ours is
//! [`SoftToken::open`], which also puts keys, certificates and chains together. Both parse everything anew each time; of each the
//! shortest of many is taken, in turns, so that a busy machine disturbs both alike. Ours derives on two threads where that is worth it;
//! under `taskset -c 0` both have one.
//!
//! Run it with `cargo bench -p smartid-trust --features pkcs12 --bench opening`. It prints and judges nothing: times are no test. It ends with
//! status 2 when it could not measure.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a bench is a test, and measures time"
)]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use smartid_core::SecretString;
use smartid_trust::SoftToken;
use smartid_trust::pkcs12::{Pkcs12Builder, Pkcs12Policy, Profile, WriteOptions};

const PASSWORD: &str = "test-Passw0rd";
/// How often the two take turns.
const TURNS: u32 = 5;

/// Containers of the corpus; how often each is opened in a turn.
const FILES: [(&str, u32); 9] = [
    ("openssl-rsa1.p12", 40),
    ("openssl-p256.p12", 40),
    ("openssl-rsa1-legacy.p12", 40),
    ("keytool-rsa.p12", 20),
    ("keytool-rsa-legacy.p12", 4),
    ("bc-pkcs12-rsa1.p12", 4),
    ("openssl-iter-100000.p12", 4),
    ("nss-rsa1.p12", 1),
    ("openssl-iter-1000000.p12", 1),
];

struct Openssl(PathBuf);

impl Openssl {
    /// Compiles the other side.
    fn compile(folder: &Path) -> Option<Self> {
        let program = folder.join("openssl-pkcs12");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/opening/openssl.c");
        let mut cc = Command::new("cc");
        cc.args(["-O2", "-Wall", "-o"])
            .arg(&program)
            .args([source, "-lcrypto"]);
        cc.status().ok()?.success().then_some(Self(program))
    }

    /// The shortest time of so many.
    fn open(&self, file: &Path, times: u32) -> Option<Duration> {
        let output = Command::new(&self.0)
            .arg(file)
            .args([PASSWORD, &times.to_string()])
            .output()
            .ok()?;
        let nanoseconds = String::from_utf8(output.stdout).ok()?.trim().parse().ok()?;
        output
            .status
            .success()
            .then_some(Duration::from_nanos(nanoseconds))
    }
}

fn ours(token: &SoftToken, times: u32) -> Option<Duration> {
    let (password, policy) = (SecretString::new(PASSWORD), Pkcs12Policy::default());
    let mut best = None;
    for _ in 0..times {
        let start = Instant::now();
        let opened = black_box(black_box(token).open(&password, &policy));
        let took = start.elapsed();
        opened.ok()?;
        best = Some(best.map_or(took, |best: Duration| best.min(took)));
    }
    best
}

fn compare(openssl: &Openssl, name: &str, file: &Path, times: u32) -> Option<f64> {
    let token = SoftToken::new(std::fs::read(file).ok()?);
    let (mut theirs, mut own) = (Duration::MAX, Duration::MAX);
    for _ in 0..TURNS {
        theirs = theirs.min(openssl.open(file, times)?);
        own = own.min(ours(&token, times)?);
    }
    let ratio = own.as_secs_f64() / theirs.as_secs_f64();
    println!(
        "{name:<28} openssl {:>9.3} ms   ours {:>9.3} ms   ratio {ratio:.2}",
        theirs.as_secs_f64() * 1e3,
        own.as_secs_f64() * 1e3
    );
    Some(ratio)
}

/// What this crate writes by default, and with what is recommended for PBKDF2.
fn written(folder: &Path) -> Vec<(String, PathBuf)> {
    let corpus = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/pkcs12-corpus/good/openssl-rsa1.p12"
    );
    let token = SoftToken::new(std::fs::read(corpus).unwrap());
    let (password, policy) = (SecretString::new(PASSWORD), Pkcs12Policy::default());
    let opened = smartid_trust::pkcs12::Pkcs12::open(token.expose_octets(), &password, &policy).unwrap();
    let options = [
        ("ours, modern", WriteOptions::new(Profile::Modern)),
        ("ours, compatible", WriteOptions::new(Profile::Compatible)),
        (
            "ours, modern, 600 000",
            WriteOptions::new(Profile::Modern).with_iterations(600_000),
        ),
    ];
    options
        .into_iter()
        .enumerate()
        .map(|(number, (name, options))| {
            let written = Pkcs12Builder::from_container(&opened)
                .write(&password, &options)
                .unwrap();
            let file = folder.join(format!("{number}.p12"));
            std::fs::write(&file, written.token().expose_octets()).unwrap();
            (name.to_owned(), file)
        })
        .collect()
}

fn main() -> ExitCode {
    // `cargo test --benches` runs it to see that it does.
    if std::env::args().any(|argument| argument == "--test") {
        return ExitCode::SUCCESS;
    }
    let folder = std::env::temp_dir().join(format!("smartid-trust-opening-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let measured = measure(&folder);
    std::fs::remove_dir_all(&folder).ok();
    if measured.is_some() {
        ExitCode::SUCCESS
    } else {
        eprintln!(
            "could not measure: cc and the headers of OpenSSL 3 (libssl-dev) are needed, and an idle machine"
        );
        ExitCode::from(2)
    }
}

fn measure(folder: &Path) -> Option<()> {
    let openssl = Openssl::compile(folder)?;
    let corpus = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pkcs12-corpus/good"));
    let mut ratios = Vec::new();
    for (name, times) in FILES {
        ratios.push(compare(&openssl, name, &corpus.join(name), times)?);
    }
    for (name, file) in written(folder) {
        ratios.push(compare(&openssl, &name, &file, 3)?);
    }
    let worst = ratios.iter().copied().fold(0.0, f64::max);
    println!("\nratio below 1: ours is faster; the highest is {worst:.2}");
    Some(())
}

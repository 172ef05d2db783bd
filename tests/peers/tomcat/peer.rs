// Starts run.sh for a test and ends it: `#[path = ".../tests/peers/tomcat/peer.rs"] mod tomcat;`. The head of run.sh tells what there is.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// The password of encrypted keys and of PKCS #12 files.
pub(crate) const PASSWORD: &str = "officer-password";

/// Tomcat with its ports and files; ended and removed when it is dropped.
pub(crate) struct Tomcat {
    folder: PathBuf,
    child: Child,
    ports: BTreeMap<String, u16>,
}

impl Tomcat {
    /// The one that other tests of this process are using, or a new one.
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Tomcat>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let tomcat = Arc::new(Self::start());
            *shared = Arc::downgrade(&tomcat);
            tomcat
        })
    }

    /// A new one, after it has said that it is ready.
    pub(crate) fn start() -> Self {
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("smartid-tomcat-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .map(|folder| folder.join("tests/peers/tomcat/run.sh"))
            .find(|script| script.exists())
            .expect("run.sh is in the repository");
        let mut child = Command::new(script)
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell is needed");
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut tomcat = Self {
            folder,
            child,
            ports: BTreeMap::new(),
        };
        let (tells, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if tells.send(line).is_err() {
                    return;
                }
            }
        });
        loop {
            let line = lines.recv_timeout(Duration::from_secs(120)).unwrap_or_else(|_| {
                let log = std::fs::read_to_string(tomcat.folder.join("tomcat.log")).unwrap_or_default();
                panic!("Tomcat did not start: {log}")
            });
            match line.split_once('=') {
                Some((name, port)) => tomcat.ports.insert(name.to_owned(), port.parse().unwrap()),
                None => return tomcat,
            };
        }
    }

    /// Where the application is behind this connector.
    pub(crate) fn url(&self, connector: &str) -> String {
        format!("https://127.0.0.1:{}/pgwy/api", self.ports[connector])
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    pub(crate) fn read(&self, file: &str) -> Vec<u8> {
        std::fs::read(self.path(file)).unwrap()
    }

    pub(crate) fn text(&self, file: &str) -> String {
        String::from_utf8(self.read(file)).unwrap()
    }
}

impl Drop for Tomcat {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

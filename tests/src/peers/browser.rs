//! A real browser, driven through `tests/peers/browser.mjs`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::{Value, json};

use super::{repository, tool};

/// Headless Chromium on a page, with a virtual authenticator; ended when it is dropped.
#[derive(Debug)]
#[non_exhaustive]
pub struct Browser {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

/// What a ceremony gave: the exact texts of both forms of the credential, or the name of the exception.
pub type Ceremony = Result<Texts, String>;

/// The exact texts of a credential.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Texts {
    /// Of `JSON.stringify(credential.toJSON())`.
    pub to_json: String,
    /// Of the form that pages wrote before there was `toJSON()`.
    pub by_hand: String,
}

impl Browser {
    /// Starts it on the page of `https://login.example.test`. `SMARTID_CHROMIUM` names another program than `chromium`, `SMARTID_NODE`
    /// another one than `node`; when one of them, or `openssl`, is missing, that is a panic.
    #[must_use]
    pub fn start() -> Self {
        let mut child = tool("SMARTID_NODE", "node")
            .arg(repository().join("tests/peers/browser.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("node is needed: {error}"));
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut browser = Self { child, input, output };
        let page = browser.open("https://login.example.test/");
        assert_eq!(
            page,
            json!({"origin": "https://login.example.test", "secure": true})
        );
        browser
    }

    /// Goes to another page; where that is, and whether it is a secure context.
    pub fn open(&mut self, url: &str) -> Value {
        self.ask(&json!({"do": "open", "url": url}))
    }

    /// What the browser is and can do.
    pub fn about(&mut self) -> Value {
        self.ask(&json!({"do": "about"}))
    }

    /// Puts another virtual authenticator in the place of the one that was there: CTAP 2.1 on USB with resident keys and user
    /// verification, but for what `changes` says (members of `VirtualAuthenticatorOptions`).
    pub fn authenticator(&mut self, changes: &Value) {
        let mut is = json!({
            "protocol": "ctap2",
            "ctap2Version": "ctap2_1",
            "transport": "usb",
            "hasResidentKey": true,
            "hasUserVerification": true,
            "isUserVerified": true,
            "automaticPresenceSimulation": true,
        });
        for (name, value) in changes.as_object().unwrap() {
            is[name] = value.clone();
        }
        self.ask(&json!({"do": "authenticator", "is": is}));
    }

    /// `navigator.credentials.create()` with the options that `parseCreationOptionsFromJSON()` reads from this text.
    ///
    /// # Errors
    /// The name of the exception.
    pub fn create(&mut self, options: &str) -> Ceremony {
        Self::ceremony(&self.ask(&json!({"do": "create", "options": options})))
    }

    /// As [`create`](Self::create), with options that the page decodes by hand.
    ///
    /// # Errors
    /// The name of the exception.
    pub fn create_by_hand(&mut self, options: &str) -> Ceremony {
        Self::ceremony(&self.ask(&json!({"do": "create", "options": options, "form": "hand"})))
    }

    /// `navigator.credentials.get()`.
    ///
    /// # Errors
    /// The name of the exception.
    pub fn get(&mut self, options: &str) -> Ceremony {
        Self::ceremony(&self.ask(&json!({"do": "get", "options": options})))
    }

    fn ceremony(answer: &Value) -> Ceremony {
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        match text("error") {
            Some(error) => Err(error),
            None => Ok(Texts {
                to_json: text("toJSON").unwrap(),
                by_hand: text("byHand").unwrap(),
            }),
        }
    }

    fn ask(&mut self, command: &Value) -> Value {
        let input = self.input.as_mut().unwrap();
        writeln!(input, "{command}").unwrap_or_else(|error| panic!("the browser is gone: {error}"));
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("the browser is gone (what it said stands above): {error}"));
        assert!(answer.get("failed").is_none(), "{command}: {answer}");
        answer
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Without more commands it ends by itself, and the browser with it.
        self.input = None;
        self.child.wait().ok();
    }
}

//! What a person sees: colours and a spinner on a terminal, plain lines elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use smartid::{Runtime, Timestamp};

/// Whether to print for a person, quietly, or for a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Style {
    /// Steps, link, QR code, summary.
    Human,
    /// Only what has to be shown and the last line.
    Quiet,
    /// One JSON object a line.
    Json,
}

/// Standard output with a style.
#[derive(Clone, Debug)]
pub struct Terminal {
    style: Style,
    colours: bool,
    spinner: bool,
    interactive: bool,
}

impl Terminal {
    /// Colours and the spinner appear only on a terminal, and not when `NO_COLOR` is set.
    #[must_use]
    pub fn new(style: Style) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let interactive = style != Style::Json && std::io::stdout().is_terminal();
        let spinner = style == Style::Human && std::io::stderr().is_terminal();
        Self {
            style,
            colours: interactive && !plain,
            spinner,
            interactive,
        }
    }

    /// Whether a person looks at standard output.
    #[must_use]
    pub fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// The style.
    #[must_use]
    pub fn style(&self) -> Style {
        self.style
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colours {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    /// Green.
    #[must_use]
    pub fn good(&self, text: &str) -> String {
        self.paint("32", text)
    }

    /// Red.
    #[must_use]
    pub fn bad(&self, text: &str) -> String {
        self.paint("31", text)
    }

    /// Dim.
    #[must_use]
    pub fn dim(&self, text: &str) -> String {
        self.paint("2", text)
    }

    /// Bold.
    #[must_use]
    pub fn strong(&self, text: &str) -> String {
        self.paint("1", text)
    }

    /// A line for a person who wants to follow.
    pub fn line(&self, text: &str) {
        if self.style == Style::Human {
            print(&format!("{}{text}\n", self.wipe()));
        }
    }

    /// A line that is always printed for people.
    pub fn always(&self, text: &str) {
        if self.style != Style::Json {
            print(&format!("{}{text}\n", self.wipe()));
        }
    }

    /// A spinner may be in the line.
    fn wipe(&self) -> &'static str {
        if self.spinner && self.interactive {
            "\r\x1b[2K"
        } else {
            ""
        }
    }

    /// A line for a script.
    pub fn json(&self, value: &serde_json::Value) {
        if self.style == Style::Json {
            print(&format!("{value}\n"));
        }
    }

    /// Shows a spinner with the time left until it is dropped; nothing when standard error is no terminal.
    #[must_use]
    pub fn spin(&self, what: &str, runtime: Arc<dyn Runtime>, until: Timestamp) -> Spinner {
        let what = what.to_owned();
        self.turn(runtime, move |now| {
            let left = until.since(now).as_secs();
            format!("{what}  {}:{:02} left ", left / 60, left % 60)
        })
    }

    /// Shows a spinner, and what `tell` says at each turn, until it is dropped; nothing when standard error is no terminal.
    #[must_use]
    pub fn working(&self, runtime: Arc<dyn Runtime>, tell: impl Fn() -> String + Send + 'static) -> Spinner {
        self.turn(runtime, move |_| tell())
    }

    fn turn(
        &self,
        runtime: Arc<dyn Runtime>,
        tell: impl Fn(Timestamp) -> String + Send + 'static,
    ) -> Spinner {
        let running = Arc::new(AtomicBool::new(self.spinner));
        if self.spinner {
            let running = Arc::clone(&running);
            tokio::spawn(async move {
                for frame in ["|", "/", "-", "\\"].into_iter().cycle() {
                    if !running.load(Ordering::Acquire) {
                        break;
                    }
                    error(&format!("\r\x1b[2K{frame} {}", tell(runtime.now())));
                    runtime.sleep(Duration::from_millis(120)).await;
                }
            });
        }
        Spinner(running)
    }
}

/// A running spinner; dropping it wipes its line.
#[derive(Debug)]
pub struct Spinner(Arc<AtomicBool>);

impl Drop for Spinner {
    fn drop(&mut self) {
        if self.0.swap(false, Ordering::AcqRel) {
            error("\r\x1b[2K");
        }
    }
}

/// Writes to standard output; a reader that has gone away (`| head`) is no reason to complain.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _gone = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes to standard error.
pub fn error(text: &str) {
    let mut out = std::io::stderr().lock();
    let _gone = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Text from outside on one line: what would move the cursor or turn the text is written as an escape.
#[must_use]
pub fn printable(text: &str) -> String {
    let hidden = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let mut clean = String::with_capacity(text.len());
    for letter in text.chars() {
        if hidden(letter) {
            clean.extend(letter.escape_default());
        } else {
            clean.push(letter);
        }
    }
    clean
}

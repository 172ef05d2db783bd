//! A link as a picture for a camera: as SVG for a page, as PNG for a mail, as text for a terminal.
//!
//! A QR code must be dark on light with a light margin of four modules, or many readers fail. A terminal has its own colours, so the
//! text sets black on white itself; whoever must do without escape sequences says which way round the terminal is.

use std::fmt;
use std::fmt::Write as _;

use fast_qr::{ECL, QRBuilder};

mod png;

pub use png::PngOptions;

/// The longest payload in bytes: what still makes a code that a phone reads from a screen.
pub const MAX_PAYLOAD: usize = 1024;

/// The light margin that ISO/IEC 18004 asks for, in modules.
const QUIET: usize = 4;

/// The text does not fit into a QR code that can be read from a screen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the link has {0} bytes, too many for a QR code (at most {MAX_PAYLOAD}); show it as a link")]
#[non_exhaustive]
pub struct QrError(usize);

/// A QR code. It is the link in another form, and as secret: `Debug` is blind.
///
/// ```
/// let link = smartid_hermod::PlugoutLink::build("https://h.example.test/ms/box-1", "t-1")?;
/// let code = link.qr()?;
/// assert!(code.expose_svg().starts_with("<svg "));
/// assert!(code.expose_terminal().lines().count() > 15);
/// assert_eq!(format!("{code:?}"), "QrCode(..)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct QrCode {
    width: usize,
    dark: Vec<bool>,
}

impl QrCode {
    pub(crate) fn of(text: &str) -> Result<Self, QrError> {
        let refused = || QrError(text.len());
        if text.len() > MAX_PAYLOAD {
            return Err(refused());
        }
        let code = QRBuilder::new(text).ecl(ECL::M).build().map_err(|_| refused())?;
        let count = code.size * code.size;
        let dark: Vec<bool> = code
            .data
            .get(..count)
            .ok_or_else(refused)?
            .iter()
            .map(|module| module.value())
            .collect();
        Ok(Self {
            width: code.size,
            dark,
        })
    }

    /// The width, which is the height, in modules, without margin.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// The rows from the top, dark modules `true`, without margin.
    pub fn modules(&self) -> impl Iterator<Item = &[bool]> {
        self.dark.chunks(self.width)
    }

    fn is_dark(&self, row: usize, column: usize) -> bool {
        self.is_dark_within(QUIET, row, column)
    }

    fn is_dark_within(&self, margin: usize, row: usize, column: usize) -> bool {
        let inside = |place: usize| place.checked_sub(margin).filter(|place| *place < self.width);
        match (inside(row), inside(column)) {
            (Some(row), Some(column)) => self
                .dark
                .get(row * self.width + column)
                .copied()
                .unwrap_or_default(),
            _ => false,
        }
    }

    /// An SVG document, black on white with its margin, sized by whatever contains it. It shows the link to any camera.
    #[must_use]
    pub fn expose_svg(&self) -> String {
        let side = self.width + 2 * QUIET;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\" role=\"img\" \
             aria-label=\"QR code\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path fill=\"#000\" d=\""
        );
        for row in 0..side {
            let mut column = 0;
            while column < side {
                let run = (column..side)
                    .take_while(|column| self.is_dark(row, *column))
                    .count();
                if run > 0 {
                    // Writing to a string does not fail.
                    let _ = write!(svg, "M{column} {row}h{run}v1h-{run}z");
                }
                column += run.max(1);
            }
        }
        svg.push_str("\"/></svg>");
        svg
    }

    /// A PNG, black on white with its margin. It shows the link to any camera.
    #[must_use]
    pub fn expose_png(&self, options: &PngOptions) -> Vec<u8> {
        let PngOptions { scale, margin } = *options;
        png::encode(self.width + 2 * margin, scale, |row, column| {
            self.is_dark_within(margin, row, column)
        })
    }

    /// Lines for a terminal that knows ANSI colours, black on white whatever its own colours are, two rows of modules in a line.
    #[must_use]
    pub fn expose_terminal(&self) -> String {
        self.lines("\u{1b}[38;5;16;48;5;231m", "\u{1b}[0m", true)
    }

    /// The same without escape sequences. `dark_background`: whether the terminal is light on dark.
    #[must_use]
    pub fn expose_plain(&self, dark_background: bool) -> String {
        self.lines("", "", !dark_background)
    }

    /// `ink_is_dark`: whether the foreground colour stands for a dark module.
    fn lines(&self, start: &str, end: &str, ink_is_dark: bool) -> String {
        let side = self.width + 2 * QUIET;
        let mut text = String::with_capacity((side * 3 + start.len() + end.len() + 1) * side.div_ceil(2));
        for row in (0..side).step_by(2) {
            text.push_str(start);
            for column in 0..side {
                let ink = |row| row < side && self.is_dark(row, column) == ink_is_dark;
                text.push(match (ink(row), ink(row + 1)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            text.push_str(end);
            text.push('\n');
        }
        text
    }
}

impl fmt::Debug for QrCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            width: _blind,
            dark: _also,
        } = self;
        f.write_str("QrCode(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code() -> QrCode {
        QrCode::of("com.nexusgroup.plugout:///?url=https%3A%2F%2Fh%2Fb&token=t").unwrap()
    }

    #[test]
    fn the_finder_patterns_stand_in_three_corners_inside_a_margin() {
        let code = code();
        let last = QUIET + code.width - 1;
        for (row, column) in [(QUIET, QUIET), (QUIET, last), (last, QUIET)] {
            assert!(code.is_dark(row, column), "{row} {column}");
        }
        assert!((0..QUIET).all(|row| (0..last).all(|column| !code.is_dark(row, column))));
        assert_eq!(code.modules().count(), code.width());
    }

    #[test]
    fn all_forms_show_the_same_modules() {
        let code = code();
        let side = code.width + 2 * QUIET;
        let read = |text: &str, ink_is_dark: bool| -> Vec<bool> {
            let mut rows = vec![Vec::new(); side + 1];
            for (line, text) in text.lines().enumerate() {
                for letter in text.chars().filter(|c| "█▀▄ ".contains(*c)) {
                    rows[line * 2].push("█▀".contains(letter) == ink_is_dark);
                    rows[line * 2 + 1].push("█▄".contains(letter) == ink_is_dark);
                }
            }
            rows.truncate(side);
            rows.concat()
        };
        let all: Vec<bool> = (0..side)
            .flat_map(|row| (0..side).map(move |column| (row, column)))
            .map(|(row, column)| code.is_dark(row, column))
            .collect();
        let coloured = code
            .expose_terminal()
            .replace("\u{1b}[38;5;16;48;5;231m", "")
            .replace("\u{1b}[0m", "");
        assert!(!coloured.contains('\u{1b}'));
        assert_eq!(read(&coloured, true), all);
        assert_eq!(read(&code.expose_plain(false), true), all);
        assert_eq!(read(&code.expose_plain(true), false), all);
        let drawn: usize = code
            .expose_svg()
            .split('h')
            .filter_map(|part| part.split_once("v1"))
            .map(|(run, _)| run.parse::<usize>().unwrap())
            .sum();
        assert_eq!(drawn, all.iter().filter(|dark| **dark).count());
    }

    #[test]
    fn a_payload_over_the_cap_is_refused() {
        assert!(QrCode::of(&"a".repeat(MAX_PAYLOAD)).is_ok());
        assert_eq!(
            QrCode::of(&"a".repeat(MAX_PAYLOAD + 1)).unwrap_err(),
            QrError(MAX_PAYLOAD + 1)
        );
        assert!(!format!("{:?}", code()).contains("true"));
    }
}

//! Error bodies of Smart ID Messaging. Their form is unknown; `hideExceptions` points to Spring Boot's, which is what is played
//! (protocol notes: hermod 7, I).

use serde_json::json;

use crate::net::message::Reply;

/// A refusal before it is written down.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// Stable word for the records.
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    pub(crate) fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    pub(crate) fn reply(&self, path: &str, unix_millis: u64, hide: bool) -> Reply {
        let mut body = json!({
            "timestamp": timestamp(unix_millis),
            "status": self.status,
            "error": reason(self.status),
            "path": path,
        });
        if !hide {
            crate::json::put(&mut body, "/message", json!(self.message));
        }
        Reply::json(self.status, &body).with_code(self.code)
    }
}

fn reason(status: u16) -> &'static str {
    http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Error")
}

/// `2026-01-01T00:00:00.000+00:00`, as Spring Boot writes it.
pub(crate) fn timestamp(unix_millis: u64) -> String {
    let seconds = unix_millis / 1000;
    let (days, in_day) = (seconds / 86_400, seconds % 86_400);
    // Civil date from a day count, in the proleptic Gregorian calendar, years counted from March.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 {
        month_index + 3
    } else {
        month_index - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}+00:00",
        in_day / 3600,
        in_day % 3600 / 60,
        in_day % 60,
        unix_millis % 1000
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_right() {
        assert_eq!(timestamp(0), "1970-01-01T00:00:00.000+00:00");
        assert_eq!(timestamp(1_767_225_600_123), "2026-01-01T00:00:00.123+00:00");
        assert_eq!(timestamp(1_709_251_199_000), "2024-02-29T23:59:59.000+00:00");
    }

    #[test]
    fn hiding_leaves_the_message_out() {
        let refusal = Refusal::bad("x", "because");
        let text = String::from_utf8(refusal.reply("/p", 0, true).body.to_vec()).unwrap();
        assert!(!text.contains("because") && text.contains("\"Bad Request\""));
    }
}

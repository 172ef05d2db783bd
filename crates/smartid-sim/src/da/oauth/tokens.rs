//! Access tokens that were given out. They live by the simulator's clock.

use std::time::Duration;

/// So many are remembered; the oldest go first.
const KEPT: usize = 4096;

/// An access token. It cannot be printed.
#[derive(Clone)]
pub(in crate::da) struct Token {
    pub(in crate::da) text: String,
    pub(in crate::da) client: String,
    pub(in crate::da) scopes: Vec<String>,
    /// Whose it is; none for a client's own.
    pub(in crate::da) user: Option<String>,
    /// The code that it was given for: when that is used a second time, the token ends (RFC 6749 4.1.2).
    pub(in crate::da) code: Option<String>,
    pub(in crate::da) expires_at: Duration,
}

impl Token {
    pub(in crate::da) fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|own| own == scope)
    }
}

/// All of them.
#[derive(Default)]
pub(in crate::da) struct Tokens(Vec<Token>);

impl Tokens {
    pub(in crate::da) fn keep(&mut self, token: Token) {
        if self.0.len() >= KEPT {
            self.0.remove(0);
        }
        self.0.push(token);
    }

    /// A token that is known, neither revoked nor expired.
    pub(in crate::da) fn active(&self, text: &str, now: Duration) -> Option<&Token> {
        self.0
            .iter()
            .find(|token| token.text == text && now < token.expires_at)
    }

    /// Whose token it is, expired or not.
    pub(in crate::da) fn client_of(&self, text: &str) -> Option<&str> {
        let token = self.0.iter().find(|token| token.text == text)?;
        Some(&token.client)
    }

    pub(in crate::da) fn revoke(&mut self, text: &str) {
        self.0.retain(|token| token.text != text);
    }

    /// Ends what was given for a code.
    pub(in crate::da) fn revoke_code(&mut self, code: &str) {
        self.0.retain(|token| token.code.as_deref() != Some(code));
    }

    /// Ends them all.
    pub(in crate::da) fn clear(&mut self) {
        self.0.clear();
    }

    pub(in crate::da) fn count(&self, now: Duration) -> usize {
        self.0.iter().filter(|token| now < token.expires_at).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(number: usize) -> Token {
        Token {
            text: number.to_string(),
            client: "c".into(),
            scopes: vec!["WS".into()],
            user: None,
            code: None,
            expires_at: Duration::from_secs(10),
        }
    }

    #[test]
    fn the_oldest_go_first() {
        let mut tokens = Tokens::default();
        (0..=KEPT).for_each(|number| tokens.keep(token(number)));
        assert!(tokens.active("0", Duration::ZERO).is_none());
        assert!(
            tokens
                .active("1", Duration::ZERO)
                .is_some_and(|token| token.has("WS") && !token.has("ws"))
        );
        assert_eq!(
            (
                tokens.count(Duration::ZERO),
                tokens.count(Duration::from_secs(10))
            ),
            (KEPT, 0)
        );
        assert!(tokens.active("1", Duration::from_secs(10)).is_none());
    }
}

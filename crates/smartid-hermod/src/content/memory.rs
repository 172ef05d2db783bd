//! A source for content that is made beside the command, in the same program: an authentication image lives as long as its command.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use smartid_core::{BoxFuture, Runtime, Timestamp, random_id};

use super::{Content, ContentError, ContentKind, ContentSource};
use crate::ids::ContentId;

/// How many pictures are kept at most, unless set.
pub const DEFAULT_CAPACITY: usize = 10_000;

/// Keeps content in memory until it expires. Only the process that made it can serve it.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use smartid_core::{ManualRuntime, Timestamp};
/// use smartid_hermod::content::{Content, ContentKind, ContentSource, MemoryContent};
///
/// let runtime = ManualRuntime::new(Timestamp::from_millis(0));
/// let source = MemoryContent::new(Arc::new(runtime.clone()));
/// let image = Content::auth_image(&[0xFF, 0xD8, 0xFF, 0xD9])?;
/// let id = source.add(ContentKind::Image, image.clone(), Duration::from_secs(300))?;
/// assert!(id.as_str().starts_with("AUTH:")); // goes into the command
///
/// assert_eq!(runtime.block_on(source.content(&id))?, Ok(Some(image)));
/// runtime.advance(Duration::from_secs(300));
/// assert_eq!(runtime.block_on(source.content(&id))?, Ok(None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct MemoryContent {
    runtime: Arc<dyn Runtime>,
    capacity: usize,
    kept: Mutex<HashMap<ContentId, (Content, Timestamp)>>,
}

impl MemoryContent {
    /// Empty, for [`DEFAULT_CAPACITY`] ids.
    #[must_use]
    pub fn new(runtime: Arc<dyn Runtime>) -> Self {
        Self {
            runtime,
            capacity: DEFAULT_CAPACITY,
            kept: Mutex::default(),
        }
    }

    /// Sets how many ids are kept at most.
    #[must_use]
    pub fn with_capacity(mut self, ids: usize) -> Self {
        self.capacity = ids;
        self
    }

    /// Keeps `content` for `keep` under a new id, a random UUID with the prefix of its kind.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn add(
        &self,
        kind: ContentKind,
        content: Content,
        keep: Duration,
    ) -> Result<ContentId, ContentError> {
        let id = ContentId::of(kind, &uuid(&random_id(&*self.runtime)));
        self.put(id.clone(), content, keep)?;
        Ok(id)
    }

    /// Keeps `content` for `keep` under an id of one's own, in the place of what is there.
    ///
    /// # Errors
    /// [`ContentError`] when the store is full of content that has not expired.
    pub fn put(&self, id: ContentId, content: Content, keep: Duration) -> Result<(), ContentError> {
        let now = self.runtime.now();
        let mut kept = self.kept();
        if kept.len() >= self.capacity && !kept.contains_key(&id) {
            kept.retain(|_, (_, expires)| now < *expires);
            if kept.len() >= self.capacity {
                return Err(ContentError::new("the store is full"));
            }
        }
        kept.insert(id, (content, now + keep));
        Ok(())
    }

    /// Forgets an id; whether it was there.
    pub fn remove(&self, id: &ContentId) -> bool {
        self.kept().remove(id).is_some()
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<ContentId, (Content, Timestamp)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, id: &ContentId) -> Option<Content> {
        let now = self.runtime.now();
        let mut kept = self.kept();
        let (content, expires) = kept.get(id)?;
        if now < *expires {
            return Some(content.clone());
        }
        kept.remove(id);
        None
    }
}

/// 32 hexadecimal digits as a random UUID (RFC 9562, version 4).
fn uuid(digits: &str) -> String {
    let mut text = String::with_capacity(36);
    for (at, digit) in digits.chars().enumerate() {
        if [8, 12, 16, 20].contains(&at) {
            text.push('-');
        }
        text.push(match at {
            12 => '4',
            16 => match digit {
                '0' | '4' | '8' | 'c' => '8',
                '1' | '5' | '9' | 'd' => '9',
                '2' | '6' | 'a' | 'e' => 'a',
                _ => 'b',
            },
            _ => digit,
        });
    }
    text
}

impl ContentSource for MemoryContent {
    fn content<'a>(&'a self, id: &'a ContentId) -> BoxFuture<'a, Result<Option<Content>, ContentError>> {
        Box::pin(std::future::ready(Ok(self.get(id))))
    }
}

impl fmt::Debug for MemoryContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryContent")
            .field("kept", &self.kept().len())
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use smartid_core::ManualRuntime;

    use super::*;

    #[test]
    fn a_full_store_refuses_until_something_expires_or_goes() {
        let runtime = ManualRuntime::new(Timestamp::from_millis(0));
        let source = MemoryContent::new(Arc::new(runtime.clone())).with_capacity(2);
        let image = Content::auth_image(&[0xFF, 0xD8, 0xFF]).unwrap();
        let put = |id: &str, seconds| source.put(id.into(), image.clone(), Duration::from_secs(seconds));
        put("a", 10).unwrap();
        put("b", 20).unwrap();
        assert!(put("c", 10).is_err());
        put("a", 10).unwrap();
        runtime.advance(Duration::from_secs(10));
        put("c", 10).unwrap();
        let there = |id: &str| source.get(&id.into()).is_some();
        assert!(!there("a") && there("b") && there("c"));
        assert!(source.remove(&"c".into()) && !source.remove(&"c".into()));
        put("d", 1).unwrap();
        assert!(!format!("{source:?}").contains("\"d\""));
    }

    #[test]
    fn ids_are_random_uuids() {
        let runtime = ManualRuntime::new(Timestamp::from_millis(0));
        let source = MemoryContent::new(Arc::new(runtime));
        let image = Content::auth_image(&[0xFF, 0xD8, 0xFF]).unwrap();
        let add = |kind| source.add(kind, image.clone(), Duration::from_secs(1)).unwrap();
        let (one, other) = (add(ContentKind::Card), add(ContentKind::Card));
        assert_ne!(one, other);
        let text = one.as_str().strip_prefix("PROV:").unwrap();
        assert!(text.split('-').map(str::len).eq([8, 4, 4, 4, 12]), "{text}");
        assert_eq!(
            uuid("ffffffffffffffffffffffffffffffff"),
            "ffffffff-ffff-4fff-bfff-ffffffffffff"
        );
        assert_eq!(
            uuid("00000000000000000000000000000000"),
            "00000000-0000-4000-8000-000000000000"
        );
        assert_eq!(add(ContentKind::Other).kind(), ContentKind::Other);
    }
}

//! What a wait uses: lent to it, or its own. A wait inside a function borrows; a stream that is handed to a web server cannot.

use std::ops::Deref;
use std::sync::Arc;

pub(super) enum Lent<'a, T: ?Sized> {
    Borrowed(&'a T),
    Shared(Arc<T>),
}

impl<T: ?Sized> Deref for Lent<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Borrowed(value) => value,
            Self::Shared(value) => value,
        }
    }
}

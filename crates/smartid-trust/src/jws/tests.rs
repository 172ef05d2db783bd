//! Tests of what is not public.

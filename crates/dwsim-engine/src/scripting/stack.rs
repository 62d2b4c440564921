//! Futures whose polling may nest deeply: procedures that call procedures.
//! The stack grows before it runs out.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures::future::BoxFuture;

/// Bytes that must be left before a block is polled.
const RED_ZONE: usize = 1 << 20;
/// Bytes that are added when they are not.
const SEGMENT: usize = 8 << 20;

/// A future that is polled on a stack with room.
pub(super) struct Roomy<'a, T>(pub BoxFuture<'a, T>);

impl<T> Future for Roomy<'_, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        stacker::maybe_grow(RED_ZONE, SEGMENT, || self.0.as_mut().poll(cx))
    }
}

//! Where the run goes after a statement.
//! Errors are `raised`.

use super::interpreter::Finished;

/// What comes after a statement.
#[derive(Debug)]
pub(super) enum Flow {
    /// The next statement.
    Next,
    /// Behind the loop or block of this label, or the innermost loop.
    Break(Option<String>),
    /// The next round of the loop of this label, or of the innermost one.
    Continue(Option<String>),
    /// The end of the block.
    Return(Finished),
}

/// What a loop does with its body's outcome.
pub(super) enum Round {
    Again,
    Over,
    Pass(Flow),
}

/// Decides for a loop with this label.
pub(super) fn round(flow: Flow, label: Option<&String>) -> Round {
    match flow {
        Flow::Next | Flow::Continue(None) => Round::Again,
        Flow::Break(None) => Round::Over,
        Flow::Continue(Some(l)) if Some(&l) == label => Round::Again,
        Flow::Break(Some(l)) if Some(&l) == label => Round::Over,
        other => Round::Pass(other),
    }
}

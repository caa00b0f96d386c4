//! What one check found.

use std::fmt;

/// How grave it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grade {
    /// As it should be.
    Ok,
    /// It works today and soon may not, or it could be safer.
    Warn,
    /// The broker cannot serve like this, or must not.
    Fail,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) grade: Grade,
    /// What was looked at.
    pub(super) check: &'static str,
    /// What was found.
    pub(super) says: String,
}

impl Finding {
    pub(super) fn ok(check: &'static str, says: impl Into<String>) -> Self {
        Self { grade: Grade::Ok, check, says: says.into() }
    }

    pub(super) fn warn(check: &'static str, says: impl Into<String>) -> Self {
        Self { grade: Grade::Warn, check, says: says.into() }
    }

    pub(super) fn fail(check: &'static str, says: impl Into<String>) -> Self {
        Self { grade: Grade::Fail, check, says: says.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grade = match self.grade {
            Grade::Ok => "ok  ",
            Grade::Warn => "warn",
            Grade::Fail => "fail",
        };
        write!(formatter, "{grade} {}: {}", self.check, self.says)
    }
}

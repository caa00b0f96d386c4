//! What is wrong with a configuration: where, and which rule. Never the value.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

/// One fault of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFault {
    /// Where: a key such as `listen.address`, or `line 3`.
    pub path: String,
    /// Rule it breaks.
    pub rule: Cow<'static, str>,
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.path, self.rule)
    }
}

/// A configuration cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The document cannot be read.
    #[error("the configuration {} cannot be read", path.display())]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It breaks rules. Each is named.
    #[error("the configuration has faults ({})", .0.len())]
    Faulty(Vec<ConfigFault>),
}

impl ConfigError {
    /// The faults, one by one. None for a document that cannot be read.
    #[must_use]
    pub fn faults(&self) -> &[ConfigFault] {
        match self {
            Self::Unreadable { .. } => &[],
            Self::Faulty(faults) => faults,
        }
    }
}

/// Faults as they are found.
#[derive(Default)]
pub(super) struct Faults(Vec<ConfigFault>);

impl Faults {
    pub(super) fn add(&mut self, path: impl Into<String>, rule: impl Into<Cow<'static, str>>) {
        self.0.push(ConfigFault { path: path.into(), rule: rule.into() });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_error(self) -> ConfigError {
        ConfigError::Faulty(self.0)
    }
}

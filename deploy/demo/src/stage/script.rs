//! What a stage is set with: the shipped directory and bundle, as they lie or at a time of one's
//! own.
//!
//! Owns reading the shipped files and the dates of an agreement. Promises that nothing else of an
//! agreement is changed, and that one whose dates are not found is an error and not left as it is.
//! Deliberately does not know what an agreement permits.

use std::path::Path;

use time::{Date, Duration, OffsetDateTime};

use super::StageError;

const YEAR: Duration = Duration::days(365);

/// What a stage is set with.
pub struct Script {
    /// Directory document without issuing keys.
    pub directory: String,
    /// Files of the policy bundle: path and text.
    pub bundle: Vec<(String, String)>,
    /// Seconds between signed checkpoints.
    pub checkpoint_seconds: u64,
}

/// The dates of an agreement; each begins at midnight, UTC.
#[derive(Clone, Copy, Debug)]
pub struct Term {
    /// Its first day.
    pub start: Date,
    /// By when it is to be looked at again.
    pub review: Date,
    /// The first day on which it no longer stands.
    pub expiry: Date,
}

impl Term {
    /// Begun a year ago, to be reviewed in a year, over in two.
    #[must_use]
    pub const fn around(now: OffsetDateTime) -> Self {
        let today = now.date();
        Self {
            start: today.saturating_sub(YEAR),
            review: today.saturating_add(YEAR),
            expiry: today.saturating_add(YEAR).saturating_add(YEAR),
        }
    }

    /// Reviewed on the day on which it is over.
    #[must_use]
    pub const fn ending(self, expiry: Date) -> Self {
        Self { review: expiry, expiry, ..self }
    }

    /// The text of an agreement, with these dates in place of its own.
    fn put_into(self, text: &str) -> Option<String> {
        let dates = [("start", self.start), ("review", self.review), ("expiry", self.expiry)];
        let mut found = 0;
        let lines: Vec<String> = text
            .lines()
            .map(|line| {
                let of = |key: &str| line.strip_prefix(key).is_some_and(|r| r.starts_with(" = \""));
                let Some((key, date)) = dates.iter().find(|(key, _)| of(key)) else {
                    return line.to_owned();
                };
                found += 1;
                format!("{key} = \"{date}\"")
            })
            .collect();
        (found == dates.len()).then(|| lines.join("\n") + "\n")
    }
}

impl Script {
    /// The shipped directory and bundle, read from the source tree: its agreements end when they
    /// say.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn shipped() -> Result<Self, StageError> {
        let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let directory =
            std::fs::read_to_string(deploy.join("directory").join("greater-manchester.toml"))?;
        let root = deploy.join("policies").join("stockport");
        let mut bundle = Vec::new();
        for folder in ["agreements", "agencies"] {
            for file in std::fs::read_dir(root.join(folder))? {
                let path = file?.path();
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                bundle.push((format!("{folder}/{name}"), std::fs::read_to_string(&path)?));
            }
        }
        bundle.sort();
        Ok(Self { directory, bundle, checkpoint_seconds: 1 })
    }

    /// The same with every agreement in force at a time, however long ago it was shipped.
    ///
    /// # Errors
    /// As [`Script::shipped`], or an agreement has no dates.
    pub fn in_force(now: OffsetDateTime) -> Result<Self, StageError> {
        Self::shipped()?.put_in_force(now)
    }

    /// This script with every agreement in force at a time.
    ///
    /// # Errors
    /// An agreement has no dates.
    pub fn put_in_force(mut self, now: OffsetDateTime) -> Result<Self, StageError> {
        for (path, text) in &mut self.bundle {
            if path.starts_with("agreements/") {
                *text = dated(path, text, Term::around(now))?;
            }
        }
        Ok(self)
    }

    /// The same with other dates for one agreement.
    ///
    /// # Errors
    /// There is no such agreement, or it has no dates.
    pub fn with_term(mut self, agreement: &str, term: Term) -> Result<Self, StageError> {
        let file = self.bundle.iter_mut().find(|(path, _)| path == agreement);
        let (path, text) = file.ok_or_else(|| format!("the bundle has no {agreement}"))?;
        *text = dated(path, text, term)?;
        Ok(self)
    }
}

fn dated(path: &str, text: &str, term: Term) -> Result<String, StageError> {
    term.put_into(text).ok_or_else(|| format!("{path}: three dates were expected").into())
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn the_shipped_agreements_can_be_put_in_force_in_any_year() {
        let script = Script::in_force(datetime!(2036-02-29 23:00 UTC)).unwrap();
        let agreements = script.bundle.iter().filter(|(path, _)| path.starts_with("agreements/"));
        let mut count = 0;
        for (path, text) in agreements {
            count += 1;
            for line in
                ["start = \"2035-03-01\"", "review = \"2037-02-28\"", "expiry = \"2038-02-28\""]
            {
                assert_eq!(text.matches(&format!("\n{line}\n")).count(), 1, "{path}: {line}");
            }
        }
        assert_eq!(count, 17);
    }

    #[test]
    fn other_dates_change_the_lines_of_the_dates_and_no_others() {
        let agreement = "agreements/release-alerts.toml";
        let term = Term {
            start: date!(2026 - 04 - 01),
            review: date!(2027 - 04 - 01),
            expiry: date!(2028 - 04 - 01),
        };
        let shipped = Script::shipped().unwrap();
        let same = Script::shipped().unwrap().with_term(agreement, term).unwrap();
        assert_eq!(same.bundle, shipped.bundle, "these are the dates that it is shipped with");
        assert!(shipped.with_term("agreements/no-such.toml", term).is_err());
        assert!(term.put_into("start = \"2026-04-01\"\nexpiry = \"2028-04-01\"\n").is_none());
    }
}

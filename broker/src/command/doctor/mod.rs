//! `broker doctor`: everything the broker needs of this machine, one line for each check.
//!
//! Promises that it changes nothing, that a check which cannot be made is a failure, and that it
//! exits failing exactly if a check failed. Looks at what `serve` would use; says nothing of
//! whether a broker is running, which its own health does.

mod files;

mod finding;

mod floor;

mod ledger;

mod machine;

mod trust;

use std::path::Path;
use std::sync::Arc;

use broker::clock::{Clock, SystemClock};
use broker::config::Config;

use super::failure::Failure;
use super::say;
use finding::{Finding, Grade};

/// Makes every check.
pub(super) fn run(path: &Path) -> Result<(), Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let findings = match Config::load(path) {
        Ok(config) => look(path, &config, &clock),
        // Nothing else can be looked at without it.
        Err(error) => error_findings("configuration", &Failure::from(error)),
    };
    for finding in &findings {
        say(finding)?;
    }
    let failed = findings.iter().filter(|finding| finding.grade == Grade::Fail).count();
    if failed == 0 { Ok(()) } else { Err(Failure::Checks(format!("checks failed: {failed}"))) }
}

fn look(path: &Path, config: &Config, clock: &Arc<dyn Clock>) -> Vec<Finding> {
    let mut findings = vec![Finding::ok("configuration", "every key is good")];
    findings.extend(files::there(config));
    findings.extend(files::rights(path, config));
    findings.extend(files::keys(config));
    findings.extend(files::tls(&config.listen.files, clock));
    findings.extend(files::collector(config));
    findings.extend(files::notices(config));
    findings.extend(trust::look(config, clock));
    findings.extend(ledger::look(config));
    findings.push(floor::look(config));
    findings.push(machine::disk(config));
    findings.push(machine::open_files(config.listen.connections_max));
    findings.push(machine::clock(path, config, clock.now()));
    findings
}

/// A failure as findings, one for each fault it names.
fn error_findings(check: &'static str, failure: &Failure) -> Vec<Finding> {
    let lines = failure.lines();
    let plain = |line: &String| line.trim_start_matches("broker: ").trim().to_owned();
    lines.iter().map(|line| Finding::fail(check, plain(line))).collect()
}

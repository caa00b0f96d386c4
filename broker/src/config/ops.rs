//! `[ops]`: what the people who run the broker look at, and how it stops.

use std::net::{Ipv4Addr, SocketAddr};

use crate::ops::traces::TracesOptions;

use super::fault::Faults;
use super::section::Section;
use super::traces;

/// Port of the figures and of health.
pub const METRICS_PORT_DEFAULT: u16 = 9_464;
/// Seconds that open streams are given to finish.
pub const DRAIN_SECONDS_DEFAULT: u64 = 20;
/// What is written to have no operators' listener.
const OFF: &str = "off";

/// How the broker is watched and stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpsConfig {
    /// Where figures and health are served in plain HTTP, without a caller's name. Only an
    /// address of this machine. `None`: nowhere.
    pub metrics_address: Option<SocketAddr>,
    /// Seconds from the signal to stop until connections still open are cut.
    pub drain_seconds: u64,
    /// Where traces go, and how many of them. `None`: none are made.
    pub traces: Option<TracesOptions>,
}

/// Reads the section.
pub(super) fn read(mut section: Section<'_>, faults: &mut Faults) -> Option<OpsConfig> {
    let metrics_address = metrics_address(&mut section, faults);
    let drain_seconds = section.whole("drain_seconds", DRAIN_SECONDS_DEFAULT, 1..=600, faults);
    let traces = traces::read(&mut section, faults);
    section.finish(faults);
    Some(OpsConfig {
        metrics_address: metrics_address?,
        drain_seconds: drain_seconds?,
        traces: traces?,
    })
}

fn metrics_address(section: &mut Section<'_>, faults: &mut Faults) -> Option<Option<SocketAddr>> {
    const KEY: &str = "metrics_address";
    if !section.has(KEY) {
        return Some(Some(SocketAddr::from((Ipv4Addr::LOCALHOST, METRICS_PORT_DEFAULT))));
    }
    let text = section.text(KEY, 64, faults)?;
    if text == OFF {
        return Some(None);
    }
    let address: Option<SocketAddr> = text.parse().ok();
    let address = address.filter(|address| address.ip().is_loopback());
    if address.is_none() {
        faults
            .add(section.path(KEY), "is an address of this machine such as 127.0.0.1:9464, or off");
    }
    address.map(Some)
}

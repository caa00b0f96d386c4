//! `[listen]`: the door agencies come in by.

use std::time::Duration;

use crate::listen::{CONNECTIONS_MAX_DEFAULT, HANDSHAKE_TIMEOUT_DEFAULT, ListenOptions, TlsFiles};

use super::fault::Faults;
use super::section::Section;

/// Reads the section. What it does not set has the defaults of `listen`.
pub(super) fn read(mut section: Section<'_>, faults: &mut Faults) -> Option<ListenOptions> {
    let address = section.address("address", faults);
    let certificate = section.file("certificate", faults);
    let key = section.file("key", faults);
    let authorities = section.file("authorities", faults);
    let revocation_lists = section.file("revocation_lists", faults);
    let seconds = HANDSHAKE_TIMEOUT_DEFAULT.as_secs();
    let handshake_seconds = section.whole("handshake_seconds", seconds, 1..=60, faults);
    let connections = u64::try_from(CONNECTIONS_MAX_DEFAULT).unwrap_or(u64::MAX);
    let connections_max = section.whole("connections_max", connections, 1..=65_536, faults);
    section.finish(faults);
    let files = TlsFiles {
        certificate: certificate?,
        key: key?,
        authorities: authorities?,
        revocation_lists: revocation_lists?,
    };
    Some(ListenOptions {
        handshake_timeout: Duration::from_secs(handshake_seconds?),
        connections_max: usize::try_from(connections_max?).ok()?,
        ..ListenOptions::new(address?, files)
    })
}

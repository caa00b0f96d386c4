//! The keys of `[ops]` that begin with `otlp_`: where traces go.
//!
//! Promises that nothing leaves this machine without TLS, and nothing over TLS without roots that
//! are named. Opens no file and asks no name server.

use std::net::{IpAddr, SocketAddr};

use http::Uri;

use crate::ops::traces::{
    COLLECTOR_PORT_DEFAULT, Collector, SAMPLED_PERCENT_DEFAULT, TracesOptions,
};

use super::fault::Faults;
use super::section::Section;

const ENDPOINT: &str = "otlp_endpoint";
const AUTHORITIES: &str = "otlp_authorities";
const PERCENT: &str = "otlp_sampled_percent";
const ENDPOINT_CHARACTERS_MAX: usize = 300;
const ENDPOINT_RULE: &str = "is http:// and an address of this machine such as \
     http://127.0.0.1:4317, or https:// and the name in the collector's certificate";

/// Reads the three keys. Without an endpoint the other two may stand and do nothing.
pub(super) fn read(
    section: &mut Section<'_>,
    faults: &mut Faults,
) -> Option<Option<TracesOptions>> {
    let percent = section.whole(PERCENT, SAMPLED_PERCENT_DEFAULT, 1..=100, faults);
    let roots_named = section.has(AUTHORITIES);
    let authorities = if roots_named { section.file(AUTHORITIES, faults) } else { None };
    if !section.has(ENDPOINT) {
        return Some(None);
    }
    let text = section.text(ENDPOINT, ENDPOINT_CHARACTERS_MAX, faults)?;
    let collector = match endpoint(&text) {
        None => {
            faults.add(section.path(ENDPOINT), ENDPOINT_RULE);
            return None;
        }
        Some(Endpoint::Here(_)) if roots_named => {
            faults
                .add(section.path(AUTHORITIES), "belongs to https://, and the endpoint is http://");
            return None;
        }
        Some(Endpoint::Here(address)) => Collector::Here(address),
        Some(Endpoint::There { .. }) if !roots_named => {
            faults.add(section.path(AUTHORITIES), "is missing: https:// needs a file of roots");
            return None;
        }
        Some(Endpoint::There { host, port }) => {
            Collector::There { host, port, authorities: authorities? }
        }
    };
    Some(Some(TracesOptions { collector, sampled_percent: percent? }))
}

/// An endpoint as it is written.
enum Endpoint {
    Here(SocketAddr),
    There { host: String, port: u16 },
}

/// Reads a scheme, a host and perhaps a port. A name without TLS will not do: whoever answers
/// for names could lead spans anywhere.
fn endpoint(text: &str) -> Option<Endpoint> {
    let uri: Uri = text.parse().ok()?;
    let bare = uri.path_and_query().is_none_or(|rest| rest.as_str() == "/");
    let authority = uri.authority().filter(|it| bare && !it.as_str().contains('@'))?;
    let port = match authority.port_u16() {
        Some(port) => port,
        // A colon without a port that exists is a slip.
        None if authority.as_str().len() > authority.host().len() => return None,
        None => COLLECTOR_PORT_DEFAULT,
    };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    match uri.scheme_str() {
        Some("http") => {
            let address: IpAddr = host.parse().ok().filter(IpAddr::is_loopback)?;
            Some(Endpoint::Here(SocketAddr::new(address, port)))
        }
        Some("https") => Some(Endpoint::There { host: host.to_owned(), port }),
        Some(_) | None => None,
    }
}

//! The floor under answers, held against the commits of a broker that is running.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use broker::config::Config;

use super::finding::Finding;

const CHECK: &str = "answer floor";
/// Time for the figures.
const ASK_TIME: Duration = Duration::from_secs(2);
/// Bytes of the figures that are read.
const FIGURES_BYTES_MAX: u64 = 1024 * 1024;
/// Of fewer commits the mean says nothing.
const COMMITS_MIN: f64 = 20.0;

/// Asks the operators' listener how long commits take.
pub(super) fn look(config: &Config) -> Finding {
    let floor = config.ledger.answer_floor;
    let Some(address) = config.ops.metrics_address else {
        return Finding::ok(CHECK, "not compared with commits: ops.metrics_address is off");
    };
    match figures(address) {
        Ok(figures) => of_figures(floor, &figures),
        Err(_) => Finding::ok(CHECK, "not compared with commits: no broker shows its figures now"),
    }
}

fn figures(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, ASK_TIME)?;
    stream.set_read_timeout(Some(ASK_TIME))?;
    let request = format!("GET /metrics HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut text = String::new();
    stream.take(FIGURES_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

fn of_figures(floor: Duration, figures: &str) -> Finding {
    let figure = |name: &str| -> Option<f64> {
        figures.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    };
    let commits = figure("pyramid_commits_total ").filter(|commits| *commits >= COMMITS_MIN);
    let seconds = figure("pyramid_commit_seconds_total ");
    let Some((commits, seconds)) = commits.zip(seconds) else {
        return Finding::ok(CHECK, "not compared with commits: the broker has made too few");
    };
    let (mean, floor) = (seconds * 1_000.0 / commits, floor.as_secs_f64() * 1_000.0);
    let wanted = (mean * 2.0).ceil();
    if floor < wanted {
        Finding::warn(
            CHECK,
            format!(
                "{floor} ms, and a commit takes {mean:.1} ms: how long an answer takes may tell \
                 how many had a stake; set ledger.answer_floor_millis to {wanted} or more"
            ),
        )
    } else {
        Finding::ok(CHECK, format!("{floor} ms, and a commit takes {mean:.1} ms"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Grade;
    use super::*;

    #[test]
    fn the_floor_is_twice_the_usual_commit_or_more() {
        let shown = |commits: u32, seconds: &str| {
            format!(
                "# TYPE pyramid_commits_total counter\npyramid_commits_total {commits}\n\
                 pyramid_commit_seconds_total {seconds}\n"
            )
        };
        let grade = |figures: &str| of_figures(Duration::from_millis(2), figures).grade;
        assert_eq!(grade(&shown(1_000, "1")), Grade::Ok, "1 ms each");
        assert_eq!(grade(&shown(1_000, "1.1")), Grade::Warn, "1.1 ms each");
        assert_eq!(grade(&shown(19, "1")), Grade::Ok, "too few to say");
        assert_eq!(grade("404"), Grade::Ok, "nothing to say it by");
        let says = of_figures(Duration::from_millis(2), &shown(1_000, "3.1")).says;
        assert!(says.ends_with("set ledger.answer_floor_millis to 7 or more"), "{says}");
    }
}

//! Figures in Prometheus' text format.
//!
//! Knows nothing of where a number comes from.

use std::collections::BTreeMap;

use prometheus::core::Collector;
use prometheus::{CounterVec, GaugeVec, Opts, Registry, TextEncoder};

use super::figures::{Figure, Row, Sort};
use super::samples::Sample;

/// The content type of [`render`] (Prometheus exposition format 0.0.4).
pub(super) const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// Writes samples down.
///
/// # Errors
/// A name or label that the format does not allow: a fault of the table.
pub(super) fn render(samples: &[Sample]) -> Result<String, prometheus::Error> {
    let registry = Registry::new();
    let mut by_figure: BTreeMap<Figure, Vec<&Sample>> = BTreeMap::new();
    for sample in samples {
        by_figure.entry(sample.figure).or_default().push(sample);
    }
    for (figure, samples) in by_figure {
        registry.register(family(figure.row(), &samples)?)?;
    }
    TextEncoder::new().encode_to_string(&registry.gather())
}

fn family(row: Row, samples: &[&Sample]) -> Result<Box<dyn Collector>, prometheus::Error> {
    let options = Opts::new(row.name, row.meaning);
    let names = row.label.as_slice();
    // A figure without a label has no value of one either.
    let value = |sample: &Sample| row.label.map(|_| sample.label.clone());
    match row.sort {
        Sort::Counter => {
            let counters = CounterVec::new(options, names)?;
            for sample in samples {
                let values = value(sample);
                counters.get_metric_with_label_values(values.as_slice())?.inc_by(sample.value);
            }
            Ok(Box::new(counters))
        }
        Sort::Gauge => {
            let gauges = GaugeVec::new(options, names)?;
            for sample in samples {
                let values = value(sample);
                gauges.get_metric_with_label_values(values.as_slice())?.set(sample.value);
            }
            Ok(Box::new(gauges))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(figure: Figure, label: &str, value: f64) -> Sample {
        Sample { figure, label: label.to_owned(), value }
    }

    #[test]
    fn samples_are_written_as_prometheus_reads_them() {
        let samples = [
            sample(Figure::OldestUnreadSeconds, "hmpps", 90.0),
            sample(Figure::Commits, "", 12.0),
            sample(Figure::OldestUnreadSeconds, "gmp", 1.5),
        ];
        let expected = "\
# HELP pyramid_commits_total Commits of the ledger's writer.
# TYPE pyramid_commits_total counter
pyramid_commits_total 12
# HELP pyramid_oldest_unread_seconds Age of the oldest delivery an agency has not acknowledged.
# TYPE pyramid_oldest_unread_seconds gauge
pyramid_oldest_unread_seconds{agency=\"gmp\"} 1.5
pyramid_oldest_unread_seconds{agency=\"hmpps\"} 90
";
        assert_eq!(render(&samples).unwrap(), expected);
    }

    #[test]
    fn every_figure_can_be_written() {
        let samples: Vec<_> =
            Figure::ALL.iter().map(|figure| sample(*figure, "gmp", 1.0)).collect();
        let text = render(&samples).unwrap();
        for figure in Figure::ALL {
            let line = format!("\n{}", figure.row().name);
            assert!(text.contains(&line), "{}", figure.row().name);
        }
    }
}

//! Each agency's own publishing rate: a token bucket that answers when to try again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Seconds of publishing an agency may save up.
const BURST_SECONDS: f64 = 2.0;

/// The buckets of all agencies.
#[derive(Default)]
pub struct Quotas(Mutex<HashMap<String, Bucket>>);

struct Bucket {
    tokens: f64,
    filled_at: Duration,
}

impl Quotas {
    /// Takes one publish of an agency's rate.
    ///
    /// # Errors
    /// How long until there is room again, when there is none now.
    pub fn take(&self, agency: &str, per_second: u32, monotonic: Duration) -> Result<(), Duration> {
        let rate = f64::from(per_second.max(1));
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = match buckets.get_mut(agency) {
            Some(bucket) => bucket,
            None => buckets
                .entry(agency.to_owned())
                .or_insert(Bucket { tokens: rate * BURST_SECONDS, filled_at: monotonic }),
        };
        let passed = monotonic.saturating_sub(bucket.filled_at).as_secs_f64();
        bucket.tokens = (bucket.tokens + passed * rate).min(rate * BURST_SECONDS);
        bucket.filled_at = monotonic;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - bucket.tokens) / rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agency_beyond_its_rate_is_told_when_to_try_again_and_others_are_not_touched() {
        let quotas = Quotas::default();
        let start = Duration::from_secs(10);
        for _ in 0..20 {
            quotas.take("gmp", 10, start).unwrap();
        }
        let wait = quotas.take("gmp", 10, start).unwrap_err();
        assert_eq!(wait, Duration::from_millis(100));
        quotas.take("merseyside-police", 10, start).unwrap();
        quotas.take("gmp", 10, start + wait).unwrap();
    }
}

//! What several rounds say together: the median of every figure.
//!
//! Knows nothing of scenarios: a number becomes the median of its values, what is no number
//! stays where every round has the same and becomes the list of all where not.

use serde_json::{Map, Value, json};

/// The lines of several rounds.
#[derive(Debug, Default)]
pub struct Rounds(Vec<(&'static str, Vec<Value>)>);

impl Rounds {
    /// Adds the metrics of one measurement of a scenario.
    pub fn add(&mut self, scenario: &'static str, measured: Value) {
        match self.0.iter_mut().find(|(name, _)| *name == scenario) {
            Some((_, all)) => all.push(measured),
            None => self.0.push((scenario, vec![measured])),
        }
    }

    /// One object with the medians of every scenario.
    #[must_use]
    pub fn medians(&self, rounds: u32) -> Value {
        let scenarios = self.0.iter().map(|(name, all)| {
            let all: Vec<&Value> = all.iter().collect();
            ((*name).to_owned(), together(&all))
        });
        json!({
            "system": "pyramid",
            "summary": "medians",
            "rounds": rounds,
            "scenarios": scenarios.collect::<Map<String, Value>>(),
        })
    }
}

/// The value of several rounds.
fn together(values: &[&Value]) -> Value {
    let Some(first) = values.first() else { return Value::Null };
    if let Some(middle) = middle(values) {
        return middle;
    }
    if let Value::Object(object) = first
        && values.iter().all(|value| value.is_object())
    {
        let of =
            |key: &String| values.iter().filter_map(|value| value.get(key)).collect::<Vec<_>>();
        return object.keys().map(|key| (key.clone(), together(&of(key)))).collect();
    }
    if let Value::Array(array) = first
        && values.iter().all(|value| value.as_array().is_some_and(|a| a.len() == array.len()))
    {
        let of = |place| values.iter().filter_map(|value| value.get(place)).collect::<Vec<_>>();
        return (0..array.len()).map(|place| together(&of(place))).collect();
    }
    if values.iter().all(|value| value == first) {
        return (*first).clone();
    }
    values.iter().map(|value| (*value).clone()).collect()
}

/// The median of numbers, the lower of the two in the middle; `None` where one is none.
fn middle(values: &[&Value]) -> Option<Value> {
    let mut numbers: Vec<(f64, &Value)> =
        values.iter().map(|value| Some((value.as_f64()?, *value))).collect::<Option<_>>()?;
    numbers.sort_by(|one, other| one.0.total_cmp(&other.0));
    let place = numbers.len().checked_sub(1)? / 2;
    numbers.get(place).map(|(_, value)| (*value).clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_becomes_its_median_and_words_that_differ_are_all_told() {
        let mut rounds = Rounds::default();
        for (rate, verdict) in [(5.0, "within"), (900.0, "beyond"), (7.0, "within")] {
            let classes = json!([{ "class": "same", "verdict": verdict, "pairs": 2_000 }]);
            rounds.add("one", json!({ "rate": rate, "ack": { "p50": rate }, "classes": classes }));
        }
        rounds.add("other", json!({ "errors": 0, "first_error": null }));
        let told = rounds.medians(3);
        assert_eq!(told["rounds"], 3);
        assert_eq!(told["scenarios"]["one"]["rate"], 7.0);
        assert_eq!(told["scenarios"]["one"]["ack"]["p50"], 7.0);
        let class = &told["scenarios"]["one"]["classes"][0];
        assert_eq!((&class["class"], &class["pairs"]), (&json!("same"), &json!(2_000)));
        assert_eq!(class["verdict"], json!(["within", "beyond", "within"]));
        let other = &told["scenarios"]["other"];
        assert_eq!((&other["errors"], &other["first_error"]), (&json!(0), &Value::Null));
    }
}

//! The lines of a story: what stands before the colon, what after it, and what belongs to what.
//!
//! Promises that nothing is passed over but blank lines and comments: a line that is indented
//! otherwise than by two or four blanks, or has no colon, is a fault. Deliberately does not know:
//! what the words mean.

use crate::story::model::Fault;

/// Blanks by which a part stands in.
const STEP: usize = 2;
/// How deep a part of a part stands: an event, its parts, and theirs.
const DEPTH_MAX: usize = 2;

/// A line with the lines that belong to it.
pub(super) struct Line<'text> {
    /// Line of the file, from 1.
    pub(super) number: usize,
    /// What stands before the first colon that ends a word.
    pub(super) key: &'text str,
    /// What stands after it.
    pub(super) value: &'text str,
    /// What stands further in.
    pub(super) parts: Vec<Line<'text>>,
}

impl Line<'_> {
    /// # Errors
    /// The line has parts.
    pub(super) fn alone(&self) -> Result<(), Fault> {
        self.parts.first().map_or(Ok(()), |part| {
            Err(Fault::at(part.number, "nothing may stand further in than this part"))
        })
    }
}

/// Reads the lines of a story.
///
/// # Errors
/// The first line that is none.
pub(super) fn lines(text: &str) -> Result<Vec<Line<'_>>, Fault> {
    let mut top: Vec<Line<'_>> = Vec::new();
    for (number, raw) in (1..).zip(text.lines()) {
        let said = raw.trim_end();
        let inner = said.trim_start_matches(' ');
        if inner.is_empty() || inner.starts_with('#') {
            continue;
        }
        let indent = said.len() - inner.len();
        if inner.starts_with('\t') || indent % STEP != 0 || indent / STEP > DEPTH_MAX {
            return Err(Fault::at(number, "a part stands in by two blanks, a part of it by four"));
        }
        let (key, value) = divided(inner)
            .ok_or_else(|| Fault::at(number, "a line is a word, a colon and what it says"))?;
        let line = Line { number, key, value, parts: Vec::new() };
        let mut place = &mut top;
        for _ in 0..indent / STEP {
            let above = place.last_mut();
            let above = above.ok_or_else(|| Fault::at(number, "there is nothing it is part of"))?;
            place = &mut above.parts;
        }
        place.push(line);
    }
    Ok(top)
}

/// At the first colon that is followed by a blank or ends the line: times hold colons too.
fn divided(line: &str) -> Option<(&str, &str)> {
    if let Some(key) = line.strip_suffix(':')
        && !key.contains(": ")
    {
        return Some((key, ""));
    }
    let (key, value) = line.split_once(": ")?;
    Some((key.trim_end(), value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> usize {
        lines(text).err().map(|fault| fault.line).unwrap()
    }

    #[test]
    fn parts_belong_to_the_line_above_that_stands_further_out() {
        let read = lines(
            "Story: A\n# not read\n\nAt 06:10 on day 1: b\n  Told: c\n    Shows: d e\n  x:\n",
        )
        .unwrap();
        assert_eq!((read.len(), read[1].key, read[1].value), (2, "At 06:10 on day 1", "b"));
        let parts: Vec<_> = read[1].parts.iter().map(|part| (part.number, part.key)).collect();
        assert_eq!(parts, [(5, "Told"), (7, "x")]);
        assert_eq!(read[1].parts[0].parts[0].value, "d e");
    }

    #[test]
    fn a_line_that_is_none_is_named_by_its_number() {
        assert_eq!(fault("Story: A\nno colon here\n"), 2);
        assert_eq!(fault("Story: A\n   B: three blanks\n"), 2);
        assert_eq!(fault("Story: A\n  B: c\n    D: e\n      F: too deep\n"), 4);
        assert_eq!(fault("  B: part of nothing\n"), 1);
        assert_eq!(fault("A: b\n\tC: d\n"), 2);
        assert_eq!(fault("A: b\n    C: two steps at once\n"), 2);
    }
}

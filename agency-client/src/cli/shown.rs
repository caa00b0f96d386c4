//! Making a text safe to look at.
//!
//! Owns: which characters a terminal obeys instead of showing. Promises: what is printed shows
//! each of them as an escape, so that no sender can move the cursor, hide words or turn them
//! round; JSON stays JSON and means the same.
//! Deliberately does not know: what is printed, or by whom it was written.

use std::fmt::Write as _;

/// Whether a terminal or a reader's eye would be led by this character. Line breaks and tabs are
/// asked for apart, because texts of several lines have them.
///
/// Controls are C0, DEL and C1 (ISO/IEC 6429); the rest are the marks, embeddings, overrides and
/// isolates of the bidirectional algorithm (UAX 9) and the two separators of lines.
const fn leads_the_eye(character: char) -> bool {
    matches!(
        character,
        '\u{0}'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
    )
}

/// A text of one or more lines, for a terminal: `\u{202e}` in place of the character.
pub(super) fn in_text(text: &str) -> String {
    escaped(text, |character| leads_the_eye(character) && !matches!(character, '\n' | '\t'))
}

/// A text that belongs on one line: line breaks and tabs are escaped too.
pub(super) fn in_line(text: &str) -> String {
    escaped(text, leads_the_eye)
}

fn escaped(text: &str, is_hidden: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// JSON of one line: `\u202e` in place of the character. In JSON these can only stand inside a
/// string, where the escape means the same (RFC 8259 section 7).
pub(super) fn in_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        if leads_the_eye(character) {
            // All of them lie below U+10000, so one escape is enough. Writing to a text succeeds.
            let _ = write!(shown, "\\u{:04x}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEADING: [char; 19] = [
        '\u{1b}', '\u{7}', '\r', '\u{7f}', '\u{9b}', '\u{61c}', '\u{200e}', '\u{200f}', '\u{2028}',
        '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}',
        '\u{2068}', '\u{2069}', '\u{0}',
    ];

    #[test]
    fn what_a_terminal_would_obey_is_shown_as_an_escape() {
        assert_eq!(in_text("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(in_text("\u{1b}[2J"), "\\u{1b}[2J");
        assert_eq!(in_text("two\n\tlines, Zoë, 東"), "two\n\tlines, Zoë, 東");
        assert_eq!(in_line("two\n\tlines"), "two\\u{a}\\u{9}lines");
        for character in LEADING {
            assert!(!in_text(&format!("a{character}b")).contains(character), "{character:?}");
        }
    }

    #[test]
    fn json_stays_json_and_means_the_same() {
        let said = LEADING.iter().collect::<String>() + "\n\t\"\\ Zoë";
        let json = in_json(&serde_json::json!({ "text": said }).to_string());
        assert!(LEADING.iter().all(|character| !json.contains(*character)), "{json}");
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read, serde_json::json!({ "text": said }));
        assert_eq!(in_json("\"a\u{202e}b\""), "\"a\\u202eb\"");
    }
}

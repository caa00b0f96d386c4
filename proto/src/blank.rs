//! Whether a text says anything at all.
//!
//! Promises that both sides call the same texts blank. Deliberately does not know: what a text
//! means, nor any language.

/// Whether a text consists only of what nobody can see: white space, control characters, and
/// characters that Unicode lets a display leave out. An empty text is blank.
///
/// Source: Unicode 16, `White_Space`, `Cc`, `Default_Ignorable_Code_Point`; and the empty
/// Braille pattern, which is drawn as a space.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c.is_control() || is_invisible(c))
}

const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::is_blank;

    #[test]
    fn what_nobody_can_see_is_blank() {
        for text in
            ["", " ", "\t\r\n", "\u{a0}\u{2003}", "\0", "\u{200b}\u{feff}", " \u{3164}\u{2800}"]
        {
            assert!(is_blank(text), "{text:?}");
        }
    }

    #[test]
    fn one_mark_that_can_be_seen_is_something_said() {
        for text in ["-", " . ", "\u{200b}a", "é", "नि", "？"] {
            assert!(!is_blank(text), "{text:?}");
        }
    }
}

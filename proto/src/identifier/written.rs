//! What the identifier parsers share: reading written text, and the check-letter table.
//!
//! Promises: pure and total; work is bounded by the longest text a caller allows, so a huge text
//! costs no more than a wrong one. Deliberately does not know any identifier.

/// The check letters of PNC ids, CRO numbers and arrest/summons numbers, remainder 0 first.
///
/// I, O and S are absent, so a number ending in one of them never passes.
const CHECK_LETTERS: [char; 23] = [
    'Z', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'T', 'U',
    'V', 'W', 'X', 'Y',
];

/// Whether `letter` is the check letter of `number`.
pub(super) fn check_letter_agrees(number: u64, letter: char) -> bool {
    usize::try_from(number % 23).ok().and_then(|remainder| CHECK_LETTERS.get(remainder))
        == Some(&letter)
}

/// The text in capitals, or nothing when it is longer than `bytes_max` or not plain ASCII.
pub(super) fn in_capitals(text: &str, bytes_max: usize) -> Option<String> {
    (text.len() <= bytes_max && text.is_ascii()).then(|| text.to_ascii_uppercase())
}

/// Splits a capital letter off the end: what stands before it, and the letter.
pub(super) fn split_last_letter(text: &str) -> Option<(&str, char)> {
    let letter = text.chars().next_back().filter(char::is_ascii_uppercase)?;
    Some((text.strip_suffix(letter)?, letter))
}

/// Whether the text is digits and nothing else, at least one.
pub(super) fn only_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the text is capital letters and nothing else, at least one.
pub(super) fn only_capitals(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// The value of a text of digits only; nothing for any other text, signs included.
pub(super) fn number(digits: &str) -> Option<u64> {
    only_digits(digits).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{check_letter_agrees, in_capitals, number, split_last_letter};

    #[test]
    fn each_remainder_has_one_letter_and_i_o_and_s_have_none() {
        for (remainder, letter) in (0..23).zip("ZABCDEFGHJKLMNPQRTUVWXY".chars()) {
            for other in 'A'..='Z' {
                assert_eq!(check_letter_agrees(remainder, other), other == letter);
                assert_eq!(check_letter_agrees(remainder + 23, other), other == letter);
            }
        }
    }

    #[test]
    fn text_too_long_or_outside_ascii_is_not_read() {
        assert_eq!(in_capitals("a1b", 3).as_deref(), Some("A1B"));
        assert_eq!(in_capitals("a1bc", 3), None);
        assert_eq!(in_capitals("é", 3), None);
    }

    #[test]
    fn a_sign_is_not_a_digit() {
        assert_eq!(number("0042"), Some(42));
        for not_a_number in ["", "+1", "-1", " 1", "1 ", "1a"] {
            assert_eq!(number(not_a_number), None);
        }
        assert_eq!(number("99999999999999999999999999"), None);
    }

    #[test]
    fn only_a_capital_at_the_very_end_is_split_off() {
        assert_eq!(split_last_letter("12AB"), Some(("12A", 'B')));
        for without in ["", "12", "A2", "12a"] {
            assert_eq!(split_last_letter(without), None);
        }
    }
}

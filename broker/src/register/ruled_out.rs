//! What agencies answered to possible matches: that somebody is not whom their flag is on.
//!
//! Promises that an answer counts for the agency that gave it and for no other, for the numbers it
//! was asked about and for no others, and until that agency says otherwise. Deliberately does not
//! know: whom one asks, and what links join; a number that a link adds has not been answered about.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::seal::Token;

/// One answer, about one flag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuledOut {
    /// Who says so.
    pub agency: Arc<str>,
    /// Numbers of the person who was asked about, by the message that raised the question.
    pub person: Vec<Token>,
    /// Numbers of the person whom the flag is on.
    pub flagged: Vec<Token>,
}

/// Every answer, under each number of the person who was asked about.
#[derive(Clone, Default)]
pub(super) struct Answers(HashMap<Token, Vec<Arc<RuledOut>>>);

impl Answers {
    pub(super) fn add(&mut self, said: &RuledOut) {
        let said = Arc::new(said.clone());
        for token in &said.person {
            let known = self.0.entry(*token).or_default();
            if !known.contains(&said) {
                known.push(Arc::clone(&said));
            }
        }
    }

    /// Drops what an agency answered where it now says that these numbers are one person's.
    pub(super) fn forget(&mut self, agency: &str, one_person: &[Token]) {
        let among = |tokens: &[Token]| tokens.iter().any(|token| one_person.contains(token));
        self.0.retain(|_, known| {
            known.retain(|said| {
                *said.agency != *agency || !among(&said.person) || !among(&said.flagged)
            });
            !known.is_empty()
        });
    }

    pub(super) fn rule_out(&self, agency: &str, person: &[Token], flagged: &[Token]) -> bool {
        let of_number = |number: &Token| {
            self.0.get(number).into_iter().flatten().any(|said| {
                *said.agency == *agency && said.flagged.iter().any(|token| flagged.contains(token))
            })
        };
        !person.is_empty() && person.iter().all(of_number)
    }
}

#[cfg(test)]
mod tests {
    use proto::exchange::v1::IdentifierType;

    use super::super::{Change, LinkStatement, Register};
    use super::*;
    use crate::directory::AgencyKind;

    fn tokens(numbers: &[u8]) -> Vec<Token> {
        numbers.iter().map(|n| Token([*n; 16])).collect()
    }

    /// Merseyside says that the person with these numbers is not whom its flag on 9 is on.
    fn said(person: &[u8]) -> Change {
        Change::RuledOut(RuledOut {
            agency: "merseyside".into(),
            person: tokens(person),
            flagged: tokens(&[9]),
        })
    }

    fn linked(agency: &str, one: u8, other: u8) -> Change {
        let kind = AgencyKind::Police;
        Change::Link(LinkStatement {
            one: (Token([one; 16]), IdentifierType::Noms as i32),
            other: (Token([other; 16]), IdentifierType::Pnc as i32),
            birth: Token([7; 16]),
            agency: agency.into(),
            agency_kind: kind,
        })
    }

    fn after(changes: &[Change]) -> Register {
        let mut register = Register::default();
        changes.iter().for_each(|change| register.apply(change));
        register
    }

    fn asks(register: &Register, agency: &str, person: &[u8], flagged: &[u8]) -> bool {
        !register.is_ruled_out(agency, &tokens(person), &tokens(flagged))
    }

    #[test]
    fn an_answer_counts_for_its_agency_its_flag_and_the_numbers_it_was_asked_about() {
        let register = after(&[said(&[1, 2])]);
        assert!(!asks(&register, "merseyside", &[1, 2], &[9]));
        assert!(!asks(&register, "merseyside", &[1], &[9]), "fewer of the same numbers");
        assert!(!asks(&register, "merseyside", &[1], &[8, 9]), "the flag has one number more");
        assert!(asks(&register, "gmp", &[1], &[9]), "another agency");
        assert!(asks(&register, "merseyside", &[1], &[8]), "a flag on somebody else");
        assert!(asks(&register, "merseyside", &[1, 3], &[9]), "a number it was not asked about");
        assert!(asks(&register, "merseyside", &[], &[9]), "a name without numbers");
    }

    #[test]
    fn a_number_that_was_answered_about_later_is_ruled_out_with_the_first() {
        let register = after(&[said(&[1]), said(&[3])]);
        assert!(!asks(&register, "merseyside", &[1, 3], &[9]));
    }

    #[test]
    fn the_agencys_own_later_word_takes_its_answer_back_whole_and_nobody_elses_does() {
        let all = [said(&[1, 2])];
        let others = after(&[all.as_slice(), &[linked("gmp", 1, 9)]].concat());
        assert!(!asks(&others, "merseyside", &[1], &[9]));
        let beside = after(&[all.as_slice(), &[linked("merseyside", 1, 2)]].concat());
        assert!(
            !asks(&beside, "merseyside", &[1], &[9]),
            "both are the person's who was ruled out"
        );
        let own = after(&[all.as_slice(), &[linked("merseyside", 1, 9)]].concat());
        assert!(asks(&own, "merseyside", &[1], &[9]));
        assert!(asks(&own, "merseyside", &[2], &[9]), "what was said of one was said of both");
    }

    #[test]
    fn an_answer_is_read_back_as_it_was_kept() {
        let kept = serde_json::to_vec(&said(&[1, 2])).unwrap();
        assert_eq!(serde_json::from_slice::<Change>(&kept).unwrap(), said(&[1, 2]));
    }
}

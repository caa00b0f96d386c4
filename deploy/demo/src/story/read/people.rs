//! The people of a story, and what a message says of who they are.
//!
//! Promises that everybody is invented: the word stands before every name, and no story can leave
//! it out. Deliberately does not know: what anybody did.

use proto::exchange::v1::{AgeAssertion, IdentifierType, LimitedAccess, SubjectCategory};
use proto::identifier::{CurrentYear, Kind, canonical};
use serde_json::{Value, json};

use super::words::{date, list, named};
use crate::story::model::Fault;

/// Somebody, as the story introduces him.
pub(super) struct Person {
    /// What the story calls him.
    pub(super) name: String,
    category: String,
    numbers: Vec<(String, String)>,
    birth_date: Option<String>,
    age: Option<String>,
    access: Option<String>,
}

/// The year by which every number of a story was given: it tells centuries apart where a number
/// has a year of two digits.
const NUMBERS_UNTIL: u16 = 2099;

const fn sort(register: IdentifierType) -> Option<Kind> {
    match register {
        IdentifierType::Unspecified => None,
        IdentifierType::Pnc => Some(Kind::Pnc),
        IdentifierType::Cro => Some(Kind::Cro),
        IdentifierType::Noms => Some(Kind::Noms),
        IdentifierType::Crn => Some(Kind::Crn),
        IdentifierType::Nhs => Some(Kind::Nhs),
        IdentifierType::Asn => Some(Kind::Asn),
    }
}

/// The full name of somebody whom the story calls so.
pub(super) fn full_name(name: &str) -> String {
    format!("Invented {name}")
}

impl Person {
    /// Reads `Person NAME: category; born 12 April 1988; noms A1234AA; access no`.
    ///
    /// # Errors
    /// A part is not understood.
    pub(super) fn read(line: usize, name: &str, text: &str) -> Result<Self, Fault> {
        let proper = name.starts_with(|one: char| one.is_ascii_uppercase())
            && name.bytes().all(|byte| byte.is_ascii_alphabetic());
        if !proper {
            return Err(Fault::at(
                line,
                "a person has one name, letters only, the first a capital",
            ));
        }
        let mut parts = list(line, text, ";")?.into_iter();
        let category = parts.next().unwrap_or_default();
        let rule = "the standing comes first: suspect, convicted, managed, victim and so on";
        named::<SubjectCategory>(line, category, rule)?;
        let mut person = Self {
            name: name.to_owned(),
            category: category.to_owned(),
            numbers: Vec::new(),
            birth_date: None,
            age: None,
            access: None,
        };
        for part in parts {
            person.add(line, part)?;
        }
        Ok(person)
    }

    fn add(&mut self, line: usize, part: &str) -> Result<(), Fault> {
        let rule = "of a person is said: born, age, access, or the number of a register";
        let (word, value) = part.split_once(' ').ok_or_else(|| Fault::at(line, rule))?;
        let once = |field: &mut Option<String>, value: String| match field.replace(value) {
            None => Ok(()),
            Some(_) => Err(Fault::at(line, "this is said twice of the person")),
        };
        match word {
            "born" => once(&mut self.birth_date, date(line, value)?.to_string()),
            "age" => {
                named::<AgeAssertion>(line, value, "an age is adult, child or disputed")?;
                once(&mut self.age, value.to_owned())
            }
            "access" => {
                named::<LimitedAccess>(line, value, "access is no or yes: whether it is limited")?;
                once(&mut self.access, value.to_owned())
            }
            register => {
                let sort = sort(named::<IdentifierType>(line, register, rule)?);
                let good = sort.zip(CurrentYear::new(NUMBERS_UNTIL).ok());
                let good = good.is_some_and(|(sort, year)| canonical(sort, value, year).is_ok());
                if !good {
                    return Err(Fault::at(line, "this is no number of that register"));
                }
                self.numbers.push((register.to_owned(), value.to_owned()));
                Ok(())
            }
        }
    }

    /// A number of a register.
    ///
    /// # Errors
    /// The person has none.
    pub(super) fn number(&self, line: usize, register: &str) -> Result<(String, String), Fault> {
        let found = self.numbers.iter().find(|(known, _)| known == register);
        found.cloned().ok_or_else(|| Fault::at(line, "the person has no number of this register"))
    }

    /// The birth date, YYYY-MM-DD.
    ///
    /// # Errors
    /// It is not known.
    pub(super) fn birth_date(&self, line: usize) -> Result<&str, Fault> {
        let known = self.birth_date.as_deref();
        known.ok_or_else(|| Fault::at(line, "the person's birth date is to be given"))
    }

    /// The person as one message names him: `NAME [as CATEGORY] [by REGISTER and REGISTER]
    /// [without PART and PART]`, what follows the name being `rest`.
    fn subject(&self, line: usize, rest: &str) -> Result<Value, Fault> {
        let (rest, without) = cut(rest, "without ");
        let (rest, by) = cut(rest, "by ");
        let (rest, category) = cut(rest, "as ");
        if !rest.is_empty() {
            return Err(Fault::at(
                line,
                "after a name stands `as`, `by` or `without`, in this order",
            ));
        }
        let category = category.unwrap_or(&self.category);
        named::<SubjectCategory>(line, category, "after `as` stands somebody's standing")?;
        let numbers = match by {
            None => self.numbers.clone(),
            Some(by) => {
                let registers = list(line, by, " and ")?;
                registers.into_iter().map(|one| self.number(line, one)).collect::<Result<_, _>>()?
            }
        };
        let numbers: Vec<Value> = numbers
            .into_iter()
            .map(|(register, value)| json!({ "type": register, "value": value }))
            .collect();
        let mut subject = serde_json::Map::new();
        subject.insert("category".into(), category.into());
        subject.insert("identifiers".into(), numbers.into());
        subject.insert("name".into(), full_name(&self.name).into());
        let said = [
            ("birth_date", &self.birth_date),
            ("age", &self.age),
            ("limited_access", &self.access),
        ];
        for (field, value) in said {
            if let Some(value) = value {
                subject.insert(field.into(), value.as_str().into());
            }
        }
        for part in without.map_or(Ok(Vec::new()), |text| list(line, text, " and "))? {
            let rule = "what a message may leave out is name, born, age, access and numbers";
            let field = match part {
                "name" => "name",
                "born" => "birth_date",
                "age" => "age",
                "access" => "limited_access",
                "numbers" => "identifiers",
                _ => return Err(Fault::at(line, rule)),
            };
            if subject.remove(field).is_none() {
                return Err(Fault::at(line, "the message would not say this anyway"));
            }
        }
        Ok(Value::Object(subject))
    }
}

/// What stands before a word, and what after it if it is there.
fn cut<'text>(text: &'text str, word: &str) -> (&'text str, Option<&'text str>) {
    match text.strip_prefix(word) {
        Some(after) => ("", Some(after.trim())),
        None => match text.split_once(&format!(" {word}")) {
            Some((before, after)) => (before.trim(), Some(after.trim())),
            None => (text.trim(), None),
        },
    }
}

/// Reads `about: NAME …; NAME …`. Answers the names and the subjects of the message.
///
/// # Errors
/// Somebody is not introduced, or a part is not understood.
pub(super) fn about(
    line: usize,
    text: &str,
    people: &[Person],
) -> Result<(Vec<String>, Vec<Value>), Fault> {
    let (mut names, mut subjects) = (Vec::new(), Vec::new());
    for one in list(line, text, ";")? {
        let (name, rest) = one.split_once(' ').unwrap_or((one, ""));
        subjects.push(find(line, name, people)?.subject(line, rest)?);
        names.push(name.to_owned());
    }
    Ok((names, subjects))
}

/// Somebody whom the story has introduced.
///
/// # Errors
/// It has not.
pub(super) fn find<'a>(line: usize, name: &str, people: &'a [Person]) -> Result<&'a Person, Fault> {
    let found = people.iter().find(|person| person.name == name);
    found.ok_or_else(|| Fault::at(line, "nobody of this name is introduced"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archer() -> Person {
        let text = "managed; born 12 April 1988; noms A1234AA; pnc 2014/0009102F; access no";
        Person::read(1, "Archer", text).unwrap()
    }

    #[test]
    fn a_message_says_of_somebody_what_the_story_said_and_no_more() {
        let (names, subjects) =
            about(2, "Archer as victim by noms without born", &[archer()]).unwrap();
        assert_eq!(names, ["Archer"]);
        assert_eq!(
            subjects,
            [json!({
                "category": "victim",
                "identifiers": [{"type": "noms", "value": "A1234AA"}],
                "name": "Invented Archer",
                "limited_access": "no",
            })]
        );
        let whole = about(2, "Archer", &[archer()]).unwrap().1;
        assert_eq!(whole.first().unwrap()["birth_date"], "1988-04-12");
    }

    #[test]
    fn what_is_not_understood_is_a_fault() {
        for text in
            ["Bell", "Archer by crn", "Archer twice", "Archer without age", "Archer as boss"]
        {
            assert_eq!(about(2, text, &[archer()]).unwrap_err().line, 2, "{text}");
        }
        for (name, text) in [
            ("archer", "managed"),
            ("Archer2", "managed"),
            ("Archer", "boss"),
            ("Archer", ""),
            ("Archer", "managed; tall 1"),
            ("Archer", "managed; born 1988-04-12"),
            ("Archer", "managed; access no; access yes"),
            ("Archer", "managed; pnc 2001/0000001A"),
            ("Archer", "managed; noms 1"),
        ] {
            assert!(Person::read(1, name, text).is_err(), "{name}: {text}");
        }
    }
}

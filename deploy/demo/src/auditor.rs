//! What the broker-wide auditor is told: every candidate, every refusal, every release.
//!
//! Promises that nothing of it comes from anywhere but the audit service, asked with a person's
//! certificate and a reason.

use agency_client::Connection;
use proto::audit::v1::{Disclosure, ExplainDecisionRequest, Explanation, ListDisclosuresRequest};
use proto::exchange::v1::Field;

use crate::stage::{BROKER_AUDITOR, Stage, StageError};

const REASON: &str = "demonstration: every decision of the night is looked at";
/// Rows of one page.
const PAGE_ROWS: u32 = 500;

/// The broker-wide auditor, connected.
pub(crate) struct Auditor {
    connection: Connection,
}

/// What was decided for one desk.
pub(crate) struct Decision {
    /// Agency and desk, as `agency/desk`.
    pub(crate) desk: String,
    /// Whether it is about something the broker asks the desk to settle.
    pub(crate) task: bool,
    /// Whether the desk was permitted anything.
    pub(crate) permitted: bool,
    /// Why it was asked about.
    pub(crate) reasons: Vec<String>,
    /// Refusal code, 0 when permitted.
    pub(crate) refusal: u32,
    /// Person by person, in the order of the message.
    pub(crate) persons: Vec<PersonDecision>,
}

/// What was decided for one desk about one person.
pub(crate) struct PersonDecision {
    /// Whether the person is shown.
    pub(crate) shown: bool,
    /// Rules that decided.
    pub(crate) rules: Vec<String>,
    /// Fields withheld of a person who is shown.
    pub(crate) withheld: Vec<Field>,
}

impl Auditor {
    /// Connects the auditor.
    ///
    /// # Errors
    /// The auditor cannot connect.
    pub(crate) async fn enter(stage: &Stage) -> Result<Self, StageError> {
        let settings = stage.person(BROKER_AUDITOR.0, BROKER_AUDITOR.1)?;
        Ok(Self { connection: Connection::connect(&settings).await? })
    }

    /// Asks why each candidate of a message was permitted or refused.
    ///
    /// # Errors
    /// The broker did not answer.
    pub(crate) async fn explain(
        &self,
        sending_agency: &str,
        message_id: &str,
    ) -> Result<Vec<Decision>, StageError> {
        let request = ExplainDecisionRequest {
            reason: REASON.to_owned(),
            sending_agency: sending_agency.to_owned(),
            message_id: message_id.to_owned(),
        };
        let answer = self.connection.audit().await?.explain_decision(request).await?.into_inner();
        let mut decisions: Vec<Decision> = Vec::new();
        for row in answer.explanations {
            // A candidate begins with the first person of the message.
            if row.subject == 0 {
                decisions.push(Decision::begin(&row, &decisions));
            }
            if let Some(decision) = decisions.last_mut() {
                decision.add(row);
            }
        }
        Ok(decisions)
    }

    /// Lists every release so far.
    ///
    /// # Errors
    /// The broker did not answer.
    pub(crate) async fn disclosures(&self) -> Result<Vec<Disclosure>, StageError> {
        let (mut all, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListDisclosuresRequest {
                reason: REASON.to_owned(),
                page_size: PAGE_ROWS,
                page_token,
                ..ListDisclosuresRequest::default()
            };
            let answer =
                self.connection.audit().await?.list_disclosures(request).await?.into_inner();
            all.extend(answer.disclosures);
            if answer.next_page_token.is_empty() {
                return Ok(all);
            }
            page_token = answer.next_page_token;
        }
    }
}

impl Decision {
    /// A desk comes up a second time only where the broker asks it to settle something.
    fn begin(row: &Explanation, earlier: &[Self]) -> Self {
        let desk = format!("{}/{}", row.agency, row.desk);
        Self {
            task: earlier.iter().any(|decision| decision.desk == desk),
            desk,
            permitted: false,
            reasons: row.reasons.clone(),
            refusal: row.refusal,
            persons: Vec::new(),
        }
    }

    fn add(&mut self, row: Explanation) {
        self.permitted |= row.permitted;
        let withheld = if row.permitted { row.withheld().collect() } else { Vec::new() };
        self.persons.push(PersonDecision { shown: row.permitted, rules: row.rules, withheld });
    }

    /// The rules that let the desk see those it sees, each once.
    pub(crate) fn permits(&self) -> Vec<&str> {
        let mut permits = Vec::new();
        for rule in self.persons.iter().filter(|person| person.shown).flat_map(|p| &p.rules) {
            if !permits.contains(&rule.as_str()) {
                permits.push(rule.as_str());
            }
        }
        permits
    }
}

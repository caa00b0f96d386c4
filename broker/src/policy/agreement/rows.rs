//! The shape of an agreement's file. Keys nobody knows are refused.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) id: Option<String>,
    pub(super) title: Option<String>,
    pub(super) start: Option<String>,
    pub(super) review: Option<String>,
    pub(super) expiry: Option<String>,
    pub(super) purposes: Option<Vec<String>>,
    pub(super) gateways: Option<Vec<GatewayRow>>,
    #[serde(default)]
    pub(super) party: Vec<PartyRow>,
    #[serde(default)]
    pub(super) permit: Vec<PermitRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GatewayRow {
    pub(super) gateway: String,
    #[serde(default)]
    pub(super) basis: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartyRow {
    #[serde(default)]
    pub(super) agency: String,
    #[serde(default)]
    pub(super) dpo_contact: String,
    pub(super) recipient_basis: Option<String>,
    pub(super) recipient_conditions: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FromRow {
    pub(super) kinds: Option<Vec<String>>,
    pub(super) agencies: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ToRow {
    pub(super) kinds: Option<Vec<String>>,
    pub(super) functions: Option<Vec<String>>,
    pub(super) agencies: Option<Vec<String>>,
    pub(super) attributes: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PermitRow {
    #[serde(default)]
    pub(super) id: String,
    pub(super) kinds: Option<Vec<String>>,
    #[serde(default)]
    pub(super) from: FromRow,
    #[serde(default)]
    pub(super) to: ToRow,
    pub(super) categories: Option<Vec<String>>,
    pub(super) stake: Option<Vec<String>>,
    pub(super) flags_any: Option<Vec<String>>,
    #[serde(default)]
    pub(super) unflagged_only: bool,
    #[serde(default)]
    pub(super) under_18: bool,
    pub(super) custody_events: Option<Vec<String>>,
    pub(super) custody_certainties: Option<Vec<String>>,
    pub(super) intelligence_handling: Option<Vec<String>>,
    pub(super) mappa_categories: Option<Vec<u32>>,
    pub(super) mappa_levels: Option<Vec<u32>>,
    pub(super) tasks: Option<Vec<String>>,
    pub(super) drug_test_uses: Option<Vec<String>>,
    pub(super) enforcement_steps: Option<Vec<String>>,
    pub(super) enforcement_outcomes: Option<Vec<String>>,
    pub(super) pathways: Option<Vec<String>>,
    pub(super) placement_sorts: Option<Vec<String>>,
    pub(super) placement_steps: Option<Vec<String>>,
    pub(super) referral_steps: Option<Vec<String>>,
    pub(super) court_steps: Option<Vec<String>>,
    pub(super) reveal: Option<Vec<String>>,
    pub(super) withhold: Option<Vec<String>>,
    pub(super) mask: Option<Vec<String>>,
    pub(super) handling: Option<Vec<String>>,
    pub(super) act_by_hours: Option<u32>,
    pub(super) delete_by_days: Option<u32>,
    pub(super) when: Option<String>,
}

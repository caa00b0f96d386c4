//! Which policy bundle is in force: who must have said so, and how one goes back to an older.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop here")]

use agency_client::errors::{CallError, Refused};
use demo::stage::{APPROVER_POLICE, APPROVER_PROBATION};
use proto::admin::v1 as admin;
use proto::refusal::Refusal;
use tests::world::{World, shipped};

/// The shipped bundle, and one that differs by a remark.
fn bundles() -> [Vec<admin::BundleFile>; 2] {
    let shipped = shipped().bundle;
    ["", "\n# An invented remark.\n"].map(|remark| {
        let files = shipped.iter().map(|(path, text)| {
            let remark = if path.ends_with(".toml") { remark } else { "" };
            admin::BundleFile { path: path.clone(), text: format!("{text}{remark}") }
        });
        files.collect()
    })
}

async fn propose(world: &World, files: &[admin::BundleFile]) -> String {
    let mut client = world.stage.admin(APPROVER_POLICE).await.unwrap();
    let request = admin::ProposeBundleRequest { files: files.to_vec() };
    client.propose_bundle(request).await.unwrap().into_inner().bundle
}

/// Approvals so far, and whether it is in force.
async fn approve(
    world: &World,
    approver: (&'static str, &'static str),
    bundle: &str,
) -> Result<(u32, bool), Refused> {
    let mut client = world.stage.admin(approver).await.unwrap();
    let request = admin::ApproveBundleRequest { bundle: bundle.to_owned() };
    match client.approve_bundle(request).await {
        Ok(answer) => {
            let answer = answer.into_inner();
            Ok((answer.approvals, answer.in_force))
        }
        Err(status) => match CallError::from(&status) {
            CallError::Refused(refused) => Err(refused),
            CallError::Failed(code) => panic!("no numbered refusal but {code:?}"),
        },
    }
}

/// What is told of a proposal that has had its approvals, and of the one in force.
const CLOSED: &str = "has had its approvals: propose it again, to go back to it";
const IN_FORCE: &str = "has its two approvals and is in force: no other is needed";

fn closed(answer: Result<(u32, bool), Refused>, rule: &str) {
    let refused = answer.unwrap_err();
    assert_eq!(refused.refusal, Some(Refusal::InvalidRequest));
    let rules: Vec<&str> = refused.violations.iter().map(|fault| &*fault.rule).collect();
    assert_eq!(rules, [rule]);
}

#[tokio::test]
async fn the_same_two_people_can_go_back_to_an_older_bundle_and_neither_can_alone() {
    let world = World::shipped().await;
    let [old, new] = bundles();
    let old_hash = propose(&world, &old).await;
    assert_eq!(world.status().await.bundle, old_hash, "the shipped one is in force");
    closed(approve(&world, APPROVER_POLICE, &old_hash).await, IN_FORCE);

    let new_hash = propose(&world, &new).await;
    assert_ne!(new_hash, old_hash);
    assert_eq!(approve(&world, APPROVER_POLICE, &new_hash).await.unwrap(), (1, false));
    assert_eq!(approve(&world, APPROVER_PROBATION, &new_hash).await.unwrap(), (2, true));
    assert_eq!(world.status().await.bundle, new_hash);

    // What was approved then is not approved now.
    closed(approve(&world, APPROVER_PROBATION, &old_hash).await, CLOSED);
    assert_eq!(propose(&world, &old).await, old_hash);
    assert_eq!(approve(&world, APPROVER_PROBATION, &old_hash).await.unwrap(), (1, false));
    let twice = approve(&world, APPROVER_PROBATION, &old_hash).await.unwrap_err();
    assert_eq!(twice.refusal, Some(Refusal::SameApprover));
    // Proposing it again neither adds an approval nor takes one away.
    propose(&world, &old).await;
    assert_eq!(world.status().await.bundle, new_hash);
    assert_eq!(approve(&world, APPROVER_POLICE, &old_hash).await.unwrap(), (2, true));
    assert_eq!(world.status().await.bundle, old_hash);
}

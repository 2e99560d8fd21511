//! Fleets without the wire.

use rstest::rstest;

use super::*;
use crate::Ids;
use crate::testing::Account;

fn pool(weight: f64) -> FleetPool {
    FleetPool { template: LaunchParameters::new(), overrides: LaunchParameters::new(), is_spot: false, weight }
}

/// A fleet with one running instance, worth two units.
fn with_fleet() -> (Account, FleetId, InstanceId) {
    let mut account = Account::new();
    let instance = account.instance("m5.large");
    let id = FleetId::new(&mut account.ids);
    let new = NewFleet {
        id: id.clone(),
        kind: FleetKind::Request,
        client_token: None,
        request: LaunchParameters::new(),
        target: FleetTarget { on_demand: 2, spot: 0 },
        launches: vec![FleetLaunch { pool: pool(2.0), instances: vec![instance.clone()] }],
        failures: Vec::new(),
        tags: Tags::new(),
    };
    account.with(|model, cx| model.keep_fleet(cx, new));
    (account, id, instance)
}

#[rstest]
#[case::alone(false, "deleted_running", "deleted_running")]
#[case::with_instances(true, "deleted_terminating", "deleted")]
fn the_end(#[case] with_instances: bool, #[case] at_once: &str, #[case] later: &str) {
    let (mut account, id, _) = with_fleet();
    let now = account.now;
    let units = |account: &Account| account.model.fleet(&id).map(|fleet| fleet.fulfilled(&account.model, false));
    assert_eq!(units(&account), Some(2.0));
    assert_eq!(account.model.delete_fleet(now, &id, with_instances), Some(("active", at_once)));
    account.model.settle(now);
    assert_eq!(account.model.fleet(&id).map(|fleet| fleet.state(&account.model)), Some(later));
    assert_eq!(units(&account), Some(if with_instances { 0.0 } else { 2.0 }));
    let known = |hours| account.model.fleet(&id).map(|fleet| fleet.is_known(now + SignedDuration::from_hours(hours)));
    assert_eq!((known(47), known(48)), (Some(true), Some(false)));
}

#[rstest]
#[case::good("fleet-c7d0d7f4-fa44-4dd4-8eba-b1d4a5d4d0c9", true)]
#[case::short("fleet-c7d0d7f4", false)]
#[case::other("lt-c7d0d7f4-fa44-4dd4-8eba-b1d4a5d4d0c9", false)]
#[case::upper("fleet-C7d0d7f4-fa44-4dd4-8eba-b1d4a5d4d0c9", false)]
fn ids(#[case] text: &str, #[case] accepted: bool) {
    assert_eq!(text.parse::<FleetId>().is_ok(), accepted);
    let made = FleetId::new(&mut Ids::seeded(1));
    assert_eq!(made.to_string().parse(), Ok(made));
}

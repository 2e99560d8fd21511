//! ModifyFleet: another capacity, or other templates, of a fleet that keeps its capacity.

use vpc_model::fleet::{FleetKind, FleetTarget};
use vpc_model::launch_template::parameters;
use vpc_model::{Context, Fleet, FleetId, InstanceId, LaunchParameter, LaunchParameters, Model};

use super::data::CHANGE;
use super::launch::Launcher;
use super::{not_found, target};
use crate::operations::{Done, Operation};
use crate::query::Query;
use crate::{ApiError, Code, shape};

#[derive(Debug)]
pub(super) struct ModifyFleet {
    id: FleetId,
    change: LaunchParameters,
}

impl Operation for ModifyFleet {
    const ACTION: &'static str = "ModifyFleet";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let mut change = shape::decode(query, CHANGE)?;
        // A fleet is made with another name for it.
        if let Some(configs) = change.remove("LaunchTemplateConfig") {
            change.insert("LaunchTemplateConfigs".to_owned(), configs);
        }
        Ok(Self { id: query.required("FleetId")?, change })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Done, ApiError> {
        let fleet = model.fleet(&self.id).filter(|fleet| fleet.is_known(cx.now)).ok_or_else(|| not_found(&self.id))?;
        if fleet.kind != FleetKind::Maintain || fleet.is_deleted() {
            let message =
                format!("The fleet {} cannot be modified: it has to be of the type maintain, and active", fleet.id);
            return Err(ApiError::new(Code::UNSUPPORTED_OPERATION, message));
        }
        let mut fleet = fleet.clone();
        // What is said of the capacity replaces what was said.
        let wanted = self.change.get("TargetCapacitySpecification").map(|_| target(&self.change)).transpose()?;
        fleet.request.extend(self.change);
        fleet.target = wanted.unwrap_or(fleet.target);
        let specification = fleet.request.get_mut("TargetCapacitySpecification");
        if let Some(LaunchParameter::Structure(members)) = specification {
            let parts = [("OnDemandTargetCapacity", fleet.target.on_demand), ("SpotTargetCapacity", fleet.target.spot)];
            members.extend(parts.map(|(name, units)| (name.to_owned(), LaunchParameter::text(units))));
        }
        fleet.note(cx.now, "modify_in_progress");
        fill(model, cx, &mut fleet)?;
        fleet.note(cx.now, "modify_succeeded");
        let id = fleet.id.clone();
        model.change_fleet(fleet);
        if let Some(fleet) = model.fleet(&id).cloned() {
            shrink(model, cx, &fleet);
        }
        Ok(Done)
    }
}

/// Launches what a fleet lacks. Whether anything was.
fn fill(model: &mut Model, cx: &mut Context<'_>, fleet: &mut Fleet) -> Result<bool, ApiError> {
    let missing =
        |units: u32, is_spot: bool| (f64::from(units) - fleet.fulfilled(model, is_spot)).ceil().max(0.0) as u32;
    let target =
        FleetTarget { on_demand: missing(fleet.target.on_demand, false), spot: missing(fleet.target.spot, true) };
    let tags = [].into();
    let launcher = Launcher::new(model, &fleet.request, &fleet.id, &tags, fleet.kind)?;
    let (launches, failures) = launcher.launch(model, cx, target)?;
    let is_filled = !launches.is_empty();
    fleet.note_launches(cx.now, &launches, &failures);
    fleet.launches.extend(launches);
    fleet.failures = failures;
    Ok(is_filled)
}

/// Ends what a fleet has too much of, the newest first, where it is to.
fn shrink(model: &mut Model, cx: &Context<'_>, fleet: &Fleet) {
    if parameters::text(&fleet.request, "ExcessCapacityTerminationPolicy") != Some("termination") {
        return;
    }
    for (is_spot, units) in [(false, fleet.target.on_demand), (true, fleet.target.spot)] {
        let mut surplus = fleet.fulfilled(model, is_spot) - f64::from(units);
        for launch in fleet.launches.iter().rev().filter(|launch| launch.pool.is_spot == is_spot) {
            let alive: Vec<InstanceId> =
                launch.instances.iter().rev().filter(|id| model.is_alive(id)).cloned().collect();
            for id in alive {
                if surplus < launch.pool.weight || model.terminate_instances(cx.now, &[id]).is_err() {
                    break;
                }
                surplus -= launch.pool.weight;
            }
        }
    }
}

/// Whether a fleet that keeps its capacity has less than it is to have.
fn is_short(model: &Model, fleet: &Fleet) -> bool {
    let lacks = |units: u32, is_spot: bool| fleet.fulfilled(model, is_spot) < f64::from(units);
    fleet.kind == FleetKind::Maintain
        && !fleet.is_deleted()
        && (lacks(fleet.target.on_demand, false) || lacks(fleet.target.spot, true))
}

/// Whether some fleet has less than it is to have.
pub(crate) fn has_short_fleets(model: &Model) -> bool {
    model.fleets().any(|fleet| is_short(model, fleet))
}

/// Launches instances in the place of those that fleets have lost. Where none can be launched, nothing changes.
pub(crate) fn fill_short_fleets(model: &mut Model, cx: &mut Context<'_>) {
    let short: Vec<Fleet> = model.fleets().filter(|fleet| is_short(model, fleet)).cloned().collect();
    for mut fleet in short {
        if fill(model, cx, &mut fleet).is_ok_and(|is_filled| is_filled) {
            model.change_fleet(fleet);
        }
    }
}

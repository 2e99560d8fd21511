//! How a fleet finds its instances: pool by pool, in the order that its allocation strategy gives them.

use std::collections::BTreeMap;

use vpc_model::fleet::{FleetFailure, FleetKind, FleetLaunch, FleetPool, FleetTarget};
use vpc_model::launch_template::parameters;
use vpc_model::{
    Context, FleetId, InstanceId, LaunchParameter, LaunchParameters, Model, SubnetId, Tags, instance_type, spot_price,
};

use crate::operations::instance::launch::{TemplateRef, put_subnet, request_of};
use crate::operations::instance_requirements;
use crate::query::Query;
use crate::{ApiError, Code, shape, tag_specification};

/// What overrides say instead of the template, by the names that both have for it.
const INSTEAD: &[&str] =
    &["BlockDeviceMapping", "IamInstanceProfile", "ImageId", "InstanceType", "KeyName", "MetadataOptions"];

/// A fleet that is about to launch.
#[derive(Debug)]
pub(super) struct Launcher<'a> {
    request: &'a LaunchParameters,
    tags: &'a BTreeMap<&'static str, Tags>,
    fleet: &'a FleetId,
    candidates: Vec<Candidate>,
}

/// A pool, with what it launches.
#[derive(Debug, Clone)]
struct Candidate {
    template: LaunchParameters,
    data: LaunchParameters,
    overrides: LaunchParameters,
    added: Vec<(&'static str, String)>,
    unit: Unit,
}

/// What a unit of capacity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// An instance, or as many as its weight says.
    Instance,
    /// A vCPU.
    Vcpu,
    /// A MiB of memory.
    MemoryMib,
}

/// What was launched, and what was not.
type Outcome = (Vec<FleetLaunch>, Vec<FleetFailure>);

impl<'a> Launcher<'a> {
    /// Finds the templates and puts the overrides beside them. A template that is not there fails the whole call.
    pub(super) fn new(
        model: &Model,
        request: &'a LaunchParameters,
        fleet: &'a FleetId,
        tags: &'a BTreeMap<&'static str, Tags>,
        kind: FleetKind,
    ) -> Result<Self, ApiError> {
        let mut candidates = Vec::new();
        let unit = match parameters::text(request, "TargetCapacitySpecification.TargetCapacityUnitType") {
            Some("vcpu") => Unit::Vcpu,
            Some("memory-mib") => Unit::MemoryMib,
            _ => Unit::Instance,
        };
        for config in request.get("LaunchTemplateConfigs").map_or(&[][..], LaunchParameter::entries) {
            let Some(LaunchParameter::Structure(specification)) = config.member("LaunchTemplateSpecification") else {
                return Err(ApiError::missing("LaunchTemplateSpecification"));
            };
            let (user_data, candidate) = of_template(model, specification)?;
            let given = config.member("Overrides").map_or(&[][..], LaunchParameter::entries);
            let overrides: Vec<LaunchParameters> = match given {
                [] => vec![LaunchParameters::new()],
                given => given.iter().filter_map(members).collect(),
            };
            for one in overrides.into_iter().flat_map(|one| by_subnet(one, kind)) {
                let mut candidate = Candidate { overrides: one, ..candidate.clone() };
                candidate.unit = unit;
                if let Some(user_data) = &user_data {
                    candidate.data.insert("UserData".to_owned(), user_data.clone());
                }
                candidates.extend(candidate.by_type(model)?);
            }
        }
        Ok(Self { request, tags, fleet, candidates })
    }

    /// Launches On-Demand Instances, then Spot Instances.
    pub(super) fn launch(
        &self,
        model: &mut Model,
        cx: &mut Context<'_>,
        target: FleetTarget,
    ) -> Result<Outcome, ApiError> {
        let (mut launches, mut failures) = self.launch_kind(model, cx, target.on_demand, false)?;
        let (spot, spot_failures) = self.launch_kind(model, cx, target.spot, true)?;
        launches.extend(spot);
        failures.extend(spot_failures);
        Ok((launches, failures))
    }

    fn launch_kind(
        &self,
        model: &mut Model,
        cx: &mut Context<'_>,
        units: u32,
        is_spot: bool,
    ) -> Result<Outcome, ApiError> {
        let options = if is_spot { "SpotOptions" } else { "OnDemandOptions" };
        let option = |name: &str| parameters::text(self.request, &format!("{options}.{name}"));
        let before = model.clone();
        let (mut launches, mut failures): Outcome = Default::default();
        let mut missing = f64::from(units);
        for candidate in self.ordered(option("AllocationStrategy").unwrap_or_default()) {
            if missing <= 0.0 {
                break;
            }
            let is_other = |option_name: &str, member: &str| {
                let own = candidate.text(member);
                option(option_name) == Some("true")
                    && launches.first().is_some_and(|first| parameters::text(&first.pool.overrides, member) != own)
            };
            if is_other("SingleInstanceType", "InstanceType") || is_other("SingleAvailabilityZone", "AvailabilityZone")
            {
                continue;
            }
            let mut pool = candidate.pool(model, is_spot);
            while missing > 0.0 {
                let wanted = (missing / pool.weight).ceil() as u32;
                match self.launch_from(model, cx, candidate, is_spot, wanted) {
                    Ok(instances) => {
                        missing -= pool.weight * instances.len() as f64;
                        complete(&mut pool.overrides, model, &instances);
                        launches.push(FleetLaunch { pool: pool.clone(), instances });
                    }
                    Err(err) => {
                        let (code, message) = (err.code().name().to_owned(), err.message().to_owned());
                        failures.push(FleetFailure { pool, code, message });
                        break;
                    }
                }
            }
        }
        let least: f64 = option("MinTargetCapacity").and_then(|least| least.parse().ok()).unwrap_or(0.0);
        if f64::from(units) - missing < least {
            // Less than the least is nothing; what it met stays known.
            let met = model.take_sold_out();
            *model = before;
            model.set_sold_out(met);
            launches.clear();
        }
        Ok((launches, failures))
    }

    /// The pools in the order of the strategy: by priority, or the cheapest first.
    fn ordered(&self, strategy: &str) -> Vec<&Candidate> {
        let mut ordered: Vec<&Candidate> = self.candidates.iter().collect();
        if strategy.ends_with("prioritized") {
            let priority = |candidate: &&Candidate| candidate.number("Priority").unwrap_or(f64::MAX);
            ordered.sort_by(|one, other| priority(one).total_cmp(&priority(other)));
        } else {
            ordered.sort_by_key(|candidate| candidate.price());
        }
        ordered
    }

    fn launch_from(
        &self,
        model: &mut Model,
        cx: &mut Context<'_>,
        candidate: &Candidate,
        is_spot: bool,
        count: u32,
    ) -> Result<Vec<InstanceId>, ApiError> {
        let mut all = candidate.parameters(self.tags);
        let number = LaunchParameter::text;
        all.insert("MinCount".to_owned(), number(1));
        all.insert("MaxCount".to_owned(), number(count));
        all.remove("InstanceMarketOptions");
        if is_spot {
            all.insert("InstanceMarketOptions".to_owned(), self.market(candidate));
        }
        let mut added = candidate.added.clone();
        added.push(("aws:ec2:fleet-id", self.fleet.to_string()));
        let new = request_of(all, None)?.resolve(model, &added)?;
        Ok(model.run_instances(cx, &new)?.1)
    }

    /// How Spot Instances are bought.
    fn market(&self, candidate: &Candidate) -> LaunchParameter {
        let interruption = parameters::text(self.request, "SpotOptions.InstanceInterruptionBehavior");
        let interruption = interruption.unwrap_or("terminate");
        let kind = if interruption == "terminate" { "one-time" } else { "persistent" };
        let mut options = LaunchParameters::from([
            ("SpotInstanceType".to_owned(), LaunchParameter::text(kind)),
            ("InstanceInterruptionBehavior".to_owned(), LaunchParameter::text(interruption)),
        ]);
        options.extend(candidate.overrides.get("MaxPrice").map(|price| ("MaxPrice".to_owned(), price.clone())));
        LaunchParameter::Structure(LaunchParameters::from([
            ("MarketType".to_owned(), LaunchParameter::text("spot")),
            ("SpotOptions".to_owned(), LaunchParameter::Structure(options)),
        ]))
    }
}

impl Candidate {
    /// The same for each type that has what is required, where no type is named.
    fn by_type(self, model: &Model) -> Result<Vec<Self>, ApiError> {
        let in_template = self.data.get("InstanceRequirements").filter(|_| self.text("InstanceType").is_none());
        let Some(required) = self.overrides.get("InstanceRequirements").or(in_template).and_then(members) else {
            return Ok(vec![self]);
        };
        instance_requirements::check(&required)?;
        let image = self.text("ImageId").and_then(|id| model.image(&id.parse().ok()?));
        let architectures: Vec<String> = image.iter().map(|image| image.architecture.to_string()).collect();
        let of = |known: &instance_type::InstanceType| {
            let mut one = self.clone();
            one.overrides.remove("InstanceRequirements");
            one.overrides.insert("InstanceType".to_owned(), LaunchParameter::text(known.name));
            one
        };
        let found: Vec<Self> =
            vpc_model::instance_requirements::matching(&required, &architectures).into_iter().map(of).collect();
        if found.is_empty() {
            let message = "No instance types match the instance requirements";
            return Err(ApiError::new(Code::INVALID_PARAMETER_VALUE, message));
        }
        Ok(found)
    }

    /// A member that the override has, or else the template.
    fn text(&self, name: &str) -> Option<&str> {
        parameters::text(&self.overrides, name).or_else(|| parameters::text(&self.data, name))
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.text(name)?.parse().ok()
    }

    /// What its instances cost. Deviation: Spot Instances are put in the order of their usual prices as well.
    fn price(&self) -> u64 {
        let known = self.text("InstanceType").and_then(instance_type::find);
        known.map_or(u64::MAX, spot_price::on_demand)
    }

    fn pool(&self, model: &Model, is_spot: bool) -> FleetPool {
        let known = self.text("InstanceType").and_then(instance_type::find);
        let own = match self.unit {
            Unit::Instance => self.number("WeightedCapacity"),
            Unit::Vcpu => known.and_then(|known| known.vcpus()).map(f64::from),
            Unit::MemoryMib => known.and_then(|known| known.memory_mib()).map(|mib| mib as f64),
        };
        let weight = own.filter(|weight| *weight > 0.0).unwrap_or(1.0);
        let mut overrides = self.overrides.clone();
        if let Some(name) = self.text("InstanceType") {
            overrides.entry("InstanceType".to_owned()).or_insert_with(|| LaunchParameter::text(name));
        }
        let subnet = self.text("SubnetId").and_then(|id| id.parse::<SubnetId>().ok());
        if let Some(subnet) = subnet.and_then(|id| model.subnet(&id)) {
            overrides.insert("AvailabilityZone".to_owned(), LaunchParameter::text(&subnet.zone));
        }
        FleetPool { template: self.template.clone(), overrides, is_spot, weight }
    }

    /// What RunInstances would be asked for.
    fn parameters(&self, tags: &BTreeMap<&'static str, Tags>) -> LaunchParameters {
        let mut given = LaunchParameters::new();
        for name in INSTEAD {
            given.extend(self.overrides.get(*name).map(|value| ((*name).to_owned(), value.clone())));
        }
        let specifications: Vec<_> =
            tags.iter().map(|(kind, tags)| tag_specification::specification(kind, tags)).collect();
        if !specifications.is_empty() {
            given.insert("TagSpecification".to_owned(), LaunchParameter::List(specifications));
        }
        let mut all = parameters::as_launch(self.data.clone(), given);
        self.place(&mut all);
        all
    }

    /// Puts the override's place into the launch.
    fn place(&self, all: &mut LaunchParameters) {
        let mut placement = all.get("Placement").and_then(members).unwrap_or_default();
        placement.extend(self.overrides.get("Placement").and_then(members).unwrap_or_default());
        for zone in ["AvailabilityZone", "AvailabilityZoneId"] {
            placement.extend(self.overrides.get(zone).map(|value| (zone.to_owned(), value.clone())));
        }
        if !placement.is_empty() {
            all.insert("Placement".to_owned(), LaunchParameter::Structure(placement));
        }
        if let Some(subnet) = self.overrides.get("SubnetId") {
            put_subnet(all, subnet);
        }
    }
}

/// The user data that is said instead of the template's, and a pool of the template as it is.
fn of_template(
    model: &Model,
    specification: &LaunchParameters,
) -> Result<(Option<LaunchParameter>, Candidate), ApiError> {
    let mut specification = specification.clone();
    let user_data = specification.remove("LaunchTemplateSpecificationUserData");
    let mut query = Query::of(shape::flatten(&specification), None);
    let (data, added) = TemplateRef::decode(&mut query)?.find(model)?;
    let [(_, id), (_, version)] = &added;
    let template = LaunchParameters::from([
        ("LaunchTemplateId".to_owned(), LaunchParameter::text(id)),
        ("Version".to_owned(), LaunchParameter::text(version)),
    ]);
    Ok((
        user_data,
        Candidate { template, data, overrides: LaunchParameters::new(), added: added.to_vec(), unit: Unit::Instance },
    ))
}

/// A fleet that is not instant can name several subnets at once.
fn by_subnet(overrides: LaunchParameters, kind: FleetKind) -> Vec<LaunchParameters> {
    let subnets = parameters::text(&overrides, "SubnetId").filter(|_| kind != FleetKind::OneTime).map(str::to_owned);
    let Some(subnets) = subnets else { return vec![overrides] };
    let with = |subnet: &str| {
        let mut one = overrides.clone();
        one.insert("SubnetId".to_owned(), LaunchParameter::text(subnet.trim()));
        one
    };
    subnets.split(',').map(with).collect()
}

/// Adds where instances came to be.
fn complete(overrides: &mut LaunchParameters, model: &Model, instances: &[InstanceId]) {
    if let Some(instance) = instances.first().and_then(|id| model.instance(id)) {
        overrides.entry("AvailabilityZone".to_owned()).or_insert_with(|| LaunchParameter::text(&instance.zone));
    }
}

fn members(value: &LaunchParameter) -> Option<LaunchParameters> {
    match value {
        LaunchParameter::Structure(members) => Some(members.clone()),
        _ => None,
    }
}

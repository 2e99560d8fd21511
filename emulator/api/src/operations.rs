//! What actions are: two traits, and the table that finds an action by its name.
//!
//! Each family of resources is a module with its actions in a table of its own, `ACTIONS`.

mod account;
pub(crate) mod auto_scaling;
mod capacity_reservation;
mod carrier_gateway;
mod customer_gateway;
mod describe;
mod dhcp_options;
mod egress_only_gateway;
mod elastic_ip;
mod endpoint_service;
pub(crate) mod fleet;
mod flow_log;
mod id_format;
mod image;
mod instance;
mod instance_requirements;
mod instance_type;
mod internet_gateway;
mod key_pair;
mod launch_template;
mod nat_gateway;
mod network_acl;
mod network_insights;
mod network_interface;
mod nothing_here;
mod peering;
mod placement_group;
mod prefix_list;
mod public_access;
mod region;
pub(crate) mod replace;
mod route_table;
mod security_group;
mod settings;
mod spot_price;
mod spot_request;
mod sts;
mod subnet;
mod tags;
mod transit_gateway;
mod trunk;
mod unsuccessful;
mod volume;
mod vpc;
mod vpc_endpoint;
mod vpn_connection;
mod vpn_gateway;

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use vpc_model::{Context, Model};

use self::nothing_here::{address_plans, capacity, more_networks, outposts};
use crate::ApiError;
use crate::call::Service;
use crate::query::Query;
use crate::xml::Xml;

/// All actions, by family: the modules with their tables.
macro_rules! families {
    ($($family:ident::ACTIONS,)*) => {
        const FAMILIES: &[(&str, &[Action])] = &[$((stringify!($family), $family::ACTIONS)),*];
    };
}

families! {
    account::ACTIONS,
    address_plans::ACTIONS,
    auto_scaling::ACTIONS,
    capacity::ACTIONS,
    capacity_reservation::ACTIONS,
    carrier_gateway::ACTIONS,
    customer_gateway::ACTIONS,
    dhcp_options::ACTIONS,
    egress_only_gateway::ACTIONS,
    elastic_ip::ACTIONS,
    endpoint_service::ACTIONS,
    fleet::ACTIONS,
    flow_log::ACTIONS,
    id_format::ACTIONS,
    image::ACTIONS,
    instance::ACTIONS,
    instance_requirements::ACTIONS,
    instance_type::ACTIONS,
    internet_gateway::ACTIONS,
    key_pair::ACTIONS,
    launch_template::ACTIONS,
    more_networks::ACTIONS,
    nat_gateway::ACTIONS,
    network_acl::ACTIONS,
    network_insights::ACTIONS,
    network_interface::ACTIONS,
    outposts::ACTIONS,
    peering::ACTIONS,
    placement_group::ACTIONS,
    prefix_list::ACTIONS,
    public_access::ACTIONS,
    region::ACTIONS,
    route_table::ACTIONS,
    security_group::ACTIONS,
    settings::ACTIONS,
    spot_price::ACTIONS,
    spot_request::ACTIONS,
    sts::ACTIONS,
    subnet::ACTIONS,
    tags::ACTIONS,
    transit_gateway::ACTIONS,
    trunk::ACTIONS,
    volume::ACTIONS,
    vpc::ACTIONS,
    vpc_endpoint::ACTIONS,
    vpn_connection::ACTIONS,
    vpn_gateway::ACTIONS,
}

/// What an action says when it succeeded.
pub(crate) trait Output {
    /// Writes it, without the element that is named after the action.
    fn write(&self, xml: &mut Xml);

    /// The same as bytes. Answers that may be long have them already.
    fn into_bytes(self) -> Vec<u8>
    where
        Self: Sized,
    {
        Xml::fragment(|xml| self.write(xml))
    }
}

/// The answer of actions that have nothing to say: `<return>true</return>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Done;

impl Output for Done {
    fn write(&self, xml: &mut Xml) {
        xml.text("return", true);
    }
}

/// An action that only looks.
pub(crate) trait ReadOperation: Sized + 'static {
    /// Its name.
    const ACTION: &'static str;
    /// What it says.
    type Output: Output;

    /// Takes its parameters.
    fn decode(query: &mut Query) -> Result<Self, ApiError>;

    /// Looks.
    fn run(self, model: &Model, now: Timestamp) -> Result<Self::Output, ApiError>;
}

/// An action that changes something. When it fails it leaves the model as it was.
pub(crate) trait Operation: Sized + 'static {
    /// Its name.
    const ACTION: &'static str;
    /// Whether it takes a `ClientToken`. Repeats are dealt with before `run`.
    const CLIENT_TOKEN: bool = false;
    /// Whether a dry run looks at the request alone, and not at what it names.
    const DRY_RUN_IS_FORMAL: bool = false;
    /// What it says.
    type Output: Output;

    /// Takes its parameters.
    fn decode(query: &mut Query) -> Result<Self, ApiError>;

    /// Does it.
    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError>;
}

/// A decoded action that only looks; gives what the reply has inside.
pub(crate) type Look = dyn FnOnce(&Model, Timestamp) -> Result<Vec<u8>, ApiError>;

/// A decoded action that changes something; gives what the reply has inside.
pub(crate) type Plan = dyn FnOnce(&mut Model, &mut Context<'_>) -> Result<Vec<u8>, ApiError>;

/// How an action is decoded.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Handler {
    /// It only looks.
    Read(fn(&mut Query) -> Result<Box<Look>, ApiError>),
    /// It changes something.
    Write(fn(&mut Query) -> Result<Box<Plan>, ApiError>),
}

/// An entry of the action table.
#[derive(Debug)]
pub(crate) struct Action {
    pub(crate) name: &'static str,
    pub(crate) service: Service,
    pub(crate) takes_client_token: bool,
    pub(crate) dry_run_is_formal: bool,
    pub(crate) handler: Handler,
}

/// The entry of an action that only looks.
pub(crate) const fn read<T: ReadOperation>() -> Action {
    Action {
        name: T::ACTION,
        service: Service::Ec2,
        takes_client_token: false,
        dry_run_is_formal: false,
        handler: Handler::Read(|query| {
            let operation = T::decode(query)?;
            Ok(Box::new(|model, now| operation.run(model, now).map(Output::into_bytes)))
        }),
    }
}

/// The entry of an action that changes something.
pub(crate) const fn write<T: Operation>() -> Action {
    Action {
        name: T::ACTION,
        service: Service::Ec2,
        takes_client_token: T::CLIENT_TOKEN,
        dry_run_is_formal: T::DRY_RUN_IS_FORMAL,
        handler: Handler::Write(|query| {
            let operation = T::decode(query)?;
            Ok(Box::new(|model, cx| operation.run(model, cx).map(Output::into_bytes)))
        }),
    }
}

/// All actions by service and name.
static BY_NAME: LazyLock<HashMap<(Service, &str), &Action>> = LazyLock::new(|| {
    FAMILIES
        .iter()
        .flat_map(|(_, family)| family.iter())
        .map(|action| ((action.service, action.name), action))
        .collect()
});

/// The action of a name.
pub(crate) fn find(service: Service, name: &str) -> Option<&'static Action> {
    BY_NAME.get(&(service, name)).copied()
}

/// The names of EC2's actions, a line each, in order: those that are here and those that are not.
const KNOWN: &str = include_str!("operations/known.txt");

/// Whether a service has an action, here or not.
pub(crate) fn is_known(service: Service, name: &str) -> bool {
    let known = match service {
        Service::Ec2 => KNOWN,
        Service::AutoScaling => auto_scaling::KNOWN,
        Service::Sts => return find(service, name).is_some(),
    };
    known.lines().any(|known| known == name)
}

/// What is here of EC2, STS and Auto Scaling: the names of all actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// What is here, by family.
    pub families: Vec<Family>,
    /// The actions that EC2 has besides, in order.
    pub not_built: Vec<&'static str>,
}

/// The actions about one kind of resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// The module's name.
    pub name: &'static str,
    /// Its actions, in order.
    pub actions: Vec<&'static str>,
    /// Whether there never is such a resource: the answer is what EC2 tells an account that has none.
    pub is_empty: bool,
}

/// Says which actions are here and which are not.
pub fn coverage() -> Coverage {
    let families = FAMILIES.iter().map(|(name, actions)| {
        let mut actions: Vec<_> = actions.iter().map(|it| it.name).collect();
        actions.sort_unstable();
        Family { name, actions, is_empty: nothing_here::FAMILIES.contains(name) }
    });
    let not_built = KNOWN.lines().filter(|name| find(Service::Ec2, name).is_none());
    Coverage { families: families.collect(), not_built: not_built.collect() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_distinct() {
        let mut names = BTreeSet::new();
        for action in FAMILIES.iter().flat_map(|(_, family)| family.iter()) {
            assert!(names.insert(action.name), "{} is there twice", action.name);
        }
    }

    #[test]
    fn empty_families_are_families() {
        let empty: Vec<_> = coverage().families.into_iter().filter(|it| it.is_empty).map(|it| it.name).collect();
        assert_eq!(empty, nothing_here::FAMILIES);
    }

    #[test]
    fn known_names_are_sorted_and_have_ours() {
        for known in [KNOWN, auto_scaling::KNOWN] {
            assert!(known.lines().is_sorted_by(|one, next| one < next));
        }
        for action in FAMILIES.iter().flat_map(|(_, family)| family.iter()) {
            assert!(is_known(action.service, action.name), "{}", action.name);
            assert_eq!(is_known(Service::Ec2, action.name), action.service == Service::Ec2, "{}", action.name);
        }
    }
}

//! Laws that hold whatever is done in whatever order: nothing is handed out twice, every index equals a
//! recount, and a refusal leaves the model as it was.

use ipnet::Ipv4Net;
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use vpc_model::instance::NewInstances;
use vpc_model::{
    Addresses, AttachmentStatus, Context, Direction, Ids, InstanceId, InterfaceAttribute, InterfaceType, IpProtocol,
    Model, NetworkInterface, NetworkInterfaceId, NewAttachment, NewInterface, NewRule, NewSubnet, NewVpc, RulePeer,
    SecurityGroupId, SubnetId, Tags, VlanId, VpcId, WantedAddresses,
};

/// Something to do. Numbers choose among what there is at that time.
#[derive(Debug, Clone)]
enum Step {
    CreateSubnet { block: u8 },
    DeleteSubnet(usize),
    CreateInterface { subnet: usize, trunk: bool, secondary: usize, prefixes: usize, host: Option<u8> },
    DeleteInterface(usize),
    Assign { interface: usize, count: usize, prefixes: usize, host: Option<u8>, move_it: bool },
    Unassign { interface: usize, from: usize },
    Attach { interface: usize, instance: usize, index: u16 },
    Detach(usize),
    Ready(usize),
    Gone(usize),
    Associate { trunk: usize, branch: usize, vlan: u16 },
    Disassociate(usize),
    Run { subnet: usize, large: bool, count: u32 },
    Stop(usize),
    Start(usize),
    Terminate(usize),
    Settle,
    CreateGroup(u8),
    DeleteGroup(usize),
    SetGroups { interface: usize, groups: Vec<usize> },
    AllowGroup { group: usize, peer: usize },
    CreateTable,
    DeleteTable(usize),
    AssociateTable { table: usize, subnet: usize },
    MoveAssociation { association: usize, table: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let n = 0..64_usize;
    let host = || proptest::option::of(0..40_u8);
    prop_oneof![
        (0..6_u8).prop_map(|block| Step::CreateSubnet { block }),
        n.clone().prop_map(Step::DeleteSubnet),
        (n.clone(), any::<bool>(), 0..6_usize, 0..2_usize, host()).prop_map(
            |(subnet, trunk, secondary, prefixes, host)| Step::CreateInterface {
                subnet,
                trunk,
                secondary,
                prefixes,
                host
            }
        ),
        n.clone().prop_map(Step::DeleteInterface),
        (n.clone(), 0..6_usize, 0..2_usize, host(), any::<bool>()).prop_map(
            |(interface, count, prefixes, host, move_it)| Step::Assign { interface, count, prefixes, host, move_it }
        ),
        (n.clone(), 0..8_usize).prop_map(|(interface, from)| Step::Unassign { interface, from }),
        (n.clone(), n.clone(), 0..5_u16).prop_map(|(interface, instance, index)| Step::Attach {
            interface,
            instance,
            index
        }),
        n.clone().prop_map(Step::Detach),
        n.clone().prop_map(Step::Ready),
        n.clone().prop_map(Step::Gone),
        (n.clone(), n.clone(), 1..4_u16).prop_map(|(trunk, branch, vlan)| Step::Associate { trunk, branch, vlan }),
        n.clone().prop_map(Step::Disassociate),
        (n.clone(), any::<bool>(), 1..3_u32).prop_map(|(subnet, large, count)| Step::Run { subnet, large, count }),
        n.clone().prop_map(Step::Stop),
        n.clone().prop_map(Step::Start),
        n.clone().prop_map(Step::Terminate),
        Just(Step::Settle),
        (0..5_u8).prop_map(Step::CreateGroup),
        n.clone().prop_map(Step::DeleteGroup),
        (n.clone(), vec(n.clone(), 0..7)).prop_map(|(interface, groups)| Step::SetGroups { interface, groups }),
        (n.clone(), n.clone()).prop_map(|(group, peer)| Step::AllowGroup { group, peer }),
        Just(Step::CreateTable),
        n.clone().prop_map(Step::DeleteTable),
        (n.clone(), n.clone()).prop_map(|(table, subnet)| Step::AssociateTable { table, subnet }),
        (n.clone(), n).prop_map(|(association, table)| Step::MoveAssociation { association, table }),
    ]
}

/// The account, and what its changes draw on.
struct World {
    model: Model,
    ids: Ids,
    now: Timestamp,
    vpc: VpcId,
}

/// What a step came to: `None` when there was nothing to do it with.
type Outcome = Option<Result<(), String>>;

fn shown<T, E: std::fmt::Debug>(result: Result<T, E>) -> Outcome {
    Some(result.map(|_| ()).map_err(|err| format!("{err:?}")))
}

fn choose<T>(all: impl Iterator<Item = T>, n: usize) -> Option<T> {
    let mut all: Vec<T> = all.collect();
    if all.is_empty() { None } else { Some(all.swap_remove(n % all.len())) }
}

impl World {
    fn new() -> Self {
        let (mut ids, now) = (Ids::seeded(1), Timestamp::UNIX_EPOCH);
        let mut model = Model::empty("123456789012".into(), "us-west-2".into());
        let mut cx = Context { now, ids: &mut ids };
        let vpc = model.create_vpc(&mut cx, NewVpc::with_block(block(0, 16))).expect("a good block");
        let mut world = Self { model, ids, now, vpc };
        world.apply(&Step::CreateSubnet { block: 0 });
        world.apply(&Step::Run { subnet: 0, large: true, count: 1 });
        world
    }

    fn subnet(&self, n: usize) -> Option<SubnetId> {
        choose(self.model.subnets().map(|subnet| subnet.id.clone()), n)
    }

    fn interface(&self, n: usize) -> Option<NetworkInterface> {
        choose(self.model.network_interfaces().cloned(), n)
    }

    fn interface_id(&self, n: usize) -> Option<NetworkInterfaceId> {
        self.interface(n).map(|interface| interface.id)
    }

    fn instance(&self, n: usize) -> Option<InstanceId> {
        choose(self.model.instances().map(|instance| instance.id.clone()), n)
    }

    fn group(&self, n: usize) -> Option<SecurityGroupId> {
        choose(self.model.security_groups().map(|group| group.id.clone()), n)
    }

    fn wanted(&self, subnet: &SubnetId, count: usize, prefixes: usize, host: Option<u8>) -> WantedAddresses {
        let base =
            u32::from(self.model.subnet(subnet).expect("it was chosen").cidr_block.expect("it has one").network());
        let ipv4 = host.map(|host| (base + u32::from(host)).into()).into_iter().collect();
        WantedAddresses { ipv4, ipv4_count: count, ipv4_prefix_count: prefixes, ..Default::default() }
    }

    fn apply(&mut self, step: &Step) -> Outcome {
        match step {
            Step::CreateSubnet { .. }
            | Step::DeleteSubnet(_)
            | Step::CreateTable
            | Step::DeleteTable(_)
            | Step::AssociateTable { .. }
            | Step::MoveAssociation { .. } => self.apply_to_subnets(step),
            Step::Run { .. } | Step::Stop(_) | Step::Start(_) | Step::Terminate(_) | Step::Settle => {
                self.apply_to_instances(step)
            }
            Step::CreateGroup(_) | Step::DeleteGroup(_) | Step::SetGroups { .. } | Step::AllowGroup { .. } => {
                self.apply_to_groups(step)
            }
            _ => self.apply_to_interfaces(step),
        }
    }

    fn apply_to_subnets(&mut self, step: &Step) -> Outcome {
        let tables = || self.model.route_tables().map(|table| table.id.clone());
        match step {
            Step::CreateSubnet { block: third } => {
                let new = NewSubnet::with_block(self.vpc.clone(), block(*third, 26));
                let mut cx = Context { now: self.now, ids: &mut self.ids };
                shown(self.model.create_subnet(&mut cx, new))
            }
            Step::DeleteSubnet(n) => {
                let id = self.subnet(*n)?;
                shown(self.model.delete_subnet(&id))
            }
            Step::CreateTable => {
                let mut cx = Context { now: self.now, ids: &mut self.ids };
                shown(self.model.create_route_table(&mut cx, &self.vpc, Tags::new()))
            }
            Step::DeleteTable(n) => {
                let id = choose(tables(), *n)?;
                shown(self.model.delete_route_table(&id))
            }
            Step::AssociateTable { table, subnet } => {
                let (table, subnet) = (choose(tables(), *table)?, self.subnet(*subnet)?);
                let mut cx = Context { now: self.now, ids: &mut self.ids };
                shown(self.model.associate_route_table(&mut cx, &table, &subnet))
            }
            Step::MoveAssociation { association, table } => {
                let all = self.model.route_tables().flat_map(|table| table.associations.iter());
                let (id, table) = (choose(all.map(|found| found.id.clone()), *association)?, choose(tables(), *table)?);
                let mut cx = Context { now: self.now, ids: &mut self.ids };
                shown(self.model.replace_route_table_association(&mut cx, &id, &table))
            }
            _ => None,
        }
    }

    fn apply_to_instances(&mut self, step: &Step) -> Outcome {
        match step {
            Step::Run { subnet, large, count } => {
                let instance_type = if *large { "m5.large" } else { "t3.micro" };
                let image = "ami-01234567".parse().expect("well-formed");
                let mut new = NewInstances::one(image, instance_type, self.subnet(*subnet)?);
                new.max_count = *count;
                let mut cx = Context { now: self.now, ids: &mut self.ids };
                shown(self.model.run_instances(&mut cx, &new))
            }
            Step::Stop(n) => {
                let id = self.instance(*n)?;
                shown(self.model.stop_instances(self.now, &[id]))
            }
            Step::Start(n) => {
                let id = self.instance(*n)?;
                shown(self.model.start_instances(self.now, &[id]))
            }
            Step::Terminate(n) => {
                let id = self.instance(*n)?;
                shown(self.model.terminate_instances(self.now, &[id]))
            }
            Step::Settle => {
                self.model.settle(self.now);
                Some(Ok(()))
            }
            _ => None,
        }
    }

    fn apply_to_groups(&mut self, step: &Step) -> Outcome {
        match step {
            Step::CreateGroup(n) => {
                let mut cx = Context { now: self.now, ids: &mut self.ids };
                shown(self.model.create_security_group(&mut cx, &self.vpc, &format!("group {n}"), "one", Tags::new()))
            }
            Step::DeleteGroup(n) => {
                let id = self.group(*n)?;
                shown(self.model.delete_security_group(&id))
            }
            Step::SetGroups { interface, groups } => {
                let groups = groups.iter().filter_map(|n| self.group(*n)).collect();
                let id = self.interface_id(*interface)?;
                shown(self.model.modify_network_interface(&id, InterfaceAttribute::Groups(groups)))
            }
            Step::AllowGroup { group, peer } => {
                let (id, peer) = (self.group(*group)?, RulePeer::Group(self.group(*peer)?));
                let rule = NewRule { protocol: IpProtocol::All, ports: None, peer, description: None };
                let mut cx = Context { now: self.now, ids: &mut self.ids };
                shown(self.model.authorize_security_group(&mut cx, &id, Direction::Ingress, vec![rule], &Tags::new()))
            }
            _ => None,
        }
    }

    fn apply_to_interfaces(&mut self, step: &Step) -> Outcome {
        match step {
            Step::CreateInterface { subnet, trunk, secondary, prefixes, host } => {
                let subnet = self.subnet(*subnet)?;
                let interface_type = if *trunk { InterfaceType::Trunk } else { InterfaceType::Interface };
                let addresses = self.wanted(&subnet, *secondary, *prefixes, *host);
                let new = NewInterface { interface_type, addresses, ..NewInterface::in_subnet(subnet) };
                let mut cx = Context { now: self.now, ids: &mut self.ids };
                shown(self.model.create_network_interface(&mut cx, new))
            }
            Step::DeleteInterface(n) => {
                let id = self.interface_id(*n)?;
                shown(self.model.delete_network_interface(&id))
            }
            Step::Assign { interface, count, prefixes, host, move_it } => {
                let interface = self.interface(*interface)?;
                let wanted = self.wanted(&interface.subnet_id, *count, *prefixes, *host);
                let mut cx = Context { now: self.now, ids: &mut self.ids };
                shown(self.model.assign_addresses(&mut cx, &interface.id, wanted, *move_it))
            }
            Step::Unassign { interface, from } => {
                let interface = self.interface(*interface)?;
                let ipv4 = interface.private_ips.iter().skip(*from).map(|ip| ip.address).collect();
                let given = Addresses { ipv4, ipv4_prefixes: interface.ipv4_prefixes, ..Default::default() };
                shown(self.model.unassign_addresses(&interface.id, &given))
            }
            Step::Attach { interface, instance, index } => {
                let new = NewAttachment {
                    network_interface_id: self.interface_id(*interface)?,
                    instance_id: self.instance(*instance)?,
                    device_index: *index,
                    network_card_index: 0,
                    delete_on_termination: index.is_multiple_of(2),
                };
                let mut cx = Context { now: self.now, ids: &mut self.ids };
                shown(self.model.attach_network_interface(&mut cx, new))
            }
            Step::Detach(n) => {
                let all = self.model.network_interfaces().filter_map(|interface| interface.attachment.clone());
                let id = choose(all, *n)?.id;
                let mut cx = Context { now: self.now, ids: &mut self.ids };
                shown(self.model.detach_network_interface(&mut cx, &id))
            }
            Step::Ready(n) => {
                let id = self.interface_id(*n)?;
                self.model.attachment_ready(&id);
                Some(Ok(()))
            }
            Step::Gone(n) => {
                let id = self.interface_id(*n)?;
                self.model.attachment_gone(&id);
                Some(Ok(()))
            }
            Step::Associate { trunk, branch, vlan } => {
                let is_trunk = |found: &&NetworkInterface| found.interface_type == InterfaceType::Trunk;
                let trunk =
                    choose(self.model.network_interfaces().filter(is_trunk).map(|found| found.id.clone()), *trunk)?;
                let branch = self.interface_id(*branch)?;
                let vlan = VlanId::new(*vlan).expect("in range");
                let mut cx = Context { now: self.now, ids: &mut self.ids };
                shown(self.model.associate_trunk_interface(&mut cx, &trunk, &branch, vlan, Tags::new()))
            }
            Step::Disassociate(n) => {
                let id = choose(self.model.trunk_associations().map(|found| found.id.clone()), *n)?;
                shown(self.model.disassociate_trunk_interface(&id))
            }
            _ => None,
        }
    }
}

fn block(third: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(std::net::Ipv4Addr::new(10, 0, third, 0), length)
}

/// Every free address and every taken one make up a subnet, but for the five reserved ones.
fn check_free_counts(model: &Model) -> Result<(), TestCaseError> {
    for subnet in model.subnets() {
        let inside = model.network_interfaces().filter(|interface| interface.subnet_id == subnet.id);
        let taken: usize = inside.map(|found| found.private_ips.len() + 16 * found.ipv4_prefixes.len()).sum();
        let size = 1 << (32 - subnet.cidr_block.expect("it has one").prefix_len());
        prop_assert_eq!(model.available_ip_address_count(&subnet.id) as usize + taken, size - 5);
    }
    Ok(())
}

fn check_look_ups(model: &Model) -> Result<(), TestCaseError> {
    for interface in model.network_interfaces() {
        for net in interface.networks() {
            let found = model.eni_by_address(&interface.vpc_id, net.broadcast());
            prop_assert_eq!(found.map(|found| &found.id), Some(&interface.id));
        }
        if let Some(attachment) = interface.live_attachment() {
            prop_assert_ne!(attachment.status, AttachmentStatus::Detached);
            let mut attached = model.interfaces_of(&attachment.instance_id);
            prop_assert!(attached.any(|found| found.id == interface.id));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_handed_out_twice(steps in vec(step(), 1..60)) {
        let mut world = World::new();
        for step in &steps {
            let (before, generation) = (world.model.clone(), world.model.generation());
            match world.apply(step) {
                Some(Err(refusal)) => {
                    // The Debug text has everything, indexes included.
                    let (mut one, mut other) = (format!("{before:?}"), format!("{:?}", world.model));
                    for text in [&mut one, &mut other] {
                        *text = without_generation(text);
                    }
                    prop_assert_eq!(one, other, "{:?} was refused with {} and changed something", step, refusal);
                }
                Some(Ok(())) => prop_assert!(world.model.generation() >= generation),
                None => {}
            }
            if let Err(broken) = world.model.check_invariants() {
                prop_assert!(false, "after {:?}:\n{}", step, broken.join("\n"));
            }
        }
        check_free_counts(&world.model)?;
        check_look_ups(&world.model)?;
    }
}

/// A launch that is undone counts as two changes; nothing else may differ.
fn without_generation(text: &str) -> String {
    match text.split_once("generation: ") {
        Some((start, rest)) => format!("{start}{}", rest.trim_start_matches(|c: char| c.is_ascii_digit())),
        None => text.to_owned(),
    }
}

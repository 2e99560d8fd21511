//! Launching instances.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html>.

use super::{Instance, InstanceError, InstanceOptions, InstanceState, MetadataOptions, ShutdownBehavior};
use crate::{
    AddressError, CapacityError, Context, EnaSrd, ImageId, InstanceId, InterfaceAttribute, InterfaceError,
    LaunchParameter, LaunchParameters, Model, NetworkInterfaceId, NewAttachment, NewInterface, PlacementGroupError,
    ReservationId, SubnetId, Tags, ZoneName, instance_type,
};

/// The most bytes user data can have before it is encoded.
const MAX_USER_DATA_BYTES: usize = 16_384;

/// What RunInstances asks for.
#[derive(Debug, Clone)]
pub struct NewInstances {
    /// The image.
    pub image_id: ImageId,
    /// The type.
    pub instance_type: String,
    /// How many there have to be.
    pub min_count: u32,
    /// How many there shall be, where there is room.
    pub max_count: u32,
    /// Their interfaces; one of them with device index 0.
    pub interfaces: Vec<LaunchInterface>,
    /// Their zone; without, their subnet's.
    pub zone: Option<ZoneName>,
    /// The key pair's name.
    pub key_name: Option<String>,
    /// The instance profile's ARN.
    pub iam_instance_profile: Option<String>,
    /// User data, decoded.
    pub user_data: Option<Vec<u8>>,
    /// How IMDS serves them.
    pub metadata_options: MetadataOptions,
    /// The launch's idempotency token.
    pub client_token: Option<String>,
    /// What a shutdown from within does.
    pub shutdown_behavior: ShutdownBehavior,
    /// Whether TerminateInstances is refused.
    pub disable_api_termination: bool,
    /// Whether StopInstances is refused.
    pub disable_api_stop: bool,
    /// What they have beyond their network.
    pub options: InstanceOptions,
    /// Their tags.
    pub tags: Tags,
    /// Their volumes' tags.
    pub volume_tags: Tags,
}

/// An interface of a launch.
#[derive(Debug, Clone)]
pub struct LaunchInterface {
    /// Its place; 0 is the primary one's.
    pub device_index: u16,
    /// Its network card.
    pub network_card_index: u16,
    /// Whether it goes when the instance does.
    pub delete_on_termination: bool,
    /// Scalable reliable datagrams, where they are configured.
    pub ena_srd: Option<EnaSrd>,
    /// How many queues it has, where that is configured.
    pub ena_queue_count: Option<u16>,
    /// Where it comes from.
    pub source: LaunchSource,
}

impl LaunchInterface {
    /// At a place, and nothing else said.
    pub fn at(device_index: u16, source: LaunchSource) -> Self {
        Self {
            device_index,
            network_card_index: 0,
            delete_on_termination: true,
            ena_srd: None,
            ena_queue_count: None,
            source,
        }
    }
}

/// Where an interface of a launch comes from.
#[derive(Debug, Clone)]
pub enum LaunchSource {
    /// It is there already.
    Existing(NetworkInterfaceId),
    /// It is made with each instance.
    New(Box<NewInterface>),
}

impl NewInstances {
    /// One instance with one new interface in a subnet and nothing else said.
    pub fn one(image_id: ImageId, instance_type: &str, subnet_id: SubnetId) -> Self {
        Self {
            image_id,
            instance_type: instance_type.to_owned(),
            min_count: 1,
            max_count: 1,
            interfaces: vec![LaunchInterface::at(0, LaunchSource::New(Box::new(NewInterface::in_subnet(subnet_id))))],
            zone: None,
            key_name: None,
            iam_instance_profile: None,
            user_data: None,
            metadata_options: MetadataOptions::default(),
            client_token: None,
            shutdown_behavior: ShutdownBehavior::default(),
            disable_api_termination: false,
            disable_api_stop: false,
            options: InstanceOptions::default(),
            tags: Tags::new(),
            volume_tags: Tags::new(),
        }
    }

    /// Whether it names what only one instance can have.
    fn is_for_one_only(&self) -> bool {
        self.interfaces.iter().any(|interface| match &interface.source {
            LaunchSource::Existing(_) => true,
            LaunchSource::New(new) => {
                let wanted = &new.addresses;
                new.primary_ip.is_some()
                    || wanted.ipv4.len() + wanted.ipv4_prefixes.len() + wanted.ipv6.len() + wanted.ipv6_prefixes.len()
                        > 0
            }
        })
    }
}

impl Model {
    /// Launches instances: as many as there is room for, or none when that is too few.
    pub fn run_instances(
        &mut self,
        cx: &mut Context<'_>,
        new: &NewInstances,
    ) -> Result<(ReservationId, Vec<InstanceId>), InstanceError> {
        self.forget_terminated(cx.now);
        self.check_launch(new)?;
        let (subnet_id, zone) = self.place_of(new)?;
        self.check_sold_out(&new.instance_type, &zone)?;
        let reservation_id: ReservationId = cx.ids.next();
        let is_spot = new.options.market.is_some();
        let mut room = self.vcpu_room(&new.instance_type, is_spot);
        let (mut launched, generation) = (Vec::new(), self.generation);
        while launched.len() < new.max_count as usize {
            let instance = self.new_instance(cx, new, &reservation_id, launched.len() as u32, &subnet_id, &zone);
            match room.take(&new.instance_type).and_then(|()| self.launch_one(cx, instance, &new.interfaces)) {
                Ok(id) => {
                    self.make_volumes(cx, &id, &new.volume_tags);
                    launched.push(id);
                }
                Err(err) if launched.len() >= new.min_count as usize && is_exhausted(&err) => break,
                Err(err) => {
                    for id in &launched {
                        self.undo_launch(id, &new.interfaces);
                    }
                    // Nothing has changed, so there is nothing to follow.
                    self.generation = generation;
                    return Err(err);
                }
            }
        }
        self.touch();
        Ok((reservation_id, launched))
    }

    /// The default VPC's default subnet in a zone, or in the first zone that has one.
    pub fn default_subnet(&self, zone: Option<&ZoneName>) -> Result<SubnetId, InstanceError> {
        let vpc = self.default_vpc().ok_or(InstanceError::NoDefaultVpc)?;
        let mut subnets: Vec<_> = self.subnets_of(&vpc.id).filter(|subnet| subnet.default_for_az).collect();
        subnets.sort_by(|one, other| one.zone.cmp(&other.zone));
        let mut fitting = subnets.into_iter().filter(|subnet| zone.is_none_or(|zone| subnet.zone == *zone));
        fitting.next().map(|subnet| subnet.id.clone()).ok_or(InstanceError::NoDefaultSubnet)
    }

    fn check_launch(&self, new: &NewInstances) -> Result<(), InstanceError> {
        let (min, max) = (new.min_count, new.max_count);
        if min == 0 || min > max {
            return Err(InstanceError::Count { min, max });
        }
        if max > 1 && new.is_for_one_only() {
            return Err(InstanceError::NamedForSeveral);
        }
        let Some(known) = instance_type::find(&new.instance_type) else {
            return Err(InstanceError::NoSuchType(new.instance_type.clone()));
        };
        self.check_image(&new.image_id, known.name, known.architecture())?;
        self.check_volumes(&new.image_id, &new.options)?;
        if let Some(name) = new.key_name.as_ref().filter(|name| self.key_pair_named(name).is_none()) {
            return Err(InstanceError::NoSuchKeyPair(name.clone()));
        }
        if new.user_data.as_ref().is_some_and(|data| data.len() > MAX_USER_DATA_BYTES) {
            return Err(InstanceError::UserDataLength);
        }
        Ok(())
    }

    /// The primary interface's subnet and zone.
    fn place_of(&self, new: &NewInstances) -> Result<(SubnetId, ZoneName), InstanceError> {
        let is_primary = |other: &&LaunchInterface| other.device_index == 0 && other.network_card_index == 0;
        let primary = new.interfaces.iter().find(is_primary).ok_or(InstanceError::NoPrimaryInterface)?;
        let subnet_id = match &primary.source {
            LaunchSource::New(interface) => &interface.subnet_id,
            LaunchSource::Existing(id) => {
                let interface = self.network_interfaces.get(id);
                &interface.ok_or_else(|| InterfaceError::NotFound(id.clone()))?.subnet_id
            }
        };
        let subnet = self.subnets.get(subnet_id);
        let subnet = subnet.ok_or_else(|| InterfaceError::SubnetNotFound(subnet_id.clone()))?;
        match &new.zone {
            Some(zone) if *zone != subnet.zone => {
                Err(InstanceError::SubnetInOtherZone { subnet: subnet.id.clone(), zone: zone.clone() })
            }
            _ => Ok((subnet.id.clone(), subnet.zone.clone())),
        }
    }

    fn new_instance(
        &self,
        cx: &mut Context<'_>,
        new: &NewInstances,
        reservation_id: &ReservationId,
        index: u32,
        subnet_id: &SubnetId,
        zone: &ZoneName,
    ) -> Instance {
        Instance {
            id: cx.ids.next(),
            reservation_id: reservation_id.clone(),
            ami_launch_index: index,
            image_id: new.image_id.clone(),
            instance_type: new.instance_type.clone(),
            state: InstanceState::Pending,
            state_reason: None,
            vpc_id: self.subnets[subnet_id].vpc_id.clone(),
            subnet_id: subnet_id.clone(),
            zone: zone.clone(),
            groups: Vec::new(),
            key_name: new.key_name.clone(),
            iam_instance_profile: new.iam_instance_profile.clone(),
            profile_since: None,
            user_data: new.user_data.clone(),
            metadata_options: new.metadata_options.clone(),
            capacity_reservation: None,
            launch_time: cx.now,
            terminated: None,
            client_token: new.client_token.clone(),
            shutdown_behavior: new.shutdown_behavior,
            disable_api_termination: new.disable_api_termination,
            disable_api_stop: new.disable_api_stop,
            options: self.own_options(cx, new, subnet_id),
            volumes: Vec::new(),
            tags: new.tags.clone(),
        }
    }

    /// Finds an instance's place in its group and the capacity it uses, and launches it.
    fn launch_one(
        &mut self,
        cx: &mut Context<'_>,
        mut instance: Instance,
        interfaces: &[LaunchInterface],
    ) -> Result<InstanceId, InstanceError> {
        let placement = &mut instance.options.placement;
        if let Some(name) = &placement.group_name {
            placement.partition_number = self.partition_for(name, placement.partition_number, &instance.zone)?;
        }
        instance.capacity_reservation = self.choose_capacity(&instance)?;
        let id = self.launch(cx, instance, interfaces)?;
        self.keep_spot_request(cx.now, &id);
        Ok(id)
    }

    /// Puts an instance into the model with its interfaces, or leaves nothing behind.
    fn launch(
        &mut self,
        cx: &mut Context<'_>,
        instance: Instance,
        interfaces: &[LaunchInterface],
    ) -> Result<InstanceId, InterfaceError> {
        let id = instance.id.clone();
        self.instances.insert(id.clone(), instance);
        for interface in interfaces {
            if let Err(err) = self.launch_interface(cx, &id, interface) {
                self.undo_launch(&id, interfaces);
                return Err(err);
            }
        }
        self.make_public(&id, interfaces);
        let primary = self.interfaces_of(&id).next().map(|interface| interface.groups.clone());
        if let (Some(groups), Some(instance)) = (primary, self.instances.get_mut(&id)) {
            instance.groups = groups;
        }
        Ok(id)
    }

    /// Gives an instance's primary interface a public address where the launch or its subnet say so.
    fn make_public(&mut self, id: &InstanceId, interfaces: &[LaunchInterface]) {
        let Some(primary) = self.interfaces_of(id).next() else { return };
        let launch = interfaces.iter().find(|launch| launch.device_index == 0 && launch.network_card_index == 0);
        let Some(LaunchSource::New(new)) = launch.map(|launch| &launch.source) else { return };
        // EC2 assigns none where there are several interfaces.
        let by_subnet = interfaces.len() == 1
            && self.subnets.get(&primary.subnet_id).is_some_and(|subnet| subnet.map_public_ip_on_launch);
        if new.public_ip.unwrap_or(by_subnet) {
            let interface_id = primary.id.clone();
            self.assign_public_ip(&interface_id);
            if let Some(interface) = self.network_interfaces.get_mut(&interface_id) {
                interface.wants_public_ip = true;
            }
        }
    }

    fn launch_interface(
        &mut self,
        cx: &mut Context<'_>,
        instance_id: &InstanceId,
        launch: &LaunchInterface,
    ) -> Result<(), InterfaceError> {
        let (network_interface_id, is_new) = match &launch.source {
            LaunchSource::Existing(id) => (id.clone(), false),
            LaunchSource::New(new) => (self.create_network_interface(cx, (**new).clone())?, true),
        };
        let attachment = NewAttachment {
            network_interface_id: network_interface_id.clone(),
            instance_id: instance_id.clone(),
            device_index: launch.device_index,
            network_card_index: launch.network_card_index,
            // Only what was made for an instance goes with it, unless someone says otherwise later.
            delete_on_termination: launch.delete_on_termination && is_new,
        };
        let attached = self.attach(cx, attachment);
        if attached.is_err() && is_new {
            self.remove_interface(&network_interface_id);
        }
        let attachment_id = attached?;
        if let Some(ena_srd) = launch.ena_srd {
            self.modify_network_interface(&network_interface_id, InterfaceAttribute::EnaSrd(ena_srd))?;
        }
        if let Some(count) = launch.ena_queue_count {
            let change = InterfaceAttribute::EnaQueueCount { attachment_id, count: Some(count) };
            self.modify_network_interface(&network_interface_id, change)?;
        }
        Ok(())
    }

    /// Takes an instance away as if it had never been launched, with the interfaces that were made for it.
    fn undo_launch(&mut self, id: &InstanceId, interfaces: &[LaunchInterface]) {
        let is_new = |id: &NetworkInterfaceId| {
            !interfaces.iter().any(|launch| matches!(&launch.source, LaunchSource::Existing(own) if own == id))
        };
        let attached: Vec<NetworkInterfaceId> = self.interfaces_of(id).map(|interface| interface.id.clone()).collect();
        for interface_id in attached.iter().filter(|id| is_new(id)) {
            self.remove_interface(interface_id);
        }
        self.release_interfaces(id);
        self.undo_volumes(id);
        self.instances.remove(id);
        self.spot_requests.retain(|_, request| request.instance_id != *id);
        self.note_under_way(id);
        self.touch();
    }
}

/// The option that says how a burstable instance pays.
const CREDITS: &str = "CreditSpecification";

impl Model {
    /// Each Spot Instance has a request of its own, and names and credits are as subnet and account say now.
    fn own_options(&self, cx: &mut Context<'_>, new: &NewInstances, subnet_id: &SubnetId) -> InstanceOptions {
        let mut own = new.options.clone();
        own.dns_names = own.dns_names.within(self.subnets[subnet_id].private_dns_name_options).into();
        if let Some(market) = &mut own.market {
            market.request_id = Some(cx.ids.next());
        }
        let family = new.instance_type.split('.').next().unwrap_or_default();
        if let Some(credits) = self.account_settings.credits.get(family).filter(|_| !own.kept.contains_key(CREDITS)) {
            let members = LaunchParameters::from([("CpuCredits".to_owned(), LaunchParameter::text(credits.as_str()))]);
            own.kept.insert(CREDITS.to_owned(), LaunchParameter::Structure(members));
        }
        own
    }
}

/// Whether there is merely no room for another instance.
fn is_exhausted(err: &InstanceError) -> bool {
    use AddressError::{Exhausted, TooFewForPrefixes};
    use InterfaceError::{Address, NoPrefixForNew};
    matches!(
        err,
        InstanceError::VcpuLimit(_)
            | InstanceError::SpotLimit
            | InstanceError::Interface(Address(Exhausted | TooFewForPrefixes) | NoPrefixForNew)
            | InstanceError::PlacementGroup(PlacementGroupError::Full(_))
            | InstanceError::Capacity(CapacityError::Exceeded)
    )
}

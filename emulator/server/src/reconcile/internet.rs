//! The namespace that stands for the internet, with its hosts and the VPCs' links.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use linux_net::netlink::{LinkSpec, RouteKind, RouteSpec};
use linux_net::{sysctl, unless_gone, unless_there};
use vpc_fabric::{InternetRoute, names};
use vpc_model::{Mac, VpcId};

use super::apply::{ApplyError, Result, across, add_veth, between, know_each_other};
use super::namespace::Namespace;

/// The internet's packets are no larger, see
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/network_mtu.html>.
pub(super) const MTU: u32 = 1500;

/// It forwards between links, and sends what comes back by the link it came from where that is the way.
pub(super) const SYSCTLS: &[(&str, &str)] = &[
    ("net.ipv4.ip_forward", "1"),
    ("net.ipv6.conf.all.forwarding", "1"),
    ("net.ipv4.conf.all.send_redirects", "0"),
    ("net.ipv4.conf.default.send_redirects", "0"),
];

/// The internet, where there is one.
#[derive(Debug, Default)]
pub(super) struct Internet {
    namespace: Option<Namespace>,
    pub(super) hosts: BTreeMap<String, Namespace>,
}

impl Internet {
    pub(super) fn create(&mut self) -> Result<()> {
        self.namespace = Some(Namespace::create()?);
        self.prepare()
    }

    /// Sets up the namespace.
    pub(super) fn prepare(&self) -> Result<()> {
        let namespace = self.namespace()?;
        sysctl::write_all(namespace.netns(), SYSCTLS)?;
        Ok(own_routes().iter().try_for_each(|route| namespace.netlink.replace_route(route))?)
    }

    pub(super) fn remove(&mut self) {
        self.namespace = None;
    }

    /// A host in a namespace of its own. It can send from its address only.
    pub(super) fn add_host(&mut self, name: &str, address: IpAddr) -> Result<()> {
        let host = Namespace::create()?;
        self.connect_host(&host, name, address)?;
        host.netlink.set_up("lo")?;
        let link = names::internet_host_link(name);
        unless_there(host.netlink.add_address(link.as_str(), IpNet::from(address)))?;
        let everything = if address.is_ipv4() { RouteSpec::default_v4() } else { RouteSpec::default_v6() };
        host.netlink.replace_route(&across(&host, &link, everything)?)?;
        self.hosts.insert(name.to_owned(), host);
        Ok(())
    }

    fn connect_host(&self, host: &Namespace, name: &str, address: IpAddr) -> Result<()> {
        let (internet, link) = (self.namespace()?, names::internet_host_link(name));
        let macs = names::internet_host_macs(address);
        let [near, far] = macs.map(|mac| LinkSpec::new(&link).mac(mac.0).mtu(MTU).quiet().up());
        add_veth(&internet.netlink, &link, [&far, &near], host.netns())?;
        self.know_host(host, name, address)
    }

    /// What the internet's side knows of a host, whose link is there.
    pub(super) fn know_host(&self, host: &Namespace, name: &str, address: IpAddr) -> Result<()> {
        let (internet, link) = (self.namespace()?, names::internet_host_link(name));
        let macs = names::internet_host_macs(address);
        know_each_other(&link, [host, internet], macs)?;
        sysctl::write(internet.netns(), &host_sysctl(&link), "1")?;
        let index = internet.netlink.index(link.as_str())?;
        internet.netlink.replace_neighbour(index, address, macs[0].0)?;
        Ok(internet.netlink.replace_route(&RouteSpec::on_link(IpNet::from(address), index))?)
    }

    pub(super) fn remove_host(&mut self, name: &str) -> Result<()> {
        self.hosts.remove(name);
        Ok(unless_gone(self.namespace()?.netlink.delete_link(names::internet_host_link(name).as_str()))?)
    }

    /// A VPC's link.
    pub(super) fn add_link(&self, vpc: &VpcId, fabric: &Namespace) -> Result<()> {
        self.connect(vpc, fabric, &names::internet_link(vpc), names::internet_link_macs(vpc))
    }

    /// A VPC's link by its egress-only gateway.
    pub(super) fn add_egress_only_link(&self, vpc: &VpcId, fabric: &Namespace) -> Result<()> {
        self.connect(vpc, fabric, &names::egress_only_link(vpc), names::egress_only_link_macs(vpc))
    }

    fn connect(&self, vpc: &VpcId, fabric: &Namespace, link: &str, macs: [Mac; 2]) -> Result<()> {
        let internet = self.namespace()?;
        let alias = format!("vpcbox:{vpc}");
        let [near, far] = macs.map(|mac| between(link, &alias, mac, MTU));
        add_veth(&fabric.netlink, link, [&near, &far], internet.netns())?;
        know_each_other(link, [fabric, internet], macs)
    }

    pub(super) fn add_route(&self, net: IpNet, route: &InternetRoute) -> Result<()> {
        let internet = self.namespace()?;
        Ok(internet.netlink.replace_route(&across(internet, &link_of(route), net)?)?)
    }

    pub(super) fn remove_route(&self, net: IpNet, route: &InternetRoute) -> Result<()> {
        let internet = self.namespace()?;
        match across(internet, &link_of(route), net) {
            Ok(route) => Ok(unless_gone(internet.netlink.delete_route(&route))?),
            // With the link its routes have gone.
            Err(ApplyError::Kernel(err)) if err.is_not_found() => Ok(()),
            Err(err) => Err(err),
        }
    }

    pub(super) fn namespace(&self) -> Result<&Namespace> {
        self.namespace.as_ref().ok_or_else(|| ApplyError::NoNamespace("the internet".to_owned()))
    }
}

/// What is nowhere is dropped.
pub(super) fn own_routes() -> [RouteSpec; 2] {
    [RouteSpec::default_v4(), RouteSpec::default_v6()].map(|all| RouteSpec::of_kind(all, RouteKind::Blackhole))
}

/// A host's link takes packets from the host's address only.
pub(super) fn host_sysctl(link: &str) -> String {
    format!("net/ipv4/conf/{link}/rp_filter")
}

/// The link by which a VPC's addresses are reached.
pub(super) fn link_of(route: &InternetRoute) -> String {
    if route.is_egress_only { names::egress_only_link(&route.vpc) } else { names::internet_link(&route.vpc) }
}

//! The namespaces that stand for services behind gateway endpoints.

use linux_net::netlink::{LinkSpec, RouteKind, RouteSpec, Scope, table};
use vpc_fabric::{GatewayEndpoint, names};
use vpc_model::VpcEndpointId;

use super::apply::{MTU, Result, across, add_veth, know_each_other};
use super::namespace::Namespace;

/// A namespace that has all addresses of the service.
pub(super) fn create(gateway: &GatewayEndpoint) -> Result<Namespace> {
    let namespace = Namespace::create()?;
    namespace.netlink.set_up("lo")?;
    let loopback = namespace.netlink.index("lo")?;
    for block in &gateway.blocks {
        let local = RouteSpec::of_kind(*block, RouteKind::Local);
        let local = RouteSpec { link: Some(loopback), scope: Scope::Host, ..local };
        namespace.netlink.replace_route(&local.table(table::LOCAL))?;
    }
    Ok(namespace)
}

/// Its link to a fabric, by which all its answers go.
pub(super) fn connect(id: &VpcEndpointId, gateway: &Namespace, fabric: &Namespace) -> Result<()> {
    let (link, alias, macs) =
        (names::gateway_endpoint_link(id), format!("vpcbox:{id}"), names::gateway_endpoint_macs(id));
    let [near, far] = macs.map(|mac| LinkSpec::new(&link).mac(mac.0).mtu(MTU).alias(&alias).quiet().up());
    add_veth(&fabric.netlink, &link, [&near, &far], gateway.netns())?;
    know_each_other(&link, [fabric, gateway], macs)?;
    for everything in [RouteSpec::default_v4(), RouteSpec::default_v6()] {
        gateway.netlink.replace_route(&across(gateway, &link, everything)?)?;
    }
    Ok(())
}

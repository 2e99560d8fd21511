//! What AWS knows of customers' devices: GetVpnConnectionDeviceTypes, GetVpnConnectionDeviceSampleConfiguration.

use jiff::Timestamp;
use vpc_model::{Model, VpnConnection, VpnConnectionError, VpnConnectionId};

use super::{configuration, one_of};
use crate::ApiError;
use crate::operations::{Output, ReadOperation};
use crate::pagination::{Page, PageRequest};
use crate::query::Query;
use crate::xml::Xml;

/// A kind of device.
#[derive(Debug)]
pub(super) struct Device {
    id: &'static str,
    vendor: &'static str,
    platform: &'static str,
    software: &'static str,
}

const fn device(id: &'static str, vendor: &'static str, platform: &'static str, software: &'static str) -> Device {
    Device { id, vendor, platform, software }
}

/// Deviation: only the devices that AWS's examples name; it knows many more.
static DEVICES: [Device; 5] = [
    device("36ef5d04", "Barracuda", "NextGen Firewall F-Series", "6.2+"),
    device("5fb390ba", "Palo Alto Networks", "PA Series", "PANOS 7.0+"),
    device("754a6372", "Palo Alto Networks", "PA Series", "PANOS 4.1.2+"),
    device("9612cbed", "Palo Alto Networks", "PA Series", "PANOS 4.1.2+ (GUI)"),
    device("9d9470de", "Fortinet", "Fortigate 40+ Series", "FortiOS 5.0+"),
];

#[derive(Debug)]
pub(super) struct GetVpnConnectionDeviceTypes(PageRequest);

impl ReadOperation for GetVpnConnectionDeviceTypes {
    const ACTION: &'static str = "GetVpnConnectionDeviceTypes";
    type Output = Devices;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        PageRequest::decode(query, 200..=1000).map(Self)
    }

    fn run(self, _: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        Ok(Devices(self.0.page(&DEVICES, |device| device.id.to_owned())))
    }
}

#[derive(Debug)]
pub(super) struct Devices(Page<&'static Device>);

impl Output for Devices {
    fn write(&self, xml: &mut Xml) {
        xml.list("vpnConnectionDeviceTypeSet", &self.0.items, |xml, device| {
            xml.text("vpnConnectionDeviceTypeId", device.id);
            xml.text("vendor", device.vendor);
            xml.text("platform", device.platform);
            xml.text("software", device.software);
        });
        xml.optional("nextToken", self.0.next_token.as_ref());
    }
}

#[derive(Debug)]
pub(super) struct GetVpnConnectionDeviceSampleConfiguration {
    id: VpnConnectionId,
}

impl ReadOperation for GetVpnConnectionDeviceSampleConfiguration {
    const ACTION: &'static str = "GetVpnConnectionDeviceSampleConfiguration";
    type Output = Sample;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let device: String = query.required("VpnConnectionDeviceTypeId")?;
        if !DEVICES.iter().any(|known| known.id == device) {
            return Err(ApiError::invalid("VpnConnectionDeviceTypeId", &device, "There is no such device type."));
        }
        let version = one_of(query, "InternetKeyExchangeVersion", &["ikev1", "ikev2"])?;
        let sample = one_of(query, "SampleType", &["compatibility", "recommended"])?;
        if (version.as_deref(), sample.as_deref()) == (Some("ikev1"), Some("recommended")) {
            return Err(ApiError::unsupported("SampleType recommended with InternetKeyExchangeVersion ikev1"));
        }
        Ok(Self { id: query.required("VpnConnectionId")? })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let connection = model.vpn_connection(&self.id).filter(|connection| VpnConnection::is_alive(connection));
        let connection = connection.ok_or(VpnConnectionError::NotFound(self.id))?;
        // Deviation: the sample is the connection's own configuration, in no device's words.
        Ok(Sample(configuration::of(model, connection)))
    }
}

#[derive(Debug)]
pub(super) struct Sample(String);

impl Output for Sample {
    fn write(&self, xml: &mut Xml) {
        xml.text("vpnConnectionDeviceSampleConfiguration", &self.0);
    }
}

//! ExportTransitGatewayRoutes.

use jiff::Timestamp;
use vpc_model::{Model, TransitGatewayRouteTableId};

use super::association::find_table;
use super::route::SearchedRoutes;
use crate::ApiError;
use crate::operations::{Output, ReadOperation};
use crate::query::Query;
use crate::xml::Xml;

/// Where AWS puts the files in a bucket.
const FOLDER: &str = "VPCTransitGateway/TransitGatewayRouteTables";

#[derive(Debug)]
pub(super) struct ExportTransitGatewayRoutes {
    table_id: TransitGatewayRouteTableId,
    bucket: String,
    routes: SearchedRoutes,
}

impl ReadOperation for ExportTransitGatewayRoutes {
    const ACTION: &'static str = "ExportTransitGatewayRoutes";
    type Output = Exported;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let (table_id, bucket) = (query.required("TransitGatewayRouteTableId")?, query.required("S3Bucket")?);
        Ok(Self {
            table_id,
            bucket,
            routes: SearchedRoutes::decode(query, Some("transit-gateway-route-destination-cidr-block"))?,
        })
    }

    fn run(self, model: &Model, now: Timestamp) -> Result<Self::Output, ApiError> {
        // Deviation: there are no buckets here, so the file that is told of is not written.
        self.routes.find(model, find_table(model, &self.table_id)?)?;
        let file = format!("{}_{}.json", self.table_id, now.as_second());
        Ok(Exported(format!("s3://{}/{FOLDER}/{file}", self.bucket)))
    }
}

/// Where the routes are.
#[derive(Debug)]
pub(super) struct Exported(String);

impl Output for Exported {
    fn write(&self, xml: &mut Xml) {
        xml.text("s3Location", &self.0);
    }
}

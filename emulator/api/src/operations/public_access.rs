//! VPC Block Public Access: ModifyVpcBlockPublicAccessOptions, DescribeVpcBlockPublicAccessOptions, and the actions
//! on exclusions.

use jiff::Timestamp;
use vpc_model::{
    AccessBlock, AccessError, AccessExclusion, AccessExclusionId, AccessOptions, AccountId, AllowedAccess, Context,
    Excluded, Model, Region, SubnetError, Tags, VpcError,
};

use super::describe::{Describable, Describe, Single, created};
use super::{Action, Operation, Output, ReadOperation, read, write};
use crate::filter::Fields;
use crate::query::{Query, values};
use crate::xml::Xml;
use crate::{ApiError, Code, tag_specification};

pub(crate) const ACTIONS: &[Action] = &[
    write::<ModifyVpcBlockPublicAccessOptions>(),
    read::<DescribeVpcBlockPublicAccessOptions>(),
    write::<CreateVpcBlockPublicAccessExclusion>(),
    write::<ModifyVpcBlockPublicAccessExclusion>(),
    write::<DeleteVpcBlockPublicAccessExclusion>(),
    read::<Describe<AccessExclusion>>(),
];

/// The element around an exclusion in the answers of those that change it.
const EXCLUSION: &str = "vpcBlockPublicAccessExclusion";

values! {
    AccessBlock { Off "off", Bidirectional "block-bidirectional", Ingress "block-ingress" }
    AllowedAccess { Bidirectional "allow-bidirectional", Egress "allow-egress" }
}

impl From<AccessError> for ApiError {
    fn from(err: AccessError) -> Self {
        match err {
            AccessError::NotFound(id) => {
                Self::not_found(Code::INVALID_VPC_BLOCK_PUBLIC_ACCESS_EXCLUSION_ID_NOT_FOUND, "exclusion", id)
            }
            AccessError::VpcNotFound(id) => VpcError::NotFound(id).into(),
            AccessError::SubnetNotFound(id) => SubnetError::NotFound(id).into(),
            AccessError::Duplicate { resource, exclusion } => Self::new(
                Code::INVALID_PARAMETER_VALUE,
                format!("The resource {resource} already has the exclusion {exclusion}"),
            ),
            AccessError::TooMany(limit) => Self::new(
                Code::RESOURCE_LIMIT_EXCEEDED,
                format!("The maximum number of VPC Block Public Access exclusions has been reached: {limit}"),
            ),
            AccessError::State { id, state } => {
                Self::new(Code::INCORRECT_STATE, format!("The exclusion {id} is in state {state}"))
            }
        }
    }
}

/// The account's decision as replies show it.
#[derive(Debug)]
struct OptionsItem {
    account: AccountId,
    region: Region,
    options: AccessOptions,
}

impl OptionsItem {
    fn of(model: &Model) -> Single<Self> {
        let (account, region) = (model.account().clone(), model.region().clone());
        Single::new("vpcBlockPublicAccessOptions", Self { account, region, options: model.public_access() })
    }
}

impl Output for OptionsItem {
    fn write(&self, xml: &mut Xml) {
        xml.text("awsAccountId", &self.account);
        xml.text("awsRegion", &self.region);
        xml.text("state", self.options.state());
        xml.text("internetGatewayBlockMode", self.options.block.as_str());
        if let Some(updated) = self.options.updated() {
            xml.timestamp("lastUpdateTimestamp", updated);
        }
        // Nobody manages the settings for the account.
        xml.text("managedBy", "account");
        xml.text("exclusionsAllowed", "allowed");
    }
}

#[derive(Debug)]
struct ModifyVpcBlockPublicAccessOptions {
    block: AccessBlock,
}

impl Operation for ModifyVpcBlockPublicAccessOptions {
    const ACTION: &'static str = "ModifyVpcBlockPublicAccessOptions";
    type Output = Single<OptionsItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { block: query.required("InternetGatewayBlockMode")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.set_public_access(cx, self.block);
        Ok(OptionsItem::of(model))
    }
}

#[derive(Debug)]
struct DescribeVpcBlockPublicAccessOptions;

impl ReadOperation for DescribeVpcBlockPublicAccessOptions {
    const ACTION: &'static str = "DescribeVpcBlockPublicAccessOptions";
    type Output = Single<OptionsItem>;

    fn decode(_: &mut Query) -> Result<Self, ApiError> {
        Ok(Self)
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        Ok(OptionsItem::of(model))
    }
}

impl Describable for AccessExclusion {
    type Id = AccessExclusionId;
    type Item = ExclusionItem;

    const ACTION: &'static str = "DescribeVpcBlockPublicAccessExclusions";
    const IDS: &'static str = "ExclusionId";
    const SET: &'static str = "vpcBlockPublicAccessExclusionSet";
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("internet-gateway-exclusion-mode", |_, one| vec![one.allowed.as_str().to_owned()]),
            ("resource-arn", |model, one| vec![arn(model, &one.of)]),
            ("state", |_, one| vec![one.state().to_owned()]),
        ],
        tags: Some(|one| &one.tags),
    };

    fn id(&self) -> &AccessExclusionId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &AccessExclusionId) -> Option<&'a Self> {
        model.access_exclusion(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.access_exclusions().collect()
    }

    fn missing(id: &AccessExclusionId) -> ApiError {
        AccessError::NotFound(id.clone()).into()
    }

    fn item(&self, model: &Model, _: Timestamp) -> ExclusionItem {
        ExclusionItem { arn: arn(model, &self.of), exclusion: self.clone() }
    }
}

/// The ARN of what is excepted.
fn arn(model: &Model, of: &Excluded) -> String {
    let resource = match of {
        Excluded::Vpc(id) => format!("vpc/{id}"),
        Excluded::Subnet(id) => format!("subnet/{id}"),
    };
    format!("arn:aws:ec2:{}:{}:{resource}", model.region(), model.account())
}

/// An exclusion as replies show it.
#[derive(Debug)]
pub(crate) struct ExclusionItem {
    arn: String,
    exclusion: AccessExclusion,
}

impl Output for ExclusionItem {
    fn write(&self, xml: &mut Xml) {
        let exclusion = &self.exclusion;
        xml.text("exclusionId", &exclusion.id);
        xml.text("internetGatewayExclusionMode", exclusion.allowed.as_str());
        xml.text("resourceArn", &self.arn);
        xml.text("state", exclusion.state());
        xml.timestamp("creationTimestamp", exclusion.created);
        xml.timestamp("lastUpdateTimestamp", exclusion.updated());
        if let Some(deleted) = exclusion.deleted() {
            xml.timestamp("deletionTimestamp", deleted);
        }
        xml.tags(&exclusion.tags);
    }
}

#[derive(Debug)]
struct CreateVpcBlockPublicAccessExclusion {
    of: Excluded,
    allowed: AllowedAccess,
    tags: Tags,
}

impl Operation for CreateVpcBlockPublicAccessExclusion {
    const ACTION: &'static str = "CreateVpcBlockPublicAccessExclusion";
    type Output = Single<ExclusionItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let of = match (query.optional("VpcId")?, query.optional("SubnetId")?) {
            (Some(vpc), None) => Excluded::Vpc(vpc),
            (None, Some(subnet)) => Excluded::Subnet(subnet),
            (None, None) => return Err(ApiError::missing("VpcId or SubnetId")),
            (Some(_), Some(_)) => {
                return Err(ApiError::combination("Only one of VpcId and SubnetId can be specified"));
            }
        };
        let tags = tag_specification::decode_one(query, &["vpc-block-public-access-exclusion"])?;
        Ok(Self { of, allowed: query.required("InternetGatewayExclusionMode")?, tags })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_access_exclusion(cx, self.of, self.allowed, self.tags)?;
        created::<AccessExclusion>(EXCLUSION, model, cx.now, &id)
    }
}

#[derive(Debug)]
struct ModifyVpcBlockPublicAccessExclusion {
    id: AccessExclusionId,
    allowed: AllowedAccess,
}

impl Operation for ModifyVpcBlockPublicAccessExclusion {
    const ACTION: &'static str = "ModifyVpcBlockPublicAccessExclusion";
    type Output = Single<ExclusionItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("ExclusionId")?, allowed: query.required("InternetGatewayExclusionMode")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.modify_access_exclusion(cx, &self.id, self.allowed)?;
        created::<AccessExclusion>(EXCLUSION, model, cx.now, &self.id)
    }
}

#[derive(Debug)]
struct DeleteVpcBlockPublicAccessExclusion {
    id: AccessExclusionId,
}

impl Operation for DeleteVpcBlockPublicAccessExclusion {
    const ACTION: &'static str = "DeleteVpcBlockPublicAccessExclusion";
    type Output = Single<ExclusionItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("ExclusionId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.delete_access_exclusion(cx, &self.id)?;
        created::<AccessExclusion>(EXCLUSION, model, cx.now, &self.id)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use rstest::rstest;
    use vpc_model::Delays;

    use crate::testing::World;

    /// A world where things take ten seconds, and its default VPC.
    fn world() -> (World, String) {
        let mut world = World::with_default_vpc();
        world.model.set_delays(Delays { other: SignedDuration::from_secs(10), ..Delays::default() });
        let vpc = world.model.default_vpc().expect("it was made").id.to_string();
        (world, vpc)
    }

    #[test]
    fn options_and_what_they_do() {
        let (mut world, _) = world();
        let changed = world.call("ModifyVpcBlockPublicAccessOptions", "InternetGatewayBlockMode=block-ingress").ok();
        assert_eq!(
            (changed.text("state"), changed.text("internetGatewayBlockMode")),
            ("update-in-progress", "block-ingress")
        );
        world.pass("10s");
        insta::assert_snapshot!(world.call("DescribeVpcBlockPublicAccessOptions", "").ok().lines());
        for action in ["DescribeVpcs", "DescribeSubnets"] {
            assert_eq!(world.call(action, "").ok().text("internetGatewayBlockMode"), "block-ingress");
        }
    }

    #[test]
    fn an_exclusions_life() {
        let (mut world, vpc) = world();
        world.call("ModifyVpcBlockPublicAccessOptions", "InternetGatewayBlockMode=block-bidirectional").ok();
        let tags = "TagSpecification.1.ResourceType=vpc-block-public-access-exclusion&TagSpecification.1.Tag.1.Key=k";
        let form = format!("VpcId={vpc}&InternetGatewayExclusionMode=allow-egress&{tags}");
        let made = world.call("CreateVpcBlockPublicAccessExclusion", &form).ok();
        insta::assert_snapshot!(made.lines());
        let id = format!("ExclusionId={}", made.text("exclusionId"));
        assert_eq!(world.call("CreateVpcBlockPublicAccessExclusion", &form).code, Some("InvalidParameterValue"));
        assert_eq!(world.call("DeleteVpcBlockPublicAccessExclusion", &id).code, Some("IncorrectState"));
        world.pass("10s");
        assert_eq!(world.call("DescribeVpcs", "").ok().text("internetGatewayBlockMode"), "block-ingress");
        let modify = format!("{id}&InternetGatewayExclusionMode=allow-bidirectional");
        let changed = world.call("ModifyVpcBlockPublicAccessExclusion", &modify).ok();
        assert_eq!(changed.text("state"), "update-in-progress");
        assert_eq!(world.call("DescribeVpcs", "").ok().text("internetGatewayBlockMode"), "off");
        world.pass("10s");
        let filter = "Filter.1.Name=state&Filter.1.Value.1=update-complete&Filter.2.Name=tag-key&Filter.2.Value.1=k";
        assert_eq!(world.call("DescribeVpcBlockPublicAccessExclusions", filter).ok().texts("exclusionId").len(), 1);
        assert_eq!(world.call("DeleteVpcBlockPublicAccessExclusion", &id).ok().text("state"), "delete-in-progress");
        world.pass("10s");
        let shown = world.call("DescribeVpcBlockPublicAccessExclusions", "").ok();
        assert_eq!((shown.text("state"), shown.texts("deletionTimestamp").len()), ("delete-complete", 1));
        let gone = world.call("DeleteVpcBlockPublicAccessExclusion", &id);
        assert_eq!(gone.code, Some("InvalidVpcBlockPublicAccessExclusionId.NotFound"));
        world.pass("1h");
        assert!(world.call("DescribeVpcBlockPublicAccessExclusions", "").ok().texts("exclusionId").is_empty());
    }

    #[rstest]
    #[case::mode("ModifyVpcBlockPublicAccessOptions", "InternetGatewayBlockMode=on", "InvalidParameterValue")]
    #[case::no_mode("ModifyVpcBlockPublicAccessOptions", "", "MissingParameter")]
    #[case::nothing(
        "CreateVpcBlockPublicAccessExclusion",
        "InternetGatewayExclusionMode=allow-egress",
        "MissingParameter"
    )]
    #[case::both(
        "CreateVpcBlockPublicAccessExclusion",
        "InternetGatewayExclusionMode=allow-egress&VpcId=vpc-01234567&SubnetId=subnet-01234567",
        "InvalidParameterCombination"
    )]
    #[case::vpc(
        "CreateVpcBlockPublicAccessExclusion",
        "InternetGatewayExclusionMode=allow-egress&VpcId=vpc-01234567",
        "InvalidVpcID.NotFound"
    )]
    #[case::subnet(
        "CreateVpcBlockPublicAccessExclusion",
        "InternetGatewayExclusionMode=allow-egress&SubnetId=subnet-01234567",
        "InvalidSubnetID.NotFound"
    )]
    #[case::unknown(
        "DeleteVpcBlockPublicAccessExclusion",
        "ExclusionId=vpcbpa-exclude-01234567",
        "InvalidVpcBlockPublicAccessExclusionId.NotFound"
    )]
    fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
        assert_eq!(World::new().call(action, form).code, Some(code));
    }
}

"""Lists that come in pages: every paginator that boto3 has for an action that is here."""

from botocore import xform_name
from botocore.exceptions import ClientError, ParamValidationError
from common import actions, equal, image
from made import Made

# More than the smallest page that EC2's actions allow.
MANY = 6


def _populate(made):
    """Several of what there can be several of."""

    def make(action, **arguments):
        reply = getattr(made.ec2, xform_name(action))(**{**made.arguments(action), **arguments})
        made.remember(action, reply)

    for action in (
        "CreateVpc", "CreateSubnet", "CreateNetworkInterface", "CreateNetworkAcl", "CreateRouteTable", "CreateLaunchTemplate",
    ):
        make(action)
    for number in range(MANY):
        name = f"name-{number}"
        make("CreateSubnet", CidrBlock=f"10.0.{number + 10}.0/24")
        make("CreateNetworkInterface")
        make("CreateSecurityGroup", GroupName=name)
        make("CreateRouteTable")
        make("CreateNetworkAcl")
        make("CreateManagedPrefixList", PrefixListName=name, MaxEntries=MANY + 1,
             Entries=[{"Cidr": f"10.{it}.0.0/16"} for it in range(MANY)])
        make("CreateFlowLogs", LogGroupName=name)
        make("CreateLaunchTemplateVersion")
        make("CreateDhcpOptions", DhcpConfigurations=[{"Key": "domain-name", "Values": [f"{name}.internal"]}])
        make("CreateNetworkInterfacePermission", AwsAccountId=f"11112222333{number}")
        make("CreateSubnetCidrReservation", Cidr=f"10.0.1.{64 + 16 * number}/28")
        make("CreateTags", Tags=[{"Key": name, "Value": "value"}])
        make("AssociateTrunkInterface")
        make("RunInstances", ImageId=image(made.ec2))


def _whole(made, action, arguments, keys):
    """The whole list in pages as large as they are."""
    answer = made.ec2.get_paginator(xform_name(action)).paginate(**arguments).build_full_result()
    return {key: answer.get(key, []) for key in keys}


def _pages(made, action, arguments, length):
    """The pages, as small as they are allowed to be; of a long list, not too many."""
    paginator = made.ec2.get_paginator(xform_name(action))
    for size in (it for it in (1, 5, 10, 100, 1000) if it * 50 > length or it == 1000):
        try:
            return list(paginator.paginate(**arguments, PaginationConfig={"PageSize": size}))
        except ParamValidationError as error:
            refusal = error
        except ClientError as error:
            if error.response["Error"]["Code"] != "InvalidParameterValue":
                raise
            refusal = error
    raise refusal


def every_paginator(ec2):
    made = Made(ec2)
    _populate(made)
    several = []
    for action in (it for it in actions() if ec2.can_paginate(xform_name(it))):
        try:
            arguments = made.arguments(action)
        except KeyError as missing:
            print("not tried:", action, "without", missing)
            continue
        keys = [key.expression for key in ec2.get_paginator(xform_name(action)).result_keys]
        try:
            whole = _whole(made, action, arguments, keys)
        except ClientError as error:
            assert ".NotFound" in str(error) or "NotFound)" in str(error), error
            print("not tried:", action, "of what is not there")
            continue
        pages = _pages(made, action, arguments, max(map(len, whole.values())))
        for key in keys:
            equal([it for page in pages for it in page.get(key, [])], whole[key])
        assert all("NextToken" in page for page in pages[:-1]), action
        assert "NextToken" not in pages[-1], action
        several += [action] if len(pages) > 1 else []
    # Of the others there are few or none.
    assert len(several) >= 20, several

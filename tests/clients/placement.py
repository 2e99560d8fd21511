"""Where instances are put and how they are bought: placement groups, templates, fleets, Spot, reservations."""

from common import equal, find_instance, image, launch, make_network, refused, tags, where


def _template(ec2, **data):
    made = ec2.create_launch_template(
        LaunchTemplateName="node", LaunchTemplateData={"ImageId": image(ec2), "InstanceType": "m5.large", **data}
    )
    return made["LaunchTemplate"]["LaunchTemplateId"]


def _fleet(ec2, kind, subnet, **more):
    template = {"LaunchTemplateName": "node", "Version": "$Latest"}
    return ec2.create_fleet(
        Type=kind,
        LaunchTemplateConfigs=[{"LaunchTemplateSpecification": template, "Overrides": [{"SubnetId": subnet}]}],
        TargetCapacitySpecification={"TotalTargetCapacity": 2, "DefaultTargetCapacityType": "on-demand"},
        **more,
    )


def placement_groups(ec2):
    made = ec2.create_placement_group(GroupName="near", Strategy="cluster", TagSpecifications=tags("placement-group", a="b"))
    made = made["PlacementGroup"]
    equal((made["GroupName"], made["State"], made["Strategy"]), ("near", "available", "cluster"))
    with refused("InvalidPlacementGroup.Duplicate"):
        ec2.create_placement_group(GroupName="near", Strategy="spread")
    _, subnet = make_network(ec2)
    [instance] = launch(ec2, subnet, Placement={"GroupName": "near"})
    equal(instance["Placement"]["GroupName"], "near")
    with refused("InvalidPlacementGroup.InUse"):
        ec2.delete_placement_group(GroupName="near")
    with refused("InvalidPlacementGroup.Unknown"):
        ec2.describe_placement_groups(GroupNames=["far"])
    ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[instance["InstanceId"]], WaiterConfig={"Delay": 1})
    ec2.delete_placement_group(GroupName="near")
    equal(ec2.describe_placement_groups(Filters=where(group_name="near"))["PlacementGroups"], [])


def versions_of_a_template(ec2):
    template = _template(ec2)
    with refused("InvalidLaunchTemplateName.AlreadyExistsException"):
        _template(ec2)
    ec2.create_launch_template_version(
        LaunchTemplateId=template, SourceVersion="1", LaunchTemplateData={"InstanceType": "m5.xlarge"}
    )
    newest = ec2.describe_launch_template_versions(LaunchTemplateName="node", Versions=["$Latest"])
    [newest] = newest["LaunchTemplateVersions"]
    equal((newest["VersionNumber"], newest["DefaultVersion"]), (2, False))
    equal(newest["LaunchTemplateData"], {"ImageId": image(ec2), "InstanceType": "m5.xlarge"})
    changed = ec2.modify_launch_template(LaunchTemplateName="node", DefaultVersion="2")["LaunchTemplate"]
    equal((changed["DefaultVersionNumber"], changed["LatestVersionNumber"]), (2, 2))
    failed = ec2.delete_launch_template_versions(LaunchTemplateId=template, Versions=["1", "2", "3"])
    equal([it["VersionNumber"] for it in failed["SuccessfullyDeletedLaunchTemplateVersions"]], [1])
    codes = [it["ResponseError"]["Code"] for it in failed["UnsuccessfullyDeletedLaunchTemplateVersions"]]
    equal(len(codes), 2)
    ec2.delete_launch_template(LaunchTemplateId=template)
    with refused("InvalidLaunchTemplateId.NotFound"):
        ec2.describe_launch_templates(LaunchTemplateIds=[template])
    with refused("InvalidLaunchTemplateName.NotFoundException"):
        ec2.describe_launch_templates(LaunchTemplateNames=["node"])


def a_fleet_at_once(ec2):
    _, subnet = make_network(ec2)
    _template(ec2)
    made = _fleet(ec2, "instant", subnet, TagSpecifications=tags("instance", pool="one"))
    equal(made["Errors"], [])
    [told] = made["Instances"]
    equal((len(told["InstanceIds"]), told["Lifecycle"], told["InstanceType"]), (2, "on-demand", "m5.large"))
    equal({find_instance(ec2, it)["SubnetId"] for it in told["InstanceIds"]}, {subnet})
    [gone] = ec2.delete_fleets(FleetIds=[made["FleetId"]], TerminateInstances=True)["SuccessfulFleetDeletions"]
    equal((gone["PreviousFleetState"], gone["CurrentFleetState"]), ("active", "deleted_terminating"))
    ec2.get_waiter("instance_terminated").wait(InstanceIds=told["InstanceIds"], WaiterConfig={"Delay": 1})


def a_fleet_that_is_kept(ec2):
    _, subnet = make_network(ec2)
    _template(ec2)
    fleet = _fleet(ec2, "maintain", subnet)["FleetId"]
    [found] = ec2.describe_fleets(FleetIds=[fleet])["Fleets"]
    equal((found["FleetState"], found["Type"], found["TargetCapacitySpecification"]["TotalTargetCapacity"]), ("active", "maintain", 2))
    equal(len(ec2.describe_fleet_instances(FleetId=fleet)["ActiveInstances"]), 2)
    with refused("InvalidFleetId.NotFound"):
        ec2.describe_fleets(FleetIds=["fleet-01234567-89ab-cdef-0123-456789abcdef"])


def spot_requests(ec2):
    _, subnet = make_network(ec2)
    ask = {"ImageId": image(ec2), "InstanceType": "m5.large", "SubnetId": subnet}
    [asked] = ec2.request_spot_instances(Type="persistent", LaunchSpecification=ask)["SpotInstanceRequests"]
    name = asked["SpotInstanceRequestId"]
    ec2.get_waiter("spot_instance_request_fulfilled").wait(SpotInstanceRequestIds=[name], WaiterConfig={"Delay": 1})
    [found] = ec2.describe_spot_instance_requests(SpotInstanceRequestIds=[name])["SpotInstanceRequests"]
    equal((found["State"], found["Status"]["Code"], found["Type"]), ("active", "fulfilled", "persistent"))
    instance = find_instance(ec2, found["InstanceId"])
    equal((instance["InstanceLifecycle"], instance["SpotInstanceRequestId"]), ("spot", name))
    [cancelled] = ec2.cancel_spot_instance_requests(SpotInstanceRequestIds=[name])["CancelledSpotInstanceRequests"]
    equal(cancelled["State"], "cancelled")
    [found] = ec2.describe_spot_instance_requests(SpotInstanceRequestIds=[name])["SpotInstanceRequests"]
    equal(found["Status"]["Code"], "request-canceled-and-instance-running")
    with refused("InvalidSpotInstanceRequestID.NotFound"):
        ec2.cancel_spot_instance_requests(SpotInstanceRequestIds=["sir-0123456789abcdef0"])
    prices = ec2.describe_spot_price_history(
        InstanceTypes=["m5.large"], AvailabilityZone="us-east-1a", ProductDescriptions=["Linux/UNIX"], MaxResults=1
    )["SpotPriceHistory"]
    assert 0 < float(prices[0]["SpotPrice"]) < 0.096, prices


def capacity_reservations(ec2):
    _, subnet = make_network(ec2)
    made = ec2.create_capacity_reservation(
        InstanceType="m5.large", InstancePlatform="Linux/UNIX", AvailabilityZone="us-east-1a", InstanceCount=2,
        InstanceMatchCriteria="targeted",
    )["CapacityReservation"]
    name = made["CapacityReservationId"]
    equal((made["State"], made["TotalInstanceCount"], made["EndDateType"]), ("active", 2, "unlimited"))
    target = {"CapacityReservationTarget": {"CapacityReservationId": name}}
    [instance] = launch(ec2, subnet, CapacityReservationSpecification=target)
    equal(instance["CapacityReservationId"], name)
    usage = ec2.get_capacity_reservation_usage(CapacityReservationId=name)
    equal((usage["AvailableInstanceCount"], usage["State"]), (1, "active"))
    with refused("ReservationCapacityExceeded"):
        launch(ec2, subnet, count=2, CapacityReservationSpecification=target)
    ec2.cancel_capacity_reservation(CapacityReservationId=name)
    [found] = ec2.describe_capacity_reservations(CapacityReservationIds=[name])["CapacityReservations"]
    equal(found["State"], "cancelled")
    with refused("InvalidCapacityReservationId.NotFound"):
        ec2.describe_capacity_reservations(CapacityReservationIds=["cr-0123456789abcdef0"])


def images_of_ones_own(ec2):
    _, subnet = make_network(ec2)
    [instance] = launch(ec2, subnet)
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance["InstanceId"]], WaiterConfig={"Delay": 1})
    made = ec2.create_image(InstanceId=instance["InstanceId"], Name="copy", NoReboot=True)["ImageId"]
    ec2.get_waiter("image_available").wait(ImageIds=[made])
    [found] = ec2.describe_images(Owners=["self"])["Images"]
    equal((found["ImageId"], found["SourceInstanceId"], found["Public"]), (made, instance["InstanceId"], False))
    with refused("InvalidAMIName.Duplicate"):
        ec2.create_image(InstanceId=instance["InstanceId"], Name="copy")
    ec2.run_instances(ImageId=made, InstanceType="m5.large", MinCount=1, MaxCount=1, SubnetId=subnet)
    ec2.deregister_image(ImageId=made)
    equal(ec2.describe_images(Owners=["self"])["Images"], [])

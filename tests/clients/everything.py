"""Every action that is here, called with boto3: one of each resource is made, changed, looked at and removed.

An action gets what it requires: values that fit by name and type, and in place of ids those of what was made
before. What more it needs is in `arguments.py`. One that is refused is tried again as long as others succeed, so the
order follows by itself, and each has to succeed in the end. Each reply is read strictly on the way.
"""

import time

from arguments import ARGUMENTS
from botocore import xform_name
from botocore.exceptions import ClientError
from common import actions
from common import refused as refused_with
from made import MAKE, Made

# What is there from the beginning, whose ids are not those wanted; and what needs a way out of its VPC.
LATER = ("CreateDefault", "CreateNatGateway")
# What gives no way out any more: whatever has a public address goes first.
LAST = "DetachInternetGateway"
# How long an action may be refused because of a state that passes.
PATIENCE_SECONDS = 8
# What can only be refused, and what with.
REFUSED = {
    "AcceptAddressTransfer": ("InvalidAddress.NotFound", 400),  # Nobody offers an address here.
    "AcceptTransitGatewayVpcAttachment": ("InvalidTransitGatewayAttachmentID.NotFound", 400),  # No VPC waits here.
    "RejectTransitGatewayVpcAttachment": ("InvalidTransitGatewayAttachmentID.NotFound", 400),
    "DescribeSpotDatafeedSubscription": ("InvalidSpotDatafeed.NotFound", 400),  # Nobody subscribes here.
}
# The first word of an action's name says when it is called; what is in none of these comes second.
LOOK = ("Describe", "Export", "Get", "List", "Search")
UNDO = ("Cancel", "Deregister", "Detach", "Disable", "Disassociate", "Reject", "Restore", "Revoke", "Stop", "Unassign")
REMOVE = ("Delete", "Release", "Terminate")

def _stage(action):
    kinds = [MAKE, None, LOOK, UNDO, REMOVE]
    if action.startswith(LATER):
        return 1
    if action == LAST:
        return len(kinds) - 1
    return next((at for at, kind in enumerate(kinds) if kind and action.startswith(kind)), 1)


def _call(made, action):
    """Calls an action; what it was refused with."""
    arguments = {}
    try:
        arguments = made.arguments(action)
        reply = getattr(made.ec2, xform_name(action))(**arguments)
        if reply.get("Unsuccessful"):
            return f"{reply['Unsuccessful']} with {arguments}"
        made.remember(action, reply)
    except (ClientError, KeyError, IndexError, ValueError) as error:
        return f"{error!r} with {arguments}"
    return None


def _call_all(made, open_actions):
    """Calls them until each has succeeded once; those that never did, and why."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        refused = {action: why for action in open_actions if (why := _call(made, action))}
        if not refused or time.monotonic() > deadline:
            return refused
        if len(refused) == len(open_actions):
            time.sleep(0.5)
        open_actions = list(refused)


def every_action_succeeds(ec2):
    made = Made(ec2)
    refused = {}
    here = [action for action in actions() if action not in REFUSED]
    for stage in range(5):
        refused.update(_call_all(made, [action for action in here if _stage(action) == stage]))
    assert not refused, "\n".join(f"{action}: {why}" for action, why in refused.items())
    for action, refusal in REFUSED.items():
        with refused_with(*refusal):
            getattr(ec2, xform_name(action))(**made.arguments(action))

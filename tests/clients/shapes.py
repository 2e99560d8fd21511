"""Reads EC2's replies strictly: everything in them has to be as botocore's model of EC2 says.

botocore itself skips elements it does not know and takes any text for an enum, so a misspelt element or
state goes unnoticed by its users until they miss something.
"""

import base64
import binascii
import re
from xml.etree import ElementTree

# Elements are in the namespace of their service.
NAMESPACE = re.compile(r"\{[^}]*\}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")

# EC2 says this beside the output of some actions, and instead of one where the model has none.
RETURN = "return"

# Texts that EC2 gives and its model does not have, by where they are.
BEYOND_THE_MODEL = [
    # An attached internet gateway is `available`, not `attached` (DescribeInternetGateways' examples).
    (r".*nternetGateway(Set\[\])?\.attachmentSet\[\]\.state", {"available"}),
    # The model capitalises these; EC2 answers in lower case (DescribeVpcEndpoints' examples).
    (
        r".*pcEndpoint(Set\[\]|ConnectionSet\[\])?\.(state|vpcEndpointState)",
        {"pendingAcceptance", "pending", "available", "deleting", "deleted", "rejected", "failed", "expired"},
    ),
    # EC2 writes it in lower case, the model does not.
    (r".*\.platform", {"windows"}),
    # The descriptions of Spot products are more than those of reserved instances.
    (r"DescribeSpotPriceHistory\..*\.productDescription", {"Red Hat Enterprise Linux", "SUSE Linux", "Windows"}),
    # So DescribeNetworkInterfaces calls what the model calls `natGateway`.
    (r".*\.interfaceType", {"nat_gateway"}),
    # A connection that is being changed (what Terraform's provider waits through).
    (r".*pnConnection(Set\[\])?\.state", {"modifying"}),
    # An ENI is `pending` right after it is made.
    (r"CreateNetworkInterface\.networkInterface\.status", {"pending"}),
    # Types whose limits AWS's CNI knows and whose names the model does not have, or not any more.
    (r".*\.instanceType", {"bmn-sf1.metal", "c5a.metal", "c5ad.metal", "c7i.32xlarge"}),
]


def problems(operation, body):
    """What is wrong with a successful reply to an operation: a list of sentences."""
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        return [f"not XML: {error}"]
    found = []
    if root.tag != f"{{{_namespace(operation)}}}{operation.name}Response":
        found.append(f"the reply is a {root.tag}")
    if operation.service_model.metadata["protocol"] == "query":
        return found + _wrapped(operation, list(root))
    children = list(root)
    if not children or _name(children[0]) != "requestId" or not children[0].text:
        found.append("requestId is not the first element")
    rest = [child for child in children if _name(child) != "requestId"]
    known = operation.output_shape.members if operation.output_shape else {}
    names = {_wire_name(name, shape) for name, shape in known.items()}
    if RETURN not in names:
        said = [child for child in rest if _name(child) == RETURN]
        found += [f"return is {child.text!r}" for child in said if child.text != "true" or len(said) > 1]
        if not names and not said:
            found.append("neither an output nor return")
        rest = [child for child in rest if _name(child) != RETURN]
    _structure(known, rest, operation.name, found)
    return found


def _namespace(operation):
    metadata = operation.service_model.metadata
    # The model leaves out the last stroke of EC2's.
    return metadata["xmlNamespace"].rstrip("/") + "/"


def _wrapped(operation, children):
    """What is wrong with a reply of a service that wraps its results."""
    found = []
    output = operation.output_shape
    wrapper = output.serialization["resultWrapper"] if output else None
    names = [_name(child) for child in children]
    expected = [wrapper, "ResponseMetadata"] if wrapper else ["ResponseMetadata"]
    if names != expected:
        found.append(f"the reply has {names} where {expected} should be")
    if not children or not children[-1].findtext("{*}RequestId"):
        found.append("no RequestId")
    if wrapper and names == expected:
        _structure(output.members, list(children[0]), operation.name, found)
        required = [name for name in output.required_members if children[0].find(f"{{*}}{name}") is None]
        found += [f"{operation.name}.{name} is not there" for name in required]
    return found


def refusal_problems(body):
    """What is wrong with an error's reply."""
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        return [f"not XML: {error}"]
    paths = ("Errors/Error/Code", "Errors/Error/Message", "RequestID")
    if root.tag.endswith("}ErrorResponse"):
        paths = ("{*}Error/{*}Code", "{*}Error/{*}Message", "{*}RequestId")
    texts = {path: root.findtext(path) for path in paths}
    return [f"no {path} in {body!r}" for path, text in texts.items() if not text]


def _name(element):
    return NAMESPACE.sub("", element.tag)


def _wire_name(name, shape):
    return shape.serialization.get("name", name)


def _structure(members, elements, path, found):
    by_name = {_wire_name(name, shape): shape for name, shape in members.items()}
    seen = set()
    for element in elements:
        name = _name(element)
        here = f"{path}.{name}"
        if name in seen:
            found.append(f"{here} is there twice")
        seen.add(name)
        if name in by_name:
            _value(by_name[name], element, here, found)
        else:
            found.append(f"{here} is not in the model")


def _value(shape, element, path, found):
    if element.attrib:
        found.append(f"{path} has attributes")
    if shape.type_name in ("structure", "list") and (element.text or "").strip():
        found.append(f"{path} has the text {element.text!r} and is a {shape.type_name}")
    if shape.type_name == "structure":
        _structure(shape.members, element, path, found)
    elif shape.type_name == "list":
        item = shape.member.serialization.get("name", "member")
        for child in element:
            if _name(child) != item:
                found.append(f"{path} has {_name(child)} where {item} should be")
            _value(shape.member, child, f"{path}[]", found)
    else:
        if len(element):
            found.append(f"{path} has elements and is a {shape.type_name}")
        fault = _fault(shape, element.text or "", path)
        if fault:
            found.append(f"{path} is {element.text!r}: {fault}")


def _fault(shape, text, path):
    """Why a text is not of a scalar shape."""
    kind = shape.type_name
    if kind == "string":
        enum = getattr(shape, "enum", None)
        beyond = (texts for place, texts in BEYOND_THE_MODEL if re.fullmatch(place, path))
        fine = not enum or text in enum or any(text in texts for texts in beyond)
        return None if fine else f"not one of {shape.name}'s"
    if kind == "boolean":
        return None if text in ("true", "false") else "not a boolean"
    if kind in ("integer", "long"):
        return None if re.fullmatch(r"-?\d+", text) else "not an integer"
    if kind in ("float", "double"):
        return None if re.fullmatch(r"-?\d+(\.\d+)?", text) else "not a number"
    if kind == "timestamp":
        return None if TIME.fullmatch(text) else "not a time"
    if kind == "blob":
        try:
            base64.b64decode(text, validate=True)
        except binascii.Error as error:
            return f"not base64: {error}"
        return None
    return f"a {kind}, which nothing here reads"

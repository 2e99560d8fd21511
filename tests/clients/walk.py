"""Walks through botocore's models of EC2 and Auto Scaling and asks an endpoint about every parameter of every action.

    python walk.py --endpoint http://127.0.0.1:4566 [--action CreateVpc]... [--output text|json]

No call does anything: each carries one more parameter that no action has. An endpoint that refuses only
that one has understood all others. What it refuses knowingly is listed; it fails when a parameter is not
known to it, or when it cannot be told, and says which. Replies of actions that only look are read strictly.
"""

import argparse
import http.client
import json
import re
import sys
import urllib.parse
from xml.etree import ElementTree

import botocore.session

import shapes
import values

# Sorts behind every name, so it is the last to be missed.
CANARY = "~"
AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-east-1/{service}/aws4_request, "
    "SignedHeaders=host, Signature=0000"
)
# How often a call is sent with what the endpoint missed, or without what it refused.
MAX_ATTEMPTS = 12


# The services whose models are walked through.
SERVICES = ("ec2", "autoscaling")

# Parameters that are not known yet though they should be.
OPEN = set()


class Endpoint:
    """A service as it is on the wire, without a client between."""

    def __init__(self, url, service="ec2"):
        self.model = botocore.session.get_session().get_service_model(service)
        parts = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port)

    def call(self, action, parameters):
        """The status and the body of the reply."""
        form = urllib.parse.urlencode({"Action": action, "Version": self.model.api_version, **parameters})
        authorization = AUTHORIZATION.format(service=self.model.signing_name)
        headers = {"Authorization": authorization, "Content-Type": "application/x-www-form-urlencoded"}
        self.connection.request("POST", "/", form, headers)
        reply = self.connection.getresponse()
        return reply.status, reply.read()

    def actions(self):
        """Which actions it says it has, by family, and which it says it has not."""
        self.connection.request("GET", "/_vpcbox/actions")
        return json.load(self.connection.getresponse())

    def refusal(self, action, parameters):
        """The code and the text of the error it answers with."""
        _, body = self.call(action, parameters)
        error = ElementTree.fromstring(body).find(".//{*}Error")
        assert error is not None, f"{action} with {parameters} is accepted"
        return error.findtext("{*}Code"), error.findtext("{*}Message")


class Parameter:
    """A plain value somewhere inside an action's input."""

    def __init__(self, action, path, member, shape):
        self.path = path
        self.value = values.of(action, path, member, shape)
        self.others = [text for text in getattr(shape, "enum", []) if text != self.value]


def wire_name(name, shape, protocol="ec2"):
    """A request member's name on the wire."""
    if protocol == "query":
        return name
    if "queryName" in shape.serialization:
        return shape.serialization["queryName"]
    located = shape.serialization.get("name")
    return located[0].upper() + located[1:] if located else name


def parameters(operation):
    """All plain values that an action's input can have, by path; lists have one entry."""
    found = {}
    protocol = operation.service_model.protocol
    first = "1" if protocol == "ec2" else "member.1"

    def inside(shape, prefix, above):
        for name, member in shape.members.items():
            value(name, member, prefix + wire_name(name, member, protocol), above)

    def value(name, shape, path, above):
        if shape.type_name == "list":
            value(name, shape.member, f"{path}.{first}", above)
        elif shape.type_name != "structure":
            found[path] = Parameter(operation.name, path, name, shape)
        elif shape.name not in above:
            inside(shape, f"{path}.", (*above, shape.name))

    if operation.input_shape:
        inside(operation.input_shape, "", ())
    return found


def required(operation, found):
    """What a call needs at least, as far as the model knows."""
    texts = {}
    for name in operation.input_shape.required_members if operation.input_shape else ():
        place = wire_name(name, operation.input_shape.members[name], operation.service_model.protocol)
        first = next(path for path in found if is_at(path, place))
        texts[first] = found[first].value
    return texts


def is_at(path, place):
    """Whether a parameter is, or is inside, what has a name; messages begin names with a small letter."""
    place = re.sub(r"\.\d+(?=\.|$)", ".1", place)
    path, place = path.lower(), place.lower()
    return path == place or path.startswith(f"{place}.")


def names_it(name, path):
    """Whether a message's name is a parameter's; some leave out the structure that it is in."""
    return is_at(path, name) or path.endswith(f".{name}")


def ask(endpoint, operation, found, parameter):
    """What an endpoint says about a parameter: accepted, refused, unknown, or a sentence why it is not clear."""
    if (operation.name, parameter.path) in values.REFUSED:
        return "refused"
    first = None
    for also in values.together(operation.name, parameter.path):
        texts = {**required(operation, found), **also, parameter.path: also.get(parameter.path, parameter.value)}
        for text in (texts[parameter.path], *parameter.others):
            answer = ask_for(endpoint, operation, found, parameter.path, {**texts, parameter.path: text})
            first = first or answer
            if answer in ("accepted", "refused", "unknown"):
                parameter.value = text
                return answer
    return f"{parameter.value!r}: {first}"


def ask_for(endpoint, operation, found, path, texts):
    """The same for one value, among others that are adjusted until the endpoint looks at it."""
    for _ in range(MAX_ATTEMPTS):
        code, message = endpoint.refusal(operation.name, {**texts, CANARY: "x"})
        names = [name for name in re.split(r"[^\w.-]+", message) if name]
        if code == "UnknownParameter":
            name = re.fullmatch(r"The parameter (.+) is not recognized", message)[1]
            if name == CANARY:
                return "accepted"
            if name == path:
                return "unknown"
            texts.pop(name)
        elif code == "UnsupportedOperation" and is_at(path, names[0]):
            return "refused"
        elif code == "UnsupportedOperation" and any(is_at(other, names[0]) for other in texts):
            texts = {other: text for other, text in texts.items() if not is_at(other, names[0])}
        elif code == "MissingParameter":
            more = [other for name in names for other in found if names_it(name, other) and other not in texts]
            if not more:
                break
            texts[more[0]] = found[more[0]].value
        elif code == "InvalidParameterCombination":
            # What it says cannot be beside the parameter in question goes.
            goes = [other for other in texts if other != path and any(names_it(name, other) for name in names)]
            left = {other: text for other, text in texts.items() if other not in goes}
            if left == texts:
                break
            texts = left
        else:
            break
    return f"{code}: {message}"


def is_there(endpoint, action):
    """Whether an endpoint has an action; one that EC2 has and it has not, it refuses by its name."""
    code, message = endpoint.refusal(action, {CANARY: "x"})
    assert code != "InvalidAction", f"{action} is not known to be an action"
    return not (code == "UnsupportedOperation" and action in message.split())


def made_up(endpoint, operations):
    """The actions that an endpoint says there are, and that are not in the model."""
    actions = endpoint.actions()
    other = ("auto_scaling", "sts")
    ours = [name for family, names in actions["families"].items() if family not in other for name in names]
    return sorted({*ours, *actions["notBuilt"]} - set(operations))


def look(endpoint, operation):
    """What is wrong with the reply of an action that only looks and needs no parameter."""
    needs = operation.input_shape and operation.input_shape.required_members
    if needs or not operation.name.startswith(("Describe", "Get", "List", "Search")):
        return []
    status, body = endpoint.call(operation.name, {})
    return shapes.problems(operation, body) if status == 200 else shapes.refusal_problems(body)


def walk(endpoint, actions=()):
    """What an endpoint says about every parameter: by action, and in it by answer."""
    model = endpoint.model
    coverage = {}
    if model.service_name == "ec2":
        assert not made_up(endpoint, model.operation_names), made_up(endpoint, model.operation_names)
    for name in actions or model.operation_names:
        operation = model.operation_model(name)
        if not is_there(endpoint, name):
            continue
        answers = {"accepted": [], "refused": [], "unknown": [], "open": [], "unclear": {}}
        answers["replies"] = look(endpoint, operation)
        found = parameters(operation)
        for path, parameter in found.items():
            answer = ask(endpoint, operation, found, parameter)
            if answer == "unknown" and (name, path) in OPEN:
                answer = "open"
            if answer in answers:
                answers[answer].append(path)
            else:
                answers["unclear"][path] = answer
        coverage[name] = answers
    return coverage


def is_whole(answers):
    return not (answers["unknown"] or answers["unclear"] or answers["replies"])


def _print(coverage):
    for name, answers in coverage.items():
        print(f"{name}: {len(answers['accepted'])} accepted, {len(answers['refused'])} refused")
        for path in answers["refused"]:
            print(f"  refused  {path}")
        for path in answers["open"]:
            print(f"  open     {path}")
        for path in answers["unknown"]:
            print(f"  UNKNOWN  {path}")
        for path, why in answers["unclear"].items():
            print(f"  UNCLEAR  {path}={why}")
        for problem in answers["replies"]:
            print(f"  REPLY    {problem}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--endpoint", required=True, help="such as http://127.0.0.1:4566")
    parser.add_argument("--action", action="append", default=[], help="only this one; can be given again")
    parser.add_argument("--output", choices=["text", "json"], default="text")
    chosen = parser.parse_args()
    coverage = {}
    for service in SERVICES:
        endpoint = Endpoint(chosen.endpoint, service)
        known = [name for name in chosen.action if name in endpoint.model.operation_names]
        if known or not chosen.action:
            coverage |= walk(endpoint, known)
    if chosen.output == "json":
        json.dump(coverage, sys.stdout, indent=2)
    else:
        _print(coverage)
    sys.exit(0 if coverage and all(map(is_whole, coverage.values())) else 1)


if __name__ == "__main__":
    main()

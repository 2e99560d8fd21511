"""What calls have made, and what further calls can so be made with."""

import re

import values
from arguments import ARGUMENTS

ID = re.compile(r"([a-z]+(?:-[a-z]+)*)-(?:[0-9a-f]{17}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
# What the names of actions begin with that make something.
MAKE = ("Allocate", "Create", "Import", "Request", "Run")


class Made:
    """What the calls so far have made."""

    def __init__(self, ec2):
        self.ec2 = ec2
        self.replies = {}
        self._ids = {}

    def __getitem__(self, action):
        return self.replies[action]

    def id(self, prefix):
        return self._ids[prefix]

    def remember(self, action, reply):
        self.replies[action] = reply
        if action.startswith(MAKE):
            for text in _texts(reply):
                if match := ID.fullmatch(text):
                    self._ids.setdefault(match[1], text)

    def like(self, value):
        """The same, or the id of what was made where it is one's."""
        match = isinstance(value, str) and ID.fullmatch(value)
        return self._ids.get(match[1], value) if match else value

    def arguments(self, action):
        model = self.ec2.meta.service_model.operation_model(action)
        shape = model.input_shape
        filled = {name: self._fill(action, name, shape.members[name], name) for name in shape.required_members}
        return {**filled, **ARGUMENTS.get(action, lambda made: {})(self)}

    def _fill(self, action, member, shape, path):
        if shape.type_name == "structure":
            names = shape.required_members
            return {name: self._fill(action, name, shape.members[name], f"{path}.{name}") for name in names}
        if shape.type_name == "list":
            return [self._fill(action, member, shape.member, path)]
        text = values.of(action, path, member, shape)
        if shape.type_name == "boolean":
            return text == "true"
        if shape.type_name in ("integer", "long"):
            return int(text)
        return float(text) if shape.type_name in ("float", "double") else self.like(text)


def _texts(reply):
    if isinstance(reply, dict):
        reply = reply.values()
    elif not isinstance(reply, list):
        return [reply] if isinstance(reply, str) else []
    return [text for part in reply for text in _texts(part)]

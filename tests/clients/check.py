"""Runs one check against the EC2 endpoint in AWS_ENDPOINT_URL, or lists all checks.

    python check.py vpc.default_vpc
    python check.py --list

Every public function of the modules in this folder is a check. It gets an EC2 client and ends, or raises.
Whatever EC2 replies to it is read strictly on the way.
"""

import importlib
import inspect
import pathlib
import sys

import boto3
import shapes
from botocore.config import Config

# Modules without checks.
HELPERS = ("arguments", "check", "common", "gateway_arguments", "made", "shapes", "values", "walk")


def modules():
    names = sorted(path.stem for path in pathlib.Path(__file__).parent.glob("*.py"))
    return [importlib.import_module(name) for name in names if name not in HELPERS]


def checks():
    for module in modules():
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                yield f"{module.__name__}.{name}"


def read_strictly(operation_model, response_dict, **_):
    succeeded = response_dict["status_code"] < 300
    body = response_dict["body"]
    problems = shapes.problems(operation_model, body) if succeeded else shapes.refusal_problems(body)
    assert not problems, f"{operation_model.name}:\n" + "\n".join(sorted(set(problems)))


def main(argument):
    if argument == "--list":
        print("\n".join(checks()))
        return
    module, function = argument.split(".")
    boto3.setup_default_session()
    for service in ("ec2", "autoscaling"):
        boto3.DEFAULT_SESSION.events.register(f"before-parse.{service}", read_strictly)
    client = boto3.client("ec2", config=Config(retries={"total_max_attempts": 1}))
    getattr(importlib.import_module(module), function)(client)


if __name__ == "__main__":
    main(sys.argv[1])

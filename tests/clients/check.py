"""Runs one check against the EC2 endpoint in AWS_ENDPOINT_URL, or lists all checks.

    python check.py vpc.default_vpc
    python check.py --list

Every public function of the modules in this folder is a check. It gets an EC2 client and ends, or raises.
"""

import importlib
import inspect
import pathlib
import sys

import boto3
from botocore.config import Config


def modules():
    names = sorted(path.stem for path in pathlib.Path(__file__).parent.glob("*.py"))
    return [importlib.import_module(name) for name in names if name not in ("check", "common")]


def checks():
    for module in modules():
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                yield f"{module.__name__}.{name}"


def main(argument):
    if argument == "--list":
        print("\n".join(checks()))
        return
    module, function = argument.split(".")
    client = boto3.client("ec2", config=Config(retries={"total_max_attempts": 1}))
    getattr(importlib.import_module(module), function)(client)


if __name__ == "__main__":
    main(sys.argv[1])

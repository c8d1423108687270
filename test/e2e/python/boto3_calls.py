"""Runs operations of boto3's cognito-identity client, with nothing changed but the endpoint.

Reads {"endpoint", "calls": [{"operation", "input"}], "credentials"?, "retries"?}; prints the outcome of each call in order:
{"output", "retryAttempts"} or {"error": name of the exception's class, "code", "message", "status"}.
In an input, {"$from": [index, member]} stands for a member of an earlier output.
"""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


def client_of(order):
    credentials = order.get("credentials") or {}
    # Absent is boto3's own default, the legacy mode.
    retries = order.get("retries")
    return boto3.client(
        "cognito-identity",
        endpoint_url=order["endpoint"],
        region_name="us-east-1",
        aws_access_key_id=credentials.get("accessKeyId"),
        aws_secret_access_key=credentials.get("secretAccessKey"),
        config=Config(retries=retries) if retries else None,
    )


def filled(value, outcomes):
    if isinstance(value, dict):
        if "$from" in value:
            index, member = value["$from"]
            return outcomes[index]["output"][member]
        return {name: filled(member, outcomes) for name, member in value.items()}
    if isinstance(value, list):
        return [filled(item, outcomes) for item in value]
    return value


def run(client, operation, parameters):
    try:
        output = getattr(client, operation)(**parameters)
    except ClientError as error:
        details = error.response["Error"]
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return {"error": type(error).__name__, "code": details["Code"], "message": details["Message"], "status": status}
    metadata = output.pop("ResponseMetadata")
    return {"output": output, "retryAttempts": metadata["RetryAttempts"]}


def main():
    order = json.loads(sys.argv[1])
    client = client_of(order)
    outcomes = []
    for call in order["calls"]:
        outcomes.append(run(client, call["operation"], filled(call["input"], outcomes)))
    print(json.dumps(outcomes, default=lambda value: value.timestamp()))


main()

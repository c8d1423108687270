"""A session of credentials by boto3, as a script of a user's has it: GetId, GetCredentialsForIdentity, and a client with them.

Reads {"endpoint", "stsEndpoint", "identityPoolId", "logins"?}; prints what the token service says of whoever has the credentials.
"""

import json
import sys

import boto3


def main():
    order = json.loads(sys.argv[1])
    given = {"Logins": order["logins"]} if "logins" in order else {}
    identity = boto3.client("cognito-identity", region_name="us-east-1", endpoint_url=order["endpoint"])
    identity_id = identity.get_id(IdentityPoolId=order["identityPoolId"], **given)["IdentityId"]
    credentials = identity.get_credentials_for_identity(IdentityId=identity_id, **given)["Credentials"]
    sts = boto3.client(
        "sts",
        region_name="us-east-1",
        endpoint_url=order["stsEndpoint"],
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretKey"],
        aws_session_token=credentials["SessionToken"],
    )
    caller = sts.get_caller_identity()
    print(json.dumps({name: caller[name] for name in ("UserId", "Account", "Arn")}))


main()

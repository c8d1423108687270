"""Authlib's own validation of a discovery document: reads it as JSON, prints null or the refusal."""

import json
import sys

from authlib.oidc.discovery import OpenIDProviderMetadata


def main():
    metadata = OpenIDProviderMetadata(json.loads(sys.argv[1]))
    try:
        metadata.validate()
        print(json.dumps(None))
    except ValueError as refusal:
        print(json.dumps(str(refusal)))


main()

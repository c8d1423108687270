"""A relying party on PyJWT: verifies OpenID tokens with nothing but the issuer's address and its own audience.

Reads {"issuer", "audience", "tokens"}; prints for each token its claims and header, or the name of the refusal.
"""

import json
import sys
import urllib.request

import jwt


def discover(issuer):
    with urllib.request.urlopen(issuer + "/.well-known/openid-configuration", timeout=10) as answer:
        metadata = json.load(answer)
    if metadata["issuer"] != issuer:
        raise SystemExit("the discovery document is another issuer's")
    return metadata


def verify(token, metadata, keys, audience):
    try:
        key = keys.get_signing_key_from_jwt(token)
        claims = jwt.decode(
            token,
            key.key,
            algorithms=metadata["id_token_signing_alg_values_supported"],
            audience=audience,
            issuer=metadata["issuer"],
            options={"require": ["exp", "iat", "aud", "iss", "sub", "jti"]},
        )
        return {"claims": claims, "header": jwt.get_unverified_header(token)}
    except jwt.PyJWTError as refusal:
        return {"refusal": type(refusal).__name__}


def main():
    order = json.loads(sys.argv[1])
    metadata = discover(order["issuer"])
    keys = jwt.PyJWKClient(metadata["jwks_uri"])
    print(json.dumps([verify(token, metadata, keys, order["audience"]) for token in order["tokens"]]))


main()

/**
 * Facebook's Graph API, Login with Amazon, Twitter and Cognito's GetId as pure functions from a request to the answer that
 * each publishes, errors included. They run in workerd and in Node, share no code with what they test, and know no secret
 * but their own.
 */

export type StandIn = (request: Request) => Promise<Response>;

const encoder = new TextEncoder();

async function hmac(hash: "SHA-1" | "SHA-256", secret: string, text: string): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), { name: "HMAC", hash }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(text)));
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export type FacebookToken = {
  readonly appId: string;
  /** Absent: the token of the app itself. */
  readonly userId?: string;
  /** The page that a token of type PAGE is of; `userId` is who made it. */
  readonly pageId?: string;
  readonly type?: "USER" | "PAGE" | "APP";
  /** Why it is not good any more: Graph API, Handling Errors, authentication subcodes. */
  readonly subcode?: 458 | 460 | 463 | 467;
  /** Epoch seconds; 0 never. */
  readonly expiresAt?: number;
};

export type FacebookOptions = {
  readonly tokens: ReadonlyMap<string, FacebookToken>;
  readonly appSecrets?: ReadonlyMap<string, string>;
  /** Apps with the setting "Require App Secret". */
  readonly requireProof?: ReadonlySet<string>;
  /** `debug_token` as older versions of the API answer, ids being numbers and tokens without a type. */
  readonly writesOldForm?: boolean;
};

function graphError(code: number, message: string, more: object = {}, status = 400): Response {
  const error = { message, type: code === 100 ? "GraphMethodException" : "OAuthException", code, ...more };
  return Response.json({ error: { ...error, fbtrace_id: "A1b2C3d4E5f" } }, { status });
}

const SUBCODE_MESSAGES = {
  458: "Error validating access token: The user has not authorized application 1234567890.",
  460: "Error validating access token: The session has been invalidated because the user changed their password.",
  463: "Error validating access token: Session has expired on Friday, 26-Jun-26 15:48:19 PDT.",
  467: "Error validating access token: The session is invalid because the user logged out.",
} as const;

/** `/app`, `/me` and `/debug_token` of the Graph API. */
export function facebookStandIn({
  tokens,
  appSecrets = new Map(),
  requireProof = new Set(),
  writesOldForm = false,
}: FacebookOptions): StandIn {
  async function judge(query: URLSearchParams): Promise<FacebookToken | Response> {
    const text = query.get("access_token") ?? "";
    const token = tokens.get(text);
    if (token === undefined) return graphError(190, "Invalid OAuth access token - Cannot parse access token");
    if (token.subcode !== undefined) {
      return graphError(190, SUBCODE_MESSAGES[token.subcode], { error_subcode: token.subcode }, 401);
    }
    const proof = query.get("appsecret_proof");
    const secret = appSecrets.get(token.appId);
    if (proof === null) {
      return requireProof.has(token.appId)
        ? graphError(100, "API calls from the server require an appsecret_proof argument")
        : token;
    }
    const isGood = secret !== undefined && proof === hex(await hmac("SHA-256", secret, text));
    return isGood ? token : graphError(100, "Invalid appsecret_proof provided in the API argument");
  }

  function debug(query: URLSearchParams, headers: Headers): Response {
    // The real one takes it in the query, too, where no secret belongs.
    const [, appId = "", secret] = /^Bearer (\d+)\|(.*)$/.exec(headers.get("authorization") ?? "") ?? [];
    if (appSecrets.get(appId) !== secret || secret === undefined) {
      return graphError(190, "Invalid OAuth access token signature.");
    }
    const token = tokens.get(query.get("input_token") ?? "");
    if (token === undefined) {
      const error = { code: 190, message: "Invalid OAuth access token - Cannot parse access token" };
      return Response.json({ data: { error, is_valid: false, scopes: [] } });
    }
    if (token.appId !== appId) {
      return graphError(100, "(#100) The App_id in the input_token did not match the Viewing App", {
        type: "OAuthException",
      });
    }
    const { subcode, type = "USER", userId, expiresAt = 0 } = token;
    const idOf = (id: string) => (writesOldForm ? Number(id) : id);
    const data = {
      app_id: idOf(appId),
      ...(!writesOldForm && { type }),
      application: "Example",
      data_access_expires_at: 2_000_000_000,
      expires_at: expiresAt,
      is_valid: subcode === undefined,
      scopes: ["public_profile"],
      ...(userId !== undefined && { user_id: idOf(userId) }),
      ...(subcode !== undefined && { error: { code: 190, message: SUBCODE_MESSAGES[subcode], subcode } }),
    };
    return Response.json({ data });
  }

  return async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/debug_token") return debug(searchParams, request.headers);
    if (pathname !== "/app" && pathname !== "/me") return graphError(2500, `Unknown path components: ${pathname}`);
    const token = await judge(searchParams);
    if (token instanceof Response) return token;
    if (pathname === "/app") {
      return Response.json({ category: "Utility", link: "https://example.com/", name: "Example", id: token.appId });
    }
    if (token.userId === undefined) {
      return graphError(2500, "An active access token must be used to query information about the current user.");
    }
    const asksForName = searchParams.get("fields")?.includes("first_name") === true;
    if (asksForName && token.type === "PAGE") {
      const message = "(#100) Tried accessing nonexisting field (first_name) on node type (Page)";
      return graphError(100, message, { type: "OAuthException" });
    }
    // To `/me`, the token of a page is the page.
    const id = token.pageId ?? token.userId;
    return Response.json({ id, ...(asksForName && { first_name: "Ann" }) });
  };
}

export type AmazonToken = {
  readonly aud: string;
  readonly appId: string;
  readonly userId: string;
  /** What is left of it, in seconds. */
  readonly exp?: number;
};

/** `/auth/o2/tokeninfo` of Login with Amazon. */
export function amazonStandIn(tokens: ReadonlyMap<string, AmazonToken>): StandIn {
  return async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/auth/o2/tokeninfo") return new Response("Not Found", { status: 404 });
    const token = tokens.get(searchParams.get("access_token") ?? "");
    if (token === undefined) {
      const error_description = "The request has an invalid parameter : access_token";
      return Response.json({ error_description, error: "invalid_token" }, { status: 400 });
    }
    const { aud, appId: app_id, userId: user_id, exp = 3597 } = token;
    return await Promise.resolve(
      Response.json({ aud, user_id, iss: "https://www.amazon.com", exp, app_id, iat: 1_475_349_936 }),
    );
  };
}

export type TwitterOptions = {
  readonly consumerKey: string;
  readonly consumerSecret: string;
  /** Token to its secret and its user. */
  readonly tokens: ReadonlyMap<string, { readonly secret: string; readonly userId: string; readonly code?: number }>;
  /** The address that its callers know it by: the signature covers it. */
  readonly origin: string;
};

/** `/1.1/account/verify_credentials.json`, which checks the OAuth 1.0a signature by a calculation of its own. */
export function twitterStandIn({ consumerKey, consumerSecret, tokens, origin }: TwitterOptions): StandIn {
  const refuse = (status: number, code: number, message: string) =>
    Response.json({ errors: [{ code, message }] }, { status });
  const nonces = new Set<string>();

  return async (request) => {
    const { pathname, search } = new URL(request.url);
    const pairs = (request.headers.get("authorization") ?? "").replace(/^OAuth /, "").split(/,\s*/);
    const header = new Map(
      pairs.map((pair) => {
        const [name = "", value = ""] = pair.split(/=(.*)/s);
        return [name, decodeURIComponent(value.replace(/^"|"$/g, ""))];
      }),
    );
    if (!header.has("oauth_signature")) return refuse(400, 215, "Bad Authentication data.");
    if (Math.abs(Number(header.get("oauth_timestamp")) - Date.now() / 1000) > 300) {
      return refuse(401, 135, "Timestamp out of bounds.");
    }
    if (nonces.has(header.get("oauth_nonce") ?? "")) return refuse(401, 32, "Could not authenticate you.");
    nonces.add(header.get("oauth_nonce") ?? "");
    const token = tokens.get(header.get("oauth_token") ?? "");
    if (token === undefined) return refuse(401, 89, "Invalid or expired token.");
    const quote = (text: string) =>
      [...encoder.encode(text)]
        .map((byte) => {
          const character = String.fromCharCode(byte);
          return /[A-Za-z0-9._~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
        })
        .join("");
    const signed = ["consumer_key", "nonce", "signature_method", "timestamp", "token", "version"]
      .map((name) => `oauth_${name}=${quote(header.get(`oauth_${name}`) ?? "")}`)
      .join("&");
    const base = ["GET", quote(`${origin}${pathname}`), quote(signed)].join("&");
    const expected = await hmac("SHA-1", `${quote(consumerSecret)}&${quote(token.secret)}`, base);
    const given = header.get("oauth_signature") ?? "";
    if (
      header.get("oauth_consumer_key") !== consumerKey ||
      given !== btoa(String.fromCharCode(...expected)) ||
      search
    ) {
      return refuse(401, 32, "Could not authenticate you.");
    }
    if (token.code !== undefined) return refuse(403, token.code, "Refused.");
    return Response.json({ id: Number(token.userId), id_str: token.userId, screen_name: "ann", verified: false });
  };
}

/** An error as Cognito writes it. `type` may have a namespace before it and an address behind it. */
export function awsError(type: string, message: string, status = 400): Response {
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amzn-errortype": `${type}:` };
  return new Response(JSON.stringify({ __type: type, message }), { status, headers });
}

export type CognitoOptions = {
  /** Identity pool to its user pools, each of which has `ServerSideTokenCheck`. */
  readonly identityPools: ReadonlyMap<string, readonly string[]>;
  /** ID token to what its user has done since. */
  readonly tokens: ReadonlyMap<string, "signed in" | "signed out" | "deleted">;
};

/** GetId of the live service. How it words a sign-out is not known, and its callers must not depend on it. */
export function cognitoStandIn({ identityPools, tokens }: CognitoOptions): StandIn {
  return async (request) => {
    const headers = ["content-type", "x-amz-target"].map((name) => request.headers.get(name)).join();
    const isGetId = headers === "application/x-amz-json-1.1,AWSCognitoIdentityService.GetId";
    if (!isGetId || request.method !== "POST" || new URL(request.url).pathname !== "/") {
      return awsError("UnknownOperationException", "", 404);
    }
    const input = (await request.json()) as { IdentityPoolId: string; Logins?: Record<string, string> };
    const userPools = identityPools.get(input.IdentityPoolId);
    if (userPools === undefined) {
      return awsError("ResourceNotFoundException", `IdentityPool '${input.IdentityPoolId}' not found.`);
    }
    const [[name, token] = ["", ""]] = Object.entries(input.Logins ?? {});
    if (!userPools.includes(name)) {
      return awsError("NotAuthorizedException", "Token is not from a supported provider of this identity pool.");
    }
    const state = tokens.get(token) ?? "never made";
    if (state !== "signed in") return awsError("NotAuthorizedException", `Invalid login token. The user is ${state}.`);
    const identityId = `${input.IdentityPoolId.split(":")[0]}:${crypto.randomUUID()}`;
    return new Response(JSON.stringify({ IdentityId: identityId }), {
      headers: { "content-type": "application/x-amz-json-1.1" },
    });
  };
}

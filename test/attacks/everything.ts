/**
 * Drives a Worker of its own through every operation and every provider, in order and out of order, and remembers all that
 * was presented, handed out or sent upstream on the way. Judges nothing: secrets.test.ts searches for it.
 */
import { join } from "node:path";
import { LOCAL_CREDENTIAL } from "../../src/development/local-credential.ts";
import { isExtensionName } from "../../src/protocol/extensions.ts";
import { adminClient, appClient, createPool, getId, getOpenIdToken, present } from "../support/cognito-clients.ts";
import { type LoopbackIssuer, startLoopbackIssuer } from "../support/loopback-issuer.ts";
import {
  amazonStandIn,
  type AmazonToken,
  facebookStandIn,
  type FacebookToken,
  type StandIn,
  twitterStandIn,
} from "../support/provider-stand-ins.ts";
import { IDENTITY_READS, poolCalls, SERVICE_READS } from "../support/pool-calls.ts";
import { ROLES } from "../support/account-roles.ts";
import { sendSigned, signedCall } from "../support/signed-call.ts";
import { ACCOUNT, makeSqlApi, TOKEN } from "../support/sql-api.ts";
import { serveStandIn } from "../support/stand-in-server.ts";
import { answering, errorXml, stsStandIn } from "../support/sts-stand-in.ts";
import { call, send, type WireAnswer } from "../support/wire-call.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";
import { base64url } from "./forge.ts";
import { newPerson } from "./stage.ts";

const PREFIX = "AWSCognitoIdentityService.";
const APP = "1234567890";
const [SECRET_APP, APP_SECRET] = ["2345678901", "0123456789abcdeffedcba9876543210"];
const AMAZON_CLIENT = "amzn1.application-oa2-client.1";
const CONSUMER = { consumerKey: "consumer-key-of-app", consumerSecret: "consumer-secret-of-app" };
const USER_POOL = "cognito-idp.us-east-1.amazonaws.com/us-east-1_Everything";
const DEVELOPER = "login.backend.example";
const EMAIL = "ann.secret@mail.example";
/** A pool that moves here from Cognito, with a key for its source. */
const MOVED = `us-east-1:${newPerson()}`;
const SOURCE_KEY = { accessKeyId: "AKIAOFTHESOURCE00000", secretAccessKey: "secret-of-the-source-of-a-pool" };

/** Everything that was presented or handed out, and must be found nowhere; by its text, what it is. */
export class Secrets {
  readonly texts = new Map<string, string>();

  add(what: string, text: string): string {
    this.texts.set(text, what);
    return text;
  }

  /** A token as a whole, and its parts in pieces of sixteen characters. */
  addToken(what: string, token: string): string {
    for (const [index, part] of token.split(".").entries()) {
      // The header is the same for every token of a key, so that its pieces tell nothing; `eyJ` is searched for itself.
      if (index === 0) continue;
      for (let at = 0; at + 16 <= part.length; at += 16) this.add(`${what}, part ${index}`, part.slice(at, at + 16));
    }
    return this.add(what, token);
  }
}

export type Driven = {
  readonly worker: RunningWorker;
  readonly secrets: Secrets;
  /** What only the log must not hold: an administrator's own words, which the service has to store. */
  readonly logSecrets: Secrets;
  /** What the reads beyond the service model answered. */
  readonly reads: readonly WireAnswer[];
  /** The providers of the pool, each of which was logged in with and failed with. */
  readonly providerNames: readonly string[];
  /** The issuer whose logins the marked requests presented. */
  readonly issuerName: string;
  /** Ids of requests that are looked at one by one. */
  readonly marked: ReadonlyMap<"linked" | "minted" | "merged" | "unknown provider", string>;
  close(): Promise<void>;
};

export async function driveEverything(folder: string): Promise<Driven> {
  const [secrets, logSecrets] = [new Secrets(), new Secrets()];
  secrets.add("an app secret", APP_SECRET);
  secrets.add("an e-mail address", EMAIL);
  secrets.add("an administrator's secret", LOCAL_CREDENTIAL.secretAccessKey);
  secrets.add("a source's secret", SOURCE_KEY.secretAccessKey);
  // A pool's own settings: stored as they were given, and logged never.
  secrets.add("a consumer secret", CONSUMER.consumerSecret);

  /** What is sent to a provider is as secret as what came: tokens in the query, proofs and signatures. */
  const overheard = (standIn: StandIn): StandIn => {
    return async (request) => {
      const query = [...new URL(request.url).searchParams.values()];
      const quoted = (request.headers.get("authorization") ?? "").match(/"[^"]+"/g) ?? [];
      const sent = [...query, ...quoted.map((value) => decodeURIComponent(value.slice(1, -1)))];
      for (const text of sent) if (text.length >= 16 && !isPublic(text)) secrets.add("what a provider was sent", text);
      return await standIn(request);
    };
  };
  const isPublic = (text: string) => text === CONSUMER.consumerKey;

  const facebookTokens = new Map<string, FacebookToken>();
  const amazonTokens = new Map<string, AmazonToken>();
  const twitterTokens = new Map<string, { secret: string; userId: string }>();
  const issuerNames = ["accounts.google.com", "appleid.apple.com", USER_POOL, "www.facebook.com"];
  const sts = stsStandIn();
  const sqlApi = makeSqlApi([], Date.now() / 1000);
  const [issuer, stsServer, facebook, amazon, twitter, analytics, cognito, ...known] = await Promise.all([
    startLoopbackIssuer({ algorithm: "ES256" }),
    serveStandIn(() => async (request) => {
      const answer = await sts.standIn(request);
      secrets.addToken("a token for STS", sts.asked.at(-1)?.form.get("WebIdentityToken") ?? "");
      for (const text of Object.values(sts.given.at(-1) ?? {})) secrets.add("AWS credentials", text);
      return answer;
    }),
    serveStandIn(() =>
      overheard(facebookStandIn({ tokens: facebookTokens, appSecrets: new Map([[SECRET_APP, APP_SECRET]]) })),
    ),
    serveStandIn(() => overheard(amazonStandIn(amazonTokens))),
    serveStandIn((origin) => overheard(twitterStandIn({ ...CONSUMER, tokens: twitterTokens, origin }))),
    serveStandIn(() => sqlApi.answer),
    serveStandIn(() => async (request) => {
      const signature = /Signature=([0-9a-f]+)/.exec(request.headers.get("authorization") ?? "")?.[1];
      if (signature !== undefined) secrets.add("a signature for the source", signature);
      return await Promise.resolve(Response.json({ IdentityId: `us-east-1:${newPerson()}` }));
    }),
    ...issuerNames.map(async (name) => await startLoopbackIssuer({ issuer: `https://${name}` })),
  ]);
  const worker = await startWorker({
    stateFolder: join(folder, "state"),
    settings: {
      FACEBOOK_GRAPH_URL: facebook.address,
      FACEBOOK_APP_SECRETS: JSON.stringify({ [SECRET_APP]: APP_SECRET }),
      AMAZON_API_URL: amazon.address,
      TWITTER_API_URL: twitter.address,
      DEVELOPMENT_UPSTREAMS: JSON.stringify({
        ...Object.fromEntries(known.map((one) => [one.issuer, one.address])),
        "https://api.cloudflare.com": analytics.address,
        "https://cognito-identity.us-east-1.amazonaws.com": cognito.address,
      }),
      ANALYTICS_ACCOUNT: ACCOUNT,
      ANALYTICS_TOKEN: secrets.add("an API token", TOKEN),
      SOURCE_CREDENTIALS: JSON.stringify({ [MOVED]: SOURCE_KEY }),
      MERGE_POLICY: "merge",
      STS_URL: stsServer.address,
    },
  });
  const { endpoint } = worker;
  const [app, admin] = [appClient(endpoint), adminClient(endpoint)];

  const issuers = new Map<string, LoopbackIssuer>([issuer, ...known].map((one) => [one.providerName, one]));
  const idToken = async (name: string, sub: string, claims: object = {}) => {
    secrets.add("a subject", sub);
    const more = { aud: "client_1", email: EMAIL, ...(name === USER_POOL && { token_use: "id" }) };
    return secrets.addToken("a login token", await present(issuers.get(name)).loginToken({ sub, ...more, ...claims }));
  };
  const loginToken = async (sub: string, claims: object = {}) => await idToken(issuer.providerName, sub, claims);
  const newUser = () => secrets.add("a subject", newPerson().replaceAll(/\D/g, "").padEnd(20, "7").slice(0, 20));
  const newAccessToken = (prefix: string) => {
    return secrets.add("an access token", `${prefix}${newPerson().replaceAll("-", "")}`);
  };
  const providerNames = [...issuers.keys(), "graph.facebook.com", "www.amazon.com", "api.twitter.com"];
  /** A good token of a new user, and one that the provider knows nothing of. */
  const tokensFor = async (name: string): Promise<readonly [good: string, forged: string]> => {
    if (issuers.has(name)) {
      const good = await idToken(name, `subject-${newPerson()}`);
      return [good, secrets.addToken("a forged token", `${good.slice(0, -12)}AAAAAAAAAAAA`)];
    }
    if (name === "api.twitter.com") {
      const [token, secret] = [newAccessToken("1-"), newAccessToken("")];
      twitterTokens.set(token, { secret, userId: newUser() });
      return [`${token};${secret}`, `${token};${newAccessToken("")}`];
    }
    const [good, forged] = [newAccessToken("EAA"), newAccessToken("EAA")];
    facebookTokens.set(good, { appId: name === "graph.facebook.com" ? SECRET_APP : "", userId: newUser() });
    amazonTokens.set(good, { aud: AMAZON_CLIENT, appId: "amzn1.application.1", userId: `amzn1.account.${newUser()}` });
    return [good, forged];
  };

  const settings = {
    IdentityPoolName: "everything",
    AllowUnauthenticatedIdentities: true,
    DeveloperProviderName: DEVELOPER,
    CognitoIdentityProviders: [{ ProviderName: USER_POOL, ClientId: "client_1" }],
    SupportedLoginProviders: {
      ...Object.fromEntries([...issuers.keys()].filter((name) => name !== USER_POOL).map((name) => [name, "client_1"])),
      "graph.facebook.com": `${SECRET_APP};${APP}`,
      "www.amazon.com": AMAZON_CLIENT,
      "api.twitter.com": `${CONSUMER.consumerKey};${CONSUMER.consumerSecret}`,
    },
  };
  const identityPoolId = await createPool(admin, settings);
  const marked = new Map<"linked" | "minted" | "merged" | "unknown provider", string>();
  const mark = (name: "linked" | "minted" | "merged" | "unknown provider", answer: WireAnswer) => {
    marked.set(name, answer.headers["x-amzn-requestid"] ?? "");
    return answer;
  };
  const post = async (operation: string, input: unknown) => {
    const answer = await call(endpoint, operation, input);
    rememberMinted(answer);
    return answer;
  };
  const signed = async (operation: string, input: object) => {
    const prefix = isExtensionName(operation) ? "Edgepool." : PREFIX;
    const request = signedCall(endpoint, operation.includes(".") ? operation : prefix + operation, input);
    secrets.add("a signature", /Signature=([0-9a-f]+)/.exec(request.headers["authorization"] ?? "")?.[1] ?? "");
    const answer = await send(endpoint, request);
    rememberMinted(answer);
    return answer;
  };
  const rememberMinted = ({ status, body }: WireAnswer) => {
    const token = /"Token":"([^"]+)"/.exec(body)?.[1];
    if (status === 200 && token !== undefined) secrets.addToken("an OpenID token", token);
  };

  // In order: guests, links, merges, mints, unlinks.
  const [ann, bob] = [`subject-${newPerson()}`, `subject-${newPerson()}`];
  const logins = { [issuer.providerName]: await loginToken(ann) };
  const guest = await getId(app, identityPoolId);
  await post("GetOpenIdToken", { IdentityId: guest });
  mark("linked", await post("GetOpenIdToken", { IdentityId: guest, Logins: logins }));
  mark("minted", await post("GetOpenIdToken", { IdentityId: guest, Logins: logins }));
  const absorbed = await getId(app, identityPoolId);
  mark("merged", await post("GetOpenIdToken", { IdentityId: absorbed, Logins: logins }));

  // Credentials: given, refused by STS in words that repeat what it was shown, and asked for in vain.
  await signed("SetIdentityPoolRoles", { IdentityPoolId: identityPoolId, Roles: ROLES });
  await post("GetCredentialsForIdentity", { IdentityId: await getId(app, identityPoolId) });
  await post("GetCredentialsForIdentity", { IdentityId: guest, Logins: logins });
  await post("GetCredentialsForIdentity", { IdentityId: guest });
  stsServer.fail(answering(403, errorXml("AccessDenied", `not ${sts.asked.at(-1)?.form.get("WebIdentityToken")}`)));
  await post("GetCredentialsForIdentity", { IdentityId: guest, Logins: logins });
  stsServer.fail(undefined);

  // Each provider: a first login, a link to another identity, an unlink, a forged token, and one while it is down.
  for (const name of providerNames) {
    const [token, forged] = await tokensFor(name);
    const own = { [name]: token };
    const identityId = await getId(app, identityPoolId, own);
    await post("GetOpenIdToken", { IdentityId: identityId, Logins: own });
    if (name !== issuer.providerName) {
      await post("GetOpenIdToken", { IdentityId: guest, Logins: { ...logins, ...own } });
      await post("UnlinkIdentity", { IdentityId: guest, Logins: logins, LoginsToRemove: [name] });
    }
    for (const input of [{ IdentityPoolId: identityPoolId }, { IdentityId: guest }]) {
      const operation = "IdentityId" in input ? "GetOpenIdToken" : "GetId";
      await post(operation, { ...input, Logins: { [name]: forged } });
      await post(operation, { ...input, Logins: { [name]: "junk" } });
    }
    await post("UnlinkIdentity", { IdentityId: guest, Logins: { [name]: forged }, LoginsToRemove: [name] });
  }

  // Out of order: every way in which a secret can stand in the wrong place, or a right one be wrong.
  const good = await loginToken(bob);
  const bad = [
    await loginToken(bob, { exp: 1 }),
    await loginToken(bob, { aud: "client_2" }),
    await loginToken(bob, { iss: "https://evil.example" }),
    await loginToken(`${bob}\u0000`),
    good.replaceAll(".", "!"),
    `${good}${good}`,
  ];
  for (const token of bad) {
    await post("GetOpenIdToken", { IdentityId: guest, Logins: { [issuer.providerName]: token } });
  }
  const unknown = { IdentityId: guest, Logins: { [good.slice(0, 120)]: good } };
  mark("unknown provider", await post("GetOpenIdToken", unknown));
  for (const name of [good.slice(100, 220), "www.digits.com", "cognito-identity.amazonaws.com"]) {
    await post("GetId", { IdentityPoolId: identityPoolId, Logins: { [name]: good } });
  }
  for (const member of ["IdentityId", "IdentityPoolId", "AccountId", "CustomRoleArn"]) {
    await post("GetId", { IdentityPoolId: identityPoolId, [member]: good });
    await post("GetOpenIdToken", { IdentityId: guest, [member]: [good] });
    await post("GetOpenIdToken", { [member]: good.slice(0, 40) });
  }
  for (const body of [good, `"${good}"`, `{"IdentityId":${good}}`, `{"Logins":{"a":"${good}`, `["${good}"]`]) {
    await post("GetOpenIdToken", body);
  }
  const usual = { "content-type": "application/x-amz-json-1.1" };
  await send(endpoint, { headers: { ...usual, "x-amz-target": good.slice(0, 1000) }, body: "{}" });
  await send(endpoint, { path: `/${good.slice(0, 500)}?token=${good}`, headers: usual });
  const bearer = { ...usual, authorization: `Bearer ${good}` };
  await send(endpoint, { headers: { ...bearer, "x-amz-target": `${PREFIX}ListIdentityPools` } });
  await send(endpoint, { method: "GET", path: "/.well-known/jwks.json", headers: bearer });
  for (const server of [facebook, amazon, twitter]) server.fail((request) => request.socket.destroy());
  for (const name of providerNames.filter((one) => !issuers.has(one))) {
    const [token] = await tokensFor(name);
    await post("GetId", { IdentityPoolId: identityPoolId, Logins: { [name]: token } });
  }
  issuer.goDown();
  const rotated = good.replace(/^[^.]+/, base64url(JSON.stringify({ alg: "ES256", kid: "x" })));
  secrets.addToken("a login token", rotated);
  await post("GetId", { IdentityPoolId: identityPoolId, Logins: { [issuer.providerName]: rotated } });
  issuer.comeUp();

  // The signed operations: each in order, and each with a token where something else belongs.
  const pool = { IdentityPoolId: identityPoolId };
  const [user, other] = [newPerson(), newPerson()];
  for (const name of [user, other]) logSecrets.add("a developer's user", name);
  for (const name of [user, other]) {
    await signed("GetOpenIdTokenForDeveloperIdentity", { ...pool, Logins: { [DEVELOPER]: name } });
  }
  const both = { [DEVELOPER]: user, [issuer.providerName]: good };
  await signed("GetOpenIdTokenForDeveloperIdentity", { ...pool, Logins: both });
  await signed("LookupDeveloperIdentity", { ...pool, DeveloperUserIdentifier: user });
  const merge = { ...pool, DeveloperProviderName: DEVELOPER, SourceUserIdentifier: user };
  const mergedUsers = await signed("MergeDeveloperIdentities", { ...merge, DestinationUserIdentifier: other });
  const { IdentityId: developed } = JSON.parse(mergedUsers.body) as { IdentityId?: string };
  const unlinkUser = { ...pool, DeveloperProviderName: DEVELOPER, DeveloperUserIdentifier: user };
  await signed("UnlinkDeveloperIdentity", { ...unlinkUser, IdentityId: developed });
  const shortLived = await createPool(admin, { ...settings, IdentityPoolName: "short-lived" });
  for (const [operation, input] of poolCalls(shortLived, issuer.providerName, settings)) {
    await signed(operation, input);
    // Whose first member is what names the pool.
    await signed(operation, { ...input, [Object.keys(input)[0] ?? ""]: good.slice(0, 50) });
  }
  await signed("AdoptIdentityPool", { ...settings, IdentityPoolId: MOVED });
  await signed("AdoptIdentityPool", { ...settings, IdentityPoolId: good.slice(0, 50) });
  const Source = { Providers: [issuer.providerName, DEVELOPER] };
  await signed("SetIdentityPoolSource", { IdentityPoolId: MOVED, Source });
  const cid = { [DEVELOPER]: logSecrets.add("a developer's user", newPerson()) };
  await signed("GetOpenIdTokenForDeveloperIdentity", { IdentityPoolId: MOVED, Logins: cid });
  await post("GetId", { IdentityPoolId: MOVED });
  const dee = { [issuer.providerName]: await loginToken(`subject-${newPerson()}`) };
  await post("GetOpenIdToken", { IdentityId: `us-east-1:${newPerson()}`, Logins: dee });
  await post("GetId", { IdentityPoolId: MOVED, Logins: dee });
  await signed("SetIdentityPoolSource", { ...pool, Source: { Providers: [good.slice(0, 128)], Proof: good } });
  const ResourceArn = `arn:aws:cognito-identity:us-east-1::identitypool/${identityPoolId}`;
  await signed("ListIdentityPools", { MaxResults: 60 });
  await signed("DeleteIdentities", { IdentityIdsToDelete: [absorbed] });
  await signed("CreateIdentityPool", { IdentityPoolName: good, AllowUnauthenticatedIdentities: true });
  await signed("LookupDeveloperIdentity", { ...pool, DeveloperUserIdentifier: good.slice(0, 200) });
  await signed("MergeDeveloperIdentities", { ...merge, DestinationUserIdentifier: good.slice(0, 200) });
  await signed("UnlinkDeveloperIdentity", { ...unlinkUser, IdentityId: guest });
  await signed("GetOpenIdTokenForDeveloperIdentity", { ...pool, Logins: { [good.slice(0, 100)]: good } });
  const misplaced = {
    IdentityProviderName: good.slice(0, 128),
    ResourceArn: good.slice(0, 500),
    TagKeys: [good],
    Tags: {},
  };
  const roleMappings = { [good.slice(0, 128)]: { Type: "Token", AmbiguousRoleResolution: "Deny" } };
  await signed("SetIdentityPoolRoles", { ...pool, Roles: { authenticated: good } });
  await signed("SetIdentityPoolRoles", { ...pool, Roles: {}, RoleMappings: roleMappings });
  for (const operation of ["SetPrincipalTagAttributeMap", "GetPrincipalTagAttributeMap"]) {
    await signed(operation, { ...pool, ...misplaced });
  }
  for (const operation of ["TagResource", "UntagResource", "ListTagsForResource"]) await signed(operation, misplaced);
  await signed("TagResource", { ResourceArn, Tags: { "aws:token": good.slice(0, 200) } });
  await signed("DeleteIdentities", { IdentityIdsToDelete: [good.slice(0, 50)] });
  await signed("ListIdentityPools", { MaxResults: 60, NextToken: good.slice(0, 60) });
  const stranger = { accessKeyId: "x", secretAccessKey: secrets.add("a secret", "an-unknown-secret-key") };
  await sendSigned(endpoint, `${PREFIX}ListIdentityPools`, {}, { credential: stranger });
  const reads: WireAnswer[] = [];
  const byLogin = { ...pool, ProviderName: issuer.providerName, Subject: ann };
  reads.push(await signed("Edgepool.FindIdentityByLogin", byLogin));
  for (const Subject of [bob.toUpperCase(), good.slice(0, 1000), good.repeat(2)]) {
    reads.push(await signed("Edgepool.FindIdentityByLogin", { ...byLogin, Subject }));
    reads.push(await signed("Edgepool.FindIdentityByLogin", { ...byLogin, ProviderName: good.slice(0, 128), Subject }));
  }
  for (const IdentityId of [guest, absorbed, good.slice(0, 50)]) {
    for (const read of IDENTITY_READS) reads.push(await signed(read, { IdentityId }));
  }
  for (const operation of ["Edgepool.DisableIdentity", "Edgepool.EnableIdentity"]) {
    await signed(operation, { IdentityId: guest });
    await signed(operation, { IdentityId: good.slice(0, 50) });
  }
  // A subject, a token and a secret wherever a line has room for one; what is taken of a line is a name of a provider at most.
  const imported = `us-east-1:${crypto.randomUUID()}`;
  const spoilt = [
    good,
    [good],
    { identityId: good.slice(0, 50) },
    { identityId: imported, kind: good },
    { identityId: imported, loginIds: [{ providerName: issuer.providerName, loginId: ann }] },
    { identityId: imported, links: [{ providerName: issuer.providerName, subject: good.repeat(4) }] },
    { identityId: imported, developerUsers: [good.repeat(4)] },
    { kind: "login", providerName: issuer.providerName, loginId: ann, settled: true },
  ];
  const eli = secrets.add("a subject", `subject-${newPerson()}`);
  const restored = {
    identityId: `us-east-1:${crypto.randomUUID()}`,
    links: [{ providerName: issuer.providerName, subject: eli }],
    developerUsers: [logSecrets.add("a developer's user", newPerson())],
  };
  const lines = [{ identityId: imported }, restored, ...spoilt];
  for (const _ of ["once", "again"])
    reads.push(await signed("Edgepool.ImportIdentities", { ...pool, Identities: lines }));
  await signed("Edgepool.ImportIdentities", { IdentityPoolId: good.slice(0, 50), Identities: [{ links: good }] });
  reads.push(await signed("Edgepool.ExportIdentities", pool));
  for (const IdentityId of [guest, absorbed, imported, good.slice(0, 50)]) {
    reads.push(await signed("Edgepool.ExportIdentities", { IdentityId }));
  }
  await signed("Edgepool.ExportIdentities", { ...pool, NextToken: good.slice(0, 200) });
  for (const read of SERVICE_READS) reads.push(await signed(read, {}), await signed(read, [good]));
  for (const name of [...providerNames, "www.digits.com", "cognito-identity.amazonaws.com", good.slice(0, 120)]) {
    const tokens = providerNames.includes(name) ? await tokensFor(name) : [good];
    for (const token of [...tokens, "junk", ...bad]) {
      reads.push(await signed("Edgepool.CheckLogin", { ...pool, Logins: { [name]: token } }));
    }
  }
  reads.push(await signed("Edgepool.CheckIdentityPool", pool));
  await signed("Edgepool.CheckIdentityPool", { IdentityPoolId: good.slice(0, 50) });
  await signed("Edgepool.CheckLogin", { IdentityPoolId: good.slice(0, 50), Logins: { [good.slice(0, 100)]: good } });
  reads.push(await signed("Edgepool.GetMetrics", { Range: "7d", ...pool }));
  await signed("Edgepool.GetMetrics", { Range: good.slice(0, 20), IdentityPoolId: good.slice(0, 50) });
  analytics.fail(answering(403, `Bearer ${TOKEN}`));
  reads.push(await signed("Edgepool.GetMetrics", { Range: "1h" }));
  await signed("Edgepool.RotateSigningKey", {});
  await signed("Edgepool.RotateSigningKey", { Force: true });
  await getOpenIdToken(app, guest, logins);

  return {
    worker,
    secrets,
    logSecrets,
    providerNames,
    issuerName: issuer.providerName,
    reads,
    marked,
    close: async () => {
      const servers = [stsServer, facebook, amazon, twitter, analytics, cognito, ...issuers.values()];
      await Promise.all([worker.stop(), ...servers.map(async (server) => await server.close())]);
    },
  };
}

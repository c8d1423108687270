/** T23 to T31 over HTTP: issuers that lie, fail, flood or lead astray, and providers that are no issuers at all. */
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { adminClient, createPool } from "../support/cognito-clients.ts";
import { startLoopbackIssuer } from "../support/loopback-issuer.ts";
import { hmacTokenOf, makeKey, tokenOf } from "./forge.ts";
import { errorOf, setStage, type Stage } from "./stage.ts";

const DISCOVERY = "/.well-known/openid-configuration";
const KEY_SET = "/.well-known/jwks.json";

let good: Stage;
beforeAll(async () => {
  good = await setStage();
  await good.expectAccepted(good.token());
});
afterAll(async () => await good.close());

const NOT_RESPONDING = "The identity provider is not responding.";
const UNUSABLE = "The identity provider's answer could not be used.";

/** An issuer that fails in one way: the answer is whether there was one of the issuer's, and nothing of it is told. */
async function expectTrouble(stage: Stage, message: string): Promise<void> {
  const { answer } = await stage.present(stage.token());
  expect([answer.status, errorOf(answer)]).toEqual([400, { type: "ExternalServiceException", message }]);
  // Invariant issuers-are-apart: nobody else notices.
  await good.expectAccepted(good.token());
}

describe("where a provider may lead", () => {
  it.each([
    "169.254.169.254/latest/meta-data",
    "10.0.0.1",
    "[fd00::1]",
    "metadata.google.internal",
    "printer.local",
    "intranet",
    "user@id.example.com",
    "id.example.com/..",
    "0x7f.1",
    "2130706433",
    "ID.EXAMPLE.COM",
    "id.example.com.",
    "id.example.com...",
    "router.localdomain",
    "nas.lan",
    "dc.corp",
    "nas.home",
    "api.default.svc",
    "expyuzz4wqqyqhjn.onion",
    "1.0.0.10.in-addr.arpa",
    "1.0.0.2.ip6.arpa",
    new URL(inject("endpoint")).host,
    `${new URL(inject("endpoint")).host}/`,
    `${new URL(inject("endpoint")).host}/tenant`,
  ])("T23: a pool cannot name %s as its provider", async (providerName) => {
    const settings = { SupportedLoginProviders: { [providerName]: "client-1" } };
    const refused = ["InvalidParameterException", "ValidationException"];
    const error: unknown = await createPool(adminClient(inject("endpoint")), settings).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ name: expect.toBeOneOf(refused) });
  });

  it("T23: a login under a name that no pool has is looked for nowhere", async () => {
    const stranger = await startLoopbackIssuer();
    const token = await stranger.loginToken({ sub: "u", aud: "client-1" });
    await good.expectRefused(token, stranger.providerName);
    expect(stranger.requests).toEqual([]);
    await stranger.close();
  });

  it("T24: a discovery document is followed twice within its origin, and its key set nowhere", async () => {
    const redirects: readonly (readonly [isFollowed: boolean, lie: (stage: Stage) => void])[] = [
      [true, ({ issuer }) => issuer.answer(DISCOVERY, (answer) => answer.writeHead(301, { location: "/1" }).end())],
      [true, ({ issuer }) => issuer.answer(DISCOVERY, (answer) => answer.writeHead(308, { location: "/2" }).end())],
      [false, ({ issuer }) => issuer.answer(DISCOVERY, (answer) => answer.writeHead(302, { location: "/3" }).end())],
      [
        false,
        ({ issuer }) => {
          const location = issuer.issuer.replace("127.0.0.1", "localhost") + DISCOVERY;
          issuer.answer(DISCOVERY, (answer) => answer.writeHead(302, { location }).end());
        },
      ],
      [
        false,
        ({ issuer }) => {
          const location = `${issuer.issuer.replace("//", "//user@")}/1`;
          issuer.answer(DISCOVERY, (answer) => answer.writeHead(302, { location }).end());
        },
      ],
      [
        false,
        (stage) => {
          stage.issuer.answer(KEY_SET, (answer) => answer.writeHead(302, { location: "/keys" }).end());
          stage.issuer.answer("/keys", (answer) => answer.end(JSON.stringify({ keys: [stage.key.publicJwk] })));
        },
      ],
    ];
    for (const [isFollowed, lie] of redirects) {
      const stage = await setStage();
      const { issuer } = stage;
      const document = JSON.stringify({ issuer: issuer.issuer, jwks_uri: issuer.issuer + KEY_SET });
      issuer.answer("/1", (answer) => answer.end(document));
      issuer.answer("/2", (answer) => answer.writeHead(303, { location: `${issuer.issuer}/1` }).end());
      issuer.answer("/3", (answer) => answer.writeHead(307, { location: "2" }).end());
      lie(stage);
      if (isFollowed) await stage.expectAccepted(stage.token());
      else await expectTrouble(stage, UNUSABLE);
      await stage.close();
    }
  });

  it("T24: a redirect elsewhere is not followed, and an issuer that calls itself otherwise is not believed", async () => {
    const target = await startLoopbackIssuer();
    const { issuer: elsewhere } = target;
    const lies: readonly ((stage: Stage) => void)[] = [
      ({ issuer }) =>
        issuer.answer(KEY_SET, (answer) => answer.writeHead(302, { location: `${elsewhere}${KEY_SET}` }).end()),
      ({ issuer }) =>
        issuer.answer(DISCOVERY, (answer) => answer.writeHead(307, { location: elsewhere + DISCOVERY }).end()),
      ({ issuer }) =>
        issuer.answer(DISCOVERY, (answer) =>
          answer.end(JSON.stringify({ issuer: elsewhere, jwks_uri: issuer.issuer + KEY_SET })),
        ),
      ({ issuer }) =>
        issuer.answer(DISCOVERY, (answer) =>
          answer.end(JSON.stringify({ issuer: `${issuer.issuer}//`, jwks_uri: issuer.issuer + KEY_SET })),
        ),
      ({ issuer }) =>
        issuer.answer(DISCOVERY, (answer) =>
          answer.end(JSON.stringify({ issuer: issuer.issuer, jwks_uri: "http://169.254.169.254/keys" })),
        ),
      ({ issuer }) =>
        issuer.answer(DISCOVERY, (answer) => answer.end(JSON.stringify({ issuer: issuer.issuer, jwks_uri: KEY_SET }))),
    ];
    for (const lie of lies) {
      const stage = await setStage();
      lie(stage);
      await expectTrouble(stage, UNUSABLE);
      await stage.close();
    }
    // Where the right keys are, at an address that is none to fetch from: the address alone must stop it.
    const addresses = ["http://user@127.0.0.1", "http://0.0.0.0", "https://127.0.0.1", "file://127.0.0.1"];
    for (const address of addresses) {
      const stage = await setStage();
      const { issuer } = stage;
      const jwks_uri = issuer.issuer.replace("http://127.0.0.1", address) + KEY_SET;
      issuer.answer(DISCOVERY, (answer) => answer.end(JSON.stringify({ issuer: issuer.issuer, jwks_uri })));
      // Of these https alone may be fetched, and nobody answers there.
      await expectTrouble(stage, address.startsWith("https:") ? NOT_RESPONDING : UNUSABLE);
      expect(issuer.requests).toEqual([DISCOVERY]);
      await stage.close();
    }
    expect(target.requests).toEqual([]);
    await target.close();
  });
});

describe("what an issuer may send", () => {
  it("T25: a bomb of a document ends at a limit, and in time", async () => {
    // Each is a good set but for its size or its pace, so that nothing else can refuse it.
    const paddedSet = ({ key }: Stage, size: number) =>
      JSON.stringify({ keys: [key.publicJwk], padding: "k".repeat(size) });
    const bombs: readonly ((stage: Stage) => void)[] = [
      (stage) => stage.issuer.answer(KEY_SET, (answer) => answer.end(paddedSet(stage, 8_000_000))),
      (stage) =>
        stage.issuer.answer(KEY_SET, (answer) =>
          answer.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(paddedSet(stage, 30_000_000))),
        ),
      ({ issuer }) => issuer.answer(KEY_SET, (answer) => answer.end("[".repeat(100_000))),
      ({ issuer, key }) => {
        const others = Array.from({ length: 100 }, (_, index) => ({ ...key.publicJwk, kid: `other-${index}` }));
        issuer.answer(KEY_SET, (answer) => answer.end(JSON.stringify({ keys: [...others, key.publicJwk] })));
      },
      ({ issuer }) => issuer.answer(DISCOVERY, (answer) => void answer.writeHead(200).write('{"issuer":"')),
      // Never silent for long, and never done in time.
      (stage) =>
        stage.issuer.answer(KEY_SET, (answer) => {
          const text = paddedSet(stage, 20);
          let sent = 0;
          const drip = setInterval(() => {
            answer.write(text.slice(sent, (sent += 4)));
            if (sent >= text.length) answer.end();
          }, 200);
          answer.once("close", () => clearInterval(drip));
        }),
    ];
    await Promise.all(
      bombs.map(async (bomb) => {
        const stage = await setStage();
        bomb(stage);
        const startedAt = performance.now();
        const { answer } = await stage.present(stage.token());
        // A key that was not read is an unknown one; everything else is the issuer's trouble.
        expect([403, 400]).toContain(answer.status);
        expect(["NotAuthorizedException", "ExternalServiceException"]).toContain(errorOf(answer).type);
        expect(performance.now() - startedAt).toBeLessThan(30_000);
        await good.expectAccepted(good.token());
        await stage.close();
      }),
    );
  });

  it("T26: a secret, a private key and a key for encryption in a set verify nothing", async () => {
    const leaked = makeKey("ES256", "leaked");
    const privateJwk = leaked.privateKey.export({ format: "jwk" });
    const secret = Buffer.from("a secret of thirty-two bytes....");
    const forEncryption = makeKey("ES256", "enc");
    const stage = await setStage("ES256", (key) => [
      { kty: "oct", kid: "secret", alg: "HS256", k: secret.toString("base64url") },
      { ...privateJwk, kid: leaked.kid, alg: "ES256", use: "sig" },
      { ...forEncryption.publicJwk, use: "enc" },
      null,
      "junk",
      key.publicJwk,
    ]);
    await stage.expectAccepted(stage.token());
    await stage.expectRefused(tokenOf(leaked, stage.claims()));
    await stage.expectRefused(tokenOf(forEncryption, stage.claims()));
    await stage.expectRefused(hmacTokenOf(secret, stage.claims(), { alg: "HS256", typ: "JWT", kid: "secret" }));
    await stage.close();
  });

  it("T26: a kid that two keys share tells nobody which one is meant", async () => {
    const twin = makeKey("ES256", "key-of-the-issuer");
    const stage = await setStage("ES256", (key) => [key.publicJwk, twin.publicJwk]);
    await stage.expectRefused(stage.token());
    await stage.expectRefused(tokenOf(twin, stage.claims()));
    await stage.close();
  });

  it("T26: a key that is listed twice, in whatever spelling, is one; its absent private half may be written as null", async () => {
    const stage = await setStage("ES256", ({ publicJwk }) => {
      const { alg: _, ...anyAlg } = publicJwk;
      const padded = { x: `${publicJwk.x}=`, y: `${publicJwk.y}=` };
      return [publicJwk, { ...anyAlg, x5c: ["MIIB"], d: null, use: null, key_ops: null }, { ...anyAlg, ...padded }];
    });
    await stage.expectAccepted(stage.token());
    await stage.expectAccepted(stage.token({}, { kid: undefined }));
    await stage.close();
  });

  it("T26: a key whose private half stands elsewhere in the set verifies nothing", async () => {
    const stage = await setStage("ES256", (key) => [
      key.publicJwk,
      { ...key.privateKey.export({ format: "jwk" }), kid: "elsewhere" },
      makeKey("ES256", "good").publicJwk,
    ]);
    await stage.expectRefused(stage.token());
    await stage.close();
  });

  it("T27: a token without kid is good where one key fits, and not where two do", async () => {
    await good.expectAccepted(good.token({}, { kid: undefined }));
    const two = await setStage("ES256", (key) => [key.publicJwk, makeKey("ES256", "second").publicJwk]);
    await two.expectRefused(two.token({}, { kid: undefined }));
    await two.expectAccepted(two.token());
    await two.close();
  });
});

describe("how often an issuer is asked", () => {
  it("T28: once for all who come at the same time, and once more for a flood of unknown keys", async () => {
    const stage = await setStage();
    const first = Array.from({ length: 20 }, async () => (await stage.present(stage.token())).answer.status);
    expect(new Set(await Promise.all(first))).toEqual(new Set([200]));
    expect(stage.issuer.requests).toEqual([DISCOVERY, KEY_SET]);
    const flood = Array.from({ length: 40 }, async (_, index) => {
      const { answer } = await stage.present(stage.token({}, { kid: `unknown-${index}` }));
      return answer.status;
    });
    expect(new Set(await Promise.all(flood))).toEqual(new Set([403]));
    expect(stage.issuer.requests).toEqual([DISCOVERY, KEY_SET, DISCOVERY, KEY_SET]);
    await stage.close();
  });

  it("T28: never for a token that its own text gives away", async () => {
    const stage = await setStage();
    const hopeless = [
      stage.token({ exp: 1 }),
      stage.token({ aud: "client-2" }),
      stage.token({ iss: "https://evil.example" }),
      stage.token({}, { alg: "none" }),
      "junk",
    ];
    for (const token of hopeless) await stage.expectRefused(token);
    expect(stage.issuer.requests).toEqual([]);
    await stage.close();
  });

  it("T29: the keys of one issuer never stand in for another's, whatever both call them", async () => {
    const [one, two] = await Promise.all([setStage(), setStage()]);
    await Promise.all([one.expectAccepted(one.token()), two.expectAccepted(two.token())]);
    // The same kid at both, so that only the place where the keys are kept tells them apart.
    await one.expectRefused(tokenOf(two.key, one.claims()));
    await two.expectRefused(tokenOf(one.key, two.claims()));
    await Promise.all([one.close(), two.close()]);
  });

  it("T31: an issuer in trouble is no fault of the token, and is not named", async () => {
    const troubles: readonly (readonly [message: string, trouble: (stage: Stage) => void])[] = [
      [NOT_RESPONDING, ({ issuer }) => issuer.goDown()],
      [
        NOT_RESPONDING,
        ({ issuer }) => issuer.answer(DISCOVERY, (answer) => answer.writeHead(500).end("secret stack trace")),
      ],
      [NOT_RESPONDING, ({ issuer }) => issuer.answer(KEY_SET, (answer) => answer.writeHead(429).end())],
      [UNUSABLE, ({ issuer }) => issuer.answer(DISCOVERY, (answer) => answer.writeHead(404).end("secret path"))],
      [UNUSABLE, ({ issuer }) => issuer.answer(KEY_SET, (answer) => answer.end("<html>secret</html>"))],
      [UNUSABLE, ({ issuer }) => issuer.answer(KEY_SET, (answer) => answer.end('{"keys":{}}'))],
    ];
    for (const [message, trouble] of troubles) {
      const stage = await setStage();
      trouble(stage);
      await expectTrouble(stage, message);
      await stage.close();
    }
  });
});

/**
 * Properties over HTTP: whatever is sent is answered in AWS's shape, never by a 5xx; no token that was not signed by its
 * issuer is ever accepted; and the service is alive and right afterwards. The seed of a failure is printed by fast-check.
 */
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { extensions, isExtensionName } from "../../src/protocol/extensions.ts";
import { operations } from "../../src/protocol/shapes.ts";
import { createPool, getId } from "../support/cognito-clients.ts";
import { signedCall } from "../support/signed-call.ts";
import { send, type WireRequest } from "../support/wire-call.ts";
import { base64url, compactOf } from "./forge.ts";
import { errorOf, setStage, type Stage } from "./stage.ts";

/** Runs of each property: counted and not timed, so that a slow machine tries as much as a fast one. */
const BUDGET = { numRuns: 250 } as const;
const targetOf = (name: string) => `${isExtensionName(name) ? "Edgepool" : "AWSCognitoIdentityService"}.${name}`;

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
  await stage.expectAccepted(stage.token());
});
let runs = 0;
beforeEach(() => {
  runs = 0;
});
afterEach(() => {
  expect(runs).toBeGreaterThanOrEqual(BUDGET.numRuns);
});
afterAll(async () => {
  await stage.expectAccepted(stage.token());
  await stage.expectRefused(stage.token({ exp: 1 }));
  await stage.close();
});

const WELL_FORMED = /^[A-Z]\w+Exception$/;

/** Answered, in the service's own shape: never a 5xx, and never a text of somebody else's. */
async function expectDecentAnswer(request: WireRequest): Promise<void> {
  runs += 1;
  const answer = await send(stage.endpoint, request);
  if (answer.status === 200) return;
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
  expect(answer.headers["content-type"]).toBe("application/x-amz-json-1.1");
  const { type, message } = errorOf(answer);
  expect(type).toMatch(WELL_FORMED);
  expect(answer.headers["x-amzn-errortype"]).toBe(`${type}:`);
  expect(message).not.toMatch(/at \w+ \(|workerd|Durable/);
}

const operationName = fc.constantFrom(
  ...Object.keys(operations),
  ...Object.keys(extensions),
  "constructor",
  "__proto__",
  "",
);

/** JSON values with the members that operations know, and members of their own. */
const body = fc.oneof(
  fc.json(),
  fc.string({ unit: "binary", maxLength: 300 }),
  fc
    .dictionary(
      fc.constantFrom(
        "IdentityId",
        "IdentityPoolId",
        "Logins",
        "LoginsToRemove",
        "MaxResults",
        "__proto__",
        "AccountId",
        "x",
      ),
      fc.oneof(
        fc.jsonValue({ maxDepth: 4 }),
        fc.constantFrom("us-east-1:de300000-0000-4000-8000-0000000de300", "us-east-1:0", "", null, -1, 1e308),
        fc.dictionary(fc.string({ maxLength: 140 }), fc.oneof(fc.string(), fc.jsonValue()), { maxKeys: 12 }),
      ),
    )
    .map((members) => JSON.stringify(members)),
);

describe("the wire", () => {
  it("answers any body of any operation decently", async () => {
    await fc.assert(
      fc.asyncProperty(operationName, body, async (operation, text) => {
        const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": targetOf(operation) };
        await expectDecentAnswer({ headers, body: text });
      }),
      BUDGET,
    );
  });

  it("answers any signed call decently: what an administrator sends by mistake breaks nothing either", async () => {
    const identityPoolId = await createPool(stage.admin, { DeveloperProviderName: "login.fuzz.example" });
    const identityId = await getId(stage.app, identityPoolId);
    // Ids of this test alone, so that what does succeed is nobody else's affair.
    const known = [identityPoolId, identityId, [identityId], "login.fuzz.example", { "login.fuzz.example": "ann" }];
    const value = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom<unknown>(...known) },
      fc.constantFrom<unknown>(true, 1, 60, 86_400, "", null, -1, 1e308, "\ud800", "a".repeat(3000)),
      fc.jsonValue({ maxDepth: 4 }),
      fc.dictionary(fc.string({ maxLength: 140 }), fc.oneof(fc.string(), fc.jsonValue()), { maxKeys: 12 }),
    );
    const signedCalls = fc
      .constantFrom(...Object.entries(operations).filter(([, { access }]) => access === "signed"))
      .chain(([name, { input }]) => {
        const members = Object.keys(input.members);
        const given = fc.tuple(...members.map((member) => fc.option(fc.tuple(fc.constant(member), value))));
        return fc.tuple(fc.constant(name), given, fc.dictionary(fc.constantFrom("__proto__", "x"), fc.jsonValue()));
      });
    const called = new Set<string>();
    await fc.assert(
      fc.asyncProperty(signedCalls, async ([operation, given, more]) => {
        const input = { ...more, ...Object.fromEntries(given.filter((entry) => entry !== null)) };
        await expectDecentAnswer(signedCall(stage.endpoint, targetOf(operation), input));
        called.add(operation);
      }),
      BUDGET,
    );
    expect(called.size).toBeGreaterThan(15);
  });

  it("answers any bytes, headers and methods decently", async () => {
    const printable = fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCodePoint(code)),
    });
    const header = fc.constantFrom(
      "authorization",
      "x-amz-date",
      "x-amz-security-token",
      "origin",
      "accept",
      "content-type",
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("POST", "PUT", "DELETE", "PATCH"),
        fc.webPath(),
        fc.dictionary(header, printable),
        fc.uint8Array({ maxLength: 400 }),
        operationName,
        async (method, path, extra, bytes, operation) => {
          const usual = { "content-type": "application/x-amz-json-1.1", "x-amz-target": targetOf(operation) };
          // The development routes are no part of the service.
          const safePath = path.startsWith("/") && !path.startsWith("/development") ? path : "/";
          await expectDecentAnswer({ method, path: safePath, headers: { ...usual, ...extra }, body: bytes });
        },
      ),
      BUDGET,
    );
  });
});

/** Ways to spoil a good token; one that leaves it as it was does not count. */
const spoiling = fc.oneof(
  fc.record({ kind: fc.constant("flip" as const), at: fc.nat(), bit: fc.integer({ min: 0, max: 5 }) }),
  fc.record({ kind: fc.constant("cut" as const), at: fc.nat(), length: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ kind: fc.constant("insert" as const), at: fc.nat(), text: fc.string({ minLength: 1, maxLength: 8 }) }),
  fc.record({ kind: fc.constant("swap" as const), text: fc.string({ maxLength: 40 }), part: fc.nat({ max: 2 }) }),
);

type Spoiling = typeof spoiling extends fc.Arbitrary<infer T> ? T : never;

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

function spoil(token: string, how: Spoiling): string {
  switch (how.kind) {
    case "flip": {
      const at = how.at % token.length;
      const digit = ALPHABET.indexOf(token[at] ?? "");
      return digit < 0
        ? token.replaceAll(".", "")
        : token.slice(0, at) + ALPHABET[digit ^ (1 << how.bit)] + token.slice(at + 1);
    }
    case "cut": {
      const at = how.at % token.length;
      return token.slice(0, at) + token.slice(at + how.length);
    }
    case "insert": {
      const at = how.at % (token.length + 1);
      return token.slice(0, at) + how.text + token.slice(at);
    }
    case "swap":
      return token.split(".").with(how.part, base64url(how.text)).join(".");
  }
}

describe("the token parser", () => {
  it("accepts no token that is not, character for character, one that its issuer signed", async () => {
    const good = stage.token();
    await fc.assert(
      fc.asyncProperty(spoiling, async (how) => {
        const spoiled = spoil(good, how);
        fc.pre(spoiled !== good && spoiled !== "");
        runs += 1;
        const { answer } = await stage.present(spoiled);
        expect(answer.status).toBe(403);
      }),
      { ...BUDGET, numRuns: 250 },
    );
  });

  it("judges whatever an issuer may sign, and never breaks over it", async () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom<unknown>(stage?.issuer.issuer ?? "", "client-1", 9_999_999_999),
    );
    const names = fc.constantFrom(
      "iss",
      "sub",
      "aud",
      "exp",
      "iat",
      "nbf",
      "azp",
      "events",
      "nonce",
      "__proto__",
      "toString",
    );
    const headerNames = fc.constantFrom("alg", "kid", "typ", "crit", "b64", "zip", "jwk", "jku", "x5c", "__proto__");
    /** Whose a subject is that was signed in before: two runs may draw the same. */
    const owners = new Map<unknown, string>();
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(names, value),
        fc.dictionary(headerNames, fc.jsonValue()),
        async (claims, header) => {
          const usual = { alg: "ES256", typ: "JWT", kid: stage.key.kid };
          const signed = { ...stage.claims(), ...claims };
          const text = compactOf(stage.key, JSON.stringify({ ...usual, ...header }), JSON.stringify(signed));
          runs += 1;
          const { guest, answer } = await stage.present(text);
          expect([200, 403]).toContain(answer.status);
          if (answer.status !== 200) return;
          // A changed header is never passed over; changed claims may still be in order, and then are this guest's.
          const { sub } = signed as { sub?: unknown };
          const owner = owners.get(sub) ?? guest;
          owners.set(sub, owner);
          expect(JSON.parse(answer.body)).toMatchObject({ IdentityId: owner });
        },
      ),
      {
        ...BUDGET,
        examples: [
          [{ sub: "client-1" }, {}],
          [{ sub: "client-1" }, {}],
        ],
      },
    );
  });
});

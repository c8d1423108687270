import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { refused } from "../../../src/domain/refusals.ts";
import type { Traced } from "../../../src/domain/trace.ts";
import { AS_TEXT, readGrantReply, writeGrantReply } from "../../../src/durable/identity-rpc.ts";
import type { GrantReply } from "../../../src/linking/identity-calls.ts";
import { anyCall, loginOf, makeGuest, makePool, newIdentityId, newPoolId } from "../../support/objects.ts";

async function replies(): Promise<readonly Traced<GrantReply>[]> {
  const [identityId, identityPoolId] = [newIdentityId(), newPoolId()];
  const logins = [await loginOf(identityPoolId, "p", 'ann \u2028 "quoted" \ud800')];
  // Own members, as structured clones keep them: a tag may have any name (T39).
  const principalTags: Record<string, string> = JSON.parse('{"__proto__":"a","constructor":"","tag":"b"}');
  const access = { principalTags, roleArn: "arn:aws:iam::123456789012:role/user" };
  const participant = { kind: "identity", identityId } as const;
  const holder = { transactionId: "t", coordinator: identityId, participant };
  return [
    { kind: "granted", grant: { identityId, identityPoolId, logins, principalTags, lifetimeSeconds: 600 } },
    { kind: "granted", grant: { identityId, identityPoolId, logins: [], lifetimeSeconds: 86_400 } },
    { kind: "granted", grant: { identityId, identityPoolId, logins, ...access, lifetimeSeconds: 600 } },
    {
      kind: "refused",
      error: { type: "TooManyRequestsException", message: "Rate exceeded", reason: "r", retryAfterSeconds: 0.3 },
      trace: { identityPoolId, providerNames: ["p"], upstreamFetches: 2 },
    },
    refused({ kind: "access-forbidden", identityId }),
    { ...refused({ kind: "identity-not-found", identityId }), isUnknown: true },
    { kind: "busy", holder, verified: { identityPoolId, logins } },
    { kind: "busy", verified: { identityPoolId, logins, ...access } },
    { kind: "merged", into: identityId },
    { kind: "merged", into: identityId, verified: { identityPoolId, logins, ...access } },
    { kind: "to-link", identityPoolId, logins, ...access, isGuest: false },
    { kind: "to-link", identityPoolId, logins, isGuest: true },
    {
      kind: "to-link",
      identityPoolId,
      logins,
      isGuest: true,
      asksSource: true,
      origin: "source",
      remembers: true,
    },
  ];
}

describe("the reply of a grant", () => {
  it("is the same after its way as a text", async () => {
    for (const reply of await replies()) expect(readGrantReply(writeGrantReply(reply))).toEqual(structuredClone(reply));
  });

  it("F12: is an object for a Worker of a release before, and is read as one from an object of a release before", async () => {
    const { identityPoolId } = await makePool();
    const guest = await makeGuest(identityPoolId);
    const stub = env.IDENTITY.getByName(guest);
    const [before, now] = [
      await stub.grant(guest, new Map(), anyCall()),
      await stub.grant(guest, new Map(), anyCall(), AS_TEXT),
    ];
    expect(before).toMatchObject({ kind: "granted", grant: { identityId: guest } });
    expect(typeof now).toBe("string");
    const [reply] = await replies();
    expect(reply && readGrantReply(reply)).toBe(reply);
  });
});

import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import { deliverMessage } from "../../../src/durable/deliver-message.ts";
import { IdentityObject, LoginObject } from "../../../src/worker.ts";
import { intercept, newIdentityId, newPoolId } from "../../support/objects.ts";

const [coordinator, identityId] = [newIdentityId(), newIdentityId()];
const holder = { transactionId: "t1", coordinator, participant: { kind: "identity", identityId } } as const;
const loginId = "0".repeat(64);
const ref = { transactionId: "t2", coordinator: newIdentityId() };
const freeze = {
  kind: "freeze",
  ...ref,
  identityId,
  identityPoolId: newPoolId(),
  isGuest: true,
  loginIds: [],
} as const;

afterEach(() => {
  vi.restoreAllMocks();
});

it.each([
  [LoginObject, "reserve", { kind: "reserve", ...ref, loginId, absorbed: [] }],
  [IdentityObject, "freeze", freeze],
  [IdentityObject, "confirmOwner", { kind: "confirm-owner", identityId, loginId, linkId: "t0" }],
] as const)(
  "F12: a busy %o of the release before, asked to %s, is understood",
  async ({ prototype }, method, message) => {
    intercept(prototype, method, () => ({ kind: "contended", holder }));
    expect(await deliverMessage(env, message)).toEqual({ kind: "busy", holder });
  },
);

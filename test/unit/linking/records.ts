/** Builders of the states that the tests of linking/ start from. */
import {
  type IdentityId,
  type IdentityPoolId,
  identityIdOf,
  identityPoolIdOf,
} from "../../../src/domain/identifiers.ts";
import type { LinkedLogin, Standing } from "../../../src/domain/identity.ts";
import type { Login, VerifiedLogin } from "../../../src/domain/login.ts";
import type { IdentityRecord, LinkTransaction } from "../../../src/linking/identity-record.ts";
import type { LinkOrder } from "../../../src/linking/link-order.ts";

export const POOL: IdentityPoolId = identityPoolIdOf("us-east-1", "0");
export const OTHER_POOL: IdentityPoolId = identityPoolIdOf("us-east-1", "9");
export const NOW = 1_700_000_000;

/** Identities by a short name. */
export function id(name: string): IdentityId {
  return identityIdOf("us-east-1", name);
}

/** `a/1` is the login of subject 1 at provider a. */
export function login(loginId: string): VerifiedLogin {
  const [providerName = "", subject = ""] = loginId.split("/");
  return { providerName, subject, loginId, amr: [providerName, `${providerName}:long`] };
}

/** What is stored of that login. */
export function stored(loginId: string): Login {
  const { providerName } = login(loginId);
  return { providerName, loginId };
}

export function linked(loginId: string, linkId = "t0"): LinkedLogin {
  return { ...stored(loginId), linkId, linkedAt: NOW };
}

/** The user of a developer provider, whose identifier is stored. */
export function developer(loginId: string, subject: string): LinkedLogin {
  return { providerName: "login.example", subject, loginId, isDeveloper: true, linkId: "t0", linkedAt: NOW };
}

export function recordOf(
  standing: Standing,
  loginIds: readonly string[] = [],
  changes: Partial<IdentityRecord> = {},
): IdentityRecord {
  return {
    version: 2,
    identityId: id("a"),
    identityPoolId: POOL,
    createdAt: NOW,
    modifiedAt: NOW,
    standing,
    logins: loginIds.map((loginId) => linked(loginId)),
    transaction: null,
    freeze: null,
    releases: [],
    unlinked: [],
    listing: "listed",
    life: [],
    told: 0,
    origin: "here",
    barred: [],
    ...changes,
  };
}

export const GUEST = recordOf({ kind: "guest" });
export const DELETED = recordOf({ kind: "deleted" }, [], { listing: "unlisted" });
export const MERGED = recordOf({ kind: "merged", into: id("b") });
export const CLOSED = recordOf({ kind: "closed" });

export function linkedTo(...loginIds: readonly string[]): IdentityRecord {
  return recordOf({ kind: "linked" }, loginIds);
}

export function frozen(record: IdentityRecord, transactionId = "t9"): IdentityRecord {
  return { ...record, freeze: { transactionId, coordinator: id("b"), since: NOW } };
}

export function transactionOf(changes: Partial<LinkTransaction> = {}): LinkTransaction {
  return {
    id: "t1",
    phase: "preparing",
    startedAt: NOW,
    wanted: [login("a/1")],
    absorbed: [],
    unsettled: [],
    ...changes,
  };
}

export function orderOf(loginIds: readonly string[], changes: Partial<LinkOrder> = {}): LinkOrder {
  return {
    identityId: id("a"),
    identityPoolId: POOL,
    logins: loginIds.map((loginId) => login(loginId)),
    absorb: [],
    guest: null,
    isBirth: false,
    ...changes,
  };
}

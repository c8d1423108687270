/**
 * All that this service ever writes into its log: one union of events, one line of JSON for each that happens, and how loud it is.
 * docs/reliability.md says what each means. No event has room for a token, a secret or a subject (T46).
 */
import type { ServiceErrorName } from "../domain/errors.ts";
import type { Effect } from "../domain/trace.ts";

/** One for each request: request-line.ts. What is undefined is not written. */
export type RequestEvent = {
  readonly message: "request";
  readonly requestId: string;
  readonly operation: string | null;
  /** HTTP status of the answer. */
  readonly status: number;
  readonly exception: ServiceErrorName | undefined;
  readonly reason: string | undefined;
  /** Access key id of whoever signed it, proven by the signature. */
  readonly caller: string | undefined;
  /** Access key id that a signature names which was refused, or not looked at: of a configured credential, and of no other. */
  readonly claimedCaller: string | undefined;
  readonly pool: string | undefined;
  /** In place of `pool`, where the identities that were named are of several. */
  readonly pools: readonly string[] | undefined;
  /** The identity that was answered, else the one that was named, hashed. */
  readonly identity: string | undefined;
  /** The identity that was named, hashed, where another one was answered. */
  readonly namedIdentity: string | undefined;
  /** Where several are to be changed: each of them, hashed. */
  readonly identities: readonly string[] | undefined;
  /** Of those the ones that were not. */
  readonly unprocessed: readonly string[] | undefined;
  readonly providers: readonly string[] | undefined;
  readonly upstreamFetches: number | undefined;
  readonly effect: Effect | undefined;
  readonly repeats: number | undefined;
  /** Of credentials: the name of the role, for how long they are good, and what the security token service answered. */
  readonly role: string | undefined;
  readonly sessionSeconds: number | undefined;
  readonly stsStatus: number | undefined;
  readonly stsMs: number | undefined;
  readonly stsMessage: string | undefined;
  readonly durationMs: number;
};

/** What came with a request has its name in `message`, which the platform's own viewer shows; all else has it in `event`. */
type TrafficEvent =
  | RequestEvent
  | {
      readonly message: "defect";
      readonly requestId: string;
      readonly operation: string | null;
      readonly cause: { readonly name: string; readonly message: string; readonly stack: string | undefined };
    }
  | {
      readonly message: "upstream asked";
      readonly provider: string;
      /** Status of an answer that says yes or no, else what was wrong. */
      readonly outcome: number | string;
      readonly durationMs: number;
    };

/** Of the key ring. */
export type KeyRingEvent =
  | AuditEvent
  /** `reason`: why a step is late. */
  | {
      readonly event: "key-ring-alarm-failed" | "key-ring-key-not-made" | "key-ring-not-sealed-anew";
      readonly reason: string;
    };

/** What the key ring became, by a step of its own or an operator's order. Kids are public. */
type KeyRingKeys = {
  readonly active: string | undefined;
  readonly next: readonly string[];
  readonly retired: readonly string[];
};

/**
 * For audits: docs/audit.md. `what` is the name of a call; or `logins-linked`, a link at its commit, which no crash loses (T34), or
 * `key-ring-changed`. Identities are hashed, and what is undefined is not written.
 */
export type AuditEvent = {
  readonly event: "audit";
  readonly what: string;
  /** Access key id of whoever signed; `client`, who has none; or `service`, which does it behind a call, or by itself. */
  readonly who: string;
  readonly outcome: ServiceErrorName | "done";
  readonly keys?: KeyRingKeys;
} & Partial<
  Pick<
    RequestEvent,
    | "reason"
    | "requestId"
    | "effect"
    | "pool"
    | "pools"
    | "identity"
    | "namedIdentity"
    | "identities"
    | "unprocessed"
    | "providers"
  >
>;

/** No request is served. The names of settings and what each must be, and nothing that one is set to. */
type ConfigurationEvent = { readonly event: "not-configured"; readonly problems: readonly string[] };

/** What the platform failed at, and what is repeated until it succeeds. */
type ObjectEvent =
  | { readonly event: "object-call-failed"; readonly kind: string; readonly cause: string }
  | {
      readonly event: "identity-not-settled" | "login-not-settled";
      readonly cause: string;
    }
  | { readonly event: "pool-not-settled"; readonly what: string; readonly cause: string };

type IssuerEvent =
  | { readonly event: "issuer-keys-not-loaded"; readonly issuer: string; readonly reason: string }
  | {
      readonly event: "issuer-publishes-private-keys" | "issuer-publishes-ambiguous-kids";
      readonly issuer: string;
      readonly count: number;
    }
  | { readonly event: "issuer-publishes-too-many-keys"; readonly issuer: string; readonly unread: number };

/** Of a provider's API that is left alone, and of what a pool's settings ask for in vain. */
type ProviderEvent =
  | { readonly event: "provider-not-asked"; readonly provider: string; readonly seconds: number }
  | { readonly event: "provider-secret-unreadable"; readonly identityPoolId: string; readonly provider: string }
  | {
      readonly event: "server-side-token-check-not-made";
      readonly identityPoolId: string;
      readonly userPools: readonly string[];
    };

/** Of the source of a pool, at Cognito. What each asks for: docs/troubleshooting.md. */
type SourceEvent =
  | { readonly event: "source-misconfigured"; readonly identityPoolId: string; readonly problem: string }
  | { readonly event: "source-disagrees"; readonly identityPoolId: string; readonly providers: readonly string[] }
  | {
      readonly event: "source-not-deleted" | "source-not-unlinked";
      readonly sourcePoolId: string;
      readonly cause: string;
    };

export type LogEvent =
  | ConfigurationEvent
  | TrafficEvent
  | KeyRingEvent
  | ObjectEvent
  | IssuerEvent
  | ProviderEvent
  | SourceEvent;

type NameIn<Event> = Event extends { readonly event: infer Name } | { readonly message: infer Name } ? Name : never;
export type EventName = NameIn<LogEvent>;

export function nameOf(event: LogEvent): EventName {
  return "event" in event ? event.event : event.message;
}

/** As the methods of the console: what is as it should be, what somebody should look at, what somebody must. */
export const LEVELS = {
  request: "log",
  defect: "error",
  "not-configured": "error",
  "upstream asked": "log",
  audit: "log",
  "key-ring-alarm-failed": "error",
  "key-ring-key-not-made": "error",
  "key-ring-not-sealed-anew": "error",
  "object-call-failed": "warn",
  "identity-not-settled": "error",
  "login-not-settled": "error",
  "pool-not-settled": "warn",
  "issuer-keys-not-loaded": "warn",
  "issuer-publishes-private-keys": "error",
  "issuer-publishes-too-many-keys": "warn",
  "issuer-publishes-ambiguous-kids": "warn",
  "provider-not-asked": "warn",
  "provider-secret-unreadable": "error",
  "server-side-token-check-not-made": "warn",
  "source-misconfigured": "error",
  "source-disagrees": "warn",
  "source-not-unlinked": "warn",
  "source-not-deleted": "warn",
} as const satisfies Readonly<Record<EventName, "log" | "warn" | "error">>;

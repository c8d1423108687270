/** A request as a client sends it, and sends it again: an operation of the schedule, bound to the identity that it is about. */
import type { IdentityId, IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { VerifiedLogin } from "../../src/domain/login.ts";
import type { Act, OldAct } from "./operations.ts";
import type { FileLine } from "./line-plans.ts";
import type { InFlight } from "./observer.ts";
import type { RoleName } from "./roles.ts";
import { DEVELOPER } from "./settings.ts";

type Tokens = ReadonlyMap<string, string>;

/** `identityPoolId` is the pool that the request names, or, where it names none, that of the identity as far as is known. */
export type Request = { readonly identityPoolId: IdentityPoolId } & (
  | { readonly kind: "get-id"; readonly tokens: Tokens }
  | { readonly kind: "get-token"; readonly identityId: IdentityId; readonly tokens: Tokens }
  | {
      readonly kind: "get-credentials";
      readonly identityId: IdentityId;
      readonly tokens: Tokens;
      readonly custom: RoleName | null;
    }
  /** The logins that a token of the service names, brought back as the only login. */
  | { readonly kind: "bring-token"; readonly identityId: IdentityId; readonly named: Tokens }
  | { readonly kind: "burst"; readonly identityId: IdentityId; readonly tokens: Tokens; readonly count: number }
  | {
      readonly kind: "unlink";
      readonly identityId: IdentityId;
      readonly tokens: Tokens;
      readonly from: readonly string[];
    }
  | { readonly kind: "delete"; readonly identityId: IdentityId }
  | { readonly kind: "disable"; readonly identityId: IdentityId; readonly isDisabled: boolean }
  /** The developer's user is among the tokens, under the developer provider. */
  | { readonly kind: "developer-token"; readonly identityId: IdentityId | null; readonly tokens: Tokens }
  | { readonly kind: "unlink-user"; readonly identityId: IdentityId; readonly user: string }
  | { readonly kind: "merge-users"; readonly destination: string; readonly source: string }
  | { readonly kind: "look-up"; readonly user: string }
  | { readonly kind: "look-up-users"; readonly identityId: IdentityId }
  /** `name` and `hasSecret` are the settings that are given, and `size` is that of a page that is read. */
  | {
      readonly kind: "administer";
      readonly act: Act;
      readonly name: string;
      readonly hasSecret: boolean;
      readonly size: number;
    }
  | {
      readonly kind: "old-app";
      readonly act: OldAct;
      readonly identityId: IdentityId | null;
      readonly presented: Tokens;
    }
  | { readonly kind: "import"; readonly lines: readonly FileLine[] }
  | { readonly kind: "export"; readonly size: number }
  | { readonly kind: "change-key" }
  | { readonly kind: "rotate-key"; readonly isForced: boolean }
  | { readonly kind: "ask-issuer"; readonly isUnfit: boolean }
  | { readonly kind: "pause"; readonly ms: number }
);

/** A login is of one pool: the same person is somebody else in another. */
export type LoginOf = (identityPoolId: IdentityPoolId, providerName: string, subject: string) => VerifiedLogin;

export function loginsIn(
  { identityPoolId, tokens }: { readonly identityPoolId: IdentityPoolId; readonly tokens: Tokens },
  login: LoginOf,
): readonly VerifiedLogin[] {
  return [...tokens].map(([providerName, subject]) => login(identityPoolId, providerName, subject));
}

/** The destination's user first, as the operation orders them. */
export function usersOf(
  { identityPoolId, destination, source }: Extract<Request, { kind: "merge-users" }>,
  login: LoginOf,
): readonly [VerifiedLogin, VerifiedLogin] {
  return [login(identityPoolId, DEVELOPER, destination), login(identityPoolId, DEVELOPER, source)];
}

/** What the request is about, for those who watch. */
export function inFlightOf(request: Request, login: LoginOf): InFlight {
  const idle = { kind: "other", identityId: null, loginIds: [], from: [] } as const;
  switch (request.kind) {
    case "get-id":
    case "get-token":
    case "get-credentials":
    case "developer-token": {
      const identityId = request.kind === "get-id" ? null : request.identityId;
      const loginIds = loginsIn(request, login).map(({ loginId }) => loginId);
      return { kind: "resolve", identityId, loginIds, from: [] };
    }
    case "merge-users":
      return { ...idle, kind: "resolve", loginIds: usersOf(request, login).map(({ loginId }) => loginId) };
    case "unlink":
      return { ...idle, kind: "unlink", identityId: request.identityId, from: request.from };
    case "delete":
      return { ...idle, kind: "delete", identityId: request.identityId };
    case "disable":
    case "unlink-user":
    case "look-up":
    case "look-up-users":
    case "burst":
    case "bring-token":
    case "old-app":
    case "administer":
    case "import":
    case "export":
    case "change-key":
    case "rotate-key":
    case "ask-issuer":
    case "pause":
      return idle;
  }
}

export function describeRequest(request: Request): string {
  const tokens =
    "tokens" in request ? [...request.tokens].map(([provider, subject]) => `${provider}/${subject}`).join(" ") : null;
  const parts = [
    request.kind,
    "identityId" in request ? (request.identityId ?? "") : "",
    tokens === null ? "" : `with [${tokens}]`,
    request.kind === "disable" ? String(request.isDisabled) : "",
    request.kind === "get-credentials" && request.custom !== null ? `as ${request.custom}` : "",
    request.kind === "unlink" ? `to unlink ${request.from.join(" ")}` : "",
    request.kind === "unlink-user" || request.kind === "look-up" ? request.user : "",
    request.kind === "administer" ? `${request.act} ${request.name}${request.hasSecret ? " with a secret" : ""}` : "",
    request.kind === "old-app" ? `${request.act} with [${[...request.presented].join(" ")}]` : "",
    request.kind === "import" ? JSON.stringify(request.lines) : "",
    request.kind === "merge-users" ? `${request.source} into ${request.destination}` : "",
    ["pause", "change-key", "rotate-key", "ask-issuer"].includes(request.kind) ? "" : `in ${request.identityPoolId}`,
  ];
  return parts.filter((part) => part !== "").join(" ");
}

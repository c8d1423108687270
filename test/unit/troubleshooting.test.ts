/** No refusal is forgotten: docs/troubleshooting.md has the words that a client reads, and the reasons that an operator does. */
import { describe, expect, it } from "vitest";
import page from "../../docs/troubleshooting.md?raw";
import type { ServiceErrorName } from "../../src/domain/errors.ts";
import { parseIdentityId, parseIdentityPoolId } from "../../src/domain/identifiers.ts";
import { type RefusalReason, refusalOf } from "../../src/domain/login-refusal.ts";
import { errorOf } from "../../src/domain/refusals.ts";
import type { KeySetFailure } from "../../src/key-sets/load-key-set.ts";
import { LEVELS } from "../../src/log/events.ts";
import { eachRefusal } from "../support/each-refusal.ts";

const sources = import.meta.glob<string>(["../../src/**/*.ts"], { query: "?raw", import: "default", eager: true });
const words = page.replaceAll(/\s+/g, " ");

const ID = "us-east-1:de300000-0000-4000-8000-0000000de300";

function isId<T>(id: T | undefined): T {
  if (id === undefined) throw new Error(`${ID} is no id`);
  return id;
}

const identityId = isId(parseIdentityId(ID));
const identityPoolId = isId(parseIdentityPoolId(ID));

const REFUSALS = eachRefusal(identityId, "…");

const LOGIN_REFUSALS: Readonly<Record<RefusalReason["kind"], RefusalReason>> = {
  "no-providers": { kind: "no-providers", identityPoolId },
  "unsupported-provider": { kind: "unsupported-provider" },
  "own-token": { kind: "own-token" },
  "not-own-token": { kind: "not-own-token" },
  "saml-not-verified": { kind: "saml-not-verified" },
  malformed: { kind: "malformed", part: "…" },
  "issuer-mismatch": { kind: "issuer-mismatch" },
  "missing-claim": { kind: "missing-claim", claim: "…" },
  expired: { kind: "expired", now: 0, expiresAt: 0 },
  "not-yet-valid": { kind: "not-yet-valid", claim: "…", now: 0, validFrom: 0 },
  "wrong-audience": { kind: "wrong-audience" },
  "wrong-token-kind": { kind: "wrong-token-kind", part: "…" },
  "algorithm-not-allowed": { kind: "algorithm-not-allowed" },
  "access-token-refused": { kind: "access-token-refused" },
  "access-token-expired": { kind: "access-token-expired" },
  "foreign-app": { kind: "foreign-app" },
  "signed-out": { kind: "signed-out" },
  "not-admitted": { kind: "not-admitted", error: { type: "TooManyRequestsException", message: "Rate exceeded" } },
  "unknown-key": { kind: "unknown-key" },
  "ambiguous-key": { kind: "ambiguous-key" },
  "missing-kid": { kind: "missing-kid" },
  "bad-signature": { kind: "bad-signature" },
  "upstream-unreachable": { kind: "upstream-unreachable", failure: "…" },
  "upstream-unusable": { kind: "upstream-unusable", failure: "…" },
};

const FAILURES: Readonly<Record<Exclude<KeySetFailure, `status ${number}`>, true>> = {
  "forbidden-address": true,
  redirect: true,
  "content-type": true,
  "too-large": true,
  "not-json": true,
  deadline: true,
  connection: true,
  "not-discovery": true,
  "issuer-mismatch": true,
  "not-key-set": true,
  "no-usable-key": true,
  "only-leaked-keys": true,
};

const EXCEPTIONS: Readonly<Record<ServiceErrorName, true>> = {
  ConcurrentModificationException: true,
  DeveloperUserAlreadyRegisteredException: true,
  ExternalServiceException: true,
  InternalErrorException: true,
  InvalidIdentityPoolConfigurationException: true,
  InvalidParameterException: true,
  LimitExceededException: true,
  NotAuthorizedException: true,
  ResourceConflictException: true,
  ResourceNotFoundException: true,
  TooManyRequestsException: true,
  AccessDeniedException: true,
  IncompleteSignatureException: true,
  InvalidSignatureException: true,
  MissingAuthenticationTokenException: true,
  RequestEntityTooLargeException: true,
  RequestTimeoutException: true,
  SerializationException: true,
  UnknownOperationException: true,
  UnrecognizedClientException: true,
  ValidationException: true,
};

/** What a client is told of it; the page has … for what differs. */
function told(message: string): string {
  return message.replaceAll(ID, "…").replaceAll(/\b0\b/g, "…");
}

/**
 * The literals that words and reasons are made of: arguments of what makes a failure, and what is named as a message, a reason or
 * a text that goes into one. What they hold of other values is cut out.
 */
const MAKERS =
  /\b(?:serviceError|refuse|refused|invalid|invalidToken|notAuthorized|misdirected|exceeded|malformed|Unreadable|upstreamTrouble)\(|\w+Exception", |\b(?:message|reason|text|part|MALFORMED|MISMATCH|NOT_ASKED)(?:: \w+)? ?[:=]/g;
const LITERAL = /(["`])((?:\\.|\$\{(?:[^{}]|\{[^}]*\})*\}|(?!\1)[^\\])*)\1/gy;

function literalsIn(source: string): readonly string[] {
  const code = source.replaceAll(/^ *(?:\/\/|\/?\*).*$/gm, "");
  const found = [...code.matchAll(MAKERS)].flatMap(({ index, 0: maker }) => {
    const literals: string[] = [];
    let at = index + maker.length;
    // As far as a literal follows a literal: the second and third argument, a choice of two, the next line.
    for (;;) {
      at += /^[\s,]*(?:\w+ \? )?/.exec(code.slice(at))?.[0].length ?? 0;
      LITERAL.lastIndex = at;
      const literal = LITERAL.exec(code);
      if (literal === null) return literals;
      literals.push(literal[2] ?? "");
      at = LITERAL.lastIndex;
    }
  });
  return [...new Set(found)];
}

/** Of a template what it says itself. The text of an internal error is never shown (protocol/wire-error.ts). */
function piecesOf(literal: string): readonly string[] {
  return literal
    .split(/\$\{(?:[^{}]|\{[^}]*\})*\}/)
    .map((piece) => piece.trim())
    .filter((piece) => /[a-z]{2}/i.test(piece) && piece !== "Internal error");
}

describe("docs/troubleshooting.md", () => {
  it.each(Object.values(REFUSALS))("has the words of $kind", (refusal) => {
    const { type, message, reason } = errorOf(refusal);
    expect(words).toContain(type);
    expect(words).toContain(type === "InternalErrorException" ? "An internal error occurred." : told(message));
    if (reason !== undefined) expect(words).toContain(`\`${reason}\``);
  });

  it("has the words of an identity with too many logins", () => {
    expect(words).toContain(errorOf({ kind: "login-conflict", providerName: null }).message);
  });

  it.each(Object.values(LOGIN_REFUSALS))("has the words of a login that is $kind, and the reason", (refusal) => {
    const { type, message, reason } = refusalOf(refusal, "place");
    expect(words).toContain(type);
    expect(words).toContain(told(message));
    expect(words).toContain(`\`${reason?.replace("place: ", "") ?? refusal.kind}\``);
  });

  it.each(Object.keys(FAILURES))("has the failure %s of an upstream", (failure) => {
    expect(words).toContain(`\`${failure}\``);
  });

  it.each(Object.keys(EXCEPTIONS))("has the exception %s", (name) => {
    expect(words).toContain(`\`${name}\``);
  });

  it.each(Object.keys(LEVELS))("has the line %s", (name) => {
    expect(words).toContain(`\`${name}\``);
  });

  it("is held against every literal that a failure is made of", () => {
    const source = [
      'return err(serviceError("LimitExceededException", `At most ${most} of\\` them.`, "too many"));',
      '// serviceError("NotAuthorizedException", "a comment")',
      'const reason = isLate ? "late" : text;',
      'return refused("providerName", name);',
      'const message =\n  "on the next line";',
    ].join("\n");
    expect(literalsIn(source).flatMap(piecesOf)).toEqual([
      "LimitExceededException",
      "At most",
      "of\\` them.",
      "too many",
      "late",
      "providerName",
      "on the next line",
    ]);
    expect(Object.keys(sources).length).toBeGreaterThan(100);
  });

  // A finding says itself what is wrong and what to do; here it is found by its code.
  const isOfFindings = (source: string) => /from "[./]+(domain\/)?finding\.ts"/.test(source);
  const [finders, failing] = [true, false].map((wanted) =>
    Object.entries(sources).filter(([, source]) => isOfFindings(source) === wanted),
  );

  it.each(finders ?? [])("has the code of each finding of %s", (_file, source) => {
    const codes = [...source.matchAll(/\bcode: "([^"]+)"/g)].map(([, code]) => `\`${code}\``);
    expect(codes.filter((code) => !words.includes(code))).toEqual([]);
  });

  it.each(failing ?? [])("has all that %s makes failures of", (_file, source) => {
    const missing = literalsIn(source)
      .flatMap(piecesOf)
      .filter((piece) => !words.includes(piece));
    expect(missing).toEqual([]);
  });
});

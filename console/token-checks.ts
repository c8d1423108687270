/** What is to be said of a token of this service, check by check, and of all of them together. Pure. */
import type { MarkKind } from "./mark-kind.ts";
import { lifeText, type ReadToken, valueText } from "./token-words.ts";
import type { Signature } from "./verify-token.ts";

export type Check = { readonly name: string; readonly kind: MarkKind; readonly word: string; readonly text: string };

/** The signature first. */
type Checks = readonly [Check, ...Check[]];

function signatureCheck(signature: Signature): Check {
  const name = "Signature";
  switch (signature.state) {
    case "genuine":
      return { name, kind: "good", word: "Genuine", text: `Made by the published key ${signature.keyId}.` };
    case "forged":
      return { name, kind: "bad", word: "Forged", text: `Not made here: ${signature.reason}.` };
    case "unknown-key":
      return {
        name,
        kind: "bad",
        word: "Not of this service",
        text: `No published key is called ${signature.keyId}. It may be of another service, or of a key that has left the set.`,
      };
    case "not-checked":
      return { name, kind: "warn", word: "Not checked", text: `It could not be checked: ${signature.reason}.` };
  }
}

function issuerCheck({ claims }: ReadToken, expected: string): Check {
  const isOurs = claims["iss"] === expected;
  return {
    name: "Issuer",
    kind: isOurs ? "good" : "bad",
    word: isOurs ? "This service" : "Another",
    text: isOurs ? `iss is ${expected}.` : `iss should be ${expected}, and is ${valueText("iss", claims["iss"])}.`,
  };
}

function lifeCheck({ claims }: ReadToken, now: number): Check {
  const { isOver, text } = lifeText(claims["exp"], now);
  return { name: "Life", kind: isOver ? "bad" : "good", word: isOver ? "Over" : "Good", text };
}

/** What a token says that nobody here has signed is worth nothing, however right it looks. */
export function asClaimed(check: Check): Check {
  return check.kind === "good" ? { ...check, kind: "none", word: "Only claimed" } : check;
}

/** `issuer` is that of this service; `now` in epoch seconds. */
export function checksOf(signature: Signature, read: ReadToken, issuer: string, now: number): Checks {
  const claimed = [issuerCheck(read, issuer), lifeCheck(read, now)];
  return [signatureCheck(signature), ...(signature.state === "genuine" ? claimed : claimed.map(asClaimed))];
}

/** Of what `checksOf` gives: without a genuine signature nothing else counts. */
export function verdictOf([signature, ...others]: Checks): { readonly kind: MarkKind; readonly word: string } {
  if (signature.kind !== "good") return signature;
  const worst = others.find(({ kind }) => kind !== "good");
  if (worst === undefined) return { kind: "good", word: "Genuine, and good now" };
  return { kind: "warn", word: worst.name === "Life" ? "Genuine, but over" : "Genuine, but not for here" };
}

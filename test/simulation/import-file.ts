/** Lines of an import as they stand in its file, and what they say: told by hand here, since the judge must not believe the code. */
import type { IdentityId, IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { Standing } from "../../src/domain/identity.ts";
import type { LoginOf } from "./requests.ts";
import { DEVELOPER } from "./settings.ts";
import { type FileLine, FOREIGN_IDS, type LinePlan } from "./line-plans.ts";

type World = {
  readonly login: LoginOf;
  newName(letter: string): string;
  readonly sources: { readonly cognito: { poolOf(identityId: string): IdentityPoolId | undefined } } | null;
};

/** Null where there is nobody whom the line could be about. `ids` are those that are known, of the pool. */
export function fileLineOf(
  world: World,
  identityPoolId: IdentityPoolId,
  ids: readonly IdentityId[],
  { says, target, tokens, users, barred, isDisabled }: LinePlan,
): FileLine | null {
  const among = [...new Set([...ids, ...FOREIGN_IDS])];
  // The first of them was born in the other deployment, the rest at its source: of these alone could a list tell.
  const isOfSource = (id: IdentityId) => FOREIGN_IDS.indexOf(id) > 0 || world.sources?.cognito.poolOf(id) !== undefined;
  const candidates = says === "listed" ? among.filter(isOfSource) : among;
  const identityId = candidates[target % candidates.length];
  const other = candidates[(target + 1) % candidates.length];
  if (identityId === undefined) return null;
  const loginIds = tokens.map(([name, subject]) => {
    return { providerName: name, loginId: world.login(identityPoolId, name, subject).loginId, linkedAt: CREATED_AT };
  });
  // Another for each line, so that it is known by which one an identity was made.
  const createdAt = CREATED_AT + Number(world.newName("line").slice("line".length));
  const origin = isOfSource(identityId) ? "source" : "here";
  const bars = barred.filter((name) => !tokens.some(([linked]) => linked === name));
  const all = { identityId, createdAt, origin, ...(isDisabled && { disabled: true }), barred: bars };
  switch (says) {
    case "listed":
      return { identityId, createdAt, providers: tokens.map(([name]) => name), ...(isDisabled && { disabled: true }) };
    case "linked":
      return { kind: "identity", ...all, standing: says, loginIds, developerUsers: users };
    // Who never had a login has let none go.
    case "guest":
      return { kind: "identity", ...all, standing: says, barred: [] };
    case "closed":
      return { kind: "identity", ...all, standing: says };
    case "merged":
      return other === identityId ? null : { kind: "identity", ...all, standing: says, mergedInto: other };
    case "gone":
      return { kind: "gone", identityId };
    case "freed": {
      const [login] = loginIds;
      return login === undefined ? null : { kind: "login", settled: true, ...login, linkedAt: undefined };
    }
  }
}

/** Long before any schedule begins. */
const CREATED_AT = 800_000_000;

/** What a line says of an identity. */
export type Told = {
  readonly identityId: string;
  readonly standing: Standing["kind"];
  readonly into: string | null;
  readonly loginIds: readonly string[];
  readonly barred: readonly string[];
  readonly isDisabled: boolean;
  readonly origin: string;
  /** Epoch seconds; null: the line does not say. */
  readonly createdAt: number | null;
};

export type Said =
  | { readonly kind: "restored"; readonly told: Told }
  | { readonly kind: "listed"; readonly identityId: string }
  | { readonly kind: "freed"; readonly loginId: string };

export function saidBy(line: FileLine, identityPoolId: IdentityPoolId, login: LoginOf): Said {
  const { kind, identityId, standing, mergedInto, loginIds = [], developerUsers = [], barred = [] } = line;
  if (kind === "login") return { kind: "freed", loginId: String(line["loginId"]) };
  const id = String(identityId);
  const isGone = kind === "gone";
  if (standing === undefined && !isGone) return { kind: "listed", identityId: id };
  const users = (developerUsers as readonly string[]).map((user) => login(identityPoolId, DEVELOPER, user).loginId);
  const hashes = (loginIds as readonly { readonly loginId: string }[]).map(({ loginId }) => loginId);
  const told = {
    identityId: id,
    standing: isGone ? "deleted" : (standing as Standing["kind"]),
    into: typeof mergedInto === "string" ? mergedInto : null,
    loginIds: [...users, ...hashes].toSorted(),
    barred: (barred as readonly string[]).toSorted(),
    isDisabled: line["disabled"] === true,
    origin: line["origin"] === "here" ? "here" : "source",
    createdAt: typeof line["createdAt"] === "number" ? line["createdAt"] : null,
  } as const;
  return { kind: "restored", told };
}

/** `migrate pool`: the pool of Cognito under the same id here, and at once its source, so that no client ever meets it without. */
import {
  type IdentityPool,
  SetIdentityPoolRolesCommand,
  SetPrincipalTagAttributeMapCommand,
} from "@aws-sdk/client-cognito-identity";
import { readFileSync } from "node:fs";
import { SWITCH, TEXT } from "../command-line.ts";
import { explain } from "./support/explain.ts";
import type { Edgepool, OwnInput } from "./support/parties.ts";
import { type PoolCopy, readPool, type Source } from "./support/pool-copy.ts";
import { poolHere } from "./support/pool-here.ts";
import { fittingSource, sourceLines } from "./support/source-members.ts";
import { defineStep, type Session } from "./support/step.ts";
import { CallFailed, Stop } from "./support/stop.ts";

const HELP = `Reads the pool at Cognito and adopts it here: same id, same settings, but AllowClassicFlow true, without which
GetOpenIdToken would be refused here; roles, role mappings and tags as far as they can be. Then sets its source, so that
ids come from Cognito from the first call on. Where the pool is here already, its settings are compared and left alone.

  --from FILE    adopts the pool as \`export\` wrote it (pool.json), with the source that it had, and asks nobody else
  --dry-run      says what would be done`;

/** What was adopted, and has no source yet: a kill may fall in between. */
const SOURCE_OWED = "source owed";

type Work = { readonly copy: PoolCopy; readonly edgepool: Edgepool; readonly notes: string[] };

export const pool = defineStep({
  name: "pool",
  summary: "adopt the pool under its own id, with its roles, tags and source",
  call: "--pool ID [--from FILE] [--dry-run]",
  help: HELP,
  flags: { from: TEXT, "dry-run": SWITCH },
  run: async (session, { from, ...switches }) => {
    const { identityPoolId } = session;
    const notes: string[] = [];
    const lacks = (what: string, error: CallFailed) => notes.push(`not copied: ${what}. ${said(error)}`);
    const copy =
      from === undefined ? await readPool(session.cognito(), identityPoolId, lacks) : readCopy(from, identityPoolId);
    const settings = adoptedAs(identityPoolId, copy.Pool, from === undefined || copy.Pool.AllowClassicFlow === true);
    if (settings.AllowClassicFlow !== copy.Pool.AllowClassicFlow) notes.push(CLASSIC_FLOW);
    const edgepool = session.edgepool();
    const present = await poolHere(edgepool, identityPoolId);
    const source = from === undefined ? fittingSource(identityPoolId, copy) : copy.Source;

    if (switches["dry-run"] === true) {
      const plan = present === undefined ? "would be adopted" : "is here already";
      session.answer({ Adopted: false, Source: source, Notes: notes }, [
        `${identityPoolId} ${plan}. Nothing was changed.`,
        ...(source === undefined ? [] : sourceLines(source)),
        ...notes,
      ]);
      return "done";
    }
    // A source is given with the adoption alone: from then on `source` changes it, and `finish` ends it.
    const memory = session.memory();
    if (present === undefined) {
      if (source !== undefined) memory.keep(SOURCE_OWED, source);
      await edgepool.call("AdoptIdentityPool", settings);
    } else notes.push(...differences(present, settings));
    const owed = memory.progress(SOURCE_OWED) as Source | undefined;
    if (owed !== undefined) {
      await edgepool.call("SetIdentityPoolSource", { IdentityPoolId: identityPoolId, Source: owed });
      memory.forget(SOURCE_OWED);
    }
    await copyAccess(session, { copy, edgepool, notes });
    const { Source } = await edgepool.call("GetMigrationReport", { IdentityPoolId: identityPoolId });
    session.answer({ Adopted: present === undefined, Source, Notes: notes }, [
      `${identityPoolId} ${present === undefined ? "was adopted" : "is here already"}.`,
      ...(Source === undefined ? ["no source: `npm run migrate -- source` sets one"] : sourceLines(Source)),
      ...notes,
    ]);
    return notes.some((note) => note.startsWith("not copied")) ? "incomplete" : "done";
  },
});

function adoptedAs(
  IdentityPoolId: string,
  there: IdentityPool,
  AllowClassicFlow: boolean,
): OwnInput<"AdoptIdentityPool"> {
  // The SDK takes every member for one that may be missing.
  const { IdentityPoolName = "", AllowUnauthenticatedIdentities = false } = there;
  return { ...there, IdentityPoolId, IdentityPoolName, AllowUnauthenticatedIdentities, AllowClassicFlow };
}

const CLASSIC_FLOW =
  "AllowClassicFlow is set to true here, other than at Cognito: with false GetOpenIdToken would be refused. " +
  "Where no app or relying party uses the OpenID token, set it to false with UpdateIdentityPool.";

/** Roles, mappings and principal tags: each may be refused alone, by a key that may not set it or a provider that is not here. */
async function copyAccess({ identityPoolId: IdentityPoolId }: Session, { copy, edgepool, notes }: Work): Promise<void> {
  const copied = async (what: string, call: Promise<unknown>) => {
    try {
      await call;
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      notes.push(`not copied: ${what}. ${said(error)}`);
    }
  };
  const { Roles, RoleMappings, PrincipalTags } = copy;
  const roleArns = Object.values(Roles);
  if (roleArns.length > 0 || Object.keys(RoleMappings).length > 0) {
    await copied("roles", edgepool.send(new SetIdentityPoolRolesCommand({ IdentityPoolId, Roles, RoleMappings })));
    notes.push(
      `The roles must trust this service before they give credentials (docs/credentials.md): ${roleArns.join(", ")}`,
    );
  }
  const { TokenSeconds } = copy;
  if (TokenSeconds !== undefined) {
    await copied("life of tokens", edgepool.call("SetTokenLifetime", { IdentityPoolId, TokenSeconds }));
  }
  for (const [IdentityProviderName, map] of Object.entries(PrincipalTags)) {
    const command = new SetPrincipalTagAttributeMapCommand({ IdentityPoolId, IdentityProviderName, ...map });
    await copied(`principal tags of ${IdentityProviderName}`, edgepool.send(command));
  }
}

/** What the pool here has otherwise than the one at Cognito. No value is told: a provider's may be its secret. */
function differences(here: IdentityPool, there: OwnInput<"AdoptIdentityPool">): readonly string[] {
  const members = new Set([...Object.keys(here), ...Object.keys(there)]) as Set<keyof typeof there>;
  const differing = [...members].filter((member) => canonical(here[member]) !== canonical(there[member]));
  return differing.map((member) => `${member} differs from Cognito's: UpdateIdentityPool changes it.`);
}

/** Members in any order, and empty ones as good as none. */
function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  if (Object.keys(value).length === 0) return "null";
  if (Array.isArray(value)) return `[${value.map(canonical).toSorted().join()}]`;
  return `{${Object.entries(value)
    .map(([name, member]) => `${name}:${canonical(member)}`)
    .toSorted()
    .join()}}`;
}

function readCopy(file: string, identityPoolId: string): PoolCopy {
  try {
    const copy = JSON.parse(readFileSync(file, "utf8")) as Partial<PoolCopy>;
    const { Pool, Roles = {}, RoleMappings = {}, PrincipalTags = {} } = copy;
    if (Pool?.IdentityPoolId === identityPoolId) return { ...copy, Pool, Roles, RoleMappings, PrincipalTags };
  } catch (error) {
    throw new Stop(`${file} is not a pool.json as export writes it: ${error instanceof Error ? error.message : ""}`);
  }
  throw new Stop(`${file} is not the pool ${identityPoolId}`);
}

function said(error: CallFailed): string {
  return (explain(error) ?? []).join(" ");
}

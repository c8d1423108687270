/** `migrate source`: how this pool asks Cognito, changed member by member. */
import { TEXT, SWITCH } from "../command-line.ts";
import { readPool, type Source } from "./support/pool-copy.ts";
import { fittingSource, sourceLines } from "./support/source-members.ts";
import { defineStep, type Session } from "./support/step.ts";

const HELP = `Sets how the pool asks Cognito; what is not named stays as it is. A pool that has no source gets what fits the pool at Cognito. The
answer is the whole source as it is stored. Other isolates of the service see a change within 30 s.

  --proof P         open-id-token, or credentials where Cognito refuses GetOpenIdToken: then ids must be imported first
  --guests G        source: guests are born at Cognito, with an id that both sides know; local: here
  --unknown-ids U   ask: Cognito is asked about every id that is unknown here; imported: about imported ones alone
  --providers A,B   names of the providers that the pool at Cognito has; default: as Cognito tells them
  --dry-run         says what would be set`;

const CHOICES = {
  proof: { "open-id-token": "OpenIdToken", credentials: "Credentials" },
  guests: { source: "Source", local: "Local" },
  "unknown-ids": { ask: "Ask", imported: "Imported" },
} as const;

export const source = defineStep({
  name: "source",
  summary: "change how the pool asks Cognito",
  call: "--pool ID [--proof P] [--guests G] [--unknown-ids U] [--providers A,B] [--dry-run]",
  help: HELP,
  flags: { proof: TEXT, guests: TEXT, "unknown-ids": TEXT, providers: TEXT, "dry-run": SWITCH },
  check: (flags) => {
    const wrong = Object.entries(CHOICES).find(([flag, values]) => {
      const given = flags[flag as keyof typeof CHOICES];
      return given !== undefined && !Object.hasOwn(values, given);
    });
    return wrong === undefined ? null : `--${wrong[0]} must be ${Object.keys(wrong[1]).join(" or ")}`;
  },
  run: async (session, { proof, guests, providers, ...flags }) => {
    const before = await sourceBefore(session);
    const wanted: Source = {
      ...before,
      ...chosen("Proof", CHOICES.proof, proof),
      ...chosen("Guests", CHOICES.guests, guests),
      ...chosen("UnknownIds", CHOICES["unknown-ids"], flags["unknown-ids"]),
      ...(providers !== undefined && { Providers: providers.split(",").map((name) => name.trim()) }),
    };
    if (flags["dry-run"] === true) {
      session.answer({ Source: wanted }, [...sourceLines(wanted), "Nothing was changed."]);
      return "done";
    }
    const input = { IdentityPoolId: session.identityPoolId, Source: wanted };
    const { Source: stored = wanted } = await session.edgepool().call("SetIdentityPoolSource", input);
    session.answer({ Source: stored }, sourceLines(stored));
    return "done";
  },
});

async function sourceBefore(session: Session): Promise<Source> {
  const { identityPoolId } = session;
  const { Source } = await session.edgepool().call("GetMigrationReport", { IdentityPoolId: identityPoolId });
  return Source ?? fittingSource(identityPoolId, await readPool(session.cognito(), identityPoolId, () => {}));
}

function chosen<Member extends string, Value extends string>(
  member: Member,
  values: Readonly<Record<string, Value>>,
  given: string | undefined,
): { readonly [Name in Member]?: Value } {
  const value = given === undefined ? undefined : values[given];
  return value === undefined ? {} : ({ [member]: value } as { readonly [Name in Member]?: Value });
}

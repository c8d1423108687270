/**
 * Import and export (extensions.ts), and their lines: the members of a line are those of the NDJSON files that
 * it is copied from and to, and so in lower camel case.
 */
import { MAX_LINKED_LOGINS } from "../domain/login.ts";
import { boolean, developerUserIdentifier, identityId, identityPoolId, identityProviderName } from "./member-shapes.ts";
import { structure } from "./shape-language.ts";
import type { Operation } from "./shapes.ts";

/** Most lines of one call. */
const MAX_LINES = 100;

/** Of this service alone, so that it need not be as long as the model's. */
const pageToken = { type: "string", min: 1, max: 1024, pattern: "[\\S]+" } as const;
const text = { type: "string" } as const;
/** Epoch seconds. */
const instant = { type: "timestamp" } as const;
const few = { max: MAX_LINKED_LOGINS } as const;

// Whatever stands in the wrong member of a line, a subject or a token, is read in no message: all of a line's texts are secret.
const secret = { secret: true } as const;
const id = { ...identityId, ...secret } as const;
const providerName = { ...identityProviderName, ...secret } as const;
const providerNames = { type: "list", member: providerName, ...few } as const;
/** A hash that is good for its identity pool alone, in whichever deployment: domain/login.ts. */
const loginId = { type: "string", pattern: "[0-9a-f]{64}", ...secret } as const;

const importedLink = structure(["providerName", "subject"], { providerName, subject: developerUserIdentifier });
const importedLogin = structure(["providerName", "loginId"], { providerName, loginId, linkedAt: instant });

/** A line without a kind is an identity, too. */
export const identityLine = structure(["identityId"], {
  kind: { type: "string", enum: ["identity"], ...secret },
  identityId: id,
  createdAt: instant,
  modifiedAt: instant,
  /** Absent: not known, as of an identity that Cognito has listed. */
  standing: { type: "string", enum: ["guest", "linked", "closed", "merged", "deleted", "disabled"], ...secret },
  origin: { type: "string", enum: ["here", "source"], ...secret },
  /** The identity that absorbed it. */
  mergedInto: id,
  disabled: boolean,
  providers: providerNames,
  developerUsers: { type: "list", member: developerUserIdentifier, ...few },
  links: { type: "list", member: importedLink, ...few },
  loginIds: { type: "list", member: importedLogin, ...few },
  /** Providers of which no login may come to it from the source. */
  barred: providerNames,
});

/** A login that nobody has, and that nobody is asked about again. */
export const loginLine = structure(["kind", "loginId", "providerName", "settled"], {
  kind: { type: "string", enum: ["login"] },
  loginId,
  providerName,
  settled: boolean,
});

/** An identity that is deleted for good. */
export const goneLine = structure(["kind", "identityId"], {
  kind: { type: "string", enum: ["gone"] },
  identityId: id,
});

const importResult = structure(["Verdict"], {
  /** Absent where the line has none. */
  IdentityId: text,
  Verdict: { type: "string", enum: ["imported", "adopted", "unchanged", "conflict", "gone", "invalid", "busy"] },
  /** Of a line that was not taken. */
  Reason: text,
});

const importIdentities = {
  access: "signed",
  errors: ["InternalErrorException", "ResourceNotFoundException", "TooManyRequestsException"],
  input: structure(["IdentityPoolId", "Identities"], {
    IdentityPoolId: identityPoolId,
    /** Each read by itself, so that a bad line does not hold up the others. */
    Identities: { type: "list", member: { type: "document" }, min: 1, max: MAX_LINES },
  }),
  output: structure(["Results"], {
    /** One for each line, in order. */
    Results: { type: "list", member: importResult },
  }),
} as const;

const exportedLogin = structure(["providerName", "loginId", "linkedAt"], {
  providerName: text,
  loginId: text,
  linkedAt: instant,
});
const exportedFact = structure(["sequence", "at", "kind"], {
  sequence: { type: "integer" },
  at: instant,
  kind: text,
  providerNames: { type: "list", member: text },
  other: text,
  by: text,
});

/** A line of any kind, with the members of its kind. */
const exportedLine = structure(["kind"], {
  kind: { type: "string", enum: ["identity", "login", "gone"] },
  identityId: text,
  createdAt: instant,
  modifiedAt: instant,
  standing: { type: "string", enum: ["guest", "linked", "closed", "merged"] },
  origin: { type: "string", enum: ["here", "source"] },
  mergedInto: text,
  disabled: boolean,
  providers: { type: "list", member: text },
  developerUsers: { type: "list", member: text },
  loginIds: { type: "list", member: exportedLogin },
  barred: { type: "list", member: text },
  /** Where one identity is asked for. */
  life: { type: "list", member: exportedFact },
  loginId: text,
  providerName: text,
  settled: boolean,
});

const exportIdentities = {
  access: "signed",
  errors: ["InternalErrorException", "InvalidParameterException", "ResourceNotFoundException"],
  input: structure([], {
    IdentityPoolId: identityPoolId,
    IdentityId: identityId,
    MaxResults: { type: "integer", min: 1, max: MAX_LINES },
    NextToken: pageToken,
  }),
  output: structure(["Identities"], {
    Identities: { type: "list", member: exportedLine },
    NextToken: text,
  }),
} as const;

export const transferOperations = {
  ExportIdentities: exportIdentities,
  ImportIdentities: importIdentities,
} as const satisfies Readonly<Record<string, Operation>>;

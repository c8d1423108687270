/** What could be better with the settings of the whole service: what each of them alone cannot tell when it is parsed. Pure. */
import { type AdminCredential, hasExpired } from "./admin-credential.ts";
import { type Finding, worstFirst } from "./finding.ts";

export type ServiceFacts = {
  readonly issuer: string;
  /** Where the call that asks was sent to. */
  readonly origin: string;
  /** Local development, whose credential is printed and which this machine alone calls. */
  readonly isLocal: boolean;
  readonly limitsClients: boolean;
  readonly credentials: readonly AdminCredential[];
  /** Epoch seconds. */
  readonly now: number;
  /** Names of what wrangler.toml binds, and the deployment does not. */
  readonly unbound: readonly string[];
};

/** Characters of a secret that nobody is told to lengthen: as many as AWS's own keys have, and not many more than are required. */
const LONG_SECRET_LENGTH = 32;

export function serviceFindings(facts: ServiceFacts): readonly Finding[] {
  const everywhere = [...originFindings(facts), ...bindingFindings(facts)];
  // What only a deployment is open to.
  return worstFirst(
    facts.isLocal
      ? everywhere
      : [
          ...everywhere,
          ...limitFindings(facts),
          ...credentialFindings(facts),
          ...expiryFindings(facts.credentials, facts.now),
        ],
  );
}

function originFindings({ issuer, origin }: ServiceFacts): readonly Finding[] {
  if (origin === issuer) return [];
  return [
    {
      level: "error",
      code: "issuer-not-origin",
      about: "ISSUER",
      message: `This call came to ${origin}, and tokens say that they are of ${issuer}. Relying parties load the keys from ISSUER.`,
      action: "Set ISSUER to the origin at which clients reach this service, or use the service at ISSUER alone.",
    },
  ];
}

function bindingFindings({ unbound }: ServiceFacts): readonly Finding[] {
  return unbound.map((name) => ({
    level: "error",
    code: "binding-missing",
    about: name,
    message: `The deployment has no binding ${name}, which wrangler.toml declares. Calls that need it fail.`,
    action: "Deploy again with the wrangler.toml of this version.",
  }));
}

function limitFindings({ limitsClients }: ServiceFacts): readonly Finding[] {
  if (limitsClients) return [];
  return [
    {
      level: "advice",
      code: "client-limit-off",
      about: "CLIENT_LIMIT",
      message: "No client address is limited: one alone can make identities, and have providers asked, without end.",
      action: "Set CLIENT_LIMIT to on, unless something before this service limits addresses.",
    },
  ];
}

/** None is named: who may call this is not told by it which other keys there are. */
function credentialFindings({ credentials }: ServiceFacts): readonly Finding[] {
  const findings: Finding[] = [];
  const about = "ADMIN_CREDENTIALS";
  const mayEverything = credentials.filter(({ operations, pools }) => operations === "*" && pools === "*").length;
  const short = credentials.filter(({ secretAccessKey }) => secretAccessKey.length < LONG_SECRET_LENGTH).length;
  if (credentials.length === 1) {
    findings.push({
      level: "advice",
      code: "one-credential",
      about,
      message: "There is one credential, so that people and backends share it: no log line tells them apart.",
      action: "Give each backend, and the people, a credential of their own.",
    });
  }
  if (mayEverything > 0) {
    findings.push({
      level: "advice",
      code: "credential-for-everything",
      about,
      message: `${countOf(mayEverything, credentials)} may call every operation for every pool.`,
      action: "Name the operations and pools that each backend needs. For people who only look, name the reads.",
    });
  }
  if (short > 0) {
    findings.push({
      level: "advice",
      code: "short-secret",
      about,
      message: `Secrets of fewer than ${LONG_SECRET_LENGTH} characters: ${countOf(short, credentials)}.`,
      action: 'Make a longer one with "openssl rand -base64 32".',
    });
  }
  return findings;
}

/** How long before its end a credential is worth a warning, in seconds. */
const LAST_DAYS_SECONDS = 14 * 86_400;

/** Of credentials that are over, or soon: also CheckService's, which a deployment ends with. None is named, as above. */
export function expiryFindings(credentials: readonly AdminCredential[], now: number): readonly Finding[] {
  const expired = credentials.filter((credential) => hasExpired(credential, now)).length;
  const ends = credentials
    .flatMap(({ expiresAt = Number.POSITIVE_INFINITY }) => expiresAt)
    .filter((end) => end > now && end <= now + LAST_DAYS_SECONDS);
  const about = "ADMIN_CREDENTIALS";
  const findings: Finding[] = [];
  if (ends.length > 0) {
    const first = new Date(Math.min(...ends) * 1000).toISOString().slice(0, 16);
    findings.push({
      level: "warning",
      code: "credential-expires",
      about,
      message: `${countOf(ends.length, credentials)} will be refused soon, the first from ${first} UTC on.`,
      action: "Give the caller a second entry now, let it change over, and take the old entry out: docs/settings.md.",
    });
  }
  if (expired > 0) {
    findings.push({
      level: "warning",
      code: "credential-expired",
      about,
      message: `${countOf(expired, credentials)} are over, and refused.`,
      action:
        "Take them out of ADMIN_CREDENTIALS, once the log has no line of theirs with the reason credential-expired.",
    });
  }
  return findings;
}

function countOf(count: number, credentials: readonly AdminCredential[]): string {
  return `${count} of ${credentials.length} credentials`;
}

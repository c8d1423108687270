/** What grows with what: the hot path with the identities present, linking with the logins already linked, listing with the pool. */
import { ListIdentitiesCommand } from "@aws-sdk/client-cognito-identity";
import { batchesOf, importAll } from "./import-list.ts";
import { measure, percentile } from "./load.ts";
import { providerName } from "./logins.ts";
import { describeMachine, loadAverage, printTable, writeJson } from "./report.ts";
import { progress } from "./rounds.ts";
import { hotPath } from "./scenarios.ts";
import { getOpenIdToken, inParallel, makeIdentities, MAX_PROVIDERS, type Logins, type Service } from "./service.ts";
import type { Workshop } from "./workshop.ts";

/** By how many identities there are. Those beyond MOST_MADE are in the list alone: to make a million here takes hours, and 12 GB. */
const SIZES = [1_000, 10_000, 100_000, 1_000_000];
const MOST_MADE = 100_000;
/** Identities that are made between two lines of progress. */
const BATCH = 5_000;
const SECONDS = 4;
/** Longer than workerd keeps an idle object: what is resident then is what stays. */
const IDLE_MS = 15_000;
const LISTINGS = 60;
const LISTED = 60;
/** Identities that collect logins up to the most that one can have. */
const COLLECTORS = 48;

async function grow(service: Service, from: number, to: number): Promise<void> {
  for (let made = from; made < to; made += BATCH) {
    await makeIdentities(service, Array.from({ length: Math.min(BATCH, to - made) }));
    progress(`${Math.min(made + BATCH, to)} identities`);
  }
}

async function listingP50Ms({ admin, identityPoolId }: Service): Promise<number> {
  const durations: number[] = [];
  for (let call = 0; call < LISTINGS; call++) {
    const startedAt = performance.now();
    await admin.send(new ListIdentitiesCommand({ IdentityPoolId: identityPoolId, MaxResults: LISTED }));
    durations.push(performance.now() - startedAt);
  }
  return percentile(
    durations.toSorted((a, b) => a - b),
    0.5,
  );
}

async function growIdentities(workshop: Workshop, service: Service, most: number): Promise<readonly object[]> {
  const load = await hotPath.prepare(workshop.stage(service, 0));
  let made = load.requests.length;
  let listed = made;
  const points = [];
  for (const identities of SIZES.filter((size) => size <= most)) {
    const toMake = Math.min(identities, MOST_MADE);
    await grow(service, made, toMake);
    listed += toMake - made;
    made = toMake;
    if (identities > listed) await importAll(service, batchesOf(identities - listed, "ids"), "imported");
    listed = identities;
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    const idleBytes = service.runtime.residentBytes();
    const one = await measure(service.runtime, load, 1, SECONDS);
    const sixteen = await measure(service.runtime, load, 16, SECONDS);
    points.push({ made, listed, idleBytes, one, sixteen, listingP50Ms: await listingP50Ms(service) });
  }
  printTable(
    [
      "identities made",
      "in the list",
      "p50 ms, 1 conn",
      "req/s, 16 conn",
      "CPU s/1000",
      "MB idle",
      "ListIdentities p50 ms",
    ],
    points.map((point) => [
      String(point.made),
      String(point.listed),
      point.one.p50Ms.toFixed(2),
      point.sixteen.requestsPerSecond.toFixed(0),
      point.sixteen.cpuSecondsPer1000.toFixed(3),
      (point.idleBytes / 1e6).toFixed(0),
      point.listingP50Ms.toFixed(1),
    ]),
  );
  return points;
}

async function growLogins({ issuer }: Workshop, service: Service): Promise<readonly object[]> {
  const subjects = Array.from({ length: COLLECTORS }, (_, index) => `collector-${index}`);
  const loginsWith = async (provider: number): Promise<readonly Logins[]> =>
    await inParallel(subjects, async (subject) => ({ [providerName(provider)]: await issuer.sign(provider, subject) }));
  const first = await loginsWith(1);
  const identityIds = await makeIdentities(service, first);
  const points = [];
  for (let linked = 1; linked < MAX_PROVIDERS; linked++) {
    const next = await loginsWith(linked + 1);
    const links = identityIds.map((id, index) => getOpenIdToken(id, { ...first[index], ...next[index] }));
    const link = await measure(service.runtime, { requests: links, expectedStatus: 200, isOneTime: true }, 1, 0);
    const mints = identityIds.map((id, index) => getOpenIdToken(id, first[index]));
    const mint = await measure(service.runtime, { requests: mints, expectedStatus: 200 }, 1, 1);
    points.push({ linked, link, mint });
  }
  printTable(
    ["logins already linked", "link one more, p50 ms", "CPU ms"],
    points.map(({ linked, link }) => [String(linked), link.p50Ms.toFixed(2), link.cpuSecondsPer1000.toFixed(2)]),
  );
  printTable(
    ["logins linked", "hot path, p50 ms", "CPU ms"],
    points.map(({ linked, mint }) => [String(linked + 1), mint.p50Ms.toFixed(2), mint.cpuSecondsPer1000.toFixed(2)]),
  );
  return points;
}

/** `most`: sizes above it are left out. */
export async function growth(workshop: Workshop, most: number): Promise<void> {
  const loadBefore = loadAverage();
  const service = await workshop.service("edgepool-growth", { algorithm: "RS256" });
  const byLogins = await growLogins(workshop, service);
  const byIdentities = await growIdentities(workshop, service, most);
  const file = await writeJson("growth", { machine: describeMachine(loadBefore), byIdentities, byLogins });
  console.log(`load average before: ${loadBefore}; ${file}`);
}

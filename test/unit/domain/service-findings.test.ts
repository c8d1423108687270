import { describe, expect, it } from "vitest";
import type { AdminCredential } from "../../../src/domain/admin-credential.ts";
import { type ServiceFacts, serviceFindings } from "../../../src/domain/service-findings.ts";

const LONG = "a-secret-of-thirty-two-characters";
const reader: AdminCredential = {
  accessKeyId: "reader",
  secretAccessKey: LONG,
  operations: ["DescribeService"],
  pools: "*",
};
const backend: AdminCredential = {
  accessKeyId: "backend",
  secretAccessKey: LONG,
  operations: "*",
  pools: ["us-east-1:1"],
};
const admin: AdminCredential = { accessKeyId: "admin", secretAccessKey: LONG, operations: "*", pools: "*" };

const GOOD: ServiceFacts = {
  issuer: "https://identity.example.com",
  origin: "https://identity.example.com",
  isLocal: false,
  limitsClients: true,
  credentials: [reader, backend],
  now: 1_800_000_000,
  unbound: [],
};

const codesOf = (facts: Partial<ServiceFacts>) =>
  serviceFindings({ ...GOOD, ...facts }).map(({ level, code, about }) => `${level} ${code} ${about}`);

describe("what is found of the settings of the whole service", () => {
  it.each<[string, Partial<ServiceFacts>, readonly string[]]>([
    ["nothing where all is well", {}, []],
    [
      "another origin than ISSUER",
      { origin: "https://edgepool.example.workers.dev" },
      ["error issuer-not-origin ISSUER"],
    ],
    ["another port", { origin: "https://identity.example.com:8443" }, ["error issuer-not-origin ISSUER"]],
    ["a binding that is missing", { unbound: ["LOGIN"] }, ["error binding-missing LOGIN"]],
    ["no limit of clients", { limitsClients: false }, ["advice client-limit-off CLIENT_LIMIT"]],
    ["a single credential", { credentials: [reader] }, ["advice one-credential ADMIN_CREDENTIALS"]],
    [
      "a credential for everything",
      { credentials: [admin, backend] },
      ["advice credential-for-everything ADMIN_CREDENTIALS"],
    ],
    [
      "a secret of 31 characters",
      { credentials: [reader, { ...backend, secretAccessKey: LONG.slice(0, 31) }] },
      ["advice short-secret ADMIN_CREDENTIALS"],
    ],
    ["no shortness in 32", { credentials: [reader, { ...backend, secretAccessKey: LONG.slice(0, 32) }] }, []],
    [
      "a credential that ends within two weeks",
      { credentials: [reader, { ...backend, expiresAt: 1_800_000_000 + 14 * 86_400 }] },
      ["warning credential-expires ADMIN_CREDENTIALS"],
    ],
    [
      "no end that is further away",
      { credentials: [reader, { ...backend, expiresAt: 1_800_000_001 + 14 * 86_400 }] },
      [],
    ],
    [
      "a credential that is over",
      { credentials: [reader, { ...backend, expiresAt: 1_800_000_000 }] },
      ["warning credential-expired ADMIN_CREDENTIALS"],
    ],
    [
      "errors before advice",
      { limitsClients: false, unbound: ["LOGIN"] },
      ["error binding-missing LOGIN", "advice client-limit-off CLIENT_LIMIT"],
    ],
    [
      "in local development no more than what is broken there, too",
      { isLocal: true, limitsClients: false, credentials: [admin], origin: "http://127.0.0.1:9" },
      ["error issuer-not-origin ISSUER"],
    ],
  ])("%s", (_, facts, codes) => {
    expect(codesOf(facts)).toEqual(codes);
  });

  it("names no credential and no secret", () => {
    const credentials = [admin, { ...backend, secretAccessKey: "secret-of-backend" }];
    const told = JSON.stringify(serviceFindings({ ...GOOD, credentials }));
    expect(told).toContain("1 of 2 credentials");
    expect(told).not.toMatch(/secret-of|"admin"|"backend"|reader/);
  });
});

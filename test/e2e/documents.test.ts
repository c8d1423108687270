/** The documents as their reader has them: each link leads somewhere, and the examples run as they are printed, but for the endpoint. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { parseEnv, promisify } from "node:util";
import {
  GetIdentityPoolRolesCommand,
  GetOpenIdTokenForDeveloperIdentityCommand,
} from "@aws-sdk/client-cognito-identity";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, inject, it, test } from "vitest";
import { curlGuest } from "../../src/development/commands.ts";
import { demoPoolId } from "../../src/development/demo-pool.ts";
import { LOCAL_CREDENTIAL } from "../../src/development/local-credential.ts";
import { missingBoto3 } from "../support/boto3.ts";
import { extensions } from "../../src/protocol/extensions.ts";
import { operations as modelled } from "../../src/protocol/shapes.ts";
import { adminClient, appClient, createPool, getId as askForId } from "../support/cognito-clients.ts";
import { missingProgram, need, runProgram } from "../support/debian-tools.ts";
import { sendSigned } from "../support/signed-call.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

const ROOT = join(import.meta.dirname, "../..");
const PRINTED_ENDPOINT = "http://127.0.0.1:8787";
const DEPLOYED_ENDPOINT = "https://identity.example.com";
const endpoint = inject("endpoint");
const IDENTITY_ID = /^us-east-1:[0-9a-f-]{36}$/;

const FOLDERS = [
  ".",
  "bench",
  "docs",
  "docs/adr",
  "docs/runbooks",
  "ops/terraform",
  "test/simulation",
  "test/unit/durable",
];
const pages = new Map(
  FOLDERS.flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => join(folder, name)))
    .filter((path) => path.endsWith(".md"))
    .map((path) => [path, readFileSync(join(ROOT, path), "utf8")]),
);

const files = ["bench", "console", "scripts", "src", "test"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((path) => `${folder}/${path}`),
);

function pageOf(path: string): string {
  const text = pages.get(path);
  if (text === undefined) throw new Error(`there is no page ${path}`);
  return text;
}

function withoutExamples(text: string): string {
  return text.replaceAll(/^ *```[^]*?^ *```$/gm, "");
}

/** The names that GitHub gives to the headings of a page. */
function anchorsOf(text: string): readonly string[] {
  return [...withoutExamples(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** The links of a page that lead nowhere. */
function brokenLinks(path: string, text: string): readonly string[] {
  const links = [...withoutExamples(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
  return links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? path : relative(ROOT, resolve(ROOT, dirname(path), file));
    const isThere = pages.has(target) || isFile(join(ROOT, target));
    return !isThere || (anchor !== undefined && !anchorsOf(pages.get(target) ?? "").includes(anchor));
  });
}

function isFile(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch (error) {
    // A folder is shown by its list of files.
    return error instanceof Error && "code" in error && error.code === "EISDIR";
  }
}

/** The examples of a page in a language, with the endpoint of the service that the tests run. */
function examplesOf(path: string, language: string): readonly string[] {
  const fences = pageOf(path).matchAll(new RegExp(`^ *\`\`\`${language}\\n([^]*?)^ *\`\`\`$`, "gm"));
  return [...fences].map(([, code = ""]) => code.replaceAll(PRINTED_ENDPOINT, endpoint));
}

function exampleWith(path: string, language: string, text: string): string {
  const [example, ...others] = examplesOf(path, language).filter((code) => code.includes(text));
  if (example === undefined || others.length > 0) throw new Error(`${path} has no single example with ${text}`);
  return example;
}

/** What the code prints, run where the packages of this repository are found. */
async function runModule(code: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code], { cwd: ROOT });
  return stdout.trim();
}

async function runShell(commands: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { code, stdout, stderr } = await runProgram("sh", ["-eu", "-c", commands], env);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout.trim();
}

it.each([...pages])("%s has no link that leads nowhere", (path, text) => {
  expect(brokenLinks(path, text)).toEqual([]);
});

/** The files that a page names and that are nowhere: a name may be the end of a path, as `linking/plan.ts` is. */
function missingFiles(text: string): readonly string[] {
  const named = [...withoutExamples(text).matchAll(/`(?:src\/|test\/)?([\w./-]+\.ts)`/g)].map(([, path = ""]) => path);
  return named.filter((path) => !files.some((file) => file.endsWith(`/${path}`)));
}

it.each([...pages].filter(([path]) => !path.startsWith("docs/adr/")))(
  "%s names no file that is not there",
  (_path, text) => {
    expect(missingFiles(text)).toEqual([]);
  },
);

/** A table is for looking up. What needs more is a sentence, and belongs where sentences are read. */
const MAX_CELL_LENGTH = 200;

it.each([...pages].filter(([path]) => !path.startsWith("docs/adr/")))(
  "%s has sentences for what no cell can hold",
  (_path, text) => {
    const rows = withoutExamples(text)
      .split("\n")
      .filter((line) => line.startsWith("|"));
    const cells = rows.flatMap((row) => row.split(" | ")).map((cell) => cell.trim());
    expect(cells.filter((cell) => cell.length > MAX_CELL_LENGTH && !/^\W+$/.test(cell))).toEqual([]);
  },
);

test("a link to a missing page or heading is found, and so is a missing file", () => {
  const text =
    "[one](docs/none.md) [two](docs/clients.md#nothing) [three](#here) [four](docs/clients.md#what-was-tried)\n# There";
  expect(brokenLinks("README.md", text)).toEqual(["docs/none.md", "docs/clients.md#nothing", "#here"]);
  expect(missingFiles("`src/app.ts`, `linking/plan.ts`, `linking/app.ts`, `n.ts`")).toEqual(["linking/app.ts", "n.ts"]);
});

describe("README.md", () => {
  it("has the guest's commands as npm start prints them", () => {
    const identityPoolId = demoPoolId("us-east-1");
    const service = { endpoint: PRINTED_ENDPOINT, region: "us-east-1", identityPoolId, providerName: "" };
    expect(pageOf("README.md")).toContain(curlGuest(service).join("\n"));
  });

  it("has an app that signs alice in with Amplify, and has credentials of the users' role", async () => {
    const app = exampleWith("README.md", "js", "fetchAuthSession");
    const caller = await callerOfSession(app);
    expect(caller).toBe("arn:aws:sts::000000000000:assumed-role/edgepool-demo-user/CognitoIdentityCredentials");
  });
});

/** An example with a session, run to its end; and then whose its `credentials` are, as the token service says. */
async function callerOfSession(example: string): Promise<string> {
  const sts = `{ region: "us-east-1", endpoint: "${endpoint}/development/sts", credentials }`;
  return await runModule(`import * as sts from "@aws-sdk/client-sts";
${example}
console.log((await new sts.STSClient(${sts}).send(new sts.GetCallerIdentityCommand({}))).Arn);`);
}

describe("docs/clients.md", () => {
  const GUEST = "arn:aws:sts::000000000000:assumed-role/edgepool-demo-guest/CognitoIdentityCredentials";

  it("has an app that signs alice in with the AWS SDK, and a relying party that verifies her token", async () => {
    const app = exampleWith("docs/clients.md", "js", "GetOpenIdTokenCommand");
    const relyingParty = exampleWith("docs/clients.md", "js", "jwtVerify").replaceAll("token,", "Token,");
    // Imports may stand anywhere in a module, and each example has its own names.
    const printed = await runModule(`${app}\n${relyingParty}\nconsole.log(JSON.stringify({ IdentityId, payload }));`);
    const { IdentityId, payload }: Record<string, Record<string, unknown>> = JSON.parse(printed);
    expect(IdentityId).toMatch(IDENTITY_ID);
    expect(payload).toMatchObject({ iss: endpoint, sub: IdentityId, amr: expect.arrayContaining(["authenticated"]) });
  });

  it("has a guest's session by the credentials providers of the AWS SDK", async () => {
    const code = exampleWith("docs/clients.md", "js", "fromCognitoIdentityPool");
    expect(await runModule(`${code}\nconsole.log(Arn);`)).toBe(GUEST);
  });

  it("has a guest's session with Amplify", async () => {
    expect(await callerOfSession(exampleWith("docs/clients.md", "js", "fetchAuthSession"))).toBe(GUEST);
  });

  it("has a guest with boto3", async ({ skip }) => {
    need({ skip }, await missingBoto3());
    const code = exampleWith("docs/clients.md", "python", "boto3");
    const shown = 'print(identity_id, token, credentials["AccessKeyId"])';
    const { stdout } = await runProgram("/usr/bin/python3", ["-c", `${code}\n${shown}`]);
    const [identityId = "", token = "", accessKeyId] = stdout.trim().split(" ");
    expect(identityId).toMatch(IDENTITY_ID);
    expect(accessKeyId).toMatch(/^ASIA/);
    expect(decodeJwt(token)).toMatchObject({ sub: identityId, amr: ["unauthenticated"] });
  });

  it("has commands of the AWS command line", async ({ skip }) => {
    need({ skip }, await missingProgram("aws", "awscli"));
    const [getId = "", listPools = ""] = examplesOf("docs/clients.md", "sh");
    const made: Record<string, unknown> = JSON.parse(await runShell(getId));
    expect(made["IdentityId"]).toMatch(IDENTITY_ID);
    const listed: Record<string, unknown> = JSON.parse(await runShell(listPools));
    expect(listed["IdentityPools"]).toBeInstanceOf(Array);
  });
});

describe("docs/credentials.md", () => {
  const POOL = "us-east-1:11111111-2222-4333-8444-555555555555";
  const ROLE = "arn:aws:iam::123456789012:role/app-users";

  it("names one service, account and pool throughout, and its policies are JSON", () => {
    const [trust, permissions, tags] = examplesOf("docs/credentials.md", "json").map((text) =>
      JSON.stringify(JSON.parse(text)),
    );
    expect(trust).toContain(`"identity.example.com:aud":"${POOL}"`);
    expect(permissions).toContain("${identity.example.com:sub}");
    expect(tags).toContain("${aws:PrincipalTag/team}");
    const named = pageOf("docs/credentials.md").match(/us-east-1:[\w-]+|arn:aws:iam::\d{12}:[\w-]+\/[\w.-]+/g) ?? [];
    expect([...new Set(named)].toSorted()).toEqual([
      "arn:aws:iam::123456789012:oidc-provider/identity.example.com",
      ROLE,
      POOL,
    ]);
  });

  it("has a command that gives the pool its role", async ({ skip }) => {
    need({ skip }, await missingProgram("aws", "awscli"));
    const admin = adminClient(endpoint);
    const IdentityPoolId = await createPool(admin);
    const command = exampleWith("docs/credentials.md", "sh", "set-identity-pool-roles")
      .replace(DEPLOYED_ENDPOINT, endpoint)
      .replace(POOL, IdentityPoolId);
    await runShell(command, {
      AWS_ACCESS_KEY_ID: LOCAL_CREDENTIAL.accessKeyId,
      AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIAL.secretAccessKey,
    });
    const { Roles } = await admin.send(new GetIdentityPoolRolesCommand({ IdentityPoolId }));
    expect(Roles).toEqual({ authenticated: ROLE });
  });
});

describe("docs/operations.md", () => {
  it("has commands for the operations beyond the model, which all answer", async () => {
    const commands = exampleWith("docs/operations.md", "sh", "Edgepool.$1");
    const user = { IdentityPoolId: demoPoolId("us-east-1"), Logins: { "login.example.app": "user-7" } };
    const command = new GetOpenIdTokenForDeveloperIdentityCommand(user);
    const { IdentityId = "" } = await adminClient(endpoint).send(command);
    const answers = (await runShell(commands, { IDENTITY_ID: IdentityId }))
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(answers).toHaveLength(commands.match(/^edgepool [A-Z]/gm)?.length ?? 0);
    expect(answers[0]).toMatchObject({ Issuer: endpoint, Local: true, Findings: [] });
    expect(answers.filter((answer) => "__type" in answer)).toEqual([]);
    expect(answers[1]).toMatchObject({ Healthy: true });
    expect(answers.slice(3)).toMatchObject([{ IdentityId }, { IdentityId, Standing: "authenticated" }]);
  });

  it.each([
    ["stop a user, and let it go on", "edgepool DisableIdentity", [{ IsDisabled: true }, { IsDisabled: false }]],
    ["shorten the tokens of a pool", "edgepool SetTokenLifetime", [{ TokenSeconds: 120 }, { TokenSeconds: 120 }]],
  ])("has commands that %s", async (_, command, answers) => {
    const IdentityPoolId = await createPool(adminClient(endpoint));
    const identityId = await askForId(appClient(endpoint), IdentityPoolId);
    const [defined] = exampleWith("docs/operations.md", "sh", "Edgepool.$1").split("\n\n");
    const shell = `${defined}\n${exampleWith("docs/operations.md", "sh", command)}`;
    const printed = (await runShell(shell, { IDENTITY_ID: identityId, POOL: IdentityPoolId })).trim().split("\n");
    expect(printed.map((line) => JSON.parse(line) as object)).toMatchObject(answers);
  });
});

describe("docs/settings.md", () => {
  it("has a credential for people who look, which may read and nothing else", async () => {
    const [reader]: { operations: string[] }[] = JSON.parse(exampleWith("docs/settings.md", "json", '"reader"'));
    const { operations = [] } = reader ?? {};
    const credential = { ...reader, secretAccessKey: "0f1e2d3c4b5a69788796a5b4c3d2e1f0" };
    const worker = await startWorker({ settings: { ADMIN_CREDENTIALS: JSON.stringify([credential]) } });
    try {
      const signing = { credential: { accessKeyId: "reader", secretAccessKey: credential.secretAccessKey } };
      const answer = await sendSigned(worker.endpoint, "Edgepool.DescribeService", {}, signing);
      const { Caller }: { Caller?: { AllowedOperations?: unknown } } = JSON.parse(answer.body);
      expect(Caller?.AllowedOperations).toEqual(operations);
      // All that only read, and nothing else: a token of a developer's user is no reading.
      const reads = /^(Check|Describe|Find|Get(?!OpenIdToken)|List|Lookup)/;
      const all = Object.entries({ ...modelled, ...extensions });
      const signed = all.filter(([, { access }]) => access === "signed").map(([name]) => name);
      expect(operations).toEqual(signed.filter((name) => reads.test(name)).toSorted());
    } finally {
      await worker.stop();
    }
  });
});

describe("a service with the secrets that docs/deployment.md has made", () => {
  let folder: string;
  let secrets: NodeJS.Dict<string>;
  let worker: RunningWorker;
  let credential: Record<string, string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgepool-documents-"));
    await runShell(`cd ${folder}\n${exampleWith("docs/deployment.md", "sh", "openssl rand")}`);
    const file = join(folder, ".dev.vars.deploy");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    secrets = parseEnv(await readFile(file, "utf8"));
    worker = await startWorker({ settings: { ...secrets } as Record<string, string> });
    const [entry]: Record<string, string>[] = JSON.parse(secrets["ADMIN_CREDENTIALS"] ?? "");
    credential = {
      AWS_ACCESS_KEY_ID: entry?.["accessKeyId"] ?? "",
      AWS_SECRET_ACCESS_KEY: entry?.["secretAccessKey"] ?? "",
    };
  });
  afterAll(async () => {
    await worker.stop();
    await rm(folder, { recursive: true });
  });

  it("makes the pool of its last step", async ({ skip }) => {
    need({ skip }, await missingProgram("aws", "awscli"));
    const printed = exampleWith("docs/deployment.md", "sh", "create-identity-pool").replace(
      "KEY=...",
      `KEY=${credential["AWS_SECRET_ACCESS_KEY"]}`,
    );
    const made: unknown = JSON.parse(await runShell(printed.replace(DEPLOYED_ENDPOINT, worker.endpoint)));
    expect(made).toMatchObject({ IdentityPoolName: "My app", AllowUnauthenticatedIdentities: true });
  });

  it("tells what is wrong with a pool, and why a login is refused, by the commands of docs/operations.md", async () => {
    const credentials = {
      accessKeyId: credential["AWS_ACCESS_KEY_ID"] ?? "",
      secretAccessKey: credential["AWS_SECRET_ACCESS_KEY"] ?? "",
    };
    const SupportedLoginProviders = { "accounts.google.com": "client-1" };
    const POOL = await createPool(adminClient(worker.endpoint, { credentials }), { SupportedLoginProviders });
    const find = exampleWith("docs/operations.md", "sh", "CheckIdentityPool").replace(
      DEPLOYED_ENDPOINT,
      worker.endpoint,
    );
    const found: unknown = JSON.parse(await runShell(find, { ...credential, POOL }));
    const mistake = expect.objectContaining({ Code: "client-id-of-another", About: "accounts.google.com" });
    expect(found).toMatchObject({ Findings: expect.arrayContaining([mistake]) });
    const check = exampleWith("docs/operations.md", "sh", "CheckLogin").replace(DEPLOYED_ENDPOINT, worker.endpoint);
    const checked: unknown = JSON.parse(await runShell(check, { ...credential, POOL, LOGIN_TOKEN: "junk" }));
    expect(checked).toMatchObject({
      Accepted: false,
      Refusal: "Invalid login token. Not a valid OpenId Connect identity token.",
    });
  });

  it("rotates its key by the command of SECURITY.md: when it may, and at once by force", async () => {
    const rotate = exampleWith("SECURITY.md", "sh", "RotateSigningKey").replace(DEPLOYED_ENDPOINT, worker.endpoint);
    expect(JSON.parse(await runShell(rotate, credential))).toMatchObject({ __type: "TooManyRequestsException" });
    const forced: unknown = JSON.parse(await runShell(rotate.replace("{}", '{"Force": true}'), credential));
    expect(forced).toEqual({ KeyId: expect.any(String), DroppedKeyIds: [expect.any(String)] });
  });
});

test("each decision has a number of its own", () => {
  const numbers = readdirSync(join(ROOT, "docs/adr")).map((name) => name.slice(0, 4));
  expect(numbers.filter((number, index) => numbers.indexOf(number) !== index)).toEqual([]);
});

/**
 * An issuer in front of a Worker, on a loopback port: it passes all on, and adds to each key of the key set a certificate
 * (`x5c`) of an authority that is made anew each time. Ceph reads no key without one. It has the Worker's public keys alone.
 */
import { createPublicKey, type JsonWebKey } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProgram } from "./debian-tools.ts";
import { listenOnLoopback } from "./loopback-server.ts";

const OPENSSL = "/usr/bin/openssl";
const KEY_SET_PATH = "/.well-known/jwks.json";

type Key = JsonWebKey & { readonly kid: string };

export type IssuerFront = {
  /** Its own address, and so what the Worker's `ISSUER` has to be. */
  readonly issuer: string;
  /** Where all is passed on to from now on. Before that it answers nothing. */
  standBefore(endpoint: string): void;
  close(): Promise<void>;
};

async function openssl(...parameters: readonly string[]): Promise<void> {
  const { code, stderr } = await runProgram(OPENSSL, parameters);
  if (code !== 0) throw new Error(`openssl ${parameters[0]}: ${stderr}`);
}

/** An authority that nobody knows; the answer makes certificates over public keys, as DER in base64, one for each `kid`. */
async function makeAuthority(folder: string): Promise<(key: Key) => Promise<string>> {
  const [authority, secret] = [join(folder, "authority.pem"), join(folder, "authority.key")];
  const subject = ["-subj", "/CN=of this test alone", "-days", "2"];
  await openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", secret, "-out", authority, ...subject);
  const certify = async (key: Key) => {
    const [publicKey, certificate] = [join(folder, `${key.kid}.pem`), join(folder, `${key.kid}.der`)];
    await writeFile(publicKey, createPublicKey({ key, format: "jwk" }).export({ type: "spki", format: "pem" }));
    const by = ["-CA", authority, "-CAkey", secret, "-force_pubkey", publicKey];
    await openssl("x509", "-new", ...subject, ...by, "-outform", "DER", "-out", certificate);
    return (await readFile(certificate)).toString("base64");
  };
  const certificates = new Map<string, Promise<string>>();
  return async (key) => {
    const certificate = certificates.get(key.kid) ?? certify(key);
    certificates.set(key.kid, certificate);
    return await certificate;
  };
}

export async function startIssuerFront(): Promise<IssuerFront> {
  const folder = await mkdtemp(join(tmpdir(), "edgepool-issuer-"));
  const certificateOf = await makeAuthority(folder);
  let endpoint = "";

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const answered = await fetch(endpoint + request.url);
    let body = await answered.text();
    if (request.url === KEY_SET_PATH) {
      const { keys } = JSON.parse(body) as { readonly keys: readonly Key[] };
      const certified = keys.map(async (key) => ({ ...key, x5c: [await certificateOf(key)] }));
      body = JSON.stringify({ keys: await Promise.all(certified) });
    }
    response.writeHead(answered.status, { "content-type": "application/json" }).end(body);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => request.socket.destroy());
  });
  const { address: issuer, close } = await listenOnLoopback(server);

  return {
    issuer,
    standBefore(address) {
      endpoint = address;
    },
    async close() {
      await close();
      await rm(folder, { recursive: true });
    },
  };
}

/**
 * The certificate of `npm start -- --https`: self-signed, for the loopback names of this machine, and no authority over others, so
 * that whoever trusts it trusts this service alone. Node reads certificates and writes none: ADR 72.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  X509Certificate,
} from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Result } from "../src/domain/errors.ts";
import { keptText } from "./state-folder.ts";

const KEY_FILE = "https-key.pem";
const CERTIFICATE_FILE = "https-certificate.pem";
const DAY_MS = 24 * 60 * 60 * 1000;
const LIFETIME_MS = 365 * DAY_MS;
/** What is left of it at a start, or it is made anew. */
const LEAST_LEFT_MS = 30 * DAY_MS;

export type Certificate = {
  /** Both as PEM. */
  readonly key: string;
  readonly certificate: string;
  /** Path of the certificate, for clients that shall trust it. */
  readonly file: string;
};

/** Kept in the folder from start to start, the key for ever; `now` in epoch milliseconds. The failure is one sentence. */
export function certificateOf(folder: string, now: number): Result<Certificate, string> {
  const key = keptText(folder, KEY_FILE, newKey);
  if (!key.ok) return key;
  const file = join(folder, CERTIFICATE_FILE);
  try {
    const kept = readKept(file);
    if (kept !== null && isGood(kept, key.value, now)) return ok({ key: key.value, certificate: kept, file });
    const certificate = newCertificate(key.value, now);
    writeFileSync(file, certificate, { mode: 0o600 });
    return ok({ key: key.value, certificate, file });
  } catch (error) {
    return err(`${file} cannot be made (${String(error)}): choose another folder with --state`);
  }
}

/**
 * A file with the certificate and with those that NODE_EXTRA_CA_CERTS names already, for the processes of the service: it
 * fetches its own documents, and there is one such variable.
 */
export function trustFile(folder: string, { certificate, file }: Certificate): string {
  const others = readKept(process.env["NODE_EXTRA_CA_CERTS"] ?? "");
  if (others === null) return file;
  const path = join(folder, "trusted-certificates.pem");
  writeFileSync(path, `${others.trimEnd()}\n${certificate}`, { mode: 0o600 });
  return path;
}

function readKept(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function isGood(pem: string, key: string, now: number): boolean {
  try {
    const certificate = new X509Certificate(pem);
    return (
      certificate.checkPrivateKey(createPrivateKey(key)) && certificate.validToDate.getTime() - now > LEAST_LEFT_MS
    );
  } catch {
    return false;
  }
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

// X.690 (DER) and RFC 5280, as far as this one certificate goes.
const [SEQUENCE, SET, INTEGER, BOOLEAN, BITS, OCTETS, OBJECT_ID, UTF8, UTC_TIME] = [
  0x30, 0x31, 0x02, 0x01, 0x03, 0x04, 0x06, 0x0c, 0x17,
];
const CONTEXT = { version: 0xa0, extensions: 0xa3, dnsName: 0x82, ipAddress: 0x87 };
const ID = {
  commonName: "550403",
  ecdsaWithSha256: "2a8648ce3d040302",
  basicConstraints: "551d13",
  keyUsage: "551d0f",
  extendedKeyUsage: "551d25",
  subjectAltName: "551d11",
  serverAuth: "2b06010505070301",
};

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const long = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...(length < 0x80 ? [length] : long)]), content]);
}

function objectId(hex: string): Buffer {
  return der(OBJECT_ID, Buffer.from(hex, "hex"));
}

function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
  const critical = isCritical ? [der(BOOLEAN, Buffer.from([0xff]))] : [];
  return der(SEQUENCE, objectId(id), ...critical, der(OCTETS, value));
}

/** `YYMMDDhhmmssZ`: until 2049. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/\D/g, "");
  return der(UTC_TIME, Buffer.from(`${digits.slice(2, 14)}Z`));
}

function newCertificate(key: string, now: number): string {
  const publicKey = createPublicKey(key).export({ type: "spki", format: "der" });
  const algorithm = der(SEQUENCE, objectId(ID.ecdsaWithSha256));
  const commonName = der(SEQUENCE, objectId(ID.commonName), der(UTF8, Buffer.from("Edgepool on this machine")));
  const name = der(SEQUENCE, der(SET, commonName));
  // A positive number of 16 bytes, by its first one.
  const serial = Buffer.concat([Buffer.from([0x40]), randomBytes(15)]);
  const names = der(
    SEQUENCE,
    der(CONTEXT.dnsName, Buffer.from("localhost")),
    der(CONTEXT.ipAddress, Buffer.from([127, 0, 0, 1])),
    der(CONTEXT.ipAddress, Buffer.from([...Array<number>(15).fill(0), 1])),
  );
  const extensions = der(
    SEQUENCE,
    // No authority.
    extension(ID.basicConstraints, true, der(SEQUENCE)),
    // Digital signature: the first of nine bits, seven of the byte unused.
    extension(ID.keyUsage, true, der(BITS, Buffer.from([7, 0x80]))),
    extension(ID.extendedKeyUsage, false, der(SEQUENCE, objectId(ID.serverAuth))),
    extension(ID.subjectAltName, false, names),
  );
  const signed = der(
    SEQUENCE,
    der(CONTEXT.version, der(INTEGER, Buffer.from([2]))),
    der(INTEGER, serial),
    algorithm,
    name,
    // A clock that is late by less than a day takes it as well.
    der(SEQUENCE, time(now - DAY_MS), time(now + LIFETIME_MS)),
    name,
    publicKey,
    der(CONTEXT.extensions, extensions),
  );
  const signature = der(BITS, Buffer.from([0]), sign("sha256", signed, key));
  return new X509Certificate(der(SEQUENCE, signed, algorithm, signature)).toString();
}

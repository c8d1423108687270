/**
 * What an answer of the security token service is worth: credentials, or one of four failures. Judges every byte: nothing of an
 * answer goes on but credentials in their bounds, the code of an error, and a cut of its message for the log. Pure.
 */
import { err, ok, type Result } from "../domain/errors.ts";
import { printableAscii } from "../domain/printable.ts";
import type { AnswerBytes } from "../outbound/bounded-fetch.ts";
import { elementsNamed, readXml, textIn, type XmlElement } from "./xml-reader.ts";

export type Credentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Whole epoch seconds. */
  readonly expiresAt: number;
};

/** Who has to mend it: the pool's administrator, an issuer that STS could not reach, this service, or nobody, by waiting. */
export type StsFault = "configuration" | "external" | "internal" | "throttled";

export type StsFailure = {
  readonly fault: StsFault;
  /** For the log: `sts-` and the code of the error, or what was wrong with the answer. */
  readonly reason: string;
  /** Whether the same question may be answered otherwise a moment later. */
  readonly isTransient: boolean;
  /** STS's own words, fit for a log; absent where there are none. */
  readonly message?: string;
};

/** Longest message that is kept, in characters. */
const MAX_MESSAGE_LENGTH = 200;
/** How much longer than asked for credentials may live by STS's clock, in seconds. */
const EXPIRY_LEEWAY_SECONDS = 300;
/** Amplify keeps credentials for 50 minutes, whatever they say: it would use dead ones. */
const MIN_LIFE_SECONDS = 3000;
/** The form of every error code of STS, and of Ceph's. */
const CODE = /^[A-Za-z][A-Za-z0-9.]{0,63}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/;
const THROTTLING: ReadonlySet<string> = new Set(["Throttling", "ThrottlingException", "SlowDown"]);
const TRANSIENT: ReadonlySet<string> = new Set(["InternalFailure", "ServiceUnavailable"]);

/** Texts of InvalidIdentityToken that speak of the token, and so of a defect of ours; the others speak of IAM. */
const OWN_DEFECTS: readonly string[] = [
  "The target role ARN is not present in the roles claim",
  "principal_tags passed in claim",
  "Missing a required claim",
  "Invalid timestamp in token claims",
  "The ID Token provided is not a valid JWT",
];
const NO_VERIFICATION_KEY = "Couldn't retrieve verification key";

/** What the answer is an answer to. */
export type Asked = {
  /** No piece of it is told. */
  readonly token: string;
  /** Life that was asked for. */
  readonly durationSeconds: number;
};

/** `now` is epoch seconds. */
export function readStsAnswer(
  { status, bytes }: AnswerBytes,
  { token, durationSeconds }: Asked,
  now: number,
): Result<Credentials, StsFailure> {
  const root = readXml(bytes);
  if (status === 200) {
    const credentials = root && credentialsIn(root, now, now + durationSeconds + EXPIRY_LEEWAY_SECONDS);
    if (credentials === undefined) return unusable("not-credentials");
    return credentials.expiresAt < now + MIN_LIFE_SECONDS ? unusable("short-lived") : ok(credentials);
  }
  const { code, message } = errorIn(root);
  const words = message === undefined ? {} : { message: forLog(message, token) };
  return err({ ...judge(status, code, message ?? ""), ...words });
}

/** An exchange that brought no answer. Only a connection that failed may be there a moment later. */
export function withoutAnswer(failure: string): StsFailure {
  return { fault: "internal", reason: `sts-${failure.replace(" ", "-")}`, isTransient: failure === "connection" };
}

function unusable(what: string): Result<never, StsFailure> {
  return err({ fault: "internal", reason: `sts-${what}`, isTransient: false });
}

function judge(status: number, code: string | undefined, message: string): StsFailure {
  const failure = (fault: StsFault, isTransient = false): StsFailure => ({
    fault,
    reason: `sts-${code ?? `status-${status}`}`,
    isTransient,
  });
  if (status === 429 || (code !== undefined && THROTTLING.has(code))) return failure("throttled");
  if (status >= 500) return failure("internal", true);
  // What is no error of STS's was said by somebody before it.
  if (status < 400 || code === undefined) return failure("internal");
  if (TRANSIENT.has(code)) return failure("internal", true);
  if (code === "IDPCommunicationError") return failure("external", true);
  if (code === "ExpiredTokenException") return failure("internal");
  if (code !== "InvalidIdentityToken") return failure("configuration");
  if (message.startsWith(NO_VERIFICATION_KEY)) return failure("external", true);
  return failure(OWN_DEFECTS.some((text) => message.startsWith(text)) ? "internal" : "configuration");
}

/** Of the first error, the first code and message: AWS wraps it, Ceph does not. */
function errorIn(root: XmlElement | undefined): { readonly code?: string; readonly message?: string } {
  const [error] = root === undefined ? [] : elementsNamed(root, "Error");
  const textOf = (name: string) => error?.children.find((child) => child.name === name)?.text.trim() ?? "";
  const [code, message] = [textOf("Code"), textOf("Message")];
  if (!CODE.test(code)) return {};
  return message === "" ? { code } : { code, message };
}

/** Printable ASCII without tokens: of whatever looks like one, and of each part of the one that was shown. */
function forLog(message: string, token: string): string {
  const printable = printableAscii(message).replaceAll(/eyJ\S*/g, "***");
  const withoutToken = token
    .split(".")
    .reduce((text, part) => (part === "" ? text : text.replaceAll(part, "***")), printable);
  return withoutToken.slice(0, MAX_MESSAGE_LENGTH);
}

/** Undefined unless there is one element of credentials, with each of four members once and in its bounds. */
function credentialsIn(root: XmlElement, after: number, until: number): Credentials | undefined {
  const [element, ...others] = elementsNamed(root, "Credentials");
  if (element === undefined || others.length > 0) return undefined;
  const accessKeyId = visibleIn(element, "AccessKeyId", 128);
  const secretAccessKey = visibleIn(element, "SecretAccessKey", 256);
  const sessionToken = visibleIn(element, "SessionToken", 16_384);
  // NaN is within no bounds.
  const expiresAt = secondsOf(textIn(element, "Expiration") ?? "") ?? Number.NaN;
  const isInBounds = expiresAt > after && expiresAt <= until;
  if (accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined || !isInBounds) {
    return undefined;
  }
  return { accessKeyId, secretAccessKey, sessionToken, expiresAt };
}

/** Whole epoch seconds of an instant; undefined for other texts, and for a day that no calendar has, as 30 February. */
function secondsOf(text: string): number | undefined {
  const seconds = INSTANT.test(text) ? Math.floor(Date.parse(text) / 1000) : Number.NaN;
  if (Number.isNaN(seconds)) return undefined;
  return new Date(seconds * 1000).toISOString().slice(0, 19) === text.slice(0, 19) ? seconds : undefined;
}

/** Visible ASCII and nothing around it. */
function visibleIn(element: XmlElement, name: string, maxLength: number): string | undefined {
  const text = textIn(element, name) ?? "";
  return text.length <= maxLength && /^[!-~]+$/.test(text) ? text : undefined;
}

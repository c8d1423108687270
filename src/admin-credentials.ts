/** The setting ADMIN_CREDENTIALS: who may sign calls, for which operations, pools and roles, and until when. */
import type { AdminCredential } from "./domain/admin-credential.ts";
import { isObject } from "./domain/json.ts";
import { isRoleArn } from "./domain/role-arn.ts";
import { isOfCommonWords, isPredictable, isPublished } from "./secret-strength.ts";
import { isTextList, json, type Kind, unlessLocal } from "./setting-kinds.ts";

function credentialOf(entry: unknown): AdminCredential | undefined {
  if (!isObject(entry)) return undefined;
  const { accessKeyId, secretAccessKey, operations = "*", pools = "*", roles, expiresAt } = entry;
  if (typeof accessKeyId !== "string" || !/^[\w-]{1,128}$/.test(accessKeyId)) return undefined;
  if (typeof secretAccessKey !== "string" || secretAccessKey.length < 16) return undefined;
  if (operations !== "*" && !isTextList(operations)) return undefined;
  if (pools !== "*" && !isTextList(pools)) return undefined;
  if (roles !== undefined && roles !== "*" && !(isTextList(roles) && roles.every(isRoleArn))) return undefined;
  const ends = expiresAt === undefined ? null : instantOf(expiresAt);
  if (ends === undefined) return undefined;
  return {
    accessKeyId,
    secretAccessKey,
    operations,
    pools,
    ...(roles !== undefined && { roles }),
    ...(ends !== null && { expiresAt: ends }),
  };
}

/** Epoch seconds of a day's beginning, or of a second, in UTC; undefined for what the calendar has not. */
function instantOf(value: unknown): number | undefined {
  const [, day, time = "00:00:00"] =
    typeof value === "string" ? (/^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)Z)?$/.exec(value) ?? []) : [];
  const date = new Date(`${day}T${time}Z`);
  const isOfCalendar = !Number.isNaN(date.getTime()) && date.toISOString() === `${day}T${time}.000Z`;
  return isOfCalendar ? date.getTime() / 1000 : undefined;
}

/** What is wrong with a secret that is well formed, or nothing: production takes none that others know. Never repeats it. */
function weaknessOf({ accessKeyId, secretAccessKey }: AdminCredential): string | undefined {
  if (isPublished(secretAccessKey)) return "is published";
  const characters = Array.from(secretAccessKey, (character) => character.codePointAt(0) ?? 0);
  return secretAccessKey === accessKeyId || isPredictable(characters) || isOfCommonWords(secretAccessKey)
    ? "can be guessed"
    : undefined;
}

export const adminCredentials: Kind<readonly AdminCredential[]> = unlessLocal(
  json(
    "an array of {accessKeyId, secretAccessKey of 16 or more characters, operations?, pools?, roles?, expiresAt?} with distinct access key ids",
    (value) => {
      const credentials = Array.isArray(value) ? value.map(credentialOf) : [undefined];
      const valid = credentials.filter((credential) => credential !== undefined);
      const isDistinct = new Set(valid.map(({ accessKeyId }) => accessKeyId)).size === credentials.length;
      return isDistinct ? valid : undefined;
    },
  ),
  (credentials) => {
    const weak = credentials.map(weaknessOf);
    const index = weak.findIndex((weakness) => weakness !== undefined);
    // By its place and not by its key id: whoever asks is told.
    return index === -1
      ? null
      : `has a secretAccessKey that ${weak[index]}, in entry ${index + 1}: make another one, as with "openssl rand -hex 24"`;
  },
);

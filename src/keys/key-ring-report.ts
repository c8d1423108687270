/** What an operator is told of the key ring: its keys, with the instants behind and before each, and what is wrong with it. Pure. */
import type { Result, ServiceError } from "../domain/errors.ts";
import { type Finding, worstFirst } from "../domain/finding.ts";
import type { TokenAlgorithm } from "../domain/token-algorithm.ts";
import { activatesAt, type KeyRing, type KeyRingSettings, RETENTION_SECONDS, wakeAtOf } from "./key-ring.ts";
import type { KeyRingRecord } from "./key-ring-record.ts";

/** Instants are epoch seconds. What is to come holds only while the settings stay as they are. */
export type ReportedKey = {
  readonly kid: string;
  readonly alg: TokenAlgorithm;
  readonly state: "next" | "active" | "retired";
  readonly publishedAt?: number | undefined;
  readonly activatedAt?: number;
  readonly activatesAt?: number | undefined;
  readonly retiresAt?: number | undefined;
  readonly retiredAt?: number;
  readonly leavesAt?: number;
};

export type KeyRingReport = {
  /** The active one first. */
  readonly keys: readonly ReportedKey[];
  readonly nextStepAt?: number | undefined;
  /** Name of the key encryption key that the ring rests under; absent where there is none, or it cannot be read. */
  readonly sealedUnder?: string;
  /** The setting that holds that key; absent where none does. */
  readonly sealedUnderSetting?: "KEY_ENCRYPTION_KEY" | "KEY_ENCRYPTION_KEY_OTHER";
  readonly findings: readonly Finding[];
};

/** A step is late when the alarm and its repeats, ten minutes apart, cannot be what it waits for. */
const LATE_AFTER_SECONDS = 3600;

/** Names of the key encryption keys that the service has now: the one that is set, and the one beside it while that is changed. */
type KeyNames = { readonly own: string; readonly other: string | null };

export function reportOf(
  record: Result<KeyRingRecord | undefined, Pick<ServiceError, "reason">>,
  settings: KeyRingSettings,
  { own, other }: KeyNames,
  now: number,
): KeyRingReport {
  if (!record.ok) return { keys: [], findings: [unreadable(record.error.reason)] };
  if (record.value === undefined) return { keys: [], findings: [NO_KEY_YET] };
  const { ring, sealedUnder } = record.value;
  const nextStepAt = wakeAtOf(ring, settings);
  const findings = [...sealFindings(sealedUnder, own, other), ...stepFindings(ring, settings, nextStepAt, now)];
  return {
    keys: keysOf(ring, settings),
    nextStepAt,
    sealedUnder,
    ...(sealedUnder === own && { sealedUnderSetting: "KEY_ENCRYPTION_KEY" }),
    ...(sealedUnder !== own && sealedUnder === other && { sealedUnderSetting: "KEY_ENCRYPTION_KEY_OTHER" }),
    findings: worstFirst(findings),
  };
}

function sealFindings(sealedUnder: string, own: string, other: string | null): readonly Finding[] {
  if (sealedUnder !== own) return [sealedUnder === other ? TO_BE_SEALED_ANEW : SEALED_UNDER_ANOTHER];
  return other === null ? [] : [KEY_CHANGE_UNDER_WAY];
}

function keysOf(ring: KeyRing, settings: KeyRingSettings): readonly ReportedKey[] {
  const next = ring.next.map((key): ReportedKey => {
    const { kid, alg, publishedAt } = key;
    return { kid, alg, state: "next", publishedAt, activatesAt: activatesAt(ring, key, settings) };
  });
  const handovers = next.flatMap((key) => key.activatesAt ?? []);
  const active = [ring.active ?? []].flat().map(({ kid, alg, publishedAt, activatedAt }): ReportedKey => {
    const retiresAt = handovers.length === 0 ? undefined : Math.min(...handovers);
    return { kid, alg, state: "active", publishedAt, activatedAt, retiresAt };
  });
  const retired = ring.retired.map(({ kid, alg, retiredAt }): ReportedKey => {
    return { kid, alg, state: "retired", retiredAt, leavesAt: retiredAt + RETENTION_SECONDS };
  });
  return [...active, ...next, ...retired];
}

function stepFindings(
  ring: KeyRing,
  settings: KeyRingSettings,
  nextStepAt: number | undefined,
  now: number,
): readonly Finding[] {
  const findings: Finding[] = [];
  if (ring.active === undefined) findings.push(NO_ACTIVE_KEY);
  if (nextStepAt !== undefined && now > nextStepAt + LATE_AFTER_SECONDS) findings.push(ROTATION_LATE);
  if (!ring.next.some(({ alg }) => alg === settings.algorithm)) findings.push(NO_SUCCESSOR);
  return findings;
}

const LOOK_AT_LOG = "Look in the log for key-ring-alarm-failed and key-ring-key-not-made, which say why.";

const NO_KEY_YET: Finding = {
  level: "advice",
  code: "no-key-yet",
  message: "There is no signing key yet: whoever first asks for a token, or for the key set, has it made.",
  action: "Nothing need be done.",
};

const SEALED_UNDER_ANOTHER: Finding = {
  level: "error",
  code: "sealed-under-another-key",
  about: "KEY_ENCRYPTION_KEY",
  message:
    "The signing keys are sealed under another KEY_ENCRYPTION_KEY than the one that is set: no token can be signed.",
  action: "Set the former KEY_ENCRYPTION_KEY again. If it is lost, RotateSigningKey with Force ends all living tokens.",
};

const TO_BE_SEALED_ANEW: Finding = {
  level: "advice",
  code: "to-be-sealed-anew",
  about: "KEY_ENCRYPTION_KEY_OTHER",
  message: "The signing keys are still sealed under KEY_ENCRYPTION_KEY_OTHER.",
  action: "Leave both settings as they are. The next token seals them anew, or CheckService does.",
};

const KEY_CHANGE_UNDER_WAY: Finding = {
  level: "advice",
  code: "key-change-under-way",
  about: "KEY_ENCRYPTION_KEY_OTHER",
  message: "The signing keys are sealed under KEY_ENCRYPTION_KEY, and KEY_ENCRYPTION_KEY_OTHER is set beside it.",
  action: "Go on with the change, or end it: docs/runbooks/key-encryption-key.md.",
};

const NO_ACTIVE_KEY: Finding = {
  level: "error",
  code: "no-active-key",
  message: "No key signs, so that no token is minted. The next call makes one.",
  action: LOOK_AT_LOG,
};

const ROTATION_LATE: Finding = {
  level: "error",
  code: "rotation-late",
  message:
    "A step of the rotation is due for more than an hour. The next token takes it, and so should have the alarm.",
  action: LOOK_AT_LOG,
};

const NO_SUCCESSOR: Finding = {
  level: "warning",
  code: "no-successor",
  message:
    "No key is published to follow the one that signs: an emergency rotation would have to wait, or to be forced.",
  action: LOOK_AT_LOG,
};

/** `reason` names the member that is wrong, and not what is there. */
function unreadable(reason = "for an unknown reason"): Finding {
  return {
    level: "error",
    code: "key-ring-unreadable",
    message: `The stored key ring cannot be used: ${reason}.`,
    action: "Deploy the version that wrote it. If it is damaged, RotateSigningKey with Force ends all living tokens.",
  };
}

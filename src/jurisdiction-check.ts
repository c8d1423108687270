/** Whether the objects that JURISDICTION leads to are those of this service: docs/adr/0088. */
import type { Config } from "./config.ts";
import { err, ok, type Result } from "./domain/errors.ts";
import type { Jurisdiction } from "./domain/place.ts";
import { unlessBefore } from "./domain/release-before.ts";
import type { Objects } from "./durable/objects.ts";
import type { Stubs } from "./durable/stubs.ts";
import { isolate } from "./isolate.ts";
import type { KeyRingStub } from "./keys/signer.ts";
import { writeEvent } from "./log/write.ts";
import { errorOfDefect, notConfigured, type WireError } from "./protocol/wire-error.ts";

/** The refusal of the call, or null where the settings are right. Never rejects. */
export type Look = Promise<WireError | null>;

export type JurisdictionCheck = {
  /** What is known already to be wrong; null where nothing is. */
  refusal(): WireError | null;
  /** Asks what is fixed. Null where it is known to be right, which is for good, or that nothing is fixed yet. */
  begin(): Look | null;
  /** Fixes the jurisdiction of the settings, before a pool is made. Fails where another one is fixed. */
  fix(): Promise<Result<void, WireError>>;
};

/** Fails where the runtime has no objects where the settings want them. */
export function jurisdictionCheckOf(env: Env, config: Config): Result<JurisdictionCheck, readonly string[]> {
  try {
    const stubs = isolate.stubsOf(env);
    return ok(checkOver(() => stubs.poolDirectoryOutside(config.region), config));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return err([`JURISDICTION must not be ${config.jurisdiction} here: ${why}`]);
  }
}

/** `directory` is the one that is in no jurisdiction. */
function checkOver(directory: () => ReturnType<Stubs["poolDirectoryOutside"]>, config: Config): JurisdictionCheck {
  const memory = isolate.jurisdictions.of(config);
  const { jurisdiction: wanted } = config;

  const problemOf = (fixed: Jurisdiction) =>
    `JURISDICTION is ${wanted}, and that of the identity pools of this service is ${fixed}, for good`;

  function judge(fixed: Jurisdiction): WireError | null {
    memory.isRight = fixed === wanted;
    if (memory.isRight) return null;
    const problems = [problemOf(fixed)];
    // Once for each isolate: whoever runs the service sees it without looking into an answer.
    if (memory.other === null) writeEvent({ event: "not-configured", problems });
    memory.other = fixed;
    return notConfigured(problems);
  }

  /** An object of the release before says nothing: its service is in none, and knows of nothing that is for good. */
  async function judgeAnswer(answer: Promise<Jurisdiction | null>): Promise<WireError | null> {
    try {
      const fixed = await unlessBefore(answer, undefined);
      if (fixed !== null && fixed !== undefined) return judge(fixed);
      memory.unfixed.set("", true, Date.now() / 1000);
      return fixed === null || wanted === "none" ? null : notConfigured([problemOf("none")]);
    } catch (cause) {
      return { ...errorOfDefect(cause), reason: `no answer of the directory of pools: ${String(cause)}` };
    }
  }

  return {
    refusal: () => (memory.other === null ? null : notConfigured([problemOf(memory.other)])),
    begin() {
      if (memory.isRight || memory.unfixed.get("", Date.now() / 1000) === true) return null;
      return judgeAnswer(directory().jurisdiction());
    },
    async fix() {
      if (memory.isRight) return ok(undefined);
      const refusal = await judgeAnswer(directory().fixJurisdiction(wanted));
      return refusal === null ? ok(undefined) : err(refusal);
    },
  };
}

/** What stops a call that has begun beside the look: only `Objects` and the key ring know when it has to. */
export class Misplaced extends Error {
  readonly refusal: WireError;

  constructor(refusal: WireError) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/** Operations whose first question makes nothing where no pool is: it may be asked beside the look. */
export const ASKED_BESIDE: ReadonlySet<string> = new Set(["GetCredentialsForIdentity", "GetId", "GetOpenIdToken"]);

async function afterLook<T>(look: Look, answer: Promise<T>): Promise<T> {
  const [refusal, answered] = await Promise.all([look, answer]);
  if (refusal !== null) throw new Misplaced(refusal);
  return answered;
}

/** The objects for these operations: nobody hears what an object has said before it is known to be the right one. */
export function objectsAfterLook(look: Look, objects: Objects): Objects {
  return {
    ...objects,
    grant: async (...given) => await afterLook(look, objects.grant(...given)),
    readPool: async (identityPoolId) => await afterLook(look, objects.readPool(identityPoolId)),
  };
}

/** A key ring is made by whoever asks it first: it waits. */
export function keyRingAfterLook(look: Look, keyRing: () => KeyRingStub): () => KeyRingStub {
  const asked = async <T>(ask: (ring: KeyRingStub) => Promise<Result<T>>): Promise<Result<T>> => {
    const refusal = await look;
    return refusal === null ? await ask(keyRing()) : err(refusal);
  };
  return () => ({
    signingKey: async () => await asked(async (ring) => await ring.signingKey()),
    publishedKeys: async () => await asked(async (ring) => await ring.publishedKeys()),
  });
}

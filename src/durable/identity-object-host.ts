/** What an identity's object gives to its actor: its storage and alarm, the other objects, the clock, and the log. */
import type { Config } from "../config.ts";
import { isolate } from "../isolate.ts";
import type { IdentityHost } from "../linking/identity-host.ts";
import { type StoredRecord, upgraded } from "../linking/first-record.ts";
import type { IdentityRecord } from "../linking/identity-record.ts";
import type { Bucket } from "../limits/rate-limit.ts";
import { writeEvent } from "../log/write.ts";
import { type BucketHost, MintBucket } from "../limits/mint-bucket.ts";
import { tellSource } from "../source/at-source.ts";
import { deliverMessage } from "./deliver-message.ts";
import { auditLink } from "./link-audit.ts";
import { poolReaderOf } from "./pool-reader.ts";
import { sourceToolsOf } from "./source-tools.ts";
import { ofKnownVersion } from "./stored-record.ts";

const RECORD_KEY = "identity";
/** Only there while the identity's rate is, or was of late, well used. */
const BUCKET_KEY = "bucket";

/** What the platform gives to an object, asked for at each use, as any method of the object would. */
export type Platform = { readonly ctx: () => DurableObjectState; readonly env: () => Env };

/** The record as a former life left it; null when there is none. */
export function storedIdentity({ kv }: DurableObjectStorage): IdentityRecord | null {
  const stored = ofKnownVersion(kv.get<StoredRecord>(RECORD_KEY), RECORD_KEY, [1, 2]);
  return stored && upgraded(stored);
}

/** `isMade`: whether a record was there when this life began. */
export function identityHostOf({ ctx, env }: Platform, config: Config, isMade: boolean): IdentityHost {
  const readPool = poolReaderOf(env, (work) => ctx().waitUntil(work));
  return {
    save(record, alarm) {
      const { storage } = ctx();
      if (record === null) {
        ctx().waitUntil(storage.deleteAll());
        return;
      }
      storage.kv.put(RECORD_KEY, record);
      if (alarm === "none") ctx().waitUntil(storage.deleteAlarm());
      else if (alarm !== "as it is") ctx().waitUntil(storage.setAlarm(alarm * 1000));
    },
    async setAlarm(atSeconds) {
      await ctx().storage.setAlarm(atSeconds * 1000);
    },
    async send(message) {
      try {
        return message.kind === "delete-at-source"
          ? await tellSource(message, await readPool(message.identityPoolId), sourceToolsOf(env(), config))
          : await deliverMessage(env(), message);
      } catch (error) {
        // Whether it took effect is not known; the protocol repeats it, so that it does not matter.
        writeEvent({ event: "object-call-failed", kind: message.kind, cause: String(error) });
        return { kind: "failed" };
      }
    },
    afterAnswer: (work) => ctx().waitUntil(onceDurable(ctx().storage, work)),
    now: () => Date.now() / 1000,
    newTransactionId: () => crypto.randomUUID(),
    readPool,
    limit: new MintBucket(
      bucketHostOf(() => ctx().storage.kv),
      config.rateLimit,
      isMade,
    ),
    proofRule: config.linkProofRule,
    linked: (record, link) => ctx().waitUntil(auditLink(record, link, isolate.hash)),
    unsettled: (cause) => {
      writeEvent({ event: "identity-not-settled", cause: String(cause) });
    },
  };
}

/** Where a step could not be stored, this life is over, and the next one has what is to be done. */
async function onceDurable(storage: DurableObjectStorage, work: () => Promise<void>): Promise<void> {
  try {
    await storage.sync();
  } catch {
    return;
  }
  await work();
}

function bucketHostOf(kv: () => SyncKvStorage): BucketHost {
  return {
    nowMs: () => Date.now(),
    kept: () => kv().get<Bucket>(BUCKET_KEY) ?? null,
    keep: (bucket) => kv().put(BUCKET_KEY, bucket),
    quietForMs: () => isolate.quietForMs(Date.now()),
  };
}

/** Bugs to plant (mutants.ts): in the key ring's rules and its actor, and in what an isolate holds of it. */
import type { Mutant } from "./mutants-of-merges.ts";

const RING_ACTOR = "src/keys/key-ring-actor.ts";

export const MUTANTS_OF_KEYS: readonly Mutant[] = [
  {
    name: "a rotation takes the old key out of the set at once",
    edits: [
      {
        file: "src/keys/key-ring.ts",
        find: "return { ...promoted, retired: [...ring.retired, retire(active, now)] };",
        replace: "return { ...promoted, retired: ring.retired.filter(({ kid }) => kid !== active.kid) };",
      },
    ],
  },
  {
    name: "a key signs before everybody can have heard of it",
    edits: [
      {
        file: "src/keys/key-ring.ts",
        find: "return now >= key.publishedAt + PUBLICATION_LEAD_SECONDS;",
        replace: "return now >= key.publishedAt;",
      },
    ],
  },
  {
    name: "a retired key is forgotten while its tokens live",
    edits: [
      {
        file: "src/keys/key-ring.ts",
        find: "KEY_CACHE_LIFE_SECONDS + LONGEST_TOKEN_LIFETIME_SECONDS + JWKS_MAX_AGE_SECONDS + 4 * MAX_CLOCK_ERROR_SECONDS;",
        replace: "0 * LONGEST_TOKEN_LIFETIME_SECONDS + JWKS_MAX_AGE_SECONDS;",
      },
    ],
  },
  {
    name: "an emergency goes on publishing the key that it drops",
    edits: [
      {
        file: "src/keys/key-ring.ts",
        find: "  if (successor !== undefined) return ok(promote(ring, successor, now, settings.algorithm));\n",
        replace:
          "  if (successor !== undefined) {\n    const retired = ring.active === undefined ? [] : [retire(ring.active, now)];\n    return ok({ ...promote(ring, successor, now, settings.algorithm), retired: [...ring.retired, ...retired] });\n  }\n",
      },
    ],
  },
  {
    name: "an emergency that is not forced promotes a key that nobody knows yet",
    edits: [
      {
        file: "src/keys/key-ring.ts",
        find: "const mature = oldestFirst.filter((key) => isMature(key, now));",
        replace: "const mature = oldestFirst;",
      },
    ],
  },
  {
    name: "a key that is missing signs as soon as it is made",
    edits: [
      {
        file: "src/keys/key-ring.ts",
        find: "  if (ring.active === undefined) return { ...ring, active:",
        replace:
          "  const old = ring.active;\n  if (old !== undefined && ring.next.length === 0)\n    return { ...ring, active: { ...fresh, publishedAt: now, activatedAt: now }, retired: [...ring.retired, retire(old, now)] };\n  if (ring.active === undefined) return { ...ring, active:",
      },
    ],
  },
  {
    name: "the ring publishes a key only once it signs",
    edits: [
      {
        file: "src/keys/key-ring.ts",
        find: "[...(ring.active === undefined ? [] : [ring.active]), ...ring.next, ...ring.retired]",
        replace: "[...(ring.active === undefined ? [] : [ring.active]), ...ring.retired]",
      },
    ],
  },
  {
    name: "an order to rotate is not remembered",
    edits: [
      {
        file: "src/keys/key-ring-actor.ts",
        find: "orderId === undefined ? {} : { rotations: [...recent, { orderId, publishedBefore, at: now }] };",
        replace: "orderId === undefined ? {} : { rotations: recent };",
      },
    ],
  },
  {
    name: "an order to rotate is remembered in memory alone, and an eviction forgets it",
    edits: [
      {
        file: "src/keys/key-ring-actor.ts",
        find: "    const rotations = this.#host.loadRotations() ?? [];",
        replace: "    const rotations = this.#carriedOut;",
      },
      {
        file: "src/keys/key-ring-actor.ts",
        find: "    this.#save({ sealedUnder, ring: dropped.value }, remembered);",
        replace:
          "    this.#save({ sealedUnder, ring: dropped.value }, {});\n    this.#carriedOut = remembered.rotations ?? [];",
      },
      {
        file: "src/keys/key-ring-actor.ts",
        find: "  readonly #host: KeyRingHost;\n",
        replace: "  readonly #host: KeyRingHost;\n  #carriedOut: readonly Rotation[] = [];\n",
      },
    ],
  },
  {
    name: "an order to rotate is remembered in a step of its own",
    edits: [
      {
        file: "src/keys/key-ring-actor.ts",
        find: "    this.#save({ sealedUnder, ring: dropped.value }, remembered);",
        replace:
          "    this.#save({ sealedUnder, ring: dropped.value }, {});\n    const currentAfter = await this.#bringUpToDate();\n    if (currentAfter.ok) this.#save({ sealedUnder, ring: currentAfter.value }, remembered);",
      },
    ],
  },
  {
    name: "an emergency is answered before it is stored",
    edits: [
      {
        file: "src/keys/key-ring-actor.ts",
        find: "    this.#save({ sealedUnder, ring: dropped.value }, remembered);\n    return await this.#answerRotation(publishedBefore);",
        replace:
          '    const kid = dropped.value.active?.kid ?? "";\n    void this.#host.makeKey("ES256").then(() => this.#save({ sealedUnder, ring: dropped.value }, remembered)).catch(() => {});\n    return ok({ kid, droppedKids: before.active === undefined ? [] : [before.active.kid] });',
      },
    ],
  },
  {
    name: "an emergency drops what was active before it waited",
    edits: [
      {
        file: "src/keys/key-ring-actor.ts",
        find: "    const current = await this.#bringUpToDate();\n    // From here",
        replace: "    const record = this.#load();\n    const current = await this.#bringUpToDate();\n    // From here",
      },
      {
        file: "src/keys/key-ring-actor.ts",
        find: "    const record = this.#load();\n    const before",
        replace: "    const before",
      },
    ],
  },
  {
    name: "the ring answers with a key that it has not stored",
    edits: [
      {
        file: "src/keys/key-ring-actor.ts",
        find: "    if (step.ring !== ring) {\n",
        replace: "    if (step.ring !== ring && step.ring.active?.kid === ring.active?.kid) {\n",
      },
    ],
  },
  {
    name: "a ring whose alarm was lost is not woken again",
    edits: [
      {
        file: "src/keys/key-ring-actor.ts",
        find: "        await this.#ensureAlarm(step.value.wakeAt);\n",
        replace: "",
      },
    ],
  },
  {
    name: "an isolate signs with what it holds for as long as it may without the ring",
    edits: [
      {
        file: "src/keys/lease.ts",
        find: "spreadLife(terms.refreshAfterSeconds, chance)",
        replace: "spreadLife(terms.useForSeconds, chance)",
      },
    ],
  },
  {
    name: "what an isolate holds is renewed behind the answer however old it is",
    edits: [
      {
        file: "src/keys/lease.ts",
        find: "const isDue = entry === undefined || !covers(entry, now);",
        replace: "const isDue = entry === undefined || now >= entry.useUntil;",
      },
    ],
  },
  {
    name: "a lease is aged from its answer",
    edits: [
      {
        file: "src/keys/lease.ts",
        find: "const entry = entryOf(answer.value, now, random());",
        replace: "const entry = entryOf(answer.value, latest, random());",
      },
      {
        file: "src/keys/lease.ts",
        find: "    const entry = held;\n",
        replace: "    const entry = held;\n    latest = Math.max(latest, now);\n",
      },
      {
        file: "src/keys/lease.ts",
        find: "  let held: Entry<T> | undefined;\n",
        replace: "  let held: Entry<T> | undefined;\n  let latest = 0;\n",
      },
    ],
  },
  {
    name: "a late answer of the ring takes the place of a newer one",
    edits: [
      {
        file: "src/keys/lease.ts",
        find: "if (held === before || held === undefined || held.from <= now) held = entry;",
        replace: "held = entry;",
      },
    ],
  },
  {
    name: "a key that was asked for beside the grant signs however long the grant took",
    edits: [
      {
        file: "src/keys/signer.ts",
        find: "covers(first.value, signedAt) ? first : await signingKey(signedAt, asker);",
        replace: "covers(first.value, signedAt) || first.ok ? first : await signingKey(signedAt, asker);",
      },
    ],
  },
  {
    name: "the ring that is sealed anew forgets the key that follows",
    edits: [
      {
        file: RING_ACTOR,
        find: "ring: { ...ring, ...active, next } }, {});",
        replace: "ring: { ...ring, ...active, next: next.slice(1) } }, {});",
      },
    ],
  },
  {
    name: "the ring opens what is sealed under one key encryption key alone",
    edits: [
      {
        file: RING_ACTOR,
        find: "if (!before.ok || before.value?.sealedUnder !== other) return null;",
        replace: "return null;",
      },
    ],
  },
  {
    name: "the ring that is sealed anew is said to rest under the old key encryption key",
    edits: [
      {
        file: RING_ACTOR,
        find: "if (isSame) this.#save({ sealedUnder, ring",
        replace: "if (isSame) this.#save({ sealedUnder: other, ring",
      },
    ],
  },
  {
    name: "what was done to the ring while it was sealed anew is undone",
    edits: [
      {
        file: RING_ACTOR,
        find: "const isSame = now.ok && JSON.stringify(now.value) === JSON.stringify(before.value);",
        replace: "const isSame = now.ok && before.ok;",
      },
    ],
  },
  {
    name: "only the key that signs is sealed anew",
    edits: [
      {
        file: RING_ACTOR,
        find: "ring.next.map(async (key) => await anew(key))",
        replace: "ring.next.map(async (key) => await Promise.resolve(key))",
      },
    ],
  },
];

/**
 * The clients: each sends its requests one after the other, by either of two isolates, and repeats what failed under the
 * same call id, as the SDKs do. A request whose isolate goes away never learns its outcome.
 */
import { ok, type Result } from "../../src/domain/errors.ts";
import type { IdentityId, IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { VerifiedLogin } from "../../src/domain/login.ts";
import { LARGEST_ERROR_MS } from "./clocks.ts";
import type { History, Recorded } from "./history.ts";
import { fileLineOf, saidBy } from "./import-file.ts";
import { loginNamed } from "./logins.ts";
import { type Random, streamOf } from "../support/random.ts";
import { describeRequest, inFlightOf, loginsIn, type Request, usersOf } from "./requests.ts";
import type { Operation, Tokens } from "./operations.ts";
import { type Life, lifeOf, NetworkFailure } from "./slots.ts";
import { DEVELOPER, POOL_ID } from "./settings.ts";
import { serve, unlinkRequestOf } from "./worker.ts";
import type { World } from "./world.ts";

/** What everybody may know: identity ids that were answered, with their pools, and the logins that went with them. */
export type Knowledge = {
  readonly ids: IdentityId[];
  readonly pools: Map<IdentityId, IdentityPoolId>;
  readonly logins: Map<IdentityId, Map<string, string>>;
};

type Answer = Result<IdentityId | null>;
/** `unknown` is a call that failed, or was never answered. */
type Attempted = Answer | "unknown";

const MAX_TRIES = 3;
/** How often a call is repeated although it was answered: the answer was lost on the way. */
const LOST_ANSWERS = 0.3;
const LONGEST_DOUBT_MS = 5000;
const KEY_SETS_READ = 0.1;
/**
 * By then no identity's rate is in the way: a bucket that was drawn on by a clock ahead waits for the true time (invariant
 * bounded-rate).
 */
const FULL_BUCKETS_MS = LARGEST_ERROR_MS + 20_000;

export class Client {
  isDone = false;
  readonly #world: World;
  readonly #knowledge: Knowledge;
  readonly #history: History;
  readonly #random: Random;
  readonly #name: string;

  constructor(world: World, knowledge: Knowledge, history: History, name: string, seed: number) {
    this.#world = world;
    this.#knowledge = knowledge;
    this.#history = history;
    this.#random = streamOf(seed, name);
    this.#name = name;
  }

  async run(operations: readonly Operation[]): Promise<void> {
    await this.#world.network.sleep(lifeOf(this.#name), 1 + this.#random.below(80));
    for (const [index, operation] of operations.entries()) await this.#repeat(`${this.#name}.${index + 1}`, operation);
    this.isDone = true;
  }

  /** Asks for a login by all ways at rest: its owner, if it had one, is the answer of each (invariant operations-agree). */
  async agree(identityPoolId: IdentityPoolId, login: VerifiedLogin, owner: string | null): Promise<void> {
    const { network } = this.#world;
    const life = lifeOf(this.#name);
    const tokens = new Map([[login.providerName, login.subject]]);
    await network.sleep(life, FULL_BUCKETS_MS + this.#random.below(200));
    const ask: Request =
      login.isDeveloper === true
        ? { kind: "developer-token", identityPoolId, identityId: null, tokens }
        : { kind: "get-id", identityPoolId, tokens };
    const isDisabled = owner !== null && this.#world.identities.get(owner)?.stored?.isDisabled === true;
    const found = await this.#serve(life, ask, "agree");
    if (owner === null && this.#mayBeRefused(login, found)) {
      this.isDone = true;
      return;
    }
    if (isDisabled) {
      if (found.ok || found.error.type !== "NotAuthorizedException")
        network.violate(`operations-agree: ${login.loginId} is of ${owner}, which is disabled, and has an answer`);
      this.isDone = true;
      return;
    }
    const identityId = found.ok ? found.value : null;
    if (identityId === null || (owner !== null && identityId !== owner)) {
      network.violate(
        `operations-agree: ${ask.kind} of ${login.loginId} is ${JSON.stringify(found)}, its owner is ${owner}`,
      );
      return;
    }
    const kind = login.isDeveloper === true ? "developer-token" : "get-token";
    const granted = await this.#serve(life, { kind, identityPoolId, identityId, tokens }, "agree");
    const slot = this.#world.identity(identityId);
    const described = await network.call(life, slot, "describe", async (node) => await node.describe());
    const names = described?.description.providerNames ?? [];
    if (!granted.ok || granted.value !== identityId || !names.includes(login.providerName)) {
      network.violate(`operations-agree: ${identityId} does not agree on ${login.loginId}: ${JSON.stringify(granted)}`);
    }
    this.isDone = true;
  }

  /** A new login that the source has for another identity than any could be here, or of which it does not tell. */
  #mayBeRefused(login: VerifiedLogin, found: Answer): boolean {
    const { sources, judge } = this.#world;
    if (sources === null || found.ok) return false;
    // Nobody may look up a developer's user there: a new one is told so, and none is born.
    if (login.isDeveloper === true && !sources.plan.hasCredential) return true;
    // An operator's line may have disabled whom the source names.
    if (found.error.type === "NotAuthorizedException") return judge.imports.isUsed;
    return found.error.type === "ResourceConflictException" && sources.arrivals.mayConflict(login);
  }

  /** At rest, to merge what is merged answers the identity that it is, and stores nothing (invariant no-second-effect). */
  async mergeAgain(identityPoolId: IdentityPoolId, users: readonly [string, string], owner: IdentityId): Promise<void> {
    const { network, identities } = this.#world;
    await network.sleep(lifeOf(this.#name), 1 + this.#random.below(200));
    const before = identities.get(owner)?.stored;
    const [destination, source] = users;
    const request: Request = { kind: "merge-users", identityPoolId, destination, source };
    const answer = await this.#serve(lifeOf(this.#name), request, "again");
    if (!answer.ok || answer.value !== owner || identities.get(owner)?.stored !== before) {
      network.violate(
        `no-second-effect: to merge ${users.join(" and ")} of ${owner} again gives ${JSON.stringify(answer)}`,
      );
    }
    this.isDone = true;
  }

  /** The same body again while it fails, and at times although it did not. */
  async #repeat(name: string, operation: Operation): Promise<void> {
    const request = this.#bind(operation);
    if (request === null) return;
    const startedAtMs = this.#world.network.nowMs;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      // Whoever has made a pool, or ended one, may be long in finding out that nobody has heard the answer.
      if (tries > 0 && request.kind === "administer")
        await this.#world.network.sleep(lifeOf(name), this.#random.below(LONGEST_DOUBT_MS));
      if (tries > 0) this.#world.observer.repeats(inFlightOf(request, this.#world.login));
      const attempted = await this.#attempt(name, request, startedAtMs);
      const isOrder =
        request.kind === "merge-users" ||
        request.kind === "rotate-key" ||
        request.kind === "import" ||
        (request.kind === "administer" && (request.act === "create" || request.act === "delete")) ||
        ((request.kind === "get-token" || request.kind === "get-credentials") &&
          attempted !== "unknown" &&
          attempted.ok &&
          attempted.value !== request.identityId);
      if (attempted !== "unknown" && !(isOrder && this.#random.chance(LOST_ANSWERS))) break;
    }
    const { copyAfterMs } = operation;
    if (copyAfterMs !== undefined) this.#world.network.after(copyAfterMs, () => void this.#copy(name, request));
  }

  /** The same call once more, of which nobody awaits the answer. */
  async #copy(name: string, request: Request): Promise<void> {
    this.#world.network.note(() => `${name} arrives LATE once more: ${describeRequest(request)}`);
    try {
      await this.#serve(lifeOf(`${name}'s copy`), request, name);
    } catch (error) {
      if (!(error instanceof NetworkFailure)) throw error;
    }
  }

  /** The operation with the identity that it is about, which is chosen when its turn comes. */
  #bind(operation: Operation): Request | null {
    const { ids, logins, pools } = this.#knowledge;
    const identityId = "target" in operation ? ids[(operation.target ?? 0) % ids.length] : undefined;
    const { known: poolIds } = this.#world.judge.pools;
    const identityPoolId = poolIds[(operation.pool ?? 0) % poolIds.length] ?? POOL_ID;
    const own = { identityPoolId: (identityId === undefined ? undefined : pools.get(identityId)) ?? POOL_ID };
    switch (operation.kind) {
      case "get-id":
        return { kind: "get-id", identityPoolId, tokens: new Map(operation.tokens) };
      case "get-token":
      case "burst": {
        if (identityId === undefined) return { kind: "get-id", identityPoolId, tokens: new Map() };
        const tokens = this.#tokensFor(operation.tokens, operation.isOwn, identityId);
        // A developer's user is no login token: only a signed call may name it.
        tokens.delete(DEVELOPER);
        return operation.kind === "burst"
          ? { ...own, kind: "burst", identityId, tokens, count: operation.count }
          : { ...own, kind: "get-token", identityId, tokens };
      }
      case "get-credentials": {
        if (identityId === undefined) return null;
        const tokens = this.#tokensFor(operation.tokens, operation.isOwn, identityId);
        tokens.delete(DEVELOPER);
        return { ...own, kind: "get-credentials", identityId, tokens, custom: operation.custom };
      }
      case "bring-token": {
        const named = identityId === undefined ? undefined : logins.get(identityId);
        return identityId === undefined || named === undefined || named.size === 0
          ? null
          : { ...own, kind: "bring-token", identityId, named: new Map(named) };
      }
      case "unlink": {
        if (identityId === undefined) return null;
        const tokens = this.#tokensFor(operation.tokens, operation.isOwn, identityId);
        tokens.delete(DEVELOPER);
        // Nor does a login token unlink one.
        const known = [...(logins.get(identityId)?.keys() ?? [])].filter((name) => name !== DEVELOPER);
        return tokens.size === 0
          ? null
          : { ...own, kind: "unlink", identityId, tokens, from: [...operation.from, ...known.slice(0, 1)] };
      }
      case "delete":
        return identityId === undefined ? null : { ...own, kind: "delete", identityId };
      case "disable":
        return identityId === undefined
          ? null
          : { ...own, kind: "disable", identityId, isDisabled: operation.isDisabled };
      case "developer-token": {
        const more = operation.target === null || identityId === undefined ? null : identityId;
        const held = more === null ? operation.tokens : this.#tokensFor(operation.tokens, operation.isOwn, more);
        const tokens = new Map([[DEVELOPER, operation.user], ...[...held].filter(([name]) => name !== DEVELOPER)]);
        return { kind: "developer-token", identityPoolId, identityId: more, tokens };
      }
      case "unlink-user": {
        const user = identityId === undefined ? undefined : logins.get(identityId)?.get(DEVELOPER);
        return identityId === undefined
          ? null
          : { kind: "unlink-user", identityPoolId, identityId, user: user ?? operation.user };
      }
      case "look-up-users":
        return identityId === undefined ? null : { kind: "look-up-users", identityPoolId, identityId };
      case "old-app": {
        const { act, tokens, isOwn } = operation;
        const presented = identityId === undefined ? new Map(tokens) : this.#tokensFor(tokens, isOwn, identityId);
        const at = act === "get-id" ? { identityPoolId } : own;
        return { ...at, kind: "old-app", act, identityId: identityId ?? null, presented };
      }
      case "administer": {
        const name = this.#world.newName("name");
        const [hasSecret, size] = [this.#random.chance(0.3), 1 + this.#random.below(3)];
        return { kind: "administer", act: operation.act, identityPoolId, name, hasSecret, size };
      }
      case "import": {
        const ofPool = ids.filter((id) => (pools.get(id) ?? POOL_ID) === POOL_ID);
        const told = operation.lines.map((plan) => fileLineOf(this.#world, POOL_ID, ofPool, plan));
        const lines = told.filter((line) => line !== null);
        return lines.length === 0 ? null : { kind: "import", identityPoolId: POOL_ID, lines };
      }
      case "export":
        return { kind: "export", identityPoolId: POOL_ID, size: 1 + this.#random.below(4) };
      case "restore": {
        const { file: lines } = this.#world;
        return lines.length === 0 ? null : { kind: "import", identityPoolId: POOL_ID, lines };
      }
      case "merge-users":
      case "look-up":
      case "change-key":
      case "rotate-key":
      case "ask-issuer":
      case "pause":
        return { ...operation, identityPoolId };
    }
  }

  #tokensFor(tokens: Tokens, isOwn: boolean, identityId: IdentityId): Map<string, string> {
    const own = [...(this.#knowledge.logins.get(identityId) ?? [])];
    const chosen = own[this.#random.below(own.length)];
    return new Map(isOwn && chosen !== undefined ? [...tokens, chosen] : tokens);
  }

  async #attempt(name: string, request: Request, startedAtMs: number): Promise<Attempted> {
    const { network, observer, login } = this.#world;
    const life = lifeOf(name);
    const asked = { atMs: network.nowMs, step: network.steps };
    network.note(() => `${name} asks ${describeRequest(request)}`);
    const recorded = this.#history.begin(request, network.steps);
    const inFlight = inFlightOf(request, login);
    observer.inFlight.add(inFlight);
    if (network.faults.strikes("client-gone")) {
      network.after(this.#random.below(150), () => {
        if (observer.inFlight.has(inFlight)) network.coverage.hit("F18 a client goes away in mid-request");
        network.kill(life);
      });
    }
    let answer: Attempted;
    try {
      answer = await new Promise<Attempted>((resolve, reject) => {
        // One turn of the promises later, as an answer would come.
        life.onEnd = () => queueMicrotask(() => resolve("unknown"));
        this.#serve(life, request, name).then(resolve, reject);
      });
    } catch (error) {
      if (!(error instanceof NetworkFailure)) throw error;
      network.note(() => `${name} failed`);
      answer = "unknown";
    }
    observer.inFlight.delete(inFlight);
    if (answer === "unknown") return answer;
    const { ok: isDone } = answer;
    network.note(() => `${name} = ${answer.ok ? answer.value : `${answer.error.type}: ${answer.error.message}`}`);
    this.#judge(name, request, answer, startedAtMs, asked);
    if (isDone) this.#learn(request, answer.value, recorded);
    return isDone || answer.error.type !== "InternalErrorException" ? answer : "unknown";
  }

  async #serve(life: Life, request: Request, callId: string): Promise<Answer> {
    const { isolates, network } = this.#world;
    const isolate = isolates[this.#random.below(2)] ?? isolates[0];
    const call = { askedAt: network.nowMs / 1000, callId };
    const serving = { world: this.#world, isolate, life, call, random: this.#random };
    if (request.kind !== "burst") {
      const answer = await serve(serving, request);
      if (answer.ok && "tokens" in request && this.#random.chance(KEY_SETS_READ)) await this.#readKeys();
      return answer;
    }
    await Promise.allSettled(
      Array.from({ length: request.count }, async (_, index) => {
        await network.sleep(life, index * 2);
        return await serve({ ...serving, call: { ...call, callId: `${callId}.${index}` } }, request);
      }),
    );
    return ok(null);
  }

  /** A relying party reads the key set, from whichever isolate it meets. */
  async #readKeys(): Promise<void> {
    const { isolates } = this.#world;
    await (isolates[this.#random.below(2)] ?? isolates[0]).publish(lifeOf(`${this.#name}'s reader`));
  }

  #judge(
    name: string,
    request: Request,
    answer: Answer,
    startedAtMs: number,
    asked: { readonly atMs: number; readonly step: number },
  ): void {
    const { judge, login } = this.#world;
    if (request.kind === "merge-users") {
      const [destination, source] = usersOf(request, login);
      const users = [destination.loginId, source.loginId] as const;
      if (answer.ok && answer.value !== null) judge.merges.saidTogether(users, answer.value, asked.step);
    }
    if (answer.ok) {
      if (answer.value === null) return;
      judge.pools.answered(request.identityPoolId, answer.value);
      if ("tokens" in request && request.identityPoolId === POOL_ID)
        this.#world.sources?.arrivals.answered(loginsIn(request, login), answer.value);
      return;
    }
    const { type } = answer.error;
    const isFinal =
      type === "NotAuthorizedException" || type === "ResourceNotFoundException" || type === "ResourceConflictException";
    if (!isFinal || judge.pools.mayBeGone(request.identityPoolId) || judge.disabling.hasStruck) return;
    switch (request.kind) {
      case "unlink":
        if (type === "NotAuthorizedException")
          judge.unlinks.refused(unlinkRequestOf(this.#world, request), startedAtMs, asked.atMs);
        return;
      case "unlink-user":
        judge.unlinks.refused(unlinkRequestOf(this.#world, request), startedAtMs, asked.atMs);
        return;
      case "get-token": {
        const loginIds = loginsIn(request, login).map(({ loginId }) => loginId);
        judge.merges.refusedToken(request.identityId, loginIds, name, asked.atMs);
        return;
      }
      case "merge-users": {
        const [destination, source] = usersOf(request, login);
        judge.merges.refusedMerge([destination.loginId, source.loginId], asked.step);
        return;
      }
      case "get-id":
      case "burst":
      case "get-credentials":
      case "bring-token":
      case "delete":
      case "disable":
      case "developer-token":
      case "look-up":
      case "look-up-users":
      case "old-app":
      case "administer":
      case "import":
      case "export":
      case "change-key":
      case "rotate-key":
      case "ask-issuer":
      case "pause":
    }
  }

  /** Whom an import tells of, by whose logins. */
  #learnLines({ identityPoolId, lines }: Extract<Request, { readonly kind: "import" }>): void {
    const { ids, logins, pools } = this.#knowledge;
    for (const line of lines) {
      const said = saidBy(line, identityPoolId, this.#world.login);
      if (said.kind !== "restored") continue;
      const identityId = said.told.identityId as IdentityId;
      if (!ids.includes(identityId)) ids.push(identityId);
      pools.set(identityId, identityPoolId);
      const told = said.told.loginIds.flatMap((loginId) => {
        const login = loginNamed(loginId);
        return login === undefined ? [] : [[login.providerName, login.subject] as const];
      });
      if (told.length > 0) logins.set(identityId, new Map([...(logins.get(identityId) ?? []), ...told]));
    }
  }

  #learn(request: Request, identityId: IdentityId | null, recorded: Recorded | null): void {
    this.#history.end(recorded, identityId, this.#world.network.steps);
    if (request.kind === "import") this.#learnLines(request);
    if (identityId === null) return;
    const { ids, logins, pools } = this.#knowledge;
    if (!ids.includes(identityId)) ids.push(identityId);
    pools.set(identityId, request.identityPoolId);
    const brought = "tokens" in request ? request.tokens : request.kind === "old-app" ? request.presented : null;
    if (brought === null || request.kind === "unlink" || request.kind === "burst") return;
    logins.set(identityId, new Map([...(logins.get(identityId) ?? []), ...brought]));
  }
}

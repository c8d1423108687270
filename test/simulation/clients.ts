/**
 * The clients, and the isolate of the Worker that serves each of their requests: the code of src/operations over the
 * simulated network. A request whose isolate goes away never learns its outcome; SDKs repeat what failed.
 */
import { err, ok, type Result } from "../../src/domain/errors.ts";
import { type IdentityId, identityIdOf } from "../../src/domain/identifiers.ts";
import { identityPoolNotFound } from "../../src/domain/mint-rules.ts";
import type { Objects } from "../../src/durable/objects.ts";
import { CONTENDED, whileBusy } from "../../src/operations/contention.ts";
import type { ClientCall } from "../../src/domain/identity.ts";
import { obtainGrant } from "../../src/operations/get-open-id-token.ts";
import { type LinkContext, linkLogins } from "../../src/operations/link-logins.ts";
import type { History, Recorded } from "./history.ts";
import { type Life, lifeOf, NetworkFailure } from "./network.ts";
import { type Random, streamOf } from "./random.ts";
import type { Operation, Tokens } from "./schedule.ts";
import { POOL_ID } from "./surroundings.ts";
import type { World } from "./world.ts";

/** What everybody may know: identity ids that were answered, and the logins that went with them. */
export type Knowledge = { readonly ids: IdentityId[]; readonly logins: Map<IdentityId, Map<string, string>> };

const MAX_TRIES = 3;

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

  /** Asks for a login by both ways at rest: its owner, if it had one, is the answer of both (Q2). */
  async agree(providerName: string, subject: string, owner: string | null): Promise<void> {
    const life = lifeOf(this.#name);
    const context = this.#context(life);
    const tokens = new Map([[providerName, subject]]);
    await this.#world.network.sleep(life, 1 + this.#random.below(200));
    const found = await this.#getId(life, context, tokens);
    const identityId = found.ok ? found.value : null;
    if (identityId === null || (owner !== null && identityId !== owner)) {
      this.#world.network.violate(
        `Q2: GetId of ${providerName}/${subject} is ${JSON.stringify(found)}, its owner is ${owner}`,
      );
      return;
    }
    const call = this.#call();
    const granted = await obtainGrant(
      context,
      identityId,
      call,
      async (named) => await context.objects.identity(named).grant(named, tokens, call),
    );
    const isSame = granted.ok && granted.value.identityId === identityId;
    const described = await context.objects.identity(identityId).describe();
    if (!isSame || described?.description.providerNames.includes(providerName) !== true) {
      this.#world.network.violate(
        `Q2: ${identityId} does not agree on ${providerName}/${subject}: ${JSON.stringify(granted)}`,
      );
    }
    this.isDone = true;
  }

  /** The same body again while it fails, as the SDKs do. */
  async #repeat(name: string, operation: Operation): Promise<void> {
    const request = this.#bind(operation);
    if (request === null) return;
    const startedAtMs = this.#world.network.nowMs;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const answer = await this.#attempt(name, request, startedAtMs);
      if (answer !== "unknown") return;
    }
  }

  /** The operation with the identity that it is about, which is chosen when its turn comes. */
  #bind(operation: Operation): Request | null {
    const { ids, logins } = this.#knowledge;
    switch (operation.kind) {
      case "get-id":
        return { kind: "get-id", tokens: new Map(operation.tokens) };
      case "get-token": {
        const identityId = ids[operation.target % ids.length];
        if (identityId === undefined) return { kind: "get-id", tokens: new Map() };
        return {
          kind: "get-token",
          identityId,
          tokens: this.#tokensFor(operation.tokens, operation.isOwn, identityId),
        };
      }
      case "unlink": {
        const identityId = ids[operation.target % ids.length];
        if (identityId === undefined) return null;
        const tokens = this.#tokensFor(operation.tokens, operation.isOwn, identityId);
        const known = [...(logins.get(identityId)?.keys() ?? [])];
        return tokens.size === 0
          ? null
          : { kind: "unlink", identityId, tokens, from: [...operation.from, ...known.slice(0, 1)] };
      }
      case "delete": {
        const identityId = ids[operation.target % ids.length];
        return identityId === undefined ? null : { kind: "delete", identityId };
      }
      case "delete-pool":
      case "pause":
        return operation;
    }
  }

  #tokensFor(tokens: Tokens, isOwn: boolean, identityId: IdentityId): ReadonlyMap<string, string> {
    const own = [...(this.#knowledge.logins.get(identityId) ?? [])];
    const chosen = own[this.#random.below(own.length)];
    return new Map(isOwn && chosen !== undefined ? [...tokens, chosen] : tokens);
  }

  async #attempt(name: string, request: Request, startedAtMs: number): Promise<"answered" | "unknown"> {
    const { network } = this.#world;
    const life = lifeOf(name);
    const askedAtMs = network.nowMs;
    network.note(() => `${name} asks ${describeRequest(request)}`);
    const recorded = this.#history.begin(request, network.steps);
    const gone = new Promise<"gone">((resolve) => {
      life.onEnd = () => resolve("gone");
    });
    if (network.faults.strikes("client-gone")) network.after(this.#random.below(150), () => network.kill(life));
    let answer: Result<IdentityId | null> | "gone";
    try {
      answer = await Promise.race([this.#perform(life, request), gone]);
    } catch (error) {
      if (!(error instanceof NetworkFailure)) throw error;
      network.note(() => `${name} failed`);
      return "unknown";
    }
    if (answer === "gone") return "unknown";
    network.note(() => `${name} = ${answer.ok ? answer.value : `${answer.error.type}: ${answer.error.message}`}`);
    if (!answer.ok) this.#judgeRefusal(request, answer.error.type, startedAtMs, askedAtMs);
    else this.#learn(request, answer.value, recorded);
    return answer.ok || answer.error.type !== "InternalErrorException" ? "answered" : "unknown";
  }

  #judgeRefusal(request: Request, type: string, startedAtMs: number, askedAtMs: number): void {
    if (request.kind !== "unlink" || type !== "NotAuthorizedException") return;
    this.#world.judge.refusedToUnlink(this.#unlinkRequest(request), startedAtMs, askedAtMs);
  }

  #learn(request: Request, identityId: IdentityId | null, recorded: Recorded | null): void {
    this.#history.end(recorded, identityId, this.#world.network.steps);
    if (identityId === null) return;
    const { ids, logins } = this.#knowledge;
    if (!ids.includes(identityId)) ids.push(identityId);
    if (request.kind !== "get-id" && request.kind !== "get-token") return;
    logins.set(identityId, new Map([...(logins.get(identityId) ?? []), ...request.tokens]));
  }

  /** A call with an id of its own, as the SDKs send it. */
  #call(): ClientCall {
    return { askedAt: this.#world.network.nowMs / 1000, callId: `call-${this.#world.network.nowMs}` };
  }

  async #perform(life: Life, request: Request): Promise<Result<IdentityId | null>> {
    const { network, judge } = this.#world;
    const context = this.#context(life);
    const { objects } = context;
    switch (request.kind) {
      case "get-id":
        return await this.#getId(life, context, request.tokens);
      case "get-token": {
        const { identityId, tokens } = request;
        judge.asksForToken(identityId, this.#verified(tokens));
        const call = this.#call();
        const granted = await obtainGrant(
          context,
          identityId,
          call,
          async (named) => await context.objects.identity(named).grant(named, tokens, call),
        );
        return granted.ok ? ok(granted.value.identityId) : granted;
      }
      case "unlink": {
        const { identityId, tokens, from } = request;
        judge.asksToUnlink(this.#unlinkRequest(request));
        const reply = await whileBusy(
          context,
          async () => await objects.identity(identityId).unlink(identityId, new Map(tokens), [...from]),
        );
        if (reply === null) return err(CONTENDED);
        return reply.kind === "done" ? ok(null) : err(reply.error);
      }
      case "delete": {
        const { identityId } = request;
        judge.asksToDelete(identityId);
        const reply = await whileBusy(context, async () => await objects.identity(identityId).remove(identityId, "*"));
        if (reply === null) return err(CONTENDED);
        return reply.kind === "done" ? ok(null) : err(reply.error);
      }
      case "delete-pool":
        judge.asksToDeletePool();
        await network.call(life, this.#world.pool, "delete pool", (node) => node.remove());
        return ok(null);
      case "pause":
        await network.sleep(life, request.ms);
        return ok(null);
    }
  }

  async #getId(life: Life, context: LinkContext, tokens: ReadonlyMap<string, string>): Promise<Result<IdentityId>> {
    if ((await this.#world.readPool(life)) === null) return err(identityPoolNotFound(POOL_ID));
    if (tokens.size === 0) {
      const identityId = identityIdOf(context.region, context.newUuid());
      const created = await context.objects.identity(identityId).createGuest(identityId, POOL_ID);
      // A guest that was made twice, by a request that was delivered twice, answers no to one of the two.
      return created ? ok(identityId) : err(CONTENDED);
    }
    await this.#world.network.sleep(life, this.#random.below(40));
    const request = { identityPoolId: POOL_ID, logins: this.#verified(tokens), named: null, mints: false };
    const linked = (await linkLogins(context, request)) ?? err(CONTENDED);
    return linked.ok ? ok(linked.value.identityId) : linked;
  }

  #verified(tokens: ReadonlyMap<string, string>) {
    return [...tokens].map(([providerName, subject]) => this.#world.login(providerName, subject));
  }

  #unlinkRequest(request: Extract<Request, { kind: "unlink" }>) {
    const proofs = this.#verified(request.tokens).map(({ loginId }) => loginId);
    return { identityId: request.identityId, proofs, providerNames: request.from };
  }

  #context(life: Life): LinkContext {
    return {
      objects: objectsOf(this.#world, life),
      region: "r",
      mergePolicy: this.#world.mergePolicy,
      pause: async (ms) => await this.#world.network.sleep(life, ms),
      random: () => this.#random.next(),
      newUuid: () => this.#world.newName(""),
    };
  }
}

export type Request =
  | { readonly kind: "get-id"; readonly tokens: ReadonlyMap<string, string> }
  | { readonly kind: "get-token"; readonly identityId: IdentityId; readonly tokens: ReadonlyMap<string, string> }
  | {
      readonly kind: "unlink";
      readonly identityId: IdentityId;
      readonly tokens: ReadonlyMap<string, string>;
      readonly from: readonly string[];
    }
  | { readonly kind: "delete"; readonly identityId: IdentityId }
  | Extract<Operation, { readonly kind: "delete-pool" | "pause" }>;

function describeRequest(request: Request): string {
  const tokens =
    "tokens" in request ? [...request.tokens].map(([provider, subject]) => `${provider}/${subject}`).join(" ") : "";
  const from = request.kind === "unlink" ? ` to unlink ${request.from.join(" ")}` : "";
  return `${request.kind} ${"identityId" in request ? request.identityId : ""} with [${tokens}]${from}`;
}

/** The objects as the operations see them: the calls that they make, over the simulated network. */
function objectsOf(world: World, life: Life): Pick<Objects, "identity" | "login"> {
  const { network } = world;
  const objects: unknown = {
    identity(identityId: IdentityId) {
      const slot = world.identity(identityId);
      type Node = NonNullable<typeof slot.node>;
      function method(name: keyof Node) {
        return async (...args: readonly unknown[]): Promise<unknown> => {
          return await network.call(life, slot, name, (node) => {
            const run: unknown = node[name];
            return typeof run === "function" ? Reflect.apply(run, node, args) : undefined;
          });
        };
      }
      return {
        grant: method("grant"),
        link: method("link"),
        createGuest: method("createGuest"),
        unlink: method("unlink"),
        remove: method("remove"),
        describe: method("describe"),
        confirmOwner: method("confirmOwner"),
        outcome: method("outcome"),
      };
    },
    login(loginId: string) {
      return { view: async () => await network.call(life, world.loginSlot(loginId), "view", (node) => node.view()) };
    },
  };
  // Only the stubs' own shape, which no test can build, is asserted: every method runs the code of the real object.
  return objects as Pick<Objects, "identity" | "login">;
}

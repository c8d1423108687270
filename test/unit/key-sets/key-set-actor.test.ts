import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { KeptKeySet } from "../../../src/key-sets/kept-key-set.ts";
import { KeySetActor } from "../../../src/key-sets/key-set-actor.ts";
import { loadKeySet } from "../../../src/key-sets/load-key-set.ts";
import { productionUpstreams } from "../../../src/outbound/upstream-policy.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import { makeSigningKey } from "../../support/login-tokens.ts";

// What only the platform can show, and the whole life of a set upon it: test/unit/durable/issuer-object.test.ts.
const ISSUER = "https://issuer.example";
const DAY = 86_400;
const { publicJwk } = await makeSigningKey("ES256", "first");

/** An issuer's object without a platform: time stands still until a test moves it, and the disk fails when a test says so. */
class Stage {
  now = 1_000_000;
  kept: KeptKeySet | undefined;
  isDiskBroken = false;
  readonly alarms: number[] = [];
  readonly behind: Promise<void>[] = [];
  actor = this.wake();

  /** The next life of the object. */
  wake(): KeySetActor {
    return new KeySetActor({
      issuer: () => ISSUER,
      settings: () => ({ upstreams: productionUpstreams, keySources: new Map() }),
      load: async (issuer, source) => {
        const tools = { fetch: async (url: string, init: RequestInit) => await fetch(url, init) };
        return await loadKeySet(issuer, { ...tools, upstreams: productionUpstreams }, source);
      },
      now: () => this.now,
      kept: () => this.kept,
      save: (keySet, wakeAt) => {
        if (this.isDiskBroken) throw new Error("the disk is broken");
        this.kept = keySet;
        if (wakeAt !== null) this.alarms.push(wakeAt);
      },
      erase: () => {
        this.kept = undefined;
        return Promise.resolve();
      },
      setAlarm: (at) => this.alarms.push(at),
      behindAnswer: (work) => this.behind.push(work),
      notLoaded: () => {},
    });
  }

  async ask() {
    return await this.actor.keys({ issuer: ISSUER });
  }
}

let upstream: FakeUpstream;
let stage: Stage;

beforeEach(() => {
  upstream = new FakeUpstream().install();
  upstream.serveIssuer(ISSUER, [publicJwk]);
  stage = new Stage();
});

afterEach(() => {
  vi.unstubAllGlobals();
});

it("says nothing of a set that it could not keep, and fetches it anew for the next who asks", async () => {
  stage.isDiskBroken = true;
  await expect(stage.ask()).rejects.toThrow("the disk is broken");
  expect(stage.alarms).toEqual([]);
  stage.isDiskBroken = false;
  expect(await stage.ask()).toMatchObject({ state: "known", fetchedAt: stage.now, isFetched: true });
  expect(upstream.fetched).toHaveLength(4);
});

it("answers from what an earlier life has kept, and asks nobody", async () => {
  await stage.ask();
  stage.actor = stage.wake();
  upstream.goDown();
  expect(await stage.ask()).toMatchObject({ state: "known", fetchedAt: stage.now });
  expect(upstream.fetched).toHaveLength(2);
});

it("hands the renewal of an old set to its host, and answers before it", async () => {
  const fetchedAt = stage.now;
  await stage.ask();
  expect(stage.behind).toEqual([]);
  stage.now += 480;
  expect(await stage.ask()).toMatchObject({ fetchedAt, freshForSeconds: 120 });
  expect(stage.behind).toHaveLength(1);
  await Promise.all(stage.behind);
  expect(await stage.ask()).toMatchObject({ fetchedAt: stage.now, freshForSeconds: 600 });
});

it("sets one alarm for many sets, and by it the next where the set has been renewed", async () => {
  const firstAt = stage.now;
  await stage.ask();
  stage.now += 600;
  await stage.ask();
  expect(stage.alarms).toEqual([firstAt + DAY]);
  stage.now = firstAt + DAY;
  await stage.actor.alarm();
  expect(stage.alarms).toEqual([firstAt + DAY, firstAt + 600 + DAY]);
  expect(stage.kept).toMatchObject({ fetchedAt: firstAt + 600 });
  stage.now = firstAt + 600 + DAY;
  await stage.actor.alarm();
  expect(stage.kept).toBeUndefined();
});

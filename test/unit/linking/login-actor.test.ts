/** A login's actor over a scripted host: what each step makes of its alarm, and what the alarm does when nobody answers. */
import { describe, expect, it } from "vitest";
import { backoffSeconds } from "../../../src/domain/backoff.ts";
import type { AlarmStep } from "../../../src/linking/identity-host.ts";
import { LoginActor, type LoginRecord } from "../../../src/linking/login-actor.ts";
import type { Message, Reply, Settle } from "../../../src/linking/messages.ts";
import { id, NOW } from "./records.ts";

const RESERVE = { kind: "reserve", transactionId: "t1", coordinator: id("a"), loginId: "a/1", absorbed: [] } as const;
const OWNED: LoginRecord = {
  version: 1,
  loginId: "a/1",
  owner: { identityId: id("a"), linkId: "t0" },
  reservation: null,
};

/** When an alarm comes that is set now for the first time. */
const FIRST_ALARM = NOW + backoffSeconds(0, "a/1");

function settlement(outcome: Settle["outcome"], ticket: string | null = "k1"): Settle {
  const participant = { kind: "login", loginId: "a/1", ticket } as const;
  return { kind: "settle", transactionId: "t1", coordinator: id("a"), participant, outcome };
}

function standOn(stored: LoginRecord | null, answer: Reply = { kind: "outcome", outcome: "aborted" }) {
  const disk = { record: stored, isFull: false };
  const alarms: AlarmStep[] = [];
  const rearmed: number[] = [];
  const asked: Message[] = [];
  const failures: unknown[] = [];
  let tickets = 0;
  const actor = new LoginActor(
    {
      save: (record, alarm) => {
        if (disk.isFull) throw new Error("the disk is full");
        disk.record = record;
        alarms.push(alarm);
        return Promise.resolve();
      },
      setAlarm: async (atSeconds) => {
        rearmed.push(atSeconds);
      },
      send: async (message) => {
        asked.push(message);
        return answer;
      },
      now: () => NOW,
      newTicket: () => `k${++tickets}`,
      unsettled: (cause) => failures.push(cause),
    },
    stored,
  );
  return { actor, disk, alarms, rearmed, asked, failures };
}

describe("a login's storage steps", () => {
  it("store a reservation with its alarm in one, and take both away in one", async () => {
    const { actor, disk, alarms } = standOn(OWNED);
    await actor.reserve(RESERVE);
    expect(disk.record).toMatchObject({ ...OWNED, reservation: { transactionId: "t1", ticket: "k1" } });
    await actor.settle(settlement("committed"));
    expect(disk.record).toEqual({ ...OWNED, owner: { identityId: id("a"), linkId: "t1" } });
    expect(alarms).toEqual([FIRST_ALARM, "none"]);
  });

  it("are none where nothing changes, and leave the alarm as it is where only the owner does", async () => {
    const { actor, alarms } = standOn(OWNED);
    await actor.reserve(RESERVE);
    await actor.reserve(RESERVE);
    await actor.settle(settlement("committed", "k9"));
    await actor.release({ kind: "release", loginId: "a/1", identityId: id("a"), linkId: "t0" });
    expect(alarms).toEqual([FIRST_ALARM, "as it is"]);
  });

  it("leave nothing of a login that is free", async () => {
    const { actor, disk } = standOn(null);
    await actor.reserve(RESERVE);
    await actor.settle(settlement("aborted"));
    expect(disk.record).toBe(null);
  });

  it("that fail have not happened: the login is as free as before", async () => {
    const { actor, disk } = standOn(null);
    disk.isFull = true;
    await expect(actor.reserve(RESERVE)).rejects.toThrow("the disk is full");
    expect(actor.view("a/1")).toEqual({ owner: null, holder: null });
  });
});

describe("a login's alarm", () => {
  const reservation = { transactionId: "t1", coordinator: id("a"), ticket: "k1" };
  const RESERVED: LoginRecord = { ...OWNED, owner: null, reservation };

  it("asks the coordinator, and does as it says", async () => {
    const { actor, disk, asked, rearmed } = standOn(RESERVED, { kind: "outcome", outcome: "committed" });
    await actor.alarm();
    expect(asked).toMatchObject([{ kind: "ask-outcome", transactionId: "t1", coordinator: id("a") }]);
    expect(disk.record).toMatchObject({ owner: { identityId: id("a"), linkId: "t1" }, reservation: null });
    expect(rearmed).toEqual([]);
  });

  it.each<[string, Reply]>([
    ["has not decided", { kind: "outcome", outcome: "preparing" }],
    ["cannot be asked", { kind: "failed" }],
  ])("comes again while the coordinator %s", async (_, reply) => {
    const { actor, disk, rearmed } = standOn(RESERVED, reply);
    await actor.alarm();
    expect(disk.record).toBe(RESERVED);
    expect(rearmed).toEqual([FIRST_ALARM]);
  });

  it("comes again when what it heard cannot be stored, and does not throw", async () => {
    const { actor, disk, failures, rearmed } = standOn(RESERVED);
    disk.isFull = true;
    await actor.alarm();
    expect(failures).toEqual([expect.objectContaining({ message: "the disk is full" })]);
    expect(rearmed).toEqual([FIRST_ALARM]);
  });

  it("asks the less often the longer the reservation has stood", async () => {
    const since = NOW - 600;
    const stage = standOn({ ...RESERVED, reservation: { ...reservation, since } }, { kind: "failed" });
    await stage.actor.alarm();
    expect(stage.rearmed).toEqual([NOW + backoffSeconds(600, "a/1")]);
    expect(backoffSeconds(600, "a/1")).toBeGreaterThan(200);
  });

  it("asks nobody when there is no reservation", async () => {
    const { actor, asked } = standOn(OWNED);
    await actor.alarm();
    expect(asked).toEqual([]);
  });
});

describe("a settled login", () => {
  const committed = settlement("committed");

  it("is stored as version 2 from the reservation on, and when it is free", async () => {
    const { actor, disk } = standOn(null);
    await actor.reserve({ ...RESERVE, remember: true });
    expect(disk.record).toMatchObject({ version: 2, reservation: { remember: true } });
    await actor.settle(committed);
    expect(disk.record).toMatchObject({ version: 2, settled: true });
    await actor.release({ kind: "release", loginId: "a/1", identityId: id("a"), linkId: "t1" });
    expect(disk.record).toEqual({ version: 2, loginId: "a/1", owner: null, reservation: null, settled: true });
    expect(actor.view("a/1")).toEqual({ owner: null, holder: null, isSettled: true });
  });

  it("is told of by a release that finds nothing stored", async () => {
    const { actor, disk } = standOn(null);
    const released = { kind: "release", loginId: "a/1", identityId: id("a"), linkId: "t1" } as const;
    await actor.release(released);
    expect(disk.record).toBeNull();
    await actor.release({ ...released, remember: true });
    expect(disk.record).toMatchObject({ version: 2, loginId: "a/1", settled: true });
  });

  it("is stored as version 1, as the release before reads it, where nothing is remembered", async () => {
    const { actor, disk } = standOn({ ...OWNED, version: 2 });
    await actor.reserve(RESERVE);
    expect(disk.record?.version).toBe(1);
  });
});

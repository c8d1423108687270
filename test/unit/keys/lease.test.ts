import { describe, expect, it } from "vitest";
import { err, ok, type Result, serviceError } from "../../../src/domain/errors.ts";
import { createLease, type Leased } from "../../../src/keys/lease.ts";

const terms = { refreshAfterSeconds: 60, useForSeconds: 600 };

/** A source that answers 1, 2, 3, … or as it is told. */
function source() {
  const state: { asked: number; answer: "value" | "refusal" | "unreachable" } = { asked: 0, answer: "value" };
  const lease = createLease<number>(async (): Promise<Result<Leased<number>>> => {
    state.asked++;
    if (state.answer === "unreachable") throw new Error("Network connection lost");
    if (state.answer === "refusal") return err(serviceError("InternalErrorException", "no"));
    return ok({ value: state.asked, terms });
  });
  return { state, lease };
}

describe("createLease", () => {
  it("asks once for the time of its terms, and again after it", async () => {
    const { state, lease } = source();
    for (const now of [1000, 1001, 1059]) expect(await lease(now)).toEqual(ok(1));
    expect(await lease(1060)).toEqual(ok(2));
    expect(await lease(1119)).toEqual(ok(2));
    expect(state.asked).toBe(2);
  });

  it("goes on with what it holds while the source cannot be reached, but not a second past its terms", async () => {
    const { state, lease } = source();
    await lease(1000);
    state.answer = "unreachable";
    expect(await lease(1599)).toEqual(ok(1));
    expect(await lease(1600)).toMatchObject({ ok: false, error: { type: "InternalErrorException" } });
    state.answer = "value";
    expect((await lease(1601)).ok).toBe(true);
  });

  it("passes a refusal on, whatever it holds", async () => {
    const { state, lease } = source();
    await lease(1000);
    state.answer = "refusal";
    expect((await lease(1060)).ok).toBe(false);
  });

  it("asks again when the clock was set back, since the age is then unknown", async () => {
    const { state, lease } = source();
    await lease(1000);
    expect(await lease(999)).toEqual(ok(2));
    state.answer = "unreachable";
    expect((await lease(500)).ok).toBe(false);
  });

  it("counts from before the question, and shares no promise between concurrent requests", async () => {
    const gates: (() => void)[] = [];
    const lease = createLease<string>(async () => {
      const name = `answer ${gates.length}`;
      await new Promise<void>((open) => gates.push(open));
      return ok({ value: name, terms });
    });
    const slow = lease(1000);
    const quick = lease(1010);
    gates[1]?.();
    expect(await quick).toEqual(ok("answer 1"));
    gates[0]?.();
    expect(await slow).toEqual(ok("answer 0"));
    // The late answer is as old as its question, and does not take the place of the newer one.
    expect(await lease(1069)).toEqual(ok("answer 1"));
  });
});

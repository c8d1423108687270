/** Bodies that never end: a deadline ends them, whatever they stated and however they come. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BODY_DEADLINE_MS, readBody } from "../../../src/protocol/request-body.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => vi.useRealTimers());

/** Delivers these pieces, and then nothing more, for ever. */
function endless(pieces: readonly string[]) {
  const rest = [...pieces];
  let isCancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = rest.shift();
      if (piece !== undefined) controller.enqueue(new TextEncoder().encode(piece));
    },
    cancel() {
      isCancelled = true;
    },
  });
  return { stream, isCancelled: () => isCancelled };
}

function request(body: BodyInit, headers: Readonly<Record<string, string>> = {}): Request {
  return new Request("https://edge.example/", { method: "POST", headers, body });
}

const tooLate = {
  ok: false,
  error: { type: "RequestTimeoutException", message: "The request body did not arrive within 10 seconds." },
};

describe("readBody", () => {
  it.each([
    ["that states no length", {}, ["{", "}"]],
    ["of which nothing comes", {}, []],
    ["that states a length", { "content-length": "100" }, ["{"]],
    ["that is chunked, whatever length it states", { "content-length": "1", "transfer-encoding": "chunked" }, ["{"]],
  ])("gives up a body %s and never ends, after ten seconds", async (_, headers, pieces) => {
    const { stream } = endless(pieces);
    let isOver = false;
    const reading = readBody(request(stream, headers), 1000).finally(() => (isOver = true));
    await vi.advanceTimersByTimeAsync(BODY_DEADLINE_MS - 1);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await reading).toEqual(tooLate);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is not kept waiting by pieces that go on coming, one at a time", async () => {
    let timer: number | null = null;
    const dripping = new ReadableStream<Uint8Array>({
      start(controller) {
        const drip = () => {
          controller.enqueue(new TextEncoder().encode(" "));
          timer = setTimeout(drip, 100);
        };
        drip();
      },
      cancel() {
        clearTimeout(timer);
      },
    });
    const reading = readBody(request(dripping), 1000);
    await vi.advanceTimersByTimeAsync(BODY_DEADLINE_MS);
    expect(await reading).toEqual(tooLate);
    clearTimeout(timer);
  });

  it("cancels what it has given up", async () => {
    const { stream, isCancelled } = endless(["{"]);
    const reading = readBody(request(stream), 1000);
    await vi.advanceTimersByTimeAsync(BODY_DEADLINE_MS);
    await reading;
    expect(isCancelled()).toBe(true);
  });

  it.each([{}, { "content-length": "2" }])("leaves no timer behind when the body has come: %j", async (headers) => {
    expect(await readBody(request("{}", headers), 1000)).toEqual({ ok: true, value: new TextEncoder().encode("{}") });
    expect(vi.getTimerCount()).toBe(0);
  });
});

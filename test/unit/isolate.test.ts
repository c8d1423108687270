import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config.ts";
import { sha256Hex } from "../../src/domain/digest.ts";
import { Isolate } from "../../src/isolate.ts";

const sources = Object.entries(
  import.meta.glob<string>(["../../src/**/*.ts", "!../../src/isolate.ts"], {
    query: "?raw",
    import: "default",
    eager: true,
  }),
);

/** What may change, or be filled, after a module is there: of the statements at its top those that are no constants. */
function memoriesIn(source: string): readonly string[] {
  const made = /= new (?!TextEncoder\(|TextDecoder\(|RegExp\(|Hono[<(])(\w+)/;
  const constant = /^(export )?const \w+: (ReadonlyMap|ReadonlySet)<.*$/;
  return source.split("\n").filter((line) => {
    if (/^(export )?(let|var)\b/.test(line)) return true;
    if (/^ {2}static (?!readonly|\{)/.test(line)) return true;
    if (!/^(export )?const \w+/.test(line)) return false;
    // A pattern that is global or sticky remembers where it was.
    if (/= \/.*\/\w*[gy]\w*;$/.test(line)) return true;
    return (made.test(line) && !constant.test(line)) || /= (\[\]|\{\}|create\w+\(.*\));?$/.test(line);
  });
}

describe("an isolate's memory", () => {
  it("is src/isolate.ts alone: no other module keeps anything", () => {
    expect(sources.length).toBeGreaterThan(100);
    const found = sources.flatMap(([path, source]) => memoriesIn(source).map((line) => `${path}: ${line}`));
    // What an entry serves: made once, and never changed. The version of the Worker, which the log cannot be handed with each line.
    const served =
      /(log\/write\.ts: let end = .*|worker\.ts: const app = createApp\(.*|routes\.ts: export const developmentRoutes = new Hono.*)$/;
    expect(found.filter((one) => !served.test(one))).toEqual([]);
  });

  it.each([
    "let latest = 0;",
    "export let latest = 0;",
    "const cache = new Map<string, string>();",
    "export const cache = new IsolateCache<string>(10);",
    "const known: Map<string, string> = new Map();",
    "const known = new WeakMap<Env, Config>();",
    "const list: string[] = [];",
    "export const breaker = createBreaker();",
    "const WORD = /[a-z]/g;",
    "  static #instance: Thing;",
  ])("would be seen as %j", (line) => {
    expect(memoriesIn(`${line}\n`)).toEqual([line]);
  });

  it.each([
    'const NAMES: ReadonlySet<string> = new Set(["a"]);',
    "const encoder = new TextEncoder();",
    "  const cache = new Map<string, string>();",
    "const WORD = /[a-z]/i;",
  ])("is not %j", (line) => {
    expect(memoriesIn(line)).toEqual([]);
  });

  it("is not another isolate's", async () => {
    const [one, other] = [new Isolate(), new Isolate()];
    one.blockedAddresses.set("192.0.2.1", true, 0);
    expect([one.blockedAddresses.get("192.0.2.1", 0), other.blockedAddresses.get("192.0.2.1", 0)]).toEqual([
      true,
      undefined,
    ]);
    expect([one.quietForMs(1000), one.quietForMs(1500), other.quietForMs(1500)]).toEqual([0, 500, 0]);
  });
});

describe("the settings of an isolate", () => {
  it("are checked once for an environment, by the rules that they are to be checked by", () => {
    const isolate = new Isolate();
    let count = 0;
    const counted: typeof parseConfig = (raw) => {
      count += 1;
      return parseConfig(raw);
    };
    const known = isolate.configOf(env, counted);
    expect(isolate.configOf(env, counted)).toBe(known);
    expect(count).toBe(1);
    isolate.configOf({ ...env }, counted);
    expect(count).toBe(2);
    expect(isolate.configOf(env)).toMatchObject({ ok: true });
    expect(count).toBe(2);
  });

  it("have one signer, and other settings another", () => {
    const isolate = new Isolate();
    const [one, other] = [isolate.configOf(env), isolate.configOf({ ...env })];
    if (!one.ok || !other.ok) throw new Error("the test's settings are bad");
    const signer = isolate.signers.of(one.value);
    expect(isolate.signers.of(one.value)).toBe(signer);
    expect(isolate.signers.of(other.value)).not.toBe(signer);
  });
});

describe("the hashes of an isolate", () => {
  const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  it("are those of their texts, the first time, every other time, and after it had to forget them", async () => {
    const { hash } = new Isolate();
    const texts = Array.from({ length: 1100 }, (_, index) => `text ${index}`);
    expect([await hash("abc"), await hash("abc")]).toEqual([ABC, ABC]);
    const first = await Promise.all(texts.map(hash));
    expect(first).toEqual(await Promise.all(texts.map(sha256Hex)));
    expect(await hash("abc")).toBe(ABC);
    expect(await Promise.all(texts.map(hash))).toEqual(first);
  });

  it("T39: are not there already for the names of a prototype", async () => {
    const { hash } = new Isolate();
    for (const name of ["__proto__", "constructor", "toString"]) expect(await hash(name)).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("the Date header of an isolate", () => {
  it("is that of the second, whichever way the clock goes", () => {
    const isolate = new Isolate();
    const at = (ms: number) => isolate.httpDate(ms);
    expect([at(0), at(999), at(1000), at(0)]).toEqual([
      "Thu, 01 Jan 1970 00:00:00 GMT",
      "Thu, 01 Jan 1970 00:00:00 GMT",
      "Thu, 01 Jan 1970 00:00:01 GMT",
      "Thu, 01 Jan 1970 00:00:00 GMT",
    ]);
  });
});

/** What `npm run migrate` reads and writes on this machine: tables of logins, lines of a file, exports, and its memory. */
import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { explain } from "../../scripts/migrate/support/explain.ts";
import { Stop } from "../../scripts/migrate/support/stop.ts";
import { importLines } from "../../scripts/migrate/support/import-lines.ts";
import type { Edgepool } from "../../scripts/migrate/support/parties.ts";
import { type FileLine, fileLines, MAX_LINE_BYTES } from "../../scripts/migrate/support/file-lines.ts";
import { formOf, linkLine, type RowForm } from "../../scripts/migrate/support/link-rows.ts";
import { openMemory } from "../../scripts/migrate/support/memory.ts";
import { appendLines, checkSeal, NOTHING_WRITTEN, seal } from "../../scripts/migrate/support/sealed-file.ts";

const ID = "us-east-1:00000000-0000-4000-8000-00000000000a";
const link = { identityId: ID, links: [{ providerName: "accounts.google.com", subject: "s-1" }] };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgepool-migrate-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function fileWith(name: string, content: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}

function formNamed(firstLine: string): RowForm {
  const form = formOf(firstLine);
  if (!form.ok) throw new Error(form.error);
  return form.value;
}

describe("a table of logins", () => {
  const csv = formNamed("identityId,providerName,subject");

  it.each<[string, RowForm, string]>([
    ["NDJSON with three members", { kind: "ndjson" }, JSON.stringify({ identityId: ID, ...link.links[0] })],
    ["NDJSON with a list of links", { kind: "ndjson" }, JSON.stringify(link)],
    ["CSV", csv, `${ID},accounts.google.com,s-1`],
    ["CSV in quotes", csv, `"${ID}","accounts.google.com","s-1"`],
    [
      "CSV with columns in another order",
      formNamed("name,subject, identityId ,providerName"),
      `Al,s-1,${ID},accounts.google.com`,
    ],
  ])("is read from %s", (_, form, row) => {
    expect(linkLine(form, row)).toEqual({ ok: true, value: link });
  });

  it("keeps commas and quotes of a quoted cell, and what stands in an unquoted one", () => {
    const read = linkLine(csv, `${ID},login.app,"O""Neil, Ann"`);
    expect(read).toMatchObject({ value: { links: [{ subject: 'O"Neil, Ann' }] } });
    expect(linkLine(csv, `${ID},login.app, a;b `)).toMatchObject({ value: { links: [{ subject: " a;b " }] } });
  });

  it.each<[string, RowForm, string, string]>([
    ["no JSON", { kind: "ndjson" }, "{secret-subject", "not JSON"],
    ["a list", { kind: "ndjson" }, '["secret-subject"]', "not a JSON object"],
    ["no id", { kind: "ndjson" }, '{"providerName":"a","subject":"secret-subject"}', "no identityId"],
    ["no login", { kind: "ndjson" }, `{"identityId":"${ID}"}`, "neither links nor providerName and subject"],
    ["empty links", { kind: "ndjson" }, `{"identityId":"${ID}","links":[]}`, "neither links nor"],
    [
      "a subject that is a number",
      { kind: "ndjson" },
      `{"identityId":"${ID}","providerName":"a","subject":7}`,
      "neither",
    ],
    ["a missing cell", csv, `${ID},secret-provider`, "no subject"],
    ["empty cells", csv, ",,secret-subject", "no identityId, no providerName"],
    ["an open quote", csv, `${ID},"secret-subject`, "a quote is not closed"],
    ["a quote within a cell", csv, `${ID},secret"subject,x`, "a quote is not closed, or stands within a cell"],
  ])("says what is wrong with %s, and quotes nothing of it", (_, form, row, reason) => {
    const read = linkLine(form, row);
    expect(read).toEqual({ ok: false, error: expect.stringContaining(reason) });
    expect(JSON.stringify(read)).not.toContain("secret");
  });

  it("is refused without the names of its columns", () => {
    const refused = { ok: false, error: expect.stringContaining("identityId, providerName, subject") };
    expect(formOf(`${ID},accounts.google.com,s-1`)).toEqual(refused);
    expect(formOf("identityId,providerName")).toEqual(refused);
  });
});

async function linesOf(file: string, from?: FileLine): Promise<readonly FileLine[]> {
  const place = from === undefined ? undefined : { offset: from.end, line: from.number };
  return await Array.fromAsync(fileLines(file, place));
}

describe("the lines of a file", () => {
  it("are numbered, whatever they end in, and the last needs no end", async () => {
    const file = await fileWith("ends", "\uFEFFone\r\ntwo\n\nfour");
    const lines = await linesOf(file);
    expect(lines.map(({ text }) => text)).toEqual(["one", "two", "", "four"]);
    expect(lines.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
  });

  it("go on behind any of them", async () => {
    const words = Array.from({ length: 50 }, (_, index) => "ä".repeat(index * 97));
    const file = await fileWith("many", words.join("\n"));
    const all = await linesOf(file);
    expect(all.map(({ text }) => text)).toEqual(words);
    for (const line of all) expect(await linesOf(file, line)).toEqual(all.slice(line.number));
  });

  it("of one that is too long only the end is told, and the next is read", async () => {
    const file = await fileWith("long", `one\n${"x".repeat(MAX_LINE_BYTES + 1)}\n${"y".repeat(MAX_LINE_BYTES)}\n`);
    const [first, second, third, ...others] = await linesOf(file);
    expect([first?.text, second?.text, third?.text?.length, others]).toEqual(["one", undefined, MAX_LINE_BYTES, []]);
  });
});

const ONLY = { number: 1, isLast: true };

describe("a file of an export", () => {
  const lines = [
    { kind: "gone", identityId: ID },
    { kind: "gone", identityId: "ä" },
  ];

  it("ends with a count and a SHA-256 that hold", async () => {
    const file = join(folder, "sealed");
    await seal(file, appendLines(file, appendLines(file, NOTHING_WRITTEN, lines), lines), { number: 3, isLast: false });
    expect(await checkSeal(file)).toEqual({ ok: true, value: { number: 3, isLast: false } });
    expect((await readFile(file, "utf8")).split("\n")[4]).toContain('"count":4');
    expect((await readFile(file, "utf8")).split("\n")[1]).toBe(JSON.stringify(lines[1]));
  });

  it("drops what a killed run wrote behind what is known, and seals twice alike", async () => {
    const file = join(folder, "killed");
    const known = appendLines(file, NOTHING_WRITTEN, lines);
    appendLines(file, known, lines);
    await appendFile(file, '{"kind":"gone"');
    const after = { kind: "gone", identityId: "after" };
    const written = appendLines(file, known, [after]);
    await seal(file, written, ONLY);
    await seal(file, written, ONLY);
    expect(await checkSeal(file)).toEqual({ ok: true, value: ONLY });
    const kept = (await readFile(file, "utf8")).trim().split("\n").slice(0, -1);
    expect(kept.map((line) => JSON.parse(line))).toEqual([...lines, after]);
  });

  it("may be empty", async () => {
    const file = join(folder, "empty");
    await seal(file, appendLines(file, NOTHING_WRITTEN, []), ONLY);
    expect(await checkSeal(file)).toEqual({ ok: true, value: ONLY });
  });

  it("is not taken when it was cut off or changed", async () => {
    const file = join(folder, "broken");
    const written = appendLines(file, NOTHING_WRITTEN, lines);
    expect(await checkSeal(file)).toEqual({ ok: false, error: expect.stringContaining("may be cut off") });
    await seal(file, written, ONLY);
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace("0000000a", "0000000b"));
    expect(await checkSeal(file)).toEqual({ ok: false, error: expect.stringContaining("SHA-256") });
    await writeFile(file, text.split("\n").slice(1).join("\n"));
    expect(await checkSeal(file)).toEqual({
      ok: false,
      error: expect.stringContaining("counts 2 lines, and there are 1"),
    });
    await truncate(file, 0);
    expect(await checkSeal(file)).toEqual({ ok: false, error: expect.stringContaining("no last line") });
  });
});

describe("lines that are sent", () => {
  /** As busy as the service says: each id for so many calls. What was sent, and how long was waited, is noted. */
  function service(busyFor: Readonly<Record<string, number>>) {
    const left = { ...busyFor };
    const sent: string[][] = [];
    const pauses: number[] = [];
    const call = async (_: string, { Identities }: { Identities: { identityId: string }[] }) => {
      const ids = Identities.map(({ identityId }) => identityId);
      sent.push(ids);
      const Results = ids.map((identityId) => {
        const times = left[identityId] ?? 0;
        left[identityId] = times - 1;
        return times > 0 ? { Verdict: "busy", Reason: "again" } : { Verdict: "adopted" };
      });
      return await Promise.resolve({ Results });
    };
    const importing = {
      edgepool: { call } as unknown as Edgepool,
      identityPoolId: ID,
      pace: async () => {},
      pause: async (ms: number) => await Promise.resolve(pauses.push(ms)),
    };
    return { importing, sent, pauses };
  }
  const lines = ["a", "b", "c"].map((identityId) => ({ identityId }));
  const verdictsOf = async ({ importing }: ReturnType<typeof service>) =>
    (await importLines(importing, lines)).map(({ verdict }) => verdict);

  it("are sent again where somebody was in the way, they alone, and each has its own verdict", async () => {
    const busy = service({ b: 1, c: 2 });
    expect(await verdictsOf(busy)).toEqual(["adopted", "adopted", "adopted"]);
    expect(busy.sent).toEqual([["a", "b", "c"], ["b", "c"], ["c"]]);
    expect(busy.pauses).toEqual([1000, 3000]);
  });

  it("are not taken for done where an answer has no verdict of some of them", async () => {
    const { importing } = service({});
    const call = async () => await Promise.resolve({ Results: [{ Verdict: "adopted" }] });
    const deaf = { ...importing, edgepool: { call } as unknown as Edgepool };
    await expect(importLines(deaf, lines)).rejects.toThrow("ImportIdentities at Edgepool");
  });

  it("are told as busy where that has no end, and the others are done", async () => {
    const busy = service({ b: 99 });
    expect(await verdictsOf(busy)).toEqual(["adopted", "busy", "adopted"]);
    expect(busy.sent.slice(1)).toEqual([["b"], ["b"], ["b"]]);
  });
});

describe("the memory of a migration", () => {
  const ENDPOINT = "https://identity.example.com";
  const open = (name: string, pool = ID, endpoint = ENDPOINT, step = "ids") =>
    openMemory(join(folder, name), pool, endpoint, step);

  it("is there for the next run, for each pool and each Edgepool its own", () => {
    const first = open("memory");
    first.keep("ids", { phase: "all" });
    first.close();
    const second = open("memory");
    expect(second.progress("ids")).toEqual({ phase: "all" });
    for (const other of [open("memory", ID.replace("0a", "0b")), open("memory", ID, "http://127.0.0.1:8787")]) {
      expect(other.progress("ids")).toBeUndefined();
      other.close();
    }
    second.forget("ids");
    expect(second.progress("ids")).toBeUndefined();
    second.close();
  });

  it("stores all of a step or nothing", () => {
    const memory = open("together");
    expect(() =>
      memory.together(() => {
        memory.keep("ids", { page: 1 });
        throw new Error("killed");
      }),
    ).toThrow("killed");
    expect(memory.progress("ids")).toBeUndefined();
    memory.close();
  });

  it("tells a full disk for what it is, and goes on from what was stored", () => {
    const memory = open("full");
    memory.keep("ids", { page: 1 });
    memory.database.exec("PRAGMA max_page_count = 10; CREATE TABLE pages (page BLOB)");
    const store = () =>
      memory.together(() => {
        memory.keep("ids", { page: 2 });
        memory.database.exec("INSERT INTO pages VALUES (randomblob(100000))");
      });
    let failure: unknown;
    try {
      store();
    } catch (error) {
      failure = error;
    }
    expect(explain(failure)).toEqual([
      "The memory of the migration cannot be used: database or disk is full.",
      expect.stringContaining("--state"),
    ]);
    expect(memory.progress("ids")).toEqual({ page: 1 });
    memory.close();
  });

  it("is one run's of a step at a time, and other steps' beside it", () => {
    const first = open("locked");
    expect(() => open("locked")).toThrow(
      new Stop("another run of ids for this pool is under way: wait until it ends, or end it"),
    );
    const links = open("locked", ID, ENDPOINT, "links");
    links.keep("links", {});
    first.keep("ids", {});
    links.close();
    first.close();
    open("locked").close();
  });
});

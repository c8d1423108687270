/**
 * Who is signed in. The key is in this module's variable, and with "keep for this tab" in sessionStorage; never in a cookie, an
 * address or localStorage. After half an hour without a key press or a click it is forgotten.
 */
import { storeOf } from "./store.ts";

export type Key = { readonly accessKeyId: string; readonly secretAccessKey: string };

const KEPT = "edgepool-console";
const IDLE_MS = 30 * 60 * 1000;
const LOOK_MS = 10_000;

let usedAt = Date.now();

export const session = storeOf<Key | null>(null);

export type Rights = {
  readonly operations: ReadonlySet<string> | "*";
  /** Ids of identity pools. */
  readonly pools: readonly string[] | "*";
};

/** What the key may do; null: that is still asked. */
export const rights = storeOf<Rights | null>(null);

/** Why nobody is signed in any more, for the sign-in page; empty: there is nothing to say. */
export const farewell = storeOf("");

export function signIn(key: Key, isKept: boolean): void {
  usedAt = Date.now();
  if (isKept) sessionStorage.setItem(KEPT, JSON.stringify({ ...key, usedAt }));
  farewell.set("");
  session.set(key);
}

export function signOut(reason = ""): void {
  sessionStorage.removeItem(KEPT);
  farewell.set(reason);
  session.set(null);
  rights.set(null);
}

function kept(): (Key & { readonly usedAt: number }) | null {
  const text = sessionStorage.getItem(KEPT);
  return text === null ? null : JSON.parse(text);
}

function isIdle(since: number): boolean {
  return Date.now() - since > IDLE_MS;
}

function use(): void {
  // A machine that slept wakes with a key press: what is idle by then is idle.
  if (session.get() === null || isIdle(usedAt)) return;
  usedAt = Date.now();
  const key = kept();
  if (key !== null) sessionStorage.setItem(KEPT, JSON.stringify({ ...key, usedAt }));
}

function look(): void {
  if (session.get() !== null && isIdle(usedAt))
    signOut("You were signed out after half an hour without a key press or a click.");
}

/** Takes up what this tab has kept, and watches over it. */
export function startSession(): void {
  const key = kept();
  if (key !== null && isIdle(key.usedAt)) sessionStorage.removeItem(KEPT);
  else if (key !== null) {
    usedAt = key.usedAt;
    session.set({ accessKeyId: key.accessKeyId, secretAccessKey: key.secretAccessKey });
  }
  for (const event of ["keydown", "pointerdown"]) addEventListener(event, use, { capture: true, passive: true });
  document.addEventListener("visibilitychange", look);
  setInterval(look, LOOK_MS);
}

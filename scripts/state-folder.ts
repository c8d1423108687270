/** The folder that a local service keeps between starts: made at need, readable by its owner alone, used by one service. */
import { randomBytes } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { err, ok, type Result } from "../src/domain/errors.ts";

const KEY_FILE = "key-encryption-key";
/** Rights of the group and of everybody else. */
const OPEN_TO_OTHERS = 0o077;
const WAY_OUT = "choose another with --state";

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

type Owned = { readonly uid: number; readonly mode: number };

// Windows has neither owners nor rights of this kind, and its temporary and home folders are the user's own.
function isForeign({ uid }: Owned): boolean {
  return process.getuid !== undefined && process.getuid() !== uid;
}

function isOpen({ mode }: Owned): boolean {
  return process.getuid !== undefined && (mode & OPEN_TO_OTHERS) !== 0;
}

/**
 * The path of the folder itself, without links. Private keys rest in it, so that it must be the user's own and closed to all
 * others: it is never closed for them, since what was open may hold what somebody else has put there. The failure is one
 * sentence.
 */
export function openStateFolder(folder: string): Result<string, string> {
  const refused = (reason: string) => err(`the state folder ${folder} ${reason}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = realpathSync(folder);
    const target = statSync(path);
    // Whoever owns a link can let it lead elsewhere at the next start.
    if (isForeign(lstatSync(folder)) || isForeign(target)) return refused(`belongs to another user: ${WAY_OUT}`);
    if (isOpen(target)) {
      return refused(`is open to other users, and private keys rest in it: run chmod 700 on it, or ${WAY_OUT}`);
    }
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return ok(path);
  } catch (error) {
    return refused(`cannot be used (${codeOf(error)}): ${WAY_OUT}`);
  }
}

/** 32 random bytes in base64, made once: the key ring in this folder can be read with no other key. */
export function keyEncryptionKeyOf(folder: string): Result<string, string> {
  return keptText(folder, KEY_FILE, () => randomBytes(32).toString("base64"));
}

/**
 * A secret of the folder, made once. A link is not followed, and a file of another user, who would know it, is refused. The
 * failure is one sentence.
 */
export function keptText(folder: string, name: string, make: () => string): Result<string, string> {
  const path = join(folder, name);
  try {
    writeFileSync(path, make(), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (codeOf(error) !== "EEXIST") return err(`${path} cannot be written (${codeOf(error)}): ${WAY_OUT}`);
  }
  try {
    // Windows has no such flag, and its users make no links without a right of their own.
    const file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    try {
      const facts = fstatSync(file);
      if (isForeign(facts)) return err(`${path} belongs to another user: ${WAY_OUT}`);
      if (isOpen(facts)) fchmodSync(file, 0o600);
      return ok(readFileSync(file, "utf8"));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return err(`${path} cannot be read (${codeOf(error)}): ${WAY_OUT}`);
  }
}

/**
 * Claims the folder until the returned release, or the end of this process, however it ends: the lock is the operating
 * system's on an open file. Two services on one folder would overwrite each other's objects.
 */
export function lockStateFolder(folder: string): Result<{ release(): void }, string> {
  const lock = new DatabaseSync(join(folder, "lock"), { timeout: 0 });
  try {
    lock.exec("BEGIN EXCLUSIVE");
    return ok({ release: () => lock.close() });
  } catch {
    lock.close();
    return err(
      `the state folder ${folder} is in use by another npm start: stop that one, or choose another folder with --state`,
    );
  }
}

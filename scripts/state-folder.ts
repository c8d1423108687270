/** The folder that a local service keeps between starts: made at need, readable by its owner alone, used by one service. */
import { randomBytes } from "node:crypto";
import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { err, ok, type Result } from "../src/domain/errors.ts";

const KEY_FILE = "key-encryption-key";

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

/** The failure is one sentence. */
export function openStateFolder(folder: string): Result<void, string> {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return ok(undefined);
  } catch (error) {
    return err(`the state folder ${folder} cannot be used (${codeOf(error)}): choose another with --state`);
  }
}

/** 32 random bytes in base64, made once: the key ring in this folder can be read with no other key. */
export function keyEncryptionKeyOf(folder: string): string {
  const path = join(folder, KEY_FILE);
  try {
    writeFileSync(path, randomBytes(32).toString("base64"), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
  return readFileSync(path, "utf8");
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

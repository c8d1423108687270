/** The configuration of local development: what production reads, judged by the development upstreams. */
import { type Config, parseConfig, type RawSettings } from "../config.ts";
import type { Result } from "../domain/errors.ts";
import { type Setting, SETTINGS } from "../settings.ts";
import { developmentUpstreamsOf, STAND_INS } from "./upstreams.ts";

/** Every problem of the settings at once, each naming its setting. */
export function parseDevelopmentConfig(raw: RawSettings): Result<Config, readonly string[]> {
  const upstreams = developmentUpstreamsOf(raw);
  return upstreams.ok ? parseConfig(raw, upstreams.value) : upstreams;
}

/** All that `--var` may set. */
export const DEVELOPMENT_SETTINGS: readonly Setting[] = [...Object.values(SETTINGS), STAND_INS];

/** What the development pages load: the files of `browser/`, which the bundle holds as texts. */
import script from "./browser/pages.js" with { type: "text" };
import style from "./browser/pages.css" with { type: "text" };
import { ICON_PATH, SCRIPT_PATH, STYLE_PATH } from "./page-frame.ts";

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#2456c9"/><path d="M5 4.5h6M5 8h4.5M5 11.5h6M5 4.5v7" fill="none" stroke="#fff" stroke-width="1.6" stroke-linecap="round"/></svg>`;

/** By path. */
export const BROWSER_FILES: ReadonlyMap<string, { readonly text: string; readonly type: string }> = new Map([
  [STYLE_PATH, { text: style, type: "text/css; charset=utf-8" }],
  [SCRIPT_PATH, { text: script, type: "text/javascript; charset=utf-8" }],
  [ICON_PATH, { text: ICON, type: "image/svg+xml" }],
]);

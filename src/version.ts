/** The release that runs, as package.json names it. Told to callers who have signed, and to nobody else. */
export { version as VERSION } from "../package.json";

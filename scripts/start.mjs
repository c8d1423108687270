// Plain JavaScript, so that an old Node can read it far enough to say what is missing: it cannot read start.ts.
import { existsSync } from "node:fs";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
// 22.18 is the first version that runs TypeScript as it is.
const isTooOld = major < 22 || (major === 22 && minor < 18) || (major === 23 && minor < 6);

function isInstalled(path) {
  return existsSync(new URL(`../node_modules/${path}`, import.meta.url));
}

// A sentence; undefined when start.ts can be read and finds what it needs.
function problem() {
  if (!isInstalled("miniflare/package.json")) return 'its packages are missing: run "npm install" and then "npm start"';
  if (!isTooOld) return undefined;
  const tooOld = `this is Node ${process.versions.node}, and 22.18 or newer is needed`;
  if (!isInstalled("node/package.json"))
    return `${tooOld}: run "npm install" and then "npm start", which bring and use Node 24`;
  // That package fetches its Node by a script, which npm may have been told not to run.
  return isInstalled("node/bin")
    ? `${tooOld}: run "npm start", which uses Node 24`
    : `${tooOld}; npm did not run the scripts of the packages, one of which brings Node 24: run "npm rebuild --ignore-scripts=false node esbuild workerd" and then "npm start"`;
}

const sentence = problem();
if (sentence === undefined) {
  await import("./start.ts");
} else {
  console.error(`edgepool: ${sentence}.`);
  process.exitCode = 1;
}

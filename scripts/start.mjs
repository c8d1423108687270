// Plain JavaScript, so that an old Node can read it far enough to say what it lacks: it cannot read start.ts.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

// 22.18 is the first version that runs TypeScript as it is.
if (major < 22 || (major === 22 && minor < 18) || (major === 23 && minor < 6)) {
  console.error(
    `edgepool: this is Node ${process.versions.node}, and 22.18 or newer is needed: run "npm install" and then "npm start", which bring and use Node 24.`,
  );
  process.exitCode = 1;
} else {
  await import("./start.ts");
}

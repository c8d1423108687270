// better-auth: sign-in with an ID token, users and sessions in memory. The signature of the ID token is not checked here,
// since its key set would be fetched from the internet; the answer is an opaque session token, not a JWT.
import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";

const port = Number(process.argv[2]);
const auth = betterAuth({
  baseURL: `http://127.0.0.1:${port}`,
  secret: "a-secret-of-no-consequence-for-the-benchmark",
  database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  socialProviders: {
    google: { clientId: "bench-client", clientSecret: "bench-secret", verifyIdToken: async () => true },
  },
});
createServer(toNodeHandler(auth)).listen(port, "127.0.0.1");

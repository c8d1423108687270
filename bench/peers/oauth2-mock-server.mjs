// oauth2-mock-server: a JWT signed with RS256 for whoever asks. Nobody and nothing is verified, nothing is linked.
import { OAuth2Server } from "oauth2-mock-server";

const server = new OAuth2Server();
await server.issuer.keys.generate("RS256");
await server.start(Number(process.argv[2]), "127.0.0.1");

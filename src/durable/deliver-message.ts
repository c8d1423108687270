/** The way of each message of the link transaction to the object that it is for. Decides nothing. */
import type { DeleteAtSource, Holder, Message, Reply } from "../linking/messages.ts";
import { isolate } from "../isolate.ts";
import { shardOf, shardOfLogin } from "../pools/directory-shards.ts";
import { shardedPool } from "./sharded-pool.ts";

/** What an object of the release before says where this one is busy with another's transaction. */
type Contended = { readonly kind: "contended"; readonly holder: Holder };

function ofThisRelease(reply: Reply | Contended): Reply {
  return reply.kind === "contended" ? { kind: "busy", holder: reply.holder } : reply;
}

export async function deliverMessage(env: Env, message: Exclude<Message, DeleteAtSource>): Promise<Reply> {
  const objects = isolate.stubsOf(env);
  switch (message.kind) {
    case "reserve":
      return ofThisRelease(await objects.login(message.loginId).reserve(message));
    case "release": {
      const { loginId, freed } = message;
      await objects.login(loginId).release(message);
      if (freed !== undefined) {
        const shard = objects.directoryShard(shardOfLogin(await shardedPool(objects, freed.identityPoolId), loginId));
        await shard.keepFreed({ loginId, providerName: freed.providerName });
      }
      return { kind: "released" };
    }
    case "freeze":
      return ofThisRelease(await objects.identity(message.identityId).freeze(message));
    case "settle":
      await (message.participant.kind === "login"
        ? objects.login(message.participant.loginId).settle(message)
        : objects.identity(message.participant.identityId).settle(message));
      return { kind: "settled" };
    case "confirm-owner":
      return ofThisRelease(await objects.identity(message.identityId).confirmOwner(message));
    case "ask-outcome":
      return { kind: "outcome", outcome: await objects.identity(message.coordinator).outcome(message) };
    case "update-listing": {
      const { identityId, change, origin } = message;
      const name = shardOf(await shardedPool(objects, message.identityPoolId), identityId);
      const shard = objects.directoryShard(name);
      // Nothing more than is needed travels: that it was born here goes without saying.
      const update = origin === undefined ? shard.update(change, identityId) : shard.update(change, identityId, origin);
      return { kind: "listing", ...(await update) };
    }
  }
}

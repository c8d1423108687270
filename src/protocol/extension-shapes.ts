/** What an operator looks at and does beyond the service model (extensions.ts), but for metrics and migration: data alone. */
import type { ModelledErrorName } from "../domain/errors.ts";
import {
  boolean,
  developerUserIdentifier,
  identityId,
  identityPoolId,
  identityProviderName,
  loginsMap,
} from "./member-shapes.ts";
import { structure } from "./shape-language.ts";
import type { Operation } from "./shapes.ts";

const DEFECTS = ["InternalErrorException"] as const satisfies readonly ModelledErrorName[];
const NOT_FOUND = [...DEFECTS, "ResourceNotFoundException"] as const satisfies readonly ModelledErrorName[];

const text = { type: "string" } as const;
/** Epoch seconds. */
const instant = { type: "timestamp" } as const;
const texts = { type: "list", member: text } as const;
const number = { type: "double" } as const;
const count = { type: "integer" } as const;

const finding = structure(["Level", "Code", "Message", "Action"], {
  Level: { type: "string", enum: ["error", "warning", "advice"] },
  /** Kebab-case; it stays when the words change. */
  Code: text,
  /** The provider, setting or key that it is about. */
  About: text,
  Message: text,
  Action: text,
});
const findings = { type: "list", member: finding } as const;

const setting = structure(["Name", "Value", "IsDefault"], { Name: text, Value: text, IsDefault: boolean });
const secret = structure(["Name", "IsSet"], { Name: text, IsSet: boolean });
const binding = structure(["Name", "IsBound"], { Name: text, IsBound: boolean });

const judgedRule = structure(["Rule", "Outcome"], {
  /** One of domain/login-rules.ts. */
  Rule: text,
  Outcome: { type: "string", enum: ["passed", "failed", "not-reached"] },
  /** What the rule asks for; absent where it was not reached. */
  Expected: text,
  /** What the token, the pool or the provider has, up to 64 printable characters; absent where there is nothing. */
  Found: text,
});

const checkLogin = {
  access: "signed",
  errors: NOT_FOUND,
  input: structure(["IdentityPoolId", "Logins"], {
    IdentityPoolId: identityPoolId,
    Logins: { ...loginsMap, min: 1, max: 1 },
  }),
  output: structure(["Accepted", "Rules"], {
    Accepted: boolean,
    /** In the order in which the login is judged. */
    Rules: { type: "list", member: judgedRule },
    /** The exception and the message with which GetId would refuse. */
    Exception: text,
    Refusal: text,
  }),
} as const;

/** What the issuer's object holds, and for everybody. */
const issuerKeySet = structure(["ProviderName", "Issuer", "KeyCount"], {
  ProviderName: text,
  Issuer: text,
  KeyCount: count,
  /** When the keys were loaded; absent where there are none. */
  LoadedAt: instant,
  /** Why they could not be loaded when that was last tried, for as long as the issuer is left alone after it. */
  Failure: text,
});

const checkIdentityPool = {
  access: "signed",
  errors: NOT_FOUND,
  input: structure(["IdentityPoolId"], { IdentityPoolId: identityPoolId }),
  output: structure(["Findings", "KeySets"], {
    Findings: findings,
    /** Of the providers whose tokens are verified by an issuer's keys. */
    KeySets: { type: "list", member: issuerKeySet },
  }),
} as const;

const checkService = {
  access: "signed",
  errors: DEFECTS,
  input: structure([], {}),
  output: structure(["Healthy", "Steps", "Findings"], {
    /** No finding is an error. */
    Healthy: boolean,
    Steps: {
      type: "list",
      member: structure(["Name", "Passed"], {
        Name: { type: "string", enum: ["object", "token", "key-ring"] },
        Passed: boolean,
      }),
    },
    Findings: findings,
  }),
} as const;

const describeService = {
  access: "signed",
  errors: DEFECTS,
  input: structure([], {}),
  output: structure(
    ["Version", "Region", "Issuer", "Time", "Local", "Settings", "Secrets", "Bindings", "Findings", "Caller"],
    {
      Version: text,
      Region: text,
      Issuer: text,
      /** The clock of the service, in whole seconds. */
      Time: instant,
      /** Local development. */
      Local: boolean,
      Settings: { type: "list", member: setting },
      Secrets: { type: "list", member: secret },
      Bindings: { type: "list", member: binding },
      /** Of the settings of the whole service; those of a pool are CheckIdentityPool's. */
      Findings: findings,
      Caller: structure(["AccessKeyId", "AllowedOperations", "AllowedPools", "AllowedRoles"], {
        AccessKeyId: text,
        /** Every signed operation that this key may call, by name. Whoever may call this one may call the public ones, too. */
        AllowedOperations: texts,
        /** Ids, or `*` alone. */
        AllowedPools: texts,
        /** ARNs, or `*` alone. */
        AllowedRoles: texts,
      }),
    },
  ),
} as const;

/** An instant that is to come holds only while the settings stay as they are. */
const signingKey = structure(["KeyId", "Algorithm", "State"], {
  KeyId: text,
  Algorithm: text,
  State: { type: "string", enum: ["next", "active", "retired"] },
  /** Of a retired key nobody keeps it. */
  PublishedAt: instant,
  ActivatedAt: instant,
  /** When a next key is to sign. Absent for one of an algorithm that is not wanted any more. */
  ActivatesAt: instant,
  /** When the active key is to stop signing. */
  RetiresAt: instant,
  RetiredAt: instant,
  /** When a retired key leaves the key set. */
  LeavesAt: instant,
});

const describeKeyRing = {
  access: "signed",
  errors: DEFECTS,
  input: structure([], {}),
  output: structure(["Keys", "Findings"], {
    /** The active one first, then next and retired ones. */
    Keys: { type: "list", member: signingKey },
    /** When the ring has to do something; in the past where it is late. */
    NextStepAt: instant,
    /** Names the key encryption key that the ring rests under, and tells nothing of it. Absent without a ring that can be read. */
    SealedUnder: text,
    /** The setting that holds that key; absent where none does. */
    SealedUnderSetting: { type: "string", enum: ["KEY_ENCRYPTION_KEY", "KEY_ENCRYPTION_KEY_OTHER"] },
    Findings: findings,
  }),
} as const;

const login = structure(["ProviderName", "LoginHash", "LinkedAt"], {
  ProviderName: text,
  /** The first 12 digits of a hash of pool, provider and subject. */
  LoginHash: text,
  LinkedAt: instant,
  /** Of a user of the pool's developer provider alone. */
  DeveloperUserIdentifier: text,
});

const lifeEntry = structure(["Sequence", "At", "Kind"], {
  /** Counts up from 1 without a gap; the oldest of more than 50 entries are dropped. */
  Sequence: count,
  At: instant,
  Kind: {
    type: "string",
    enum: ["born", "adopted", "linked", "unlinked", "absorbed", "merged", "disabled", "enabled", "closed", "deleted"],
  },
  ProviderNames: texts,
  /** The other identity of a merge. */
  Other: text,
  /** The key that signed for it. */
  By: text,
});

const describeIdentityInFull = {
  access: "signed",
  errors: NOT_FOUND,
  input: structure(["IdentityId"], { IdentityId: identityId }),
  output: structure(
    [
      "IdentityId",
      "IdentityPoolId",
      "Standing",
      "IsDisabled",
      "CreationDate",
      "LastModifiedDate",
      "Logins",
      "Life",
      "Origin",
      "Owed",
      "Bucket",
    ],
    {
      IdentityId: identityId,
      IdentityPoolId: identityPoolId,
      Standing: { type: "string", enum: ["guest", "authenticated", "closed", "merged", "deleted"] },
      /** The identity that absorbed it. */
      MergedInto: text,
      /** By an operator's word. */
      IsDisabled: boolean,
      CreationDate: instant,
      LastModifiedDate: instant,
      Logins: { type: "list", member: login },
      /** Oldest first. */
      Life: { type: "list", member: lifeEntry },
      Origin: { type: "string", enum: ["here", "source"] },
      BarredProviders: texts,
      /** The link that it coordinates, until everybody has heard how it ended. */
      Transaction: structure(["Phase", "StartedAt", "WantedLogins", "Absorbed", "Unsettled"], {
        Phase: { type: "string", enum: ["preparing", "committed", "aborted"] },
        StartedAt: instant,
        WantedLogins: count,
        Absorbed: texts,
        /** Participants that have not heard. */
        Unsettled: count,
      }),
      /** The identity that is absorbing it, for which it stands still. */
      Freeze: structure(["Coordinator", "Since"], { Coordinator: text, Since: instant }),
      /** What others must still hear. `To` is an identity, or the hash of a login. */
      Owed: { type: "list", member: structure(["Kind"], { Kind: text, To: text }) },
      /** Its rate. `LastLowAt` is when so few tokens were left that it was stored. */
      Bucket: structure(["TokensLeft", "Burst", "TokensPerSecond"], {
        TokensLeft: number,
        Burst: number,
        TokensPerSecond: number,
        LastLowAt: instant,
      }),
    },
  ),
} as const;

/** Stops its user at once, by every way and until EnableIdentity; idempotent. */
const disableIdentity = {
  access: "signed",
  errors: [...NOT_FOUND, "ResourceConflictException", "TooManyRequestsException"],
  input: structure(["IdentityId"], { IdentityId: identityId }),
  output: structure(["IdentityId", "IsDisabled"], { IdentityId: identityId, IsDisabled: boolean }),
} as const;

const findIdentityByLogin = {
  access: "signed",
  errors: NOT_FOUND,
  input: structure(["IdentityPoolId", "ProviderName", "Subject"], {
    IdentityPoolId: identityPoolId,
    ProviderName: identityProviderName,
    // Secret, as a developer's user is: no message quotes any of it.
    Subject: developerUserIdentifier,
  }),
  output: structure(["IdentityId", "IsSettled"], {
    IdentityId: identityId,
    /** The pool's source is never asked about the login again, whoever has it. */
    IsSettled: boolean,
  }),
} as const;

export const operatorOperations = {
  CheckIdentityPool: checkIdentityPool,
  CheckLogin: checkLogin,
  CheckService: checkService,
  DescribeIdentityInFull: describeIdentityInFull,
  DescribeKeyRing: describeKeyRing,
  DescribeService: describeService,
  DisableIdentity: disableIdentity,
  EnableIdentity: disableIdentity,
  FindIdentityByLogin: findIdentityByLogin,
} as const satisfies Readonly<Record<string, Operation>>;

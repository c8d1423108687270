import { ConfiguredObject } from "./configured-object.ts";
export class IdentityObject extends ConfiguredObject {}

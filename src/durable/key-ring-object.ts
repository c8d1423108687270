import { ConfiguredObject } from "./configured-object.ts";
export class KeyRingObject extends ConfiguredObject {}

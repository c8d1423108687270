/** What one page hands to the next beside the address: tokens, which must stand in no address and in no history. */

export type Handover = {
  readonly identityPoolId?: string;
  readonly providerName?: string;
  readonly token: string;
  /** The identity for whose sake a call with this login was refused. */
  readonly refusedFor?: string;
};

let handed: Handover | null = null;

export function handOver(next: Handover): void {
  handed = next;
}

/** Once: whoever comes back to the page later finds it empty. */
export function takeOver(): Handover | null {
  const taken = handed;
  handed = null;
  return taken;
}

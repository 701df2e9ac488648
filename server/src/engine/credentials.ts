import type { Credential } from '../database/live-session.js';
import { byteaArray, int8Array, textArray } from './arrays.js';

/**
 * Sends each distinct credential once: a flight usually carries few. Places count from 1, as in SQL; an item
 * without a credential has the place 0.
 */
export function gatherCredentials(items: readonly { readonly credential: Credential | undefined }[]): {
  credentials: Credential[];
  places: number[];
} {
  const credentials: Credential[] = [];
  const placeOf = new Map<Credential, number>();
  const places = items.map(({ credential }) => {
    if (credential === undefined) return 0;
    let place = placeOf.get(credential);
    if (place === undefined) {
      place = credentials.push(credential);
      placeOf.set(credential, place);
    }
    return place;
  });
  return { credentials, places };
}

/** $1 to $3 of the statements that check sessions. */
export function credentialArrays(credentials: readonly Credential[]): Buffer[] {
  return [
    int8Array(credentials.map((credential) => credential.accountId)),
    textArray(credentials.map((credential) => credential.sessionId)),
    byteaArray(credentials.map((credential) => credential.secretHash ?? null)),
  ];
}

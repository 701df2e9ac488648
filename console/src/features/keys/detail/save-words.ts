import { HaloError } from 'halo-client';
import { limits } from 'halo-contract';
import { explain, isUnanswered } from '../../../explain.js';
import { formatBytes } from '../../../ui/bytes.js';

export interface SaveWords {
  readonly title: string;
  /** What it means for what the person has written, and what to do. */
  readonly advice: string;
  /** Whether the same request may succeed without anything being changed first. */
  readonly retry: boolean;
}

/**
 * Returns what to say beside a change that was not made. Trying again is safe after each of them: the change
 * names the revision it goes over, so that it is never made twice.
 */
export function saveWords(error: unknown): SaveWords {
  if (isUnanswered(error)) {
    return {
      title: 'Halo did not answer',
      advice:
        'What you wrote is still here. It may have arrived all the same: try again, it is not written twice.',
      retry: true,
    };
  }
  if (error instanceof HaloError) {
    const words = wordsOf(error);
    if (words !== undefined) return words;
  }
  return { title: 'Not saved', advice: explain(error).detail, retry: true };
}

function wordsOf({ code, message: detail }: HaloError): SaveWords | undefined {
  switch (code) {
    case 'outcome-unknown':
      return {
        title: 'It is not known whether this was saved',
        advice:
          'The server lost its database while it was saving. Try again: if the first attempt got through, it is found, not written twice.',
        retry: true,
      };
    case 'too-large':
      return {
        title: 'Too large to save',
        advice: `A value has at most ${formatBytes(limits.valueBytesMax)}. Shorten it, or spread it over several keys.`,
        retry: false,
      };
    case 'rate-limited':
      return {
        title: 'Too many requests for the moment',
        advice: 'What you wrote is still here. Wait a little, then try again.',
        retry: true,
      };
    case 'quota-exceeded':
      return {
        title: 'Your account is full',
        advice: `${detail} Delete keys that you no longer need, then try again.`,
        retry: true,
      };
    case 'overloaded':
    case 'unavailable':
      return {
        title: 'Halo is busy or restarting',
        advice: 'Nothing was changed, and what you wrote is still here. Try again in a moment.',
        retry: true,
      };
    case 'invalid-value':
    case 'unsupported-media-type':
      return { title: 'Halo cannot store this', advice: detail, retry: false };
    case 'pruned':
      return {
        title: 'This version is no longer kept',
        advice: 'It is older than the history that Halo keeps, or was purged.',
        retry: false,
      };
    default:
      return undefined;
  }
}

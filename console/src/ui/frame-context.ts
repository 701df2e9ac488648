import { createContext, use } from 'react';

/** What the frame around the screens can be asked to do by what is shown within it. */
export interface Frame {
  readonly showShortcuts: () => void;
}

export const FrameContext = createContext<Frame>({ showShortcuts: () => {} });

export function useFrame(): Frame {
  return use(FrameContext);
}

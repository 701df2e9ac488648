import { CreatePane } from './create-pane.js';
import { GettingStarted } from './getting-started.js';
import { KeyPane } from './key-pane.js';

export interface OpenPaneProps {
  readonly openKey: string | undefined;
  /** What the form for a new key starts with, while it is open. */
  readonly newKey: string | undefined;
}

/** What is open beside the list: the form for a new key, a key, or how to get started. */
export function OpenPane({ openKey, newKey }: OpenPaneProps) {
  if (newKey !== undefined) return <CreatePane key={newKey} initialKey={newKey} />;
  if (openKey !== undefined) return <KeyPane key={openKey} name={openKey} />;
  return <GettingStarted />;
}

import { Button } from '@mantine/core';
import type { CreatedToken } from 'halo-contract';
import { useEffect, useRef } from 'react';
import { Notice } from '../../ui/notice.js';
import { visibleKey } from '../../ui/visible-key.js';
import { CopyBlock } from './copy-block.js';
import classes from './token-form.module.css';
import { tryCommand } from './token-rules.js';

export interface TokenSecretProps {
  readonly created: CreatedToken;
  readonly onDone: () => void;
}

/** The secret of a new token, while there is a chance to copy it. */
export function TokenSecret({ created, onDone }: TokenSecretProps) {
  const warning = useRef<HTMLDivElement>(null);
  useEffect(() => warning.current?.focus(), []);
  return (
    <div className={classes.form}>
      <Notice ref={warning} tone="warn" title="This is the only time that you see it" announce>
        <p>Copy the token now and keep it like a password. Halo stores a fingerprint of it, not the token.</p>
      </Notice>
      <div>
        <h3 className={classes.label}>Token</h3>
        <CopyBlock text={created.token} name="Copy the token" />
      </div>
      <p className={classes.hint}>{powerOf(created)}</p>
      <div>
        <h3 className={classes.label}>Try it in a terminal</h3>
        <CopyBlock text={tryCommand(window.location.origin, created)} name="Copy the command" />
      </div>
      <div className={classes.actions}>
        <Button onClick={onDone}>I have copied it</Button>
      </div>
    </div>
  );
}

function powerOf({ access, prefix }: CreatedToken): string {
  const what = access === 'write' ? 'read and change' : 'read';
  const which = prefix === '' ? 'all your keys' : `your keys that begin with ${visibleKey(prefix)}`;
  return `Whoever has it can ${what} ${which}, until it ends or you revoke it.`;
}

import { Modal } from '@mantine/core';
import type { CreatedToken } from 'halo-contract';
import { useState } from 'react';
import { useSecurityCache } from './queries.js';
import { TokenForm } from './token-form.js';
import { TokenSecret } from './token-secret.js';

export interface NewTokenDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

/**
 * Makes a token and shows its secret once. The secret lives in a component that exists only within the open dialog:
 * it goes with it, and is nowhere else.
 */
export function NewTokenDialog({ opened, onClose }: NewTokenDialogProps) {
  const cache = useSecurityCache();
  const [shows, setShows] = useState(false);

  function close() {
    onClose();
    // Also when nothing is known to have been made: an answer may have been lost.
    void cache.reloadTokens();
  }

  return (
    <Modal
      opened={opened}
      onClose={close}
      onExitTransitionEnd={() => setShows(false)}
      title={shows ? 'Copy your new token' : 'New API token'}
      size={520}
      // What was typed, and above all what shows once, must not go at a slip of the hand.
      closeOnClickOutside={false}
      closeOnEscape={!shows}
    >
      <NewToken onMade={() => setShows(true)} onClose={close} />
    </Modal>
  );
}

interface NewTokenProps {
  readonly onMade: () => void;
  readonly onClose: () => void;
}

function NewToken({ onMade, onClose }: NewTokenProps) {
  const [created, setCreated] = useState<CreatedToken>();
  if (created !== undefined) return <TokenSecret created={created} onDone={onClose} />;
  return (
    <TokenForm
      onCancel={onClose}
      onCreated={(token) => {
        setCreated(token);
        onMade();
      }}
    />
  );
}

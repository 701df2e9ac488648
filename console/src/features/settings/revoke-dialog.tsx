import type { ApiToken } from 'halo-contract';
import { useState } from 'react';
import { failureTitle, hasCode } from '../../explain.js';
import { SessionEndedError } from '../../session/session.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { toastFailure, toastSuccess } from '../../ui/toast.js';
import { useSecurityCache } from './queries.js';
import { revokeToken } from './requests.js';
import { useAfterClose } from './use-after-close.js';

export interface RevokeDialogProps {
  readonly token: ApiToken;
  readonly opened: boolean;
  readonly onClose: () => void;
  /** Called when the dialog has closed and the token is no more. */
  readonly onGone: () => void;
}

/** Asks before a program is cut off. */
export function RevokeDialog({ token: { id, name }, opened, onClose, onGone }: RevokeDialogProps) {
  const cache = useSecurityCache();
  const [pending, setPending] = useState(false);
  const leadOn = useAfterClose(opened, onGone);

  async function revoke() {
    setPending(true);
    try {
      await revokeToken(id);
      gone('Token revoked');
    } catch (error) {
      // Another tab was faster, or it has expired: it is as dead as it was to be.
      if (hasCode(error, 'not-found')) gone('The token was gone already');
      else if (!(error instanceof SessionEndedError))
        toastFailure(failureTitle('The token was not revoked', error), error);
    } finally {
      setPending(false);
      onClose();
    }
  }

  function gone(title: string) {
    toastSuccess(title, name);
    cache.revoked(id);
    leadOn();
    void cache.reloadTokens();
  }

  return (
    <ConfirmDialog
      opened={opened}
      title={`Revoke ${name}?`}
      confirm="Revoke"
      cancel="Cancel"
      pending={pending}
      onConfirm={revoke}
      onCancel={onClose}
    >
      <p>Whatever uses this token is refused from now on. This cannot be undone.</p>
    </ConfirmDialog>
  );
}

import { Button, Modal } from '@mantine/core';
import { session } from '../../session/browser-session.js';
import { CredentialsForm } from './credentials-form.js';
import classes from './resume-dialog.module.css';

export interface ResumeDialogProps {
  readonly opened: boolean;
  readonly name: string;
}

/** Asks the same person to log in again, over a page that still holds their draft. */
export function ResumeDialog({ opened, name }: ResumeDialogProps) {
  return (
    <Modal
      opened={opened}
      onClose={() => {}}
      title="Your session has ended"
      size={392}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      // Values of an ended session stay out of sight, except what the person wrote.
      overlayProps={{ backgroundOpacity: 0.6 }}
    >
      <p className={classes.lead}>Log in again to go on. What you wrote is still here.</p>
      <CredentialsForm purpose="log-in" submitLabel="Log in" fixedName={name} onSubmit={session.logIn} />
      <Button
        className={classes.discard ?? ''}
        variant="subtle"
        color="gray"
        fullWidth
        onClick={session.abandon}
      >
        Discard the draft and leave
      </Button>
    </Modal>
  );
}

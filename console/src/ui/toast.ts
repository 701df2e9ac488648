import { notifications } from '@mantine/notifications';
import { explain } from '../explain.js';
import classes from './toast.module.css';

/** What all toasts look like. */
export const toastLook = {
  classNames: {
    root: classes.root ?? '',
    title: classes.title ?? '',
    description: classes.description ?? '',
  },
  // Mantine leaves the close button without a name.
  closeButtonProps: { 'aria-label': 'Dismiss', size: 24 },
};

/** Says that something was done; it goes by itself and interrupts no screen reader. */
export function toastSuccess(title: string, message = ''): void {
  notifications.show({ ...toastLook, title, message, role: 'status', autoClose: 5_000 });
}

/** Says that something failed; it stays until it is dismissed. */
export function toastFailure(title: string, error: unknown): void {
  const { detail, requestId } = explain(error);
  const message = requestId ? `${detail} Request ${requestId}` : detail;
  notifications.show({ ...toastLook, title, message, role: 'alert', autoClose: false, color: 'red' });
}

export function clearToasts(): void {
  notifications.clean();
}

import { Link } from '@tanstack/react-router';
import { session } from '../../session/browser-session.js';
import { useSession } from '../../session/use-session.js';
import { Notice } from '../../ui/notice.js';
import { AuthPage } from './auth-page.js';
import { CredentialsForm } from './credentials-form.js';

export function LogInPage() {
  const state = useSession();
  const ended = state.status === 'anonymous' && state.reason === 'ended';
  return (
    <AuthPage
      title="Log in"
      footer={
        <>
          New to Halo?{' '}
          <Link to="/signup" search={(now) => now}>
            Create an account
          </Link>
        </>
      }
    >
      {ended ? <Notice tone="plain">Your session has ended. Log in to go on.</Notice> : null}
      <CredentialsForm purpose="log-in" submitLabel="Log in" onSubmit={session.logIn} />
    </AuthPage>
  );
}

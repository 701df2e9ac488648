import { Link } from '@tanstack/react-router';
import { session } from '../../session/browser-session.js';
import { useSession } from '../../session/use-session.js';
import { Notice } from '../../ui/notice.js';
import { AuthPage } from './auth-page.js';
import { CredentialsForm } from './credentials-form.js';

export function LogInPage() {
  const state = useSession();
  const reason = state.status === 'anonymous' ? state.reason : undefined;
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
      {reason === 'ended' ? <Notice tone="plain">Your session has ended. Log in to go on.</Notice> : null}
      {reason === 'deleted' ? (
        <div role="status">
          <Notice tone="plain" title="Your account is deleted">
            <p>Its keys, sessions and API tokens are gone, and its name is free again.</p>
          </Notice>
        </div>
      ) : null}
      <CredentialsForm purpose="log-in" submitLabel="Log in" onSubmit={session.logIn} />
    </AuthPage>
  );
}

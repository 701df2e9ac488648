import { Link } from '@tanstack/react-router';
import { session } from '../../session/browser-session.js';
import { AuthPage } from './auth-page.js';
import { CredentialsForm } from './credentials-form.js';

export function SignUpPage() {
  return (
    <AuthPage
      title="Create an account"
      footer={
        <>
          Already have one?{' '}
          <Link to="/login" search={(now) => now}>
            Log in
          </Link>
        </>
      }
    >
      <CredentialsForm purpose="sign-up" submitLabel="Create account" onSubmit={session.signUp} />
    </AuthPage>
  );
}

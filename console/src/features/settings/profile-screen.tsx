import { useSession } from '../../session/use-session.js';
import { Screen } from '../../ui/screen.js';
import { AccountSection } from './account-section.js';
import { DangerSection } from './danger-section.js';
import { PasswordSection } from './password-section.js';

/** Who one is, the password, and the way out for good. */
export function ProfileScreen() {
  const state = useSession();
  if (state.status !== 'active' && state.status !== 'interrupted') return null;
  const { account } = state;
  return (
    <Screen title="Profile">
      <AccountSection account={account} />
      <PasswordSection name={account.name} />
      <DangerSection name={account.name} />
    </Screen>
  );
}

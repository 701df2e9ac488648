import { Screen } from '../../ui/screen.js';

export function ProfileScreen() {
  return <Screen title="Profile">{null}</Screen>;
}

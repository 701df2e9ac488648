import { Screen } from '../../ui/screen.js';

export function SessionsScreen() {
  return <Screen title="Sessions">{null}</Screen>;
}

import { Screen } from '../../ui/screen.js';

export function TokensScreen() {
  return <Screen title="API tokens">{null}</Screen>;
}

import { Screen } from '../../ui/screen.js';

export function UsageScreen() {
  return <Screen title="Usage">{null}</Screen>;
}

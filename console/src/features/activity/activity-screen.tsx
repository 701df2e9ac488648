import { Screen } from '../../ui/screen.js';

export function ActivityScreen() {
  return <Screen title="Activity">{null}</Screen>;
}

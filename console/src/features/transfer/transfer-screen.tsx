import { Screen } from '../../ui/screen.js';

export function TransferScreen() {
  return <Screen title="Transfer">{null}</Screen>;
}

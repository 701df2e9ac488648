import { Screen } from '../../ui/screen.js';

export function TrashScreen() {
  return <Screen title="Trash">{null}</Screen>;
}

import '@mantine/core/styles/Progress.css';
import '@mantine/core/styles/Radio.css';
import { Screen } from '../../ui/screen.js';
import { ExportSection } from './export-section.js';
import { ImportSection } from './import-section.js';

/** Everything out into a file, and back in from one. */
export function TransferScreen() {
  return (
    <Screen title="Transfer" lead="Take your keys with you in a file, and bring them back in from one.">
      <ExportSection />
      <ImportSection />
    </Screen>
  );
}

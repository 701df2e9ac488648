import '@mantine/core/styles/Progress.css';
import '@mantine/core/styles/Radio.css';
import { ExportSection } from './export-section.js';
import { ImportSection } from './import-section.js';
import classes from './transfer-screen.module.css';

/** Everything out into a file, and back in from one. */
export function TransferScreen() {
  return (
    <div className={classes.screen}>
      <div className={classes.page}>
        <title>Transfer · Halo</title>
        <h1>Transfer</h1>
        <ExportSection />
        <ImportSection />
      </div>
    </div>
  );
}

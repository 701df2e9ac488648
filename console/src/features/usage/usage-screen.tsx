import { QuotaSection } from './quota-section.js';
import { RequestsSection } from './requests-section.js';
import classes from './usage-screen.module.css';

/** How much is stored and how much is asked, against what may be. */
export function UsageScreen() {
  return (
    <div className={classes.screen}>
      <div className={classes.page}>
        <title>Usage · Halo</title>
        <h1>Usage</h1>
        <QuotaSection />
        <RequestsSection />
      </div>
    </div>
  );
}

import { Screen } from '../../ui/screen.js';
import { QuotaSection } from './quota-section.js';
import { RequestsSection } from './requests-section.js';

/** How much is stored and how much is asked, against what may be. */
export function UsageScreen() {
  return (
    <Screen title="Usage" lead="How much you keep and how much you ask, against what you may.">
      <QuotaSection />
      <RequestsSection />
    </Screen>
  );
}

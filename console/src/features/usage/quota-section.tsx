import { Skeleton } from '@mantine/core';
import type { AccountView } from 'halo-contract';
import { formatBytes } from '../../ui/bytes.js';
import { ErrorNotice } from '../../ui/error-notice.js';
import { Notice } from '../../ui/notice.js';
import { useAccount } from './queries.js';
import { QuotaMeter } from './quota-meter.js';
import { warningOf } from './quota-share.js';
import { formatCount } from './usage-days.js';
import classes from './usage-screen.module.css';

/** The height of a meter, so that nothing jumps when it comes. */
const meterHeight = 98;

/** What is stored, against the quota. */
export function QuotaSection() {
  const { data, error, refetch } = useAccount();
  if (data !== undefined) return <Quota view={data} />;
  if (error !== null) {
    return <ErrorNotice title="The quota could not be loaded" error={error} onRetry={() => void refetch()} />;
  }
  return (
    <div className={classes.meters} role="status" aria-label="Loading the quota">
      <Skeleton height={meterHeight} />
      <Skeleton height={meterHeight} />
    </div>
  );
}

function Quota({ view: { usage, limits } }: { readonly view: AccountView }) {
  const warning = warningOf(usage, limits);
  return (
    <>
      <div className={classes.meters}>
        <QuotaMeter name="Keys" used={usage.keys} limit={limits.keys} format={formatCount} />
        <QuotaMeter
          name="Storage"
          used={usage.bytes}
          limit={limits.bytes}
          format={formatBytes}
          exact={`${formatCount(usage.bytes)} of ${formatCount(limits.bytes)} bytes`}
        />
      </div>
      {warning === undefined ? null : (
        <Notice tone="warn" title={warning}>
          <p>Delete what you no longer need, or ask whoever runs this Halo for more.</p>
        </Notice>
      )}
    </>
  );
}

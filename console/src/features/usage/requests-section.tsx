import { SegmentedControl, Skeleton, VisuallyHidden } from '@mantine/core';
import { limits } from 'halo-contract';
import { lazy, Suspense, useState } from 'react';
import { ErrorNotice } from '../../ui/error-notice.js';
import { ChartBoundary } from './chart-boundary.js';
import { useUsageReport } from './queries.js';
import { formatCount, totalsOf, type UsageDay } from './usage-days.js';
import classes from './usage-screen.module.css';
import { UsageTable } from './usage-table.js';

const UsageChart = lazy(() => import('./usage-chart.js'));

/** The height of the chart. */
const chartHeight = 280;

/** What was asked of Halo, day by day. */
export function RequestsSection() {
  const [view, setView] = useState('chart');
  const { data, error, refetch } = useUsageReport();
  const totals = data === undefined ? undefined : totalsOf(data.days);
  const isEmpty = totals?.busiest === undefined;
  return (
    <section className={classes.section} aria-labelledby="requests-title">
      <div className={classes.head}>
        <div>
          <h2 id="requests-title">Reads and writes</h2>
          <p className={classes.lead}>
            Requests in the last {limits.usageDays} days, today included, by days of UTC
          </p>
        </div>
        {isEmpty ? null : (
          <SegmentedControl
            aria-label="Show as"
            value={view}
            onChange={setView}
            data={[
              { value: 'chart', label: 'Chart' },
              { value: 'table', label: 'Table' },
            ]}
          />
        )}
      </div>
      {data !== undefined && totals !== undefined ? (
        isEmpty ? (
          <p className={classes.empty}>
            Nothing has been read or written yet. The first requests show up here within a day.
          </p>
        ) : (
          <>
            <dl className={classes.totals}>
              <Total name="Reads" count={totals.reads} />
              <Total name="Writes" count={totals.writes} />
            </dl>
            <Days days={data.days} isTable={view === 'table'} />
          </>
        )
      ) : error !== null ? (
        <ErrorNotice
          title="Reads and writes could not be loaded"
          error={error}
          onRetry={() => void refetch()}
        />
      ) : (
        <div role="status" aria-label="Loading reads and writes">
          <Skeleton height={chartHeight + 36} />
        </div>
      )}
    </section>
  );
}

function Total({ name, count }: { readonly name: string; readonly count: number }) {
  return (
    <div className={classes.total}>
      <dt>{name}</dt>
      <dd>{formatCount(count)}</dd>
    </div>
  );
}

/** Beside the chart the table is there for those who cannot see it. */
function Days({ days, isTable }: { readonly days: readonly UsageDay[]; readonly isTable: boolean }) {
  if (isTable) return <UsageTable days={days} />;
  return (
    <>
      <ChartBoundary>
        <Suspense fallback={<Skeleton height={chartHeight} />}>
          <UsageChart days={days} />
        </Suspense>
      </ChartBoundary>
      <VisuallyHidden>
        <UsageTable days={days} />
      </VisuallyHidden>
    </>
  );
}

import { AreaChart } from '@mantine/charts';
import '@mantine/core/styles/ColorSwatch.css';
import '@mantine/charts/styles.css';
import { useReducedMotion } from '@mantine/hooks';
import classes from './usage-chart.module.css';
import { chartSummary, formatCount, longDay, shortDay, type UsageDay } from './usage-days.js';

const series = [
  { name: 'reads', label: 'Reads', color: 'var(--reads)' },
  // Dashed too, so that it takes no colour to tell them apart.
  { name: 'writes', label: 'Writes', color: 'var(--writes)', strokeDasharray: '5 3' },
];

/** Reads and writes by the day, for the eye; the table says the same in numbers. */
export default function UsageChart({ days }: { readonly days: readonly UsageDay[] }) {
  const isCalm = useReducedMotion();
  return (
    <div role="img" aria-label={chartSummary(days)} className={classes.chart}>
      <AreaChart
        h={280}
        data={days.map(({ day, reads, writes }) => ({ day, reads, writes }))}
        dataKey="day"
        series={series}
        curveType="monotone"
        withDots={false}
        withLegend
        legendProps={{ verticalAlign: 'top', height: 36 }}
        gridAxis="x"
        tickLine="none"
        strokeWidth={2}
        fillOpacity={0.16}
        areaProps={{ isAnimationActive: !isCalm, animationDuration: 300 }}
        areaChartProps={{ accessibilityLayer: false }}
        xAxisProps={{ tickFormatter: shortDay, minTickGap: 24 }}
        yAxisProps={{ width: 56, allowDecimals: false }}
        // The label is a number while the tooltip is hidden.
        tooltipProps={{ labelFormatter: (day) => (typeof day === 'string' ? longDay(day) : '') }}
        valueFormatter={formatCount}
      />
    </div>
  );
}

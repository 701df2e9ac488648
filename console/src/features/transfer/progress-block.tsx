import { Progress } from '@mantine/core';
import { type ReactNode, useEffect, useRef } from 'react';
import { formatDuration } from '../../ui/relative-time.js';
import classes from './progress-block.module.css';

export interface ProgressBlockProps {
  /** What goes on, such as `Export`. */
  readonly label: string;
  /** From 0 to 1; undefined while it cannot be told. */
  readonly share: number | undefined;
  readonly leftMs?: number | undefined;
  readonly facts: readonly string[];
  readonly actions: ReactNode;
  readonly isResting?: boolean;
}

/** How far a transfer has come. The focus, whose button is gone, comes here. */
export function ProgressBlock(props: ProgressBlockProps) {
  const { label, share, leftMs, facts, actions, isResting = false } = props;
  const block = useRef<HTMLDivElement>(null);
  useEffect(() => block.current?.focus(), []);
  // Rounded down, so that 100 % is not said before it is so.
  const percent = share === undefined ? undefined : Math.floor(share * 100);
  return (
    <div ref={block} tabIndex={-1} className={classes.block}>
      <div className={classes.line}>
        <span className={classes.percent}>{percent === undefined ? 'Starting' : `${percent}%`}</span>
        <span className={classes.left}>
          {leftMs === undefined || isResting ? '' : `about ${formatDuration(leftMs)} left`}
        </span>
      </div>
      <Progress.Root size={8}>
        <Progress.Section
          value={percent ?? 100}
          animated={percent === undefined}
          color={isResting ? 'var(--dim)' : 'var(--accent)'}
          aria-label={`${label} progress`}
          aria-valuetext={percent === undefined ? 'starting' : `${percent}%`}
        />
      </Progress.Root>
      <div className={classes.line}>
        <ul className={classes.facts} aria-label={`${label} so far`}>
          {facts.map((fact) => (
            <li key={fact.replace(/[\d,. ]+/g, '')}>{fact}</li>
          ))}
        </ul>
        <div className={classes.actions}>{actions}</div>
      </div>
    </div>
  );
}

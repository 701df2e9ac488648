import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef } from 'react';
import { hexDump } from './hex-dump.js';
import classes from './hex-view.module.css';

const rowPx = 20;

/** Bytes that are no text, as offsets, hex and printable characters. */
export function HexView({ bytes }: { readonly bytes: Uint8Array }) {
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => hexDump(bytes), [bytes]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowPx,
    overscan: 20,
  });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section ref={scroll} className={classes.scroll} tabIndex={0} aria-label="Value in hex">
      <div className={classes.sheet} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => (
          <pre key={index} className={classes.row} style={{ transform: `translateY(${start}px)` }}>
            <span className={classes.offset}>{rows[index]?.offset}</span>
            <span className={classes.hex}>{rows[index]?.hex}</span>
            <span className={classes.text}>{rows[index]?.text}</span>
          </pre>
        ))}
      </div>
    </section>
  );
}

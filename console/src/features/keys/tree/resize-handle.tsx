import { type KeyboardEvent, type PointerEvent, useState } from 'react';
import classes from './resize-handle.module.css';

/** Of the pane, in pixels. */
const defaultWidth = 340;
const minWidth = 240;
const maxWidth = 720;
const stepWidth = 16;

/** The width is no data of a person: it belongs to this browser's window. */
const storageKey = 'halo-list-width';

/** Returns the width of the list, which this browser remembers, and how to set it. */
export function usePaneWidth() {
  const [width, setWidth] = useState(() => clamp(Number(readStored()) || defaultWidth));
  return {
    width,
    setWidth(next: number): void {
      const clamped = clamp(next);
      setWidth(clamped);
      try {
        localStorage.setItem(storageKey, String(clamped));
      } catch {
        // A browser that keeps nothing has the usual width the next time.
      }
    },
  };
}

function readStored(): string | null {
  try {
    return localStorage.getItem(storageKey);
  } catch {
    return null;
  }
}

function clamp(width: number): number {
  return Math.round(Math.max(minWidth, Math.min(maxWidth, width)));
}

export interface ResizeHandleProps {
  readonly width: number;
  readonly onResize: (width: number) => void;
}

/** The border between the list and the detail: dragged, or moved by the arrows; a double click resets it. */
export function ResizeHandle({ width, onResize }: ResizeHandleProps) {
  function onPointerMove(event: PointerEvent<HTMLDivElement>): void {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const left = event.currentTarget.previousElementSibling?.getBoundingClientRect().left ?? 0;
    onResize(event.clientX - left);
  }

  function onKeyDown(event: KeyboardEvent): void {
    const widths: Record<string, number> = {
      ArrowLeft: width - stepWidth,
      ArrowRight: width + stepWidth,
      Home: minWidth,
      End: maxWidth,
      Enter: defaultWidth,
    };
    const next = widths[event.key];
    if (next === undefined) return;
    event.preventDefault();
    onResize(next);
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule cannot be moved; this is the window splitter pattern.
    <div
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the list"
      aria-valuenow={width}
      aria-valuemin={minWidth}
      aria-valuemax={maxWidth}
      aria-valuetext={`${width} pixels`}
      tabIndex={0}
      className={classes.handle}
      title="Drag to resize, double-click to reset"
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={onPointerMove}
      onDoubleClick={() => onResize(defaultWidth)}
      onKeyDown={onKeyDown}
    />
  );
}

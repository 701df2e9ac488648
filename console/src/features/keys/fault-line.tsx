import { type ReactNode, useDeferredValue, useMemo } from 'react';
import { Notice } from '../../ui/notice.js';
import { jsonFault } from './json-fault.js';

export interface FaultLineProps {
  readonly text: string;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}

/** Says where a text that is called JSON is not; it hinders nothing. */
export function FaultLine({ text, children, actions }: FaultLineProps) {
  // Typing goes first; the check of a long text may come a moment later.
  const settled = useDeferredValue(text);
  const fault = useMemo(() => jsonFault(settled), [settled]);
  return (
    <div role="status" style={{ marginTop: fault === undefined ? 0 : 12 }}>
      {fault === undefined ? null : (
        <Notice
          tone="warn"
          title={`Not valid JSON: line ${fault.line}, column ${fault.column}: ${fault.message}.`}
          actions={actions}
        >
          {children}
        </Notice>
      )}
    </div>
  );
}

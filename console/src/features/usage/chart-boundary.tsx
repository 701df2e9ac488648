import { Component, type ReactNode } from 'react';
import { Notice } from '../../ui/notice.js';

/** Keeps the rest of the screen when the chart, which is loaded by itself, cannot be shown. */
export class ChartBoundary extends Component<{ readonly children: ReactNode }, { readonly failed: boolean }> {
  override readonly state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <Notice tone="warn" title="The chart could not be loaded" announce>
        <p>The table has the same numbers. To try again, reload the page.</p>
      </Notice>
    );
  }
}

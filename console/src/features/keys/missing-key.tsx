import { Button } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { loadScreen } from '../../ui/load-screen.js';
import { Notice } from '../../ui/notice.js';
import { DetailFrame } from './detail/detail-frame.js';
import { DetailHeader } from './detail-header.js';
import { EditorSkeleton } from './editor-skeleton.js';
import { useKeysSearch } from './keys-search.js';
import classes from './pane.module.css';

const HistoryTab = lazy(loadScreen(() => import('./detail/history-tab.js')));

export interface MissingKeyProps {
  readonly name: string;
  readonly expired?: boolean;
}

/** A key that is not there: the offer to create it, and what it was, if it was. */
export function MissingKey({ name, expired = false }: MissingKeyProps) {
  const { tab, create, setTab } = useKeysSearch();
  const notice = (
    <Notice
      tone="plain"
      title={expired ? 'This key has expired' : 'Not found'}
      actions={
        <>
          {tab === 'history' ? null : (
            <Button variant="default" onClick={() => setTab('history')}>
              Look for its history
            </Button>
          )}
          <Button variant="default" onClick={() => create(name)}>
            Create this key
          </Button>
        </>
      }
    >
      <p>{expired ? 'Its time ran out while it was open.' : 'You have no key of this name.'}</p>
    </Notice>
  );
  if (tab !== 'history') {
    return (
      <div className={classes.pane}>
        <DetailHeader name={name} />
        {notice}
      </div>
    );
  }
  return (
    <DetailFrame name={name} snapshot={undefined} now={0} notice={notice}>
      <Suspense fallback={<EditorSkeleton />}>
        <HistoryTab name={name} current={undefined} latest={0} />
      </Suspense>
    </DetailFrame>
  );
}

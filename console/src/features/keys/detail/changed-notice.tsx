import { Button } from '@mantine/core';
import { Notice } from '../../../ui/notice.js';
import { useKeysSearch } from '../keys-search.js';
import { useKeyCache } from '../queries.js';
import type { Elsewhere } from './use-elsewhere.js';

export interface ChangedNoticeProps {
  readonly name: string;
  readonly elsewhere: Elsewhere;
}

/** Says that what is shown is no longer what is stored; it is replaced only when the person asks for it. */
export function ChangedNotice({ name, elsewhere }: ChangedNoticeProps) {
  const { tab, setTab } = useKeysSearch();
  const cache = useKeyCache();
  return (
    <div role="status">
      <Notice
        tone="warn"
        title={elsewhere.gone ? 'Deleted elsewhere' : 'Changed elsewhere'}
        actions={
          <>
            {tab === 'history' ? null : (
              <Button variant="default" onClick={() => setTab('history')}>
                Compare
              </Button>
            )}
            <Button variant="default" onClick={() => cache.reread(name)}>
              Reload
            </Button>
          </>
        }
      >
        <p>
          {elsewhere.gone
            ? 'What you see is the last value it had.'
            : `Revision ${elsewhere.revision} is newer than what you see.`}
        </p>
      </Notice>
    </div>
  );
}

import { Button } from '@mantine/core';
import type { ApiToken } from 'halo-contract';
import { useNow } from '../../ui/use-now.js';
import { visibleKey } from '../../ui/visible-key.js';
import { RecordList, RecordRow } from './record-list.js';
import classes from './token-list.module.css';
import { When } from './when.js';

const nowMs = 10_000;

export interface TokenListProps {
  readonly tokens: readonly ApiToken[];
  readonly onRevoke: (token: ApiToken) => void;
}

/** What each token may, and when it was used. */
export function TokenList({ tokens, onRevoke }: TokenListProps) {
  const now = useNow(nowMs);
  return (
    <RecordList
      label="API tokens"
      headings={['Name', 'Access', 'Keys', 'Created', 'Last used', 'Expires']}
      columns={classes.columns}
    >
      {tokens.map((token) => (
        <RecordRow
          key={token.id}
          title={token.name}
          facts={{
            Access: (
              <span className={classes.access} data-access={token.access}>
                {token.access === 'write' ? 'Read and write' : 'Read'}
              </span>
            ),
            Keys: token.prefix === '' ? 'All' : <code>{visibleKey(token.prefix)}</code>,
            Created: <When at={token.created_at} now={now} />,
            'Last used': <When at={token.last_used_at} now={now} />,
            Expires: <When at={token.expires_at} now={now} />,
          }}
          action={
            <Button variant="default" aria-label={`Revoke ${token.name}`} onClick={() => onRevoke(token)}>
              Revoke
            </Button>
          }
        />
      ))}
    </RecordList>
  );
}

import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import type { ApiToken } from 'halo-contract';
import { limits } from 'halo-contract';
import { useRef, useState } from 'react';
import { ErrorNotice } from '../../ui/error-notice.js';
import { Screen } from '../../ui/screen.js';
import { EmptyTokens } from './empty-tokens.js';
import { NewTokenDialog } from './new-token-dialog.js';
import { useTokens } from './queries.js';
import { RecordSkeleton } from './record-skeleton.js';
import { RevokeDialog } from './revoke-dialog.js';
import { TokenList } from './token-list.js';
import classes from './tokens-screen.module.css';

/** The account's API tokens: make one, see what they may and when they were used, revoke them. */
export function TokensScreen() {
  const { data: tokens, error, isError, refetch } = useTokens();
  const [creating, setCreating] = useState(false);
  const [asked, setAsked] = useState<{ readonly token: ApiToken; readonly opened: boolean }>();
  const region = useRef<HTMLElement>(null);
  const create = () => setCreating(true);
  return (
    <Screen
      title="API tokens"
      lead="For programs that use your keys without your password."
      actions={
        <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={create}>
          New token
        </Button>
      }
    >
      {isError ? (
        <ErrorNotice title="The tokens could not be loaded" error={error} onRetry={() => void refetch()} />
      ) : null}
      {/* When the row of a revoked token goes, so does its button: the focus goes on here. */}
      <section ref={region} className={classes.region} tabIndex={-1} aria-label="Your API tokens">
        {tokens === undefined ? (
          isError ? null : (
            <RecordSkeleton what="tokens" />
          )
        ) : tokens.length === 0 ? (
          <EmptyTokens onCreate={create} />
        ) : (
          <>
            <TokenList tokens={tokens} onRevoke={(token) => setAsked({ token, opened: true })} />
            <p className={classes.count}>
              {tokens.length} of at most {limits.tokensMax} tokens
            </p>
          </>
        )}
      </section>
      <NewTokenDialog opened={creating} onClose={() => setCreating(false)} />
      {asked === undefined ? null : (
        <RevokeDialog
          token={asked.token}
          opened={asked.opened}
          onClose={() => setAsked({ ...asked, opened: false })}
          onGone={() => region.current?.focus()}
        />
      )}
    </Screen>
  );
}

import { Button, FileButton, SegmentedControl, TextInput } from '@mantine/core';
import { IconBraces, IconUpload } from '@tabler/icons-react';
import { useId, useRef } from 'react';
import { commonContentTypes } from '../content-types.js';
import classes from './draft-toolbar.module.css';
import type { DraftMode } from './draft-value.js';

export interface DraftToolbarProps {
  readonly mode: DraftMode;
  /** Whether the draft can be written the other way. */
  readonly canSwitch: boolean;
  readonly contentType: string;
  readonly contentTypeFault: string | undefined;
  /** Undefined where there is nothing to format. */
  readonly onFormat: (() => void) | undefined;
  readonly onMode: (mode: DraftMode) => void;
  readonly onContentType: (contentType: string) => void;
  readonly onFile: (file: File) => void;
}

/** What there is to choose about a value that is being written. */
export function DraftToolbar(props: DraftToolbarProps) {
  const listId = useId();
  const reset = useRef<() => void>(null);
  return (
    <div className={classes.bar}>
      <SegmentedControl
        aria-label="Edit as"
        data={[
          { value: 'text', label: 'Text', disabled: !props.canSwitch && props.mode !== 'text' },
          { value: 'hex', label: 'Hex', disabled: !props.canSwitch && props.mode !== 'hex' },
        ]}
        value={props.mode}
        onChange={props.onMode}
      />
      <TextInput
        className={classes.type ?? ''}
        aria-label="Content type"
        list={listId}
        value={props.contentType}
        error={props.contentTypeFault}
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        onChange={({ currentTarget }) => props.onContentType(currentTarget.value)}
      />
      <datalist id={listId}>
        {commonContentTypes.map((type) => (
          <option key={type} value={type} />
        ))}
      </datalist>
      <span className={classes.end}>
        {props.onFormat === undefined ? null : (
          <Button
            variant="default"
            leftSection={<IconBraces size={16} aria-hidden />}
            onClick={props.onFormat}
          >
            Format
          </Button>
        )}
        <FileButton
          resetRef={reset}
          onChange={(file) => {
            if (file !== null) props.onFile(file);
            reset.current?.();
          }}
        >
          {(button) => (
            <Button variant="default" leftSection={<IconUpload size={16} aria-hidden />} {...button}>
              Use a file
            </Button>
          )}
        </FileButton>
      </span>
    </div>
  );
}

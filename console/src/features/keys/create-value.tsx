import { Button, SegmentedControl } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { lazy, Suspense } from 'react';
import { loadScreen } from '../../ui/load-screen.js';
import classes from './create-form.module.css';
import { type CreateValues, contentTypeOf } from './create-rules.js';
import { EditorSkeleton } from './editor-skeleton.js';
import { FaultLine } from './fault-line.js';

const CodeEditor = lazy(loadScreen(() => import('./code-editor.js')));

const kinds = [
  { value: 'json', label: 'JSON' },
  { value: 'text', label: 'Text' },
  { value: 'other', label: 'Other' },
];

export interface CreateValueProps {
  readonly form: UseFormReturnType<CreateValues>;
  readonly initialText: string;
  readonly text: string;
  readonly pending: boolean;
  readonly autoFocus: boolean;
  readonly onChange: (text: string) => void;
}

/** The value of a new key, and what it is to be called. */
export function CreateValue({ form, initialText, text, pending, autoFocus, onChange }: CreateValueProps) {
  const isJson = form.values.kind === 'json';
  return (
    <div>
      <div className={classes.valueHead}>
        <span className={classes.label}>Value</span>
        <SegmentedControl aria-label="Content type" data={kinds} {...form.getInputProps('kind')} />
      </div>
      <div className={classes.value} inert={pending}>
        <Suspense fallback={<EditorSkeleton />}>
          <CodeEditor
            label="Value"
            text={initialText}
            json={isJson}
            autoFocus={autoFocus}
            onChange={onChange}
          />
        </Suspense>
      </div>
      {isJson && text !== '' ? (
        <FaultLine
          text={text}
          actions={
            <Button variant="default" onClick={() => form.setFieldValue('kind', 'text')}>
              Make it text
            </Button>
          }
        >
          <p>It is saved as it is, and called {contentTypeOf(form.values)}.</p>
        </FaultLine>
      ) : null}
    </div>
  );
}

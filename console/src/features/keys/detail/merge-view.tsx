import { json } from '@codemirror/lang-json';
import { MergeView as CodeMirrorMerge, unifiedMergeView } from '@codemirror/merge';
import { EditorState, type Extension } from '@codemirror/state';
import { EditorView, highlightSpecialChars, lineNumbers } from '@codemirror/view';
import { useEffect, useEffectEvent, useRef } from 'react';
import { editorTheme } from '../editor-theme.js';
import classes from './merge-view.module.css';

/** Unchanged lines kept around a change, so that one sees where it is. */
const contextLines = 3;

export interface MergeViewProps {
  readonly older: string;
  readonly newer: string;
  readonly olderLabel: string;
  readonly newerLabel: string;
  readonly json: boolean;
  /** Long runs of unchanged lines are folded. */
  readonly folded: boolean;
  /** One column, for a narrow window. */
  readonly unified: boolean;
}

/** Two texts with their differences marked, older on the left; what is given at first is what stays. */
export default function MergeView(props: MergeViewProps) {
  const host = useRef<HTMLDivElement>(null);
  const create = useEffectEvent((parent: HTMLElement) => {
    const { older, newer, olderLabel, newerLabel, folded } = props;
    const fold = folded ? { collapseUnchanged: { margin: contextLines, minSize: 4 } } : {};
    if (props.unified) {
      const both = unifiedMergeView({ original: older, mergeControls: false, ...fold });
      const label = `${olderLabel}, and ${newerLabel}`;
      const extensions = [side(label, props.json), both];
      return new EditorView({ parent, state: EditorState.create({ doc: newer, extensions }) });
    }
    return new CodeMirrorMerge({
      parent,
      a: { doc: older, extensions: side(olderLabel, props.json) },
      b: { doc: newer, extensions: side(newerLabel, props.json) },
      ...fold,
    });
  });
  useEffect(() => {
    if (host.current === null) return;
    const view = create(host.current);
    return () => view.destroy();
  }, []);
  return <div ref={host} className={classes.host} />;
}

function side(label: string, isJson: boolean): Extension {
  return [
    // A carriage return stays a character, and shows: else texts that differ in nothing more would look the same.
    EditorState.lineSeparator.of('\n'),
    lineNumbers(),
    highlightSpecialChars(),
    EditorState.readOnly.of(true),
    EditorView.editable.of(false),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ 'aria-label': label, 'aria-readonly': 'true', tabindex: '0' }),
    isJson ? json() : [],
    editorTheme,
    mergeLook,
  ];
}

const mergeLook = EditorView.theme({
  '&': { border: 'none', borderRadius: '0' },
  '&.cm-merge-a .cm-changedLine, .cm-deletedChunk': { backgroundColor: 'var(--theirs-ground)' },
  '&.cm-merge-b .cm-changedLine, .cm-inlineChangedLine, &:not(.cm-merge-a) .cm-changedLine': {
    backgroundColor: 'var(--mine-ground)',
  },
  '&.cm-merge-a .cm-changedText, .cm-deletedChunk .cm-deletedText': {
    background: 'none',
    textDecoration: 'underline 1px var(--danger-text)',
    textUnderlineOffset: '3px',
  },
  '&:not(.cm-merge-a) .cm-changedText': {
    background: 'none',
    textDecoration: 'underline 1px var(--code-string)',
    textUnderlineOffset: '3px',
  },
  '.cm-collapsedLines': {
    padding: '4px 12px',
    background: 'var(--filler) !important',
    color: 'var(--dim) !important',
    fontFamily: 'var(--mantine-font-family)',
    fontSize: '12px',
  },
  // The library's own mark is a character that no font here has.
  '.cm-collapsedLines:before, .cm-collapsedLines:after': { content: '"" !important', margin: '0' },
});

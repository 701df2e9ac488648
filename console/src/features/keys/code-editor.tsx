import { defaultKeymap, history, historyKeymap, isolateHistory } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { bracketMatching, foldGutter, foldKeymap, indentOnInput } from '@codemirror/language';
import { linter } from '@codemirror/lint';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { Compartment, EditorState, type Extension } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { type Ref, useEffect, useEffectEvent, useImperativeHandle, useRef } from 'react';
import { editorTheme } from './editor-theme.js';
import { jsonFault } from './json-fault.js';
import { lineSeparatorOf } from './value-text.js';

/** What the page does to the text that is being written. */
export interface CodeEditorHandle {
  /** Replaces the whole text, as one step that can be undone. */
  readonly replace: (text: string) => void;
  /** Puts the cursor at an offset and the focus into the editor. */
  readonly goTo: (offset: number) => void;
}

export interface CodeEditorProps {
  /** What the field is called to those who do not see it. */
  readonly label: string;
  /** The text to begin with; a later one is ignored, so give another `key` to begin anew. */
  readonly text: string;
  readonly json: boolean;
  readonly readOnly?: boolean;
  readonly autoFocus?: boolean;
  /** Called with the whole text, its line ends as they were. */
  readonly onChange?: (text: string) => void;
  readonly ref?: Ref<CodeEditorHandle>;
}

/**
 * CodeMirror around one value. Tab is left to the browser, so that the keyboard can leave; what is not
 * typed over comes back byte for byte.
 */
export default function CodeEditor(props: CodeEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<EditorView>(null);
  const language = useRef(new Compartment());
  const report = useEffectEvent((text: string) => props.onChange?.(text));
  const create = useEffectEvent((parent: HTMLElement) => {
    const separator = lineSeparatorOf(props.text);
    const view = new EditorView({
      parent,
      state: EditorState.create({
        doc: props.text,
        extensions: [
          EditorState.lineSeparator.of(separator),
          // Text from other systems takes on the line ends of this one, rather than mixing two kinds.
          EditorView.clipboardInputFilter.of((pasted) => pasted.replace(/\r\n?|\n/g, separator)),
          commonExtensions,
          language.current.of(languageOf(props.json, props.readOnly === true)),
          props.readOnly === true ? readOnlyExtensions : editableExtensions,
          // What scrolls must be reachable by keyboard, and not every tool knows that editable text is.
          EditorView.contentAttributes.of({ 'aria-label': props.label, tabindex: '0' }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) report(update.state.sliceDoc());
          }),
        ],
      }),
    });
    if (props.autoFocus === true) view.focus();
    return view;
  });

  useEffect(() => {
    if (host.current === null) return;
    const view = create(host.current);
    editor.current = view;
    return () => view.destroy();
  }, []);

  useImperativeHandle(props.ref, () => ({
    replace(text) {
      const view = editor.current;
      // Given as a text, the line ends are read as the editor's own.
      const insert = view?.state.toText(text);
      if (view === null || insert === undefined) return;
      const changes = { from: 0, to: view.state.doc.length, insert };
      // A step of its own, however quickly it follows upon the typing.
      view.dispatch({ changes, annotations: isolateHistory.of('full') });
    },
    goTo(offset) {
      const view = editor.current;
      if (view === null) return;
      view.dispatch({ selection: { anchor: docOffset(view, offset) }, scrollIntoView: true });
      view.focus();
    },
  }));

  const { json: isJson, readOnly = false } = props;
  useEffect(() => {
    editor.current?.dispatch({ effects: language.current.reconfigure(languageOf(isJson, readOnly)) });
  }, [isJson, readOnly]);

  return <div ref={host} style={{ display: 'flex', flex: '1 1 0', minWidth: 0, minHeight: 160 }} />;
}

/** The editor counts every line end as one, the text itself may have two characters for it. */
function docOffset({ state }: EditorView, offset: number): number {
  const before = state.sliceDoc().slice(0, offset);
  const extra = state.lineBreak.length === 2 ? before.split('\r\n').length - 1 : 0;
  return Math.min(offset - extra, state.doc.length);
}

function languageOf(isJson: boolean, readOnly: boolean): Extension {
  if (!isJson) return EditorView.lineWrapping;
  return [json(), foldGutter(), readOnly ? [] : faultMarks];
}

const faultMarks = linter((view) => {
  const fault = jsonFault(view.state.doc.toString());
  if (fault === undefined) return [];
  const from = Math.min(fault.offset, view.state.doc.length);
  return [{ from, to: Math.min(from + 1, view.state.doc.length), severity: 'error', message: fault.message }];
});

const commonExtensions: Extension = [
  lineNumbers(),
  highlightSpecialChars(),
  drawSelection(),
  bracketMatching(),
  search({ top: true }),
  highlightSelectionMatches(),
  keymap.of([...searchKeymap, ...foldKeymap]),
  editorTheme,
];

const editableExtensions: Extension = [
  history(),
  indentOnInput(),
  highlightActiveLine(),
  keymap.of([...defaultKeymap, ...historyKeymap]),
];

// Not editable rather than merely read-only: `E` must reach the page, and a phone show no keyboard.
const readOnlyExtensions: Extension = [
  EditorState.readOnly.of(true),
  EditorView.editable.of(false),
  EditorView.contentAttributes.of({ 'aria-readonly': 'true' }),
];

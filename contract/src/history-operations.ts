import { DryRunQuery } from './commits.js';
import { ChangesPage, ChangesQuery, HistoryPage, HistoryQuery, TrashPage, TrashQuery } from './history.js';
import { credentialProblems, type Operation } from './operation.js';
import { ExportLine, ExportQuery, ImportAnswerLine, ImportLine, ImportQuery } from './transfer.js';

/** What was, what changes, and everything at once. */
export const historyOperations = {
  getHistory: {
    id: 'getHistory',
    method: 'GET',
    path: '/v1/history/{key}',
    tag: 'History',
    summary: 'The versions of a key',
    description:
      'Newest first, also of a key in the trash. Each version that has a size can be read and restored by its revision.',
    authenticated: true,
    query: HistoryQuery,
    answers: { 200: { description: 'A page of versions.', content: HistoryPage } },
    problems: [...credentialProblems, 'invalid-request', 'invalid-key', 'not-found'],
  },
  listTrash: {
    id: 'listTrash',
    method: 'GET',
    path: '/v1/trash',
    tag: 'History',
    summary: 'Deleted and expired keys',
    description: 'They can be restored until they are pruned or purged.',
    authenticated: true,
    query: TrashQuery,
    answers: { 200: { description: 'A page of the trash.', content: TrashPage } },
    problems: ['unauthenticated', 'session-ended', 'invalid-request'],
  },
  purgeKey: {
    id: 'purgeKey',
    method: 'DELETE',
    path: '/v1/trash/{key}',
    tag: 'History',
    summary: 'Purge a key from the trash',
    description: 'Erases all values in its history; what remains is that there were changes.',
    authenticated: true,
    query: DryRunQuery,
    answers: { 204: { description: 'It is gone for good.', content: 'none' } },
    problems: [...credentialProblems, 'invalid-request', 'invalid-key', 'not-found', 'outcome-unknown'],
  },
  listChanges: {
    id: 'listChanges',
    method: 'GET',
    path: '/v1/changes',
    tag: 'History',
    summary: 'The change feed',
    description: [
      'A page of changes in revision order. With `Accept: text/event-stream` a live stream of Server-Sent Events that `Last-Event-ID` resumes without gap or duplicate: `event: commit` for each commit, its id the revision and its data `{revision, changes}`; an id without data tells how far the stream is when nothing was for it; a comment each 15 seconds shows that it is alive.',
      'Where the log no longer reaches back to where a stream begins, `event: snapshot` tells the keys as of one revision, data `{revision, entries, complete}`, and the stream goes on with the commits after it. `event: end`, data `{code}`, is the last: `session-ended`, or `unavailable` when the server stops. A reader that is too slow is disconnected, and resumes.',
    ].join('\n\n'),
    authenticated: true,
    query: ChangesQuery,
    requestHeaders: [
      { name: 'Last-Event-ID', description: 'For a stream: like `since`, and takes precedence.' },
    ],
    answers: { 200: { description: 'A page of changes, or the stream.', content: ChangesPage } },
    problems: ['unauthenticated', 'session-ended', 'invalid-request', 'not-acceptable', 'pruned'],
  },
  exportStore: {
    id: 'exportStore',
    method: 'GET',
    path: '/v1/export',
    tag: 'Keys',
    summary: 'Export all keys',
    description:
      'One consistent snapshot, streamed: a header line, a line for each key, an end line with a checksum. An export without its end line is truncated; so it is when the session ends meanwhile, or when the reader takes more than two minutes for a few MiB or half an hour for all.',
    authenticated: true,
    query: ExportQuery,
    answers: { 200: { description: 'The lines.', content: { lines: ExportLine } } },
    problems: ['unauthenticated', 'session-ended', 'invalid-request'],
  },
  importStore: {
    id: 'importStore',
    method: 'POST',
    path: '/v1/import',
    tag: 'Keys',
    summary: 'Import keys',
    description: [
      'Takes an export, or lines of `{key, value}`, as a stream of any length, and answers progress while it reads. Lines are taken in ordinary commits of a few hundred keys each, so that they can be watched and undone. A line that is refused is told as `error` (of the first hundred; then only counted), and the rest goes on.',
      'The last line has `done`. When it is false, or missing because the connection broke, everything up to the last `lines` that was told is durable: send the file again with `on_conflict=skip`, or from the next line on. An import may take an hour, and pause for a minute.',
    ].join('\n\n'),
    authenticated: true,
    query: ImportQuery,
    body: { lines: ImportLine },
    answers: { 200: { description: 'Progress.', content: { lines: ImportAnswerLine } } },
    problems: [...credentialProblems, 'invalid-request', 'unsupported-media-type'],
  },
} as const satisfies Record<string, Operation>;

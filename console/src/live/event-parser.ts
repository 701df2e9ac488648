/** One event of a stream, or, with empty data, only how far the stream has come. */
export interface StreamEvent {
  /** `message` when the stream gives it no name. */
  readonly type: string;
  readonly data: string;
  /** The last id the stream has told, which is what `Last-Event-ID` resumes from. */
  readonly lastEventId: string;
}

/**
 * Returns a function that takes a stream of Server-Sent Events in whatever pieces it arrives, and calls back for
 * each event as soon as its blank line is there (WHATWG HTML, section 9.2.6).
 *
 * One thing differs from `EventSource`: an event without data is told too, because in a stream of Halo it says
 * how far the stream has come when nothing was for it.
 */
export function createEventParser(onEvent: (event: StreamEvent) => void): (text: string) => void {
  let rest = '';
  let searched = 0;
  let first = true;
  let type = '';
  let data: string[] = [];
  let id = '';
  let told = '';

  function takeLine(line: string): void {
    if (line === '') dispatch();
    else if (!line.startsWith(':')) {
      const colon = line.indexOf(':');
      const name = colon === -1 ? line : line.slice(0, colon);
      const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
      takeField(name, value);
    }
  }

  function takeField(name: string, value: string): void {
    if (name === 'event') type = value;
    else if (name === 'data') data.push(value);
    else if (name === 'id' && !value.includes('\0')) id = value;
  }

  function dispatch(): void {
    const event = { type: type || 'message', data: data.join('\n'), lastEventId: id };
    const isEvent = data.length > 0 || id !== told;
    type = '';
    data = [];
    told = id;
    if (isEvent) onEvent(event);
  }

  return (text) => {
    rest += first && text.startsWith('\ufeff') ? text.slice(1) : text;
    if (text !== '') first = false;
    let start = 0;
    for (;;) {
      const end = lineEnd(rest, Math.max(start, searched));
      if (end === undefined) break;
      takeLine(rest.slice(start, end.at));
      start = end.next;
      searched = start;
    }
    rest = rest.slice(start);
    // A long line arrives in many pieces; what was searched is not searched again. The last character is,
    // since a CR there may be half of a CRLF.
    searched = Math.max(0, rest.length - 1);
  };
}

/** Where the line ends and the next begins; undefined while that cannot be told yet. */
function lineEnd(text: string, from: number): { readonly at: number; readonly next: number } | undefined {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 10) return { at, next: at + 1 };
    if (code === 13) {
      if (at + 1 === text.length) return undefined;
      return { at, next: text.charCodeAt(at + 1) === 10 ? at + 2 : at + 1 };
    }
  }
  return undefined;
}

import assert from 'node:assert/strict';
import {
  type AuditEvent,
  type AuditPage,
  type CreatedToken,
  operations,
  type Session,
  type SessionList,
  type TokenList,
  type TokenRequest,
} from 'halo-contract';
import { expectJson, type Halo, type Person } from './halo.js';

export interface OwnPasswordChange {
  readonly current: string;
  readonly next: string;
  readonly revokeTokens?: boolean;
}

/** What tests say of sessions, API tokens, the account itself and its audit trail. */
export function securityOf(halo: Halo) {
  const ask = (person: Person, method: string, path: string, body?: unknown): Promise<Response> =>
    halo.request(method, path, {
      token: person.accessToken,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
  const auditPage = async (person: Person, query = ''): Promise<AuditPage> =>
    expectJson(await ask(person, 'GET', `${operations.listAudit.path}?${query}`), 200);
  return {
    ask,
    /** Asks for an API token as it is given, right or wrong. */
    sendToken: (person: Person, body: unknown) => ask(person, 'POST', operations.createToken.path, body),
    /** An API token that must be made. */
    async createToken(person: Person, request: Partial<TokenRequest> = {}): Promise<CreatedToken> {
      const wanted = { name: 'a token', access: 'write', ...request };
      return expectJson(await ask(person, 'POST', operations.createToken.path, wanted), 201);
    },
    async tokens(person: Person): Promise<TokenList['tokens']> {
      const response = await ask(person, 'GET', operations.listTokens.path);
      return (await expectJson<TokenList>(response, 200)).tokens;
    },
    revoke: (person: Person, id: string) => ask(person, 'DELETE', pathWithId('revokeToken', id)),
    async sessions(person: Person): Promise<Session[]> {
      const response = await ask(person, 'GET', operations.listSessions.path);
      return (await expectJson<SessionList>(response, 200)).sessions;
    },
    /** The session that asks. */
    async ownSession(person: Person): Promise<Session> {
      const own = (await this.sessions(person)).find(({ current }) => current);
      assert.ok(own !== undefined, 'The session that asks is not listed.');
      return own;
    },
    endSession: (person: Person, id: string) => ask(person, 'DELETE', pathWithId('endSession', id)),
    endOtherSessions: (person: Person) => ask(person, 'DELETE', operations.endOtherSessions.path),
    changePassword: (person: Person, { current, next, revokeTokens }: OwnPasswordChange) =>
      ask(person, 'POST', operations.changePassword.path, {
        current_password: current,
        new_password: next,
        ...(revokeTokens === undefined ? {} : { revoke_tokens: revokeTokens }),
      }),
    deleteAccount: (person: Person, password = person.password) =>
      ask(person, 'DELETE', operations.deleteAccount.path, { password }),
    auditPage,
    /** All events of the account, oldest first. */
    async audit(person: Person): Promise<AuditEvent[]> {
      const events: AuditEvent[] = [];
      for (let query = 'limit=1000'; ; ) {
        const page = await auditPage(person, query);
        events.push(...page.events);
        if (page.cursor === null) return events.reverse();
        query = `limit=1000&cursor=${page.cursor}`;
      }
    },
  };
}

/** The same account, reached with an API token. */
export function withToken(person: Person, { token }: Pick<CreatedToken, 'token'>): Person {
  return { ...person, accessToken: token, refreshToken: '' };
}

export function pathWithId(operation: 'endSession' | 'revokeToken', id: string): string {
  return operations[operation].path.replace('{id}', () => encodeURIComponent(id));
}

import assert from 'node:assert/strict';
import {
  type CreatedToken,
  type Grant,
  operations,
  type SessionList,
  type TokenList,
  type TokenRequest,
} from 'halo-contract';
import { expectJson, type Halo, type Person, personOf } from '../halo.js';

/** What a person does to their own account past the console: to prepare what a page shows, and to check what it did. */
export function apiOf(halo: Halo, person: Person) {
  const { accessToken: token } = person;
  const json = { 'content-type': 'application/json' };
  return {
    async createToken(body: TokenRequest): Promise<CreatedToken> {
      const parts = { token, headers: json, body: JSON.stringify(body) };
      return expectJson(await halo.request('POST', operations.createToken.path, parts), 201);
    },
    async tokens(): Promise<TokenList['tokens']> {
      const response = await halo.request('GET', operations.listTokens.path, { token });
      return (await expectJson<TokenList>(response, 200)).tokens;
    },
    async sessions(): Promise<SessionList['sessions']> {
      const response = await halo.request('GET', operations.listSessions.path, { token });
      return (await expectJson<SessionList>(response, 200)).sessions;
    },
    async revokeToken(id: string): Promise<void> {
      const path = operations.revokeToken.path.replace('{id}', id);
      assert.equal((await halo.request('DELETE', path, { token })).status, 204);
    },
    /** Opens another session of the same person, whose device says what it is. */
    async logInFrom(device: string): Promise<Person> {
      const { name, password } = person;
      const headers = { 'user-agent': device };
      const response = await halo.post(operations.logIn.path, { name, password }, headers);
      return personOf(await expectJson<Grant>(response, 200), password);
    },
  };
}

import { type Problem, type ProblemCode, problems, problemTypePrefix } from 'halo-contract';
import { expect } from 'vitest';

/**
 * Asserts that an answer is the catalogue's problem in every member, and returns the document.
 *
 * @param members further members that the document must have, such as `pointer`
 */
export async function expectProblem(
  response: Response,
  code: ProblemCode,
  members: Readonly<Record<string, unknown>> = {},
): Promise<Problem> {
  const text = await response.text();
  const { status, title } = problems[code];
  expect({ status: response.status, text }).toEqual({ status, text: expect.stringContaining(`"${code}"`) });
  expect(mediaType(response)).toBe('application/problem+json');
  const problem = JSON.parse(text) as Problem;
  expect(problem).toEqual(
    expect.objectContaining({
      type: `${problemTypePrefix}${code}`,
      title,
      status,
      code,
      detail: expect.stringMatching(/^\S.*\.$/s),
      request_id: response.headers.get('x-request-id'),
      ...members,
    }),
  );
  return problem;
}

export function mediaType(response: Response): string {
  return (response.headers.get('content-type') ?? '').split(';', 1)[0] ?? '';
}

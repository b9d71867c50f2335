import assert from 'node:assert/strict';

/** Fails unless the reply is a problem document as every route gives it, without a word about our insides. */
export const assertProblem = (
  reply: { status: number; contentType: string | null | undefined; text: string },
  what: string,
): void => {
  const { status, contentType, text } = reply;
  assert.ok(status >= 400 && status < 500, `${what}: status ${status}\n${text}`);
  assert.match(contentType ?? '', /^application\/problem\+json/, what);
  const problem = JSON.parse(text);
  assert.equal(problem.status, status, what);
  assert.match(problem.code, /^[a-z_]+$/, what);
  assert.equal(problem.type, `urn:multiplex:problem:${problem.code}`, what);
  for (const member of ['title', 'detail', 'requestId']) assert.ok(problem[member], `${what}: no ${member}`);
  assert.doesNotMatch(text, /node_modules|\.ts:\d|\bat \w+ \(|SyntaxError|TypeError/, what);
};

/** Reads one figure that a server on this machine tells of itself. */
export async function readMetric(url: string, name: string, token?: string): Promise<number> {
  const response = await fetch(`${url}/metrics`, {
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
  });
  const line = (await response.text()).split('\n').find((text) => text.startsWith(`${name} `));
  if (line === undefined) throw new Error(`The metrics do not tell ${name}.`);
  return Number(line.slice(name.length + 1));
}

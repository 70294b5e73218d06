// Owns the refusal of targets that are not on this machine: a run breaks what it touches, so it touches nothing it did not start.

/**
 * @param url of a server the run is about to use
 * @throws Error where it names another machine
 */
export function assertLocal(url: string): void {
  const { protocol, hostname, searchParams } = new URL(url);
  // PostgreSQL's URL over a socket has the socket's folder as a parameter, or percent-encoded as its host. Of several parameters
  // the last one counts, and an empty one does not.
  const parameter = protocol.startsWith('postgres') ? searchParams.getAll('host').at(-1) : undefined;
  const host = parameter || decodeURIComponent(hostname);
  const isLocal =
    host.startsWith('/') || host === '' || host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
  if (!isLocal) throw new Error(`a run of chaos touches only what it started on this machine, not ${host}`);
}

const SERVERS = ['DATABASE_URL', 'REDIS_URL'] as const;

/**
 * Looks at the servers that the environment names: a run starts its own and uses none of them, and whoever named one may think otherwise.
 * @returns a word about each that is ignored
 * @throws Error where one is on another machine
 */
export function ignoredServers(environment: Readonly<Record<string, string | undefined>>): readonly string[] {
  return SERVERS.flatMap((name) => {
    const url = environment[name];
    if (url === undefined || url === '') return [];
    if (!URL.canParse(url)) throw new Error(`${name} is no URL`);
    assertLocal(url);
    return [`${name} is ignored: a run starts its own servers and touches no others`];
  });
}

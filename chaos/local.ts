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

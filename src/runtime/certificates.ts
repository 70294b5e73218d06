// Owns the files of TLS: reads them, holds them to what they must be, and looks again every few seconds, so that a renewed
// certificate is served without a restart. What cannot be used is told of once, and the one in use stays.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Config } from '../config.ts';
import type { TlsFiles } from '../http/tls.ts';

const LOOK_EVERY_MS = 2_000;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** The files cannot be used as they are; the message is for whoever set them. */
export class CertificateFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CertificateFault';
  }
}

export type CertificatePaths = Pick<Config, 'tlsCertFile' | 'tlsKeyFile' | 'tlsClientCaFile'>;

export interface CertificateWatch {
  /** As they were at the start. */
  readonly files: TlsFiles;
  /** Looks for changes from now on. */
  watch(onNew: (files: TlsFiles) => void): void;
  stop(): void;
}

export interface CertificateLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

/**
 * @returns null where TLS is off
 * @throws CertificateFault where a file is missing or does not hold what it must
 */
export function openCertificates(paths: CertificatePaths, log: CertificateLog, everyMs = LOOK_EVERY_MS): CertificateWatch | null {
  const { tlsCertFile: certPath, tlsKeyFile: keyPath, tlsClientCaFile: clientCaPath } = paths;
  // Both or neither: config.ts sees to it.
  if (certPath === null || keyPath === null) return null;
  const named = clientCaPath === null ? [certPath, keyPath] : [certPath, keyPath, clientCaPath];
  let seen = named.map((path) => readOrExplain(path));
  const files = checked(seen, named);
  tell(log, files, 'TLS is on');
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;
  const look = async (onNew: (files: TlsFiles) => void): Promise<void> => {
    const now = await Promise.all(
      named.map((path) => readFile(path, 'utf8').catch((error: Error) => `unreadable: ${error.message}`)),
    );
    if (now.every((text, index) => text === seen[index])) return;
    seen = now;
    try {
      const changed = checked(now, named);
      onNew(changed);
      tell(log, changed, 'the TLS files have changed; new connections get what they hold now');
    } catch (err) {
      log.warn({ err }, 'the TLS files have changed and cannot be used; the certificate in use stays');
    }
  };
  return {
    files,
    watch: (onNew) => {
      const again = (): void => {
        if (stopped) return;
        timer = setTimeout(() => void look(onNew).then(again), everyMs).unref();
      };
      again();
    },
    stop: () => {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}

function readOrExplain(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CertificateFault(`the TLS file ${path} cannot be read: ${messageOf(error)}`);
  }
}

/** OpenSSL passes over what it does not know in a list of authorities, and would then let nobody in, or not all: so it is counted. */
function checked(texts: readonly string[], paths: readonly string[]): TlsFiles {
  const [cert = '', key = '', clientCa = null] = texts;
  const [certPath = '', keyPath = '', clientCaPath = ''] = paths;
  const [leaf] = certificatesIn(cert, certPath);
  try {
    if (leaf?.checkPrivateKey(createPrivateKey(key)) !== true) throw new Error('it is of another certificate');
  } catch (error) {
    throw new CertificateFault(`the TLS key ${keyPath} cannot be used: ${messageOf(error)}`);
  }
  if (clientCa !== null) certificatesIn(clientCa, clientCaPath);
  const files = { cert, key, clientCa };
  try {
    createSecureContext({ cert, key, ...(clientCa === null ? {} : { ca: clientCa }) });
  } catch (error) {
    throw new CertificateFault(`the TLS files cannot be used: ${messageOf(error)}`);
  }
  return files;
}

function certificatesIn(text: string, path: string): X509Certificate[] {
  const blocks = text.match(CERTIFICATE) ?? [];
  const begun = text.split('-----BEGIN CERTIFICATE-----').length - 1;
  try {
    if (blocks.length === 0) throw new Error('it holds no certificate in PEM form');
    if (blocks.length !== begun) throw new Error('it is cut off');
    return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    throw new CertificateFault(`the TLS file ${path} cannot be used: ${messageOf(error)}`);
  }
}

function tell(log: CertificateLog, { cert, clientCa }: TlsFiles, message: string): void {
  const { subject, subjectAltName, validTo, fingerprint256 } = new X509Certificate(cert);
  const clientCertificates = clientCa === null ? 'not asked for' : 'required';
  const details = { subject, subjectAltName, validTo, fingerprint256, clientCertificates };
  if (Date.parse(validTo) > Date.now()) log.info(details, message);
  else log.warn(details, `${message}; but the certificate has expired`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

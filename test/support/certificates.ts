// Owns the certificates of the tests: authorities, and what they sign. Node has no maker of its own, so openssl makes them.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** In PEM form. */
export interface Certified {
  readonly cert: string;
  readonly key: string;
}

/** Makes certificates in a folder that the caller removes. */
export class CertificateMaker {
  readonly #folder: string;
  #made = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  authority(name: string): Certified {
    return this.#make(name, 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign', []);
  }

  /** Good for a server on this machine, and for a client. */
  signed(name: string, authority: Certified): Certified {
    const ca = this.#write('ca', authority.cert);
    const caKey = this.#write('ca-key', authority.key);
    const extensions = 'basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost,IP:127.0.0.1';
    return this.#make(name, extensions, ['-CA', ca, '-CAkey', caKey]);
  }

  #make(name: string, extensions: string, signer: readonly string[]): Certified {
    const form = `[req]\ndistinguished_name=dn\nx509_extensions=ext\nprompt=no\n[dn]\nCN=${name}\n[ext]\n${extensions}\n`;
    const config = this.#write('config', form);
    const [key, cert] = [this.#path('key'), this.#path('cert')];
    const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    execFileSync('openssl', [...args, ...signer, '-config', config, '-keyout', key, '-out', cert], { stdio: 'pipe' });
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  }

  #write(kind: string, text: string): string {
    const path = this.#path(kind);
    writeFileSync(path, text);
    return path;
  }

  #path(kind: string): string {
    this.#made += 1;
    return join(this.#folder, `${kind}-${this.#made}`);
  }
}

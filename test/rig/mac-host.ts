import { RecordedHost } from './recorded-host.ts';

/** A recorded Mac, with a user of its own unless told. */
export class RecordedMac extends RecordedHost {
  constructor(user: ConstructorParameters<typeof RecordedHost>[0] = {}) {
    super({ uid: 501, gid: 20, name: 'me', home: '/Users/me', ...user });
    Object.defineProperty(this, 'platform', { value: 'darwin' });
  }
}

export interface Throttle {
  readonly logIn: { begin(o: { name: string; address: string | undefined }): Promise<Attempt> };
  readonly signUp: { begin(o: { address: string | undefined }): Promise<void> };
  readonly password: { begin(o: { accountId: string; address: string | undefined }): Promise<Attempt> };
  readonly refresh: {
    check(o: { sessionId: string; address: string | undefined }): Promise<void>;
    failed(o: { address: string | undefined }): Promise<void>;
    succeeded(o: { sessionId: string }): Promise<void>;
  };
}
export interface Attempt {
  succeeded(): Promise<void>;
}
const ok = { succeeded: async () => {} };
export function createThrottle(_o: object): Throttle {
  return {
    logIn: { begin: async () => ok },
    signUp: { begin: async () => {} },
    password: { begin: async () => ok },
    refresh: { check: async () => {}, failed: async () => {}, succeeded: async () => {} },
  };
}

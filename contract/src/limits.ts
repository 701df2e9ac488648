const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;

/** The figures of the contract. Sizes are in bytes of UTF-8 or raw bytes, durations in the unit named last. */
export const limits = {
  keyBytesMax: 1_024,
  valueBytesMax: 25 * MiB,
  metadataBytesMax: 1_024,
  contentTypeBytesMax: 255,
  bodyBytesMax: 32 * MiB,
  /** One line of an import: the largest value in base64, with key, metadata and the rest fully escaped. */
  lineBytesMax: Math.ceil((25 * MiB) / 3) * 4 + 32 * KiB,
  headerBytesMax: 16 * KiB,
  /** JSON bodies that carry no values, such as a log-in. */
  smallBodyBytesMax: 16 * KiB,
  checksMax: 100,
  mutationsMax: 1_000,
  idempotencyKeyLengthMax: 128,
  /** Keys that one mutation of a prefix may change. */
  prefixKeysMax: 10_000,
  readKeysMax: 1_000,
  /** Of all values that one read of many keys answers. */
  readValueBytesMax: 32 * MiB,
  listMax: 1_000,
  listDefault: 100,
  nameLengthMin: 3,
  nameLengthMax: 64,
  passwordLengthMin: 12,
  passwordLengthFloor: 8,
  passwordLengthMax: 128,
  accessTokenSeconds: 900,
  refreshTokenSeconds: 30 * 24 * 3_600,
  /** How long the immediate parent of a refresh token is still honoured, so that two tabs do not log out. */
  refreshGraceSeconds: 10,
  /** Log-ins that one account keeps open; the one unused for longest ends for a new one. */
  sessionsMax: 500,
  tokensMax: 100,
  tokenNameLengthMax: 64,
  tokenSecondsMin: 60,
  tokenSecondsMax: 10 * 366 * 24 * 3_600,
  auditListMax: 1_000,
  auditListDefault: 100,
  /** How far back reads and writes are counted by the day. */
  usageDays: 30,
  accountKeysMax: 1_000_000,
  accountBytesMax: 10 * GiB,
  /** 9999-12-31T23:59:59.999Z, the last instant RFC 3339 can write. */
  expiresAtMsMax: 253_402_300_799_999,
} as const;

export { generateKeyPair, type KeyPair, publicKeyOf, sign, verify } from './ed25519.ts';
export * from './engine.ts';
export * from './envelope.ts';
export * from './errors.ts';
export { createMlsEngine, type MlsEngineOptions } from './mls/create-mls-engine.ts';
export { KEY_PACKAGE_SECONDS } from './mls/key-packages.ts';
export * from './operation.ts';
export { sha256 } from './sha256.ts';
export * from './unordered.ts';
